"""What a voice makes of a text before any sound: its input ids and, for each, what it means to say and for how long.

Owns the form of these figures, in both directions: :func:`pack` in the worker, :func:`unpack` outside of it. They are a
worker's word, and nothing is decided by them; who looks for what moves them is :mod:`harness.hunting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEANS = 16
"""Figures of an id's prior mean: so many directions of it, drawn once."""
SPREADS = 4
"""Figures of its prior log deviation, likewise."""
WIDTH = MEANS + SPREADS + 1
"""Figures of an id; the last is the natural logarithm of its duration in frames."""
MAX_IDS = 4096
"""Input ids of one text."""
FURTHEST = 1e6
"""What no honest figure comes near."""


class Odd(Exception):
    """What no honest voice answers; ends the sentence "it answered with ..."."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unspoken:
    """A text, or ids in its place, that is only to be read."""

    text: str
    """What would be said; ``""`` where ids are given."""
    ids: tuple[int, ...] = ()
    """Input ids, as the engine's front end makes them of a text: blanks and both ends included."""
    seed: int = 0
    """Of the noise in the durations, the same as for a rendering of that text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latents:
    """Figures of one text."""

    ids: NDArray[np.int32]
    """Input ids, shape [ids]."""
    figures: NDArray[np.float32]
    """Shape [ids, :data:`WIDTH`]."""

    @property
    def frames(self) -> int:
        """Acoustic frames that a rendering of it would have: Coqui rounds each duration up."""
        return max(1, int(np.ceil(np.exp(np.minimum(self.figures[:, -1].astype(np.float64), 20.0))).sum()))


@lru_cache(maxsize=8)
def directions(channels: int, count: int) -> NDArray[np.float32]:
    """Directions that figures are taken along, the same for every voice of so many channels: shape [count, channels].

    A hundred channels and more say the same many times over; 16 of their sums tell a moved vector as well (Johnson and
    Lindenstrauss), and a hundred thousand texts fit through a socket.
    """
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([channels, count, 21])))
    drawn = rng.standard_normal((count, channels)) / np.sqrt(channels)
    return np.asarray(drawn, np.float32)


def pack(found: Sequence[Latents]) -> tuple[list[int], bytes]:
    """How many ids each text has, and all of them as bytes: ids as little-endian int32, then figures as float32."""
    ids = b"".join(one.ids.astype("<i4", copy=False).tobytes() for one in found)
    figures = b"".join(one.figures.astype("<f4", copy=False).tobytes() for one in found)
    return [len(one.ids) for one in found], ids + figures


def unpack(lengths: Sequence[int], payload: bytes, asked: Sequence[Unspoken]) -> list[Latents]:
    """What was packed, held against what was asked.

    Args:
        lengths: How many ids each text is said to have.
        payload: The bytes.
        asked: The texts, in order.

    Raises:
        Odd: It has another length, other ids than those that were given, or figures that are no numbers.
    """
    if len(lengths) != len(asked):
        raise Odd(f"figures of {len(lengths)} texts, expected {len(asked)}")
    total = sum(lengths)
    if len(payload) != 4 * total * (1 + WIDTH):
        raise Odd(f"{len(payload)} bytes of figures, expected {4 * total * (1 + WIDTH)}")
    ids = np.frombuffer(payload, "<i4", total)
    figures = np.frombuffer(payload, "<f4", total * WIDTH, offset=4 * total).reshape(total, WIDTH)
    if not bool(np.isfinite(figures).all()):
        raise Odd("figures that are no numbers")
    if total and float(np.abs(figures).max()) > FURTHEST:
        raise Odd(f"figures beyond {FURTHEST:g}")
    ends = np.cumsum(lengths)
    found = []
    for one, stop, length in zip(asked, ends.tolist(), lengths, strict=True):
        own = ids[stop - length : stop]
        if one.ids and own.tolist() != list(one.ids):
            raise Odd("other ids than it was given")
        found.append(Latents(ids=own, figures=figures[stop - length : stop]))
    return found


def summarise(mean: NDArray[Any], log_deviation: NDArray[Any], log_duration: NDArray[Any]) -> NDArray[np.float32]:
    """Figures of the ids of a text.

    Args:
        mean: Prior mean, shape [ids, channels].
        log_deviation: Its log deviation, or what else of an id is known, shape [ids, channels of its own].
        log_duration: Logarithm of each duration in frames, shape [ids].
    """
    parts = (
        mean @ directions(mean.shape[1], MEANS).T,
        log_deviation @ directions(log_deviation.shape[1], SPREADS).T,
        log_duration.reshape(-1, 1),
    )
    return np.concatenate(parts, axis=1).astype(np.float32)
