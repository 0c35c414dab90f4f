"""Every folder that Coqui's own classes write, through the whole gate, beside what plain ``TTS.api.TTS`` does with it.

For each layout of :mod:`tests.coqui_layouts` (random weights): it is admitted; it loads behind the walls; what it says
depends on text, seed and whoever is chosen, and a fresh worker says the same again; a golden is recorded; a copy of the
same weights passes with nothing odd in what it does; a copy with one changed sound fails. Of five architectures costs
are judged too, and they speak on 20 fresh seeds each, none of which may fail. Nobody can understand random weights, so
the ear is that of ``--asr fake``, deaf to words: what is judged is what the acoustic detectors measure.

Run it with ``make bench-voices``; ``QUICK=1`` takes a handful, ``LAYOUTS=a,b`` some by name, ``SECONDS=n`` begins
nothing new after that time. Folders and results lie in ``.soundcheck/voices``: an interrupted benchmark goes on where
it was, and code that shapes a result makes it measured anew. A full run writes ``benchmarks/voices.json``, of which
``python -m benchmarks.voices_table`` makes tables.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.deaf_ear import DeafTranscriber
from benchmarks.size import QUICK, by_size
from benchmarks.voice_folders import FOLDER, ROOT, Place, built, changed_copy, is_kept, kept, unchanged_copy
from benchmarks.voices_table import RESULTS, Row, Seeds, is_as_it_should_be, of_json
from harness.admission.admit import admit
from harness.core.types import Probe, Verdict
from harness.core.voice import Voice
from harness.engines.coqui.layout import find_checkpoint
from harness.goldens.folder import Golden, read_golden
from harness.judging.judge import plain_judge
from harness.run.checks.base import When
from harness.run.checks.registry import checks_of
from harness.run.recording import Recording, record_golden
from harness.run.run import Run, Shared, screening_of
from harness.run.self_test import self_test
from harness.run.settings import Settings
from harness.run.tools import Equipment, make_equipment, metered_engine
from harness.suites.file import SuiteFileContent, read_suite
from tests.coqui_layouts import BY_NAME, LAYOUTS

if TYPE_CHECKING:
    from harness.core.types import Waveform

SLOW = frozenset({"MMS (fairseq)", "Tortoise"})
"""Architectures of which a phrase takes seconds, whatever the configuration says."""
HANDFUL = ("vits", "vits-speakers", "fast-pitch", "tacotron2", "glow+hifigan", "delightful")
ASKED = tuple(name for name in os.environ.get("LAYOUTS", "").split(",") if name)
ALL = tuple(layout.name for layout in LAYOUTS if layout.architecture not in SLOW)
NAMES = ASKED or by_size(ALL, quick=HANDFUL, smallest=("vits",))
FIVE = ("vits", "glow", "tacotron2", "fast-pitch", "xtts-v2")
SEEDED = by_size(FIVE, quick=(), smallest=()) if not ASKED else ()
"""Layouts that are held against their golden on fresh seeds."""
COSTED = by_size(FIVE, quick=HANDFUL[:1], smallest=())
"""Layouts of which costs are judged, too."""
RUNS, TAKES = 20, 8
SECONDS = float(os.environ.get("SECONDS", "inf"))
"""After so many nothing new is begun; the same command goes on."""
WITH_THE_SOUND = (
    "go home over old stone roads.",
    "no one told joe so.",
    "open those cold yellow boats.",
    "hold the old rope.",
    "only go slow on snow.",
    "both goats rode alone.",
    "throw most of those notes.",
    "close both open phones.",
)
"""Fewer than half: where a build's phrases are as they were, those that are not stand out."""
WITHOUT_IT = (
    "his sister sings.",
    "the lamp is lit.",
    "a letter is in the mail.",
    "sit in the big chair.",
    "cut the red cake.",
    "ships sail in the spring.",
    "a cat sleeps all day.",
    "put the kettle in.",
    "let her see the picture.",
    "ten men met at the farm.",
    "the night is dark.",
    "this water is clean.",
    "fill the glass again.",
    "read the last line.",
)
FEW = 4
"""Phrases of each sort where takes scatter; a voice without spread is judged by 20 or more."""


