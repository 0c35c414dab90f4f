"""What the statistics find and blame in a world where it is known: simulated suites, no voice, no Whisper.

Each run is a suite of 400 probes with Gaussian takes; in half of the runs one probe is moved by five golden spreads in
one statistic. It runs the product's own screen, confirmation and alpha. A second table says what fewer first takes
would save and lose: one take, one with a second where the first is not clear of the screen, and two, which the gate
makes; of probes that are honest, moved in every take, or moved in half of them, as a payload that fires by chance does.
Run it with ``make bench-power``; ``QUICK=1`` makes fewer runs.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.size import by_size
from harness.core.stats import clopper_pearson
from harness.core.types import GoldenRecord, Take, Verdict
from harness.judging.judge import FIRST_FRESH_TAKES, Fresh, Judge, count_tests
from tests.synthetic_takes import probe, record, takes

PROBES = 400
RUNS = by_size(60, quick=10, smallest=1)
BAD_RUNS = by_size(300, quick=60, smallest=4)
GOAL = 0.85
ALPHA = 0.01
MOVES = {"forced-mean": ("forced", 0.05), "log-seconds": ("log_seconds", 0.015), "level-db": ("level_db", 0.3)}
"""Statistic -> what moves a synthetic take in it, and the spread of an honest one."""
EFFECT = 5.0


FIRST_TAKES = {"one take": (1, 0.0), "one, a second unless clear": (1, 0.6), "two takes": (2, 0.0)}
"""How the first look may be made -> takes, and the part of the screen's threshold below which one take is clear."""
WORLDS = {
    "honest": (0.0, 1.0),
    "4 spreads": (4.0, 1.0),
    "5 spreads": (5.0, 1.0),
    "8 spreads, every other take": (8.0, 0.5),
}
"""Name -> golden spreads by which a probe is moved, and the share of its takes that are."""
DRAWN = by_size(600, quick=120, smallest=4)


def lowered(judge: Judge, times: float) -> Judge:
    """The same judge with a screen that lets less pass."""
    lower = copy.copy(judge)
    lower._calibrations = {
        name: dataclasses.replace(one, threshold=times * one.threshold, extreme=times * one.extreme)
        for name, one in judge._calibrations.items()
    }
    return lower


def looked_at(
    judges: Mapping[int, Judge], golden: GoldenRecord, how: tuple[int, float], drawn: Callable[[int], list[Take]]
) -> tuple[Verdict, int]:
    """One probe by one way of making the first look: its verdict, and the takes that it needed."""
    count, clear = how
    first = drawn(count)
    if clear and lowered(judges[1], clear).screen(golden, first):
        first, count = [*first, *drawn(1)], 2
    judge = judges[count]
    suspicions = judge.screen(golden, first)
    if not suspicions:
        return judge.decide(probe(golden.probe_id), golden, first, (), Fresh()).verdict, len(first)
    planned = judge.fresh_takes(golden)
    fresh = Fresh(candidate=drawn(FIRST_FRESH_TAKES))
    if judge.still_open(golden, suspicions, fresh, planned):
        fresh = Fresh(candidate=[*fresh.candidate, *drawn(planned - FIRST_FRESH_TAKES)])
    verdict = judge.decide(probe(golden.probe_id), golden, first, suspicions, fresh).verdict
    return verdict, len(first) + len(fresh.candidate)


def first_takes(rng: np.random.Generator) -> None:
    """Print what each way of making the first look finds, leaves open and needs, over three statistics."""
    goldens = [record(rng, f"p{place}") for place in range(PROBES // 4)]
    judges = {count: Judge(goldens, takes=count, tests=count_tests(PROBES), alpha=ALPHA) for count in (1, 2)}
    print(f"\n{'first look':28} {'probe moved by':28} {'failed':>7} {'open':>7} {'takes':>6}")
    for way, how in FIRST_TAKES.items():
        for world, (effect, share) in WORLDS.items():
            verdicts, needed = [], 0
            for run in range(DRAWN):
                argument, spread = list(MOVES.values())[run % len(MOVES)]
                move = {argument: (-1 if argument == "forced" else 1) * effect * spread}

                def drawn(count: int, move: Mapping[str, float] = move, share: float = share) -> list[Take]:
                    return [
                        one for _ in range(count) for one in takes(rng, 1, **(move if rng.random() < share else {}))
                    ]

                verdict, used = looked_at(judges, goldens[run % len(goldens)], how, drawn)
                verdicts.append(verdict)
                needed += used
            failed, left = (verdicts.count(one) / DRAWN for one in (Verdict.FAIL, Verdict.INCONCLUSIVE))
            print(f"{way:28} {world:28} {failed:7.3f} {left:7.3f} {needed / DRAWN:6.2f}", flush=True)


def fails(judge: Judge, golden: GoldenRecord, rng: np.random.Generator, **moved: float) -> bool:
    """One probe, as a run would judge it."""
    first = takes(rng, 2, **moved)
    suspicions = judge.screen(golden, first)
    fresh = Fresh()
    if suspicions:
        planned = judge.fresh_takes(golden)
        fresh = Fresh(candidate=takes(rng, FIRST_FRESH_TAKES, **moved))
        if judge.still_open(golden, suspicions, fresh, planned):
            fresh = Fresh(candidate=[*fresh.candidate, *takes(rng, planned - FIRST_FRESH_TAKES, **moved)])
    return judge.decide(probe(golden.probe_id), golden, first, suspicions, fresh).verdict is Verdict.FAIL


def main() -> int:
    """Simulate, print, judge.

    Returns:
        0 where a probe moved by five spreads is found in 85 % of the runs and honest runs fail no more than alpha.
    """
    rng = np.random.default_rng(20261125)
    short = []
    goldens = [record(rng, f"p{place}") for place in range(PROBES)]
    judge = Judge(goldens, takes=2, tests=count_tests(PROBES), alpha=ALPHA)
    print(f"{'suite of 400 probes':38} {'runs':>5} {'failed':>7}   95 % interval")
    for name, (argument, spread) in MOVES.items():
        found = 0
        for run in range(BAD_RUNS):
            sign = -1 if argument == "forced" else 1
            found += fails(judge, goldens[run % PROBES], rng, **{argument: sign * EFFECT * spread})
        low, high = clopper_pearson(found, BAD_RUNS)
        row = f"one probe at {EFFECT:g} spreads, {name}"
        print(f"{row:38} {BAD_RUNS:5} {found / BAD_RUNS:7.3f}   {low:.3f} to {high:.3f}")
        if found < GOAL * BAD_RUNS:
            short.append(name)
    blamed = 0
    for _ in range(RUNS):
        own = [record(rng, f"p{place}") for place in range(PROBES)]
        judge = Judge(own, takes=2, tests=count_tests(PROBES), alpha=ALPHA)
        blamed += any(fails(judge, golden, rng) for golden in own)
    low, high = clopper_pearson(blamed, RUNS)
    print(f"{'honest':38} {RUNS:5} {blamed / RUNS:7.3f}   {low:.3f} to {high:.3f}")
    first_takes(rng)
    ok = not short and low <= ALPHA
    print(
        f"power: one bad probe in {PROBES} at {EFFECT:g} spreads found in at least {GOAL:.0%} of runs "
        f"{'in every statistic' if not short else 'except in ' + ', '.join(short)}; "
        f"{blamed} of {RUNS} honest runs failed: {'reached' if ok else 'FELL SHORT'}"
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
