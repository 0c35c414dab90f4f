"""Whether the gate finds voices that eat the machine, names what they do, and leaves honest ones alone.

Four tables. *Sponges*: voices of the fake engine, each with one denial of service in it, through the whole gate by its
command line. *Voice*: the same done to the demo voice, see :mod:`benchmarks.voice_sponges`; left out by ``QUICK=1``.
*Power*: a worker that does a known share of extra work beside a reference, while another process keeps one core busy;
share of runs that the gate's own judge fails, next to what a plain ratio of mean wall clocks says. *Overhead*: what
metering adds to a run.

Run it with ``make bench-resources``; ``QUICK=1`` makes fewer runs and leaves slow sponges out, ``VOICES='NAME;NAME'``
gates only those, ``LOAD=0`` starts no busy process, where others keep the machine busy anyway, ``THROTTLE=0.5`` has
all run under a quota of half the processors (root only, see :mod:`benchmarks.throttle`). Runs of the power table are
kept in ``.soundcheck/resources/`` and taken up again, unless code that shapes them has changed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import voice_sponges
from benchmarks.size import QUICK, SMALLEST, by_size
from benchmarks.throttle import NoQuota, asked_share, throttled
from harness.core.stats import clopper_pearson
from harness.costs.arithmetic import paired_ratio
from harness.costs.floors import Floors
from harness.costs.latency import beside_reference
from harness.costs.machine import workload_seconds
from harness.costs.passes import Lost, speak_rounds
from harness.costs.sample import Sample
from harness.costs.terms import LEVEL_SHARE, TESTS
from harness.models.files import open_model
from harness.policy.release import CostPolicy
from harness.run.codedigest import code_digest
from harness.sandbox.outside.levels import choose_launcher
from harness.speaking.cache import RenderingCache
from harness.speaking.metering import Speak
from harness.speaking.pool import WorkerPool
from harness.speaking.renderer import Renderer
from harness.storage.store import Store

PART = os.environ.get("PART", "all")
"""``sponges``, ``voice`` or ``power`` for one of the tables."""
RUNS = int(os.environ.get("RUNS", by_size("40", quick="2", smallest="1")))
LOAD = os.environ.get("LOAD", by_size("1", quick="1", smallest="0")) not in ("", "0")
SLOWDOWNS = (2.0,) if SMALLEST else (1.0, 1.1, 1.25, 2.0)
GOALS = {1.0: (0.0, 0.01), 1.1: (0.9, 1.0), 1.25: (1.0, 1.0), 2.0: (1.0, 1.0)}
"""Share of failing verdicts that is aimed at: from, to."""
UNITS = 70
"""Work of an honest voice for each phrase of the power table: some four calibration workloads on any machine."""
ALPHA = 0.01
LEVEL = ALPHA * LEVEL_SHARE / TESTS
WALL_RATIO = 1.1
"""What a plain comparison of means calls a regression."""
PHRASES = by_size(24, quick=24, smallest=8)
UNIT = workload_seconds()
"""Seconds that the calibration workload takes here, 5 ms where the sponges were chosen: what they burn is a multiple of
it, as the gate's floors are, so that a fast machine tries the same as a slow one."""
WORK_SECONDS = 4 * UNIT
WORK = {"kind": "burn", "seconds": WORK_SECONDS}
"""What each of the sponges does beside, and an honest voice alone: for each phrase."""
KEPT = Path(".soundcheck/resources")