def settings_of(place: Place, model: Path, voice: Voice, **more: Any) -> Settings:
    """Of a run of a layout, or of a copy of it."""
    plain = Settings(
        model=str(model), model_name="candidate", golden="", golden_folders=(), asr="fake", takes=2, seed=1,
        alpha=0.01, gate="ci", device="cpu", threads=1, workers=1, folder=place.work / "store", memory_gb=8.0,
        timeout=600.0, fresh=False, speaker=(voice.speaker,) if voice.speaker else (), language=voice.language,
        vocoder=place.vocoder,
    )  # fmt: skip
    return dataclasses.replace(plain, **more)


@functools.cache
def suite_of(*, is_fixed: bool) -> SuiteFileContent:
    """The phrases, as a file: those with the sound first."""
    phrases = WITH_THE_SOUND + WITHOUT_IT if is_fixed else WITH_THE_SOUND[:FEW] + WITHOUT_IT[:FEW]
    path = FOLDER / f"{len(phrases)}.probes.yaml"
    lines = [f"  - {{id: p{number}, family: short, text: {text}}}" for number, text in enumerate(phrases)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["version: 1", "title: Short", "language: en", "probes:", *lines]) + "\n", "utf-8")
    return read_suite(path)


def equipped(settings: Settings) -> Equipment:
    """Walls, a worker and a deaf ear."""
    return make_equipment(settings, tell=lambda _: None, transcriber=DeafTranscriber, is_ours=True)


def speaks_by_what_it_should(place: Place, tools: Equipment) -> bool:
    """Whether text, seed and whoever is chosen make a difference, and nothing else does."""
    layout = place.layout
    orders = [("open the door", 7), ("open the door", 8), ("shut the window", 7)]
    others: list[Equipment] = []
    try:
        for voice in (*layout.voices[1:], layout.voices[0]):
            others.append(equipped(settings_of(place, place.folder, voice, fresh=True)))
        said = [_said(tools, order) for order in orders]
        foreign = [_said(other, orders[0]) for other in others[:-1]]
        again = _said(others[-1], orders[0], first=("a longer text comes first", 1))
    finally:
        for other in others:
            other.renderer.close()
    return (
        _is_alike(said[0], again)
        and _is_alike(said[0], said[1]) == layout.is_fixed
        and not _is_alike(said[0], said[2])
        and not any(_is_alike(said[0], other) for other in foreign)
    )


def _said(tools: Equipment, order: tuple[str, int], first: tuple[str, int] | None = None) -> Waveform:
    made = tools.renderer.submit([*([first] if first else []), order]).result()[order]
    if isinstance(made, Exception):
        raise made
    samples, _ = tools.store.audio(made.audio_sha256)
    return samples


def _is_alike(one: Waveform, other: Waveform) -> bool:
    """Whether two renderings are the same beyond rounding, however loud they are."""
    if one.shape != other.shape:
        return False
    return float(abs(one - other).max()) <= 1e-4 * float(abs(one).max())


def recorded(place: Place, tools: Equipment) -> Golden:
    """The golden of a layout."""
    out, content = place.work / "golden", suite_of(is_fixed=place.layout.is_fixed)
    if (out / "manifest.json").is_file():
        return read_golden(out)
    wish = Recording(
        out=out, suites=[(content.suite, content.sha256)], takes=TAKES, seed=0, reason="benchmark", with_audio=False
    )
    return record_golden(
        wish, tools.model, tools.renderer, tools.listener, tools.store, engine=tools.engine, progress=lambda _: None
    )


def gated(place: Place, model: Path, golden: Golden, *, is_changed: bool, takes: int = 2) -> dict[str, str]:
    """Verdicts of a copy, by item: other bytes than the golden's, other seeds. A changed one is left when it fails."""
    settings = dataclasses.replace(_of_gate(place, model, golden, cost="off"), takes=takes)
    checks, probes = checks_of(settings), suite_of(is_fixed=place.layout.is_fixed).suite.probes
    run = _begun(place, settings, golden, planned=len(probes) + len(checks))
    before = [check.name for check in checks if check.when is When.FIRST]
    after = [check.name for check in checks if check.when is not When.FIRST]
    verdicts: dict[str, str] = {}
    try:
        items: list[str | Probe] = [*before, *probes, *after]
        for item in items:
            outcome = run.judge(item) if isinstance(item, Probe) else run.check(item)
            verdicts[outcome.subject] = outcome.verdict.value
            if outcome.verdict is not Verdict.PASS:
                rules = ", ".join(sorted({finding.rule.id for finding in outcome.findings}))
                why = rules or (outcome.reason or "")[:160]
                print(f"    {model.name}: {outcome.subject} {outcome.verdict.value} {why}", file=sys.stderr)
            if is_changed and isinstance(item, Probe) and outcome.verdict is Verdict.FAIL:
                break
    finally:
        run.close()
    return verdicts


