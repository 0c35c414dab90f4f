"""A worker's share of the GPUs, asked of the driver from outside by process id.

Needs ``nvidia-ml-py`` and a driver; without them nothing is known, which is said as None and never as zero.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any


@functools.cache
def _nvml() -> Any:
    """The initialised library, or None."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def gpu_bytes(pids: Iterable[int]) -> int | None:
    """Memory that processes hold on all GPUs together, in bytes; None where the driver cannot be asked."""
    wanted, held = set(pids), _held()
    if held is None:
        return None
    known = [size for pid, size in held if pid in wanted]
    # The driver keeps it to itself in some containers.
    return None if None in known else sum(size for size in known if size is not None)


def gpu_others(own: Iterable[int]) -> int | None:
    """Number of other processes that compute on a GPU; None where the driver cannot be asked."""
    held = _held()
    return None if held is None else len({pid for pid, _ in held} - set(own))


def _held() -> list[tuple[int, int | None]] | None:
    """Every process that computes on a GPU, by process id, with the memory that it holds there."""
    library = _nvml()
    if library is None:
        return None
    held = []
    try:
        for index in range(library.nvmlDeviceGetCount()):
            device = library.nvmlDeviceGetHandleByIndex(index)
            for process in library.nvmlDeviceGetComputeRunningProcesses(device):
                held.append((int(process.pid), process.usedGpuMemory))
    except library.NVMLError:
        return None
    return held
