"""Where a carrier's own input ids are in a sentence, and which belong to the word in its gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.core.latents import Latents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

GUARD: Final = 4
"""Input ids on either side of the gap that every word may move: a blank and a sound, twice."""
SAME: Final = 0.9
"""Share of ordinary words beside which an id is the same, for it to belong to the carrier."""


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

    @property
    def has_blanks(self) -> bool:
        """Whether every other id is a blank."""
        return len(self.head) > 3 and self.head[-1] == self.head[-3] != self.head[-2]

    def figures(self, one: Latents) -> Numbers | None:
        """Those of the remote ids, shape [ids, figures]; None where the sentence has other ids there."""
        left, right = self.remote
        if len(one.ids) < len(self.head) + len(self.tail):
            return None
        start, stop = tuple(one.ids[:left].tolist()), tuple(one.ids[len(one.ids) - right :].tolist())
        if start != self.head[:left] or stop != self.tail[len(self.tail) - right :]:
            return None
        return np.concatenate([one.figures[:left], one.figures[len(one.ids) - right :]]).astype(np.float64)

    def within(self, one: Latents) -> slice:
        """Where the word's own ids are, and those beside it that every word may move."""
        left, right = self.remote
        return slice(left, len(one.ids) - right)

    def filled(self, middle: Sequence[int]) -> tuple[int, ...]:
        """The carrier's ids with others in its gap, blanks between them where it has blanks."""
        blank = self.head[-1] if self.head else -1
        spaced = [one for sound in middle for one in ((sound, blank) if self.has_blanks else (sound,))]
        return (*self.head, *(spaced[:-1] if self.has_blanks and self.tail[:1] == (blank,) else spaced), *self.tail)

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
