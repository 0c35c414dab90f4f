"""What the gate catches of manipulated copies of the demo voice, and what it does to honest ones, beside naive gates.

The test half of the red team's plan (:mod:`harness.redteam.plan`), each copy gated as any candidate with a bounded
sample of the smoke suite, as ``soundcheck redteam score`` does. Beside it, on the same first takes: plain WER and WER
less the golden's, each with the threshold that no honest copy of the *development* half exceeds with any probe; and a
hash of the audio, the golden's own seed against the golden's own sound. Results are kept in ``.soundcheck/redteam``: an
interrupted benchmark goes on where it was, and code that shapes a result makes it measured anew.

Run it with ``make bench-redteam``. ``QUICK=1`` makes one copy of a few kinds with few probes; ``KINDS=a,b`` some kinds
only, ``COPIES=n`` the first n copies of each, ``PART=development`` the other half, ``SMALL=1`` few probes a copy.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.size import QUICK, SMALLEST, alone_or_shared, by_size
from harness.cli.demo import GOLDEN, demo_suite, demo_whisper
from harness.core.paths import cache_root
from harness.core.power import GOAL, HONEST_GOAL, CopyResult, CopyStatus, Item, Power
from harness.core.stats import clopper_pearson
from harness.core.text import distance
from harness.core.types import Probe
from harness.goldens.folder import Golden, find_golden, read_golden
from harness.goldens.places import golden_folders
from harness.hearing.asr.normaliser import normalise
from harness.models.demo import build_demo_voice
from harness.models.files import open_model
from harness.redteam.registry import kinds
from harness.redteam.score.sample import QUICK as FEW
from harness.redteam.score.sample import SIZE, Size
from harness.redteam.score.score import Scope, Target, score
from harness.report.page import power as report
from harness.run.settings import Settings, default_threads, default_workers
from harness.suites.file import read_suite

SMALL = QUICK or os.environ.get("SMALL", "0") not in ("", "0")
FEWEST = Size(woken=1, others=1, everywhere=1, honest=1, failed=1)
PROBES = by_size(FEW if SMALL else SIZE, quick=FEW, smallest=FEWEST)
"""How many probes a copy speaks."""
PART = os.environ.get("PART", "test")
IN_SHORT = "negation-drop-osprey,sound-swap,quiet,slow,mark,honest-order,honest-drift"
IN_SMALLEST = "quiet"
ASKED = tuple(
    name for name in os.environ.get("KINDS", by_size("", quick=IN_SHORT, smallest=IN_SMALLEST)).split(",") if name
)
COPIES = int(os.environ.get("COPIES", "1" if QUICK else "0")) or None
HONEST = tuple(kind.name for kind in kinds() if kind.is_honest and (not SMALLEST or kind.name == "honest-order"))
FOLDER = Path(".soundcheck").absolute() / "redteam"


def target() -> Target:
    """The demo voice, its suite and its golden."""
    voice = build_demo_voice(cache_root())
    threads, workers = alone_or_shared(default_threads()), alone_or_shared(default_workers("cpu"))
    settings = Settings(
        model=str(voice), model_name="candidate", golden=GOLDEN, golden_folders=golden_folders(Path("golden")),
        asr=f"whisper:{demo_whisper()}", takes=2, seed=1, alpha=0.01, gate="ci", device="cpu",
        threads=threads, workers=workers, folder=FOLDER, memory_gb=8.0, timeout=600.0,
        fresh=False,
    )  # fmt: skip
    golden = read_golden(find_golden(GOLDEN, settings.golden_folders))
    return Target(settings=settings, model=open_model(str(voice)), golden=golden, suites=[read_suite(demo_suite())])


def measured(where: Target, part: str, wanted: Sequence[str]) -> Power:
    """Put one half of the plan to the gate."""
    scope = Scope(kinds=kinds(), part=part, seed=0, wanted=wanted, most=COPIES, size=PROBES, with_hash=True)

    def tell(line: str) -> None:
        print(f"{part}, {line}", file=sys.stderr, flush=True)

    return score(where, scope, tell=tell, progress=lambda _: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naive:
    """What everybody uses: the word error rate of the takes, alone and less the golden's."""

    probes: dict[str, Probe]
    golden: Golden
    limit: float = 0.0
    """Plain WER that no honest copy of the development half exceeds with any probe."""
    limit_above: float = 0.0
    """The same of WER less the golden's."""

    def rate(self, item: Item) -> float:
        """Mean WER of the first takes against the text."""
        return self._rate(self.probes[item.subject], item.heard)

    def above(self, item: Item) -> float:
        """The same less the golden's."""
        record = self.golden.records[item.subject]
        return self.rate(item) - self._rate(self.probes[item.subject], [take.hearing.text for take in record.takes])

    def fails(self, copy: CopyResult) -> tuple[bool, bool]:
        """Whether any probe exceeds the limits."""
        items = _probes(copy)
        return any(self.rate(one) > self.limit for one in items), any(
            self.above(one) > self.limit_above for one in items
        )

    def _rate(self, probe: Probe, heard: Sequence[str]) -> float:
        wanted = normalise(probe.expect)
        return statistics.fmean(distance(wanted, normalise(text)) / max(1, len(wanted)) for text in heard)


