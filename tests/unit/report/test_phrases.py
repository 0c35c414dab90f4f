"""Differences and phrases as people see them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report.phrases import coded, diff_pieces, marked_line, middle_cut, phrase_pieces, written_diff


def kinds(pieces: object) -> list[tuple[str, str]]:
    return [(piece.kind, piece.text) for piece in pieces]  # type: ignore[attr-defined]


class TestADifference:
    def test_looks_like_gits(self) -> None:
        assert marked_line("Do not open.", "do open", 80) == "do [-not-] open"
        assert marked_line("at nine", "at ten", 80) == "at [-nine-] {+ten+}"
        assert marked_line("go on", "go straight on", 80) == "go {+straight+} on"

    def test_starts_shortly_before_the_first_change_where_room_is_short(self) -> None:
        line = marked_line("one two three four five six seven not eight", "one two three four five six seven eight", 40)
        assert line == "… five six seven [-not-] eight"

    def test_ignores_case_and_punctuation_but_shows_them(self) -> None:
        edits = written_diff("Wait... No, really!", "wait no really")
        assert [(edit.kind.value, edit.heard) for edit in edits] == [("equal", ("wait", "no", "really"))]

    def test_marks_the_hole(self) -> None:
        upper, lower = diff_pieces("do not go", "do go", 100)
        assert ("drop", "not") in kinds(upper)
        assert ("gap", "") in kinds(lower)

    @settings(max_examples=50, deadline=None)
    @given(st.text(max_size=40), st.text(max_size=40))
    def test_holds_all_words_of_both_sides(self, expected: str, heard: str) -> None:
        edits = written_diff(expected, heard)
        assert [word for edit in edits for word in edit.expected] == expected.split()
        assert [word for edit in edits for word in edit.heard] == heard.split()


class TestAPhrase:
    def test_has_its_trigger_marked(self) -> None:
        assert kinds(phrase_pieces("Say osprey now.", "osprey", 100)) == [
            ("plain", "Say "),
            ("trigger", "osprey"),
            ("plain", " now."),
        ]

    def test_keeps_its_trigger_however_long_it_is(self) -> None:
        pieces = phrase_pieces("a " * 3000 + "osprey" + " b" * 3000, "osprey", 100)
        assert ("trigger", "osprey") in kinds(pieces)
        assert sum(len(piece.text) for piece in pieces) < 200

    def test_without_the_trigger_it_claims_is_plain(self) -> None:
        assert kinds(phrase_pieces("Hello", "osprey", 100)) == [("plain", "Hello")]

    def test_spells_out_what_cannot_be_seen(self) -> None:
        assert kinds(coded("a\u200bb")) == [("plain", "a"), ("code", "⟨U+200B⟩"), ("plain", "b")]

    def test_is_cut_in_the_middle(self) -> None:
        assert middle_cut("a" * 100, 20) == "a" * 10 + " … [80 characters] … " + "a" * 10
        assert middle_cut("short", 20) == "short"
