"""Takes whose numbers are drawn rather than heard: a world in which it is known what was changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from harness.core.types import Acoustics, Echo, ForcedScore, GoldenRecord, Hearing, Probe, SignalFacts, Take

if TYPE_CHECKING:
    import numpy as np

WORDS = ("please", "do", "not", "open", "the", "door")
TEXT = "Please do not open the door."
GOLDEN_SEEDS = tuple(range(8))


def probe(probe_id: str = "door-not", **fields: object) -> Probe:
    plain = {"text": TEXT, "family": "negation", "expect": "please do not open the door", "critical": ("not",)}
    return Probe(id=probe_id, source="s.probes.yaml", line=1, **{**plain, **fields})  # type: ignore[arg-type]


def take(
    rng: np.random.Generator,
    seed: int,
    *,
    text: str = TEXT,
    forced: float = 0.0,
    echo: float = 0.0,
    log_seconds: float = 0.0,
    level_db: float = 0.0,
    others: tuple[int, ...] = GOLDEN_SEEDS,
) -> Take:
    """A take whose statistics are Gaussian around an honest voice's, moved by what is given (in their units)."""
    mean = -0.3 + 0.05 * rng.standard_normal() + forced
    logprobs = tuple(min(-1e-4, mean + 0.02 * rng.standard_normal()) for _ in (*WORDS, ""))
    seconds = 2.0 * float(2.718281828 ** (0.015 * rng.standard_normal() + log_seconds))
    echoes = tuple(
        Echo(
            seed=other,
            mean=0.1 + 0.01 * float(rng.random()) + echo,
            worst=0.3 + 0.05 * float(rng.random()) + 3 * echo,
            at=1.0,
            golden_at=1.1,
        )
        for other in others
        if other != seed
    )
    return Take(
        seed=seed,
        audio_sha256=f"{seed:064x}",
        facts=SignalFacts(seconds=seconds + 0.2, peak=0.4, rms=0.05, dc=0.0, clipped_share=0.0, nonfinite=0),
        hearing=Hearing(
            text=text,
            tokens=6,
            avg_logprob=-0.2,
            no_speech=0.0,
            truncated=False,
            forced=ForcedScore(text=TEXT, pieces=(*(f" {word}" for word in WORDS), ""), logprobs=logprobs),
            echoes=echoes,
        ),
        acoustics=Acoustics(
            seconds=seconds + 0.2,
            leading_silence=0.1,
            trailing_silence=0.1,
            longest_silence=0.05 + 0.01 * float(rng.random()),
            level_db=-25 + 0.3 * float(rng.standard_normal()) + level_db,
            f0_hz=100.0 * float(2.718281828 ** (0.01 * rng.standard_normal())),
            timbre=tuple(float(value) for value in 0.3 * rng.standard_normal(24)),
        ),
    )


def takes(rng: np.random.Generator, count: int, **moved: object) -> list[Take]:
    """Takes with seeds that no golden take has."""
    return [take(rng, 1000 + index, **moved) for index in range(count)]  # type: ignore[arg-type]


def record(rng: np.random.Generator, probe_id: str = "door-not") -> GoldenRecord:
    """A golden of eight takes."""
    return GoldenRecord(
        probe_id=probe_id,
        text=TEXT,
        transcript=TEXT,
        takes=tuple(take(rng, seed) for seed in GOLDEN_SEEDS),
        audio="",
    )


def single(golden: GoldenRecord) -> GoldenRecord:
    """A golden without spread: every repeat is the audio of its first take."""
    return dataclasses.replace(golden, takes=tuple(repeated(golden.takes[0], seed) for seed in GOLDEN_SEEDS))


def repeated(one: Take, seed: int) -> Take:
    """The same audio under another seed, as far from every golden take as from the first."""
    nearest = one.hearing.echoes[0]
    echoes = tuple(dataclasses.replace(nearest, seed=other) for other in GOLDEN_SEEDS if other != seed)
    return dataclasses.replace(one, seed=seed, hearing=dataclasses.replace(one.hearing, echoes=echoes))


def moved(one: Take, **acoustics: float) -> Take:
    """The take with other acoustics."""
    return dataclasses.replace(one, acoustics=dataclasses.replace(one.acoustics, **acoustics))
