"""What a reader writes down while it reads one file: flaws, bounded in number, and the work it may still do."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.admission.base import Flaw
from harness.core.findings import Place
from harness.core.rules import Rule
from harness.core.text import cut as shortened
from harness.core.text import printable
from harness.core.types import Verdict

MAX_FLAWS = 40
"""Per file. A hostile file can hold millions; the first few say enough."""
MAX_LEFT_OUT = 5000
"""Beyond this a file is not read further."""
MAX_QUOTE = 160
"""Characters of hostile text in one field."""


WHOLE = Place()
"""The whole of what is read."""


class OutOfBudget(Exception):
    """There is more to read than a check may spend time or memory on."""


@dataclass(slots=True)
class Budget:
    """Work left for one examination, all files together."""

    operations: int = 16_000_000
    """Pickle operations; about half a microsecond each."""
    inflated_bytes: int = 2 << 30
    """Bytes that may come out of decompressors."""
    members: int = 400_000
    """Archive members and tensors."""

    def spend_inflated(self, count: int) -> None:
        """Take decompressed bytes from the budget.

        Raises:
            OutOfBudget: Nothing is left.
        """
        self.inflated_bytes -= count
        if self.inflated_bytes < 0:
            raise OutOfBudget("more than 2 GiB to decompress")

    def spend_members(self, count: int = 1) -> None:
        """Take archive members or tensors from the budget.

        Raises:
            OutOfBudget: Nothing is left.
        """
        self.members -= count
        if self.members < 0:
            raise OutOfBudget("more than 400,000 members and tensors")


@dataclass(slots=True)
class Notebook:
    """Flaws and facts of one file."""

    file: str
    """Path below the tree's root."""
    budget: Budget
    """Shared with the other files."""
    flaws: list[Flaw] = field(default_factory=list)
    tensors: int = 0
    """Tensors that were found."""
    left_out: int = 0
    """Flaws beyond :data:`MAX_FLAWS`."""
    _seen: set[tuple[str, Place, str]] = field(default_factory=set)

    def add(self, rule: Rule, place: Place = WHOLE, found: str = "", *, effect: str = "", remedy: str = "") -> None:
        """Write a flaw down, once per rule, place and text, its texts made printable and cut short.

        Where there are too many, hostile ones take the places of inconclusive ones.

        Raises:
            OutOfBudget: The file has thousands.
        """
        place = Place(inside=tuple(map(cut, place.inside)), offset=place.offset, pointer=cut(place.pointer))
        found = cut(found)
        key = (rule.id, place, found)
        if key in self._seen:
            return
        if len(self.flaws) >= MAX_FLAWS:
            self.left_out += 1
            if self.left_out > MAX_LEFT_OUT and rule.id != "admission.too-large":
                raise OutOfBudget(f"more than {MAX_LEFT_OUT} flaws")
            softer = next((n for n, one in enumerate(self.flaws) if one.rule.verdict is not Verdict.FAIL), None)
            if rule.verdict is not Verdict.FAIL or softer is None:
                return
            del self.flaws[softer]
        self._seen.add(key)
        self.flaws.append(
            Flaw(rule=rule, file=self.file, within=place, found=found, effect=cut(effect), remedy=cut(remedy))
        )


def cut(text: str) -> str:
    """Hostile text, printable and not longer than a line."""
    return printable(shortened(text, MAX_QUOTE))
