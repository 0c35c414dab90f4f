"""A Kokoro voice and an ear in one process: goldens and takes by build, from the store where they were made before.

No walls stand around the voice here, whose files were made by :mod:`benchmarks.kokoro_voices`. A golden's eight repeats
are one take, heard once and counted as several, which is what :func:`harness.core.distinct.is_one_take` makes of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.kokoro_builds import SAME_BUILD, Build, written
from benchmarks.kokoro_voices import voice_folder
from harness.core.findings import Outcome
from harness.core.paths import cache_root
from harness.core.screening import Screening
from harness.core.transcriber import Echoing
from harness.core.types import GoldenRecord, Probe, Rendering, RenderingKey, Take
from harness.core.voice import Voice
from harness.core.waveform import clean, facts
from harness.engines.kokoro.adapter import KokoroEngine
from harness.goldens.prints import PrintBook
from harness.hearing.asr.likeness import echoes_of, fit_basis, print_of
from harness.hearing.asr.weights import resolve_whisper
from harness.hearing.asr.whisper import WhisperTranscriber
from harness.hearing.listener import Listener
from harness.hearing.listening import Expected
from harness.judging.comparisons.base import Basis, Judging
from harness.judging.comparisons.golden import GoldenComparison
from harness.speaking.schedule import BATCH
from harness.storage.digests import file_sha256
from harness.storage.store import Store, digest_of

if TYPE_CHECKING:
    from harness.hearing.asr.likeness import Features

WHISPER: Final = "base"
TAKES: Final = 8
"""Repeats of a golden."""
BASIS_PROBES: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a candidate is held against; implements :class:`harness.judging.comparisons.base.Recorded`."""

    probes: Sequence[Probe]
    by_id: Mapping[str, GoldenRecord]
    screening: Screening

    @property
    def records(self) -> Sequence[GoldenRecord]:
        """All of them."""
        return list(self.by_id.values())

    def record(self, probe: Probe) -> GoldenRecord | None:
        """The record of a probe."""
        return self.by_id.get(probe.id)

    def prints(self, probe: Probe) -> Echoing | None:
        """None: what is heard here was held against them already."""
        del probe
        return None

    def refusal(self, probe: Probe) -> str | None:
        """None: every probe was recorded."""
        del probe
        return None


def judged(
    run: Run, takes: Mapping[str, Sequence[Take]], *, only: str = "", how: type[GoldenComparison] = GoldenComparison
) -> list[Outcome]:
    """Outcomes of a candidate's probes and of its suite; of one probe where that is all that is asked."""
    comparison = how(Basis(probes=run.probes, screening=run.screening, recorded=run))
    asked = [probe for probe in run.probes if not only or probe.id == only]
    outcomes = [_driven(comparison.judge(probe, takes[probe.id]), takes) for probe in asked]
    return outcomes if only else [*outcomes, _driven(comparison.judge_suite(), takes)]


def _driven(judging: Judging, takes: Mapping[str, Sequence[Take]]) -> Outcome:
    """What comes of a judgement that is given whatever it wants."""
    try:
        wanted = next(judging)
        while True:
            wanted = judging.send({probe.id: takes[probe.id] for probe in wanted.probes})
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome


