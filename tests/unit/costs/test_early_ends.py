"""Looks at leaks and at growth that end early: as often right, on drawn voices, as looks that never do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from harness.core.stats import clopper_pearson
from harness.costs import leaks, scaling
from harness.costs.passes import Lost, speak_again, speak_ladder
from harness.costs.sample import RUNGS, Round
from harness.policy.release import CostPolicy
from harness.speaking.metered import Metered
from harness.speaking.metering import Speak
from tests.metered_samples import FLOORS, MIB, order
from tests.tiers import slow

LIMITS = CostPolicy()
LEVEL = 0.01 * 0.1 / 9
RUNS = 150
BASE = 24


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """How a voice costs."""

    leaked: float = 0.0
    """Bytes that each call leaves behind."""
    every: int = 1
    """Or every so many calls."""
    jitter: float = 0.3 * MIB
    """Standard deviation of what is resident."""
    square: float = 0.0
    """Part of the processor time of the shortest text that goes with the square of its length."""
    fixed: float = 0.3
    """Part that does not go with it."""
    spread: float = 0.03
    """Standard deviation of the logarithm of processor time."""

    def speaker(self, seed: int, asked: list[str]) -> Speak:
        rng = np.random.default_rng(seed)

        def speak(text: str, _: int) -> Metered:
            asked.append(text)
            calls, size = len(asked), len(text) / BASE
            kept = int(300 * MIB + self.leaked * (calls // self.every) + rng.normal(0, self.jitter))
            work = self.fixed + (1 - self.square) * size + self.square * size**2
            made = order(text, call=calls, cpu=0.2 * work * float(np.exp(rng.normal(0, self.spread))), audio=1.5 * size)
            return replace(made, resident_bytes=kept, base_bytes=300 * MIB, peak_bytes=310 * MIB)

        return speak


def leak_is_found(voice: Drawn, seed: int, *, ends_early: bool) -> tuple[bool, int]:
    """The whole check, as the run makes it; and how many calls it took."""
    asked: list[str] = []

    def look(calls: int, seed: int, is_enough: Callable[[Sequence[Metered]], bool]) -> list[Metered]:
        own = voice.speaker(seed, here := list[str]())
        spoken = speak_again("a phrase", own, calls + leaks.SETTLING, seed=1, lost=Lost(), is_enough=is_enough)
        asked.extend(here)
        return spoken[leaks.SETTLING :]

    def clear(calls: Sequence[Metered]) -> bool:
        return ends_early and leaks.is_clear(calls, LIMITS)

    if not leaks.leaks_in(look(leaks.FIRST_CALLS, 2 * seed, clear), LIMITS, 0.05):
        return False, len(asked)
    more = look(leaks.MORE_CALLS, 2 * seed + 1, lambda _: False)
    return bool(leaks.leaks_in(more, LIMITS, LEVEL)), len(asked)


def growth_is_found(voice: Drawn, seed: int, *, ends_early: bool) -> tuple[bool, int]:
    asked: list[str] = []
    rungs = ["x" * (BASE * times) for times in RUNGS]

    def clear(rounds: Sequence[Round]) -> bool:
        return ends_early and scaling.is_clear(scaling.scaling_of(rounds, FLOORS), None, LIMITS)

    sample = speak_ladder(rungs, voice.speaker(seed, asked), None, seed=1, lost=Lost(), is_enough=clear)
    findings, _ = scaling.judge_scaling("x", scaling.scaling_of(sample.rounds, FLOORS), None, None, LIMITS)
    return bool(findings), len(asked)


Found = Callable[..., tuple[bool, int]]


def shares(found: Found, voice: Drawn, *, ends_early: bool) -> tuple[int, float]:
    """In how many of the runs it is found, and how many calls one took on average."""
    runs = [found(voice, seed, ends_early=ends_early) for seed in range(RUNS)]
    return sum(hit for hit, _ in runs), sum(calls for _, calls in runs) / RUNS


@pytest.mark.parametrize("jitter", [0.02, 0.3, 1.0])
def test_an_honest_voice_is_no_leak_and_takes_fewer_calls(jitter: float) -> None:
    voice = Drawn(jitter=jitter * MIB)
    (early, calls), (late, all_calls) = (shares(leak_is_found, voice, ends_early=ends) for ends in (True, False))
    assert clopper_pearson(early, RUNS)[0] < 0.01
    assert early <= late + 1
    assert calls <= (0.7 if jitter < 0.5 else 1.0) * all_calls


@pytest.mark.parametrize("jitter", [0.02, 0.3])
@pytest.mark.parametrize("leaked", [slow(0.5), 1.0, slow(4.0)])
def test_a_leak_is_found_as_often(leaked: float, jitter: float) -> None:
    voice = Drawn(leaked=leaked * MIB, jitter=jitter * MIB)
    (early, _), (late, _) = (shares(leak_is_found, voice, ends_early=ends) for ends in (True, False))
    assert early >= late - RUNS // 100
    if leaked >= 1.0:
        assert early >= 0.99 * RUNS


def test_a_leak_of_every_other_call_is_found_as_often() -> None:
    voice = Drawn(leaked=2 * MIB, every=2, jitter=0.1 * MIB)
    (early, _), (late, _) = (shares(leak_is_found, voice, ends_early=ends) for ends in (True, False))
    assert early >= late - RUNS // 100


@pytest.mark.parametrize("what", ["files", "tasks", "scratch_bytes"])
def test_exact_counts_are_clear_only_where_nothing_was_left(what: str) -> None:
    least = {"files": 1, "tasks": 1, "scratch_bytes": 200_000}[what]
    calls = [order(call=place, **{what: 10 + least * place}) for place in range(leaks.SETTLING + leaks.EARLY_CALLS)]
    assert not leaks.is_clear(calls, LIMITS)
    assert leaks.is_clear([replace(one, **{what: 10}) for one in calls], LIMITS)
    assert not leaks.is_clear([replace(one, **{what: 10}) for one in calls[:-1]], LIMITS)


@pytest.mark.parametrize("spread", [0.01, 0.03, 0.1])
def test_an_honest_voice_grows_with_its_text_and_is_asked_less(spread: float) -> None:
    voice = Drawn(spread=spread)
    (early, calls), (late, all_calls) = (shares(growth_is_found, voice, ends_early=ends) for ends in (True, False))
    assert early <= late
    assert clopper_pearson(early, RUNS)[0] < 0.01
    assert (calls < 4.2 or spread > 0.05) and all_calls == 7


@pytest.mark.parametrize("spread", [0.01, 0.05])
@pytest.mark.parametrize("square", [slow(0.3), slow(0.7), 1.0])
def test_growth_with_the_square_is_found_as_often(square: float, spread: float) -> None:
    voice = Drawn(square=square, fixed=0.0, spread=spread)
    (early, _), (late, _) = (shares(growth_is_found, voice, ends_early=ends) for ends in (True, False))
    assert early >= late - RUNS // 100
    if square == 1.0:
        assert early >= 0.99 * RUNS


def test_memory_that_a_worker_keeps_hides_no_growth_of_what_it_needed() -> None:
    """The longest rung comes before the second time of the shorter ones."""
    most = [300 * MIB]

    def speak(text: str, _: int) -> Metered:
        before = most[0]
        most[0] = max(before, 300 * MIB + 20_000 * len(text) ** 2)
        return order(text, cpu=0.01 * len(text), audio=0.06 * len(text), base_bytes=before, peak_bytes=most[0])

    rungs = ["x" * (BASE * times) for times in RUNGS]
    sample = speak_ladder(rungs, speak, None, seed=1, lost=Lost())
    assert len(sample.rounds) == 2 * len(RUNGS) - 1
    own = scaling.scaling_of(sample.rounds, FLOORS)
    assert scaling.is_heavy(own, None, LIMITS)
    findings, _ = scaling.judge_scaling("x", own, None, None, LIMITS)
    assert [one.title for one in findings] == ["memory grows faster with the length of the text than it should"]
