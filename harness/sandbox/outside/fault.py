"""What is said of a worker that did what no honest one does. Knows neither protocol nor process."""

from __future__ import annotations

from harness.core.text import printable


class WorkerFault(Exception):
    """The worker did what an honest one does not. Evidence about the candidate, never a crash of pytest."""

    def __init__(self, rule: str, what: str, *, detail: str = "") -> None:
        what = printable(what)  # it may quote the worker
        super().__init__(what)
        self.rule = rule
        """Stable id of one of :mod:`harness.judging.faults`, such as ``worker.crashed``."""
        self.what = what
        """One line, safe to show: what happened."""
        self.detail = detail
        """The end of what it printed. Hostile text."""
