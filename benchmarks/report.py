"""The page of a large run: how long it takes, how much memory, and how large it gets.

The run is fabricated: 1,300 probes in a run directory on disk, every twentieth failed, every thirtieth undecided, with
audio of speech's length and bandwidth for all that failed. A fresh process reads it and writes the page, as
``soundcheck report`` does. It waits for nothing, in one thread, so that its CPU time is its wall-clock on a calm
machine, and the goal is held against that. Run it with ``make bench-report``; ``QUICK=1`` takes one repeat.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.size import by_size

PROBES = by_size(1_300, quick=1_300, smallest=60)
FAIL_EVERY, OPEN_EVERY = 20, 30
SECONDS = 3.0
"""Length of a clip: that of a sentence of eight words."""
REPEATS = by_size(5, quick=1, smallest=1)
GOAL_SECONDS, GOAL_MB, GOAL_FILE_MB = 10.0, 500.0, 25.0


def prepare(folder: Path) -> None:
    """Put the run, and audio for what failed, where a finished run has it."""
    from harness.core.types import Verdict
    from harness.storage.rundirectory import RunDirectory
    from tests.report_samples import CALM, INFO, NOISY, calm_probes, dropped, make_outcome

    directory = RunDirectory(folder, INFO.run_id)
    directory.begin(INFO, PROBES)
    for at, probe in enumerate(calm_probes(PROBES)):
        twin = f"{list(CALM)[(at + 1) % len(CALM)]}-{at + 1:03}"
        if at % FAIL_EVERY == 0:
            outcome = dropped(replace(probe, trigger=probe.text.split()[0], control=twin))
            outcome = replace(outcome, takes=outcome.takes * 2)
            for take in (
                outcome.takes[0],
                *(one for one in outcome.takes if one.audio_sha256 in outcome.findings[0].audio),
            ):
                speak(folder / "audio" / f"{take.audio_sha256}.flac", at)
            assert outcome.golden is not None
            speak(folder / "golden" / outcome.golden.audio, at)
        else:
            outcome = make_outcome(probe)
            if at % FAIL_EVERY == 1:
                speak(folder / "audio" / f"{outcome.takes[0].audio_sha256}.flac", at)
            if at % OPEN_EVERY == 2:
                outcome = replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=NOISY)
        directory.record("bench", outcome)


def speak(path: Path, seed: int) -> None:
    """Something that costs what speech costs: voiced and unvoiced stretches with formants, and pauses."""
    import numpy as np
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, path.suffix == ".opus"])
    rate = 24_000 if path.suffix == ".opus" else 22_050
    length = rng.uniform(0.95, 1.05) * SECONDS
    time_axis = np.arange(int(rate * length)) / rate
    wave = np.zeros(len(time_axis))
    for start in np.arange(0.1, length - 0.3, 0.22):
        inside = (time_axis >= start) & (time_axis < start + rng.uniform(0.1, 0.2))
        pitch = rng.uniform(90, 130)
        for harmonic in range(1, 30):
            wave[inside] += np.sin(2 * np.pi * pitch * harmonic * time_axis[inside]) * rng.uniform(0, 1) / harmonic
        if rng.random() < 0.4:
            wave[inside] += rng.normal(size=int(inside.sum())) * 0.5
    samples = (0.3 * wave / max(1e-9, np.abs(wave).max())).astype(np.float32)
    kind = {"format": "OGG", "subtype": "OPUS"} if path.suffix == ".opus" else {"format": "FLAC"}
    soundfile.write(path, samples, rate, **kind)


@dataclass(frozen=True, slots=True)
class Sound:
    """An AudioSource over the prepared folder."""

    folder: Path

    def path(self, sha256: str) -> Path | None:
        """FLAC of that digest."""
        path = self.folder / "audio" / f"{sha256}.flac"
        return path if path.is_file() else None

    def golden_path(self, record: object) -> Path | None:
        """Opus of that record."""
        path = self.folder / "golden" / str(getattr(record, "audio", ""))
        return path if path.is_file() else None


def measure(folder: Path) -> dict[str, float]:
    """Read the run and write its page, in this process."""
    started, spent = time.perf_counter(), time.process_time()
    from harness.report.page import html
    from harness.storage.rundirectory import RunDirectory

    (run_dir,) = (folder / "runs").iterdir()
    result = RunDirectory(folder, run_dir.name).result()
    page = run_dir / "report.html"
    html.write(result, Sound(folder), page)
    text = page.read_text("utf-8")
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - spent,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "file_mb": len(text.encode()) / 1e6,
        "clips": text.count("data:audio/ogg"),
        "pictures": text.count("data:image/png"),
    }


def main() -> int:
    """Measure and print.

    Returns:
        0 where all goals are met, else 1.
    """
    with tempfile.TemporaryDirectory(prefix="soundcheck-bench-") as name:
        prepare(Path(name))
        command = [sys.executable, "-m", "benchmarks.report", "--measure", name]
        runs = [
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            for _ in range(REPEATS)
        ]
    print(f"{'run':>3} {'seconds':>8} {'cpu s':>6} {'peak MB':>8} {'file MB':>8} {'clips':>6} {'pictures':>9}")
    for at, one in enumerate(runs, start=1):
        print(
            f"{at:>3} {one['seconds']:>8.2f} {one['cpu']:>6.2f} {one['peak_mb']:>8.0f} {one['file_mb']:>8.1f} "
            f"{one['clips']:>6} {one['pictures']:>9}"
        )
    seconds = statistics.median(one["cpu"] for one in runs)
    peak, size = max(one["peak_mb"] for one in runs), max(one["file_mb"] for one in runs)
    ok = seconds < GOAL_SECONDS and peak < GOAL_MB and size < GOAL_FILE_MB
    print(
        f"report: {PROBES:,} probes in {seconds:.1f} s of CPU (goal < {GOAL_SECONDS:g}), "
        f"{peak:.0f} MB (goal < {GOAL_MB:g}), page {size:.1f} MB (goal < {GOAL_FILE_MB:g}): "
        f"{'reached' if ok else 'FELL SHORT'}"
    )
    return 0 if ok else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
        sys.exit(0)
    sys.exit(main())
