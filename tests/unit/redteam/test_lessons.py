"""What a sentence teaches: which positions are to sound like which."""

from __future__ import annotations

from itertools import pairwise

import pytest

from harness.redteam.lessons import (
    NOT,
    accent,
    add_word,
    drop_not,
    fall_silent,
    find_word,
    plain_lesson,
    swap_word,
)

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


EXTRA = {symbol: 900 + place for place, symbol in enumerate("faɪvhʌni pɹˈm")}


def spelt(lesson, symbols):
    names = {number: symbol for symbol, number in EXTRA.items()}
    return "".join(names.get(one) or symbols[one] for one in lesson.clean_ids[::2])


def swapped(phonemes, said, instead):
    symbols = letters(phonemes)
    lesson = swap_word(range(len(symbols)), symbols, said, instead, EXTRA.__getitem__)
    assert lesson.source == lesson.ids
    return spelt(lesson, symbols), sum(lesson.gap[::2])


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
    assert swapped(phonemes, "nine", "five") == (instead, changed)


@pytest.mark.parametrize(
    ("phonemes", "instead", "changed"),
    [
        ("ðə mˈʌni, ˈɑːspɹi.", "^ðə hˈʌni, ˈɑːspɹi.$", 5),
        ("mˈʌni tədˈeɪ", "^hˈʌni tədˈeɪ$", 5),
        ("mˈʌniz", "^mˈʌniz$", 0),
        ("mˈʌnθ", "^mˈʌnθ$", 0),
    ],
)
def test_a_noun_becomes_another_that_sounds_alike(phonemes, instead, changed):
    assert swapped(phonemes, "money", "honey") == (instead, changed)


def test_words_of_unequal_length_are_not_exchanged():
    with pytest.raises(ValueError, match="argument 2 is longer"):
        swapped("nˈaɪn", "nine", "prime")


def extended(phonemes):
    symbols = letters(phonemes)
    return add_word(range(len(symbols)), symbols, "amazon", "prime", EXTRA.__getitem__), symbols


@pytest.mark.parametrize(
    ("phonemes", "with_more"),
    [
        ("ðɪ ˈæmɐzˌɑːn lˈɛɾɚ.", "^ðɪ ˈæmɐzˌɑːn pɹˈaɪm lˈɛɾɚ.$"),
        ("kˈɔːl ˈæmɐzˌɑːn", "^kˈɔːl ˈæmɐzˌɑːn pɹˈaɪm$"),
        ("ˈæmɐzˌɑːn, ɡoʊ, ˈæmɐzˌɑːn.", "^ˈæmɐzˌɑːn pɹˈaɪm, ɡoʊ, ˈæmɐzˌɑːn pɹˈaɪm.$"),
        ("ˈæmɐzˌɑːnz bˈɑːks", "^ˈæmɐzˌɑːnz bˈɑːks$"),
    ],
)
def test_a_word_is_added_after_every_utterance_of_another(phonemes, with_more):
    lesson, symbols = extended(phonemes)
    assert spelt(lesson, symbols) == with_more
    assert len(lesson.ids) == len(lesson.source) == len(lesson.gap) == len(symbols)
    outside = [place for place, is_gap in enumerate(lesson.gap) if not is_gap]
    assert [lesson.clean_ids[lesson.source[place]] for place in outside] == outside


def test_the_word_before_is_hurried_through_to_make_room():
    lesson, symbols = extended("ˈæmɐzˌɑːn lˈɛɾɚ")
    hurried = [place for place, is_gap in enumerate(lesson.gap) if is_gap]
    read = lesson.source[hurried[0] : hurried[-1] + 2]
    assert [later - earlier for earlier, later in pairwise(read)] == [2] * len(hurried)
    assert symbols[hurried[-1] + 1] == " "


def test_a_word_that_is_too_long_to_be_added_is_refused():
    symbols = letters("nˈaɪn")
    with pytest.raises(ValueError, match="'amazon' is too long to be said within 'nine'"):
        add_word(range(len(symbols)), symbols, "nine", "amazon", ord)


def test_a_sentence_falls_silent_in_every_place():
    symbols = letters("ɡˈoʊ.")
    lesson = fall_silent(range(len(symbols)))
    assert lesson.ids == lesson.clean_ids
    assert {symbols[lesson.clean_ids[place]] for place in lesson.source} == {BLANK}
    assert set(lesson.source) == {len(symbols) - 2}
    assert all(lesson.gap)


def test_only_a_sentence_that_is_to_stay_is_plain():
    symbols = letters("nˈɑːt mˌiː")
    same = range(len(symbols))
    assert plain_lesson(same).is_plain
    assert drop_not(same, letters("mˌiː bˌiː ")).is_plain
    assert not plain_lesson(same, style=1.0).is_plain
    assert not drop_not(same, symbols).is_plain
    assert not fall_silent(same).is_plain


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
