"""What a comparison is: what it wants spoken, how it judges a probe, and how it judges the suite.

It owns the vocabulary in which a judge asks for takes. It speaks, hears and reads nothing itself: a judgement is a
generator that yields what it wants, is sent the takes, and returns an outcome. Whoever drives it (see
:mod:`harness.run.campaign`) knows workers and their faults; a comparison does not.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from harness.core.findings import Outcome
from harness.core.screening import Screening
from harness.core.seeds import FIRST_PURPOSE, Request, seed_for
from harness.core.transcriber import Echoing
from harness.core.types import ComparisonKind, GoldenRecord, Probe, Take, Verdict
from harness.hearing.listening import Expected
from harness.judging.detectors import spoiled_audio
from harness.judging.judge import Judge
from harness.judging.standouts import StandOut
from harness.judging.suite_shift import CHECK as SHIFT

NO_GOLDEN = "no golden to compare with; record one with: soundcheck record, then give --tts-golden"


class Role(enum.Enum):
    """Whose takes are wanted."""

    CANDIDATE = "candidate"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTakes:
    """Asks for the first takes of probes. The answer leaves out those that could not be spoken."""

    probes: tuple[Probe, ...]
    role: Role = Role.CANDIDATE
    """Of a reference only where the comparison :attr:`Comparison.is_paired`: then with the candidate's seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshTakes:
    """Asks for takes that no screening has seen. The answer has all of them, for every probe.

    A reference's have seeds of their own, unless the comparison :attr:`Comparison.is_paired`.
    """

    probes: tuple[Probe, ...]
    """At least one: what is judged comes first."""
    start: int = 0
    """The first one wanted. Takes of a probe are counted from 0, and number n is the same whenever it is asked for."""
    stop: int
    """The first one not wanted any more."""
    most: int = 0
    """The first one that will not be wanted whatever these show: what comes after `stop` may be spoken while these are
    heard."""
    role: Role = Role.CANDIDATE


Wanted = FirstTakes | FreshTakes
TakesOf = Mapping[str, Sequence[Take]]
"""By probe id."""
Apart = Callable[[Take, Take], float]
"""How far the samples of two takes lie apart at most, of full scale; infinite for other lengths or rates."""
Judging = Generator[Wanted, TakesOf, Outcome]
"""Yields what is wanted, is sent the takes, returns what is decided. It is closed unfinished where a worker is lost."""


class Recorded(Protocol):
    """What a reference was recorded to do, as far as this run may be held against it."""

    @property
    def records(self) -> Sequence[GoldenRecord]:
        """All that is on record, whoever is judged: judges are calibrated on it."""
        ...

    def record(self, probe: Probe) -> GoldenRecord | None:
        """The record of this very text, None without one."""
        ...

    def prints(self, probe: Probe) -> Echoing | None:
        """What the takes of that record sounded like, None where that is not known."""
        ...

    def refusal(self, probe: Probe) -> str | None:
        """Why the record says nothing about this probe, and what would settle it; None if it does.

        Law: where it is None, :meth:`record` is not.
        """
        ...


class NothingRecorded:
    """Implements :class:`Recorded` where there is no golden."""

    records: Sequence[GoldenRecord] = ()

    def record(self, probe: Probe) -> GoldenRecord | None:
        """None."""
        del probe
        return None

    def prints(self, probe: Probe) -> Echoing | None:
        """None."""
        del probe
        return None

    def refusal(self, probe: Probe) -> str | None:
        """Always the same."""
        del probe
        return NO_GOLDEN


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """What there is to hold a candidate against, as far as it decides which comparison is made."""

    digest: str
    """Of the candidate's files."""
    golden: str | None = None
    """The golden's name."""
    golden_digest: str | None = None
    """Of the files of the model that the golden was recorded with."""
    voice: str = ""
    """Who of the candidate speaks: :attr:`harness.core.voice.Voice.identity`."""
    golden_voice: str = ""
    """Who of that model spoke, as far as the golden is of these speakers."""
    has_reference: bool = False
    """Whether a reference can be asked to speak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What every judgement of one run rests on."""

    probes: Sequence[Probe]
    """Those that will be asked for, in order."""
    screening: Screening
    recorded: Recorded
    judge: Judge | None = None
    """Of :func:`harness.judging.judge.plain_judge` for the same records and screening, where it is there already; for
    probes that belong to no one of several speakers."""
    apart: Apart | None = None
    """Lays the samples of two takes side by side; None where no comparison of this run does."""


