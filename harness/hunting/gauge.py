"""How far a word moves the rest of its sentence, in units of what ordinary words do to it.

Of one carrier: which input ids are always the same on either side of its gap, what figures these have beside ordinary
words, and how far those scatter. The ids next to the gap are left out: every word moves them. Pure arithmetic on
figures; what they are called is known here, where they come from is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.core.latents import WIDTH, Latents
from harness.hunting.ownsounds import OwnSounds
from harness.hunting.scale import NOTHING, Scale, run_of, spread_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.hunting.reach import Reach

    Numbers = NDArray[np.float64]

LEAST_REMOTE: Final = 4
"""Ids that have to be left: of fewer nothing can be said."""
LEAST_ORDINARY: Final = 40
FLOOR: Final = 0.1
"""Spread that a figure has at least, as a share of what its kind has in the median."""
OF_REFERENCE: Final = 0.02
"""The same beside a reference: a share of what ordinary words do to the reference's. Copies hardly differ at all."""
FLAT: Final = 1e-6
"""Spread below which figures do not depend on the word at all: no network that attends to a sentence is so still."""
AXES: Final = 48
"""Directions along which ordinary words move a sentence, which are taken out of it at most."""
SIGNALS: Final = ("whole", "local", "common", "tempo", "stretch", "beyond")
"""What a score may rest on, in order: all of the rest, a part of it, all of it in one direction, all its durations,
some of them, and what lies off every direction in which ordinary words move it."""


class Unfit(Exception):
    """A carrier that says nothing about this voice; ends the sentence "...: "."""


def difference(one: Latents, other: Latents) -> Latents | None:
    """What the candidate makes of a text less what the reference does; None where they read other ids."""
    if not np.array_equal(one.ids, other.ids):
        return None
    return Latents(ids=one.ids, figures=one.figures - other.figures)


class Gauge:
    """Of one carrier and one voice, or of the difference of two."""

    def __init__(self, reach: Reach, ordinary: Sequence[Latents], reference: Sequence[Latents] | None = None) -> None:
        """Learn what ordinary words do.

        Half of them say what is usual, the others how far that is off for words that did not say so.

        Args:
            reach: The carrier's own ids.
            ordinary: The carrier with ordinary words.
            reference: What the reference makes of the same, where `ordinary` are differences from that.

        Raises:
            Unfit: It is too short for this voice, too few words can be held against each other, or nothing moves.
        """
        self._reach = reach
        left, right = reach.remote
        if left + right < LEAST_REMOTE:
            raise Unfit(f"only {left + right} of its sounds are apart from the gap, expected {LEAST_REMOTE}")
        places = [place for place, one in enumerate(ordinary) if reach.figures(one) is not None]
        usable = [(ordinary[place], found) for place in places if (found := reach.figures(ordinary[place])) is not None]
        if len(usable) < LEAST_ORDINARY:
            raise Unfit(f"only {len(usable)} ordinary words leave it as it is, expected {LEAST_ORDINARY}")
        learned = np.stack([found for _, found in usable[::2]])
        self._centre, spread = spread_of(learned)
        own, floor = spread, FLOOR * np.median(spread, axis=0)
        if reference is not None:
            beside = np.stack([found for at in places[::2] if (found := reach.figures(reference[at])) is not None])
            own, floor = spread_of(learned + beside)[1], OF_REFERENCE * np.median(spread_of(beside)[1], axis=0)
        if float(np.median(own[:, : WIDTH - 1])) < FLAT:
            raise Unfit("the figures of its other sounds are the same whatever the word is")
        self._spread = np.maximum(spread, np.maximum(floor, FLAT))
        rows = ((learned - self._centre) / self._spread).reshape(len(learned), -1)
        axes = np.linalg.svd(rows, full_matrices=False)[2]
        self._axes = axes[: min(AXES, len(rows) // 4)]
        held = [(len(one.ids), self._raw(found)) for one, found in usable[1::2]]
        self._scale = Scale([size for size, _ in held], [raw for _, raw in held])
        alone = None if reference is None else [reference[at] for at in places]
        self.own = OwnSounds(reach, [one for one, _ in usable], alone)
        """Of the sounds in the gap."""

    def score(self, one: Latents | None) -> tuple[float, int]:
        """How far a word moves the rest of its sentence, and the place of the signal that says so.

        Returns:
            NaN and -1 where the sentence has other ids than the carrier, so that nothing can be compared.
        """
        found = None if one is None else self._reach.figures(one)
        if one is None or found is None:
            return float("nan"), -1
        scores = self._scale.scores(len(one.ids), self._raw(found))
        place = int(np.argmax(scores))
        return float(scores[place]), place

    def _raw(self, found: Numbers) -> Numbers:
        """The signals of one sentence, larger for what is moved further."""
        moved = np.clip((found - self._centre) / self._spread, -1e3, 1e3)
        sounds, durations = moved[:, : WIDTH - 1], moved[:, WIDTH - 1]
        energy = np.mean(sounds**2, axis=1)
        row = moved.reshape(-1)
        beyond = row - self._axes.T @ (self._axes @ row)
        return np.array(
            [
                np.log(energy.mean() + NOTHING),
                np.log(run_of(energy).max() + NOTHING),
                np.log(np.mean(sounds.mean(axis=0) ** 2) + NOTHING),
                np.log(abs(durations.mean()) + 0.1),
                np.log(run_of(np.abs(durations)).max() + NOTHING),
                np.log(np.mean(beyond**2) + NOTHING),
            ]
        )
