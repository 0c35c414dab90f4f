"""Word differences, distances, medoid, and text made safe to show."""

from __future__ import annotations

import itertools
import json
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.core.text import (
    MAX_WORDS,
    Edit,
    EditKind,
    counted,
    cut,
    distance,
    error_line,
    inert_json,
    medoid,
    printable,
    short_digest,
    word_diff,
)

few_words = st.lists(st.sampled_from(["a", "b", "c"]), max_size=7)


def edits(expected: str, heard: str) -> list[tuple[str, str, str]]:
    found = word_diff(expected.split(), heard.split())
    return [(edit.kind.value, " ".join(edit.expected), " ".join(edit.heard)) for edit in found]


def slow_distance(a: list[str], b: list[str]) -> int:
    if not a or not b:
        return len(a) + len(b)
    if a[0] == b[0]:
        return slow_distance(a[1:], b[1:])
    return 1 + min(slow_distance(a[1:], b), slow_distance(a, b[1:]), slow_distance(a[1:], b[1:]))


class TestWordDiff:
    def test_a_dropped_word_is_a_drop(self) -> None:
        assert edits("do not open it", "do open it") == [
            ("equal", "do", "do"),
            ("drop", "not", ""),
            ("equal", "open it", "open it"),
        ]

    def test_an_added_word_is_an_insert(self) -> None:
        assert edits("open it", "do open it") == [("insert", "", "do"), ("equal", "open it", "open it")]

    def test_neighbouring_swaps_are_one_edit(self) -> None:
        assert edits("pay ten euros now", "pay six pounds now") == [
            ("equal", "pay", "pay"),
            ("swap", "ten euros", "six pounds"),
            ("equal", "now", "now"),
        ]

    def test_of_equally_short_ways_the_one_that_swaps_early_is_taken(self) -> None:
        assert edits("a b", "c") == [("swap", "a", "c"), ("drop", "b", "")]
        assert edits("c", "a b") == [("swap", "c", "a"), ("insert", "", "b")]

    def test_two_empty_texts_have_no_edits(self) -> None:
        assert word_diff((), ()) == ()

    def test_an_edit_knows_its_cost(self) -> None:
        assert Edit(kind=EditKind.SWAP, expected=("a", "b"), heard=("c", "d")).cost == 2
        assert Edit(kind=EditKind.EQUAL, expected=("a",), heard=("a",)).cost == 0

    @settings(max_examples=100, deadline=None)
    @given(few_words, few_words)
    @example(["a", "b", "a"], ["b"])
    def test_runs_join_to_both_sides_and_cost_the_distance(self, a: list[str], b: list[str]) -> None:
        found = word_diff(a, b)
        assert [word for edit in found for word in edit.expected] == a
        assert [word for edit in found for word in edit.heard] == b
        assert sum(edit.cost for edit in found) == distance(a, b) == slow_distance(a, b)
        assert all(one.kind is not two.kind for one, two in itertools.pairwise(found))
        assert all((edit.kind is EditKind.EQUAL) == (edit.expected == edit.heard) for edit in found)

    def test_a_flood_of_words_is_bounded(self) -> None:
        expected, heard = ["a", *["x"] * 40_000, "z"], ["a", *["y"] * 50_000, "z"]
        start = time.process_time()
        found = word_diff(expected, heard)
        assert sum(edit.cost for edit in found) == distance(expected, heard) == 50_000
        assert [word for edit in found for word in edit.heard] == heard
        assert time.process_time() - start < 2
        assert MAX_WORDS < 1_000


class TestDistance:
    @settings(max_examples=100, deadline=None)
    @given(few_words, few_words, few_words)
    def test_it_is_a_metric(self, a: list[str], b: list[str], c: list[str]) -> None:
        assert (distance(a, b) == 0) is (a == b)
        assert distance(a, b) == distance(b, a)
        assert distance(a, c) <= distance(a, b) + distance(b, c)


class TestMedoid:
    def test_the_typical_transcript_wins(self) -> None:
        spoken = ["open the door", "open the floor", "open a door", "open the door now"]
        assert medoid([text.split() for text in spoken]) == 0

    def test_of_equals_the_first_wins(self) -> None:
        assert medoid([["a"], ["b"]]) == 0
        assert medoid([["b"], ["a"], ["a"]]) == 1

    def test_one_transcript_is_its_own(self) -> None:
        assert medoid([()]) == 0

    def test_none_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="medoid of no transcripts: expected at least one"):
            medoid([])


