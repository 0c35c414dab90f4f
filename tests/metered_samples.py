"""Orders that were never given: what they cost is made up, from a fixed seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.costs.floors import Floors
from harness.speaking.metered import Metered

MIB = 1 << 20
FLOORS = Floors(workload=0.005)
"""Of the machine on which these orders were given."""


def order(text: str = "some phrase", *, call: int = 5, worker: int = 1, cpu: float = 0.2, audio: float = 2.0, **more):
    """One order, as it came from a calm worker."""
    calm = Metered(
        texts=(text,) if text else (),
        worker=worker,
        call=call,
        cpu_seconds=cpu,
        wall_seconds=cpu,
        audio_seconds=audio,
        base_bytes=300 * MIB,
        peak_bytes=320 * MIB,
        resident_bytes=300 * MIB,
        tasks=4,
        files=12,
    )
    return replace(calm, **more)


def clocked(one: Metered, speed: float) -> Metered:
    """The same order on a machine so many times as fast: what it works and what it is blocked for, both."""
    return replace(
        one,
        cpu_seconds=one.cpu_seconds / speed,
        wall_seconds=one.wall_seconds / speed,
        blocked_seconds=one.blocked_seconds / speed,
    )


def suite(count: int = 30, *, noise: float = 0.03, worker: int = 1, seed: int = 1) -> list[Metered]:
    """Loading, and phrases of two to eight words that cost by their audio."""
    rng = np.random.default_rng(seed)
    made = [order("", call=0, worker=worker, cpu=3.0, audio=0.0, peak_bytes=310 * MIB, resident_bytes=290 * MIB)]
    for call in range(1, count + 1):
        audio = float(rng.uniform(0.8, 4.0))
        cpu = 0.1 * audio * float(np.exp(rng.normal(0, noise))) + (1.5 if call == 1 else 0.0)
        made.append(order(f"phrase {call}", call=call, worker=worker, cpu=cpu, audio=audio))
    return made