class KokoroStage:
    """One speaker in one language, and Whisper."""

    def __init__(self, folder: Path, language: str, speaker: str) -> None:
        """Lay out; nothing is loaded yet."""
        self._folder = folder / "kokoro-builds"
        self._language = language
        self._speaker = speaker
        self._store = Store(folder)
        weights = resolve_whisper(WHISPER, cache_root(), progress=lambda _: None)
        transcriber = WhisperTranscriber(weights, threads=1, language=language)
        self._listener = Listener(self._store, lambda: transcriber)
        self._prints: PrintBook | None = None
        self._speaking = ThreadPoolExecutor(1)
        self._loaded: tuple[Path, int, KokoroEngine] | None = None

    def golden_of(self, probes: Sequence[Probe]) -> dict[str, GoldenRecord]:
        """What the unchanged voice was heard to say."""
        spoken = self._spoken(SAME_BUILD, [probe.text for probe in probes])
        heard = [self._heard(rendering.result()) for rendering in spoken]
        step = max(1, len(probes) // BASIS_PROBES)
        basis = fit_basis([[features] * 2 for _, features in heard[::step]])
        prints = {
            probe.id: tuple((seed, print_of(features, basis)) for seed in range(TAKES))
            for probe, (_, features) in zip(probes, heard, strict=True)
        }
        self._prints = PrintBook(basis=basis, takes=prints)
        records = {}
        for probe, (take, _) in zip(probes, heard, strict=True):
            echoes = echoes_of(prints[probe.id][0][1], prints[probe.id][1:])
            own = dataclasses.replace(take, hearing=dataclasses.replace(take.hearing, echoes=echoes))
            repeats = tuple(dataclasses.replace(own, seed=seed) for seed in range(TAKES))
            records[probe.id] = GoldenRecord(
                probe_id=probe.id, text=probe.text, transcript=take.hearing.text, takes=repeats, audio=""
            )
        return records

    def _heard(self, rendering: Rendering) -> tuple[Take, Features]:
        """A golden's take and what the encoder heard, from the store where both were kept."""
        how = {"golden of": digest_of([dict(self._listener.transcriber.identity), dict(self._listener.senses)])}
        path = self._folder / "heard" / f"{digest_of([rendering.key, how])}.npy"
        known = self._store.take(rendering, how)
        if known is not None and path.is_file():
            return known, np.load(path, allow_pickle=False)
        (take,), (repeat,) = self._listener.repeats([rendering], lambda texts: texts[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, repeat.features, allow_pickle=False)
        self._store.keep_take(rendering, how, take)
        return take, repeat.features

    def takes_of(
        self, build: Build, texts: Mapping[str, str], records: Mapping[str, GoldenRecord]
    ) -> dict[str, tuple[Take, ...]]:
        """What a build says for each probe, held against the golden; its very audio is not heard again."""
        assert self._prints is not None
        spoken = dict(zip(texts, self._spoken(build, list(texts.values())), strict=True))
        found: dict[str, Take] = {}
        for at in range(0, len(texts), BATCH):
            part = {name: spoken[name].result() for name in list(texts)[at : at + BATCH]}
            found |= {name: records[name].takes[0] for name, one in part.items() if _is_golden(one, records[name])}
            others = [name for name in part if name not in found]
            expected = [Expected(text=records[name].transcript, prints=self._prints.of(name)) for name in others]
            found |= dict(zip(others, self._listener.takes([part[name] for name in others], expected), strict=True))
        return {name: (found[name],) for name in texts}

    def _spoken(self, build: Build, texts: Sequence[str]) -> list[Future[Rendering]]:
        """Renderings in order, of which the next are made while one is heard."""
        folder = written(build, voice_folder(), self._speaker, self._folder)
        digest = file_sha256(*sorted(path for path in folder.iterdir()))

        def rendering(text: str) -> Rendering:
            key = RenderingKey(
                model_digest=digest, text=text, seed=0, engine=f"kokoro benchmark {build.threads}",
                voice=f"{self._speaker} {self._language}",
            )  # fmt: skip
            known = self._store.rendering(key)
            if known is not None:
                return known
            (speech,) = self._engine(folder, build.threads).render([text], [0])
            measured = facts(speech.samples, speech.sample_rate)
            work = (speech.frames, speech.tokens)
            return self._store.keep(key, clean(speech.samples), speech.sample_rate, measured, work)

        return [self._speaking.submit(rendering, text) for text in texts]

    def _engine(self, folder: Path, threads: int) -> KokoroEngine:
        """Who spoke last is kept, for it mostly speaks next."""
        if self._loaded and self._loaded[:2] == (folder, threads):
            return self._loaded[2]
        self._loaded = None  # two would take twice the memory
        engine = KokoroEngine()
        engine.prepare(device="cpu", threads=threads)
        voice = Voice(speakers=(self._speaker,), language=self._language)
        engine.load(folder, device="cpu", threads=threads, voice=voice)
        self._loaded = folder, threads, engine
        return engine


def _is_golden(rendering: Rendering, record: GoldenRecord) -> bool:
    return rendering.audio_sha256 == record.takes[0].audio_sha256
