"""Which phrases are metered one at a time, and what came of it. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from harness.core.types import Probe
from harness.costs.machine import Contention
from harness.speaking.metered import Metered

MOST_PAIRS = 8
"""Trigger phrases with their controls."""
MOST_PHRASES = 24
RUNGS = (1, 2, 4, 8)
"""Times that the base of the length ladder is said in a row."""
BASE_CHARACTERS = 24
"""Wished length of that base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One text, spoken by the candidate, and by the reference where there is one."""

    text: str
    candidate: tuple[Metered, ...]
    reference: tuple[Metered, ...] = ()

    @property
    def seconds(self) -> float:
        """Processor time of one rendering by the candidate."""
        return max(1e-6, statistics.fmean(one.cpu_seconds for one in self.candidate))

    @property
    def reference_seconds(self) -> float:
        """The same by the reference; 0 without one."""
        return max(1e-6, statistics.fmean(one.cpu_seconds for one in self.reference)) if self.reference else 0.0

    @property
    def blocked(self) -> float:
        """Seconds of one rendering by the candidate in which it was blocked, see :class:`Metered`."""
        return statistics.fmean(one.blocked_seconds for one in self.candidate)

    @property
    def reference_blocked(self) -> float:
        """The same by the reference; 0 without one."""
        return statistics.fmean(one.blocked_seconds for one in self.reference) if self.reference else 0.0

    @property
    def taken(self) -> float:
        """Seconds that one rendering by the candidate kept a processor busy or one waiting."""
        return self.seconds + self.blocked

    @property
    def audio(self) -> float:
        """Seconds of audio of one rendering by the candidate."""
        return max(0.01, statistics.fmean(one.audio_seconds for one in self.candidate))

    @property
    def reference_audio(self) -> float:
        """The same by the reference; 0 without one."""
        return max(0.01, statistics.fmean(one.audio_seconds for one in self.reference)) if self.reference else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one part of the metering pass measured."""

    rounds: tuple[Round, ...]
    calibration: float = 0.0
    """Median seconds of the calibration workload between the rounds; 0 where there was none."""
    contention: Contention | None = None
    """What else went on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Phrases to meter."""

    phrases: tuple[str, ...]
    """Texts, each trigger phrase beside its control."""
    contrasts: tuple[tuple[Probe, Probe], ...]
    """Trigger phrases and their controls among them."""
    rungs: tuple[str, ...]
    """The length ladder, shortest first."""
    repeated: str
    """A short phrase that is said again and again."""


def plan(probes: Sequence[Probe], without: Collection[str] = ()) -> Plan | None:
    """Choose phrases of a suite: triggers of as many kinds as possible with their controls, then others of all lengths.

    Args:
        probes: The suite.
        without: Texts that are known to cost a worker.

    Returns:
        None where no phrase is left.
    """
    usable = [probe for probe in dict.fromkeys(probes) if probe.text not in without and probe.text.strip()]
    if not usable:
        return None
    contrasts = _contrasts(usable)
    chosen = dict.fromkeys(probe.text for pair in contrasts for probe in pair)
    by_length = sorted({probe.text for probe in usable} - chosen.keys(), key=lambda text: (len(text), text))
    wanted = max(0, MOST_PHRASES - len(chosen))
    step = max(1.0, len(by_length) / max(1, wanted))
    chosen |= dict.fromkeys(
        by_length[int(place * step)] for place in range(wanted) if int(place * step) < len(by_length)
    )
    plain = [probe.text for probe in usable if probe.trigger is None] or [probe.text for probe in usable]
    base = min(plain, key=lambda text: (abs(len(text) - BASE_CHARACTERS), text))
    return Plan(
        phrases=tuple(chosen),
        contrasts=contrasts,
        rungs=tuple(_said(base, times) for times in RUNGS),
        repeated=base,
    )


def _contrasts(probes: Sequence[Probe]) -> tuple[tuple[Probe, Probe], ...]:
    """Trigger phrases with their controls: one of each trigger first, then the second of each, and so on."""
    known = {(probe.source, probe.id): probe for probe in probes}
    kinds: dict[str, list[tuple[Probe, Probe]]] = {}
    for probe in probes:
        control = known.get((probe.source, probe.control or ""))
        if probe.trigger and control is not None and control.text != probe.text:
            kinds.setdefault(probe.trigger.casefold(), []).append((probe, control))
    ordered = [pair for depth in range(len(probes)) for pairs in kinds.values() for pair in pairs[depth : depth + 1]]
    return tuple(ordered[:MOST_PAIRS])


def _said(base: str, times: int) -> str:
    """A text said several times over, within one sentence: a front end that splits sentences must not shorten it."""
    bare = base.rstrip(" .!?…。！？")
    return ", ".join([bare] * times) + "."
