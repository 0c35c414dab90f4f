"""The arithmetic of doubt: spreads, screens and exact tests. Pure functions of numbers.

Two stages. The *screen* asks whether a few takes lie oddly against the golden repeats; its threshold is a quantile of
what the golden's own repeats do when they are held out, so it is calibrated, but it decides nothing: it only says
where to look again. The *confirmation* compares fresh takes with the golden repeats by the exact rank test, whose
p-value holds for any distribution, and divides alpha by the number of all tests of the suite.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

Side = Literal["less", "greater"]

PRIOR_DOF = 4.0
"""Weight of the suite's typical variance when a probe's own is shrunk towards it, in degrees of freedom."""


def shrunken_spreads(samples: Sequence[Sequence[float]], floor: float) -> list[float]:
    """Standard deviation of each sample, shrunk towards the median of all.

    With K repeats a variance is known to within a factor of two or so; borrowing :data:`PRIOR_DOF` degrees of
    freedom from the other probes keeps a probe that happened to repeat itself from looking infinitely precise
    (Smyth 2004, Stat. Appl. Genet. Mol. Biol. 3:3, with a fixed prior weight).

    Args:
        samples: Repeats of each probe.
        floor: Smallest spread that means anything in the unit at hand.
    """
    typical = typical_variance(samples, floor)
    return [shrunken_spread(sample, typical, floor) for sample in samples]


def typical_variance(samples: Sequence[Sequence[float]], floor: float) -> float:
    """Median variance of some samples; of none with two values, that of the smallest spread that means anything."""
    known = [_squares(sample) / (len(sample) - 1) for sample in samples if len(sample) > 1]
    return statistics.median(known) if known else floor**2


def shrunken_spread(sample: Sequence[float], typical: float, floor: float) -> float:
    """Standard deviation of one sample, shrunk towards a typical variance, see :func:`shrunken_spreads`."""
    dof = len(sample) - 1
    return max(floor, math.sqrt((_squares(sample) + PRIOR_DOF * typical) / (dof + PRIOR_DOF)))


def _squares(sample: Sequence[float]) -> float:
    """Sum of squared deviations. ``statistics.variance`` adds fractions, which takes a hundred times as long."""
    mean = statistics.fmean(sample)
    return math.fsum((value - mean) ** 2 for value in sample)


def screen_score(takes: Sequence[float], golden: Sequence[float], spread: float) -> float:
    """Difference of means in standard errors: positive where the takes are higher."""
    error = spread * math.sqrt(1 / len(takes) + 1 / len(golden))
    return (statistics.fmean(takes) - statistics.fmean(golden)) / error


def held_out_scores(golden: Sequence[float], takes: int, *, typical: float, floor: float) -> list[float]:
    """Screen scores of the golden's own repeats: each group of `takes` against the rest.

    The spread is that of the rest: one that knew the held-out values would make them look more ordinary than any take
    that comes later.

    Args:
        golden: Repeats of one probe.
        takes: Size of a group.
        typical: Variance towards which spreads are shrunk.
        floor: Smallest spread that means anything.
    """
    scores = []
    for start in range(0, len(golden) - takes + 1, takes):
        rest = [*golden[:start], *golden[start + takes :]]
        if rest:
            spread = shrunken_spread(rest, typical, floor)
            scores.append(screen_score(golden[start : start + takes], rest, spread))
    return scores


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of `values` do not exceed (nearest rank, never below it)."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered), math.ceil(share * len(ordered))) - 1)]


def rank_test(takes: Sequence[float], golden: Sequence[float], side: Side) -> float:
    """Exact one-sided Mann-Whitney test, ties at mid-ranks.

    Args:
        takes: Fresh candidate values.
        golden: Golden values.
        side: ``less`` tests whether the takes are lower than the golden.

    Returns:
        Share of all ways to deal the pooled values into two such groups that give the takes a rank sum at least
        as extreme. It is exact for any distribution if takes and golden are exchangeable (Mann & Whitney 1947;
        with ties: the permutation distribution of mid-ranks).
    """
    pooled = sorted([*takes, *golden])
    doubled = {value: _doubled_midrank(pooled, value) for value in set(pooled)}
    ranks = tuple(sorted(doubled[value] for value in pooled))
    observed = sum(doubled[value] for value in takes)
    ways = _rank_sums(ranks, len(takes))
    total = math.comb(len(pooled), len(takes))
    extreme = sum(
        count for rank_sum, count in ways.items() if (rank_sum <= observed if side == "less" else rank_sum >= observed)
    )
    return extreme / total


def best_possible(takes: Sequence[float], golden: Sequence[float], side: Side, planned: int) -> float:
    """Smallest p-value that `planned` takes can still reach, given the first ones: the others lie beyond all values.

    Exact where no values are equal; later ties may bring a somewhat smaller one. Stopping when even this is not
    small enough can only lose power; it never raises the false-alarm rate.
    """
    place = {value: index for index, value in enumerate(sorted({*takes, *golden}))}
    left = planned - len(takes)
    beyond = range(-left, 0) if side == "less" else range(len(place), len(place) + left)
    return rank_test([*(place[value] for value in takes), *beyond], [place[value] for value in golden], side)


def takes_needed(golden: int, tests: int, alpha: float) -> int:
    """Fewest fresh takes, from as many as golden ones to 64, that leave room for one misplaced value.

    With so many, takes that all lie beyond all but one of the golden repeats are still significant.

    Args:
        golden: Golden repeats per probe.
        tests: Number of one-sided tests that share `alpha` (Bonferroni).
        alpha: False-alarm rate of the whole verdict.
    """
    takes = golden
    while 2 * tests > alpha * math.comb(golden + takes, golden) and takes < 64:
        takes += 1
    return takes


def paired_takes_needed(tests: int, alpha: float) -> int:
    """Fewest fresh takes of candidate and live reference each, to 64, that leave room for one misplaced value."""
    takes = 4
    while 2 * tests > alpha * math.comb(2 * takes, takes) and takes < 64:
        takes += 1
    return takes


def exceedance_bound(extreme: int, takes: int, known: int) -> float:
    """Bound on the chance that so many takes of one probe all lie beyond every one of `known` exchangeable values.

    Each does with probability 1 / (known + 1) at most (conformal prediction, Vovk et al. 2005); the takes are
    independent, and any `extreme` of them may be the ones.
    """
    if extreme <= 0:
        return 1.0
    return min(1.0, float(math.comb(takes, extreme)) * float(known + 1) ** -extreme)


def sign_test(hits: int, trials: int) -> float:
    """Chance of so many hits or more among independent trials of which each hits with one half at most."""
    return math.fsum(math.comb(trials, count) for count in range(hits, trials + 1)) / 2.0**trials


def signs_needed(tests: int, alpha: float) -> int:
    """Fewest trials of a sign test, to 64, that leave room for one miss.

    Args:
        tests: Number of one-sided tests that share `alpha` (Bonferroni).
        alpha: False-alarm rate of the whole verdict.
    """
    trials = 4
    while sign_test(trials - 1, trials) * tests > alpha and trials < 64:
        trials += 1
    return trials


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact two-sided confidence interval of a share (Clopper & Pearson 1934, Biometrika 26:404)."""
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _bisected(lambda share: 1 - _binomial_cdf(hits - 1, trials, share) < tail)
    high = 1.0 if hits == trials else _bisected(lambda share: _binomial_cdf(hits, trials, share) > tail)
    return low, high


