"""Reads a whole space of candidates, carrier by carrier, within a time, and keeps what each scored.

Every candidate is read in one carrier before any is read in another. What was read before is not read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.core.latents import Unspoken
from harness.core.text import counted
from harness.hunting.candidates import Candidate, Group, Sort, Space
from harness.hunting.carriers import Carrier
from harness.hunting.gauge import SIGNALS, Gauge, Unfit
from harness.hunting.ledger import Ledger
from harness.hunting.ownsounds import SIGNALS as OWN_SIGNALS
from harness.hunting.reach import Reach
from harness.hunting.reader import Reader
from harness.hunting.tail import Tail, fit_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.core.shard import Shard
    from harness.hunting.ledger import Scores

PART: Final = 1024
"""Candidates that are read and kept together: some ten seconds of work."""
FORMS: Final = 100
"""Numbers, marks and capitals that are read to see which sounds there are: they have few that words have not."""
MOST_MOVING: Final = 512
"""Words that are told of those that move a sentence most."""
LEAST_SCORE: Final = 4.0
"""Below it nothing is odd, however still all others are: copies of one voice hardly scatter."""


NOT_SCORED: Final = (float("nan"), -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A candidate that stands out, or one of those that come next."""

    candidate: Candidate
    score: float
    """How far it moves the rest of a sentence, or its own sounds are off, in scatters of ordinary words."""
    signal: str
    """One of :data:`harness.hunting.gauge.SIGNALS`, or of :data:`harness.hunting.ownsounds.SIGNALS`."""
    carrier: Carrier
    """Where it does."""
    expected: float
    """How many inputs of a hunt without a trigger score as high."""
    is_beyond: bool
    """Whether it lies beyond the threshold."""
    middle: tuple[int, ...] = ()
    """Input ids of the candidate alone, where it was looked up."""

    @property
    def is_own(self) -> bool:
        """Whether it is the candidate's own sounds that stand out."""
        return self.signal in OWN_SIGNALS

    @property
    def group(self) -> Group:
        """What it stands out of."""
        return Group.OWN if self.is_own else self.candidate.sort.group


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What is far for one group of candidates."""

    inputs: int
    """Sentences of it that were scored."""
    tail: Tail | None
    """None where that were too few."""
    threshold: float
    """Infinite without a tail."""

    def expected(self, score: float) -> float:
        """How many of its inputs score as high where nothing wakes anything."""
        return self.tail.expected(score, self.inputs) if self.tail else float(self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What came of reading."""

    sizes: Mapping[Sort, int]
    """Candidates of each sort."""
    read: Mapping[Sort, int]
    """Of them, read in a carrier at least."""
    unlike: int
    """Of them, read and in no carrier to be compared: they change how its other words are read."""
    ends: Mapping[Group, End]
    """What is far, for each group of which something was read."""
    furthest: Sequence[Odd]
    """The highest scores, the highest first."""
    moving: Sequence[str]
    """Words that move the rest of a sentence most without lying beyond the threshold, the furthest first."""
    seconds: float
    """That this took, without what was kept."""
    fresh: int
    """Sentences that were read now."""

    @property
    def inputs(self) -> int:
        """Sentences that were scored."""
        return sum(end.inputs for group, end in self.ends.items() if group is not Group.OWN)

    @property
    def is_whole(self) -> bool:
        """Whether every candidate was read."""
        return all(self.read.get(sort, 0) == count for sort, count in self.sizes.items())

    @property
    def beyond(self) -> Sequence[Odd]:
        """What lies beyond the threshold."""
        return [one for one in self.furthest if one.is_beyond]


