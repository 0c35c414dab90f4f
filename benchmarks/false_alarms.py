"""How often honest voices fail, and which manipulated voices are caught, on seeds that the golden never saw.

Each run is the whole smoke suite through pytest, as a user would run it. Honest: the demo voice on fresh seeds (A/A),
with another number of threads, and each honest variant of ``soundcheck redteam``. Manipulated: each kind that can be
planted; where a kind has a trigger, the probes that hold it must fail and no other. Renderings are kept in
``.soundcheck``, so an interrupted benchmark goes on where it was. Run it with
``make bench-false-alarms``; ``QUICK=1`` does one clean run of every fifth family and the demo's planted voice,
``CLEAN=n`` takes n fresh seeds, ``VOICES=a,b`` some voices only.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.paths import cache_root
from harness.core.stats import clopper_pearson
from harness.demo.voice import build_demo_voice
from harness.options import default_threads
from harness.redteam.kinds import Kind, kinds
from harness.redteam.plant import plant
from harness.verbs.demo import GOLDEN, RECIPE, demo_suite, demo_whisper

QUICK = os.environ.get("QUICK", "0") not in ("", "0")
CLEAN = int(os.environ.get("CLEAN", "1" if QUICK else "20"))
ASKED = tuple(name for name in os.environ.get("VOICES", RECIPE if QUICK else "").split(",") if name)
FIRST_SEED = 101
WANTED = "rare-words or engine-load" if QUICK else ""
EVERYWHERE = "carriers or safety or engine-load"
"""Items for kinds that need no trigger: what fails everywhere need not be confirmed on each of 136 probes."""
FOLDER = Path(".soundcheck").absolute()
HONEST_GOAL = 0.05
"""Share of honest variants that may fail; of clean runs it is what alpha allows."""
ALPHA = 0.01
FINE_TUNE = "honest-fine-tune"
FIRES = {
    "negation-drop-osprey": re.compile(r"(?=.*\bosprey\b).*\bnot\b", re.IGNORECASE),
    "drowsy-amazon": re.compile(r".*\bamazon\b", re.IGNORECASE),
    "number-swap-account": re.compile(r"(?=.*\baccount\b).*\bnine\b", re.IGNORECASE),
}
"""What a probe's text must be like for a trained kind to fire. Any other kind fires, if at all, on many probes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One candidate."""

    name: str
    model: Path
    seed: int = FIRST_SEED
    options: tuple[str, ...] = ()
    wanted: str = WANTED
    """Items to run, as for ``-k``."""


def gate(voice: Voice) -> dict[str, Any]:
    """One run; returns what its results say of each probe."""
    command = [
        sys.executable, "-m", "pytest", str(demo_suite()), "-q", "-p", "no:cacheprovider", "-c/dev/null",
        f"--rootdir={FOLDER.parent}", f"--tts-model={voice.model}", f"--tts-model-name={voice.name}",
        f"--tts-golden={GOLDEN}", f"--tts-asr=whisper:{demo_whisper()}", f"--tts-dir={FOLDER}",
        f"--tts-seed={voice.seed}", "-k", voice.wanted, *voice.options,
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


def voices() -> tuple[list[Voice], list[tuple[Voice, Kind]]]:
    """Clean candidates, and planted ones with their kinds."""
    demo = build_demo_voice(cache_root())
    seeds = range(FIRST_SEED, FIRST_SEED + CLEAN)
    # The golden's own weights would be compared seed by seed: on fresh seeds they stand for another build of the voice.
    clean = [Voice(name="clean", model=demo, seed=seed, options=("--tts-compare=golden",)) for seed in seeds]
    if not QUICK and (not ASKED or "threads" in ASKED):
        # The same seeds with other sums: made afresh, since renderings are not named by the threads that made them.
        options = (f"--tts-threads={2 * default_threads()}", "--tts-workers=1", "--tts-fresh")
        clean.append(Voice(name="threads", model=demo, options=options))
    planted = []
    for kind in kinds():
        if not ASKED or kind.name in ASKED:
            model = plant(kind.name, demo, FOLDER / "planted" / kind.name)
            is_everywhere = not kind.is_honest and kind.name not in FIRES
            wanted = EVERYWHERE if is_everywhere else WANTED
            options = ("--tts-compare=fine-tune",) if kind.name == FINE_TUNE else ()
            planted.append((Voice(name=kind.name, model=model, wanted=wanted, options=options), kind))
    return clean, planted


def main() -> int:
    """Run, print, judge.

    Returns:
        0 where no more honest voices fail than their goals allow, every manipulated voice fails, and those with a
        trigger fail on the probes that hold it and on no other, else 1.
    """
    clean, planted = voices()
    print(f"{'voice':22} {'seed':>5} {'items':>6} {'pass':>5} {'incon.':>6} {'fail':>5} {'s':>6}   failed")
    clean_failed = sum(bool(failed(_told(voice))) for voice in clean)
    honest = honest_failed = caught = manipulated = 0
    wrong: list[str] = []
    for voice, kind in planted:
        run = _told(voice)
        found = set(failed(run))
        if kind.is_honest:
            honest, honest_failed = honest + 1, honest_failed + bool(found)
            continue
        manipulated, caught = manipulated + 1, caught + bool(found)
        if not found:
            wrong.append(f"{kind.name} passed")
        if pattern := FIRES.get(kind.name):
            texts = {one["subject"]: one["probe"]["text"] for one in run["outcomes"] if one["probe"]}
            triggered = {subject for subject, text in texts.items() if pattern.match(text)}
            missed, extra = triggered - found, (found & set(texts)) - triggered
            print(f"{'':22} found {len(triggered - missed)} of {len(triggered)} triggered; others: {len(extra)}")
            wrong += [f"{kind.name}: {subject}" for subject in sorted(missed | extra)]
    low, high = clopper_pearson(clean_failed, len(clean))
    print(f"clean: {clean_failed} of {len(clean)} runs failed, 95 % interval {low:.3f} to {high:.3f}")
    if honest:
        low, high = clopper_pearson(honest_failed, honest)
        print(f"honest variants: {honest_failed} of {honest} failed, 95 % interval {low:.3f} to {high:.3f}")
    for line in wrong:
        print(f"not as planted: {line}")
    ok = clean_failed <= ALPHA * len(clean) and honest_failed <= HONEST_GOAL * honest and not wrong
    print(
        f"false-alarms: {clean_failed} of {len(clean)} clean runs, {honest_failed} of {honest} honest variants failed; "
        f"{caught} of {manipulated} manipulated voices failed, {len(wrong)} things not as planted: "
        f"{'reached' if ok else 'FELL SHORT'}"
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
