"""All copies of a plan put to the gate, one after the other: within a budget, and from where it was interrupted."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import __version__
from harness.core.errors import BadInput
from harness.core.paths import shown
from harness.core.power import CopyResult, CopyStatus, Power
from harness.engines.coqui.layout import find_checkpoint
from harness.goldens.folder import differs_in, senses_differ
from harness.hearing.listener import Listener
from harness.judging.judge import plain_judge
from harness.judging.reliability import unreliable
from harness.models.voices import choices_of
from harness.redteam.plan import EDITS_VERSION, plan
from harness.redteam.score.decisions import Decisions
from harness.redteam.score.ledger import Ledger
from harness.redteam.score.sample import SIZE, Size
from harness.redteam.score.trial import Trial, planted
from harness.redteam.score.voice import frames_of, sounds_of
from harness.redteam.waking import Phrases
from harness.run.run import Shared, screening_of
from harness.run.tools import engine_key, make_transcriber
from harness.storage.digests import file_sha256
from harness.storage.store import Store
from harness.suites.file import language_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from harness.core.transcriber import Transcriber
    from harness.core.types import Model, Probe
    from harness.goldens.folder import Golden
    from harness.redteam.kinds import Kind
    from harness.redteam.plan import Copy
    from harness.redteam.score.trial import Maker
    from harness.run.settings import Settings
    from harness.suites.file import SuiteFileContent

COPIES = "copies"
"""Folder of the copies, below that of the score."""
_MAKING = "making-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is to be scored, beside the settings of a run."""

    kinds: tuple[Kind, ...]
    """All that can be planted."""
    part: str
    """Half of the plan."""
    seed: int
    """Of the plan."""
    wanted: Collection[str] = ()
    """Names of kinds; all where empty."""
    most: int | None = None
    """Copies of each kind, the first ones of the plan; all where None."""
    budget: float | None = None
    """Seconds after which no further copy is begun."""
    size: Size = SIZE
    is_kept: bool = False
    """Leave the copies where they were made."""
    with_hash: bool = False
    """Also see what a hash of the audio would say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is scored: a clean voice, suites, and a golden that was recorded from that voice."""

    settings: Settings
    """Its folder is a place of the red team's own."""
    model: Model
    golden: Golden
    suites: Sequence[SuiteFileContent]