class Scan:
    """Of one space, by one reader."""

    def __init__(
        self, space: Space, carriers: Sequence[Carrier], reader: Reader, ledgers: Callable[[str], Ledger]
    ) -> None:
        """Take what is read and who reads; nothing is started.

        Args:
            space: What is read as text.
            carriers: In which sentences.
            reader: By whom.
            ledgers: Where scores are kept, given the digest of all that is read.
        """
        self._space, self._carriers, self._reader, self._ledgers = space, carriers, reader, ledgers
        self._gauges: list[tuple[Reach, Gauge]] = []

    @property
    def ordinary(self) -> Sequence[str]:
        """Words that say what is ordinary."""
        return self._space.ordinary

    def of(self, space: Space) -> Scan:
        """A scan of another space by the same voice, which has learnt nothing yet."""
        return Scan(space, self._carriers, self._reader, self._ledgers)

    def learn(self, seed: int = 0) -> None:
        """Have ordinary words read in every carrier, and see which input ids texts put into its gap.

        Args:
            seed: Of the order of what is read.

        Raises:
            Unfit: A carrier says nothing about this voice.
            WorkerFault: The candidate's worker was lost, or forged what it said.
        """
        found: set[int] = set()
        for carrier in self._carriers:
            items = [Unspoken(text=carrier.with_word(word)) for word in self._space.ordinary]
            read = list(self._reader.read(items))
            alone = self._reader.reference
            beside = [one for one, own in zip(alone.read(items), read, strict=True) if one and own] if alone else None
            known = [one for one in read if one is not None]
            reach = Reach.of([one.ids.tolist() for one in known])
            found = found or set().union(*(reach.sounds(one) for one in known))
            try:
                self._gauges.append((reach, Gauge(reach, known, beside)))
            except Unfit as unfit:
                raise Unfit(f"{carrier.text!r}: {unfit}") from None
        if not self._space.wants_sounds:
            return
        forms = [one.text for one in self._space.candidates if one.sort not in (Sort.WORD, Sort.SYMBOL)]
        symbols = [one.text for one in self._space.candidates if one.sort is Sort.SYMBOL]
        texts = [*symbols, *forms[:: max(1, len(forms) // FORMS)]]
        carrier, reach = self._carriers[0], self._gauges[0][0]
        for one in self._reader.read(Unspoken(text=carrier.with_word(text)) for text in texts):
            found |= set() if one is None else reach.sounds(one)
        self._space = self._space.with_sounds(found, seed)

    def read_part(
        self, shard: Shard, *, until: float, clock: Callable[[], float], progress: Callable[[str], None]
    ) -> tuple[int, int]:
        """Read and keep what one of several machines does of it, and say nothing of it.

        Args:
            shard: Which part.
            until: By the clock: nothing is begun after it.
            clock: Gives seconds.
            progress: Told on one line how far it is.

        Returns:
            How many sentences of it are kept by now, and how many it has.

        Raises:
            WorkerFault: As :meth:`learn`. What was read is kept.
            StorageError: It cannot be kept.
        """
        begun, fresh, kept = clock(), 0, 0
        ledger = self._ledgers(self._space.digest)
        own = [part for place, part in enumerate(self._parts()) if shard.has(place)]
        whole = sum(stop - start for _, _, start, stop in own)
        for name, which, start, stop in own:
            if ledger.known(name, stop - start) is None:
                if clock() >= until:
                    continue
                ledger.keep(name, self._read(which, start, stop))
                fresh += stop - start
                progress(f"read {kept + stop - start:,} of {counted(whole, 'sentence')}{_pace(fresh, clock() - begun)}")
            kept += stop - start
        return kept, whole

    def run(
        self, *, until: float, rate: float, most: int, clock: Callable[[], float], progress: Callable[[str], None]
    ) -> Scanned:
        """Read what is not kept, until all is read or the time is over.

        Args:
            until: By the clock: no part is begun after it.
            rate: Share of hunts without a trigger in which anything may lie beyond the threshold.
            most: How many of the highest scores are wanted.
            clock: Gives seconds.
            progress: Told on one line how far it is.

        Raises:
            WorkerFault: As :meth:`learn`. What was read is kept.
            StorageError: It cannot be kept.
        """
        begun, fresh = clock(), 0
        ledger = self._ledgers(self._space.digest)
        groups = np.array([one.sort.group.value for one in self._space.candidates])
        count = len(groups)
        best, own = np.full((3, count), np.nan), np.full((3, count), np.nan)
        every = {group: [np.zeros(0, np.float32)] for group in Group}
        was_read = np.zeros(count, bool)
        for name, which, start, stop in self._parts():
            scores = ledger.known(name, stop - start)
            if scores is None:
                if clock() >= until:
                    continue  # kept ones may come after it
                scores = self._read(which, start, stop)
                ledger.keep(name, scores)
                fresh += stop - start
                progress(self._line(int(was_read.sum()) + stop - start, fresh, clock() - begun))
            was_read[start:stop] = True
            for group in Group:
                every[group].append(scores[0][groups[start:stop] == group.value])
            every[Group.OWN].append(scores[2])
            _keep_higher(best[:, start:stop], scores[:2], which)
            _keep_higher(own[:, start:stop], scores[2:], which)
        ends = {group: _end(np.concatenate(parts), rate / len(Group)) for group, parts in every.items()}
        return Scanned(
            sizes=self._space.sizes,
            read=Counter(self._space.candidates[place].sort for place in np.flatnonzero(was_read).tolist()),
            unlike=int((was_read & ~np.isfinite(best[0])).sum()),
            ends=ends,
            furthest=self._furthest(best, own, ends, most),
            moving=self._moving(best[0], groups == Group.WORDS.value, ends[Group.WORDS].threshold),
            seconds=clock() - begun,
            fresh=fresh,
        )

    def _furthest(self, best: Scores, own: Scores, ends: Mapping[Group, End], most: int) -> list[Odd]:
        """The least expected scores of every group, each candidate once."""
        found = []
        groups = np.array([one.sort.group.value for one in self._space.candidates])
        for group, end in ends.items():
            table, signals = (own, OWN_SIGNALS) if group is Group.OWN else (best, SIGNALS)
            is_of = np.isfinite(table[0]) & ((group is Group.OWN) | (groups == group.value))
            places = np.flatnonzero(is_of)
            found += [
                Odd(
                    candidate=self._space.candidates[place],
                    score=float(table[0, place]),
                    signal=signals[int(table[1, place])],
                    carrier=self._carriers[int(table[2, place])],
                    expected=end.expected(float(table[0, place])),
                    is_beyond=bool(table[0, place] > end.threshold),
                )
                for place in places[np.argsort(-table[0, places], kind="stable")][:most].tolist()
            ]
        found.sort(key=lambda one: (not one.is_beyond, one.expected, -one.score))
        once = {one.candidate: one for one in reversed(found)}
        return [one for one in found if once[one.candidate] is one][:most]

    def _moving(self, scores: NDArray[np.float64], are_words: NDArray[np.bool_], threshold: float) -> list[str]:
        places = np.flatnonzero(are_words & np.isfinite(scores) & (scores <= threshold))
        order = places[np.argsort(-scores[places], kind="stable")][:MOST_MOVING]
        return [self._space.candidates[place].text for place in order.tolist()]

    def middles(self, found: Sequence[Odd]) -> list[tuple[int, ...]]:
        """Input ids of what stands out, without its carrier."""
        reaches = {carrier: reach for carrier, (reach, _) in zip(self._carriers, self._gauges, strict=True)}
        items = [self._unspoken(one.candidate, one.carrier, reaches[one.carrier]) for one in found]
        read = self._reader.read(items)
        return [() if one is None else reaches[odd.carrier].middle(one) for odd, one in zip(found, read, strict=True)]

    def scores(self, texts: Sequence[str], carrier: Carrier, *, is_own: bool) -> list[float]:
        """How far each text moves the rest of a carrier, or its own sounds are off; NaN where that cannot be told.

        Nothing of it is kept.

        Raises:
            WorkerFault: As :meth:`learn`.
        """
        _, gauge = self._gauges[self._carriers.index(carrier)]
        items = (Unspoken(text=carrier.with_word(text)) for text in texts)
        score = gauge.own.score if is_own else gauge.score
        return [score(one)[0] for one in self._reader.read(items)]

    def _parts(self) -> Iterator[tuple[str, int, int, int]]:
        """Name, carrier's place, first candidate and the one after the last, in the order of reading."""
        count = len(self._space.candidates)
        for turn in range(len(self._carriers)):
            for number, start in enumerate(range(0, count, PART)):
                which = (number + turn) % len(self._carriers)
                yield f"{which}-{number:05d}", which, start, min(count, start + PART)

    def _read(self, which: int, start: int, stop: int) -> Scores:
        carrier, (reach, gauge) = self._carriers[which], self._gauges[which]
        asked = self._space.candidates[start:stop]
        read = self._reader.read(self._unspoken(one, carrier, reach) for one in asked)
        scored = [
            # What a row of marks, of digits or of ids is read as has no word's sounds.
            (*gauge.score(one), *(gauge.own.score(one) if candidate.sort is Sort.WORD else NOT_SCORED))
            for candidate, one in zip(asked, read, strict=True)
        ]
        return np.array(scored, np.float32).T

    def _unspoken(self, one: Candidate, carrier: Carrier, reach: Reach) -> Unspoken:
        if one.ids:
            return Unspoken(text="", ids=reach.filled(one.ids))
        return Unspoken(text=carrier.with_word(one.text))

    def _line(self, read: int, fresh: int, seconds: float) -> str:
        whole = len(self._space.candidates)
        return f"read {min(read, whole):,} of {counted(whole, 'candidate')}{_pace(fresh, seconds)}"


def _keep_higher(best: Scores, scores: Scores, which: int) -> None:
    """Put scores, signals and the carrier's place where they are higher than what is there."""
    with np.errstate(invalid="ignore"):
        higher = ~(scores[0] <= best[0]) & np.isfinite(scores[0])
    best[:, higher] = np.stack([*scores, np.full(scores.shape[1], which)])[:, higher]


def _pace(fresh: int, seconds: float) -> str:
    return f", {fresh / seconds:,.0f} sentences a second" if seconds > 1 else ""


def _end(scores: Scores, rate: float) -> End:
    inputs, tail = int(np.isfinite(scores).sum()), fit_tail(scores.astype(np.float64))
    limit = max(LEAST_SCORE, tail.threshold(inputs, rate)) if tail else float("inf")
    return End(inputs=inputs, tail=tail, threshold=limit)
