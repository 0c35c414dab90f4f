"""How often honest voices fail, on seeds that the golden never saw.

Each run is the whole smoke suite through pytest, as a user would run it: the demo voice on fresh seeds (A/A), with
another number of threads, and each honest variant of ``soundcheck redteam``. What manipulated voices are caught is
measured by ``make bench-redteam``. Renderings are kept in ``.soundcheck``, so an interrupted benchmark goes on where
it was. Run it with ``make bench-false-alarms``; ``QUICK=1`` does one clean run of every fifth family, ``CLEAN=n``
takes n fresh seeds, ``VOICES=a,b`` some voices beside them only (``none``, ``threads``, or an honest variant).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.size import QUICK, SMALLEST
from harness.cli.demo import GOLDEN, demo_suite, demo_whisper
from harness.core.paths import cache_root
from harness.core.stats import clopper_pearson
from harness.models.demo import build_demo_voice
from harness.redteam.plant import plant
from harness.redteam.registry import kinds
from harness.run.settings import default_threads

CLEAN = int(os.environ.get("CLEAN", "1" if QUICK else "20"))
ASKED = tuple(name for name in os.environ.get("VOICES", "none" if QUICK else "").split(",") if name)
FIRST_SEED = 101
WANTED = "carrier-bus or engine-load" if SMALLEST else "rare-words or engine-load" if QUICK else ""
SHARED = ("--tts-threads=1", "--tts-workers=1") if SMALLEST else ()
"""It runs beside other tests then."""
FOLDER = Path(".soundcheck").absolute()
HONEST_GOAL = 0.05
"""Share of honest variants that may fail; of clean runs it is what alpha allows."""
ALPHA = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One candidate."""

    name: str
    model: Path
    seed: int = FIRST_SEED
    options: tuple[str, ...] = ()


def gate(voice: Voice) -> dict[str, Any]:
    """One run; returns what its results say of each probe."""
    command = [
        sys.executable, "-m", "pytest", str(demo_suite()), "-q", "-p", "no:cacheprovider", "-c/dev/null",
        f"--rootdir={FOLDER.parent}", f"--tts-model={voice.model}", f"--tts-model-name={voice.name}",
        f"--tts-golden={GOLDEN}", f"--tts-asr=whisper:{demo_whisper()}", f"--tts-dir={FOLDER}",
        f"--tts-seed={voice.seed}", "-k", WANTED, *SHARED, *voice.options,
    ]  # fmt: skip
    start = time.time()
    status = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode
    newest = max(FOLDER.glob("runs/*/results.json"), key=lambda path: path.stat().st_mtime_ns, default=None)
    if status not in (0, 1) or newest is None or newest.stat().st_mtime < start:
        raise SystemExit(f"pytest ended with status {status} and no results; repeat it with: {' '.join(command)}")
    return {"seconds": time.time() - start, **json.loads(newest.read_text("utf-8"))}


def failed(run: dict[str, Any]) -> dict[str, list[str]]:
    """Failed items and their rules."""
    return {
        one["subject"]: sorted({finding["rule"] for finding in one["findings"]})
        for one in run["outcomes"]
        if one["verdict"] == "fail"
    }


def voices() -> tuple[list[Voice], list[Voice]]:
    """The voice itself on fresh seeds, and honest variants of it."""
    demo = build_demo_voice(cache_root())
    seeds = range(FIRST_SEED, FIRST_SEED + CLEAN)
    # The golden's own weights would be compared seed by seed: on fresh seeds they stand for another build of the voice.
    clean = [Voice(name="clean", model=demo, seed=seed, options=("--tts-compare=golden",)) for seed in seeds]
    variants = []
    if not ASKED or "threads" in ASKED:
        # The same seeds with other sums: made afresh, since renderings are not named by the threads that made them.
        options: tuple[str, ...] = (f"--tts-threads={2 * default_threads()}", "--tts-workers=1", "--tts-fresh")
        variants.append(Voice(name="threads", model=demo, options=options))
    for kind in kinds():
        if kind.is_honest and (not ASKED or kind.name in ASKED):
            model = plant(kind.name, demo, FOLDER / "planted" / kind.name)
            options = ("--tts-compare=fine-tune",) if kind.is_tune else ()
            variants.append(Voice(name=kind.name, model=model, options=options))
    return clean, variants


def main() -> int:
    """Run, print, judge.

    Returns:
        0 where no more honest voices fail than their goals allow, else 1.
    """
    clean, variants = voices()
    print(f"{'voice':22} {'seed':>5} {'items':>6} {'pass':>5} {'incon.':>6} {'fail':>5} {'s':>6}   failed")
    failures = {}
    for name, group in (("clean", clean), ("honest variants", variants)):
        count = sum(bool(failed(_told(voice))) for voice in group)
        low, high = clopper_pearson(count, len(group)) if group else (0.0, 1.0)
        print(f"{name}: {count} of {len(group)} runs failed, 95 % interval {low:.3f} to {high:.3f}")
        failures[name] = count
    ok = failures["clean"] <= ALPHA * len(clean) and failures["honest variants"] <= HONEST_GOAL * len(variants)
    print(
        f"false-alarms: {failures['clean']} of {len(clean)} clean runs, {failures['honest variants']} of "
        f"{len(variants)} honest variants failed: {'reached' if ok else 'FELL SHORT'}"
    )
    return 0 if ok else 1


def _told(voice: Voice) -> dict[str, Any]:
    """Gate a voice and print its row."""
    run = gate(voice)
    counts = run["counts"]
    found = failed(run)
    shown = ", ".join(f"{subject} ({'/'.join(rules)})" for subject, rules in list(found.items())[:12])
    print(
        f"{voice.name:22} {voice.seed:5} {sum(counts.values()):6} {counts['pass']:5} {counts['inconclusive']:6} "
        f"{counts['fail']:5} {run['seconds']:6.0f}   {shown or '-'}{' ...' if len(found) > 12 else ''}",
        flush=True,
    )
    return run


if __name__ == "__main__":
    sys.exit(main())