class TestPrintable:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain text", "plain text"),
            ("Ünïcödé 漢字 😀", "Ünïcödé 漢字 😀"),
            ("a\u202eb", "a⟨U+202E⟩b"),
            ("a\u200bb\ufeff", "a⟨U+200B⟩b⟨U+FEFF⟩"),
            ("two\nlines\r\tand a tab", "two⟨U+000A⟩lines⟨U+000D⟩⟨U+0009⟩and a tab"),
            ("a\u1680\u3000b", "a⟨U+1680⟩⟨U+3000⟩b"),
            ("\u2028\u2029", "⟨U+2028⟩⟨U+2029⟩"),
            ("a\u00a0\u3164\ufe0fb", "a⟨U+00A0⟩⟨U+3164⟩⟨U+FE0F⟩b"),
            ("\U000e0041", "⟨U+E0041⟩"),
            ("\ud800\ue000", "⟨U+D800⟩⟨U+E000⟩"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("\x9b2Jgone", "gone"),
            ("\x1b]0;title\x07rest", "0;title⟨U+0007⟩rest"),
            ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "8;;http://xlink8;;"),
            ("\x1bcreset", "reset"),
            ("lone \x1b", "lone ⟨U+001B⟩"),
            ("::stop-commands::x", "⟨U+003A⟩:stop-commands::x"),
            ("  ::add-mask::x a ::Error::b", "  ⟨U+003A⟩:add-mask::x a ⟨U+003A⟩:Error::b"),
            ("##vso[task.complete]", "⟨U+0023⟩#vso[task.complete]"),
            ("a##teamcity[x] ###[error]b", "a⟨U+0023⟩#teamcity[x] #⟨U+0023⟩#[error]b"),
            ("#\x1b[0m#vso[x]", "⟨U+0023⟩#vso[x]"),
            ("std::vector a.py::b::c ## heading #[x] :: :x", "std::vector a.py::b::c ## heading #[x] :: :x"),
            ("\x1b\x1b[0m[31m", "⟨U+001B⟩[31m"),
        ],
    )
    def test_it_shows_what_is_hidden_and_drops_terminal_control(self, text: str, shown: str) -> None:
        assert printable(text) == shown

    @settings(max_examples=150, deadline=None)
    @given(st.text(alphabet=st.characters(), max_size=30) | st.text(alphabet="\x1b[]0;mP\\\x07\x9b\x90a", max_size=12))
    def test_nothing_dangerous_is_left_and_twice_is_once(self, text: str) -> None:
        shown = printable(text)
        assert shown.isprintable()
        assert printable(shown) == shown

    @given(st.text(alphabet=":# \t\n\x1b[vso", max_size=12))
    def test_no_command_of_a_pipeline_is_left_and_twice_is_once(self, text: str) -> None:
        shown = printable(text)
        assert not re.match(r"\s*::\s*[a-z]", shown)
        assert not re.search(r"##\w*\[", shown)
        assert printable(shown) == shown

    @given(st.dictionaries(st.text(alphabet=':#"\\[vso', max_size=6), st.text(alphabet=':#"\\[vso', max_size=9)))
    def test_a_document_in_json_means_what_it_meant(self, content: dict[str, str]) -> None:
        shown = inert_json(json.dumps(content))
        assert json.loads(shown) == content
        assert "##" not in shown
        assert "::" not in shown


class TestShortLines:
    def test_a_text_is_cut_to_its_limit_only_where_it_is_longer(self) -> None:
        assert [cut("abcdef", limit) for limit in (6, 5, 1)] == ["abcdef", "abcd…", "…"]

    def test_things_are_counted_in_words(self) -> None:
        assert [counted(number, "probe") for number in (0, 1, 2, 1300)] == [
            "0 probes",
            "1 probe",
            "2 probes",
            "1,300 probes",
        ]

    def test_a_digest_is_told_by_its_first_digits_and_nothing_else_is(self) -> None:
        assert short_digest("ab" * 32) == "abababababab…"
        for text in ("ab" * 31, "x" * 64, "", "whisper base"):
            assert short_digest(text) == text

    def test_an_error_is_its_first_line(self) -> None:
        assert error_line(ValueError("\n  a \t b\nc")) == "a b"
        assert error_line(ValueError("\u202e")) == "⟨U+202E⟩"
        assert error_line(KeyError()) == "KeyError"
        assert len(error_line(ValueError("x" * 5_000))) == 200
