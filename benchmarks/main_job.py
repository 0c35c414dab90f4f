"""The suite against the naive loop: what a team would write first, on the same phrases, Whisper and threads.

naive      ``TTS.tts()`` one phrase at a time, ``whisper.transcribe`` with its defaults, one after the other
soundcheck the gate's own renderer and listener: batches, short windows, forced scoring, voice beside Whisper

Both are given the same CPU threads in total: the naive loop uses all of them for each step, the gate half for the
voice and half for Whisper. Each side is a fresh process for each repeat, interleaved; loading is timed apart.
Run it with ``make bench-main-job``; ``QUICK=1`` takes fewer phrases and one repeat.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.size import SMALLEST, alone_or_shared, by_size

GOALS = {"tiny.en": 2.0} if SMALLEST else {"tiny.en": 2.0, "base": 3.0}
PHRASES = by_size(32, quick=16, smallest=1)
REPEATS = by_size(int(os.environ.get("REPEATS", "3")), quick=1, smallest=1)
WARM_UP = "Room 12 is open."
"""Spoken before the clock starts, by both: with a digit, since Coqui then imports for 2 s what spells numbers."""
TOTAL_THREADS = alone_or_shared(max(2, len(os.sched_getaffinity(0))))


def phrases() -> list[str]:
    """Every n-th probe of the smoke suite, whatever its family."""
    from harness.cli.demo import demo_suite
    from harness.suites.file import read_suite

    texts = [probe.text for probe in read_suite(demo_suite()).suite.probes]
    step = max(1, len(texts) // PHRASES)
    return texts[::step][:PHRASES]


def naive(name: str, texts: Sequence[str] = ()) -> dict[str, float]:
    """The loop that everybody writes first, over some texts; over :func:`phrases` where none is given."""
    import torch

    torch.set_num_threads(TOTAL_THREADS)
    from harness.core.paths import cache_root
    from harness.engines.coqui.espeak import install_inprocess_espeak
    from harness.hearing.asr.weights import resolve_whisper
    from harness.models.demo import build_demo_voice

    start = time.perf_counter()
    install_inprocess_espeak()  # no system espeak is needed; it is quicker than Coqui's own, in favour of this side
    import soxr
    import whisper
    from TTS.api import TTS

    voice = build_demo_voice(cache_root())
    tts = TTS(model_path=str(voice / "model.pth"), config_path=str(voice / "config.json"), progress_bar=False)
    model = whisper.load_model(str(resolve_whisper(name, cache_root()).path), device="cpu")
    tts.tts(WARM_UP)
    loaded = time.perf_counter()
    speaking = hearing = 0.0
    import numpy as np

    for text in texts or phrases():
        begun = time.perf_counter()
        samples = np.asarray(tts.tts(text), dtype=np.float32)
        spoken = time.perf_counter()
        model.transcribe(soxr.resample(samples, 22_050, 16_000).astype(np.float32), fp16=False)
        speaking += spoken - begun
        hearing += time.perf_counter() - spoken
    return {"load": loaded - start, "speak": speaking, "hear": hearing, "total": speaking + hearing}


def soundcheck(name: str) -> dict[str, float]:
    """The gate's own way, without cache: rendering, hearing, measuring and forced scoring."""
    start = time.perf_counter()
    from harness.core.paths import cache_root
    from harness.core.types import Rendering
    from harness.goldens.folder import find_golden, read_golden
    from harness.goldens.places import golden_folders
    from harness.hearing.listening import Expected
    from harness.models.demo import build_demo_voice
    from harness.run.settings import Settings, default_workers
    from harness.run.tools import make_equipment
    from harness.speaking.schedule import BATCH, WINDOW
    from harness.speaking.voice import Made

    def spoken(made: Made) -> Rendering:
        if not isinstance(made, Rendering):
            raise SystemExit(f"the demo voice cannot speak: {made}")
        return made

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            model=str(build_demo_voice(cache_root())), model_name="candidate",
            golden="", golden_folders=golden_folders(), asr=f"whisper:{name}", takes=1, seed=1, alpha=0.01,
            gate="ci", device="cpu", threads=max(1, TOTAL_THREADS // 2),
            workers=alone_or_shared(default_workers("cpu")), folder=Path(folder), memory_gb=8.0,
            timeout=600.0, fresh=True,
        )  # fmt: skip
        equipment = make_equipment(settings, tell=lambda _: None)
        texts = phrases()
        # An order for each worker, so that all of them are loaded before the clock starts.
        warm = [equipment.renderer.submit([(WARM_UP, seed)]) for seed in range(settings.workers)]
        first = [spoken(one) for future in warm for one in future.result().values()]
        equipment.listener.takes(first[:1], [Expected(text=WARM_UP)])
        loaded = time.perf_counter()
        golden = read_golden(find_golden("demo-smoke", golden_folders()))
        expected = {record.text: record.transcript for record in golden.records.values()}
        requests = [(text, 1) for text in texts]
        batches = []
        for at in range(0, len(requests), WINDOW):
            window = sorted(requests[at : at + WINDOW], key=lambda request: len(request[0]))
            batches += [window[start : start + BATCH] for start in range(0, len(window), BATCH)]
        futures = [equipment.renderer.submit(batch) for batch in batches]
        waiting = hearing = 0.0
        for batch, future in zip(batches, futures, strict=True):
            begun = time.perf_counter()
            made = future.result()
            ready = time.perf_counter()
            equipment.listener.takes(
                [spoken(made[request]) for request in batch], [Expected(text=expected[text]) for text, _ in batch]
            )
            waiting += ready - begun
            hearing += time.perf_counter() - ready
        total = time.perf_counter() - loaded
        equipment.renderer.close()
    return {"load": loaded - start, "speak": waiting, "hear": hearing, "total": total}


