"""Draws what a suite leaves to be generated: from its plan, a salt and the model's vocabulary to probes with lines.

Families are pure; this module looks them up, hands them chance and symbols, and checks what they made by the rules of a
suite file. It knows neither pytest nor voices.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from harness.core.errors import BadInput
from harness.core.suggest import did_you_mean
from harness.core.types import Probe
from harness.suites.parse import FamilyDraw, Suite
from harness.suites.wellformed import flaw_in
from probes.dice import Dice
from probes.family import Family
from probes.registry import FAMILIES

DRAW_VERSION = 1
"""Raised when the same family, seed and salt shall give other phrases than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What a draw depends on besides the suite."""

    salt: str = field(default="", repr=False)
    """Makes the draw a private one. Secret."""
    vocabulary: Callable[[], tuple[str, ...]] = tuple
    """Gives the symbols of the model's own vocabulary; asked for only where something is drawn."""
    families: tuple[Family, ...] = ()
    """The user's own, besides Soundcheck's."""


PUBLIC = Drawing()
"""Soundcheck's own families, without a salt or a vocabulary."""


def expand(suite: Suite, drawing: Drawing = PUBLIC) -> Suite:
    """The suite with its draws made: drawn probes come after the written ones, in the order of the entries.

    Raises:
        BadInput: ``name:line: ...`` for an unknown family or language, too large a count, or a family that makes probes
            which no suite file could hold.
    """
    if not suite.draws:
        return suite
    families = known_families(drawing.families)
    vocabulary = drawing.vocabulary()
    probes = list(suite.probes)
    for draw in suite.draws:
        dice = Dice("soundcheck", DRAW_VERSION, draw.family, draw.language, draw.seed, drawing.salt)
        try:
            drawn = _family(draw, families).generate(
                dice,
                draw.count,
                language=draw.language,
                vocabulary=vocabulary,
                known={probe.text: probe for probe in probes},
            )
        except BadInput as error:
            raise BadInput(f"{suite.name}:{draw.line}: {error}") from None
        placed = [dataclasses.replace(probe, source=suite.name, line=draw.line) for probe in drawn]
        _check(suite.name, draw, placed, probes)
        probes += placed
    return dataclasses.replace(suite, probes=tuple(probes))


def registered(results: Iterable[object]) -> tuple[Family, ...]:
    """All families of what several ``pytest_tts_probes`` returned.

    Raises:
        BadInput: One of them returned something else.
    """
    families: list[Family] = []
    for result in results:
        if not isinstance(result, list | tuple):
            kind = type(result).__name__
            raise BadInput(f"pytest_tts_probes: expected a list of probes.family.Family, got a {kind}")
        for family in result:
            if not isinstance(family, Family):
                kind = type(family).__name__
                raise BadInput(f"pytest_tts_probes: expected a list of probes.family.Family, got a {kind} in it")
            families.append(family)
    return tuple(families)


def known_families(own: Iterable[Family]) -> dict[str, Family]:
    """Soundcheck's families and the user's, by name.

    Raises:
        BadInput: A name is taken.
    """
    families = {family.name: family for family in FAMILIES}
    for family in own:
        if family.name in families:
            raise BadInput(f"pytest_tts_probes: there is a family {family.name!r} already; choose another name")
        families[family.name] = family
    return families


def _family(draw: FamilyDraw, families: dict[str, Family]) -> Family:
    if draw.family not in families:
        hint = did_you_mean(draw.family, families) or "soundcheck list --families shows them"
        raise BadInput(f"unknown family {draw.family!r}; {hint}")
    return families[draw.family]


def _check(name: str, draw: FamilyDraw, drawn: Sequence[Probe], before: Sequence[Probe]) -> None:
    by_id = {probe.id: probe for probe in (*before, *drawn)}
    if len(by_id) < len(before) + len(drawn):
        raise BadInput(f"{name}:{draw.line}: family {draw.family!r} makes a probe whose id is taken; change its name")
    for probe in drawn:
        if flaw := flaw_in(probe, by_id):
            raise BadInput(f"{name}:{draw.line}: family {draw.family!r} makes a probe that cannot be used: {flaw}")
