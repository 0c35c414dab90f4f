"""What became of each of several speakers, in a line. Knows no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.core.text import counted
from harness.core.types import Verdict
from harness.report.wording import one_line

if TYPE_CHECKING:
    from harness.core.verdict import RunResult

MOST = 12
"""Speakers that a list names one by one, those who failed first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerTally:
    """The probes of one speaker."""

    name: str
    """Safe to show."""
    probes: int
    failed: int
    open: int
    """Without a verdict, or not reached."""

    @property
    def verdict(self) -> Verdict:
        """The worst of them."""
        return Verdict.FAIL if self.failed else Verdict.INCONCLUSIVE if self.open else Verdict.PASS

    @property
    def words(self) -> str:
        """``2 of 8 probes failed, 1 undecided``."""
        parts = [f"{self.failed} of {counted(self.probes, 'probe')} failed"] if self.failed else []
        parts += [f"{self.open} undecided"] if self.open else []
        return ", ".join(parts) or f"{counted(self.probes, 'probe')} passed"


def by_speaker(result: RunResult) -> tuple[SpeakerTally, ...]:
    """A tally for each speaker of a run: who failed first, then who was not decided; none where one voice spoke."""
    if len(result.info.speakers) < 2:
        return ()
    planned = sum(suite.probes for suite in result.info.suites) // len(result.info.speakers)
    found = []
    for speaker in result.info.speakers:
        verdicts = [one.verdict for one in result.outcomes if one.probe and one.probe.speaker == speaker]
        decided = verdicts.count(Verdict.PASS) + verdicts.count(Verdict.FAIL)
        probes = max(planned, len(verdicts))
        tally = SpeakerTally(
            name=one_line(speaker), probes=probes, failed=verdicts.count(Verdict.FAIL), open=probes - decided
        )
        found.append(tally)
    return tuple(sorted(found, key=lambda one: (-one.failed, -one.open)))


def speaker_lines(result: RunResult) -> tuple[str, ...]:
    """A line for each speaker, as many as a screen has room for."""
    tallies = by_speaker(result)
    lines = [f"{one.name}: {one.words}" for one in tallies[:MOST]]
    if more := len(tallies) - MOST:
        lines += [f"{counted(more, 'other speaker')}: see results.json"] if more > 0 else []
    return tuple(lines)
