"""Whole commands: how long a developer waits for the gate, what it costs the machine, and where the time goes.

Rows are the gate of the demo voice by its command line, from the start of Python to the written page: with a cold store
(nothing was spoken before) and a warm one, with and without cost checks, of four probes beside a golden that was
recorded on this machine, and of the whole smoke suite beside the golden that comes along. Beside them stands what a
team would write first, as a whole command too: ``TTS.tts()`` and ``whisper.transcribe``, see
:mod:`benchmarks.main_job`; it speaks each phrase once, the gate twice.

Columns: seconds on the wall, seconds of processor time of all processes, most memory of all processes together
(proportional, looked at once a second), and from ``--tts-log`` the share of the wall in which workers started and
loaded, spoke, Whisper and the senses worked, and nothing of these went on. Shares overlap.

Run it with ``make bench-gate``; ``QUICK=1`` leaves the smoke suite out, and ``PART=piper`` measures something else: the
smoke gate of the demo voice beside that of Piper's export of the same voice, see :mod:`benchmarks.gate_piper`. The
smallest form gates a voice of the fake engine, and leaves out the loop, which :mod:`benchmarks.main_job` runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.main_job import naive
from benchmarks.size import QUICK, SMALLEST, by_size

ASR = "tiny.en"
LISTENER = "fake" if SMALLEST else f"whisper:{ASR}"
FEW = by_size(4, quick=4, smallest=1)
GOALS = {FEW: 15.0, 136: 60.0}
"""Probes -> seconds of the whole command, cold store, with cost checks."""
REPEATS = by_size(int(os.environ.get("REPEATS", "3")), quick=1, smallest=1)
PART = os.environ.get("PART", "")
LOOK_SECONDS = 1.0
VERDICTS = (0, 1, 10)
"""Exit codes of a gate that came to its end; the loop's is 0."""
ROOT = Path(__file__).parents[1]
NAIVE = (sys.executable, "-m", "benchmarks.gate", "naive")
COLUMNS = ("wall s", "cpu s", "peak MB", "start %", "speak %", "hear %", "idle %")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one command took."""

    wall: float
    cpu: float
    peak_bytes: int
    shares: tuple[float, ...] = ()
    """Of the wall: starting and loading, speaking, hearing and measuring, and nothing of these."""


@contextlib.contextmanager
def watched_memory(pid: int) -> Iterator[list[int]]:
    """Look at the memory of a process and its descendants; the most of it is the list's only number."""
    most, stop = [0], threading.Event()

    def look() -> None:
        while not stop.wait(LOOK_SECONDS):
            most[0] = max(most[0], sum(map(proportional_bytes, descendants(pid))))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield most
    finally:
        stop.set()
        looking.join()


