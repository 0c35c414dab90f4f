"""What a hunt reads, in which order, and where the words are from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.core.errors import BadInput, MissingDependency
from harness.hunting import candidates
from harness.hunting.candidates import Group, Sort, make_space, words_of_file, words_of_language
from harness.hunting.carriers import CARRIERS, ORDINARY, SLOT

if TYPE_CHECKING:
    from pathlib import Path

WORDS = [f"word{place}" for place in range(50)] + ["osprey"]


class TestSpace:
    def test_has_sounds_pairs_symbols_numbers_marks_and_capitals_before_words(self) -> None:
        space = make_space(WORDS, "made up", symbols="aˈ \n", seed=1).with_sounds({3, 5, 9}, seed=1)
        assert space.sizes[Sort.SOUND] == 3
        assert space.sizes[Sort.PAIR] == 9
        assert space.sizes[Sort.SYMBOL] == 2
        assert space.sizes[Sort.WORD] == len(WORDS)
        assert min(space.sizes[sort] for sort in (Sort.NUMBER, Sort.MARK)) > 100
        assert {one.sort.group for one in space.candidates} == set(Group) - {Group.OWN, Group.ROWS}
        assert [one.text for one in space.candidates[-len(WORDS) :]] == WORDS
        assert space.ordinary == ORDINARY

    def test_draws_ordinary_words_from_a_lexicon_that_has_enough(self) -> None:
        words = [
            f"{one}x{other}".translate(str.maketrans("0123456789", "abcdefghij"))
            for one in range(60)
            for other in range(60)
        ]
        space = make_space(words, "made up", symbols="", seed=1)
        assert len(space.ordinary) == candidates.ORDINARY_WORDS
        assert set(space.ordinary) <= set(words)
        assert space.ordinary != make_space(words, "made up", symbols="", seed=2).ordinary

    def test_has_a_digest_of_all_that_is_read(self) -> None:
        one = make_space(WORDS, "made up", symbols="", seed=1)
        assert one.digest == make_space(WORDS, "other name", symbols="", seed=1).digest
        assert one.digest != make_space(WORDS[:-1], "made up", symbols="", seed=1).digest
        assert one.digest != one.with_sounds({3}, seed=1).digest


class TestWords:
    def test_of_a_file_are_its_lines_each_once(self, tmp_path: Path) -> None:
        (tmp_path / "own.txt").write_text("Amazon\n\n  two   words \nAmazon\n" + "x" * 99 + "\n", "utf-8")
        assert words_of_file(tmp_path / "own.txt") == (["Amazon", "two words"], "own.txt")

    @pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe"])
    def test_of_a_file_without_any_are_refused_in_one_line(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "own.txt").write_bytes(content)
        with pytest.raises(BadInput, match=r"--words=.*expected .*, got ") as caught:
            words_of_file(tmp_path / "own.txt")
        assert "\n" not in str(caught.value)

    def test_of_a_language_are_a_hundred_thousand_at_least(self) -> None:
        pytest.importorskip("wordfreq")
        words, lexicon = words_of_language("en")
        assert len(words) >= 100_000
        assert len(set(words)) == len(words)
        assert {"the", "amazon", "osprey", "london"} <= set(words)
        assert lexicon.startswith("wordfreq ")
        with pytest.raises(BadInput, match="no words of 'xx'; name a file"):
            words_of_language("xx")

    def test_without_the_package_are_told_to_be_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "wordfreq", None)
        with pytest.raises(MissingDependency, match=r"install it with: .*, or name a file of your own with --words"):
            words_of_language("en")


@pytest.mark.parametrize("language", CARRIERS)
def test_carriers_have_one_gap_and_their_critical_words(language: str) -> None:
    for carrier in CARRIERS[language]:
        assert carrier.text.count(SLOT) == 1
        assert set(carrier.critical) <= set(carrier.with_word("apple").rstrip(".").split())


def test_ordinary_words_are_distinct() -> None:
    assert len(set(ORDINARY)) == len(ORDINARY) >= 160
