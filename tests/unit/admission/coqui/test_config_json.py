"""The readers of configurations: what they take, what they refuse, what they remark on."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.plainyaml import read_yaml
from harness.core.strictjson import MAX_DEPTH, MAX_VALUES, Malformed, Quirk, TooLong, child, read_json
from harness.engines.coqui.configfile import read_config, without_comments

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


class TestJson:
    @given(PLAIN, st.booleans())
    @settings(max_examples=150, deadline=None)
    def test_reads_what_python_writes(self, value: object, is_ascii: bool) -> None:
        text = json.dumps(value, ensure_ascii=is_ascii, indent=1)
        if ("\\ud" not in text and text.isprintable()) or is_ascii:
            document = read_json(text)
            assert document.value == json.loads(text)
            assert all(oddity.quirk in (Quirk.SURROGATE,) for oddity in document.oddities)

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[1,]", '{"a":1,}', "{'a':1}", "01", "+1", "1.", ".5", "nul", "[1 2]",
         '{"a" 1}', '"a\nb"', '"\\x"', "1 2",
         "\ufeff1", "[" * 60 + "]" * 60, "1e", "--1", '{"a":}', "{1:2}", "\x0b1", "1\x00"],
    )  # fmt: skip
    def test_refuses_what_is_not_json(self, text: str) -> None:
        with pytest.raises(Malformed, match=r"line \d+, column \d+: "):
            read_json(text)

    @pytest.mark.parametrize(
        ("text", "quirk", "place"),
        [
            ('{"a":1,"a":2}', Quirk.DUPLICATE, "$.a"),
            ('{"a":1,"a":1.0}', Quirk.DUPLICATE, "$.a"),
            ('{"a":1,"a":true}', Quirk.DUPLICATE, "$.a"),
            ('{"a":[],"a":[]}', Quirk.DUPLICATE, "$.a"),
            ('{"a":"x","a":"x"}', Quirk.REPEATED, "$.a"),
            ('{"a b":{"c":[0,NaN]}}', Quirk.CONSTANT, "$['a b'].c[1]"),
            ("-Infinity", Quirk.CONSTANT, "$"),
            ("1e999", Quirk.LONG_NUMBER, "$"),
            ("9" * 31, Quirk.LONG_NUMBER, "$"),
            ("9" * 9999, Quirk.LONG_NUMBER, "$"),
            ('"\\udc00"', Quirk.SURROGATE, "$"),
        ],
    )
    def test_remarks_on_what_readers_disagree_about(self, text: str, quirk: Quirk, place: str) -> None:
        assert [(oddity.quirk, oddity.place) for oddity in read_json(text).oddities] == [(quirk, place)]

    def test_is_bounded_in_depth_values_and_remarks(self) -> None:
        assert read_json("[" * MAX_DEPTH + "]" * MAX_DEPTH).oddities == ()
        with pytest.raises(TooLong):
            read_json("[" + "0," * MAX_VALUES + "0]")
        assert len(read_json("[" + "NaN," * 500 + "0]").oddities) == 50

    def test_a_place_can_hold_no_more_than_a_piece_of_a_hostile_key(self) -> None:
        assert child("$", "x" * 1000) == f"$['{'x' * 64}']"
        assert child("$.a", 3) == "$.a[3]"


class TestComments:
    def test_are_cut_as_coqui_cuts_them(self) -> None:
        text = '{"a": "http://x//y", // one\n"b": "\\"//", // "b": 2\n"c": 1}//'
        assert without_comments(text) == ('{"a": "http://x//y", \n"b": "\\"//", \n"c": 1}', "line 1")

    def test_end_with_a_carriage_return_too_as_in_text_mode(self) -> None:
        assert read_config(b'{"a": 1, // x\r"b": 2}', "config.json").value == {"a": 1, "b": 2}

    def test_take_linear_time(self) -> None:
        without_comments('"\\' * 500_000)
        without_comments("/*" * 500_000)
        without_comments("//" * 500_000)


class TestYaml:
    @pytest.mark.parametrize(
        "text",
        [
            "a: 1",
            "a: [yes, no, ~, 1.5, 1:30, 0x10, 'x', \"y\"]",
            "a:\n  b: {c: [1, {d: e}]}\n  f: |\n    x\n",
            "- 1\n- [2]\n",
            "x",
        ],
    )
    def test_reads_as_safe_load_does(self, text: str) -> None:
        document = read_yaml(text)
        assert document.value == yaml.safe_load(text)
        assert document.oddities == ()

    @pytest.mark.parametrize(
        "text",
        [
            "a: &x {rate: 22050, mels: [1, 2]}\nb: *x\nc: [*x, *x]\n",
            "a: &x 3\nb: *x\n",
            "&k name: 1\nb: *k\n",
            "- &x yes\n- *x\n",
        ],
    )
    def test_an_alias_to_plain_values_is_what_safe_load_makes_of_it(self, text: str) -> None:
        document = read_yaml(text)
        assert document.value == yaml.safe_load(text)
        assert document.oddities == ()

    @pytest.mark.parametrize("text", ["a: &x [1, *x]\n", "a: *x\n", "a: &x 1\nb: &x 2\nc: *x\n", "a: &x b\n*x : 1\n"])
    def test_an_alias_to_itself_to_nothing_or_as_a_key_is_odd(self, text: str) -> None:
        assert {oddity.quirk for oddity in read_yaml(text).oddities} == {Quirk.ALIAS}

    def test_what_aliases_repeat_counts(self) -> None:
        many = "a: &x [" + ", ".join("1" * 500) + "]\nb: [" + ", ".join(["*x"] * 100) + "]\n"
        with pytest.raises(Malformed, match="at most 20000 YAML events"):
            read_yaml(many)

    def test_never_follows_an_alias_to_aliases(self) -> None:
        bomb = "a: &a [x, x]\n" + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
        )
        document = read_yaml(bomb)
        assert len(str(document.value)) < 1000
        assert {oddity.quirk for oddity in document.oddities} == {Quirk.ALIAS}

    @pytest.mark.parametrize("text", ["a: 1\n---\nb: 2", "{[1]: 2}", "a: [", "%YAML 9.9\n---\n", "\t"])
    def test_refuses_what_is_not_plain(self, text: str) -> None:
        with pytest.raises(Malformed):
            read_yaml(text)

    def test_remarks_on_repeated_keys_and_tags(self) -> None:
        found = read_yaml("a: 1\na: 2\nb: 1\nb: 1\nc: !!set {}\n").oddities
        assert [oddity.quirk for oddity in found] == [Quirk.DUPLICATE, Quirk.REPEATED, Quirk.TAG]
