"""Length ladder: the same calm story from one word to some forty, for voices that hurry, loop or stop."""

from __future__ import annotations

from collections.abc import Iterator

from probes import english as en
from probes.family import Family, Group, Phrase, Setting

_OPENINGS = ("Welcome", "Good morning", "Listen to this", "That is all for today", "Thank you", "One moment, please")
_WHERE = ("near", "behind", "not far from")
_CLAUSES = 5
"""Clauses of the longest rung."""


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    openings = dice.endless(_OPENINGS)
    while True:
        opening = f"{dice.pick(en.PEOPLE)} {dice.pick(en.DEEDS).did}"
        clauses = [f"{opening} {dice.pick(_WHERE)} {dice.pick(en.PLACES)}"]
        clauses += [
            f"{dice.pick(en.PEOPLE)} {dice.pick(en.DEEDS).did} {dice.pick(en.WHEN_PAST)}" for _ in range(_CLAUSES - 1)
        ]
        rungs = [opening, *(", and ".join(clauses[:length]) for length in range(1, _CLAUSES + 1))]
        yield (Phrase(text=f"{next(openings)}."),)
        yield tuple(Phrase(text=f"{en.capitalized(text)}.") for text in rungs)


LADDER = Family(
    name="ladder",
    purpose="the same story from one word to some forty: hurry, loops, truncation, cost",
    source="Shumailov et al. 2021, Sponge examples (arXiv 2006.03463), for inputs that cost time",
    draws={"en": _english},
)
