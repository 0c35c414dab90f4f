"""Gates that judge nothing: each leaves the run that a test wants of it, in no time."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.findings import Outcome
from harness.core.grades import Verdict
from harness.core.types import Probe
from harness.core.verdict import SuiteInfo
from harness.fleet.file import Fleet, read_fleet
from harness.fleet.looking import Looked, Terms
from harness.hearing.asr.fake import ToneTranscriber
from harness.placing.tasks import Task
from harness.storage.rundirectory import RunDirectory
from tests.conftest import TWO_PHRASES
from tests.report_samples import INFO

DOOR = "Please close the door."
ENDINGS = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 10, Verdict.ERROR: 3}


def write_run(folder: Path, run_id: str, digest: str, verdict: Verdict, **about: Any) -> None:
    """A whole run of one probe, sealed as a session leaves it."""
    directory = RunDirectory(folder, run_id)
    plain: dict[str, Any] = {"isolation": "A", "policy": None, "policy_digest": None, "golden_digest": None}
    info = dataclasses.replace(INFO, run_id=run_id, model_digest=digest, **(plain | about))
    directory.begin(info, 1)
    probe = Probe(id="door", family="carriers", text=DOOR, expect=DOOR, source="s.probes.yaml", line=5)
    directory.record("main", Outcome(subject="door", verdict=verdict, reason=f"it was to {verdict.value}", probe=probe))
    directory.end()


@dataclass
class FakeGates:
    """Makes tasks whose run is there already, and remembers for whom."""

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    """By name of the member; pass for any other."""
    statuses: dict[str, list[int]] = field(default_factory=dict)
    """Exit codes of the next gates of a member, in place of the verdict's own; below 0: ended by that signal."""
    meanwhile: Callable[[Looked], None] = lambda _: None
    """Done while a gate runs, before it ends."""
    digest: Callable[[Looked], str] = lambda looked: looked.digest
    """Of the files that a gate judges."""
    otherwise: dict[str, Any] = field(default_factory=dict)
    """What runs say otherwise than they should of what they were judged by."""
    begun: list[str] = field(default_factory=list)
    """Names of members, in the order in which their gates began."""

    def judged_by(self, looked: Looked) -> dict[str, Any]:
        """What a run says that it was judged by."""
        assert looked.material
        assert looked.settings
        policy = looked.settings.policy
        suites = tuple(
            SuiteInfo(name=one.suite.name, path=str(one.path), sha256=one.sha256, probes=1)
            for one in looked.material.suites
        )
        asr = dict(ToneTranscriber().identity)
        return {"suites": suites, "asr": asr, "policy_digest": policy.sha256 if policy else None} | self.otherwise

    def make(self, fleet: Fleet, terms: Terms, looked: Looked, place: Path, jobs: int) -> Task:
        """Stands for :func:`harness.fleet.gating.gate_task`."""
        del fleet, jobs
        name = looked.member.name
        self.begun.append(name)
        verdict = self.verdicts.get(name, Verdict.PASS)
        status = waiting.pop(0) if (waiting := self.statuses.get(name)) else ENDINGS[verdict]
        if status >= 0 and status != 4:
            run_id = looked.key[:12]
            write_run(terms.folder, run_id, self.digest(looked), verdict, **self.judged_by(looked))
            place.parent.mkdir(parents=True, exist_ok=True)
            content = {"info": {"run_id": run_id, "model_digest": self.digest(looked)}, "more": [1]}
            place.with_name(f"{place.name}.json").write_text(json.dumps(content), "utf-8")
        self.meanwhile(looked)
        script = f"echo soundcheck: told by {status}; " + (f"kill -{-status} $$" if status < 0 else f"exit {status}")
        log = place.with_name(f"{place.name}.log")
        return Task(name=looked.key, command=["/bin/sh", "-c", script], environment=dict(os.environ), log=log)


def fake_fleet(folder: Path, names: Sequence[str], *tables: str, defaults: str = "") -> Fleet:
    """A fleet of fake voices, each with files of its own, and of these further tables."""
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        content = {"version": 1, "faults": [{"kind": "drop-word", "word": name, "when": name}]}
        (folder / name / "fake.json").write_text(json.dumps(content), "utf-8")
    (folder / "two.probes.yaml").write_text(TWO_PHRASES, "utf-8")
    listed = tables or tuple(f"path = '{name}'" for name in names)
    text = f"version = 1\n[defaults]\nsuites = ['two.probes.yaml']\nasr = 'fake'\n{defaults}\n"
    (folder / "fleet.toml").write_text(text + "".join(f"[[model]]\n{table}\n" for table in listed), "utf-8")
    return read_fleet(folder / "fleet.toml")


def hears_ctrl_c() -> None:
    """In a new process: what a shell starts in the background ignores Ctrl-C, and so does all that is started there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
