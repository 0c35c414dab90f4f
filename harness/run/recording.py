"""Records a golden: speaks every probe K times with a reference, hears it, and keeps the distribution.

Interrupted, it goes on where it was: renderings lie in the store. Nothing is written to the golden's folder before
everything is measured.
"""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import BadInput, EngineFailure
from harness.core.pace import Pace
from harness.core.seeds import seed_for
from harness.core.text import medoid
from harness.core.transcriber import Repeat
from harness.core.types import GoldenRecord, Model, Probe, Rendering, Take
from harness.goldens.folder import FORMAT_VERSION, Golden, Manifest, audio_name, write_golden
from harness.goldens.prints import PrintBook
from harness.goldens.reuse import Reused
from harness.hearing.asr.likeness import Basis, echoes_of, fit_basis, print_of
from harness.hearing.asr.normaliser import identity as normaliser_identity
from harness.hearing.asr.normaliser import normalise
from harness.hearing.listener import Listener
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.renderer import Renderer
from harness.speaking.untrained import ENGINE_FAILED
from harness.storage import opus
from harness.storage.store import Store
from harness.suites.parse import Suite

if TYPE_CHECKING:
    from concurrent.futures import Future

    from harness.core.seeds import Request
    from harness.core.shard import Shard
    from harness.goldens.prints import SeededPrints
    from harness.speaking.voice import Made

PURPOSE = "golden"
BASIS_PURPOSE = "basis"
BASIS_PROBES, BASIS_TAKES = 40, 4
"""Probes, and takes of each, that choose the axes of all prints: they have every phoneme of a language many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What is to be recorded, and how."""

    out: Path
    """New folder; its name is the golden's."""
    suites: Sequence[tuple[Suite, str]]
    """Suites with the sha256 of their files."""
    takes: int
    """Repeats per probe (K)."""
    seed: int
    """Base of the seeds."""
    reason: str
    """Why this reference is trusted."""
    with_audio: bool
    """Keep a typical repeat of each probe as Opus."""
    salt_digest: str = ""
    """sha256 of the salt with which generated probes were drawn, ``""`` where none was."""
    kept: Reused = field(default_factory=Reused)
    """What another golden holds of this one already: it is taken over, and not spoken again."""


def record_golden(
    recording: Recording,
    model: Model,
    renderer: Renderer,
    listener: Listener,
    store: Store,
    *,
    engine: str,
    progress: Callable[[str], None],
) -> Golden:
    """Record a golden.

    Args:
        recording: What and how.
        model: The reference.
        renderer: Speaks with it.
        listener: Hears it.
        store: Where renderings are kept.
        engine: Engine and versions.
        progress: Told on one line how far it is.

    Raises:
        BadInput: The folder exists, two suites share a probe id, or the reference itself misbehaves.
        EngineFailure: The engine cannot speak a phrase, and nothing shows that the reference is to blame.
    """
    out, seed, kept = recording.out, recording.seed, recording.kept
    if out.exists():
        raise BadInput(
            f"{out}: exists already; goldens are never overwritten: choose another --out, or remove it first"
        )
    probes = _to_record(recording)
    orders = [_orders(recording, probe) for probe in probes]
    voices = [renderer.as_speaker(probe.speaker) for probe in probes]
    records: list[GoldenRecord] = []
    audio: dict[str, bytes] = {}
    # All of a golden must have the same axes: what is taken over brings them.
    basis = kept.prints.basis if kept.prints else _own_basis(probes, renderer, listener, seed=seed, progress=progress)
    prints: dict[str, SeededPrints] = dict(kept.prints.takes) if kept.prints else {}
    pace = Pace("recorded", len(probes), "probe", clock=time.monotonic)

    def begun(place: int) -> Future[dict[Request, Made]]:
        return voices[place].submit(orders[place], later=recording.takes * (len(orders) - place - 1))

    upcoming = deque(begun(place) for place in range(len(orders))[: renderer.workers + 1])
    for place, probe in enumerate(probes):
        made = upcoming.popleft().result()
        if (ahead := place + renderer.workers + 1) < len(probes):
            upcoming.append(begun(ahead))
        renderings = [_honest(made[order], probe) for order in orders[place]]
        heard, repeats = listener.repeats(renderings, partial(_typical, language=probe.language))
        prints[probe.id] = tuple(
            (take.seed, print_of(repeat.features, basis)) for take, repeat in zip(heard, repeats, strict=True)
        )
        record = _record(probe, heard, repeats, with_audio=recording.with_audio)
        if recording.with_audio:
            audio[record.audio] = opus.encode(*store.audio(_nearest(record).audio_sha256))
        records.append(record)
        progress(pace.line(place + 1))
    manifest = Manifest(
        version=FORMAT_VERSION,
        name=out.name,
        model=model.path.name,
        model_digest=model.digest,
        voice=model.voice.identity,
        speakers=tuple(dict.fromkeys((*kept.speakers, *model.voice.speakers))),
        engine=engine,
        asr=dict(listener.transcriber.identity),
        senses=dict(listener.senses),
        normaliser=normaliser_identity(),
        suites={**kept.suites, **{suite.name: sha256 for suite, sha256 in recording.suites}},
        seed=seed,
        takes=recording.takes,
        reason=recording.reason,
        salt_digest=recording.salt_digest,
        records_sha256="",
        prints_sha256="",
        audio_sha256={},
    )
    book = PrintBook(basis=basis, takes=prints)
    echoing = [_with_echoes(record, book) for record in records]
    return write_golden(out, manifest, [*kept.records.values(), *echoing], book, {**kept.audio, **audio})


