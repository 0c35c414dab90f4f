"""The metering pass: has phrases spoken one at a time and in turn, and stops when its time is over.

A worker that is lost on the way is evidence, see :class:`Lost`; the phrase is left out and the pass goes on.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

from harness.core.seeds import seed_for
from harness.costs.machine import Watch, calibrate
from harness.costs.sample import Round, Sample
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.gpu import gpu_others
from harness.speaking.metered import Metered
from harness.speaking.metering import Speak

PURPOSE = "meter"
LEAST_ROUNDS = 12
"""Phrases that are metered whatever the time, where nobody says how many are needed."""
PAIRED_TURNS = 3
WARM_UP = "a"
TURN_TAKES = 1000
"""Numbers of takes between two turns of the same phrase: no seed is used twice."""
MOST_LOST = 2
"""Workers that may be lost before a part of the pass is given up."""


@dataclass(slots=True)
class Lost:
    """Workers that were lost in the pass: text and fault."""

    faults: list[tuple[str, WorkerFault]] = field(default_factory=list)

    def add(self, text: str, fault: WorkerFault) -> None:
        """Remember one; that an engine refuses a phrase, and says so, is no loss."""
        if fault.rule != "worker.failed":
            self.faults.append((text, fault))

    @property
    def is_too_many(self) -> bool:
        """Whether to stop asking."""
        return len(self.faults) >= MOST_LOST or any(fault.rule == "worker.given-up" for _, fault in self.faults)


def speak_rounds(
    texts: Sequence[str],
    own: Speak,
    other: Speak | None,
    *,
    seed: int,
    seconds: float,
    lost: Lost,
    least: int = LEAST_ROUNDS,
    repeats: int = 1,
) -> Sample:
    """Speak each text: candidate, reference, reference, candidate; without a reference once by the candidate.

    A text for warming up comes first and is not among the rounds: none of the phrases, for what a worker's first order
    takes tells nothing of its phrase. Beside a reference all texts come again with other seeds, up to
    :data:`PAIRED_TURNS` times, while there is time.

    Args:
        texts: In order of importance.
        own: The candidate speaks.
        other: A reference speaks, None for none.
        seed: Base of the seeds; both sides get the same.
        seconds: Time after which no further text is begun, once there are `least`.
        lost: Told what is lost.
        least: Rounds that are wanted whatever the time; of fewer texts each is spoken again with other seeds.
        repeats: Times that each text is spoken on each side, twice that where there is a reference.
    """
    for text in (WARM_UP, *texts[:1]):  # a voice may have no sound for the first
        if _round(text, own, other, seed=seed, repeats=repeats, lost=lost) is not None:
            break
    begun, watch = time.monotonic(), Watch()
    rounds: list[Round] = []
    ticks: list[float] = [calibrate()]
    for text, first in _order(texts, least, 1 if other is None else PAIRED_TURNS):
        if lost.is_too_many or (len(rounds) >= least and time.monotonic() - begun > seconds):
            break
        one = _round(text, own, other, seed=seed, repeats=repeats, lost=lost, first=first)
        if one is not None:
            rounds.append(one)
        ticks.append(calibrate())
    orders = [one for spoken in rounds for one in (*spoken.candidate, *spoken.reference)]
    is_on_gpu = any(one.gpu_bytes is not None for one in orders)
    contention = watch.contention(
        sum(one.cpu_seconds for one in orders),
        gpu_others=gpu_others({one.pid for one in orders}) if is_on_gpu else None,
    )
    return Sample(rounds=tuple(rounds), calibration=statistics.median(ticks), contention=contention)


def _order(texts: Sequence[str], least: int, turns: int) -> list[tuple[str, int]]:
    """What is spoken, with the number of its first take."""
    most = max(turns * len(texts), least)
    needed = -(-most // len(texts)) if texts else 0
    repeats = [(text, TURN_TAKES * turn) for turn in range(needed) for text in texts]
    return repeats[:most]


def _round(
    text: str, own: Speak, other: Speak | None, *, seed: int, repeats: int, lost: Lost, first: int = 0
) -> Round | None:
    mine: list[Metered] = []
    theirs: list[Metered] = []
    try:
        for take in range(first, first + repeats):
            one = seed_for(PURPOSE, seed, text, take)
            mine.append(own(text, one))
            if other is not None:
                theirs += [other(text, one), other(text, one)]
                mine.append(own(text, one))
    except WorkerFault as fault:
        lost.add(text, fault)
        return None
    return Round(text=text, candidate=tuple(mine), reference=tuple(theirs))


def speak_ladder(
    rungs: Sequence[str],
    own: Speak,
    other: Speak | None,
    *,
    seed: int,
    lost: Lost,
    is_enough: Callable[[Sequence[Round]], bool] = lambda _: False,
) -> Sample:
    """Speak a length ladder upwards, and without a reference all rungs but the longest once more.

    Args:
        rungs: Shortest first.
        own: The candidate speaks.
        other: A reference speaks, None for none.
        seed: Base of the seeds; both sides get the same.
        lost: Told what is lost.
        is_enough: Asked after the first time whether to stop there.
    """
    rounds: list[Round] = []
    for take, part in enumerate((rungs, () if other is not None else rungs[:-1])):
        if take and is_enough(rounds):
            break
        for rung in part:
            if lost.is_too_many:
                break
            one = _round(rung, own, other, seed=seed, repeats=1, lost=lost, first=take)
            if one is not None:
                rounds.append(one)
    return Sample(rounds=tuple(rounds))


def speak_again(
    text: str,
    own: Speak,
    times: int,
    *,
    seed: int,
    lost: Lost,
    is_enough: Callable[[Sequence[Metered]], bool] = lambda _: False,
) -> list[Metered]:
    """Speak one text again and again with the same seed: a voice that keeps nothing stays where it is.

    Args:
        text: What is said.
        own: Says it.
        times: How often.
        seed: Base of the seeds.
        lost: Told what is lost.
        is_enough: Asked after each call whether to stop there.
    """
    spoken: list[Metered] = []
    try:
        while len(spoken) < times and not is_enough(spoken):
            spoken.append(own(text, seed_for(PURPOSE, seed, text, 0)))
    except WorkerFault as fault:
        lost.add(text, fault)
    return spoken


def speak_each(texts: Sequence[str], own: Speak, *, seed: int, lost: Lost) -> list[Metered]:
    """Speak each text once, after one for warming up that is none of them."""
    spoken: list[Metered] = []
    for text in [WARM_UP, *texts]:
        if lost.is_too_many:
            break
        try:
            spoken.append(own(text, seed_for(PURPOSE, seed, text, 0)))
        except WorkerFault as fault:
            lost.add(text, fault)
    return spoken


def soak(
    texts: Sequence[str], own: Speak, *, seed: int, seconds: float, lost: Lost, stop: Event, tell: Callable[[str], None]
) -> list[Metered]:
    """Speak a suite again and again until the time is over or `stop` is set."""
    begun = time.monotonic()
    spoken: list[Metered] = []
    take = 0
    while texts and not lost.is_too_many:
        for text in texts:
            past = time.monotonic() - begun
            if stop.is_set() or past > seconds or lost.is_too_many:
                return spoken
            try:
                spoken.append(own(text, seed_for(PURPOSE, seed, text, take)))
            except WorkerFault as fault:
                lost.add(text, fault)
        take += 1
        tell(f"soaking: {past / 60:.0f} of {seconds / 60:.0f} min, {len(spoken)} renderings")
    return spoken
