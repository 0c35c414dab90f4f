"""Puts a run together from settings: suites, golden, tools, campaign, directory. Both front doors use it.

The run's id is a digest of everything that shapes its verdict, so the same command continues the same run.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import __version__
from harness.admission.outcomes import UNCHANGED
from harness.core.findings import Outcome
from harness.core.paths import shown
from harness.core.screening import Screening
from harness.core.speakers import plain_id
from harness.core.stages import Stages
from harness.core.transcriber import Transcriber
from harness.core.types import ComparisonKind, GoldenRecord, Probe, Rendering, Verdict
from harness.core.verdict import RunInfo, SuiteInfo
from harness.costs.costing import Costing
from harness.costs.floors import Floors
from harness.costs.machine import workload_seconds
from harness.costs.speakers import SpeakersCosting
from harness.costs.terms import Sides, Terms
from harness.goldens.folder import Golden, find_golden, read_golden, unread_beside
from harness.judging.comparisons import Basis
from harness.judging.comparisons.base import NothingRecorded
from harness.judging.judge import Judge
from harness.policy.file import COPY, today
from harness.policy.release import COST_CHECKS, CostPolicy, apply
from harness.run.campaign import MOST_FAILED, Campaign
from harness.run.checks.base import CheckedRun, ModelCheck
from harness.run.checks.registry import check_named
from harness.run.comparable import ComparableGolden
from harness.run.comparing import choose_comparison
from harness.run.exported import require_export, samples_apart
from harness.run.seen import share_seen
from harness.run.self_test import known_self_test
from harness.run.settings import Settings, typed_options
from harness.run.stagelog import append_stages, process_begun, worker_stages
from harness.run.tools import Equipment, Reference, Tell, make_equipment, make_reference, metered_engine
from harness.storage.rundirectory import RunDirectory
from harness.storage.store import Store, digest_of, write_atomically
from harness.suites.file import SuiteFileContent, language_of

if TYPE_CHECKING:
    from harness.run.hunting import Hunting


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What runs of one process with one golden have in common, so that many candidates pay for it once."""

    transcriber: Callable[[], Transcriber]
    """Gives the same transcriber each time."""
    golden: Golden | None
    """None where there is none to read."""
    judge: Judge | None
    """Of :func:`harness.judging.judge.plain_judge`; None without a golden."""
    most_failed: int = MOST_FAILED
    """Probes of a run that are confirmed to fail before its later suspicions are left open."""


def screening_of(settings: Settings, suites: Sequence[SuiteFileContent]) -> Screening:
    """How a run with these settings screens the probes of these suites."""
    return Screening(
        takes=settings.takes,
        seed=settings.seed,
        alpha=settings.alpha,
        suite_probes=sum(len(content.suite.probes) for content in suites),
        salt_digest=settings.salt_digest if any(content.suite.draws for content in suites) else "",
    )


def load_golden(settings: Settings) -> Golden | None:
    """The golden that was named, read and verified; None where none was named.

    Raises:
        BadInput: It does not exist.
        IntegrityError: It is not whole.
    """
    return read_golden(find_golden(settings.golden, settings.golden_folders)) if settings.golden else None


