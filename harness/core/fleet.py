"""Many models judged as one fleet: a row for each, and what follows for all of them. Pure.

A row repeats what that model's own run has decided. Nothing is decided here but how the rows add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from harness.core.ending import Ending
from harness.core.grades import Verdict

NEW: Final = "new"
"""Stands for a row of a model that no earlier audit has."""
WORST_FIRST: Final = (Ending.FAILED, Ending.BROKEN, Ending.UNDECIDED, Ending.PASSED)
"""Exit codes of gates, worst first: what fails is not hidden by what could not be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRow:
    """One model of a fleet."""

    name: str
    """What it is called in the list: unique there, and fit to be shown."""
    model: str
    """As it is named to the gate."""
    model_digest: str = ""
    """sha256 over its files, ``""`` where they could not be read."""
    verdict: Verdict
    ending: int
    """Exit code of its gate: what a pipeline would have got."""
    reason: str = ""
    """Why, in one line."""
    counts: Mapping[Verdict, int] = field(default_factory=dict)
    """Items of its run by verdict."""
    run_id: str = ""
    """The run that judged it, ``""`` where none did."""
    key: str = ""
    """Digest of all that the verdict depends on, ``""`` where that is not known."""
    alpha: float = 0.0
    """False-alarm rate of its verdict; 0 where none was given."""
    golden: str = ""
    suites: tuple[str, ...] = ()
    isolation: str = ""
    """How it was kept apart while it was judged."""
    changed: tuple[str, ...] = ()
    """What of :attr:`key` is otherwise than in the last audit; :data:`NEW` where that has no such row."""
    history: tuple[Verdict, ...] = ()
    """Its verdicts in the last audits, oldest first, without this one."""

    @property
    def news(self) -> str:
        """What is otherwise than in the last audit, in words; ``""`` where nothing is."""
        if NEW in self.changed:
            return NEW
        what = f"{_listed(self.changed)} changed" if self.changed else ""
        if self.history and self.history[-1] is not self.verdict:
            return f"was {self.history[-1].value}; {what or 'nothing of it changed'}"
        return f"{what}, still {self.verdict.value}" if what else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReport:
    """What an audit of a fleet found."""

    version: str
    """Soundcheck's."""
    name: str
    title: str
    number: int
    """Of the audit, from 1."""
    rows: tuple[FleetRow, ...]
    """In the order of the list."""
    gone: tuple[str, ...] = ()
    """Names that the last audit had, and the list has no more."""

    @property
    def ending(self) -> int:
        """The worst exit code of any row, by :data:`WORST_FIRST`; a code that is none of these is no pass."""
        return worst_ending({one.ending for one in self.rows})

    @property
    def verdict(self) -> Verdict:
        """Fail where any model fails, else error where one could not be judged, else inconclusive, else pass."""
        found = {one.verdict for one in self.rows}
        order = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)
        return next((verdict for verdict in order if verdict in found), Verdict.ERROR)

    @property
    def counts(self) -> dict[Verdict, int]:
        """Models by verdict."""
        counted = Counter(one.verdict for one in self.rows)
        return {verdict: counted.get(verdict, 0) for verdict in Verdict}

    @property
    def expected_false_failures(self) -> float:
        """How many of these models would fail by chance alone, at most, were every one of them honest."""
        return round(sum(one.alpha for one in self.rows), 6)


def worst_ending(found: AbstractSet[int]) -> int:
    """The worst of some exit codes, by :data:`WORST_FIRST`; a code that is none of these is no pass."""
    known = next((code for code in WORST_FIRST[:-1] if code in found), None)
    if known is not None:
        return int(known)
    return int(Ending.PASSED if found == {Ending.PASSED} else Ending.BROKEN)


def worst_rows_first(rows: Sequence[FleetRow]) -> list[FleetRow]:
    """Rows in the order in which somebody should look at them: by verdict, and as listed."""
    order = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)
    return sorted(rows, key=lambda one: order.index(one.verdict))


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
