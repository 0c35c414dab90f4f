"""What a worker uses, seen from outside: from its control group where it has one, else from /proc. Never its word."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

_TICKS = os.sysconf("SC_CLK_TCK")
_UNITS = {"VmRSS": 1024, "VmHWM": 1024, "VmPeak": 1024, "Threads": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one worker has used since it was started."""

    cpu_seconds: float = 0.0
    """User and system time of all its threads."""
    peak_bytes: int = 0
    """Largest resident set."""
    resident_bytes: int = 0
    """Resident set when it was last looked at."""
    address_bytes: int = 0
    """Largest address space."""
    tasks: int = 0
    """Threads when it was last looked at."""
    gpu_bytes: int | None = None
    """Memory on GPUs when it was last looked at; None where that is not known."""


def usage_of(pid: int, before: Usage | None = None) -> Usage:
    """Look at one process; `before` is returned where it is gone."""
    known = before or Usage()
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - of a process
            lines = [line.partition(":") for line in file]
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - as above
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return known
    facts = dict.fromkeys(_UNITS, 0)
    for name, _, value in lines:
        if name in facts:
            with contextlib.suppress(ValueError, IndexError):
                facts[name] = int(value.split()[0]) * _UNITS[name]
    if not facts["VmRSS"]:  # a process that has ended and was not yet waited for
        return known
    seconds = (int(fields[11]) + int(fields[12])) / _TICKS
    return Usage(
        cpu_seconds=max(seconds, known.cpu_seconds),
        peak_bytes=max(facts["VmHWM"], facts["VmRSS"], known.peak_bytes),
        resident_bytes=facts["VmRSS"],
        address_bytes=facts["VmPeak"],
        tasks=facts["Threads"],
    )
