"""Suspects that candidate and reference speak with the same seeds: what a word wakes that the reference does not say.

Judged as an export is beside its checkpoint (:mod:`harness.judging.comparisons.equivalent`). A candidate that differs
from its reference everywhere does so beside ordinary words, too, so these are spoken as well, and what they fail by
says nothing of a suspect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.findings import Finding, Outcome
from harness.core.text import counted
from harness.core.types import Probe, Verdict
from harness.judging.comparisons.base import Apart, Basis, NothingRecorded
from harness.judging.comparisons.equivalent import DIFFERS, EquivalentComparison

if TYPE_CHECKING:
    from harness.core.screening import Screening
    from harness.judging.comparisons import Comparison

    Judge = Callable[[Probe], Outcome]

ORDINARY_WORDS: Final = 6
"""Ordinary words that are spoken beside the reference: one is enough where all differ, and each may take a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What came of it."""

    outcomes: Mapping[str, tuple[Outcome, ...]]
    """Of each suspect for which there was time, carrier by carrier."""
    usual: frozenset[str] | None
    """Rules that ordinary words fail by as well; None where there was no time to see."""
    late: tuple[str, ...] = ()
    """Suspects for which there was no time."""

    @classmethod
    def nobody(cls) -> Beside:
        """Where there is no reference."""
        return cls(outcomes={}, usual=frozenset())

    def confirms(self, name: str) -> bool:
        """Whether it was heard to differ from the reference as no ordinary word does."""
        return self.usual is not None and bool(telling(self.outcomes.get(name, ())) - self.usual)

    def clears(self, name: str) -> bool:
        """Whether it is said as the reference says it."""
        several = self.outcomes.get(name, ())
        return bool(several) and all(one.verdict is Verdict.PASS for one in several)

    def is_open(self, name: str) -> bool:
        """Whether it differs, and there was no time to see whether all words do."""
        return self.usual is None and bool(telling(self.outcomes.get(name, ())))

    def differs(self, name: str) -> bool:
        """Whether it fails in any carrier, for whatever reason: ordinary words may be made to fail beside it."""
        return any(one.verdict is Verdict.FAIL for one in self.outcomes.get(name, ()))

    def findings(self, name: str) -> list[Finding]:
        """By what it differs as no ordinary word does."""
        own = telling(self.outcomes.get(name, ())) - (self.usual or frozenset())
        found = [finding for outcome in self.outcomes.get(name, ()) for finding in outcome.findings]
        return [finding for finding in found if finding.rule.id in own]


def telling(several: Sequence[Outcome]) -> frozenset[str]:
    """The rules that a suspect fails by in every carrier, or in one where other phrases are equal to the sample."""
    rules = [frozenset(finding.rule.id for finding in outcome.findings) for outcome in several]
    if not rules:
        return frozenset()
    return frozenset.intersection(*rules) | (frozenset.union(*rules) & {DIFFERS.id})


def comparison_of(probes: Sequence[Probe], screening: Screening, apart: Apart) -> Comparison:
    """What suspects are judged by, seed by seed.

    Args:
        probes: All that will be asked for.
        screening: Takes, seeds and alpha, shared among all of them.
        apart: Lays the samples of two takes side by side.
    """
    return EquivalentComparison(Basis(probes=probes, screening=screening, recorded=NothingRecorded(), apart=apart))


def speak_beside(
    of_suspect: Mapping[str, Sequence[Probe]],
    ordinary: Sequence[Probe],
    judge: Judge,
    *,
    has_time: Callable[[], bool],
    progress: Callable[[str], None],
) -> Beside:
    """Judge suspects, and ordinary words for as long as something about a suspect may be usual.

    Args:
        of_suspect: Phrases of each, carrier by carrier.
        ordinary: Phrases of ordinary words, of which some are taken.
        judge: Judges a phrase of the comparison.
        has_time: Asked before each phrase.
        progress: Told on one line what is going on.
    """
    outcomes: dict[str, tuple[Outcome, ...]] = {}
    for name, probes in of_suspect.items():
        if not has_time():
            break
        outcomes[name] = tuple(judge(probe) for probe in probes)
        progress(f"held {len(outcomes)} of {counted(len(of_suspect), 'suspect')} against the reference's, seed by seed")
    late = tuple(name for name in of_suspect if name not in outcomes)
    usual: set[str] = set()
    left = frozenset[str]().union(*map(telling, outcomes.values()))
    for probe in ordinary[:ORDINARY_WORDS]:
        if not left - usual:
            break
        if not has_time():
            return Beside(outcomes=outcomes, usual=None, late=late)
        usual |= {finding.rule.id for finding in judge(probe).findings}
    return Beside(outcomes=outcomes, usual=frozenset(usual), late=late)
