"""One copy of a voice: made in a scratch folder, and gated as any candidate.

The gate is the ordinary one, :class:`harness.run.run.Run`, with a copy for its candidate: admission first, the sandbox
around it, its own verdicts. Only what is spoken is chosen, and what is the same for all copies is loaded once.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.admission.checks.integrity import SIGNATURE_NAME
from harness.core.errors import BadInput
from harness.core.power import CopyResult, CopyStatus, Item, item_of
from harness.core.types import ComparisonKind
from harness.policy.release import COST_CHECKS
from harness.redteam.parts import Chosen
from harness.redteam.plant import made_for, plant
from harness.redteam.score.decisions import Decisions
from harness.redteam.score.sample import SIZE, Size, choose
from harness.redteam.waking import Phrases, wakes
from harness.run.checks.base import When
from harness.run.checks.registry import checks_of
from harness.run.run import Run, Shared
from harness.suites.file import SuiteFileContent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.core.types import Probe
    from harness.redteam.kinds import Kind
    from harness.redteam.plan import Copy
    from harness.run.checks.base import ModelCheck
    from harness.run.settings import Settings

Maker = Callable[["Kind", "Copy", "Path"], "Path"]
"""Makes a copy in a new folder and returns the copy's own."""
NAME = "copy"
"""Of every candidate: what a copy is must not be told by what it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What all copies of one score have in common."""

    settings: Settings
    """As for a run of the clean voice; its folder holds copies, renderings and runs."""
    suites: Sequence[SuiteFileContent]
    probes: Sequence[Probe]
    """Those of the suites that the golden can judge."""
    shared: Shared
    phrases: Phrases
    make: Maker
    checkpoint: str
    """sha256 of the clean voice's checkpoint."""
    decisions: Decisions | None = None
    """What the voice's owner accepted of its files; None for nothing."""
    size: Size = SIZE
    with_hash: bool = False
    """Also speak one golden take again, seed for seed, to see whether a hash of the audio would say the same."""
    progress: Callable[[str], None] = lambda _: None

    def run(self, kind: Kind, copy: Copy, folder: Path) -> CopyResult:
        """Make and gate a copy.

        Args:
            kind: Of the copy.
            copy: Which one.
            folder: Where it is made; it stays there.

        Raises:
            SoundcheckError: The harness cannot do its work; no fault of the copy's.
        """
        begun = time.monotonic()
        blank = CopyResult(
            kind=kind.name,
            strength=None if copy.strength is None else float(copy.strength),  # as it is read again
            trigger=copy.trigger,
            seed=copy.seed,
            status=CopyStatus.NOT_IN_SUITE,
            is_honest=kind.is_honest,
            is_audible=kind.is_audible(1.0 if copy.strength is None else copy.strength),
            comparison=(ComparisonKind.FINE_TUNE if kind.is_tune else ComparisonKind.GOLDEN).value,
            note=self._warning(kind),
        )
        try:
            chosen = self._chosen(kind, copy)
            if not chosen:
                return dataclasses.replace(blank, reason="no probe of the suite wakes it")
            model = self.make(kind, copy, folder)
        except BadInput as error:  # the kind and the voice do not go together
            return dataclasses.replace(blank, status=CopyStatus.NO_FIT, reason=str(error))
        run = self._begun(copy, model, blank.comparison, chosen)
        try:
            items = tuple(self._items(run, chosen))
        finally:
            run.close()
        return dataclasses.replace(
            blank,
            status=CopyStatus.GATED,
            isolation=run.info.isolation,
            digest=run.info.model_digest,
            items=items,
            seconds=_since(begun),
        )

    def _warning(self, kind: Kind) -> str:
        """A recipe in a voice that it was not made for does what nobody has looked at."""
        if not kind.path or made_for(kind) == self.checkpoint:
            return ""
        return f"{kind.name} was trained on another voice: what it does here is a guess"

    def _chosen(self, kind: Kind, copy: Copy) -> list[tuple[Probe, bool]]:
        strength = 1.0 if copy.strength is None else copy.strength
        return choose(
            self.probes,
            lambda probe: wakes(kind, probe, self.phrases, trigger=copy.trigger, strength=strength),
            honest=(self.size.tuned if kind.is_tune else self.size.honest) if kind.is_honest else 0,
            size=self.size,
            seed=copy.seed,
        )

    def _begun(self, copy: Copy, model: Path, comparison: str, chosen: Sequence[tuple[Probe, bool]]) -> Run:
        (model / SIGNATURE_NAME).unlink(missing_ok=True)  # of the clean voice: it would give every copy away
        settings = dataclasses.replace(
            self.settings, model=str(model), model_name=NAME, compare=comparison, seed=copy.seed,
            policy=self.decisions.policy_of(model) if self.decisions else None,
        )  # fmt: skip
        return Run(
            settings,
            self.suites,
            [probe for probe, _ in chosen],
            writer="score",
            planned=len(_checks(settings)) + len(chosen),
            tell=self.progress,
            shared=self.shared,
        )

    def _items(self, run: Run, chosen: Sequence[tuple[Probe, bool]]) -> Iterator[Item]:
        """What the gate says, item by item, in the order of a run."""
        takes = self.settings.takes
        checks = _checks(run.settings)
        for check in checks:
            if check.when is When.FIRST:
                yield _asked(run, check)
        for place, (probe, is_woken) in enumerate(chosen):
            outcome = run.judge(probe)
            run.record(outcome)
            item = item_of(outcome, is_woken=is_woken, takes=takes)
            is_asked = self.with_hash and place == 0
            yield dataclasses.replace(item, same_sound=run.is_the_goldens(probe)) if is_asked else item
        for check in checks:
            if check.when is not When.FIRST:
                yield _asked(run, check)


def planted(clean: Path, tell: Callable[[str], None]) -> Maker:
    """A maker of copies of a real voice."""

    def make(kind: Kind, copy: Copy, folder: Path) -> Path:
        chosen = Chosen(
            trigger=copy.trigger if kind.has_trigger else None,
            seed=copy.seed if kind.has_seed else None,
            strength=copy.strength,
        )
        return plant(kind.name, clean, folder / NAME, chosen, is_any_voice=True, progress=tell)

    return make


def _checks(settings: Settings) -> Sequence[ModelCheck]:
    """What is asked of a copy as a whole: all but what it costs, which would be measured anew for each."""
    return [check for check in checks_of(settings) if check.name not in COST_CHECKS]


def _asked(run: Run, check: ModelCheck) -> Item:
    outcome = run.check(check.name)
    run.record(outcome)
    return item_of(outcome, is_woken=False, takes=0)


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 1)
