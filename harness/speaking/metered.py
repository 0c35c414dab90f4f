"""What one order to a worker was seen to cost, from outside. Plain data: the renderer makes it, the judge reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """One order: loading, or a few texts spoken in a row."""

    texts: tuple[str, ...]
    """What was spoken, ``()`` for loading."""
    speaker: str = ""
    """Who said it, where several speakers of the model do."""
    worker: int
    """Number of the worker among those of its model, from 1."""
    call: int
    """Number of the order in the worker's life: 0 for loading."""
    cpu_seconds: float
    """Processor time of everything that the worker is, until its next order: work behind one's back counts too."""
    wall_seconds: float
    """From the order to its last answer."""
    begun: float = 0.0
    """When it was given, on the clock of :func:`time.monotonic`."""
    starting_seconds: float = 0.0
    """Of loading: the part of the wall clock in which the process was started, imported its engine and closed its
    walls, before it was told which model to load."""
    blocked_seconds: float = 0.0
    """Part of the wall clock in which nothing of the worker ran or queued for a processor: it slept, or waited for a
    disk or a GPU. 0 where the kernel does not tell who queued."""
    audio_seconds: float = 0.0
    """Audio that arrived, counted by the harness."""
    base_bytes: int = 0
    """Resident before the order."""
    peak_bytes: int = 0
    """Most that was resident while it was obeyed."""
    is_own_peak: bool = True
    """Whether that peak is this order's: where the kernel refuses to reset it, it is that of all orders so far."""
    resident_bytes: int = 0
    """Resident after it."""
    scratch_bytes: int = 0
    """What lay in its scratch folders after it."""
    tasks: int = 0
    """Threads after it."""
    files: int = 0
    """Open file descriptors after it."""
    pid: int = 0
    """Of the worker, as this machine counts."""
    gpu_bytes: int | None = None
    """Memory on GPUs after it; None where that is not known."""
    is_tidy: bool = False
    """Whether its worker gives freed memory back at once, and is slower for it."""

    @property
    def taken_seconds(self) -> float:
        """Time that it kept a processor busy, or one waiting."""
        return self.cpu_seconds + self.blocked_seconds

    @property
    def characters(self) -> int:
        """Length of the texts."""
        return sum(map(len, self.texts))