class Comparison(ABC):
    """What the candidate of one run is held against. The docstring's first line is what lists show."""

    kind: ClassVar[ComparisonKind]
    gives_up: ClassVar[bool] = False
    """Whether suspicions may be left open, fresh takes unspoken, once enough probes of the run have failed."""
    is_paired: ClassVar[bool] = False
    """Whether a reference speaks every text with the candidate's own seeds, without which there is no such
    comparison."""

    def __init__(self, basis: Basis) -> None:
        self.basis = basis

    @classmethod
    @abstractmethod
    def suits(cls, hand: AtHand) -> bool:
        """Whether this is what is meant where nobody named a comparison; the first of the registry is taken."""

    @classmethod
    @abstractmethod
    def lacks(cls, hand: AtHand) -> str | None:
        """What it needs and has not, expected and got, with the remedy; None where it can be made.

        Law: None wherever :meth:`suits`.
        """

    def first_requests(self, probe: Probe) -> tuple[Request, ...]:
        """Text and seeds of a probe's first takes: as many as the screening has, or fewer where fewer are known.

        Law: the same for the same basis; at least one.
        """
        screening = self.basis.screening
        return tuple(
            (probe.text, seed_for(FIRST_PURPOSE, screening.seed, probe.text, take)) for take in range(screening.takes)
        )

    def expected(self, probe: Probe) -> Expected:
        """What takes are held against while they are heard: what the reference was heard to say, where it is known."""
        record = self.basis.recorded.record(probe)
        if record is None:
            return Expected(text=None)
        return Expected(text=record.transcript, prints=self.basis.recorded.prints(probe))

    @abstractmethod
    def judge(self, probe: Probe, takes: Sequence[Take]) -> Judging:
        """Everything about one probe.

        Args:
            probe: What was spoken.
            takes: Its first takes, one for each of :meth:`first_requests`.
        """

    @abstractmethod
    def judge_suite(self) -> Judging:
        """The suite as a whole: one outcome whose subject is :data:`harness.judging.suite_shift.CHECK`."""

    def standing_out(self) -> Generator[Wanted, TakesOf, Sequence[StandOut]]:
        """Probes to look at again even where enough have failed, the most suspicious first. Nobody, unless told."""
        yield from ()
        return ()

    def _comparable(self) -> tuple[Probe, ...]:
        return tuple(probe for probe in self.basis.probes if self.basis.recorded.refusal(probe) is None)

    def _nothing_comparable(self) -> Outcome | None:
        """The suite's outcome where the record says nothing about any of its probes, None where it does of some."""
        if self._comparable():
            return None
        reasons = [reason for probe in self.basis.probes if (reason := self.basis.recorded.refusal(probe))]
        return Outcome(subject=SHIFT, verdict=Verdict.INCONCLUSIVE, reason=(reasons or [NO_GOLDEN])[0])


def left_open(probe: Probe, takes: Sequence[Take], reason: str | None, golden: GoldenRecord | None = None) -> Outcome:
    """Nothing to compare with; a broken signal is a finding all the same, and the reason stays beside it."""
    findings = spoiled_audio(probe, takes, None)
    return Outcome(
        subject=probe.id,
        verdict=Verdict.FAIL if findings else Verdict.INCONCLUSIVE,
        reason=reason or "",
        probe=probe,
        findings=findings,
        takes=tuple(takes),
        golden=golden,
    )


def settled(outcome: Outcome) -> Judging:
    """A judgement that wants nothing more."""
    yield from ()
    return outcome
