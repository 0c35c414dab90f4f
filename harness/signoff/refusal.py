"""A refusal: one line that says what does not hold, and what to do."""

from __future__ import annotations

from typing import NoReturn

from harness.core.errors import SoundcheckError
from harness.core.text import printable
from harness.core.types import Verdict


class Refused(SoundcheckError):
    """A run is not signed off, or a sign-off does not hold. ``str`` is one line."""

    def __init__(self, verdict: Verdict, why: str) -> None:
        super().__init__(printable(why))
        self.verdict = verdict
        """Fail where something is wrong, inconclusive where evidence is missing, error where the harness failed."""


def refuse(verdict: Verdict, why: str) -> NoReturn:
    """Raise :class:`Refused`."""
    raise Refused(verdict, why)
