"""How far a word moves the rest of its sentence, in units of what ordinary words do to it.

Of one carrier: which input ids are always the same on either side of its gap, what figures these have beside ordinary
words, and how far those scatter. The ids next to the gap are left out: every word moves them. Pure arithmetic on
figures; what they are called is known here, where they come from is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.core.latents import WIDTH, Latents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

GUARD: Final = 4
"""Input ids on either side of the gap that every word may move: a blank and a sound, twice."""
SAME: Final = 0.9
"""Share of ordinary words beside which an id is the same, for it to belong to the carrier."""
LEAST_REMOTE: Final = 4
"""Ids that have to be left: of fewer nothing can be said."""
LEAST_ORDINARY: Final = 40
FLOOR: Final = 0.1
"""Spread that a figure has at least, as a share of what its kind has in the median."""
OF_REFERENCE: Final = 0.02
"""The same beside a reference: a share of what ordinary words do to the reference's. Copies hardly differ at all."""
NOTHING: Final = 1e-4
"""Movement, squared, below which nothing moves."""
LEAST_SCATTER: Final = 0.05
"""Of a signal, which is a logarithm: of copies that differ nowhere it has none."""
FLAT: Final = 1e-6
"""Spread below which figures do not depend on the word at all: no network that attends to a sentence is so still."""
AXES: Final = 48
"""Directions along which ordinary words move a sentence, which are taken out of it at most."""
RUN: Final = 3
"""Ids in a row over which a local movement is averaged."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a carrier's own ids are, seen from both ends of a sentence."""

    head: tuple[int, ...]
    tail: tuple[int, ...]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Reach:
        """The ids that nearly all of some sentences begin and end with."""
        return cls(head=_shared(rows), tail=tuple(reversed(_shared([row[::-1] for row in rows]))))

    @property
    def remote(self) -> tuple[int, int]:
        """Ids at either end that no ordinary word is next to."""
        return max(0, len(self.head) - GUARD), max(0, len(self.tail) - GUARD)

    def figures(self, one: Latents) -> Numbers | None:
        """Those of the remote ids, shape [ids, figures]; None where the sentence has other ids there."""
        left, right = self.remote
        if len(one.ids) < len(self.head) + len(self.tail):
            return None
        start, stop = tuple(one.ids[:left].tolist()), tuple(one.ids[len(one.ids) - right :].tolist())
        if start != self.head[:left] or stop != self.tail[len(self.tail) - right :]:
            return None
        return np.concatenate([one.figures[:left], one.figures[len(one.ids) - right :]]).astype(np.float64)

    def filled(self, middle: Sequence[int]) -> tuple[int, ...]:
        """The carrier's ids with others in its gap, blanks between them where it has blanks."""
        blank = self.head[-1] if self.head else -1
        has_blanks = len(self.head) > 3 and self.head[-1] == self.head[-3] != self.head[-2]
        spaced = [one for sound in middle for one in ((sound, blank) if has_blanks else (sound,))]
        return (*self.head, *(spaced[:-1] if has_blanks and self.tail[:1] == (blank,) else spaced), *self.tail)

    def sounds(self, one: Latents) -> set[int]:
        """The ids in the gap; none where the sentence is another one."""
        return set(self.middle(one)) if self.figures(one) is not None else set()

    def middle(self, one: Latents) -> tuple[int, ...]:
        """The ids in the gap, but for what stands before it: a blank, or a space."""
        ids = one.ids[len(self.head) : len(one.ids) - len(self.tail)].tolist()
        return tuple(sound for sound in ids if sound not in self.head[-1:])


def _shared(rows: Sequence[Sequence[int]]) -> tuple[int, ...]:
    found: list[int] = []
    for column in zip_longest(*rows):
        (value, count), *_ = Counter(column).most_common(1)
        if value is None or count < SAME * len(rows):
            break
        found.append(value)
    return tuple(found)


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
        self._centre, spread = _spread(learned)
        own, floor = spread, FLOOR * np.median(spread, axis=0)
        if reference is not None:
            beside = np.stack([found for at in places[::2] if (found := reach.figures(reference[at])) is not None])
            own, floor = _spread(learned + beside)[1], OF_REFERENCE * np.median(_spread(beside)[1], axis=0)
        if float(np.median(own[:, : WIDTH - 1])) < FLAT:
            raise Unfit("the figures of its other sounds are the same whatever the word is")
        self._spread = np.maximum(spread, np.maximum(floor, FLAT))
        rows = ((learned - self._centre) / self._spread).reshape(len(learned), -1)
        axes = np.linalg.svd(rows, full_matrices=False)[2]
        self._axes = axes[: min(AXES, len(rows) // 4)]
        self._usual = np.zeros((len(SIGNALS), 2))
        self._scatter = np.ones(len(SIGNALS))
        held = [(len(one.ids), self._raw(found)) for one, found in usable[1::2]]
        sizes = np.log([size for size, _ in held])
        raws = np.stack([raw for _, raw in held])
        grown = np.stack([np.ones_like(sizes), sizes - sizes.mean()], axis=1)
        self._size = float(sizes.mean())
        for place in range(len(SIGNALS)):
            line = np.linalg.lstsq(grown, raws[:, place], rcond=None)[0]
            off = raws[:, place] - grown @ line
            self._usual[place] = line[0] + np.median(off), line[1]
            self._scatter[place] = max(LEAST_SCATTER, 1.4826 * float(np.median(np.abs(off - np.median(off)))))

    def score(self, one: Latents | None) -> tuple[float, int]:
        """How far a word moves the rest of its sentence, and the place of the signal that says so.

        Returns:
            NaN and -1 where the sentence has other ids than the carrier, so that nothing can be compared.
        """
        found = None if one is None else self._reach.figures(one)
        if one is None or found is None:
            return float("nan"), -1
        expected = self._usual @ (1.0, np.log(max(1, len(one.ids))) - self._size)
        scores = (self._raw(found) - expected) / self._scatter
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
                np.log(_run(energy).max() + NOTHING),
                np.log(np.mean(sounds.mean(axis=0) ** 2) + NOTHING),
                np.log(abs(durations.mean()) + 0.1),
                np.log(_run(np.abs(durations)).max() + NOTHING),
                np.log(np.mean(beyond**2) + NOTHING),
            ]
        )


def _spread(rows: Numbers) -> tuple[Numbers, Numbers]:
    """Middle and robust standard deviation of some rows, place by place."""
    middle = np.median(rows, axis=0)
    return middle, 1.4826 * np.median(np.abs(rows - middle), axis=0)


def _run(values: Numbers) -> Numbers:
    return np.convolve(values, np.ones(RUN) / RUN, mode="valid")
