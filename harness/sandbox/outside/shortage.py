"""What the kernel counts of processes that it ended because no memory was left. Opens nothing else."""

from __future__ import annotations

from pathlib import Path

COUNTERS = Path("/proc/vmstat")


def killed_for_memory(counters: Path = COUNTERS) -> int:
    """Processes of this machine that were ended for want of memory so far; 0 where the kernel does not count them."""
    try:
        lines = counters.read_text("ascii").splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
    except (OSError, ValueError, IndexError):
        return 0
