"""Exit codes of the ``soundcheck`` command, once for every verb and every report that names one.

Knows no verb. pytest has codes of its own; what the plugin adds to them is its own affair.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Self

from harness.core.grades import Verdict


class Exit(IntEnum):
    """How a command ended."""

    meaning: str
    """For the page of options."""

    def __new__(cls, code: int, meaning: str) -> Self:
        """An int with words beside it."""
        made = int.__new__(cls, code)
        made._value_ = code
        made.meaning = meaning
        return made

    DONE = 0, "done; where a verdict is asked for, pass"
    FINDINGS = 1, "something is wrong with what was looked at; the verdict is fail"
    USAGE = 2, "the command, or something that it names, is not as it must be"
    BROKEN = 3, "the harness could not do its work: something is missing, damaged, or cannot be written"
    UNDECIDED = 4, "inconclusive: evidence is missing, or a person has to decide"
    INTERRUPTED = 130, "Ctrl-C; the same command goes on where it was"
    PIPE_CLOSED = 141, "the reader of the output has left"


EXIT_OF: Final = {
    Verdict.PASS: Exit.DONE,
    Verdict.FAIL: Exit.FINDINGS,
    Verdict.ERROR: Exit.BROKEN,
    Verdict.INCONCLUSIVE: Exit.UNDECIDED,
}
"""What a verdict ends with."""
