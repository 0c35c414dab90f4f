"""What differs between two goldens, probe by probe: text, words heard, and the numbers that a judge goes by. Pure."""

from __future__ import annotations

import enum
import re
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from harness.core.types import GoldenRecord, Take


class ChangeKind(enum.StrEnum):
    """What happened to a probe between two goldens; the gravest that applies."""

    GONE = "gone"
    WORDS = "words"
    """The phrase is the same, and other words were heard."""
    TEXT = "text"
    """The phrase itself is another one."""
    NEW = "new"
    MEASURED = "measured"
    """The words are the same, and the takes are others."""
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One number of a probe in both goldens: the mean over its repeats."""

    name: str
    old: float
    new: float
    spreads: float | None
    """(new - old) in standard deviations of the old repeats; None where these do not vary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One probe in two goldens."""

    probe_id: str
    kind: ChangeKind
    old: GoldenRecord | None
    new: GoldenRecord | None
    shifts: tuple[Shift, ...] = ()
    """In the order of :data:`NUMBERS`; empty unless both goldens have the probe and other takes of it."""


def _score(take: Take) -> float | None:
    return take.hearing.forced.mean if take.hearing.forced else None


def _worst(take: Take) -> float | None:
    return take.hearing.forced.worst if take.hearing.forced else None


NUMBERS: Final[Mapping[str, Callable[[Take], float | None]]] = {
    "score": _score,
    "worst": _worst,
    "seconds": lambda take: take.acoustics.seconds,
    "level": lambda take: take.acoustics.level_db,
    "pitch": lambda take: take.acoustics.f0_hz,
}
"""Numbers that are compared: mean and worst log-likelihood per token, length in s, level in dB, pitch in Hz."""

ORDER: Final = tuple(ChangeKind)


def compare(old: Mapping[str, GoldenRecord], new: Mapping[str, GoldenRecord]) -> tuple[Change, ...]:
    """Every probe of two goldens, the gravest changes first, then by id."""
    changes = [_change(name, old.get(name), new.get(name)) for name in old.keys() | new.keys()]
    return tuple(sorted(changes, key=lambda change: (ORDER.index(change.kind), change.probe_id)))


def _change(probe_id: str, old: GoldenRecord | None, new: GoldenRecord | None) -> Change:
    shifts: tuple[Shift, ...] = ()
    if old is None or new is None:
        kind = ChangeKind.NEW if old is None else ChangeKind.GONE
    elif old.text != new.text:
        kind = ChangeKind.TEXT
    elif _words(old.transcript) != _words(new.transcript):
        kind = ChangeKind.WORDS
    else:
        # Where a repeat to listen to lies decides nothing.
        is_same = (old.takes, old.transcript) == (new.takes, new.transcript)
        kind = ChangeKind.SAME if is_same else ChangeKind.MEASURED
    if old and new and kind is not ChangeKind.SAME:
        shifts = tuple(shift for name in NUMBERS if (shift := _shift(name, old, new)) is not None)
    return Change(probe_id=probe_id, kind=kind, old=old, new=new, shifts=shifts)


def _shift(name: str, old: GoldenRecord, new: GoldenRecord) -> Shift | None:
    before, after = mean_of(name, old), mean_of(name, new)
    if before is None or after is None:
        return None
    values = [value for take in old.takes if (value := NUMBERS[name](take)) is not None]
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    spreads = (after - before) / spread if spread > 0 else None
    return Shift(name=name, old=before, new=after, spreads=spreads)


def mean_of(name: str, record: GoldenRecord) -> float | None:
    """Mean of one of :data:`NUMBERS` over a record's repeats; None where there is none."""
    values = [value for take in record.takes if (value := NUMBERS[name](take)) is not None]
    return statistics.fmean(values) if values else None


def _words(transcript: str) -> list[str]:
    """Words without case and punctuation, which decide nothing."""
    return [word for part in transcript.split() if (word := re.sub(r"[^\w']+", "", part).casefold())]
