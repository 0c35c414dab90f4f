"""The stages of one process of a run in the file that ``--tts-log`` names: one line of JSON each, so that gaps show.

Stages of workers follow from what their orders were seen to take; those of the harness and of Whisper it timed itself.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from harness.core.stages import Stage
from harness.core.text import counted
from harness.speaking.metered import Metered


@functools.cache
def process_begun() -> float:
    """When this process was started, on the clock of :func:`time.monotonic`; now, where the kernel does not tell.

    Worked out once: two clocks are read one after the other, and a busy machine puts time between them.
    """
    now = time.monotonic()
    with contextlib.suppress(OSError, ValueError, IndexError):
        ticks = int(Path("/proc/self/stat").read_text("utf-8").rpartition(")")[2].split()[19])
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        return now - max(0.0, since_boot - ticks / os.sysconf("SC_CLK_TCK"))
    return now


def worker_stages(orders: Iterable[Metered], whose: str) -> list[Stage]:
    """What workers did: starting, loading, and each order to speak.

    Args:
        orders: As they were metered.
        whose: Model that they belong to: ``candidate``.
    """
    found = []
    for order in orders:
        lane = f"{whose}'s worker {order.worker}"
        start, end = order.begun, order.begun + order.wall_seconds
        if order.texts:
            what = f"speaking {counted(len(order.texts), 'text')}"
            found.append(Stage(lane=lane, what=what, start=start, end=end, cpu_seconds=order.cpu_seconds))
            continue
        ready = min(end, start + order.starting_seconds)  # two clocks: a load of no time may end before it began
        found.append(Stage(lane=lane, what="starting and importing", start=start, end=ready))
        # The meters were read at the end: the processor time is of both.
        loading = Stage(lane=lane, what="loading the model", start=ready, end=end, cpu_seconds=order.cpu_seconds)
        found.append(loading)
    return found


def append_stages(path: Path, stages: Sequence[Stage], *, begun: float) -> None:
    """Append them to a file; what cannot be written is left out, as the log is nobody's evidence.

    Args:
        path: The file.
        stages: In any order.
        begun: When the process was started: their times are told as seconds from then.
    """
    lines = [
        b"\n" + msgspec.json.encode(_told(stage, begun), order="sorted") + b"\n"
        for stage in sorted(stages, key=lambda stage: (stage.start, stage.end))
    ]
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(b"".join(lines))


def _told(stage: Stage, begun: float) -> dict[str, str | float]:
    told: dict[str, str | float] = {"stage": stage.what, "lane": stage.lane}
    told |= {"start": round(stage.start - begun, 3), "end": round(stage.end - begun, 3)}
    return told if stage.cpu_seconds is None else {**told, "cpu": round(stage.cpu_seconds, 3)}
