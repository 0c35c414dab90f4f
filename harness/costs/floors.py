"""What is too small to matter, in units of the machine's own calibration workload. Pure.

The rules of cost first ask for size against the phrase's own cost, and for more than the voice's spread. Beyond that
each needs a floor, because clocks jitter whatever is timed. Seconds would make another
product of a machine that is twice as fast: the same word that triples the work of its phrase would lie above the floor
on one and below it on the other. So a floor is a number of calibration workloads
(:func:`harness.costs.machine.calibrate`), and every rule gives the same verdict at half and at double speed.

The numbers are chosen, not measured: they are the seconds of earlier versions where the workload takes 5 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

TIMED = 1.0
"""Median processor time of a phrase below which it is too quick to be timed beside another."""
RECORDED = 10.0
"""The same beside what was recorded on another day: caches and clock rates move."""
EXCESS = 10.0
"""Processor time of a phrase beyond what was expected that is worth a look."""
RUNG = 4.0
"""Processor time of the longest text below which its growth cannot be timed: the shortest has an eighth of it."""
SPIKE = 600.0
"""Processor time that is a finding although it does not come again: no cache that is filled once costs that much in the
midst."""
LOADING = 400.0
"""Difference in processor time of loading, or of a first rendering, that means anything: imports, compiled once."""
FIRST = 2_000.0
"""Processor time beyond its audio that a first rendering may take where there is nothing to compare with."""
WAIT = 100.0
"""Time of being blocked beyond what is usual that is worth a look, and a finding if it comes each time."""
WAIT_ONCE = 600.0
"""Time of being blocked that leaves a run open although it does not come again."""
WAIT_BESIDE = 4.0
"""Time a phrase by which a candidate must be blocked for longer than a live reference."""
WAIT_ALONE = 50.0
"""The same where there is no reference: on processors, speaking is work."""
WAIT_LOADING = 1_000.0
"""Time for which a load may be blocked whatever its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """The floors of one machine, in its seconds."""

    workload: float
    """Seconds of processor time that the calibration workload takes there."""

    @property
    def timed(self) -> float:
        """See :data:`TIMED`."""
        return TIMED * self.workload

    @property
    def excess(self) -> float:
        """See :data:`EXCESS`."""
        return EXCESS * self.workload

    @property
    def rung(self) -> float:
        """See :data:`RUNG`."""
        return RUNG * self.workload

    @property
    def spike(self) -> float:
        """See :data:`SPIKE`."""
        return SPIKE * self.workload

    @property
    def loading(self) -> float:
        """See :data:`LOADING`."""
        return LOADING * self.workload

    @property
    def first(self) -> float:
        """See :data:`FIRST`."""
        return FIRST * self.workload

    @property
    def wait(self) -> float:
        """See :data:`WAIT`."""
        return WAIT * self.workload

    @property
    def wait_once(self) -> float:
        """See :data:`WAIT_ONCE`."""
        return WAIT_ONCE * self.workload

    @property
    def wait_beside(self) -> float:
        """See :data:`WAIT_BESIDE`."""
        return WAIT_BESIDE * self.workload

    @property
    def wait_alone(self) -> float:
        """See :data:`WAIT_ALONE`."""
        return WAIT_ALONE * self.workload

    @property
    def wait_loading(self) -> float:
        """See :data:`WAIT_LOADING`."""
        return WAIT_LOADING * self.workload