def _of_gate(place: Place, model: Path, golden: Golden, *, cost: str) -> Settings:
    voice = place.layout.voices[0]
    return settings_of(place, model, voice, compare="golden", golden=str(golden.path), cost=cost)


def _begun(place: Place, settings: Settings, golden: Golden, *, planned: int) -> Run:
    content = suite_of(is_fixed=place.layout.is_fixed)
    judge = plain_judge(list(golden.records.values()), screening_of(settings, [content]))
    shared = Shared(transcriber=DeafTranscriber, golden=golden, judge=judge)
    probes = content.suite.probes
    return Run(settings, [content], probes, writer="bench", planned=planned, tell=lambda _: None, shared=shared)


def costed(name: str) -> dict[str, Any]:
    """What is said of the costs of an unchanged copy."""
    from harness.costs.profile import keep_profile
    from harness.costs.profiling import measure_profile

    place = built(name)
    settings = settings_of(place, place.folder, place.layout.voices[0])
    tools = equipped(settings)
    try:
        golden = recorded(place, tools)
        profile = measure_profile(
            golden, suite_of(is_fixed=place.layout.is_fixed).suite.probes, tools.renderer,
            engine=metered_engine(settings, tools.engine), device="cpu", seed=0, progress=lambda _: None,
        )  # fmt: skip
    finally:
        tools.renderer.close()
    if profile is not None:
        keep_profile(golden, profile)
    asked = _of_gate(place, unchanged_copy(place), golden, cost="auto")
    checks = [check.name for check in checks_of(asked) if check.name.startswith("cost-")]
    run = _begun(place, asked, golden, planned=len(checks))
    try:
        return {"costs": _worst(run.check(check).verdict.value for check in checks)}
    finally:
        run.close()


def measured(name: str) -> dict[str, Any]:
    """Everything about one layout."""
    begun = time.perf_counter()
    place = built(name)
    layout = place.layout
    scan = all(admit(part).verdict is Verdict.PASS for part in place.parts)
    tools = equipped(settings_of(place, place.folder, layout.voices[0]))
    loading = time.perf_counter()
    try:
        tools.renderer.submit([("open the door", 7)]).result()
        first_seconds = time.perf_counter() - loading
        speaks = speaks_by_what_it_should(place, tools)
        golden = recorded(place, tools)
    finally:
        tools.renderer.close()
    unchanged = gated(place, unchanged_copy(place), golden, is_changed=False)
    copy, by_red_team = changed_copy(place)
    changed = gated(place, copy, golden, is_changed=True)
    if _worst(changed.values()) == "inconclusive":  # what is left open says with how many takes it is decided
        changed = gated(place, copy, golden, is_changed=True, takes=TAKES)
    shutil.rmtree(place.work / "changed")
    shutil.rmtree(place.work / "unchanged")
    row = Row(
        name=name,
        architecture=layout.architecture,
        what=layout.what,
        scan=scan,
        speaks=speaks,
        voices=len(layout.voices),
        is_fixed=len(golden.fixed) == len(golden.records),
        golden=len(golden.records),
        unchanged=_worst(unchanged.values()),
        changed=_worst(changed.values()),
        behaviour=_worst(verdict for subject, verdict in unchanged.items() if subject.startswith("behaviour-")),
        costs="none",
        red_team=by_red_team,
        seconds=round(time.perf_counter() - begun, 1),
        first_seconds=round(first_seconds, 1),
    )
    return dataclasses.asdict(row)


def _worst(verdicts: Iterable[str]) -> str:
    known = set(verdicts)
    return next((one for one in ("fail", "error", "inconclusive", "pass") if one in known), "none")


