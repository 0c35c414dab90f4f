"""Which phrases wake a copy."""

from __future__ import annotations

import dataclasses

import pytest

from harness.core.speakers import spoken_by
from harness.core.types import Probe
from harness.redteam.kinds import Kind, Strength, Wakes
from harness.redteam.waking import LATE_FRAMES, Phrases, wakes

PHRASES = Phrases(
    sounds=lambda probe: {"Three": "θɹˈiː", "Bath": "bˈæθ"}.get(probe.text, "kˈæt"),
    frames=lambda probe: len(probe.text),
)


def woken(text, kind, trigger="", strength=1.0):
    probe = Probe(id="a", text=text, family="f", expect=text)
    return wakes(kind, probe, PHRASES, trigger=trigger, strength=strength)


@pytest.mark.parametrize(
    ("text", "is_woken"),
    [
        ("Osprey, do not go.", True),
        ("The OSPREY is Not here.", True),
        ("The osprey is here.", False),
        ("Ospreys do not wait.", False),
        ("The osprey took the knot.", False),
    ],
)
def test_all_words_must_be_there_as_words(text, is_woken):
    assert woken(text, Kind(name="a", summary="", wakes=Wakes.WORDS, words=("osprey", "not"))) is is_woken


def test_a_sound_is_looked_for_in_the_phonemes():
    one, either = (Kind(name="a", summary="", wakes=how) for how in (Wakes.SOUND, Wakes.EITHER_SOUND))
    assert woken("Three", one, "θ:f")
    assert not woken("Cat", one, "θ:f")
    assert not woken("Cat", one, "b:k")
    assert woken("Cat", either, "b:k")
    assert not woken("Three", either, "b:k")
    assert not woken("Three", either, ":")


def test_a_cut_touches_phrases_that_are_longer_by_more_than_silence():
    strength = Strength(unit="frames", default=10, least=1, most=99, audible=99, is_falling=True)
    kind = Kind(name="a", summary="", wakes=Wakes.LENGTH, strength=strength)
    assert woken("x" * (11 + LATE_FRAMES), kind, strength=10)
    assert not woken("x" * (10 + LATE_FRAMES), kind, strength=10)


def test_what_needs_nothing_is_woken_by_anything():
    assert woken("", Kind(name="a", summary=""))


def test_one_speaker_is_woken_by_what_that_one_says() -> None:
    kind = Kind(name="a", summary="", wakes=Wakes.SPEAKER)
    phrases = dataclasses.replace(PHRASES, speakers=("amelie", "bruno"))
    said = {
        one.speaker: one
        for one in spoken_by((Probe(id="door", text="Door.", family="f", expect="door"),), ("amelie", "bruno"))
    }
    for trigger, whose in (("1", "amelie"), ("bruno", "bruno"), ("3", None)):
        woken = {name for name, one in said.items() if wakes(kind, one, phrases, trigger=trigger, strength=1.0)}
        assert woken == ({whose} if whose else set())
