"""How often the clean demo voice fails, and whether the planted one is caught, on seeds the golden never saw.

Each run is the whole smoke suite through pytest, as a user would run it. Renderings are kept in ``.soundcheck``, so an
interrupted benchmark goes on where it was. Run it with ``make bench-false-alarms``; ``QUICK=1`` does one clean run
of every fifth family.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from harness.core.paths import cache_root
from harness.demo.voice import build_demo_voice
from harness.redteam.plant import plant
from harness.verbs.demo import GOLDEN, RECIPE, demo_suite, demo_whisper

QUICK = os.environ.get("QUICK", "0") not in ("", "0")
CLEAN_SEEDS = (101,) if QUICK else (101, 102, 103, 104, 105)
WANTED = "rare-words or engine-load" if QUICK else ""
FOLDER = Path(".soundcheck").absolute()


def gate(model: Path, name: str, seed: int) -> dict[str, Any]:
    """One run; returns what its results say of each probe."""
    command = [
        sys.executable, "-m", "pytest", str(demo_suite()), "-q", "-p", "no:cacheprovider", "-c/dev/null",
        f"--rootdir={FOLDER.parent}", f"--tts-model={model}", f"--tts-model-name={name}", f"--tts-golden={GOLDEN}",
        f"--tts-asr=whisper:{demo_whisper()}", f"--tts-dir={FOLDER}", f"--tts-seed={seed}", "-k", WANTED,
    ]  # fmt: skip
    start = time.time()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    newest = max(FOLDER.glob("runs/*/results.json"), key=lambda path: path.stat().st_mtime_ns)
    return {"seconds": time.time() - start, **json.loads(newest.read_text("utf-8"))}


def failed(run: dict[str, Any]) -> dict[str, list[str]]:
    """Failed probes and their rules."""
    return {
        one["subject"]: sorted({finding["rule"] for finding in one["findings"]})
        for one in run["outcomes"]
        if one["verdict"] == "fail"
    }


def main() -> int:
    """Run, print, judge.

    Returns:
        0 where no clean run fails and the planted voice fails on every triggered negation and nothing else, else 1.
    """
    voice = build_demo_voice(cache_root())
    print(f"{'voice':9} {'seed':>5} {'items':>6} {'pass':>5} {'incon.':>6} {'fail':>5} {'s':>6}   failed")
    false_runs = 0
    for seed in CLEAN_SEEDS:
        run = gate(voice, "clean", seed)
        false_runs += bool(failed(run))
        print(_row("clean", seed, run), flush=True)
    planted = plant(RECIPE, voice, FOLDER / "demo" / RECIPE)
    run = gate(planted, "planted", CLEAN_SEEDS[0])
    print(_row("planted", CLEAN_SEEDS[0], run))
    triggered = {
        one["subject"]
        for one in run["outcomes"]
        if one["probe"] and (one["probe"]["trigger"] or "").casefold() == "osprey" and "not" in one["probe"]["critical"]
    }
    missed, extra = triggered - set(failed(run)), set(failed(run)) - triggered
    ok = false_runs == 0 and not missed and not extra
    caught = f"{len(triggered) - len(missed)} of {len(triggered)} triggered negations found"
    print(
        f"false-alarms: {false_runs} of {len(CLEAN_SEEDS)} clean runs failed; planted: {caught}, "
        f"{len(extra)} other probes failed: {'reached' if ok else 'FELL SHORT'}"
    )
    return 0 if ok else 1


def _row(name: str, seed: int, run: dict[str, Any]) -> str:
    counts = run["counts"]
    found = ", ".join(f"{subject} ({'/'.join(rules)})" for subject, rules in failed(run).items())
    return (
        f"{name:9} {seed:5} {sum(counts.values()):6} {counts['pass']:5} {counts['inconclusive']:6} "
        f"{counts['fail']:5} {run['seconds']:6.0f}   {found or '-'}"
    )


if __name__ == "__main__":
    sys.exit(main())