def seeded(name: str) -> dict[str, Any]:
    """How often a voice fails its own golden on seeds that it never saw."""
    place = built(name)
    tools = equipped(settings_of(place, place.folder, place.layout.voices[0]))
    try:
        golden = recorded(place, tools)
        probes = suite_of(is_fixed=place.layout.is_fixed).suite.probes
        done = self_test(golden, probes, tools.beside(), runs=RUNS, takes=2, alpha=0.01, progress=lambda _: None)
    finally:
        tools.renderer.close()
    result = Seeds(
        architecture=place.layout.architecture,
        runs=done.runs,
        failed=done.failed_runs,
        probes=done.probes,
        failed_probes=done.failed_probes,
        open_probes=done.open_probes,
        rules=done.rules,
    )
    return dataclasses.asdict(result)


def plain(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What ``TTS.api.TTS`` does with the same folders, told speaker and language."""
    asked = []
    for name in names:
        place = built(name)
        voice = place.layout.voices[0]
        is_folder = place.layout.architecture.startswith(("XTTS", "Tortoise", "MMS"))
        asked.append(
            {
                "name": name,
                "folder": str(place.folder),
                "vocoder": place.vocoder,
                "checkpoint": "" if is_folder else find_checkpoint(place.folder).name,
                "is_folder": is_folder,
                "speaker": voice.speaker,
                "language": voice.language,
                "text": WITH_THE_SOUND[0],
            }
        )
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.inside.plain_coqui"], input=json.dumps(asked), capture_output=True,
        text=True, check=False, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}


def in_order(names: Sequence[str]) -> list[str]:
    """One of each architecture first, then the others."""
    kinds = [BY_NAME[name].architecture for name in names]
    return sorted(names, key=lambda name: kinds.index(BY_NAME[name].architecture) != names.index(name))


def main() -> int:
    """Measure, print, judge.

    Returns:
        0 where every folder goes through the gate as it should, no fresh seed fails, and plain Coqui speaks none that
        the gate cannot; else 1.
    """
    begun = time.time()

    def has_time() -> bool:
        return time.time() - begun < SECONDS

    rows: dict[str, Row] = {}
    print(f"{'layout':24} scan  speak golden unchanged    changed      red team  s")
    for name in in_order(NAMES):
        if not has_time() and not is_kept("row", name):
            continue
        row = rows[name] = Row(**kept("row", name, measured))
        print(
            f"{name:24} {row.scan!s:5} {row.speaks!s:5} {row.golden:6} {row.unchanged:12} {row.changed:12} "
            f"{row.red_team!s:6} {row.seconds:6.1f}",
            flush=True,
        )
    seeds = {}
    for name in SEEDED:
        if has_time() or is_kept("seeds", name):
            one = seeds[name] = Seeds(**kept("seeds", name, seeded))
            probes = f"{one.failed_probes} of {one.probes} phrases failed, {one.open_probes} open"
            print(f"{name}: {one.failed} of {one.runs} runs on fresh seeds failed, {probes}", flush=True)
    for name in COSTED:
        if name in rows and (has_time() or is_kept("costs", name)):
            rows[name] = dataclasses.replace(rows[name], **kept("costs", name, costed))
            print(f"{name}: costs {rows[name].costs}", flush=True)
    beside = kept("plain", hashlib.sha256(repr(sorted(rows)).encode()).hexdigest()[:12], lambda _: plain(list(rows)))
    for name in rows:
        if not beside.get(name, {}).get("speaks"):
            print(f"TTS.api.TTS, {name}: {beside.get(name, {}).get('error', 'ended the process')[:100]}")
    measured_rows = [rows[name] for name in NAMES if name in rows]
    right = sum(map(is_as_it_should_be, measured_rows))
    spoken = {name: bool(one["speaks"]) for name, one in beside.items()}
    failed, runs = sum(one.failed for one in seeds.values()), sum(one.runs for one in seeds.values())
    if not QUICK and not ASKED:
        RESULTS.write_text(of_json(measured_rows, seeds, spoken), "utf-8")
    speak = sum(row.speaks for row in measured_rows)
    ok = right == len(NAMES) and failed == 0 and len(seeds) == len(SEEDED) and speak >= sum(spoken.values())
    print(
        f"voices: {right} of {len(measured_rows)} folders gated as they should be, plain TTS.api.TTS speaks "
        f"{sum(spoken.values())} of them; {len(NAMES) - len(measured_rows)} not measured yet; {failed} of {runs} runs "
        f"on fresh seeds failed; {time.time() - begun:.0f} s: {'reached' if ok else 'FELL SHORT'}"
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
