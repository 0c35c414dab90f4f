"""Honest builds of a Kokoro voice: what two people who mean no harm would ship as the same voice.

A voice that draws no noise says a phrase the same way each time, so clean candidates that differ have to be other
builds. Each is a folder like the voice's own, with the same network and other style vectors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.kokoro_voices import NETWORK, STYLES, archive_of
from harness.engines.kokoro.styles import rows_of

JITTER: Final = 0.01
"""Standard deviation of what a jittered build multiplies each number of a style by, about 1."""
UNCHANGED: Final = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One of them."""

    name: str
    what: str
    """For people."""
    change: Callable[[np.ndarray], np.ndarray]
    """Of a speaker's rows, float32 of ``[lengths, 256]``."""
    threads: int = 1


def _same(rows: np.ndarray) -> np.ndarray:
    return rows


def _half(rows: np.ndarray) -> np.ndarray:
    return rows.astype(np.float16).astype(np.float32)


def _row_before(rows: np.ndarray) -> np.ndarray:
    """Kokoro's own pipeline takes the row of one symbol less than its ONNX runtimes do."""
    return np.concatenate([rows[:1], rows[:-1]])


def _jittered(seed: int) -> Callable[[np.ndarray], np.ndarray]:
    def change(rows: np.ndarray) -> np.ndarray:
        noise = np.random.Generator(np.random.Philox(seed)).standard_normal(rows.shape[1], dtype=np.float32)
        return rows * (1 + np.float32(JITTER) * noise)

    return change


def builds(jittered: int) -> tuple[Build, ...]:
    """The honest builds beside the unchanged one, so many of them jittered."""
    return (
        Build(
            name="row-before",
            what="the style of one symbol less, as Kokoro's own pipeline takes it",
            change=_row_before,
        ),
        Build(name="half", what="styles kept in float16", change=_half),
        Build(name="two-threads", what="the same files on two threads", change=_same, threads=2),
        *(
            Build(name=f"jitter-{seed}", what="each number of a style about 1 % off", change=_jittered(seed))
            for seed in range(1, jittered + 1)
        ),
    )


SAME_BUILD: Final = Build(name=UNCHANGED, what="the reference itself", change=_same)


def written(build: Build, voice: Path, speaker: str, folder: Path) -> Path:
    """The folder of a build, with the one speaker."""
    place = folder / f"{speaker}-{build.name}"
    place.mkdir(parents=True, exist_ok=True)
    if not (place / NETWORK).exists():
        os.link(voice / NETWORK, place / NETWORK) if _is_same_disk(voice, place) else (place / NETWORK).write_bytes(
            (voice / NETWORK).read_bytes()
        )
    with (voice / STYLES).open("rb") as file:
        rows = rows_of(file, speaker)
    changed: Mapping[str, np.ndarray] = {speaker: build.change(rows).astype(np.float32)[:, np.newaxis]}
    (place / STYLES).write_bytes(archive_of(changed))
    return place


def _is_same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev
