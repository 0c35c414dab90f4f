"""Chance that can be repeated: every draw follows from a family, a language, a seed and a salt, on any Python."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """Draws from sequences.

    Uses nothing of :mod:`random` but ``Random(int).random()``, the only sequence that Python promises not to change:
    a phrase's id is on record in goldens for years.
    """

    def __init__(self, *inputs: object) -> None:
        """Make dice that roll the same for the same inputs.

        Args:
            inputs: Whatever the draw depends on; told apart by their text and their order.
        """
        digest = hashlib.sha256("\0".join(map(str, inputs)).encode("utf-8", "surrogatepass")).digest()
        self._random = random.Random(int.from_bytes(digest, "big"))

    def number(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return least + int(self._random.random() * (most - least + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, all equally likely."""
        return items[self.number(0, len(items) - 1)]

    def other(self, items: Sequence[Item], *but: Item) -> Item:
        """One of the items that is none of `but`.

        Raises:
            IndexError: There is no other.
        """
        return self.pick([item for item in items if item not in but])

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """All of the items in a random order (Fisher and Yates)."""
        order = list(items)
        for place in range(len(order) - 1, 0, -1):
            chosen = self.number(0, place)
            order[place], order[chosen] = order[chosen], order[place]
        return order

    def endless(self, items: Sequence[Item]) -> Iterator[Item]:
        """The items again and again, each time all of them in a new order: none comes back before its turn."""
        while True:
            yield from self.shuffled(items)
