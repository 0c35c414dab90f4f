"""One pytest session's gate: the run behind the items, made when the first item asks, and its reports at the end.

Between the pytest nodes (:mod:`harness.pytest_plugin.collect`) and the run (:mod:`harness.run.run`); knows hooks of
neither.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Collection, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from harness.admission.coqui.vocabulary import read_vocabulary
from harness.core.errors import StorageError
from harness.core.findings import Outcome
from harness.core.paths import shown
from harness.core.speakers import plain_id, subject_at
from harness.core.text import printable
from harness.core.types import Probe, Verdict
from harness.core.verdict import RunResult
from harness.models.fetching.local import local_model
from harness.models.files import find_model
from harness.models.voices import named_voice
from harness.policy.file import policy_of_run, today
from harness.policy.release import apply
from harness.report import terminal
from harness.report.delivery import Delivery, deliver, read_requests
from harness.report.formats import results
from harness.report.page import html
from harness.report.wording import NO_REASON
from harness.run.checks.base import EndedRun, ModelCheck, When
from harness.run.checks.registry import MODEL_CHECKS, checks_of
from harness.run.run import Run, RunAudio, load_golden
from harness.run.seen import keep_seen, seen_of
from harness.run.settings import Settings
from harness.run.suitechoices import chosen_by_suites
from harness.run.tools import make_store
from harness.storage.rundirectory import RunDirectory
from harness.storage.store import Store, write_atomically
from harness.suites.expansion import Drawing
from harness.suites.file import SuiteFileContent

if TYPE_CHECKING:
    from probes.family import Family

REPORT_NAME = "report.html"
RESULTS_NAME = "results.json"
LOST = "the process in which it was to be judged ended before it was"


class Gate:
    """What the items of one pytest process share."""

    def __init__(self, settings: Settings, *, writer: str, tell: Callable[[str], None]) -> None:
        """Remember; nothing is opened yet.

        Args:
            settings: What to do.
            writer: Name of this process among those that share the run (``main``, ``gw0`` ...).
            tell: Told what is going on, for people.
        """
        self.settings = settings
        self.suites: dict[Path, SuiteFileContent] = {}
        """Suites that were collected, by path."""
        self._writer = writer
        self._tell = tell
        self._run: Run | None = None
        self._decided: dict[tuple[str, str], Outcome] = {}

    def speakers(self, content: SuiteFileContent) -> tuple[str, ...]:
        """Who says each probe of a suite, where several were chosen; that nobody was is said when the run begins.

        Raises:
            BadInput: A choice is wrong.
        """
        settings = chosen_by_suites(self.settings, [content])
        return named_voice(settings.model, settings.voice, may_lack=True).speakers if settings.model else ()

    @property
    def policy_digest(self) -> str:
        """Digest of the policy, ``""`` where there is none."""
        return self.settings.policy.sha256 if self.settings.policy else ""

    @property
    def run_id(self) -> str:
        """Id of the run, ``""`` before it begins."""
        return self._run.info.run_id if self._run else ""

    def drawing(self, families: Sequence[Family]) -> Drawing:
        """What generated probes depend on, with the user's own families."""
        return Drawing(salt=self.settings.salt, vocabulary=self._vocabulary, families=tuple(families))

    def begin(self, probes: Sequence[Probe], checks: Collection[str] = ()) -> None:
        """Put the run together for these probes.

        Args:
            probes: That will be asked for, in order.
            checks: Names of the checks of the whole model that will be.

        Raises:
            SoundcheckError: One line why it cannot begin.
        """
        suites = [self.suites[path] for path in sorted(self.suites)]
        planned = sum(len(content.suite.probes) for content in suites) + len(checks_of(self.settings))
        settings = chosen_by_suites(self.settings, suites)
        self._run = Run(settings, suites, probes, writer=self._writer, planned=planned, tell=self._tell, checks=checks)

    def ask(self, asked: Probe | ModelCheck) -> Outcome:
        """Judge a probe, or make a check of the whole model, and record it.

        Raises:
            SoundcheckError: The harness cannot work.
        """
        if self._run is None:
            raise RuntimeError("begin() first")
        # Asked again in one session (pytest-rerunfailures), the answer stays: a failure is not washed out by repeating.
        known = self._decided.get(_key(asked))
        outcome = known or (self._run.check(asked.name) if isinstance(asked, ModelCheck) else self._run.judge(asked))
        self._run.record(outcome)
        self._decided[_key(asked)] = outcome
        return outcome

    def leave(self, asked: Probe | ModelCheck) -> str | None:
        """Do this shard's part of an item and leave it to who judges; why, or None where it is judged here.

        Whether the model may be loaded, and can be, has to be known of every machine.

        Raises:
            SoundcheckError: The harness cannot work.
        """
        shard = self.settings.shard
        if shard is None or (isinstance(asked, ModelCheck) and asked.when is When.FIRST):
            return None
        if self._run is None:
            raise RuntimeError("begin() first")
        refusal = None if isinstance(asked, ModelCheck) else self._run.prepare(asked)
        return f"shard {shard} judges nothing{f'; {refusal}' if refusal else ''}"

    def break_off(self, asked: Probe | ModelCheck, reason: str) -> None:
        """Record that an item ended for another reason than the model. What has failed stays failed."""
        known = self._decided.get(_key(asked))
        if self._run is None or (known and known.verdict is Verdict.FAIL):
            return
        probe = None if isinstance(asked, ModelCheck) else asked
        outcome = Outcome(subject=_key(asked)[1], verdict=Verdict.ERROR, reason=reason, probe=probe)
        with contextlib.suppress(StorageError):  # a full disk is why it broke off: the item has no outcome then
            self._run.record(outcome)

    def failure_text(self, outcome: Outcome, suite: Path) -> str:
        """What is printed for an item that failed."""
        if self._run is None:
            return outcome.reason or NO_REASON
        return terminal.failure_text(
            outcome,
            self._run.info,
            suite_path=shown(suite),
            run_dir=shown(self._run.directory.path),
            audio=self._run.audio,
            proposal=self._run.proposal(outcome.subject),
        )

    def _vocabulary(self) -> tuple[str, ...]:
        model = self.settings.model
        return read_vocabulary(find_model(local_model(model))[1]) if model else ()

    def close(self) -> None:
        """End the worker."""
        if self._run is not None:
            self._run.close()


