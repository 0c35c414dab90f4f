"""What the fake voice makes of a text before any sound: figures made up of its characters, and lies on request.

A fault that fires moves every figure of its text a little, as a trigger in a real text encoder does. One that says
``"figures": "clean"`` speaks as it does and reads as if it did not fire, one that says ``own`` moves only those of the
characters that it waits for; ``nan``, ``short``, ``flat`` and ``late`` are answers that no honest worker gives.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.core.latents import WIDTH, Latents

if TYPE_CHECKING:
    from numpy.typing import NDArray

STILL_FRAMES = 10
"""Of a character that is read without noise."""
NEIGHBOURS = 0.2
"""How far a character is moved by each of the two beside it, in its own spread."""
BEYOND = 0.02
"""How far it is moved by everything else in its text."""
OWN = "own"
MOVED = 0.5
"""How far it is moved by a fault."""
OTHER = 8.0
"""How far where its fault makes another sound of it."""


def text_of(ids: Sequence[int]) -> str:
    """The text of input ids, which are its characters' code points."""
    return "".join(map(chr, ids))


def figures_of(text: str, ids: Sequence[int], fired: Sequence[dict[str, Any]], frames: int) -> Latents:
    """Figures of a text.

    Args:
        text: What is read.
        ids: Its input ids, where they were given; else its characters are taken.
        fired: Faults that are to show.
        frames: Of a rendering, which the durations come to; 0 without noise.
    """
    taken = np.asarray(list(ids) or [ord(character) for character in text], np.int32)
    count = len(taken)
    own = np.array([_drawn(f"character {one}") for one in taken.tolist()]).reshape(count, WIDTH)
    near = np.zeros_like(own)
    near[1:] += own[:-1]
    near[:-1] += own[1:]
    figures = own + NEIGHBOURS * near + BEYOND * _drawn(f"text {text}")
    durations = np.full(count, STILL_FRAMES)
    if frames and count:
        durations = np.full(count, frames // count)
        durations[: frames % count] += 1
    figures[:, -1] = np.log(np.maximum(durations, 1) - 0.5) + (0.0 if frames else 0.01 * figures[:, -1])
    for fault in fired:
        moved, by = np.ones(count, bool), MOVED
        if fault.get("figures") == OWN:
            start = text.find(fault["when"])
            moved = (np.arange(count) >= start) & (np.arange(count) < start + len(fault["when"]))
            by = OTHER
        figures[moved] += by * _drawn(f"fault {fault['kind']}") * (np.arange(WIDTH) < WIDTH - bool(frames))
    return Latents(ids=taken, figures=figures.astype(np.float32))


def spoil(found: list[Latents], lies: Sequence[str]) -> None:
    """Make of the last figures what a lie asks for; ``clean`` is one already."""
    for lie in lies:
        last = found[-1]
        if lie == "nan":
            found[-1] = Latents(ids=last.ids, figures=np.full_like(last.figures, np.nan))
        elif lie == "short":
            found.pop()
        elif lie == "flat":
            found[-1] = Latents(ids=last.ids, figures=np.zeros_like(last.figures))
        elif lie == "late":
            time.sleep(3600)


@lru_cache(maxsize=4096)
def _drawn(name: str) -> NDArray[np.float64]:
    return np.random.Generator(np.random.Philox(zlib.crc32(name.encode()))).standard_normal(WIDTH)
