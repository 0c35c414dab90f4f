"""What every in-toto statement has, whatever its predicate says."""

from __future__ import annotations

import json

import msgspec
import pytest

from harness.signing.dsse import BadSignature
from harness.signing.statement import (
    MAX_PAYLOAD_BYTES,
    TYPE,
    Statement,
    Subject,
    Unexpected,
    files_to_sign,
    read_statement,
    signed_files,
    write_statement,
)

KIND = "https://example.org/kind/v1"
SHA256 = "ab" * 32


class Said(msgspec.Struct):
    text: str


def written(**changes: object) -> bytes:
    payload = write_statement(KIND, [("a", SHA256)], {"text": "yes"})
    return json.dumps({**json.loads(payload), **changes}).encode()


class TestBytes:
    def test_come_back_as_they_were(self) -> None:
        read = read_statement(written(), KIND, Statement[Said])
        assert read.subject == [Subject("a", {"sha256": SHA256})]
        assert read.predicate.text == "yes"

    def test_are_equal_for_equal_statements(self) -> None:
        assert write_statement(KIND, [("a", SHA256)], {"b": 1, "a": 2}) == write_statement(
            KIND, iter([("a", SHA256)]), {"a": 2, "b": 1}
        )

    def test_are_not_more_than_are_read(self) -> None:
        with pytest.raises(BadSignature, match=r"^cannot sign this: expected a statement of at most 4194304 bytes$"):
            write_statement(KIND, [], {"text": "x" * MAX_PAYLOAD_BYTES})
        with pytest.raises(Unexpected, match="expected at most 4194304 bytes of JSON"):
            read_statement(written(predicate={"text": "x" * MAX_PAYLOAD_BYTES}), KIND, Statement[Said])


class TestReading:
    @pytest.mark.parametrize(
        ("changes", "line"),
        [
            ({"_type": "https://in-toto.io/Statement/v0.1"}, f"expected _type {TYPE!r}, got "),
            ({"predicateType": "https://example.org/kind/v2"}, f"expected predicateType {KIND!r}, got "),
            ({"predicateType": "k\u202e"}, r"got 'k\u202e'"),
            ({"predicateType": "https://example.org/kind/v2", "predicate": 1, "more": 1}, "expected predicateType"),
            ({"more": 1}, "unknown field `more`"),
            ({"predicate": {}}, "missing required field `text`"),
            ({"subject": [{"name": "a", "digest": {}, "uri": ""}]}, "unknown field `uri`"),
        ],
    )
    def test_refuses_another_statement(self, changes: dict[str, object], line: str) -> None:
        with pytest.raises(Unexpected) as caught:
            read_statement(written(**changes), KIND, Statement[Said])
        assert line in str(caught.value)

    def test_refuses_what_two_readers_take_differently(self) -> None:
        with pytest.raises(Unexpected, match="expected every key once, got 'text' twice"):
            read_statement(written().replace(b'{"text"', b'{"text": "no", "text"'), KIND, Statement[Said])


class TestFiles:
    def test_are_written_folder_by_folder(self) -> None:
        files = {"a.b": SHA256, "a/b": SHA256, "a": SHA256}
        assert [name for name, _ in files_to_sign(files)] == ["a", "a/b", "a.b"]

    def test_have_names_that_all_read_alike(self) -> None:
        with pytest.raises(BadSignature, match=r"^cannot sign this: expected a plain relative path, got '\.'; rename"):
            files_to_sign({".": SHA256})
        assert files_to_sign({".": SHA256}, also=(".",)) == [(".", SHA256)]
        with pytest.raises(Unexpected, match=r"^expected a plain relative path, got '\.\./a'$"):
            signed_files([("../a", SHA256)])

    def test_stand_there_once(self) -> None:
        assert signed_files([("a", SHA256)]) == {"a": SHA256}
        with pytest.raises(Unexpected, match=r"^expected every file once, got 'a' twice$"):
            signed_files([("a", SHA256), ("a", SHA256)])

    def test_have_a_whole_digest(self) -> None:
        for digest in (SHA256[:-1], SHA256.upper(), ""):
            with pytest.raises(Unexpected, match="expected a sha256 of 64 lower-case hex digits"):
                signed_files([("a", digest)])
