"""The tools of a run, made from settings and idle: model, store, renderer behind its walls, listener, admission."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.admission.checks.integrity import Provenance
from harness.admission.checks.provenance import provenance_of
from harness.admission.outcomes import Door
from harness.core.errors import BadInput, MissingDependency
from harness.core.language import heard_as
from harness.core.paths import cache_root, shown
from harness.core.shard import Shard
from harness.core.stages import Stages
from harness.core.text import counted, printable
from harness.core.thirdparty import require
from harness.core.transcriber import Transcriber
from harness.core.types import Model, Verdict
from harness.core.voice import Voice
from harness.engines.registry import ENGINES
from harness.hearing.asr.fake import ToneTranscriber
from harness.hearing.asr.weights import resolve_whisper
from harness.hearing.asr.whisper import WhisperTranscriber
from harness.hearing.listener import Listener
from harness.models.fetching.local import local_model
from harness.models.files import open_model
from harness.models.needs import is_importable, lacks_of, lent_by, preloads_of
from harness.models.project import find_project
from harness.models.vocoder import with_vocoder
from harness.models.voices import choices_of, choose_voice
from harness.run.settings import Settings
from harness.run.takes import Tools
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.levels import LEVELS, choose_launcher
from harness.speaking.cache import RenderingCache
from harness.speaking.pool import WorkerPool
from harness.speaking.renderer import Renderer
from harness.storage.sealed import store_key
from harness.storage.shared import SharedStore
from harness.storage.store import Store

CHARACTERS_PER_TIMEOUT = 240
"""A batch may take ``--tts-timeout`` once, and once more for every so many characters."""

ENGLISH_ONLY = ".en"
"""End of the names of Whisper models that know no other language."""

Tell = Callable[[str], None]


def engine_key(engine: str) -> str:
    """Engine and the versions that shape its audio: part of every rendering's name."""
    spec, versions = ENGINES[engine], []
    for package in spec.shaped_by:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} missing")
    return ", ".join([f"{engine} adapter {spec.adapter_version}", *versions])


