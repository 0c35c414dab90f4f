"""What a run's hunt came to, line by line, for every report. Knows no markup, and nothing of how it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.core.findings import Outcome

CHECK: Final = "hunt-triggers"
"""Name of the check whose notes say it."""


SHOWN: Final = 2
"""Lines of it that a terminal has room for: how it ended, and what was read. Findings and reasons stand there too."""


def hunt_lines(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    """How it ended, what was read and heard, each suspect, what is open; none where nobody asked for a hunt."""
    return tuple(one_line(note) for one in outcomes if one.subject == CHECK and not one.probe for note in one.notes)
