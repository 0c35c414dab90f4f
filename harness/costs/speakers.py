"""What several speakers of one candidate cost: each one's phrases beside each other, the machine's side once.

The same weights speak for all of them, so loading, memory, leaks and growth are measured with the first. What a phrase
costs is held against the same speaker's other phrases: one may have a trigger that another has not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from harness.core.findings import Finding, Outcome
from harness.core.text import counted, printable
from harness.core.types import Probe, Verdict
from harness.costs.costing import Costing


class SpeakersCosting:
    """Meters several speakers within one run. Asked as :class:`harness.costs.costing.Costing` is."""

    def __init__(self, by_speaker: Mapping[str, Costing]) -> None:
        """Remember.

        Args:
            by_speaker: One for each, in order; together they have the alpha of one.
        """
        self._by_speaker = dict(by_speaker)
        self._first = next(iter(self._by_speaker))

    def begin(self, checks: Collection[str]) -> None:
        """Begin what may be done before and beside everything else, with the first speaker."""
        self._by_speaker[self._first].begin(checks)

    def beside(self, probe: Probe) -> tuple[Finding, ...]:
        """What one phrase cost beyond what others of its speaker do."""
        return self._by_speaker[probe.speaker].beside(probe)

    def doubt(self, probe: Probe) -> str | None:
        """Why nothing can be said of what one phrase costs, None where it can; after :meth:`beside`."""
        return self._by_speaker[probe.speaker].doubt(probe)

    def check(self, name: str) -> Outcome:
        """One of :data:`harness.policy.release.COST_CHECKS`."""
        outcome = self._by_speaker[self._first].check(name)
        others = [costing for speaker, costing in self._by_speaker.items() if speaker != self._first]
        late = tuple(finding for costing in others for finding in costing.late(name))
        note = printable(f"measured with {self._first}; {counted(len(others), 'other speaker')} by single phrases only")
        findings = (*outcome.findings, *late)
        verdict = Verdict.FAIL if late else outcome.verdict
        return dataclasses.replace(outcome, verdict=verdict, findings=findings, notes=(*outcome.notes, note))
