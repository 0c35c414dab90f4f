"""The runs below a folder over time: what was decided about which model, how long it took, how well it was heard."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from harness.core.errors import SoundcheckError
from harness.core.findings import Outcome
from harness.core.types import Verdict
from harness.storage.rundirectory import RunDirectory

PAUSE_SECONDS = 600.0
"""A longer silence between two records is not counted: the run was interrupted and continued."""
TREND = 12
"""Runs of one model's name that a trend shows, the latest ones."""
BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run."""

    run_id: str
    when: datetime
    """Of its last record (UTC)."""
    model_name: str
    model: str
    """As it was named."""
    model_digest: str
    voice: str
    """Who of it spoke, ``""`` for its only voice."""
    golden: str | None
    policy_digest: str | None
    verdict: Verdict
    counts: dict[Verdict, int]
    planned: int
    seconds: float
    """Between its records, pauses left out: what it cost on that machine, cached renderings included."""
    score: float | None
    """Mean log-likelihood of the golden's words over all takes; None where nothing was scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How the runs of one voice developed, oldest first."""

    model_name: str
    voice: str
    seconds: tuple[float, ...]
    scores: tuple[float | None, ...]


def read_history(folder: Path) -> tuple[list[PastRun], list[str]]:
    """All runs below a folder, newest first.

    Args:
        folder: What ``--tts-dir`` names: runs lie in its ``runs``.

    Returns:
        The runs, and a line for each that cannot be read.
    """
    runs, problems = [], []
    for path in sorted((folder / "runs").glob("*/run.json")):
        directory = RunDirectory(folder, path.parent.name)
        try:
            result, moments = directory.result(), directory.moments()
        except (SoundcheckError, OSError) as error:
            problems.append(str(error))
            continue
        last = moments[-1] / 1e9 if moments else path.stat().st_mtime
        runs.append(
            PastRun(
                run_id=result.info.run_id,
                when=datetime.fromtimestamp(last, UTC).replace(microsecond=0),
                model_name=result.info.model_name,
                model=result.info.model,
                model_digest=result.info.model_digest,
                voice=result.info.voice,
                golden=result.info.golden,
                policy_digest=result.info.policy_digest,
                verdict=result.verdict,
                counts=result.counts,
                planned=result.planned,
                seconds=_active_seconds(moments),
                score=_score(result.outcomes),
            )
        )
    runs.sort(key=lambda run: (run.when, run.run_id), reverse=True)
    return runs, problems


def trends_of(runs: Sequence[PastRun]) -> list[Trend]:
    """A trend for each model's name and voice with more than one run, in the order of `runs`."""
    names = dict.fromkeys((run.model_name, run.voice) for run in runs)
    grouped = {name: [run for run in runs if (run.model_name, run.voice) == name][:TREND][::-1] for name in names}
    return [
        Trend(
            model_name=name,
            voice=voice,
            seconds=tuple(run.seconds for run in own),
            scores=tuple(run.score for run in own),
        )
        for (name, voice), own in grouped.items()
        if len(own) > 1
    ]


def sparkline(values: Sequence[float | None]) -> str:
    """One bar for each value between the least and the largest; a space where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    least, span = min(known), max(known) - min(known)
    return "".join(
        " " if value is None else BARS[round((value - least) / span * (len(BARS) - 1)) if span else 3]
        for value in values
    )


def _active_seconds(moments: Sequence[int]) -> float:
    gaps = [(after - before) / 1e9 for before, after in pairwise(moments)]
    return round(sum(gap for gap in gaps if gap <= PAUSE_SECONDS), 3)


def _score(outcomes: Sequence[Outcome]) -> float | None:
    scores = [
        take.hearing.forced.mean
        for outcome in outcomes
        for take in outcome.takes
        if take.hearing.forced and take.hearing.forced.logprobs
    ]
    return round(statistics.fmean(scores), 4) if scores else None
