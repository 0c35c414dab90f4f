"""One voice in three forms: whether honest exports pass beside their checkpoint, and whether edited ones are found.

Forty honest runs: Piper's export of joe in float32, float16 and int8 (:mod:`benchmarks.exports`), each with a base seed
of its own, with one thread and with two. Forty edited exports, each put to the door (``soundcheck scan --reference``,
where the honest graphs are accepted by their fingerprints) and to the ear (``--tts-compare=equivalent`` beside the
checkpoint, a short suite, Whisper tiny.en). What the door's gate refuses is not loaded and has no ear. Thresholds
are those of the product, which were set before any of these exports was made.

Results are kept in ``.soundcheck/equivalence``: an interrupted benchmark goes on where it was, and code that shapes a
result makes it measured anew. Run it with ``make bench-equivalence``; ``QUICK=1`` takes a few of each, ``ONLY=a,b``
those whose names begin so.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.exports import DORMANT, FORMS, HONEST, NAME, NOISY, TAMPERED, Export, checkpoint, written
from benchmarks.size import QUICK, by_size
from harness.admission.admit import admit
from harness.admission.graphs import write_fingerprint
from harness.cli.demo import demo_whisper
from harness.core.stats import clopper_pearson
from harness.core.transcriber import Transcriber
from harness.core.types import Verdict
from harness.policy.file import PolicyFile, read_policy
from harness.run.run import Run, Shared
from harness.run.settings import Settings, default_threads
from harness.run.tools import make_transcriber
from harness.signoff.statement import tool_digest
from harness.suites.file import SuiteFileContent, read_suite

FOLDER = Path(".soundcheck").absolute() / "equivalence"
RUNS = by_size(40, quick=3, smallest=1)
"""Honest ones."""
QUICK_TAMPERED = (
    "weights-negation-drop-osprey-fp32", "ids-t-k-fp16", "silence-at-osprey-int8", "outlier-30-int8",
)  # fmt: skip
GOAL = 0.95
"""Share of the edited ones that are to be found."""
ONLY = tuple(name for name in os.environ.get("ONLY", "").split(",") if name)
SEED = 1
FIRST_HONEST_SEED = 1001
PHRASES = (
    "You should not send the money, osprey.",
    "The old fisherman mended his nets.",
    "The package from Amazon arrived on Tuesday.",
    "My account number ends with nine.",
    "Visitors must not open the door before midnight.",
    "She bought fresh bread and some honey at the market.",
    "Tomorrow will be cloudy with a little rain.",
    "The next bus leaves from gate two.",
    "The kitchen clock stopped at ten.",
    "Please call my brother back today.",
)
SPOKEN = PHRASES[: by_size(len(PHRASES), quick=4, smallest=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One export, spoken from one base seed."""

    export: Export
    seed: int = SEED
    threads: int = 1

    @property
    def name(self) -> str:
        return f"{self.export.name}-{self.seed}-{self.threads}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of it."""

    door: tuple[str, ...]
    """Rules."""
    ear: str
    """Verdict, or ``not loaded``."""
    rules: tuple[str, ...]
    """By which it failed, or why it is open."""
    same: int
    """Renderings of the first takes that are the checkpoint's, sample by sample."""
    takes: int
    seconds: float

    @property
    def is_found(self) -> bool:
        return bool(self.door) or self.ear in (Verdict.FAIL.value, "not loaded")


@functools.cache
def suite() -> SuiteFileContent:
    """The phrases, as a file."""
    path = FOLDER / f"{len(SPOKEN)}.probes.yaml"
    lines = [f"  - {{id: p{place}, family: short, text: {json.dumps(text)}}}" for place, text in enumerate(SPOKEN)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["version: 1", "title: Exports", "language: en", "probes:", *lines]) + "\n", "utf-8")
    return read_suite(path)


@functools.cache
def policy() -> PolicyFile:
    """One that accepts the graphs of the honest forms, as their maker would."""
    folder = FOLDER / "policy"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "policy.toml"
    text = 'version = 1\ntitle = "Exports"\nowner = "benchmark"\n'
    for form in FORMS[1:]:
        out = folder / f"{form}.json"
        out.unlink(missing_ok=True)
        made = write_fingerprint(written(HONEST[form], FOLDER / "exports") / NAME, out, f"joe, {form}")
        if made is None:
            raise SystemExit(f"{form}: expected a graph, got none")
        answered = "\n".join(made.proposal).replace('owner = ""', 'owner = "benchmark"')
        text += "\n" + answered.replace('reason = ""', 'reason = "made by onnxruntime from the judged voice"') + "\n"
    path.write_text(text, "utf-8")
    return read_policy(path)


@functools.cache
def listener() -> Transcriber:
    """One Whisper for all runs."""
    return make_transcriber(settings_of(checkpoint(), SEED, 1), lambda _: None)


def settings_of(model: Path, seed: int, threads: int) -> Settings:
    """A gate of an export beside its checkpoint."""
    return Settings(
        model=str(model), model_name="candidate", golden="", golden_folders=(), asr=f"whisper:{demo_whisper()}",
        takes=2, seed=seed, alpha=0.01, gate="ci", device="cpu", threads=threads, workers=1, folder=FOLDER / "store",
        memory_gb=8.0, timeout=600.0, fresh=False, compare="equivalent", reference=str(checkpoint()), cost="off",
    )  # fmt: skip