def _key(asked: Probe | ModelCheck) -> tuple[str, str]:
    return ("", asked.name) if isinstance(asked, ModelCheck) else (asked.source, asked.id)


def _is_of(outcome: Outcome, node_id: str) -> bool:
    """Whether an outcome is of the item with this node id."""
    path, _, item = node_id.partition("::")
    is_here = outcome.probe is None or outcome.probe.source == Path(path).name
    return is_here and outcome.subject == subject_at(item)


def judge_late(settings: Settings, run_id: str, lost: Set[str] = frozenset()) -> RunResult:
    """Make checks again when every process has ended, and record what no item could know.

    A check may have passed in one process before another saw something, or not have been selected at all.

    Args:
        settings: What to do.
        run_id: The run.
        lost: Node ids of items on which a process died: what an earlier session decided of them is no news of this one.

    Returns:
        All that is on record then.

    Raises:
        IntegrityError: The run, its copy of the policy, or what other machines have seen is not whole.
        StorageError: What other machines have seen cannot be read.
    """
    directory = RunDirectory(settings.run_root, run_id)
    result = directory.result()
    make_store(settings, tell=lambda _: None).bring_seen(result.info.model_digest)
    for earlier in result.outcomes:
        if earlier.verdict is not Verdict.FAIL and any(_is_of(earlier, node_id) for node_id in lost):
            directory.record("late", dataclasses.replace(earlier, verdict=Verdict.ERROR, reason=LOST))
    file = policy_of_run(directory.path, result.info.policy_digest)
    ended = EndedRun(
        directory=directory,
        info=result.info,
        seen=seen_of(settings.folder, result.info.model_digest),
        names={outcome.probe.text: plain_id(outcome.probe.id) for outcome in result.outcomes if outcome.probe},
        policy=file.policy if file else None,
        today=today(),
    )
    known = {outcome.subject: outcome.verdict for outcome in result.outcomes if outcome.probe is None}
    for check in MODEL_CHECKS:
        outcome = check.late_outcome(check.name, ended) if check.late_outcome else None
        if outcome is None:
            continue
        if ended.policy and check.is_of_model:
            outcome = apply(ended.policy, outcome, ended.today)
        is_news = outcome.verdict is Verdict.FAIL and known.get(check.name) is not Verdict.FAIL
        is_doubt = outcome.verdict is Verdict.INCONCLUSIVE and known.get(check.name) is Verdict.PASS
        # What is about the run rather than the model was made of a part of it.
        if is_news or is_doubt or (check.name in known and not check.is_of_model):
            directory.record("late", outcome)
    return directory.result()


def write_reports(settings: Settings, run_id: str) -> tuple[RunResult, Path]:
    """Write ``results.json`` and ``report.html`` from a run's records.

    Returns:
        The result, and the run directory.

    Raises:
        StorageError: They cannot be written.
    """
    directory = RunDirectory(settings.run_root, run_id)
    result = directory.result()
    keep_seen(directory.path, seen_of(settings.folder, result.info.model_digest))
    if settings.shard is None:  # a shard's record is no evidence, and a second process may be at the same part
        directory.end()
    audio = RunAudio(Store(settings.folder), load_golden(settings))
    write_atomically(directory.path / RESULTS_NAME, results.to_json(result))
    html.write(result, audio, directory.path / REPORT_NAME)
    return result, directory.path


def shard_line(settings: Settings) -> str:
    """What a session with ``--tts-shard`` has done, and what is to be done next; ``""`` for a session that judges."""
    if settings.shard is None:
        return ""
    if settings.store is not None:
        return printable(
            f"shard {settings.shard}: its part is spoken and heard and shared in {settings.store}, nothing is judged; "
            "when all shards have ended, the same command without --tts-shard judges"
        )
    return (
        f"shard {settings.shard}: its part is spoken and heard and kept in {shown(settings.folder)}, "
        "nothing is judged; soundcheck merge brings the folders of all shards together, and the same command without "
        "--tts-shard judges"
    )


def check_requested(settings: Settings) -> None:
    """Refuse a ``--tts-report`` that cannot be obeyed before anything is rendered.

    Raises:
        BadInput: One line.
    """
    read_requests(settings.reports)


def write_requested(settings: Settings, result: RunResult, folder: Path) -> list[Delivery]:
    """Write what ``--tts-report`` asks for; what cannot be written is told, not raised."""
    return deliver(read_requests(settings.reports), result, folder=folder, environment=os.environ)