def descendants(pid: int) -> list[int]:
    """A process and all that descend from it."""
    above: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            above[int(path.parent.name)] = int(path.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    found, fresh = {pid}, {pid}
    while fresh:
        fresh = {one for one, parent in above.items() if parent in fresh} - found
        found |= fresh
    return sorted(found)


def proportional_bytes(pid: int) -> int:
    """Memory of one process, in which pages that several share count in parts; 0 where that is not told."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def timed(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with (folder / "printed.txt").open("wb") as printed:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=printed, stderr=subprocess.STDOUT
        )
        with watched_memory(process.pid) as most:
            status = process.wait()
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if status not in VERDICTS:
        raise SystemExit((folder / "printed.txt").read_text("utf-8", "replace")[-2000:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall=wall, cpu=cpu, peak_bytes=most[0])


def voice(folder: Path) -> Path:
    """Who is gated."""
    from harness.core.paths import cache_root
    from harness.models.demo import build_demo_voice

    if not SMALLEST:
        return build_demo_voice(cache_root())
    (folder / "voice").mkdir(exist_ok=True)
    (folder / "voice" / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
    return folder / "voice"


def gated(folder: Path, suite: Path, golden: str, store: str, *options: str, model: Path | None = None) -> Cost:
    """The gate of that voice or of another one, by its command line."""
    log = folder / "log.jsonl"
    log.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "pytest", str(suite), "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
        "--rootdir", str(folder), f"--tts-model={model or voice(folder)}", f"--tts-dir={folder / store}",
        f"--tts-golden={golden}", f"--tts-asr={LISTENER}", "--tts-compare=golden", f"--tts-log={log}", *options,
    ]  # fmt: skip
    cost = timed(command, folder)
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line]
    stages = [line for line in lines if "stage" in line]
    # bubblewrap ends before its worker was waited for, so what workers took is no child's time here.
    cpu = cost.cpu + sum(one.get("cpu", 0.0) for one in stages)
    return Cost(wall=cost.wall, cpu=cpu, peak_bytes=cost.peak_bytes, shares=shares(stages, cost.wall))


def shares(stages: Sequence[Mapping[str, Any]], wall: float) -> tuple[float, ...]:
    """Shares of the wall in which each kind of work went on, and in which none did."""
    kinds: list[list[tuple[float, float]]] = [[], [], []]
    for one in stages:
        span = one["start"], one["end"]
        if "worker" in one["lane"]:
            kinds[1 if one["stage"].startswith("speaking") else 0].append(span)
        elif one["lane"] in ("whisper", "senses"):
            kinds[2].append(span)
    covered = [length(spans) / wall for spans in (*kinds, [span for spans in kinds for span in spans])]
    return (*covered[:3], 1.0 - covered[3])


def length(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds that lie in any of some spans."""
    total, end = 0.0, float("-inf")
    for first, last in sorted(spans):
        total += max(0.0, last - max(first, end))
        end = max(end, last)
    return total


def few_probes(folder: Path) -> Path:
    """A suite of the smoke suite's first probes."""
    from harness.cli.demo import demo_suite
    from harness.suites.file import read_suite

    suite, probes = folder / "few.probes.yaml", read_suite(demo_suite()).suite.probes[:FEW]
    lines = [
        f"  - family: carriers\n    id: few-{place}\n    text: {json.dumps(one.text)}\n"
        for place, one in enumerate(probes)
    ]
    suite.write_text("version: 1\ntitle: Few\nlanguage: en\nprobes:\n" + "".join(lines), "utf-8")
    return suite


def recorded(folder: Path, suite: Path, *options: str, model: Path | None = None) -> str:
    """A golden of that suite and voice, with what it costs on this machine unless an option says otherwise."""
    command = [
        sys.executable, "-c", "import sys; from harness.cli.main import main; sys.exit(main(sys.argv[1:]))", "record",
        "--model", str(model or voice(folder)), "--suite", str(suite), "--out", str(folder / "golden/few"),
        "--asr", LISTENER, "--dir", str(folder / "recording"), "--reason", "benchmark",
        *(["--no-cost"] if SMALLEST else []), *options,
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return str(folder / "golden" / "few")


def row(name: str, costs: Sequence[Cost], more: str = "") -> float:
    """Print a row of medians; its seconds."""
    wall = statistics.median(one.wall for one in costs)
    figures = [f"{wall:8.1f}", f"{statistics.median(one.cpu for one in costs):8.1f}"]
    figures.append(f"{max(one.peak_bytes for one in costs) / 1e6:8.0f}")
    if costs[0].shares:
        figures += [f"{100 * statistics.median(one.shares[at] for one in costs):8.0f}" for at in range(4)]
    print(f"{name:44}{''.join(figures)}  {more}".rstrip(), flush=True)
    return wall


def gates(folder: Path, suite: Path, golden: str, count: int) -> float:
    """Rows of one suite; seconds of the one that has a goal."""
    seconds = 0.0
    for cost in ("off",) if SMALLEST else ("auto", "off"):
        cold, warm = [], []
        for repeat in range(REPEATS):
            store = f"store-{count}-{cost}-{repeat}"
            cold.append(gated(folder, suite, golden, store, f"--tts-cost={cost}"))
            warm.append(gated(folder, suite, golden, store, f"--tts-cost={cost}"))
        told = {"auto": "with cost checks", "off": "without"}[cost]
        goal = f"goal {GOALS[count]:g} s" if cost == "auto" else ""
        wall = row(f"gate, {count} probes, cold store, {told}", cold, goal)
        seconds = seconds or wall
        row(f"gate, {count} probes, warm store, {told}", warm)
    return seconds


def main() -> int:
    """Measure, print the table and the figure.

    Returns:
        0 where every goal is met, else 1.
    """
    from harness.cli.demo import demo_suite
    from harness.goldens.places import golden_folders

    if PART == "piper":
        from benchmarks import gate_piper

        return gate_piper.main()
    reached: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'':44}{''.join(f'{column:>8}' for column in COLUMNS)}")
        few = few_probes(folder)
        golden = recorded(folder, few)
        reached[FEW] = gates(folder, few, golden, FEW)
        if not SMALLEST:
            row(f"naive loop, {FEW} phrases", [timed([*NAIVE, str(few)], folder) for _ in range(REPEATS)])
        if not QUICK:
            smoke = next(str(one / "demo-smoke") for one in golden_folders() if (one / "demo-smoke").is_dir())
            reached[136] = gates(folder, demo_suite(), smoke, 136)
            row("naive loop, 136 phrases", [timed([*NAIVE, str(demo_suite())], folder)])
    ok = all(seconds <= GOALS[count] for count, seconds in reached.items())
    told = ", ".join(f"{count} probes {seconds:.1f} s (goal {GOALS[count]:g})" for count, seconds in reached.items())
    print(f"gate: {told}: {'reached' if ok else 'FELL SHORT'}")
    return 0 if ok else 1


def naive_of(suite: Path) -> None:
    """The other side, in a process of its own."""
    from harness.suites.file import read_suite

    naive(ASR, [probe.text for probe in read_suite(suite).suite.probes])


if __name__ == "__main__":
    if sys.argv[1:2] == ["naive"]:
        naive_of(Path(sys.argv[2]))
        sys.exit(0)
    sys.exit(main())
