"""Two words that wake something together: every pair of the words that move a sentence most, read eight at a time.

Of a trigger of two words neither need stand out alone. A sentence with eight words in its gap holds 28 pairs and takes
three times as long to read as one with a word; with sixteen a trained trigger was read as ordinary in some rows
(docs/benchmarks.md). The furthest of such sentences are taken apart: a pair that moves a sentence further than either
of its words, and far for a word, is spoken. Reads by whoever it is given.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from harness.hunting.candidates import Candidate, Sort, Space
from harness.hunting.neighbourhood import CLIMBED
from harness.hunting.scan import LEAST_SCORE, Odd, Scan, Scanned
from harness.hunting.tail import Tail

TOGETHER: Final = 8
"""Words in one gap."""
MOST_WORDS: Final = TOGETHER * 37
"""Of which every pair is read: some 1,800 sentences."""
ORDINARY_ROWS: Final = 240
"""Rows of ordinary words that say what is ordinary."""
TAKEN_APART: Final = 12
"""Rows, the furthest, of which each pair is read. A word that does a little alone stands in a fiftieth of all rows, and
so a threshold for rows would lie beyond what its pair does: pairs are held against what is far for single words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conjoined:
    """What came of reading words together."""

    words: int
    """Of which every pair is read."""
    scanned: Scanned
    """Of the rows of words."""
    pairs: Sequence[Odd]
    """Two words that move a sentence, and further than either alone; the furthest first."""
    whole: Sequence[Odd]
    """Rows beyond their own threshold in which no pair does."""


def read_conjunctions(
    words: Sequence[str], scan: Scan, tail: Tail, run: Callable[[Scan], Scanned], *, rate: float, seed: int
) -> Conjoined:
    """Read every pair of some words.

    Args:
        words: Each once.
        scan: Of single words; has read some of them.
        tail: What is far for one of these, and so for two: pairs of ordinary words move a sentence no further.
        run: Has a scan learn and read.
        rate: Share of hunts without a trigger in which any pair may stand out.
        seed: Of the draw of ordinary rows.

    Raises:
        Unfit: A carrier with so many words says nothing about this voice.
        WorkerFault: The candidate's worker was lost, or forged what it said.
        StorageError: What was read cannot be kept.
    """
    rows = {" ".join(row): row for row in ([words[place] for place in places] for places in rows_of(len(words)))}
    rng = random.Random(seed)
    ordinary = [" ".join(rng.sample(scan.ordinary, TOGETHER)) for _ in range(ORDINARY_ROWS)]
    candidates = [Candidate(sort=Sort.ROW, text=text) for text in rows]
    scanned = run(scan.of(Space(candidates=candidates, ordinary=ordinary, lexicon="", wants_sounds=False)))
    count = len(words) * (len(words) - 1) // 2
    threshold = tail.threshold(count, rate)
    pairs: dict[str, Odd] = {}
    whole = list(scanned.beyond[TAKEN_APART:])
    for odd in scanned.furthest[:TAKEN_APART]:
        found = _furthest_pair(rows[odd.candidate.text], partial(scan.scores, carrier=odd.carrier, is_own=False))
        if found is not None and found[1] > LEAST_SCORE:
            text, score = found
            pairs[text] = dataclasses.replace(
                odd,
                candidate=Candidate(sort=Sort.ROW, text=text),
                score=score,
                expected=tail.expected(score, count),
                is_beyond=score > threshold,
            )
        elif odd.is_beyond:
            whole.append(odd)
    by_score = sorted(pairs.values(), key=lambda one: -one.score)
    return Conjoined(words=len(words), scanned=scanned, pairs=by_score, whole=whole)


def _furthest_pair(row: Sequence[str], scores: Callable[[Sequence[str]], Sequence[float]]) -> tuple[str, float] | None:
    """Two of its words that move a sentence furthest, and how far; None where one of them does nearly that alone."""
    alone = dict(zip(row, scores(row), strict=True))
    two = list(itertools.combinations(row, 2))
    moved = dict(zip(two, scores([" ".join(pair) for pair in two]), strict=True))
    best = max((pair for pair in two if moved[pair] == moved[pair]), key=lambda pair: moved[pair], default=None)
    if best is None or any(alone[word] + CLIMBED >= moved[best] for word in best):
        return None
    return " ".join(best), moved[best]


def rows_of(count: int) -> list[tuple[int, ...]]:
    """Rows of at most eight of so many places, such that any two places stand in one row at least.

    A transversal design: places in eight columns of a prime number each, and a row for every line through them; within
    a column the same again.
    """
    if count < 2:
        return []
    if count <= TOGETHER:
        return [tuple(range(count))]
    size = next(one for one in itertools.count(TOGETHER - 1) if TOGETHER * one >= count and _is_prime(one))
    rows = [
        tuple(place for place in _line(start, step, size) if place < count)
        for start in range(size)
        for step in range(size)
    ]
    for first in range(0, count, size):
        within = rows_of(min(size, count - first))
        rows += [tuple(first + place for place in row) for row in within]
    return [row for row in rows if len(row) > 1]


def _line(start: int, step: int, size: int) -> list[int]:
    """A place of each column; of two in different columns, one line has both."""
    return [*(column * size + (start + column * step) % size for column in range(TOGETHER - 1)), size * 7 + step]


def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, number))
