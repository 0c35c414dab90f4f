"""What can be found, in words: a rule has a stable id that waivers, policies and reports name.

A rule is defined by the detector or check that finds it; :mod:`harness.run.rules` gathers all of them. Knows nothing of
what a finding of it looks like, nor of where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from harness.core.grades import Severity, Verdict

RUNS_CODE: Final = "means that code runs"
"""Why a finding of many a rule cannot be accepted, see :attr:`Rule.unacceptable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of thing that can be wrong. Ids are stable: waivers, policies, SARIF and documents name them."""

    id: str
    """E.g. ``speech.word-dropped``: a family, a dot, a name."""
    severity: Severity
    """The worst that a finding of it can have."""
    title: str
    """What is wrong, on one line, without particulars."""
    meaning: str
    """What was looked at, what it was compared with, or why it matters."""
    advice: str
    """What to do about a finding."""
    source: str = ""
    """Where the attack or the measure is described: an advisory, a paper, a section of a specification."""
    verdict: Verdict = Verdict.FAIL
    """``FAIL``, or ``INCONCLUSIVE`` for what leaves an item open: a question that somebody has to decide."""
    unacceptable: str = ""
    """Why nobody can accept a finding of it by its file's digest: the end of a sentence that begins with ``it``, such
    as :data:`RUNS_CODE`. Said by whoever looks for it; ``""`` where it fails and that says enough, or where one can."""

    @property
    def order(self) -> tuple[bool, int]:
        """Sorts what fails before what is to be decided, then by severity: what is cut off is never the worse."""
        return self.verdict is not Verdict.FAIL, self.severity.rank

    @property
    def why_unacceptable(self) -> str:
        """The same for every rule; ``""`` where a finding of it can be accepted by digest."""
        return self.unacceptable or ("fails, and asks nobody" if self.verdict is Verdict.FAIL else "")

    @property
    def family(self) -> str:
        """What stands before the dot: ``speech``."""
        return self.id.partition(".")[0]

    @property
    def help(self) -> str:
        """Meaning and advice, as one text."""
        return f"{self.meaning} {self.advice}"


def undescribed(rule_id: str, severity: Severity) -> Rule:
    """A rule of which nothing but the id is known, as in the records of older runs.

    Args:
        rule_id: The id, ``""`` where not even that is known.
        severity: The severity of a finding of it.
    """
    return Rule(
        id=rule_id,
        severity=severity,
        title=rule_id or "unnamed rule",
        meaning="A rule of Soundcheck that has no description here. The finding itself says what was seen.",
        advice="Read the finding in report.html.",
    )


def ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Ids of some rules, in their order."""
    return tuple(rule.id for rule in rules)
