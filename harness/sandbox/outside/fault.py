"""What is said of a worker that did what no honest one does. Knows neither protocol nor process."""

from __future__ import annotations

import signal

from harness.core.text import printable
from harness.sandbox.inside.modelfiles import ModelExchanged

KINDS = {
    "worker.hung": "limits",
    "worker.flooded": "limits",
    "worker.endless": "limits",
    "worker.forged": "protocol",
}
"""Faults that are behaviour of their own -> kind of the event."""


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


def exchanged(name: ModelExchanged) -> WorkerFault:
    """A file was put in the place of one that admission read."""
    return WorkerFault("worker.exchanged", f"was not given the file that was admitted: {name}")


def signal_name(number: int) -> str:
    """What ended a process, by its name where it has one."""
    return signal.Signals(number).name if number in set(signal.Signals) else str(number)
