"""The machine that clocks run on: what class it is of, how fast it is just now, and what else keeps it busy.

Knows nothing of models. Where a number cannot be had it is None, never zero.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

CALIBRATION_ROUNDS = 8
CALIBRATIONS = 5
"""Times that the workload is done to learn how fast the machine is: the quickest one was disturbed least."""
BUSY = 0.25
"""Processors kept busy by others from which a machine is called contended."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contention:
    """What else went on while something was metered."""

    seconds: float
    """How long one looked."""
    others: float | None
    """Processors that were kept busy by anything but the harness and its workers, on average."""
    stolen: float | None
    """Processors that a hypervisor kept to itself, on average."""
    processors: int
    gpu_others: int | None = None
    """Processes of others on the GPUs; None where that is not known."""
    joules: float | None = None
    """What the processor packages drew, for everything that ran on them; None where nobody may read that."""

    @property
    def is_contended(self) -> bool:
        """Whether clocks are not to be trusted unless they were read in pairs."""
        return (self.others or 0.0) + (self.stolen or 0.0) > BUSY or bool(self.gpu_others)

    @property
    def told(self) -> str:
        """In words."""
        if self.others is None:
            return "what else the machine did is not known"
        said = f"others kept {self.others:.2f} of {self.processors} processors busy"
        if self.stolen is not None and self.stolen > 0.02:
            said += f", {self.stolen:.2f} were not given to this machine"
        if self.gpu_others:
            said += f", {self.gpu_others} processes of others were on the GPU"
        if self.joules is not None:
            said += f", the processors drew {self.joules:.0f} J"
        return said


class Watch:
    """Looks at the whole machine from now on."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._own = own_seconds()
        self._busy = _busy_seconds()
        self._joules = energy_joules()

    def contention(self, workers_seconds: float, *, gpu_others: int | None = None) -> Contention:
        """What else went on since then.

        Args:
            workers_seconds: Processor time of the harness's workers meanwhile.
            gpu_others: Processes of others on the GPUs.
        """
        seconds = max(1e-3, time.monotonic() - self._begun)
        now, before = _busy_seconds(), self._busy
        others = stolen = None
        if now is not None and before is not None:
            own = own_seconds() - self._own + workers_seconds
            others = max(0.0, now[0] - before[0] - own) / seconds
            stolen = max(0.0, now[1] - before[1]) / seconds
        joules = energy_joules()
        is_metered = joules is not None and self._joules is not None and joules >= self._joules  # the meter wraps
        return Contention(
            seconds=seconds,
            others=others,
            stolen=stolen,
            processors=os.cpu_count() or 1,
            gpu_others=gpu_others,
            joules=joules - self._joules if is_metered and joules is not None and self._joules is not None else None,
        )


def own_seconds() -> float:
    """Processor time of this process and of what it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


@functools.cache
def machine_class(device: str) -> str:
    """What must be equal for seconds to be comparable at all: processor, number of them, architecture, device."""
    model = platform.processor() or "unknown"
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        named = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "CPU part")))
        model = next(named, model)
    return f"{model}, {len(os.sched_getaffinity(0))} of {os.cpu_count()} processors, {platform.machine()}, {device}"


def tells_queueing() -> bool:
    """Whether the kernel says for how long a thread could run and had no processor (``schedstat``)."""
    return Path("/proc/self/schedstat").is_file()


def calibrate() -> float:
    """Seconds that this thread needs for a fixed piece of work, some 5 ms: transcendental functions and sums.

    Measured between the phrases, so that what slows a worker (a shared core, heat, a hypervisor) slows it as well.
    """
    import numpy as np  # not needed by pytest --help

    values = np.linspace(0.0, 1.0, 1 << 16, dtype=np.float32)
    begun = time.thread_time()
    for _ in range(CALIBRATION_ROUNDS):
        values = np.sqrt(np.abs(np.sin(values * 1.7) + np.cumsum(values) / values.size))
    return time.thread_time() - begun


@functools.cache
def workload_seconds() -> float:
    """The calibration workload where nothing disturbs it: the machine's unit, see :mod:`harness.costs.floors`."""
    return min(calibrate() for _ in range(CALIBRATIONS))


def energy_joules() -> float | None:
    """What the processor packages have drawn since some moment, by RAPL; None where nobody may read that."""
    total, found = 0.0, False
    for meter in Path("/sys/class/powercap").glob("intel-rapl:?"):
        with contextlib.suppress(OSError, ValueError):
            total += int((meter / "energy_uj").read_text("ascii")) / 1e6
            found = True
    return total if found else None


def _busy_seconds() -> tuple[float, float] | None:
    """Seconds that all processors together were busy, and that a hypervisor kept back, since the machine started."""
    try:
        fields = Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:]
        user, nice, system, _, _, irq, softirq, steal = (int(field) for field in fields[:8])
    except (OSError, ValueError, IndexError):
        return None
    return (user + nice + system + irq + softirq) / _TICKS, steal / _TICKS