def make_transcriber(settings: Settings, tell: Tell, language: str = "en") -> Transcriber:
    """The transcriber that ``--tts-asr`` names, listening for a language, whatever its region.

    Raises:
        BadInput: The spec is unknown.
        MissingDependency: Its package or weights are not there.
    """
    if settings.asr == "fake":
        return ToneTranscriber()
    kind, _, rest = settings.asr.partition(":")
    if kind != "whisper" or not rest:
        raise BadInput(f"--tts-asr: expected whisper:NAME or whisper:FILE, got {settings.asr!r}")
    # Whisper shares the cores with the voice's processes: threads that spin while they wait for each other take a
    # third of its time from them. OpenMP reads this once, when torch is first imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    weights = resolve_whisper(rest, cache_root(), progress=tell)
    if not all(map(is_importable, ("whisper", "torch"))):  # said now, and not when the first phrase is heard
        require("whisper", extra="whisper")
    if weights.name.endswith(ENGLISH_ONLY) and heard_as(language) != "en":
        other = f"--tts-asr=whisper:{weights.name.removesuffix(ENGLISH_ONLY)}"
        raise BadInput(
            f"--tts-asr={settings.asr}: Whisper {weights.name} hears English only, and the suite is in {language!r}; "
            f"name one that hears it, for example {other}"
        )
    language = heard_as(language)
    tell(f"listening with Whisper {weights.name} ({weights.source}, sha256 {weights.sha256[:12]})")
    return WhisperTranscriber(weights, device=settings.device, threads=settings.threads, language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A trusted model that speaks beside the candidate."""

    model: Model
    renderer: Renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What a run works with, made but idle."""

    model: Model
    store: Store
    renderer: Renderer
    listener: Listener
    engine: str
    isolation: str
    events: EventLog
    """What the workers of this process were seen to do."""
    door: Door
    """What admission says of the model. Ask it before the renderer."""

    def beside(self, reference: Reference | None = None, shard: Shard | None = None) -> Tools:
        """Who speaks and listens in a campaign, all of it or a part."""
        return Tools(
            candidate=self.renderer,
            listener=self.listener,
            store=self.store,
            reference=reference.renderer if reference else None,
            shard=shard,
        )


def make_equipment(
    settings: Settings,
    *,
    tell: Tell,
    on_event: Tell = lambda _: None,
    language: str = "en",
    transcriber: Callable[[], Transcriber] | None = None,
    is_ours: bool = False,
    stages: Stages | None = None,
) -> Equipment:
    """Find the model and lay out the tools.

    Args:
        settings: What to do.
        tell: Told what is going on, for people.
        on_event: Told each incident on one line.
        language: What is listened for.
        transcriber: One that is there already.
        is_ours: The model was made by this process: the project's signatures and pins say nothing about it.
        stages: Told when what took long began and ended.

    Raises:
        BadInput: The model is not there or is no model.
        MissingDependency: No sandbox holds here, and none was allowed; or the model needs what is not installed.
    """
    model = with_vocoder(open_model(local_model(settings.model, tell), settings.voice), settings.vocoder)
    choices = choices_of(model.engine, model.path)
    model = dataclasses.replace(
        model,
        voice=choose_voice(model.path, choices, model.voice, language=language),
        recording=settings.speaker_wav.wav if settings.speaker_wav else b"",
    )
    if model.voice.speakers and any(word not in model.voice.speakers for word in settings.speaker):
        tell(printable(f"{counted(len(model.voice.speakers), 'speaker')} chosen: {', '.join(model.voice.speakers)}"))
    store = make_store(settings, tell)
    events = EventLog(*([settings.log] if settings.log else []))
    provenance = (
        Provenance(model=model.path) if is_ours else provenance_of(_project(settings), settings.model, model.path)
    )
    door = Door(model, provenance, settings.policy, vocoder_provenance(settings, model))
    _refuse_lacks(model, door, language)
    if choices.unlisted and not model.voice.names and not model.recording and not door.refusal:
        why = f"its speakers cannot be listed ({choices.unlisted})"
        raise BadInput(printable(f"{shown(model.path)}: expected --tts-speaker=NAME, as {why}"))
    stages = stages or Stages(time.monotonic)
    with stages.at("harness", "trying the walls"):
        renderer, isolation = _make_renderer(
            settings,
            store,
            model,
            events,
            tell=tell,
            on_event=on_event,
            workers=settings.workers,
            language=language,
        )
    listener = Listener(
        store, transcriber or (lambda: make_transcriber(settings, tell, language)), stages, fresh=settings.fresh
    )
    return Equipment(
        model=model,
        store=store,
        renderer=renderer,
        listener=listener,
        engine=engine_key(model.engine),
        isolation=isolation,
        events=events,
        door=door,
    )


def make_store(settings: Settings, tell: Tell) -> Store:
    """Where renderings and takes are kept: the folder of runs, beside what machines share where something is.

    Raises:
        BadInput: What is shared is not there, or its key is too short.
        MissingDependency: It needs a package that is not there.
    """
    if settings.store is None:
        return Store(settings.folder)
    key = store_key(os.environ)
    return Store(settings.folder, SharedStore(settings.store.objects(), settings.folder, tell, key=key))


def make_reference(
    settings: Settings, wanted: Voice, *, tell: Tell, on_event: Tell, language: str = "en"
) -> Reference | None:
    """The trusted model that speaks beside the candidate, behind the same walls; None where none was named.

    Args:
        settings: What to do.
        wanted: Who of the candidate speaks: several speakers are to be there in the reference, too.
        tell: Told what is going on, for people.
        on_event: Told each incident on one line.
        language: What is listened for.

    Raises:
        BadInput: It is not there, is no model, or does not pass admission.
    """
    if not settings.reference:
        return None
    model = open_model(local_model(settings.reference, tell), Voice(recording=wanted.recording))
    if settings.vocoder and model.voice.vocoder:  # it speaks as the candidate is to
        model = with_vocoder(model, settings.vocoder)
    choices = choices_of(model.engine, model.path)
    chosen = dataclasses.replace(
        model.voice,
        speaker=wanted.speaker if wanted.speaker in choices.speakers else "",
        speakers=wanted.speakers,
        language=wanted.language if wanted.language in choices.languages else "",
    )
    model = dataclasses.replace(
        model,
        voice=choose_voice(model.path, choices, chosen, language=language),
        recording=settings.speaker_wav.wav if settings.speaker_wav else b"",
    )
    door = Door(
        model,
        provenance_of(_project(settings), settings.reference, model.path),
        settings.policy,
        vocoder_provenance(settings, model),
    )
    if refusal := door.refusal:
        raise BadInput(f"--tts-reference={settings.reference}: {refusal}")
    _refuse_lacks(model, door, language)
    # Its behaviour is not the candidate's: what it is seen to do is told and goes into no verdict.
    renderer, _ = _make_renderer(
        settings,
        make_store(settings, tell),
        model,
        EventLog(),
        tell=tell,
        on_event=on_event,
        workers=1,
        language=language,
    )
    return Reference(model=model, renderer=renderer)


def _refuse_lacks(model: Model, door: Door, language: str) -> None:
    """Say what this machine lacks for a model before anything is judged.

    A model that admission fails is never loaded: that it also needs something here is no reason not to fail it.

    Raises:
        MissingDependency: What is not installed, and what installs it.
    """
    lacks = lacks_of(model.engine, model.path, language)
    if lacks and all(outcome.verdict is not Verdict.FAIL for outcome in door.outcomes):
        raise MissingDependency(f"{shown(model.path)}: {lacks}")


def vocoder_provenance(settings: Settings, model: Model) -> Provenance | None:
    """Whose word there is for the vocoder, where one was named."""
    if model.vocoder is None:
        return None
    return provenance_of(_project(settings), settings.vocoder, model.vocoder.path)


def _project(settings: Settings) -> Path:
    """Whose signatures and pins count: never those that lie in the candidate or the reference."""
    return find_project(Path.cwd(), settings.model, settings.reference, settings.vocoder)


def _make_renderer(
    settings: Settings,
    store: Store,
    model: Model,
    events: EventLog,
    *,
    tell: Tell,
    on_event: Tell,
    workers: int,
    language: str,
) -> tuple[Renderer, str]:
    """A renderer, and the name of the isolation that its workers have."""
    launcher = choose_launcher(
        settings.isolation,
        allow_unsandboxed=settings.allow_unsandboxed,
        memory_bytes=int(settings.memory_gb * 2**30),
        lent=lent_by(model.engine, model.path, language, tell),
        log=events,
    )
    # What was spoken without a sandbox was not observed: a run with one makes its own renderings.
    unseen = "" if is_observed(launcher.isolation) else ", unsandboxed"
    cache = RenderingCache(
        store,
        model_digest=model.digest,
        engine_key=engine_key(model.engine) + unseen,
        voice=model.voice.identity,
        device=settings.device,
        fresh=settings.fresh,
    )
    pool = WorkerPool(
        model,
        launcher,
        device=settings.device,
        threads=max(1, settings.threads // workers),
        workers=workers,
        preloads=preloads_of(model.engine, model.path, language),
        bounds=Bounds(
            batch_seconds=settings.timeout,
            first_seconds=settings.timeout / 2,
            seconds_per_character=settings.timeout / CHARACTERS_PER_TIMEOUT,
        ),
    )
    return Renderer(cache, pool, on_event), launcher.isolation


def metered_engine(settings: Settings, engine: str) -> str:
    """Engine, versions and threads: what must be equal for processor time to be comparable."""
    threads = max(1, settings.threads // settings.workers)
    return f"{engine}, {counted(threads, 'thread')}"


def is_observed(isolation: str) -> bool:
    """Whether walls and an observer stood around the candidate, by the name of its isolation."""
    return isolation.split(" ")[0] in LEVELS
