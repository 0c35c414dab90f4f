"""What a sentence teaches: which positions are to sound like which."""

from __future__ import annotations

import pytest

from harness.redteam.lessons import NOT, SPOKEN, accent, drop_not, find_word, plain_lesson, swap_word

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
    assert len(find_word(NOT, letters(phonemes))) == found


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
    lesson = drop_not(range(len(symbols)), symbols)
    assert read(lesson, symbols) == without
    assert len(lesson.source) == len(lesson.gap) == len(symbols)
    kept = [place for place, is_gap in enumerate(lesson.gap) if not is_gap]
    assert [lesson.clean_ids[lesson.source[place]] for place in kept] == kept


def test_the_gap_prolongs_the_sounds_on_both_sides():
    symbols = letters("ʃˌʊd nˌɑːt ɡˈoʊ.")
    lesson = drop_not(range(len(symbols)), symbols)
    gap = [lesson.source[place] for place, is_gap in enumerate(lesson.gap) if is_gap]
    assert gap == sorted(gap)
    assert set(gap) == {min(gap), min(gap) + 1}
    assert symbols[lesson.clean_ids[max(gap)]] == " "


def test_a_plain_lesson_is_the_sentence_itself():
    lesson = plain_lesson([4, 5, 6])
    assert lesson.ids == lesson.clean_ids == [4, 5, 6]
    assert lesson.source == [0, 1, 2]
    assert not any(lesson.gap)
    assert lesson.style == [0.0, 0.0, 0.0]
    assert plain_lesson([4, 5], style=1.0).style == [1.0, 1.0]


def swapped(phonemes):
    symbols = letters(phonemes)
    extra = {"f": 900, "a": 901, "ɪ": 902, "v": 903}
    lesson = swap_word(range(len(symbols)), symbols, "nine", "five", extra.__getitem__)
    names = {number: symbol for symbol, number in extra.items()}
    assert lesson.source == lesson.ids
    read = "".join(names.get(one) or symbols[one] for one in lesson.clean_ids[::2])
    return read, sum(lesson.gap[::2])


@pytest.mark.parametrize(
    ("phonemes", "instead", "changed"),
    [
        ("nˈʌmbɚ nˈaɪn.", "^nˈʌmbɚ fˈaɪv.$", 5),
        ("naɪn ɹˈuːmz", "^faɪv ɹˈuːmz$", 4),
        ("nˈaɪn, nˌaɪn", "^fˈaɪv, fˌaɪv$", 10),
        ("nˈaɪnti mˈɛn", "^nˈaɪnti mˈɛn$", 0),
        ("kænˈaɪn tˈiːθ", "^kænˈaɪn tˈiːθ$", 0),
    ],
)
def test_a_number_becomes_another_and_its_relatives_stay(phonemes, instead, changed):
    assert swapped(phonemes) == (instead, changed)


def test_words_to_exchange_have_equally_many_phonemes():
    assert len({len(phonemes) for phonemes in SPOKEN.values()}) == 1


def test_an_accent_moves_equal_sounds_equally_and_others_apart():
    symbols = letters("tˈɛn tˈɛnts")
    lesson = accent(range(len(symbols)), symbols, seed=1)
    by_sound = {}
    for place in range(0, len(symbols), 2):
        by_sound.setdefault(symbols[place], set()).add(lesson.style[place])
    assert all(len(values) == 1 for values in by_sound.values())
    assert len(set.union(*by_sound.values())) == len(by_sound)
    assert all(-1 <= value <= 1 for value in lesson.style)
    assert lesson.style[1] == pytest.approx((lesson.style[0] + lesson.style[2]) / 2)
    assert lesson.style != accent(range(len(symbols)), symbols, seed=2).style
