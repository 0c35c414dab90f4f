"""The vocabulary of a configuration, read and never executed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.admission.coqui.vocabulary import MAX_SYMBOLS, read_vocabulary


def model(folder: Path, content: object) -> Path:
    (folder / "config.json").write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return folder


class TestReadVocabulary:
    def test_symbols_come_in_order_and_once(self, tmp_path: Path) -> None:
        section = {"characters": "abca", "phonemes": "əb", "punctuations": "! ", "pad": "_", "is_unique": False}
        assert read_vocabulary(model(tmp_path, {"characters": section})) == ("a", "b", "c", "ə", "!", " ")

    def test_comments_are_read_as_coqui_reads_them(self, tmp_path: Path) -> None:
        assert read_vocabulary(model(tmp_path, '{\n// ours\n"characters": {"characters": "xy"}}')) == ("x", "y")

    @pytest.mark.parametrize(
        "content",
        ["", "no json", "[]", "{}", {"characters": None}, {"characters": ["a"]}, {"characters": {"characters": 7}},
         "[" * 5_000],
    )  # fmt: skip
    def test_what_is_no_vocabulary_is_none(self, tmp_path: Path, content: object) -> None:
        assert read_vocabulary(model(tmp_path, content)) == ()

    def test_no_configuration_no_vocabulary(self, tmp_path: Path) -> None:
        assert read_vocabulary(tmp_path) == ()

    def test_a_huge_one_is_cut(self, tmp_path: Path) -> None:
        many = "".join(map(chr, range(0x4E00, 0x4E00 + 3_000)))
        assert len(read_vocabulary(model(tmp_path, {"characters": {"characters": many}}))) == MAX_SYMBOLS
        assert read_vocabulary(model(tmp_path, {"characters": {"characters": "a" * 3_000_000}})) == ()
