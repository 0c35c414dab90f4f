"""The nouns of admission: a check examines a tree of files and reports flaws. Knows files, not engines or pytest."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from harness.admission.tree import Tree
from harness.core.grades import Verdict
from harness.core.places import Place
from harness.core.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that is wrong with one place in one file."""

    rule: Rule
    file: str
    """Path below the model directory, POSIX separators; ``""`` for the directory itself. Hostile text."""
    beside: tuple[str, ...] = ()
    """Other files that it is about as much, as `file`: who accepts it has looked at all of them."""
    within: Place = field(default_factory=Place)
    """Where in the file. Hostile text."""
    found: str = ""
    """What is there, quoted and cut short. Hostile text."""
    effect: str = ""
    """What it would do when the model is loaded."""
    remedy: str = ""
    """What to do, where the rule's help does not say it already."""
    accepted: str = ""
    """Who accepted it until when, where somebody did."""

    @property
    def place(self) -> str:
        """Where in the file, as people write it: ``byte 0x34``, ``$.audio.stats_path``, ``member archive/data.pkl``."""
        return self.within.within


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What a check found."""

    check: str
    flaws: tuple[Flaw, ...] = ()
    """In the order of files and places."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the check learned and a reader may want to know, e.g. ``tensors: 612``. Plain text."""
    unasked: int = 0
    """Rules that a file breaks and no flaw tells, as there are too many: who accepts the others has not seen them."""
    remarks: tuple[str, ...] = ()
    """One line for each acceptance that does not hold."""

    @property
    def verdict(self) -> Verdict:
        """Fail where any flaw is hostile, inconclusive where a decision is needed, else pass."""
        verdicts = {flaw.rule.verdict for flaw in self.flaws if not flaw.accepted}
        if Verdict.FAIL in verdicts:
            return Verdict.FAIL
        return Verdict.INCONCLUSIVE if verdicts or self.unasked else Verdict.PASS

    @property
    def questions(self) -> tuple[Flaw, ...]:
        """What is to be decided, worst first."""
        found = [flaw for flaw in self.flaws if flaw.rule.verdict is not Verdict.FAIL and not flaw.accepted]
        return tuple(sorted(found, key=lambda flaw: flaw.rule.order))


def worst(flaws: Iterable[Flaw], most: int) -> tuple[tuple[Flaw, ...], int]:
    """So many flaws, in the order of their files: a hostile one is never left out for a lesser one.

    Args:
        flaws: All of them, one at a time: no more than `most` are held.
        most: How many are kept.

    Returns:
        They, and what :attr:`Examination.unasked` counts.
    """
    met: set[tuple[str, str]] = set()

    def noted() -> Iterator[Flaw]:
        for flaw in flaws:
            met.add((flaw.rule.id, flaw.file))
            yield flaw

    kept = heapq.nsmallest(most, noted(), key=lambda flaw: flaw.rule.order)
    unasked = len(met - {(flaw.rule.id, flaw.file) for flaw in kept})
    return tuple(sorted(kept, key=lambda flaw: flaw.file)), unasked


class Check(Protocol):
    """One door of admission. Bounded in time and memory whatever the files are; never raises for what is in them."""

    @property
    def name(self) -> str:
        """Short name in item ids: ``checkpoint`` gives ``admission-checkpoint``."""
        ...

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule that it can report."""
        ...

    def examine(self, tree: Tree) -> Examination:
        """Look at the files and say what is wrong."""
        ...
