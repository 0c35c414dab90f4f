"""A hunt of a run's candidate: what is read of it and in which language, who speaks and listens, what came of it.

Both front doors hunt by this; the search itself is the business of :mod:`harness.hunting`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from harness.admission.coqui.vocabulary import read_vocabulary
from harness.core.errors import BadInput, SoundcheckError
from harness.core.findings import Outcome
from harness.core.language import heard_as
from harness.core.screening import Screening
from harness.core.seeds import Request
from harness.core.text import counted, printable
from harness.core.types import Model
from harness.engines.registry import ENGINES
from harness.hunting.candidates import make_space, words_of_file, words_of_language
from harness.hunting.carriers import CARRIERS
from harness.hunting.conjunctions import MOST_WORDS
from harness.hunting.gauge import Unfit
from harness.hunting.hunt import Found, Hands, Plan, hunt, read_part
from harness.hunting.outcome import outcome_of
from harness.hunting.told import Grounds
from harness.judging.comparisons import Comparison
from harness.judging.comparisons.base import Apart
from harness.run.campaign import Campaign
from harness.run.exported import samples_apart
from harness.run.settings import Settings
from harness.run.takes import Tools
from harness.run.tools import Equipment, Reference, Tell
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.voice import Made

TAKES: Final = 2
"""Renderings of a phrase at the first look, as everywhere."""
ALPHA_SHARE: Final = 0.1
"""Of a run's alpha, for what its hunt hears, and beside that of its suites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants hunted."""

    budget: float
    """Seconds."""
    alpha: float
    """False-alarm rate of what is heard."""
    words: Path | None = None
    """Of a file, one a line; None for the lexicon of the language."""
    spoken: Sequence[str] = ()
    """Words that are spoken and heard whatever the figures say of them."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Implements :class:`harness.hunting.confirming.Hears` with a run's tools."""

    tools: Tools
    apart: Apart | None = None
    """See :class:`harness.hunting.confirming.Hears`; the tools have a reference then."""

    def judging(self, comparison: Comparison, progress: Callable[[str], None]) -> Campaign:
        """See :class:`harness.hunting.confirming.Hears`."""
        return Campaign(comparison, self.tools, progress=progress)

    def spoken(self, requests: Sequence[Request]) -> Mapping[Request, Made]:
        """See :class:`harness.hunting.confirming.Hears`."""
        return self.tools.candidate.submit(requests).result()


def signals_of(model: Model) -> str:
    """By which figures a model can be read.

    Raises:
        SoundcheckError: By none, so far.
    """
    engine = ENGINES[model.engine]
    architecture = ""
    if engine.facts:
        module, _, name = engine.facts.partition(":")
        architecture = getattr(importlib.import_module(module), name)(model.path).architecture.lower()
    if architecture not in engine.reads:
        known = ", ".join(sorted(name for spec in ENGINES.values() for name in spec.reads if name))
        raise SoundcheckError(
            printable(
                f"{model.path.name}: a hunt reads {known} voices so far, and this is {architecture or engine.title}: "
                "gate it by suites instead"
            )
        )
    return engine.reads[architecture]


def plan_hunt(asked: Asked, settings: Settings, equipment: Equipment, language: str) -> Plan:
    """Lay out a hunt; nothing is read yet.

    Args:
        asked: What is wanted.
        settings: Of the run.
        equipment: Its candidate.
        language: Which it speaks, as Whisper names it.

    Raises:
        BadInput: There are no carriers or no words of that language.
        MissingDependency: The lexicon is not installed.
    """
    if language not in CARRIERS:
        raise BadInput(f"hunt: expected a voice that speaks {' or '.join(CARRIERS)}, got one of {language!r}")
    words, lexicon = words_of_file(asked.words) if asked.words else words_of_language(language)
    model = equipment.model
    return Plan(
        space=make_space(words, lexicon, symbols=read_vocabulary(model.path), seed=settings.seed),
        carriers=CARRIERS[language],
        language=language,
        spoken=asked.spoken,
        budget=asked.budget,
        screening=Screening(takes=TAKES, seed=settings.seed, alpha=asked.alpha, suite_probes=0),
        identity=(model.digest, model.voice.identity, equipment.engine, settings.device, str(settings.seed)),
        conjoined=MOST_WORDS,
    )


