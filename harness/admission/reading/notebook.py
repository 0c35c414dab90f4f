"""What a reader writes down while it reads one file: the worst flaws, and the work it may still do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.admission.base import Flaw
from harness.core.places import Place
from harness.core.rules import Rule
from harness.core.text import cut as shortened
from harness.core.text import printable

if TYPE_CHECKING:
    from harness.admission.reading.onnx.fingerprint import KnownGraph

MAX_FLAWS = 40
"""Per file. A hostile file can hold millions; the worst few say enough."""
MAX_LEFT_OUT = 200_000
"""Beyond this a file is not read further, and refused for that."""
MAX_FILES_WORTH = 4
"""How many files of a folder may take all the work that one may."""
MAX_OPERATIONS = 16_000_000
"""Of pickles in one file; about half a microsecond each."""
MAX_INFLATED = 2 << 30
"""Bytes that come out of one file's decompressors."""
MAX_MEMBERS = 400_000
"""Of archives in one file, tensors included."""
MAX_QUOTE = 160
"""Characters of hostile text in one field."""


WHOLE = Place()
"""The whole of what is read."""


class OutOfBudget(Exception):
    """There is more to read than a check may spend time or memory on."""


@dataclass(slots=True)
class Budget:
    """Work left for one file."""

    operations: int = field(default_factory=lambda: MAX_OPERATIONS)
    """Of pickles, and fields of ONNX files by their cost."""
    inflated_bytes: int = field(default_factory=lambda: MAX_INFLATED)
    """Bytes that may come out of decompressors."""
    members: int = field(default_factory=lambda: MAX_MEMBERS)
    """Archive members and tensors."""

    @staticmethod
    def of_folder() -> Budget:
        """Work that all files of a folder may take together."""
        one = Budget()
        return Budget(
            MAX_FILES_WORTH * one.operations, MAX_FILES_WORTH * one.inflated_bytes, MAX_FILES_WORTH * one.members
        )

    def of_file(self) -> Budget:
        """What one more file may take of it: as much as any other, while there is as much."""
        one = Budget()
        return Budget(
            min(self.operations, one.operations),
            min(self.inflated_bytes, one.inflated_bytes),
            min(self.members, one.members),
        )

    def take(self, given: Budget, left: Budget) -> None:
        """Take off what a file has used: it was given so much, and so much was left."""
        self.operations -= given.operations - max(0, left.operations)
        self.inflated_bytes -= given.inflated_bytes - max(0, left.inflated_bytes)
        self.members -= given.members - max(0, left.members)

    def spend_operations(self, count: int) -> None:
        """Take operations from the budget.

        Raises:
            OutOfBudget: Nothing is left.
        """
        self.operations -= count
        if self.operations < 0:
            raise OutOfBudget("more operations than the limits allow")

    def spend_inflated(self, count: int) -> None:
        """Take decompressed bytes from the budget.

        Raises:
            OutOfBudget: Nothing is left.
        """
        self.inflated_bytes -= count
        if self.inflated_bytes < 0:
            raise OutOfBudget("more to decompress than the limits allow")

    def spend_members(self, count: int = 1) -> None:
        """Take archive members or tensors from the budget.

        Raises:
            OutOfBudget: Nothing is left.
        """
        self.members -= count
        if self.members < 0:
            raise OutOfBudget("more members and tensors than the limits allow")


@dataclass(slots=True)
class Notebook:
    """Flaws and facts of one file."""

    file: str
    """Path below the tree's root."""
    budget: Budget
    graphs: tuple[KnownGraph, ...] = ()
    """Graphs that somebody accepted, beside those that everybody knows."""
    learned: dict[str, str] = field(default_factory=dict)
    """What the file is, where no flaw tells it: ``graph``, by whose exporter it was written."""
    flaws: list[Flaw] = field(default_factory=list)
    tensors: int = 0
    """Tensors that were found."""
    left_out: int = 0
    """Flaws beyond :data:`MAX_FLAWS`."""
    _seen: set[tuple[str, Place, str]] = field(default_factory=set)
    _missed: set[str] = field(default_factory=set)
    """Rules of the flaws that were left out."""
    _bar: tuple[bool, int] | None = None
    """What the next flaw must be worse than to be kept; None while there is room."""

    @property
    def unasked(self) -> int:
        """Rules that the file breaks and no flaw tells."""
        return len(self._missed - {flaw.rule.id for flaw in self.flaws})

    def add(
        self,
        rule: Rule,
        place: Place = WHOLE,
        found: str = "",
        *,
        effect: str = "",
        remedy: str = "",
        accepted: str = "",
    ) -> None:
        """Write a flaw down, once per rule, place and text, its texts made printable and cut short.

        Where there are too many, worse ones take the places of lesser ones.

        Raises:
            OutOfBudget: The file has very many, and this is none that is kept.
        """
        if self._bar is not None and rule.order >= self._bar:
            self.left_out += 1
            self._missed.add(rule.id)
            if self.left_out > MAX_LEFT_OUT and rule.id != "admission.too-large":
                raise OutOfBudget(f"more than {MAX_LEFT_OUT} flaws")
            return
        place = Place(inside=tuple(map(cut, place.inside)), offset=place.offset, pointer=cut(place.pointer))
        found = cut(found)
        key = (rule.id, place, found)
        if key in self._seen:
            return
        if self._bar is not None:
            self.left_out += 1
            # Of those that matter least, the last one.
            least = max(reversed(self.flaws), key=lambda flaw: flaw.rule.order)
            self.flaws.remove(least)
            self._missed.add(least.rule.id)
        self._seen.add(key)
        self.flaws.append(
            Flaw(
                rule=rule,
                file=self.file,
                within=place,
                found=found,
                effect=cut(effect),
                remedy=cut(remedy),
                accepted=accepted,
            )
        )
        if len(self.flaws) >= MAX_FLAWS:
            self._bar = max(flaw.rule.order for flaw in self.flaws)


def cut(text: str) -> str:
    """Hostile text, printable and not longer than a line."""
    return printable(shortened(text, MAX_QUOTE))