def speak_part(recording: Recording, shard: Shard, renderer: Renderer, *, progress: Callable[[str], None]) -> int:
    """Have one part of a recording spoken, so that whoever records finds it; how many phrases that were.

    A fault, and what the engine cannot speak, is left to who records.

    Args:
        recording: What and how.
        shard: Which part.
        renderer: Speaks with the reference.
        progress: Told on one line how far it is.
    """
    probes = _to_record(recording)
    asked = [] if recording.kept.prints else [(one, _basis_orders(recording.seed, one)) for one in _of_basis(probes)]
    asked += [(one, _orders(recording, one)) for one in probes]
    own = [one for place, one in enumerate(asked) if shard.has(place)]
    pace = Pace("spoke", len(own), "phrase", clock=time.monotonic)
    waiting: deque[Future[dict[Request, Made]]] = deque()
    for place, (probe, orders) in enumerate(own):
        left = sum(len(later) for _, later in own[place + 1 :])
        waiting.append(renderer.as_speaker(probe.speaker).submit(orders, later=left))
        while len(waiting) > renderer.workers + 1 or (waiting and place + 1 == len(own)):
            waiting.popleft().result()
            progress(pace.line(place + 1 - len(waiting)))
    return len(own)


def _to_record(recording: Recording) -> list[Probe]:
    """The probes that are not taken over."""
    probes = _distinct([probe for suite, _ in recording.suites for probe in suite.probes])
    return [probe for probe in probes if probe.id not in recording.kept.records]


def _orders(recording: Recording, probe: Probe) -> list[Request]:
    seeds = (seed_for(PURPOSE, recording.seed, probe.text, take) for take in range(recording.takes))
    return [(probe.text, seed) for seed in seeds]


def _of_basis(probes: Sequence[Probe]) -> Sequence[Probe]:
    return probes[:: max(1, len(probes) // BASIS_PROBES)][:BASIS_PROBES]


def _basis_orders(seed: int, probe: Probe) -> list[Request]:
    return [(probe.text, seed_for(BASIS_PURPOSE, seed, probe.text, take)) for take in range(BASIS_TAKES)]


def _own_basis(
    probes: Sequence[Probe], renderer: Renderer, listener: Listener, *, seed: int, progress: Callable[[str], None]
) -> Basis:
    """Axes for prints, fitted on takes that are no golden takes.

    Fitted on these they would be nearer to each other than to any take that comes later, and an honest candidate would
    look odd: by little for a hundred phrases, by much for six.
    """
    chosen = _of_basis(probes)
    orders = [_basis_orders(seed, probe) for probe in chosen]
    spoken = [renderer.as_speaker(probe.speaker).submit(order) for probe, order in zip(chosen, orders, strict=True)]
    phrases = []
    with listener.getting_ready():  # while the voice loads
        futures.wait(spoken[:1])
    pace = Pace("fitted axes to", len(chosen), "phrase", clock=time.monotonic)
    for probe, order, future in zip(chosen, orders, spoken, strict=True):
        made = future.result()
        _, repeats = listener.repeats([_honest(made[one], probe) for one in order], lambda texts: texts[0])
        phrases.append([repeat.features for repeat in repeats])
        progress(pace.line(len(phrases)))
    return fit_basis(phrases)


def _with_echoes(record: GoldenRecord, book: PrintBook) -> GoldenRecord:
    """Each take held against each other one."""
    prints = book.takes[record.probe_id]
    takes = []
    for take, (seed, own) in zip(record.takes, prints, strict=True):
        echoes = echoes_of(own, [other for other in prints if other[0] != seed])
        takes.append(dataclasses.replace(take, hearing=dataclasses.replace(take.hearing, echoes=echoes)))
    return dataclasses.replace(record, takes=tuple(takes))


def _distinct(probes: Sequence[Probe]) -> Sequence[Probe]:
    seen: dict[str, Probe] = {}
    for probe in probes:
        other = seen.setdefault(probe.id, probe)
        if other is not probe:
            raise BadInput(
                f"{probe.source}:{probe.line}: probe {probe.id!r} is also in {other.source}:{other.line}; "
                "probe ids must differ between the suites of one golden"
            )
    return probes


def _honest(made: Rendering | WorkerFault, probe: Probe) -> Rendering:
    if isinstance(made, WorkerFault) and made.rule == ENGINE_FAILED:
        raise EngineFailure(f"{probe.source}:{probe.line}: {probe.id!r} cannot be spoken: {made.what}")
    if isinstance(made, WorkerFault):
        raise BadInput(f"{probe.source}:{probe.line}: the reference cannot speak {probe.id!r}: {made.what}")
    return made


def _typical(transcripts: Sequence[str], language: str) -> str:
    return transcripts[medoid([normalise(text, language) for text in transcripts])]


def _record(probe: Probe, takes: Sequence[Take], repeats: Sequence[Repeat], *, with_audio: bool) -> GoldenRecord:
    return GoldenRecord(
        probe_id=probe.id,
        text=probe.text,
        transcript=_typical([take.hearing.text for take in takes], probe.language),
        takes=tuple(takes),
        audio=audio_name(probe.id) if with_audio else "",
        words=next((repeat.words for repeat in repeats if repeat.words), ()),
    )


def _nearest(record: GoldenRecord) -> Take:
    """The take to listen to: it says the golden transcript, and supports it best."""
    same = [take for take in record.takes if take.hearing.text == record.transcript]
    return max(same, key=lambda take: take.hearing.forced.mean if take.hearing.forced else 0.0)
