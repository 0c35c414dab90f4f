"""What a denial of service does to a process, for the fake engine: work, memory, files. Inert and bounded.

These stand for what weights alone cannot do, and for code that a model might bring along: extra work on a trigger or at
the n-th call, a leak at each call, gigabytes on a trigger, work that grows with the square of the text, files that
pile up, time that is slept away. Work is either a stated time of the processor, the same on a fast machine as on a
slow one, or a stated amount, which costs each machine what it costs. No option reaches them: only a model directory of
the fake engine has faults.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

KINDS = ("burn", "work", "quadratic", "leak", "hoard", "swell", "litter", "doze")
"""Kinds of faults that are known here."""
UNIT_VALUES = 20_000
"""Values of which a unit of work takes the sine, some tenths of a millisecond."""
BURN_UNITS = 0.1
"""Work between two looks at the clock while processor time is burnt."""
QUADRATIC_CHARACTERS = 100
"""Length of a text for which quadratic work takes the time that is said of it."""
MOST_BYTES = 3 << 30
MOST_SECONDS = 30.0


def soak_up(fault: dict[str, Any], text: str, kept: list[Any]) -> None:
    """Do what a fault of one of :data:`KINDS` says; any other is left to whoever knows it.

    Args:
        fault: ``burn`` takes ``seconds`` of processor time; ``work`` does ``units``; ``quadratic`` burns ``seconds``
            for a text of 100 characters, and for any other by the square of its length; ``leak`` keeps ``bytes``;
            ``hoard`` fills ``bytes`` and lets them go; ``swell`` does so with ``bytes`` times the square of the text's
            length; ``litter`` leaves a file of ``bytes``; ``doze`` sleeps for ``seconds``.
        text: What is spoken.
        kept: What is never given back.
    """
    size = min(MOST_BYTES, int(fault.get("bytes", 1 << 20)))
    match fault["kind"]:
        case "burn":
            burn(float(fault.get("seconds", 1.0)))
        case "work":
            work(float(fault.get("units", 1)))
        case "quadratic":
            burn(float(fault.get("seconds", 1.0)) * (len(text) / QUADRATIC_CHARACTERS) ** 2)
        case "leak":
            kept.append(np.ones(size, np.uint8))
        case "hoard":
            np.ones(size, np.uint8).sum()
        case "swell":
            np.ones(min(MOST_BYTES, size * len(text) ** 2), np.uint8).sum()
        case "litter":
            handle, path = tempfile.mkstemp(dir=os.environ.get("TMPDIR"))
            os.close(handle)
            Path(path).write_bytes(b"x" * size)
        case "doze":
            time.sleep(min(MOST_SECONDS, float(fault.get("seconds", 1.0))))


def burn(seconds: float) -> None:
    """Work for so many seconds of this thread's processor time, however fast the processor is."""
    end = time.thread_time() + min(MOST_SECONDS, seconds)
    while time.thread_time() < end:
        work(BURN_UNITS)


def work(units: float) -> None:
    """A fixed amount of work, whatever else the machine does; the last unit may be a part of one."""
    values = np.linspace(0.0, 1.0, UNIT_VALUES)
    left = units
    while left > 0:
        part = values[: max(1, int(UNIT_VALUES * min(1.0, left)))]
        np.sin(part).sum()
        left -= 1.0
