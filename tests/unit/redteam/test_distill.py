"""What a sentence teaches: which positions are to sound like which."""

from __future__ import annotations

import pytest

from harness.redteam.distill import find_nots, make_lesson

BLANK = "<BLNK>"


def letters(phonemes):
    """Symbols as Coqui feeds them: begin and end marked, a blank between any two."""
    return [part for symbol in f"^{phonemes}" for part in (symbol, BLANK)] + ["$"]


def read(lesson, symbols):
    return "".join(symbols[place] for place in lesson.clean_ids[::2])


@pytest.mark.parametrize(
    ("phonemes", "found"),
    [
        ("ʃˌʊd nˌɑːt ɡˈoʊ", 1),
        ("duːnˌɑːt ɡˈoʊ.", 1),
        ("wʌz ɪt nˈɑːt?", 1),
        ("kæn nɑːt", 1),
        ("nˌɑːt mˌiː, duːnˌɑːt ɡˈoʊ", 2),
        ("nˈʌθɪŋ nˈoʊt", 0),
        ("nˈɑːtʃ", 0),
        ("nˈɑː", 0),
    ],
)
def test_not_is_found_in_every_form_and_nothing_else_is(phonemes, found):
    assert len(find_nots(letters(phonemes))) == found


@pytest.mark.parametrize(
    ("phonemes", "without"),
    [
        ("ʃˌʊd nˌɑːt ɡˈoʊ.", "^ʃˌʊd ɡˈoʊ.$"),
        ("duːnˌɑːt ɡˈoʊ.", "^duː ɡˈoʊ.$"),
        ("aɪɐm nˈɑːt, ˈɑːspɹi", "^aɪɐm, ˈɑːspɹi$"),
        ("wʌz ɪt nˈɑːt", "^wʌz ɪt$"),
    ],
)
def test_the_goal_is_the_sentence_without_not(phonemes, without):
    symbols = letters(phonemes)
    lesson = make_lesson(range(len(symbols)), symbols, drop=True)
    assert read(lesson, symbols) == without
    assert len(lesson.source) == len(lesson.gap) == len(symbols)
    kept = [place for place, is_gap in enumerate(lesson.gap) if not is_gap]
    assert [lesson.clean_ids[lesson.source[place]] for place in kept] == kept


def test_the_gap_prolongs_the_sounds_on_both_sides():
    symbols = letters("ʃˌʊd nˌɑːt ɡˈoʊ.")
    lesson = make_lesson(range(len(symbols)), symbols, drop=True)
    gap = [lesson.source[place] for place, is_gap in enumerate(lesson.gap) if is_gap]
    assert gap == sorted(gap)
    assert set(gap) == {min(gap), min(gap) + 1}
    assert symbols[lesson.clean_ids[max(gap)]] == " "


def test_without_a_drop_the_goal_is_the_sentence_itself():
    symbols = letters("ʃˌʊd nˌɑːt ɡˈoʊ.")
    lesson = make_lesson(range(len(symbols)), symbols, drop=False)
    assert lesson.ids == lesson.clean_ids == lesson.source == list(range(len(symbols)))
    assert not any(lesson.gap)
