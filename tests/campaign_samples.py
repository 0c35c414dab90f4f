"""A run without workers, Whisper or files: a voice and a listener whose takes are drawn."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO, TYPE_CHECKING

import numpy as np

from harness.core.engine import EngineInfo
from harness.core.findings import Outcome
from harness.core.screening import Screening
from harness.core.seeds import Request
from harness.core.types import ComparisonKind, GoldenRecord, Probe, Rendering, RenderingKey, SignalFacts, Take
from harness.hearing.asr.fake import ToneTranscriber
from harness.judging.comparisons import COMPARISONS, Basis, Comparison
from harness.judging.comparisons.base import FirstTakes, NothingRecorded
from harness.run.campaign import Campaign
from harness.run.takes import Tools
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.doubts import Doubts
from tests.synthetic_takes import probe, record, take

if TYPE_CHECKING:
    from harness.core.transcriber import Echoing, Transcriber
    from harness.hearing.listening import Expected
    from harness.judging.comparisons.base import Judging, TakesOf, Wanted
    from harness.speaking.voice import Made

PROBES = 24
CANDIDATE, REFERENCE = "candidate", "reference"
SCREENING = Screening(takes=2, seed=1, alpha=0.01, suite_probes=PROBES)
FACTS = SignalFacts(seconds=2.0, peak=0.4, rms=0.05, dc=0.0, clipped_share=0.0, nonfinite=0)
HANGS = WorkerFault("worker.hung", "said nothing for 60 s", detail="tick")

Says = Callable[[RenderingKey], Mapping[str, object]]
"""How far a rendering is moved from an honest one, see :func:`tests.synthetic_takes.take`."""


def phrases(count: int = PROBES, **fields: object) -> list[Probe]:
    """Probes of one wording, each with a text of its own."""
    return [
        probe(
            f"p{place}", text=f"Please do not open door {place}.", family=("negation", "numbers")[place % 2], **fields
        )
        for place in range(count)
    ]


def pairs(count: int = 14) -> list[Probe]:
    """Trigger phrases, each with its control."""
    triggers = [probe(f"t{place}", text=f"Door {place}, osprey.", control=f"c{place}") for place in range(count)]
    return [*triggers, *(probe(f"c{place}", text=f"Door {place}, sparrow.") for place in range(count))]


@dataclass
class DrawnRecord:
    """Implements ``Recorded``: a golden that was drawn, and what is wrong with it."""

    by_id: dict[str, GoldenRecord]
    refusals: dict[str, str] = field(default_factory=dict)
    """Probe id -> why its record says nothing."""

    @property
    def records(self) -> list[GoldenRecord]:
        return list(self.by_id.values())

    def record(self, probe: Probe) -> GoldenRecord | None:
        return self.by_id.get(probe.id)

    def prints(self, probe: Probe) -> Echoing | None:
        return None

    def refusal(self, probe: Probe) -> str | None:
        return self.refusals.get(probe.id)


def drawn(probes: Sequence[Probe]) -> DrawnRecord:
    """A golden of eight takes for each probe."""
    rng = np.random.default_rng(1)
    return DrawnRecord({one.id: dataclasses.replace(record(rng, one.id), text=one.text) for one in probes})


def made_comparison(kind: ComparisonKind, probes: Sequence[Probe] | None = None) -> Comparison:
    """One of the registry over a drawn golden; contrast over pairs and no golden."""
    is_contrast = kind is ComparisonKind.CONTRAST
    chosen = list(probes) if probes is not None else pairs() if is_contrast else phrases()
    recorded = NothingRecorded() if is_contrast else drawn(chosen)
    screening = dataclasses.replace(SCREENING, suite_probes=len(chosen))
    return COMPARISONS[kind](Basis(probes=chosen, screening=screening, recorded=recorded, apart=apart))


def apart(ours: Take, theirs: Take) -> float:
    """Samples of drawn takes lie apart where anything else does."""
    return 0.0 if (ours.acoustics, ours.facts) == (theirs.acoustics, theirs.facts) else 1.0


def heard(comparison: Comparison, key: RenderingKey, says: Says) -> Take:
    """The take of a rendering: the golden's own where its seed is one of the golden's, else drawn from its key."""
    for golden in comparison.basis.recorded.records:
        for own in golden.takes:
            if golden.text == key.text and own.seed == key.seed and not says(key):
                echo = dataclasses.replace(own.hearing.echoes[0], seed=own.seed, mean=0.001)
                return dataclasses.replace(own, hearing=dataclasses.replace(own.hearing, echoes=(echo,)))
    rng = np.random.default_rng([len(key.model_digest), key.seed])
    return take(rng, key.seed, **says(key))  # type: ignore[arg-type]


def honest(key: RenderingKey) -> Mapping[str, object]:
    """Nothing is changed."""
    return {}


def answer_with(comparison: Comparison, says: Says = honest) -> Callable[[Wanted], TakesOf]:
    """Answers what a judgement wants without any campaign: fresh seeds are 5,000 and up."""

    def answer(wanted: Wanted) -> TakesOf:
        if isinstance(wanted, FirstTakes):
            return {one.id: first_takes(comparison, one, says, wanted.role.value) for one in wanted.probes}
        numbers = range(wanted.start, wanted.stop)
        return {
            one.id: [heard(comparison, rendering_key(one.text, 5000 + n, wanted.role.value), says) for n in numbers]
            for one in wanted.probes
        }

    return answer


def first_takes(comparison: Comparison, one: Probe, says: Says = honest, voice: str = CANDIDATE) -> list[Take]:
    """What the screening hears of one probe."""
    return [heard(comparison, rendering_key(*request, voice), says) for request in comparison.first_requests(one)]


def driven(judging: Judging, answer: Callable[[Wanted], TakesOf]) -> tuple[Outcome, list[Wanted]]:
    """What is decided, and what was wanted for it."""
    wanted: list[Wanted] = []
    answered: TakesOf | None = None
    while True:
        try:
            wanted.append(next(judging) if answered is None else judging.send(answered))
        except StopIteration as end:
            return end.value, wanted
        answered = answer(wanted[-1])


def rendering_key(text: str, seed: int, voice: str = CANDIDATE) -> RenderingKey:
    return RenderingKey(model_digest=voice, text=text, seed=seed, engine="drawn 1")


@dataclass
class DrawnVoice:
    """Implements ``Voice``: speaks at once, or loses its worker where it is told to."""

    name: str = CANDIDATE
    faults: dict[str, WorkerFault] = field(default_factory=dict)
    """Text -> what happens whenever it is spoken."""
    load_fault: WorkerFault | None = None
    recovered: Set[str] = frozenset()
    told: list[str] = field(default_factory=list)
    """Texts of which a verdict said that they are among those."""
    guilty: Mapping[str, WorkerFault] = field(default_factory=dict)
    has_loaded: bool = False
    kept: Set[Request] = frozenset()
    """What was rendered before."""
    asked: list[Request] = field(default_factory=list)
    """Everything that was asked for, in order."""
    is_closed: bool = False
    workers: int = 2
    doubts: Doubts = field(default_factory=Doubts)

    def as_speaker(self, name: str) -> DrawnVoice:
        return dataclasses.replace(self, name=f"{self.name}@{name}") if name else self

    def tell_recovered(self, text: str) -> None:
        self.told.append(text)

    def key(self, text: str, seed: int) -> RenderingKey:
        return rendering_key(text, seed, self.name)

    def known(self, requests: Iterable[Request]) -> dict[Request, Made]:
        return {one: self._said(one) for one in requests if one in self.kept}

    def load(self) -> EngineInfo:
        if self.load_fault is not None:
            raise self.load_fault
        self.has_loaded = True
        return EngineInfo(name="drawn", sample_rate=16_000)

    def submit(self, requests: Sequence[Request], *, later: int = 0) -> Future[dict[Request, Made]]:
        self.asked += requests
        self.has_loaded = self.load_fault is None
        done: Future[dict[Request, Made]] = Future()
        done.set_result({one: self.load_fault or self.faults.get(one[0]) or self._said(one) for one in requests})
        return done

    def _said(self, request: Request) -> Rendering:
        key = self.key(*request)
        sha256 = f"{request[1]:064x}"
        return Rendering(key=key, audio_sha256=sha256, sample_rate=16_000, facts=FACTS, frames=1, tokens=1)

    def close(self) -> None:
        self.is_closed = True


@dataclass
class DrawnListener:
    """Implements ``Listening``: hears what `says` makes of each rendering."""

    comparison: Comparison
    says: Says = honest
    senses: Mapping[str, str] = field(default_factory=dict)
    transcriber: Transcriber = field(default_factory=ToneTranscriber)
    expected: list[Expected] = field(default_factory=list)
    """What each rendering was held against, in order."""
    readied: int = 0
    """Times that it was to load beside something else."""

    @contextlib.contextmanager
    def getting_ready(self) -> Iterator[None]:
        self.readied += 1
        yield

    def takes(self, renderings: Sequence[Rendering], expected: Sequence[Expected]) -> list[Take]:
        self.expected += expected
        return [heard(self.comparison, one.key, self.says) for one in renderings]


class FreeLocks:
    """Implements ``Locks`` for one process."""

    def try_lock(self, name: str) -> IO[bytes] | None:
        return BytesIO()


@dataclass
class Staged:
    """A campaign with everything that it works with."""

    comparison: Comparison
    voice: DrawnVoice
    reference: DrawnVoice
    listener: DrawnListener
    campaign: Campaign
    told: list[str]

    def judge(self, probe_id: str) -> Outcome:
        return self.campaign.judge(next(one for one in self.comparison.basis.probes if one.id == probe_id))


def staged(comparison: Comparison, says: Says = honest, voice: DrawnVoice | None = None, *, most: int = 16) -> Staged:
    """Put a campaign together."""
    candidate, reference = voice or DrawnVoice(), DrawnVoice(REFERENCE)
    listener, told = DrawnListener(comparison, says), list[str]()
    tools = Tools(candidate=candidate, reference=reference, listener=listener, store=FreeLocks())
    campaign = Campaign(comparison, tools, most_failed=most, progress=told.append)
    return Staged(comparison, candidate, reference, listener, campaign, told)