def score(
    target: Target,
    scope: Scope,
    *,
    tell: Callable[[str], None],
    progress: Callable[[str], None],
    make: Maker | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Power:
    """Make, gate and count.

    Args:
        target: What is scored.
        scope: How.
        tell: Told one line per copy, with an estimate of what is left.
        progress: Told where it is within a copy.
        make: Makes copies; the red team's own where left out.
        clock: Seconds, for the budget.

    Raises:
        BadInput: The golden is of another voice or another listener, or a kind is unknown.
        StorageError: The folder cannot be written.
    """
    settings = target.settings
    copies = plan(scope.kinds, part=scope.part, seed=scope.seed, wanted=scope.wanted, most=scope.most)
    if shard := settings.shard:
        copies = tuple(copy for place, copy in enumerate(copies) if shard.has(place))
    transcriber = _transcriber(settings, tell, language_of(target.suites))
    listener = Listener(Store(settings.folder), transcriber)
    usable = _usable(target, listener)
    screening = screening_of(settings, target.suites)
    checkpoint = file_sha256(find_checkpoint(target.model.path)) if target.model.engine == "coqui" else ""
    trial = Trial(
        settings=dataclasses.replace(settings, shard=None),  # copies are shared out, and each is judged whole
        suites=target.suites,
        probes=usable,
        shared=Shared(
            transcriber=transcriber,
            golden=target.golden,
            judge=plain_judge(list(target.golden.records.values()), screening),
            most_failed=scope.size.failed,
        ),
        phrases=Phrases(
            sounds=sounds_of(target.model.path),
            frames=frames_of(target.model.path, target.golden),
            speakers=choices_of(target.model.engine, target.model.path).speakers,
        ),
        make=make or planted(target.model.path, progress),
        checkpoint=checkpoint,
        decisions=Decisions(settings.policy, target.model.path) if settings.policy else None,
        size=scope.size,
        with_hash=scope.with_hash,
        progress=progress,
    )
    ledger = Ledger(settings.folder / "results", _basis(target, scope, listener))
    with _alone(settings.folder, owner := _owner(settings)):
        results, left_out = _all(trial, ledger, copies, scope, owner, tell=tell, clock=clock)
    return Power(
        version=__version__,
        model=settings.model,
        model_digest=target.model.digest,
        golden=target.golden.name,
        golden_digest=target.golden.digest,
        suites=tuple(shown(content.path) for content in target.suites),
        probes=screening.suite_probes,
        asr=transcriber().identity.get("name", settings.asr),
        alpha=settings.alpha,
        takes=settings.takes,
        seed=scope.seed,
        part=scope.part,
        planned=len(copies),
        results=results,
        left_out=left_out,
        falling=tuple(kind.name for kind in scope.kinds if kind.strength and kind.strength.is_falling),
    )


def _all(
    trial: Trial,
    ledger: Ledger,
    copies: Sequence[Copy],
    scope: Scope,
    owner: str,
    *,
    tell: Callable[[str], None],
    clock: Callable[[], float],
) -> tuple[tuple[CopyResult, ...], tuple[str, ...]]:
    """What came of the copies, and the labels of those that the budget left no time for."""
    known = {kind.name: kind for kind in scope.kinds}
    results: list[CopyResult] = []
    left_out: list[str] = []
    begun, measured = clock(), 0
    for place, copy in enumerate(copies):
        result = ledger.known(copy)
        if result is None:
            spent = clock() - begun
            if scope.budget is not None and measured and spent * (1 + 1 / measured) > scope.budget:
                left_out.append(copy.label)
                continue
            scratch = trial.settings.folder / COPIES / f"{_MAKING}{owner}-{ledger.key(copy)}"
            try:
                result = trial.run(known[copy.kind], copy, scratch)
                if scope.is_kept and scratch.is_dir():
                    scratch.replace(scratch.with_name(ledger.key(copy)))
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
            ledger.keep(copy, result)
            measured += result.status is CopyStatus.GATED
            left = sum(ledger.known(other) is None for other in copies[place + 1 :])
            mean = (clock() - begun) / max(1, measured)
            tell(f"{place + 1} of {len(copies)}: {told(result)}; {_left(left, mean)}")
        results.append(result)
    return tuple(results), tuple(left_out)


@contextlib.contextmanager
def _alone(folder: Path, own: str) -> Iterator[None]:
    """Hold the folder for one part, and clear away what scores that were killed left in it.

    Raises:
        BadInput: Another score has it.
    """
    store = Store(folder)
    if (lock := store.try_lock(f"score-{own}")) is None:
        raise BadInput(f"{folder}: another score is running there; wait for it, or choose another place with --tts-dir")
    with lock:
        for leftover in (folder / COPIES).glob(f"{_MAKING}*"):
            whose = leftover.name.removeprefix(_MAKING).rpartition("-")[0]
            if whose == own:
                shutil.rmtree(leftover, ignore_errors=True)
            elif (other := store.try_lock(f"score-{whose}")) is not None:
                with other:
                    shutil.rmtree(leftover, ignore_errors=True)
        yield


def _owner(settings: Settings) -> str:
    """Names who makes copies: one part of a score, or a whole one."""
    return f"{settings.shard.number}-{settings.shard.of}" if settings.shard else "whole"


def told(result: CopyResult) -> str:
    """What came of a copy, on one line."""
    if result.status is not CopyStatus.GATED:
        return f"{result.label}: {result.status.value} ({result.reason})"
    if result.is_honest:
        said = "failed" if result.has_failed else "passed, as it should"
    else:
        said = "detected" if result.is_detected else "left open" if result.is_open else "NOT DETECTED"
    rules = f" ({', '.join(result.rules[:3])})" if result.rules else ""
    return f"{result.label}: {said}{rules}, {result.seconds:.0f} s"


def _left(copies: int, mean: float) -> str:
    return f"about {copies * mean / 60:.0f} min left" if copies else "done"


def _transcriber(settings: Settings, tell: Callable[[str], None], language: str) -> Callable[[], Transcriber]:
    """A transcriber that is loaded once, when something has to be heard."""

    @functools.cache
    def made() -> Transcriber:
        return make_transcriber(settings, tell, language)

    return made


def _usable(target: Target, listener: Listener) -> list[Probe]:
    """The probes that the golden can judge.

    Raises:
        BadInput: There are none, for one reason.
    """
    golden = target.golden
    if golden.manifest.model_digest != target.model.digest:
        raise BadInput(
            f"golden {golden.name} was recorded from another voice ({golden.manifest.model_digest[:12]}); "
            "name a golden of this one with --golden, or record it with: soundcheck record"
        )
    if different := differs_in(golden.manifest, listener.transcriber.identity):
        raise BadInput(
            f"golden {golden.name} was recorded with another transcriber ({different}); choose that one with --tts-asr"
        )
    if different := senses_differ(golden.manifest, listener.senses):
        raise BadInput(f"golden {golden.name} was measured with another ear ({different}); record it again")
    probes = [probe for content in target.suites for probe in content.suite.probes]
    usable = [
        probe
        for probe in probes
        if (record := golden.records.get(probe.id)) and record.text == probe.text and not unreliable(probe, record)
    ]
    if not usable:
        raise BadInput(f"golden {golden.name} has none of the {len(probes)} probes; record this suite first")
    return usable


def _basis(target: Target, scope: Scope, listener: Listener) -> dict[str, object]:
    """Everything that a result depends on besides the copy and the code."""
    settings = target.settings
    recipes = {kind.name: file_sha256(kind.path) for kind in scope.kinds if kind.path}
    return {
        "version": __version__,
        "edits": EDITS_VERSION,
        "recipes": recipes,
        "model": target.model.digest,
        "voice": [settings.checkpoint, settings.language, *settings.speaker],
        "beside": [target.model.voice.vocoder, settings.speaker_wav.sha256 if settings.speaker_wav else ""],
        "golden": target.golden.digest,
        "suites": [content.sha256 for content in target.suites],
        "asr": dict(listener.transcriber.identity),
        "senses": dict(listener.senses),
        "engine": engine_key(target.model.engine),
        "takes": settings.takes,
        "alpha": settings.alpha,
        "isolation": [settings.isolation, settings.allow_unsandboxed, settings.device],
        "size": scope.size,
        "hash": scope.with_hash,
        "policy": settings.policy.sha256 if settings.policy else "",
    }