class Run:
    """One invocation's run: what it is about, its campaign, its directory."""

    def __init__(
        self,
        settings: Settings,
        suites: Sequence[SuiteFileContent],
        probes: Sequence[Probe],
        *,
        writer: str,
        planned: int,
        tell: Tell,
        shared: Shared | None = None,
        checks: Collection[str] = (),
    ) -> None:
        """Assemble and begin the run directory.

        Args:
            settings: What to do.
            suites: The suite files.
            probes: The probes that will be asked for, in order.
            writer: Name of this process among those that share the run.
            planned: Items of a complete run.
            tell: Told what is going on, for people.
            shared: What is loaded already, where this is one run of many in this process.
            checks: Checks of the whole model that will be asked for, as far as that is known: what they need may be
                made ahead.

        Raises:
            SoundcheckError: One line why it cannot begin.
        """
        self.settings = settings
        self._writer = writer
        self._tell = tell
        self._is_admitted: bool | None = None
        self._stages = Stages(time.monotonic)
        self._stages.add("harness", "starting and collecting", start=process_begun(), end=time.monotonic())
        self._golden = shared.golden if shared else load_golden(settings)
        self._equipment = make_equipment(
            settings,
            tell=tell,
            on_event=self._event,
            language=language_of(suites),
            transcriber=shared.transcriber if shared else None,
            is_ours=shared is not None,
            stages=self._stages,
        )
        # What a store cannot give or take ends the run before anything is loaded.
        share_seen(self._equipment, settings.folder)
        screening = screening_of(settings, suites)
        voice = self._equipment.model.voice
        comparison = choose_comparison(settings, self._equipment.model, self._golden)
        if self._golden and self._golden.manifest.speakers and voice.speaker:
            self._golden = self._golden.of(voice.speaker)
        reference = make_reference(settings, voice, tell=tell, on_event=self._event, language=language_of(suites))
        if comparison.is_paired and reference is not None:
            require_export(self._equipment.model, reference.model, settings.reference)
        self.info = _describe(settings, suites, self._equipment, self._golden, comparison.kind, reference)
        self.directory = RunDirectory(settings.run_root, self.info.run_id)
        self.directory.begin(self.info, planned)
        for line in unread_beside(self._golden) if self._golden else ():
            self._event(line)
        self._today = today()
        if settings.policy:
            write_atomically(self.directory.path / COPY, settings.policy.data)
        suite_probes = [probe for content in suites for probe in content.suite.probes]
        self._equipment.events.write_to(self.directory.path / "behaviour" / f"{writer}.jsonl")
        self.campaign = Campaign(
            comparison(
                Basis(
                    probes=probes,
                    screening=screening,
                    recorded=ComparableGolden(self._golden, self._equipment.listener, salt_digest=screening.salt_digest)
                    if self._golden
                    else NothingRecorded(),
                    judge=shared.judge if shared else None,
                    apart=samples_apart(self._equipment.store.audio) if comparison.is_paired else None,
                )
            ),
            self._equipment.beside(reference, settings.shard),
            most_failed=shared.most_failed if shared else MOST_FAILED,
            progress=tell,
        )
        # An export's engine is another one: what the checkpoint costs the machine is no measure of it.
        self._costing = self._costings(suite_probes, None if comparison.is_paired else reference)
        self._metered_checks = {*checks}.intersection(COST_CHECKS) if settings.is_metered else set[str]()
        self._checked = CheckedRun(
            settings=settings,
            info=self.info,
            door=self._equipment.door,
            campaign=self.campaign,
            costing=self._costing,
            hunting=self._hunting(language_of(suites), reference) if settings.hunt_seconds else None,
            events=self._equipment.events,
            probes=suite_probes,
            names={probe.text: plain_id(probe.id) for probe in probes},
            directory=self.directory,
            planned=planned,
            today=self._today,
        )

    def _hunting(self, language: str, reference: Reference | None) -> Hunting:
        from harness.run.hunting import Hunting

        return Hunting(self.settings, self._equipment, reference, language=language, tell=self._tell)

    def _costings(self, probes: Sequence[Probe], reference: Reference | None) -> Costing | SpeakersCosting:
        """Who meters the candidate: one speaker, or each of several at a share of alpha."""
        settings, speakers = self.settings, self._equipment.model.voice.speakers or ("",)
        terms = Terms(
            alpha=settings.alpha / len(speakers),
            seed=settings.seed,
            device=settings.device,
            engine=metered_engine(settings, self._equipment.engine),
            limits=settings.policy.policy.cost if settings.policy else CostPolicy(),
            floors=Floors(workload=workload_seconds()),
            soak_seconds=settings.soak_seconds,
        )
        costings = {
            speaker: Costing(
                [probe for probe in probes if probe.speaker == speaker],
                Sides(
                    candidate=self._equipment.renderer.as_speaker(speaker),
                    reference=reference.renderer.as_speaker(speaker) if reference else None,
                ),
                golden=self._golden.of(speaker) if self._golden and speaker else self._golden,
                terms=terms,
                progress=self._tell,
            )
            for speaker in speakers
        }
        return SpeakersCosting(costings) if self._equipment.model.voice.speakers else costings[""]

    @property
    def audio(self) -> RunAudio:
        """Where reports find sound."""
        return RunAudio(self._equipment.store, self._golden)

    def prepare(self, probe: Probe) -> str | None:
        """Have this shard's part of a probe spoken and heard, and nothing judged; why that cannot be, else None."""
        if refusal := self._refusal():
            return refusal
        self.campaign.prepare(probe)
        return None

    def judge(self, probe: Probe) -> Outcome:
        """Everything about one probe."""
        if refusal := self._refusal():
            return Outcome(subject=probe.id, verdict=Verdict.INCONCLUSIVE, reason=refusal, probe=probe)
        with self._stages.at("harness", f"judging {probe.id}"):
            self._begin_costs()
            outcome = self.campaign.judge(probe)
            self._begin_costs()
            if self.settings.is_metered and probe.text not in self._equipment.renderer.as_speaker(probe.speaker).guilty:
                outcome = self._with_costs(outcome, probe)
        return self._under_policy(outcome)

    def _begin_costs(self) -> None:
        """Begin what may be metered beside everything else, as far as it has not begun and may begin by now."""
        if self._metered_checks:
            self._costing.begin(self._metered_checks)

    def _with_costs(self, outcome: Outcome, probe: Probe) -> Outcome:
        if found := self._costing.beside(probe):
            return dataclasses.replace(outcome, verdict=Verdict.FAIL, findings=(*outcome.findings, *found))
        doubt = self._costing.doubt(probe)
        if doubt and outcome.verdict is Verdict.PASS:
            return dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=doubt)
        return outcome

    def check(self, name: str) -> Outcome:
        """One of :data:`harness.run.checks.registry.MODEL_CHECKS`."""
        check = check_named(name)
        if not check.is_of_model:
            return check.outcome(name, self._checked)
        return self._under_policy(self._check(check))

    def _check(self, check: ModelCheck) -> Outcome:
        refusal = self._refusal()
        if refusal and check.needs_admission:
            return Outcome(subject=check.name, verdict=Verdict.INCONCLUSIVE, reason=refusal)
        with self._stages.at("harness", f"check {check.name}"):
            return check.outcome(check.name, self._checked)

    def _under_policy(self, outcome: Outcome) -> Outcome:
        if self.settings.policy is None:
            return outcome
        judged = apply(self.settings.policy.policy, outcome, self._today)
        has_turned = outcome.verdict is Verdict.FAIL and judged.verdict is Verdict.PASS
        return self.campaign.without_findings(judged) if has_turned else judged

    def is_the_goldens(self, probe: Probe) -> bool | None:
        """Whether the candidate gives the golden's own audio for the golden's own seed, bit by bit; None if unknown.

        No verdict depends on it: it is what a comparison of hashes would see.
        """
        record = self._golden.records.get(probe.id) if self._golden else None
        if record is None or record.text != probe.text or self._refusal():
            return None
        request = (probe.text, record.takes[0].seed)
        made = self._equipment.renderer.as_speaker(probe.speaker).submit([request]).result()[request]
        return made.audio_sha256 == record.takes[0].audio_sha256 if isinstance(made, Rendering) else None

    def proposal(self, check: str) -> tuple[str, ...]:
        """Lines for a policy that accept what a check of the model's files asks; empty where it asks nothing."""
        return self._equipment.door.proposal(check)

    def record(self, outcome: Outcome) -> None:
        """Append an outcome to the run directory."""
        self.directory.record(self._writer, outcome)

    def close(self) -> None:
        """End the workers, and look whether the model is still what was admitted."""
        self.campaign.close()
        self._equipment.events.flush()
        if self.settings.log:
            spoken = worker_stages(self._equipment.renderer.metered, "candidate")
            append_stages(self.settings.log, [*self._stages.known, *spoken], begun=process_begun())
        if self._is_admitted is not None:
            self._record_unless_passed([self._equipment.door.outcome(UNCHANGED)])
        self._equipment.store.send_seen(self._equipment.model.digest)

    def _refusal(self) -> str | None:
        """Why the model must not be loaded, None where it may.

        What did not pass is on record whichever items were selected.
        """
        if self._is_admitted is None:
            self._record_unless_passed(self._equipment.door.outcomes)
            self._is_admitted = not self._equipment.door.refusal
        return None if self._is_admitted else self._equipment.door.refusal

    def _record_unless_passed(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.verdict is not Verdict.PASS:
                self.record(self._under_policy(outcome))

    def _event(self, line: str) -> None:
        self.directory.event(self._writer, line)


@dataclass(frozen=True, slots=True)
class RunAudio:
    """Implements :class:`harness.report.AudioSource` over a store and a golden."""

    store: Store
    golden: Golden | None

    def path(self, sha256: str) -> Path | None:
        """See :class:`harness.report.AudioSource`."""
        path = self.store.audio_path(sha256)
        return path if path.is_file() else None

    def golden_path(self, record: GoldenRecord) -> Path | None:
        """See :class:`harness.report.AudioSource`: of a reference that spoke in the run, its first take."""
        if self.golden and record.audio:
            return self.golden.audio(record)
        return self.path(record.takes[0].audio_sha256) if record.takes and not record.audio else None


def _describe(
    settings: Settings,
    suites: Sequence[SuiteFileContent],
    equipment: Equipment,
    golden: Golden | None,
    comparison: ComparisonKind,
    reference: Reference | None,
) -> RunInfo:
    about = RunInfo(
        run_id="",
        version=__version__,
        model=settings.model,
        model_name=settings.model_name,
        model_digest=equipment.model.digest,
        vocoder_digest=equipment.model.vocoder.digest if equipment.model.vocoder else "",
        voice=equipment.model.voice.words,
        speakers=equipment.model.voice.names,
        golden=golden.name if golden else None,
        golden_digest=golden.digest if golden else None,
        golden_model_digest=golden.manifest.model_digest if golden else None,
        engine=equipment.engine,
        device=settings.device,
        asr=dict(equipment.listener.transcriber.identity),
        suites=tuple(
            SuiteInfo(
                name=content.suite.name,
                path=shown(content.path),
                sha256=content.sha256,
                probes=len(content.suite.probes),
            )
            for content in suites
        ),
        seed=settings.seed,
        takes=settings.takes,
        alpha=settings.alpha,
        isolation=equipment.isolation,
        comparison=comparison.value,
        self_test=tested.line() if golden and (tested := known_self_test(golden)) else None,
        reference_digest=reference.model.digest if reference else None,
        options=typed_options(settings),
        salt_digest=screening_of(settings, suites).salt_digest or None,
        policy=shown(settings.policy.path) if settings.policy else None,
        policy_digest=settings.policy.sha256 if settings.policy else None,
        gate=settings.gate,
        versions={
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("msgspec", "numpy", "pytest")},
        },
    )
    return dataclasses.replace(about, run_id=digest_of(about)[:12])
