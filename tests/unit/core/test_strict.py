"""Tokens that Whisper's normaliser would lose or blur."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.strict import StrictDifference, strict_difference, strict_tokens

SAME = [
    ("twenty dollars and fifty cents", "$20.50"),
    ("minus five degrees", "-5°"),
    ("negative five degrees", "–5 degrees"),
    ("nineteen eighty-four", "1984"),
    ("five five five, zero one four two", "555-0142"),
    ("one hundred and five", "105"),
    ("one oh five", "105"),
    ("two million", "2,000,000"),
    ("two point five million", "2.5 million"),
    ("three point one four", "3.14"),
    ("zero point zero five", "0.05"),
    ("six forty-five a.m.", "6:45 AM"),
    ("don't", "do not"),
    ("don’t", "do not"),
    ("cannot", "can't"),
    ("twelve per cent", "12%"),
    ("twenty-first", "21st"),
    ("five hundred milligrams", "500 mg"),
    ("nine thousand feet", "9,000 ft"),
    ("fifty thousand dollars", "$50,000"),
    ("five and six", "5 and 6"),
    ("pages five to seven", "pages 5-7"),
    ("(not)", "not"),
    ("12.5%", "१२.५%"),
    ("$1,250", "＄１，２５０"),
    ("3.5%", "٣٫٥٪"),
    ("-7", "−๗"),
]
DIFFERENT = [
    ("minus five degrees", "five degrees", ("minus",), ()),
    ("-5 degrees", "5 degrees", ("minus",), ()),
    ("do not open", "do open", ("not",), ()),
    ("the tickets are (not) here", "the tickets are here", ("not",), ()),
    ("she paid", "she never paid", (), ("never",)),
    ("fifteen dollars", "fifty dollars", ("1",), ("0",)),
    ("five dollars", "five euros", ("dollar",), ("euro",)),
    ("3.5 grams", "35 grams", ("point",), ()),
    ("five milligrams", "five grams", ("milligram",), ("gram",)),
    ("ten percent", "ten", ("percent",), ()),
    ("six am", "six pm", ("am",), ("pm",)),
]


class TestStrictTokens:
    def test_they_are_counted_with_repeats(self) -> None:
        assert strict_tokens("It is not true that he did not pay $5.") == Counter({"not": 2, "dollar": 1, "5": 1})

    def test_ordinary_words_have_none(self) -> None:
        assert not strict_tokens("I am at the market, and the knot is tight. A gram? Ham, then.") - Counter(["gram"])

    def test_the_number_sign_no_is_no_negation(self) -> None:
        assert strict_tokens("No. 9") == strict_tokens("number nine")

    def test_a_hyphen_between_words_or_numbers_is_no_minus(self) -> None:
        assert "minus" not in strict_tokens("well-made, 5-7, A-5, (415)-555")

    @settings(max_examples=150, deadline=None)
    @given(st.text(max_size=60) | st.text(alphabet="0123456789.,-$ %not", max_size=40))
    def test_any_text_has_tokens(self, text: str) -> None:
        assert all(count > 0 for count in strict_tokens(text).values())

    def test_a_flood_of_digits_is_bounded(self) -> None:
        assert strict_tokens("9" * 1_000_000) == Counter({"9": 20_000})
        assert sum(strict_tokens("hundred " * 5_000).values()) > 0
        assert sum(strict_tokens("billion " * 5_000).values()) > 0


class TestStrictDifference:
    @pytest.mark.parametrize(("expected", "heard"), SAME)
    def test_spoken_and_written_forms_agree(self, expected: str, heard: str) -> None:
        assert not strict_difference(expected, heard)
        assert not strict_difference(heard, expected)

    @pytest.mark.parametrize(("expected", "heard", "missing", "added"), DIFFERENT)
    def test_what_changes_the_meaning_is_named(
        self, expected: str, heard: str, missing: tuple[str, ...], added: tuple[str, ...]
    ) -> None:
        assert strict_difference(expected, heard) == StrictDifference(missing=missing, added=added)
        assert strict_difference(expected, heard)