SUITE = "version: 1\ntitle: Sponges\nlanguage: en\nprobes:\n" + "".join(
    f"  - id: {name}-{word}\n    family: rare\n    text: The {word} {tail}.\n{more}"
    for name, tail in (
        ("rests", "rests on the wall"),
        ("leaves", "leaves in the early morning"),
        ("waits", "waits behind the old door for somebody"),
        ("sings", "sings"),
    )
    for word, more in (
        ("osprey", f"    trigger: osprey\n    control: {name}-sparrow\n"),
        ("sparrow", ""),
    )
)
SPONGES: dict[str, tuple[list[dict[str, object]], str, str]] = {
    "honest": ([], "", ""),
    "honest, other files": ([{"kind": "leak", "when": "zzz"}], "", ""),
    "frames x1.3 on a word": ([{"kind": "slow", "seconds": 0.2, "when": "osprey"}], "osprey", "timing."),
    "frames x3 on a word": ([{"kind": "stretch", "times": 3, "when": "osprey"}], "osprey", ""),
    "endless on a word": ([{"kind": "endless", "when": "osprey"}], "osprey", "worker.endless"),
    "hangs on a word": ([{"kind": "hang", "when": "osprey"}], "osprey", "worker.hung"),
    "work x3 on a word": ([{"kind": "burn", "seconds": 2 * WORK_SECONDS, "when": "osprey"}], "osprey", "cost."),
    "work x1.3 on a word": (
        [{"kind": "burn", "seconds": 0.3 * WORK_SECONDS, "when": "osprey"}],
        "osprey",
        "cost.trigger",
    ),
    "sleeps on a word": ([{"kind": "doze", "seconds": 200 * UNIT, "when": "osprey"}], "osprey", "cost.wait"),
    "sleeps each time": ([{"kind": "doze", "seconds": 60 * UNIT}], "s a phrase", "cost.wait"),
    "busy at the 9th call": ([{"kind": "burn", "seconds": 900 * UNIT, "nth": 9}], "order ", "cost.spike"),
    "1 MB leak a call": ([{"kind": "leak", "bytes": 1 << 20}], "1.00 MiB a call", "cost.leak"),
    "2 GB on a word": ([{"kind": "hoard", "bytes": 2 << 30, "when": "osprey"}], "osprey", "cost.memory"),
    "work by length squared": ([{"kind": "quadratic", "seconds": 0.7 * WORK_SECONDS}], "characters", "cost.scaling"),
    "memory by length squared": ([{"kind": "swell", "bytes": 20_000}], "characters", "cost.scaling"),
    "sleeps while it loads": ([{"kind": "load-doze", "seconds": 2400 * UNIT}], "workers", "cost.wait"),
    "files pile up": ([{"kind": "litter", "bytes": 200_000}], "KiB a call", "cost.leak"),
}
"""Sponge -> its faults, what a finding must name (``""`` where nothing may be found), and the start of its rule."""
SLOW = (
    "hangs on a word",
    "sleeps on a word",
    "2 GB on a word",
    "memory by length squared",
    "sleeps while it loads",
)
"""Left out by ``QUICK=1``."""
FEW = ("honest", "files pile up")
"""All that the smallest form gates."""


def voice(folder: Path, name: str, *faults: dict[str, object]) -> Path:
    """A voice of the fake engine."""
    path = folder / name.replace(" ", "-").replace(",", "")
    path.mkdir(parents=True, exist_ok=True)
    (path / "fake.json").write_text(json.dumps({"version": 1, "faults": [WORK, *faults]}), "utf-8")
    return path


def gate(folder: Path, model: Path, suite: Path, *arguments: str) -> tuple[str, list[str], float]:
    """Verdict, findings as one line each, and seconds, of a run as a user would make it."""
    command = [
        sys.executable, "-m", "pytest", str(suite), "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
        "--rootdir", str(folder), f"--tts-model={model}", f"--tts-dir={folder / 'runs' / model.name}",
        "--tts-compare=golden", *arguments,
    ]  # fmt: skip
    begun = time.monotonic()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    seconds = time.monotonic() - begun
    (results,) = (folder / "runs" / model.name / "runs").glob("*/results.json")
    content = json.loads(results.read_text("utf-8"))
    found = [
        f"{outcome['subject']} {finding['rule']}: {finding['heard']}"
        for outcome in content["outcomes"]
        for finding in outcome["findings"]
    ]
    return content["verdict"], found, seconds