def run_hunt(
    plan: Plan,
    settings: Settings,
    equipment: Equipment,
    reference: Reference | None,
    *,
    tell: Tell,
    progress: Callable[[str], None],
) -> Found:
    """Hunt in the candidate, in the first of several speakers.

    Args:
        plan: What is hunted for.
        settings: Of the run.
        equipment: Its candidate, admitted.
        reference: What it is read beside.
        tell: Told what is going on, for people.
        progress: Told on one line how far it is.

    Raises:
        ReferenceLost: The reference cannot be read.
        StorageError: What was read cannot be kept.
        MachineShort: The machine has no memory or no processor for the candidate.
    """
    plan, hands = _ready(plan, settings, equipment, reference, tell)
    return hunt(plan, hands, progress=progress)


def run_part(
    plan: Plan,
    settings: Settings,
    equipment: Equipment,
    reference: Reference | None,
    *,
    tell: Tell,
    progress: Callable[[str], None],
) -> str:
    """Read the part of a hunt that the settings name, as :func:`run_hunt` would; what came of it, on one line.

    Raises:
        ReferenceLost: The reference cannot be read.
        StorageError: What was read cannot be kept.
        MachineShort: The machine has no memory or no processor for the candidate.
    """
    if settings.shard is None:
        raise RuntimeError("a part is read only where one is named")
    plan, hands = _ready(plan, settings, equipment, reference, tell)
    try:
        kept, whole = read_part(plan, hands, settings.shard, progress=progress)
    except Unfit as unfit:
        return str(unfit)
    except WorkerFault as fault:
        return f"the candidate's worker was lost ({fault.what})"
    return f"{kept:,} of {counted(whole, 'sentence')} read"


def _ready(
    plan: Plan, settings: Settings, equipment: Equipment, reference: Reference | None, tell: Tell
) -> tuple[Plan, Hands]:
    """The plan with all that its scores depend on, and who is at work; said to people."""
    speaker = next(iter(equipment.model.voice.speakers), "")
    if speaker:
        tell(printable(f"one speaker is hunted in: {speaker}"))
    candidate = equipment.renderer.as_speaker(speaker)
    if reference is not None:
        plan = replace(plan, identity=(*plan.identity, reference.model.digest))
    beside = reference.renderer.as_speaker(speaker) if reference else None
    tools = Tools(candidate=candidate, listener=equipment.listener, store=equipment.store, reference=beside)
    apart = samples_apart(equipment.store.audio) if beside else None
    hands = Hands(candidate=candidate, reference=beside, hears=Hearing(tools, apart), root=settings.folder)
    what = counted(len(plan.space.candidates), "text")
    tell(f"reading {what} and what sounds they have; if it is stopped, the same command goes on")
    return plan, hands


class Hunting:
    """The hunt of a run, made when its check is asked for."""

    def __init__(
        self, settings: Settings, equipment: Equipment, reference: Reference | None, *, language: str, tell: Tell
    ) -> None:
        """Lay it out: what it lacks is told before anything is spoken.

        Args:
            settings: Of the run.
            equipment: Its candidate.
            reference: What that is read beside, None without one.
            language: Of the suites.
            tell: Told what is going on, for people.

        Raises:
            BadInput: There are no carriers of that language.
            MissingDependency: The lexicon is not installed.
            SoundcheckError: The candidate cannot be read.
        """
        self._settings, self._equipment, self._reference, self._tell = settings, equipment, reference, tell
        self._plan: Plan | None = None
        self._signals = ""
        if not settings.shard and not equipment.door.refusal:
            self._signals = signals_of(equipment.model)
            asked = Asked(budget=settings.hunt_seconds, alpha=ALPHA_SHARE * settings.alpha)
            self._plan = plan_hunt(asked, settings, equipment, heard_as(language))

    def check(self, name: str) -> Outcome:
        """Hunt, as the check of that name.

        Raises:
            SoundcheckError: As of :func:`run_hunt`.
        """
        if self._plan is None:
            raise RuntimeError("the check is made of an admitted model, and of a whole one")
        found = run_hunt(
            self._plan, self._settings, self._equipment, self._reference, tell=self._tell, progress=self._tell
        )
        lexicon = self._plan.space.lexicon
        grounds = Grounds(signals=self._signals, lexicon=lexicon, has_reference=self._reference is not None)
        return outcome_of(name, found, grounds)
