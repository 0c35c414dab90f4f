"""How far long work is, in words: what is done of how much, what was found, how long it will still take. Pure."""

from __future__ import annotations

from collections.abc import Callable

from harness.core.text import counted

FIRST_SECONDS = 2.0
"""So long work has to go on before anything is said about its end."""


class Pace:
    """Of one piece of work that is done part by part."""

    def __init__(self, stage: str, total: int, noun: str, *, clock: Callable[[], float]) -> None:
        """Begin.

        Args:
            stage: What is being done: ``recorded``.
            total: How many parts there are.
            noun: What a part is: ``probe``.
            clock: Gives seconds.
        """
        self._stage = stage
        self._total = total
        self._noun = noun
        self._clock = clock
        self._begun = clock()

    def line(self, done: int, *, findings: int | None = None) -> str:
        """``recorded 3 of 40 probes, 1 finding, about 2 min left``.

        Args:
            done: Parts that are done.
            findings: What was found so far; None where nothing is looked for.
        """
        parts = [f"{self._stage} {done:,} of {counted(self._total, self._noun)}"]
        if findings is not None:
            parts.append(counted(findings, "finding") if findings else "no finding")
        if left := self._left(done):
            parts.append(left)
        return ", ".join(parts)

    def _left(self, done: int) -> str:
        """By what the parts took so far; ``""`` where that says nothing yet, or nothing is left."""
        spent = self._clock() - self._begun
        if not 0 < done < self._total or spent < FIRST_SECONDS:
            return ""
        seconds = spent / done * (self._total - done)
        if seconds < 60:
            return "less than a minute left"
        if seconds < 5400:
            return f"about {seconds / 60:.0f} min left"
        return f"about {seconds / 3600:.1f} h left"
