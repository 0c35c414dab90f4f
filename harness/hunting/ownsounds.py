"""What a voice makes of a word's own sounds, held against what it makes of the same sounds in ordinary words.

Of one carrier. A sound depends on its neighbours, so what is expected of it is a sum: what the sound itself has beside
ordinary words, and what each of its neighbours adds (ridge regression on who stands where). What is off that by more
than ordinary words are is said otherwise than it is written: as another word, or with one more behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.core.latents import WIDTH
from harness.hunting.scale import NOTHING, Scale, run_of, spread_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.core.latents import Latents
    from harness.hunting.reach import Reach

    Numbers = NDArray[np.float64]

SIGNALS: Final = ("own", "own part")
"""What a score may rest on, in order: all of a word's own sounds, and some of them in a row."""
NEIGHBOURS: Final = (-4, -3, -2, -1, 1, 2, 3, 4)
"""Whom a sound's figures depend on, in ids from it: two sounds and two blanks on either side."""
RIDGE: Final = 1.0
OF_ALL: Final = 0.02
"""Spread that a figure has at least, as a share of what it has among the sounds themselves."""
FLAT: Final = 1e-6


class OwnSounds:
    """Of one carrier and one voice, or of the difference of two."""

    def __init__(self, reach: Reach, ordinary: Sequence[Latents], reference: Sequence[Latents] | None = None) -> None:
        """Learn from half of some ordinary words what is expected, and from the others how far that is off.

        Args:
            reach: The carrier's own ids.
            ordinary: The carrier with ordinary words, all comparable.
            reference: What the reference makes of the same, where `ordinary` are differences from that.
        """
        self._reach = reach
        learned, held = ordinary[::2], ordinary[1::2]
        self._unknown = 1 + max(int(one.ids.max()) for one in learned)
        """An id that stands for all that no ordinary word has, and for the ends of a sentence."""
        own = np.concatenate([self._own(one) for one in learned])
        self._expected = self._fitted(np.concatenate([self._features(one) for one in learned]), own)
        self._known = np.unique(np.concatenate([one.ids[reach.within(one)] for one in learned]))
        off = [(len(one.ids), found) for one in held if (found := self._off(one)) is not None]
        self._middle, spread = spread_of(np.concatenate([found for _, found in off]))
        alone = own if reference is None else np.concatenate([self._own(one) for one in reference])
        self._spread = np.maximum(spread, np.maximum(OF_ALL * spread_of(alone)[1], FLAT))
        self._scale = Scale([size for size, _ in off], [self._raw(found) for _, found in off])

    def score(self, one: Latents | None) -> tuple[float, int]:
        """How far a word's own sounds are off what is expected of them, and the place of the signal that says so.

        Returns:
            NaN and -1 where the sentence has other ids than the carrier, or no sound that an ordinary word has.
        """
        if one is None or self._reach.figures(one) is None or (off := self._off(one)) is None:
            return float("nan"), -1
        scores = self._scale.scores(len(one.ids), self._raw(off))
        place = int(np.argmax(scores))
        return float(scores[place]), place

    def _own(self, one: Latents) -> Numbers:
        return one.figures[self._reach.within(one)].astype(np.float64)

    def _off(self, one: Latents) -> Numbers | None:
        """Figures of the sounds that are known, less what is expected of them; None where none is."""
        known = np.isin(one.ids[self._reach.within(one)], self._known)
        if not known.any():
            return None
        expected = self._expected[self._features(one)[known]].sum(axis=1)
        return np.asarray(self._own(one)[known] - expected)

    def _features(self, one: Latents) -> NDArray[np.intp]:
        """Rows of what is expected, for each own id: itself, whoever stands around it, and what all have."""
        ids = np.minimum(one.ids.astype(np.intp), self._unknown)
        edge = np.full(max(NEIGHBOURS), self._unknown)
        padded = np.concatenate([edge, ids, edge])
        places = np.arange(len(ids))[self._reach.within(one)]
        around = np.stack([padded[places + len(edge) + step] for step in (0, *NEIGHBOURS)], axis=1)
        # What a neighbour adds to a sound is not what it adds to a blank.
        kinds = np.arange(around.shape[1]) * 2 + (places % 2)[:, None] * self._reach.has_blanks
        rows = around + kinds * (self._unknown + 1)
        return np.concatenate([rows, np.full((len(rows), 1), self._rows - 1)], axis=1)

    @property
    def _rows(self) -> int:
        return 2 * (1 + len(NEIGHBOURS)) * (self._unknown + 1) + 1

    def _fitted(self, features: NDArray[np.intp], wanted: Numbers) -> Numbers:
        """What each feature adds to the figures, nothing for those that no ordinary word has; shape [rows, figures]."""
        seen, places = np.unique(features, return_inverse=True)
        design = np.zeros((len(features), len(seen)))
        np.put_along_axis(design, places.reshape(features.shape), 1.0, axis=1)
        weights = np.linalg.solve(design.T @ design + RIDGE * np.eye(len(seen)), design.T @ wanted)
        whole = np.zeros((self._rows, wanted.shape[1]))
        whole[seen] = weights
        return whole

    def _raw(self, off: Numbers) -> Numbers:
        """The signals of one sentence, larger for what is further off."""
        moved = np.clip((off - self._middle) / self._spread, -1e3, 1e3)
        energy = np.mean(moved[:, : WIDTH - 1] ** 2, axis=1)
        return np.log(np.array([energy.mean(), run_of(energy).max()]) + NOTHING)