def fisher_exact(missing: int, takes: int, control_missing: int, control_takes: int) -> float:
    """One-sided p-value that something is missing more often than in the control (Fisher 1934)."""
    total, both = takes + control_takes, missing + control_missing
    ways = sum(
        math.comb(takes, count) * math.comb(control_takes, both - count)
        for count in range(missing, min(takes, both) + 1)
        if both - count <= control_takes
    )
    return ways / math.comb(total, both)


def robust_centre(values: Sequence[float]) -> tuple[float, float]:
    """Median, and the standard deviation that a Gaussian with the same median absolute deviation has."""
    middle = statistics.median(values)
    return middle, 1.4826 * statistics.median(abs(value - middle) for value in values)


def gaussian_quantile(share: float) -> float:
    """The value that a standard Gaussian exceeds with probability 1 - `share`."""
    return statistics.NormalDist().inv_cdf(min(1 - 1e-15, max(1e-15, share)))


def gaussian_tail(score: float) -> float:
    """Probability with which a standard Gaussian exceeds `score`."""
    return 0.5 * math.erfc(score / math.sqrt(2))


def _binomial_cdf(hits: int, trials: int, share: float) -> float:
    return math.fsum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(hits + 1))


def _bisected(is_below: Callable[[float], bool]) -> float:
    """The share in 0..1 at which a falling predicate turns false."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return (low + high) / 2


def _doubled_midrank(ordered: Sequence[float], value: float) -> int:
    first = ordered.index(value) + 1
    return 2 * first + ordered.count(value) - 1


@lru_cache(maxsize=4096)
def _rank_sums(ranks: tuple[int, ...], size: int) -> dict[int, int]:
    """Number of subsets of `size` ranks for each rank sum."""
    table: list[dict[int, int]] = [{0: 1}] + [{} for _ in range(size)]
    for rank in ranks:
        for chosen in range(size, 0, -1):
            row = table[chosen]
            for rank_sum, count in table[chosen - 1].items():
                row[rank_sum + rank] = row.get(rank_sum + rank, 0) + count
    return table[size]
