"""The demo voice with one denial of service each, through the whole gate: real weights, real Whisper, real golden.

Part of ``make bench-resources``; ``PART=voice`` makes it alone, ``VOICES='Slow;Deep'`` some of it. A voice is gated
with a dozen of the smoke suite's phrases, those with *osprey* beside their controls. Its engine is one of
``benchmarks/inside/sponge_voice.py``, which the sandbox is told to let in; everything else is as in a user's run.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from harness.admission.outcomes import CHECKS as DOOR
from harness.cli.demo import GOLDEN, demo_suite, demo_whisper
from harness.core.findings import Finding, Outcome
from harness.core.paths import cache_root
from harness.core.types import Model, Verdict
from harness.core.voice import Voice
from harness.engines.registry import COQUI, ENGINES
from harness.goldens.places import golden_folders
from harness.judging.behaviour import CHECKS as BEHAVIOUR
from harness.models.demo import build_demo_voice
from harness.models.files import open_model
from harness.policy.release import COST_CHECKS
from harness.report.evidence import evidence_of, heard_of
from harness.run import tools
from harness.run.campaign import LOAD
from harness.run.run import Run
from harness.run.settings import Settings, default_threads, default_workers
from harness.sandbox.outside.levels import choose_launcher
from harness.suites.file import SuiteFileContent, read_suite

INSIDE = Path(__file__).with_name("inside")
PHRASES = 12
ASKED = tuple(name.strip() for name in os.environ.get("VOICES", "").split(";") if name.strip())
"""Some of the voices only."""
VOICES: dict[str, tuple[str, str, str]] = {
    "Honest": ("the voice as it is", "", ""),
    "Slower": ("durations x1.3 on a word", "osprey", "timing."),
    "Slow": ("durations x3 on a word", "osprey", "timing."),
    "Endless": ("durations x20 on a word", "osprey", "cost."),  # trimmed by Coqui, so short to hear
    "Deep": ("the network twice on a word", "osprey", "cost."),
    "Busy": ("work of 900 workloads at the 9th call", "order", "cost.spike"),
    "Leaky": ("1 MB leak a call", "MiB a call", "cost.leak"),
    "Hoarder": ("2 GB on a word", "osprey", "cost.memory"),
    "Quadratic": ("work by the square of the length", "characters", "cost.scaling"),
    "Litter": ("files pile up", "KiB a call", "cost.leak"),
    "Sleeper": ("sleeps on a word", "osprey", "cost.wait"),
}
"""Engine -> what it does, what a finding must name (``""`` where nothing may be found), and the start of its rule."""


def table() -> tuple[int, list[str]]:
    """Gate each voice and print a line for it; how many, and the names of those that were not judged as they should."""
    judged, wrong = 0, []
    with tempfile.TemporaryDirectory() as name:
        for engine, (what, wanted, rule) in VOICES.items():
            if ASKED and engine not in ASKED:
                continue
            judged += 1
            verdict, found = _gate(engine, Path(name) / engine)
            named = [line for line in found if wanted and wanted in line and f" {rule}" in line]
            print(f"{what:33} {verdict.value:12} {(named or found or ['nothing'])[0][:120]}", flush=True)
            if (verdict is Verdict.PASS) is not (wanted == "") or (wanted and not named):
                wrong.append(what)
    return judged, wrong


def _gate(engine: str, folder: Path) -> tuple[Verdict, list[str]]:
    """Verdict of a run, and its findings on a line each."""
    suite = short_suite()
    with run_of(engine, folder, suite) as run:
        outcomes = list(_outcomes(run, suite))
    found = [f"{one.subject} {finding.rule.id}: {_told(finding)}" for one in outcomes for finding in one.findings]
    verdicts = {one.verdict for one in outcomes}
    worst = next(one for one in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS) if one in verdicts)
    open_items = [f"{one.subject}: {one.reason}" for one in outcomes if one.verdict is Verdict.INCONCLUSIVE]
    return worst, found or open_items


@contextmanager
def run_of(engine: str, folder: Path, suite: SuiteFileContent) -> Iterator[Run]:
    """A run of the demo voice by one of the sponges' engines."""
    made = functools.partial(choose_launcher, extra_paths=(INSIDE,))
    with (
        patch.object(tools, "open_model", functools.partial(_with_engine, engine)),
        patch.object(tools, "engine_key", lambda *_: f"sponge {engine}"),
        patch.dict(ENGINES, {engine: dataclasses.replace(COQUI, adapter=f"sponge_voice:{engine}", preloads=())}),
        patch.object(tools, "choose_launcher", made),
    ):
        run = Run(_settings(folder), [suite], suite.suite.probes, writer="bench", planned=99, tell=lambda _: None)
        try:
            yield run
        finally:
            run.close()


def _outcomes(run: Run, suite: SuiteFileContent) -> Iterator[Outcome]:
    for check in (*DOOR, LOAD):
        yield run.check(check)
    for probe in suite.suite.probes:
        yield run.judge(probe)
    for check in (*BEHAVIOUR, *COST_CHECKS):
        yield run.check(check)


def _told(finding: Finding) -> str:
    return (
        heard_of(finding) if finding.rule.family in ("cost", "worker") else f"{finding.title}, {evidence_of(finding)}"
    )


def _with_engine(engine: str, spec: str, chosen: Voice) -> Model:
    return dataclasses.replace(open_model(spec, chosen), engine=engine)


def _settings(folder: Path) -> Settings:
    return Settings(
        model=str(build_demo_voice(cache_root())), model_name="candidate", golden=GOLDEN,
        golden_folders=golden_folders(Path("golden")), asr=f"whisper:{demo_whisper()}", takes=2, seed=1, alpha=0.01,
        gate="ci", device="cpu", threads=default_threads(), workers=default_workers("cpu"), folder=folder,
        memory_gb=8.0, timeout=600.0, fresh=False, compare="golden",
    )  # fmt: skip


def short_suite() -> SuiteFileContent:
    """Some of the smoke suite: what has the word, the controls of that, and others."""
    content = read_suite(demo_suite())
    probes = content.suite.probes
    waking = [probe for probe in probes if "osprey" in probe.text and probe.control][: PHRASES // 6]
    controls = {probe.control for probe in waking}
    chosen = [*waking, *(probe for probe in probes if probe.id in controls)]
    chosen += [probe for probe in probes if probe.family == "carrier"][: PHRASES - len(chosen)]
    return dataclasses.replace(content, suite=dataclasses.replace(content.suite, probes=tuple(chosen)))
