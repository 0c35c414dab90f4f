"""News of long work for whoever waits: one line that moves on a terminal, a line a minute elsewhere.

Decides when something is shown. Where and how is its caller's affair.
"""

from __future__ import annotations

from collections.abc import Callable

EVERY_SECONDS = 60.0
"""Between two lines of a log: it stays readable, and no pipeline takes the job for dead."""


class Ticker:
    """Lets news through that replace each other, at the pace of the place where they are shown."""

    def __init__(
        self, show: Callable[[str], None], *, is_terminal: Callable[[], bool], clock: Callable[[], float]
    ) -> None:
        """Begin: the first line of a log is due a minute from now.

        Args:
            show: Shows a line: in the place of the one before on a terminal, below it elsewhere.
            is_terminal: Whether it is shown on a terminal.
            clock: Gives seconds.
        """
        self._show = show
        self._is_terminal = is_terminal
        self._clock = clock
        self._shown = clock()

    def __call__(self, line: str) -> None:
        """Show the line if its time has come."""
        now = self._clock()
        # On a terminal nothing is left out: what comes last before a long silence is what people look at.
        is_due = self._is_terminal() or now - self._shown >= EVERY_SECONDS
        if is_due:
            self._shown = now
            self._show(line)