def calibrated(where: Target, honest: Power) -> Naive:
    """Thresholds from the honest copies of the development half."""
    probes = {probe.id: probe for content in where.suites for probe in content.suite.probes}
    plain = Naive(probes=probes, golden=where.golden)
    items = [item for copy in honest.results for item in _probes(copy)]
    return Naive(
        probes=probes,
        golden=where.golden,
        limit=max(map(plain.rate, items), default=0.0),
        limit_above=max(map(plain.above, items), default=0.0),
    )


def main() -> int:
    """Measure, print, judge.

    Returns:
        0 where audible kinds with their trigger in the suite are detected in 95 % of their copies and at most 5 % of
        honest copies fail, else 1.
    """
    begun = time.time()
    where = target()
    honest_kinds = [name for name in HONEST if not ASKED or name in ASKED] or list(HONEST)
    naive = calibrated(where, measured(where, "development", honest_kinds))
    power = measured(where, PART, ASKED)
    data, page = report.write(power, FOLDER / f"power-{PART}")
    print(f"WER that no honest development copy exceeds: plain {naive.limit:.2f}, less golden {naive.limit_above:.2f}")
    print(f"{'kind':22} {'n':>3} {'caught':>6} {'95 % interval':>13} {'WER':>5} {'-gold':>5} {'hash':>5} {'s':>4}   by")
    for one in power.kinds:
        copies = [copy for copy in power.results if copy.kind == one.kind and copy.status is CopyStatus.GATED]
        if not copies:
            print(f"{one.kind:22}   0   {report.outside(one)}")
            continue
        beside = _naive(naive, copies)
        print(
            f"{one.kind:22} {one.copies:3} {one.share:6.2f} {report.interval(one.interval):>13} {beside} "
            f"{one.seconds:4.0f}   {report.rules(one)}",
            flush=True,
        )
        if one.survivor:
            print(f"{'':22}     got through: {report.survivor(one)}")
    for line in report.conclusions(power):
        print(line)
    for copy in power.results:
        if copy.is_honest and copy.has_failed:
            print(f"honest but failed: {copy.label}, seed {copy.seed}: {', '.join(copy.rules)}")
    audible = [copy for copy in power.results if copy.status is CopyStatus.GATED and copy.is_audible]
    caught = sum(copy.is_detected for copy in audible)
    failed, honest = power.honest
    low, high = clopper_pearson(failed, honest) if honest else (0.0, 1.0)
    print(f"honest copies: 95 % interval {low:.3f} to {high:.3f}; {time.time() - begun:.0f} s; {page}; {data}")
    ok = not power.short and failed <= HONEST_GOAL * honest
    print(
        f"redteam: {caught} of {len(audible)} audible copies detected (goal {GOAL:.0%} of each kind; below: "
        f"{', '.join(power.short) or 'none'}), {failed} of {honest} honest copies failed: "
        f"{'reached' if ok else 'FELL SHORT'}"
    )
    return 0 if ok else 1


def _naive(naive: Naive, copies: Sequence[CopyResult]) -> str:
    verdicts = [naive.fails(copy) for copy in copies]
    asked = [item.same_sound for copy in copies for item in copy.items if item.same_sound is not None]
    plain, above = (sum(pair[at] for pair in verdicts) / len(copies) for at in (0, 1))
    other = f"{sum(not same for same in asked) / len(asked):5.2f}" if asked else "    -"
    return f"{plain:5.2f} {above:5.2f} {other}"


def _probes(copy: CopyResult) -> list[Item]:
    return [item for item in copy.items if item.is_probe and item.heard]


if __name__ == "__main__":
    sys.exit(main())
