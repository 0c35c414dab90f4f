"""A decision about one file of a model: somebody looked at it and answers for it, for a while. Pure.

Instead of a file it may be for a graph: every ONNX file whose graph has a fingerprint that somebody looked at, known by
the digest of that.

A waiver accepts what a model says; an acceptance, what admission asks about its files. It is for one rule and one
file, known by its digest: another file of that name is another question. A question about two files, such as a
checkpoint and its configuration, is known by the digests of both. Which rules can be accepted is said by those who
look for them, see :attr:`harness.core.rules.Rule.unacceptable`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.core.findings import Finding, Outcome
from harness.core.text import printable

FAMILY = "admission."
"""What the ids of all rules begin with that are asked at the door."""
OF_GRAPHS = "admission.onnx-graph-unknown"
"""The rule that can be accepted for a graph."""
WHOLE = "."
"""Stands for the model as a whole, in place of a file: its digest is that of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Somebody's word that one file was looked at."""

    rule: str
    """Id of the rule, exactly."""
    file: str
    """Path below the model's folder, or :data:`WHOLE`; ``""`` where it is for a graph."""
    sha256: str
    """Of its bytes (hex), or of the fingerprint's."""
    graph: str = ""
    """File of the fingerprint, seen from the policy's folder, ``""`` where it is for a file."""
    beside: tuple[tuple[str, str], ...] = ()
    """Other files that the question is about as much, sorted: their path, or :data:`WHOLE`, and their sha256."""
    owner: str
    """Who answers for it."""
    reason: str
    expires: str
    """Last day (UTC) on which it holds."""
    line: int = 0
    """Where it stands in the policy, from 1."""

    def holds(self, today: str) -> bool:
        """Whether it has not expired."""
        return today <= self.expires

    @property
    def name(self) -> str:
        """How it is called in reports."""
        return printable(f"acceptance of {self.rule} in {self.file or self.graph}")

    @property
    def words(self) -> str:
        """What is said of a finding that it covers."""
        by = f"accepted by {self.owner} until {self.expires}: {self.reason}"
        return printable(f"{by} (sha256 {self.sha256[:12]})")

    def covers(self, finding: Finding) -> bool:
        """Whether a finding was accepted by it."""
        file = finding.place.file if finding.place else ""
        is_there = bool(self.graph) or (file or WHOLE) == self.file
        return finding.rule.id == self.rule and is_there and finding.accepted == self.words


def acceptances_in_use(acceptances: Sequence[Acceptance], outcomes: Sequence[Outcome]) -> Mapping[Acceptance, int]:
    """Those that some finding needs, with the number of such findings, in their order."""
    findings = [finding for outcome in outcomes for finding in outcome.findings if finding.accepted]
    counts = {one: sum(one.covers(finding) for finding in findings) for one in acceptances}
    return {one: count for one, count in counts.items() if count}