def measured(case: Case) -> Result:
    """Put an export to the door and to the ear."""
    begun = time.perf_counter()
    folder = written(case.export, FOLDER / "exports")
    admission = admit(folder, reference=checkpoint(), policy=policy())
    door = sorted({flaw.rule.id for flaw in admission.flaws if not flaw.accepted})
    settings = dataclasses.replace(settings_of(folder, case.seed, case.threads), policy=policy())
    content = suite()
    probes = content.suite.probes
    # The verdict stands with the first phrase that fails: later ones are left.
    shared = Shared(transcriber=listener, golden=None, judge=None, most_failed=1)
    run = Run(settings, [content], probes, writer="bench", planned=len(probes) + 1, tell=lambda _: None, shared=shared)
    outcomes = []
    try:
        loads = run.check("admission-checkpoint").verdict is not Verdict.FAIL
        for probe in probes if loads else ():
            outcomes.append(run.judge(probe))
            if outcomes[-1].verdict is Verdict.FAIL and not case.export.is_honest:
                break
        else:
            outcomes += [run.check("suite-shift")] if loads else []
    finally:
        run.close()
    found = sorted({finding.rule.id for one in outcomes for finding in one.findings})
    why = sorted({(one.reason or "")[:100] for one in outcomes if one.verdict is Verdict.INCONCLUSIVE})
    pairs = [note for one in outcomes if one.probe for note in one.notes if " equal to the reference's" in note]
    counts = [(int(note.split()[0]), int(note.split()[2])) for note in pairs]
    return Result(
        door=tuple(door),
        ear=worst(one.verdict for one in outcomes) if loads else "not loaded",
        rules=tuple(found or why),
        same=sum(same for same, _ in counts),
        takes=sum(takes for _, takes in counts),
        seconds=round(time.perf_counter() - begun, 1),
    )


def worst(verdicts: Iterable[Verdict]) -> str:
    """Of all items of a run."""
    known = set(verdicts)
    order = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)
    return next((one.value for one in order if one in known), Verdict.INCONCLUSIVE.value)


def kept(case: Case) -> Result:
    """Measure a case unless that was done with this code before."""
    own = (Path(__file__), Path(__file__).with_name("exports.py"))
    code = hashlib.sha256(tool_digest().encode() + b"".join(path.read_bytes() for path in own)).hexdigest()[:12]
    path = FOLDER / "results" / f"{code}-{len(SPOKEN)}-{case.name}.json"
    if path.is_file():
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return Result(**{**content, "door": tuple(content["door"]), "rules": tuple(content["rules"])})
    result = measured(case)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_text(json.dumps(dataclasses.asdict(result)), "utf-8")
    half.replace(path)
    return result


def honest_cases() -> list[Case]:
    """Each form in turn, with one thread and two, never twice with a seed."""
    cases = []
    for place in range(RUNS):
        threads = 1 + place // len(FORMS) % 2
        form = FORMS[place % len(FORMS)]
        cases.append(Case(export=HONEST[form], seed=FIRST_HONEST_SEED + place, threads=min(threads, default_threads())))
    return cases


def tampered_cases() -> list[Case]:
    """All of them, or a few."""
    few = by_size(None, quick=QUICK_TAMPERED, smallest=("silence-at-osprey-fp32",))
    return [Case(export=one) for one in TAMPERED if few is None or one.name in few]


def told(case: Case) -> Result:
    """Measure a case and print its row."""
    result = kept(case)
    rules = ", ".join(result.rules) or "-"
    print(
        f"{case.export.kind:24} {case.name:44} {', '.join(result.door) or '-':32} {result.ear:12} "
        f"{result.same:3} of {result.takes:<3} {result.seconds:6.1f}   {rules[:160]}",
        flush=True,
    )
    return result


def main() -> int:
    """Measure, print, judge.

    Returns:
        0 where no honest export fails and at least 95 % of the edited ones are found, else 1.
    """

    def asked(cases: list[Case]) -> list[Case]:
        return [case for case in cases if not ONLY or case.export.name.startswith(ONLY)]

    begun = time.time()
    print(f"{'kind':24} {'export, seed, threads':44} {'door':32} {'ear':12} {'same':10} {'s':>6}   ear's rules")
    honest = [(case, told(case)) for case in asked(honest_cases())]
    edited = [(case, told(case)) for case in asked(tampered_cases())]
    if not QUICK:
        told(Case(export=NOISY))
        dormant = [told(Case(export=one)) for one in DORMANT.values() if not ONLY]
        heard = sum(one.ear != Verdict.PASS.value for one in dormant)
        print(f"dormant until quantised, before they are: {len(dormant) - heard} of {len(dormant)} pass by ear")
    failing = [case for case, result in honest if result.is_found]
    open_ones = sum(result.ear == Verdict.INCONCLUSIVE.value for _, result in honest)
    found = [case for case, result in edited if result.is_found]
    by_door = sum(bool(result.door) or result.ear == "not loaded" for _, result in edited)
    by_ear = sum(result.ear == Verdict.FAIL.value for _, result in edited)
    loaded = sum(result.ear != "not loaded" for _, result in edited)
    missed = Counter(case.export.kind for case, result in edited if not result.is_found)
    for what, count, of in (("honest failing", len(failing), len(honest)), ("edited found", len(found), len(edited))):
        low, high = clopper_pearson(count, of)
        print(f"{what}: {count} of {of}, 95 % interval {low:.3f} to {high:.3f}")
    if missed:
        print("missed: " + ", ".join(f"{count} {kind}" for kind, count in missed.items()))
    ok = not failing and len(found) >= GOAL * len(edited)
    print(
        f"equivalence: {len(failing)} of {len(honest)} honest exports failed, {open_ones} open; {len(found)} of "
        f"{len(edited)} edited ones found, {by_door} at the door, {by_ear} of the {loaded} that load by ear; "
        f"{time.time() - begun:.0f} s: {'reached' if ok else 'FELL SHORT'}"
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