def measured(side: str, name: str) -> dict[str, float]:
    """One side in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.main_job", side, name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Measure both sides in turn, print the table and the figure.

    Returns:
        0 where every goal is met, else 1.
    """
    print(
        f"{PHRASES} phrases, {REPEATS} repeats, {TOTAL_THREADS} threads, {platform.processor() or platform.machine()}"
    )
    columns = ("load s", "speak s", "hear s", "total s", "s/phrase", "speed-up")
    print(f"{'whisper':8} {'side':11}" + "".join(f"{column:>10}" for column in columns))
    ratios = {}
    for name in GOALS:
        pairs = [(measured("naive", name), measured("soundcheck", name)) for _ in range(REPEATS)]
        ratios[name] = [slow["total"] / fast["total"] for slow, fast in pairs]
        for place, side in enumerate(("naive", "soundcheck")):
            middle = {
                key: statistics.median(pair[place][key] for pair in pairs) for key in ("load", "speak", "hear", "total")
            }
            tail = ""
            if side == "soundcheck":
                low, high = min(ratios[name]), max(ratios[name])
                tail = f"{statistics.median(ratios[name]):.2f}x ({low:.2f}-{high:.2f}), goal {GOALS[name]:g}x"
            figures = [f"{middle[key]:10.1f}" for key in ("load", "speak", "hear", "total")]
            print(f"{name:8} {side:11}" + "".join(figures) + f"{middle['total'] / PHRASES:10.3f}   {tail}")
    print("speak and hear of soundcheck overlap: speak is the time that hearing waited for the voice")
    reached = {name: statistics.median(values) for name, values in ratios.items()}
    ok = all(reached[name] >= goal for name, goal in GOALS.items())
    reached_by = ", ".join(f"{name} {value:.2f}x" for name, value in reached.items())
    print(f"main-job: {reached_by} the naive loop's speed: {'reached' if ok else 'FELL SHORT'}")
    return 0 if ok else 1


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps({"naive": naive, "soundcheck": soundcheck}[sys.argv[1]](sys.argv[2])))
        sys.exit(0)
    sys.exit(main())