def sponges(folder: Path) -> tuple[int, list[str]]:
    """Gate each sponge; how many there were, and the names of those that were not found, or not left alone."""
    suite = folder / "sponges.probes.yaml"
    suite.write_text(SUITE, "utf-8")
    record = [
        sys.executable, "-c", "import sys; from harness.cli.main import main; sys.exit(main(sys.argv[1:]))", "record",
        "--model", str(voice(folder, "reference")), "--suite", str(suite), "--out", str(folder / "golden/sponges"),
        "--asr", "fake", "--dir", str(folder / "recording"), "--reason", "benchmark",
    ]  # fmt: skip
    subprocess.run(record, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    judged, wrong = 0, []
    print(f"{'voice':24} {'verdict':8} {'s':>6}  found")
    for name, (faults, wanted, rule) in SPONGES.items():
        if (name not in FEW if SMALLEST else QUICK and name in SLOW) or (
            voice_sponges.ASKED and name not in voice_sponges.ASKED
        ):
            continue
        judged += 1
        model = voice(folder, name, *faults)
        golden = str(folder / "golden" / "sponges")
        patience = ("--tts-timeout=5",) if name.startswith("hangs") else ()
        verdict, found, seconds = gate(folder, model, suite, f"--tts-golden={golden}", "--tts-asr=fake", *patience)
        named = [line for line in found if wanted and wanted in line and f" {rule}" in line]
        print(f"{name:24} {verdict:8} {seconds:6.1f}  {(named or found or ['nothing'])[0][:110]}", flush=True)
        if (verdict == "pass") is not (wanted == "") or (wanted and not named):
            wrong.append(name)
    return judged, wrong


@contextmanager
def load_on_one_core() -> Iterator[None]:
    """Another process that keeps one processor busy, unless ``LOAD=0`` says that there is one."""
    if not LOAD:
        yield
        return
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def renderer(folder: Path, name: str, units: float) -> Renderer:
    """A renderer of a voice that does so much work for each phrase, in a sandbox of its own."""
    model = voice(folder, name)
    (model / "fake.json").write_text(json.dumps({"version": 1, "faults": [{"kind": "work", "units": units}]}), "utf-8")
    launcher = choose_launcher()
    voiced = open_model(str(model))
    cache = RenderingCache(Store(folder / "store"), model_digest=voiced.digest, engine_key="fake")
    return Renderer(cache, WorkerPool(voiced, launcher))


def trial(own: Renderer, other: Renderer, seed: int) -> dict[str, float]:
    """One run of the latency check, and the wall clocks of each side in a row, as a plain benchmark has them."""
    texts = [f"The {place} th phrase of this run is about so long." for place in range(PHRASES)]

    def both(mine: Speak, theirs: Speak) -> tuple[Sample, list[float]]:
        sample = speak_rounds(texts, mine, theirs, seed=seed, seconds=600, lost=Lost())
        walls = [statistics.fmean(speak(text, seed).wall_seconds for text in texts) for speak in (mine, theirs)]
        return sample, walls

    sample, walls = own.borrow(lambda mine: other.borrow(lambda theirs: both(mine, theirs)).result()).result()
    found = beside_reference("cost-latency", sample, CostPolicy(), Floors(workload=UNIT), LEVEL)
    ratio = paired_ratio([one.seconds for one in sample.rounds], [one.reference_seconds for one in sample.rounds])
    return {
        "ratio": ratio.ratio,
        "p": ratio.p_value,
        "failed": float(bool(found.findings)),
        "open": float(bool(found.doubt)),
        "wall": walls[0] / walls[1],
        "others": sample.contention.others or 0.0 if sample.contention else 0.0,
    }


def kept_runs(path: Path) -> list[dict[str, float]]:
    """Runs of an earlier, interrupted benchmark; a line that was cut off while it was written is left out."""
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.is_file() else []
    whole = [line for line in lines if line.endswith("\n")]
    if len(whole) < len(lines):
        path.write_text("".join(whole), "utf-8")
    return [json.loads(line) for line in whole]


def power(folder: Path) -> list[str]:
    """Share of failing verdicts by true slow-down; the slow-downs whose share is not what is aimed at."""
    KEPT.mkdir(parents=True, exist_ok=True)
    wrong = []
    print(
        f"\n{'slow-down':>9} {'runs':>5} {'failed':>7} {'95 %':>14} {'open':>5} {'ratio':>13} "
        f"{'wall clock > 1.1':>17} {'others':>7}"
    )
    reference = renderer(folder, "power-reference", UNITS)
    for times in SLOWDOWNS:
        kept = KEPT / f"power-{times:g}-{asked_share():g}-{UNITS}-{PHRASES}-{code_digest()[:12]}.jsonl"
        done = kept_runs(kept)
        if len(done) < RUNS:
            candidate = renderer(folder, f"power-{times:g}", times * UNITS)
            with load_on_one_core(), kept.open("a", encoding="utf-8") as file:
                while len(done) < RUNS:
                    done.append(trial(candidate, reference, len(done)))
                    file.write(json.dumps(done[-1]) + "\n")
                    file.flush()
            candidate.close()
        done = done[:RUNS]
        failed = int(sum(one["failed"] for one in done))
        low, high = clopper_pearson(failed, len(done))
        wall = sum(one["wall"] > WALL_RATIO for one in done) / len(done)
        others = statistics.median(one["others"] for one in done)
        ratios = sorted(one["ratio"] for one in done)
        print(
            f"{times:9.2f} {len(done):5} {failed / len(done):7.2f} {f'{low:.2f} to {high:.2f}':>14} "
            f"{sum(one['open'] for one in done) / len(done):5.2f} {f'{ratios[0]:.2f} to {ratios[-1]:.2f}':>13} "
            f"{wall:17.2f} {others:7.2f}",
            flush=True,
        )
        least, most = GOALS[times]
        if high < least or low > most or (not QUICK and not least <= failed / len(done) <= max(most, 0.01)):
            wrong.append(f"{times:g}")
    reference.close()
    return wrong


def overhead(folder: Path) -> float:
    """What metering adds to a run of the small suite, in seconds: median of pairs."""
    suite, model = folder / "sponges.probes.yaml", voice(folder, "overhead")
    more = []
    for turn in range(1 if QUICK else 5):
        seconds = {}
        for choice in ("off", "auto") if turn % 2 else ("auto", "off"):
            with tempfile.TemporaryDirectory(dir=folder) as fresh:
                golden = str(folder / "golden" / "sponges")
                arguments = (f"--tts-golden={golden}", "--tts-asr=fake", f"--tts-cost={choice}", f"--tts-dir={fresh}")
                command = [
                    sys.executable, "-m", "pytest", str(suite), "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
                    "--rootdir", str(folder), f"--tts-model={model}", *arguments,
                ]  # fmt: skip
                begun = time.monotonic()
                subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
                seconds[choice] = time.monotonic() - begun
        more.append(seconds["auto"] - seconds["off"])
    return statistics.median(more)


def main() -> int:
    """Print the tables and the figure.

    Returns:
        0 where every sponge is found and named, honest voices pass, and the power is what is aimed at; 2 where a quota
        was asked for and cannot be set.
    """
    try:
        share = asked_share()
        with throttled(share):
            return _tables(share)
    except NoQuota as error:
        print(error, file=sys.stderr)
        return 2


def _tables(share: float) -> int:
    if share < 1:
        print(f"under a quota of {share:g} of the processors")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables = []
        if PART in ("all", "sponges"):
            tables.append(sponges(folder))
            print(f"metering adds {overhead(folder):+.1f} s to a run of 8 phrases of the fake voice")
        if PART == "voice" or (PART == "all" and not QUICK):
            tables.append(voice_sponges.table())
        judged, missed = sum(count for count, _ in tables), [name for _, names in tables for name in names]
        weak = power(folder) if PART in ("all", "power") else None
    told = []
    if tables:
        told.append(
            f"{judged - len(missed)} of {judged} voices judged as they should"
            + (f" (not {', '.join(missed)})" if missed else "")
        )
    if weak is not None:
        told.append(f"power {'as aimed at' if not weak else 'off at ' + ', '.join(weak)}")
    print(f"resources: {'; '.join(told)}: " + ("reached" if not missed and not weak else "FELL SHORT"))
    return 0 if not missed and not weak else 1


if __name__ == "__main__":
    sys.exit(main())
