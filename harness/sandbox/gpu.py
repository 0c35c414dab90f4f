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
    library = _nvml()
    if library is None:
        return None
    wanted, total = set(pids), 0
    try:
        for index in range(library.nvmlDeviceGetCount()):
            device = library.nvmlDeviceGetHandleByIndex(index)
            for process in library.nvmlDeviceGetComputeRunningProcesses(device):
                if process.pid in wanted:
                    if process.usedGpuMemory is None:  # the driver keeps it to itself, as in some containers
                        return None
                    total += process.usedGpuMemory
    except library.NVMLError:
        return None
    return total
