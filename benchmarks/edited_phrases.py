"""Phrases that families draw in a language, with what a manipulated voice would say instead of each.

Every edit is made by rule from what was drawn: a negation is taken out, a number exchanged for the control's, a word of
a slot for another of that slot, a word left out. So the phrases for development and for test are two draws of the
dice, and nobody chose the sentences of either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.cli.list import packaged_suites
from harness.core.types import Probe
from harness.suites.file import read_suite
from probes import english as en
from probes.dice import Dice
from probes.registry import FAMILIES
from probes.tongues import TONGUES

NEGATION: Final = "negation-drop"
NUMBER: Final = "number-swap"
SWAP: Final = "word-swap"
DROP: Final = "word-drop"
KINDS: Final = (NEGATION, NUMBER, SWAP, DROP)
WRITTEN: Final[Mapping[str, str]] = {"hi": "hindi.probes.yaml"}
"""Languages of which there is a written suite alone: a phrase's control is what is said instead of it."""
LANGUAGES: Final = ("en", *(tongue.language for tongue in TONGUES))
"""Those that families draw in."""
DRAWN: Final = ("negation", "numbers")
"""Families that are edited."""
HEARD: Final = ("negation", "numbers", "carriers", "entities", "safety")
"""Families of which it is asked what Whisper hears."""

_NEGATIONS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "en": ((r" (?:not|never)\b", ""), (r"\bcannot\b", "can"), (r"\bwon't\b", "will"), (r"\bcan't\b", "can")),
    "es": ((r"\b[Nn]o ", ""), (r"\b(?:nunca|jamás) ", "")),
    "fr": ((r"\b[Nn](?:e |'(?=[aeiouy]))(.*?) (?:pas|jamais)\b", r"\1"), (r"\bne (?:pas|jamais) ", "")),
    "it": ((r"\b[Nn]on ", ""),),
    "pt": ((r"\b[Nn]ão ", ""), (r"\b(?:nunca|jamais) ", "")),
}
"""Language -> what a voice would leave out, and what would be left in its place."""
_SHORTEST = 3
"""Letters of a word whose loss is called one."""
_TRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A drawn phrase and its manipulations."""

    probe: Probe
    texts: Mapping[str, str] = field(default_factory=dict)
    """Kind of edit -> what is said instead."""


def phrases(language: str, part: str, each: int) -> list[Edited]:
    """As many phrases of each edited family that every one has the family's own edit and the two of words.

    Args:
        language: One of :data:`LANGUAGES`.
        part: ``development`` or ``test``: another draw of the dice.
        each: Of each family.
    """
    found = []
    for name in DRAWN:
        dice = Dice("integrity", language, part, name, "edits")
        probes = drawn(language, part, name, _TRIES)
        controls = {probe.id: probe for probe in probes}
        fitting = []
        for probe in probes:
            if probe.control is None:
                continue
            texts = _edits(probe, controls[probe.control], language, dice)
            if len(texts) == len(KINDS) - 1:
                fitting.append(Edited(probe=probe, texts=texts))
        found += fitting[:each]
    return found


def written_phrases(language: str) -> list[Edited]:
    """All probes of a written suite; those that have a control are said as that."""
    (path,) = (path for path in packaged_suites() if path.name == WRITTEN[language])
    probes = {probe.id: probe for probe in read_suite(path).suite.probes}
    kinds = {"negation": NEGATION, "numbers": NUMBER}
    return [
        Edited(probe=probe, texts={kinds.get(probe.family, SWAP): probes[probe.control].text} if probe.control else {})
        for probe in probes.values()
    ]


def drawn(language: str, part: str, family: str, count: int) -> list[Probe]:
    """What a family says to these dice; the smaller count gives the first of the larger one."""
    chosen = next(one for one in FAMILIES if one.name == family)
    return chosen.generate(Dice("integrity", language, part, family), count, language=language)


def without_negation(text: str, language: str) -> str:
    """The sentence with its negation left out; ``""`` where it has none that could be."""
    for found, left in _NEGATIONS[language]:
        if (changed := re.sub(found, left, text, count=1)) != text:
            return en.capitalized(re.sub(r"\s+", " ", changed).strip())
    return ""


def _edits(probe: Probe, control: Probe, language: str, dice: Dice) -> dict[str, str]:
    own = {NEGATION: without_negation(probe.text, language)} if probe.family == "negation" else {NUMBER: control.text}
    texts = own | {SWAP: _swapped(probe.text, language, dice), DROP: _dropped(probe.text, dice)}
    return {kind: text for kind, text in texts.items() if text and text != probe.text}


def _swapped(text: str, language: str, dice: Dice) -> str:
    """With another word of the same slot, of those that stand in it."""
    options = []
    for words in _slots(language):
        for word in words:
            found = re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)
            if found:
                others = [other for other in words if other != word]
                options.append((found, others))
    if not options:
        return ""
    found, others = dice.pick(options)
    return en.capitalized(text[: found.start()] + dice.pick(others) + text[found.end() :])


def _dropped(text: str, dice: Dice) -> str:
    """Without one word from its middle that is no number."""
    words = text.split(" ")
    places = [place for place in range(1, len(words) - 1) if len(words[place]) >= _SHORTEST and words[place].isalpha()]
    if not places:
        return ""
    place = dice.pick(places)
    return " ".join(words[:place] + words[place + 1 :])


def _slots(language: str) -> Iterable[tuple[str, ...]]:
    if language == "en":
        return (en.PEOPLE, en.PLACES, en.WHEN_SOON, en.WHEN_PAST)
    tongue = next(one for one in TONGUES if one.language == language)
    return tuple(
        words for name, words in tongue.slots.items() if name in ("person", "city", "when", "place", "weather")
    )


def heard_probes(language: str, part: str, each: int) -> list[Probe]:
    """Probes of every family that speaks the language, controls among them."""
    return [probe for name in HEARD for probe in drawn(language, part, name, each)]
