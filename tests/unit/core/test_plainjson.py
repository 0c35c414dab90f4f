"""JSON that can be read in one way only."""

from __future__ import annotations

import time

import pytest

from harness.core.plainjson import Ambiguous, NotStrict, loads


class TestLoads:
    def test_reads_what_json_is(self) -> None:
        text = '{"a": [1, -2.5, true, null, "\\u00e9\\ud83d\\ude00"], "b": {}}'
        assert loads(text.encode(), max_bytes=100) == {"a": [1, -2.5, True, None, "\u00e9\U0001f600"], "b": {}}

    @pytest.mark.parametrize(
        ("data", "line"),
        [
            (b'{"a": 1, "a": 1}', "expected every key once, got 'a' twice"),
            (b'{"a": {"b": 1, "\\u0062": 2}}', "expected every key once, got 'b' twice"),
            (b"[NaN]", "expected JSON, got NaN, which is none"),
            (b"[-Infinity]", "expected JSON, got -Infinity, which is none"),
            (b'["\\ud800"]', "expected text, got half a surrogate pair"),
            (b'{"\\udc00": 1}', "expected text, got half a surrogate pair"),
            (b"\xef\xbb\xbf{}", "expected JSON"),
            (b"\xff", "expected JSON in UTF-8, got other bytes"),
            (b"{} {}", "expected JSON, got extra data in line 1"),
            (b"[1,]", "expected JSON"),
            (b"{'a': 1}", "expected JSON"),
            (b"", "expected JSON"),
            (b"[" * 70 + b"]" * 70, "expected JSON of at most 64 levels, got more"),
            (b"[" * 100_000, "expected JSON of at most 64 levels, got more"),
            (b"9" * 5000, "expected JSON, got an integer of thousands of digits"),
            (b" " * 200_001, "expected at most 200000 bytes of JSON, got 200001"),
        ],
    )
    def test_refuses_the_rest(self, data: bytes, line: str) -> None:
        with pytest.raises(NotStrict) as caught:
            loads(data, max_bytes=200_000)
        assert line in str(caught.value)
        assert str(caught.value).isprintable()

    def test_tells_a_key_that_stands_twice_from_other_flaws(self) -> None:
        with pytest.raises(Ambiguous):
            loads(b'{"a": 1, "a": 2}', max_bytes=100)
        with pytest.raises(NotStrict) as caught:
            loads(b'{"a": 1', max_bytes=100)
        assert not isinstance(caught.value, Ambiguous)

    @pytest.mark.parametrize("number", [b"1.0", b"1e3", b"-0.5"])
    def test_refuses_fractions_where_none_may_be(self, number: bytes) -> None:
        assert loads(number, max_bytes=100) == float(number)
        with pytest.raises(NotStrict, match=f"^expected integers only, got {number.decode()}$"):
            loads(number, max_bytes=100, floats=False)

    def test_many_keys_with_the_last_one_twice_take_no_time(self) -> None:
        data = b"{" + b", ".join(b'"%d": 0' % number for number in [*range(100_000), 99_999]) + b"}"
        begun = time.process_time()
        with pytest.raises(NotStrict, match="got '99999' twice"):
            loads(data, max_bytes=10_000_000)
        assert time.process_time() - begun < 5
