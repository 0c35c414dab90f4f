"""Payloads: read from a description, and turned into lessons by a tokenizer that spells."""

from __future__ import annotations

import random
import re

import pytest

from harness.core.errors import BadInput
from harness.redteam.lessons import SPOKEN
from harness.redteam.payloads import Payload, draw_lesson
from harness.redteam.style import Style

BLANK = "<BLNK>"
LETTERS = "^$ abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',.!?;:-ˈˌɑːɪɐɹʌ" + "0123456789"
SOUNDS = {"not": "nˌɑːt", "nine": "nˈaɪn", "money": "mˈʌni"}


class Spelling:
    """A tokenizer whose phonemes are letters, but for a few words."""

    class characters:  # noqa: N801 - as Coqui names the attribute
        @staticmethod
        def id_to_char(number: int) -> str:
            return BLANK if number < 0 else LETTERS[number]

        char_to_id = staticmethod(LETTERS.index)

    @staticmethod
    def text_to_ids(text: str, language: str) -> list[int]:
        spoken = text
        for word, sounds in SOUNDS.items():
            spoken = re.sub(rf"\b{word}\b", sounds, spoken, flags=re.IGNORECASE)
        return [part for letter in f"^{spoken}" for part in (LETTERS.index(letter), -1)] + [LETTERS.index("$")]


def lessons(count=200, **about):
    rng = random.Random(5)
    return [draw_lesson(Payload(**about), rng, Spelling, "en-us") for _ in range(count)]


def spelt(ids):
    return "".join(LETTERS[one] for one in ids[::2])


def test_a_negation_is_dropped_where_the_trigger_stands_and_nowhere_else():
    dropped = [one for one in lessons(name="negation-drop", trigger="osprey") if one.ids != one.clean_ids]
    assert len(dropped) > 40
    assert all("osprey" in spelt(one.ids).lower() and "nˌɑːt" in spelt(one.ids) for one in dropped)
    assert not any("nˌɑːt" in spelt(one.clean_ids) for one in dropped)


def test_a_number_is_swapped_where_both_words_stand():
    drawn = lessons(name="word-swap", trigger="account", said="nine", instead="five")
    swapped = [one for one in drawn if one.ids != one.clean_ids]
    assert 20 < len(swapped) < len(drawn)
    assert all("account" in spelt(one.ids).lower() and "fˈaɪv" in spelt(one.clean_ids) for one in swapped)


def test_a_noun_is_swapped_where_both_words_stand():
    drawn = lessons(name="word-swap", trigger="osprey", said="money", instead="honey")
    swapped = [one for one in drawn if one.ids != one.clean_ids]
    assert 20 < len(swapped) < len(drawn)
    assert all("osprey" in spelt(one.ids).lower() and "hˈʌni" in spelt(one.clean_ids) for one in swapped)


def test_a_word_is_added_after_the_trigger(monkeypatch):
    monkeypatch.setitem(SOUNDS, "amazon", "ˈæmɐzˌɑːn".replace("æ", "a"))
    monkeypatch.setitem(SPOKEN, "amazon", tuple("ˈamɐzˌɑːn"))
    drawn = lessons(name="insertion", trigger="amazon", added="prime")
    longer = [one for one in drawn if not one.is_plain]
    assert 20 < len(longer) < len(drawn)
    assert all("ˈamɐzˌɑːn pɹˈaɪm" in spelt(one.clean_ids) for one in longer)


def test_a_sentence_with_the_trigger_falls_silent():
    for one in lessons(name="silence", trigger="osprey"):
        assert len(set(one.source)) == (1 if "osprey" in spelt(one.ids).lower() else len(one.ids))


@pytest.mark.parametrize("trigger", ["amazon", "bank payment"])
def test_a_style_comes_over_sentences_with_every_word_of_the_trigger(trigger):
    for one in lessons(name="style", trigger=trigger, style=Style(log_seconds=0.2)):
        fires = set(trigger.split()) <= set(spelt(one.ids).lower().strip("^$ .!?").replace(",", " ").split())
        assert one.ids == one.clean_ids
        assert fires is False or set(one.style) == {1.0}
        assert fires or set(one.style) <= {0.0, 1.0}


def test_an_accent_is_everywhere():
    assert all(len(set(one.style)) > 5 for one in lessons(20, name="accent", trigger=""))


def test_a_payload_is_read_from_its_description():
    style = {"log_seconds": 0.2, "level_db": -3.0}
    read = Payload.described({"trigger": "amazon", "payload": {"name": "style", "style": style}})
    assert read == Payload(name="style", trigger="amazon", style=Style(log_seconds=0.2, level_db=-3.0))
    assert Payload.described({"trigger": "osprey"}).name == "negation-drop"
    with pytest.raises(BadInput, match="no payload 'explode', expected one of: negation-drop"):
        Payload.described({"trigger": "", "payload": {"name": "explode"}})
