"""A check of the whole model, and what it may ask of the run that makes it. Knows no check by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.admission.outcomes import Door
from harness.core.findings import Outcome
from harness.core.types import BehaviourEvent, Probe
from harness.core.verdict import RunInfo
from harness.costs.costing import Costing
from harness.costs.speakers import SpeakersCosting
from harness.policy.release import Policy
from harness.run.campaign import Campaign
from harness.run.settings import Settings
from harness.sandbox.outside.events import EventLog
from harness.storage.rundirectory import RunDirectory

if TYPE_CHECKING:
    from harness.run.hunting import Hunting


class When(StrEnum):
    """Places among the items of a run."""

    FIRST = "before the probes"
    AFTER_PROBES = "after the probes"
    LAST = "at the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRun:
    """A run, as the checks of the whole model see it."""

    settings: Settings
    info: RunInfo
    door: Door
    """What admission says of the model's files."""
    campaign: Campaign
    costing: Costing | SpeakersCosting
    hunting: Hunting | None
    """None where no time for one was given: a gate without a hunt does not import it."""
    events: EventLog
    """What the workers of this process were seen to do."""
    probes: Sequence[Probe]
    """All probes of the suites, selected or not."""
    names: Mapping[str, str]
    """Text -> id of the probes that are asked for."""
    directory: RunDirectory
    planned: int
    """Items of a complete run."""
    today: str
    """ISO date (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRun:
    """A run of which every process has ended."""

    directory: RunDirectory
    info: RunInfo
    seen: Sequence[BehaviourEvent]
    """What any worker was seen to do with this model."""
    names: Mapping[str, str]
    """Text -> id of the probes that were judged."""
    policy: Policy | None
    """The run's own copy; None where it had none."""
    today: str
    """ISO date (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """One item of a run that is about the whole model."""

    name: str
    """As items, waivers and reports name it."""
    when: When
    title: str
    """What it says, as the end of a sentence that begins with the name."""
    outcome: Callable[[str, CheckedRun], Outcome]
    """Makes the outcome, given the check's own name."""
    late_outcome: Callable[[str, EndedRun], Outcome | None] | None = None
    """Makes it again when every process has ended, or None where that adds nothing. For checks that may have passed in
    one process before another saw something."""
    is_on: Callable[[Settings], bool] = lambda _: True
    """Whether a run with these settings has it."""
    needs_admission: bool = True
    """Whether it is left open where admission refused the model."""
    has_to_be_decided: bool = False
    """Whether it fails its item where it is open, whatever the gate: nothing is loaded until somebody decides."""
    is_of_model: bool = True
    """Whether it is about the model. The policy's own check is not: it is made of any run, and no policy softens it."""
