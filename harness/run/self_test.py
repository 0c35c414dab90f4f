"""A/A: how often the gate fails the very voice that its golden was recorded from, on seeds that the golden never saw.

The promise of ``--tts-alpha`` is arithmetic about takes that are exchangeable with the golden's. Whether they are, on
this voice, this Whisper and this suite, is measured here, and every run with that golden says what came out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from harness.core import stats
from harness.core.findings import Outcome
from harness.core.pace import Pace
from harness.core.screening import Screening
from harness.core.text import counted
from harness.core.types import Probe, Verdict
from harness.goldens.folder import INFORMING, Golden
from harness.judging.comparisons import Basis
from harness.judging.comparisons.golden import GoldenComparison
from harness.run.campaign import Campaign
from harness.run.comparable import ComparableGolden
from harness.run.takes import Tools
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import UNREADABLE, json_page, write_atomically

NAME = "self-test.json"
"""File in the golden's folder. It informs and decides nothing, so the manifest does not bind it."""
VERSION = INFORMING[NAME]
MAX_BYTES = 1 << 20
FIRST_SEED = 1_000_001
"""Base of the seeds of the first run; nobody types these by accident."""


class SelfTest(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    version: int = 1
    """Files of the first version do not say it."""
    golden_digest: str
    """Of the golden that was tested: of another one this says nothing."""
    runs: int
    """How often the suite was run against its own golden."""
    failed_runs: int
    """Runs in which any probe or the suite as a whole failed."""
    probes: int
    """Probes that were decided, over all runs."""
    failed_probes: int
    """Of them failed."""
    open_probes: int
    """Of them inconclusive."""
    alpha: float
    """False-alarm rate that was promised."""
    takes: int
    """Takes per probe at the screening."""
    rules: dict[str, int]
    """Rules of the findings, with how often."""

    def line(self) -> str:
        """One line for people."""
        _, most = stats.clopper_pearson(self.failed_runs, self.runs)
        _, most_probes = stats.clopper_pearson(self.failed_probes, self.probes)
        return (
            f"{self.failed_runs} of {self.runs} runs of the reference against itself failed "
            f"(at most {most:.1%} at 95 %), "
            f"{self.failed_probes} of {self.probes} probes (at most {most_probes:.2%})"
        )


def self_test(
    golden: Golden,
    probes: Sequence[Probe],
    tools: Tools,
    *,
    runs: int,
    takes: int,
    alpha: float,
    progress: Callable[[str], None],
) -> SelfTest:
    """Run the reference against its golden, each time on other seeds. Interrupted, it goes on from the store.

    Args:
        golden: Recorded from the model that `tools` speak with, and heard by who listens there.
        probes: Its suite.
        tools: Who speaks and listens.
        runs: How often.
        takes: Takes per probe at the screening.
        alpha: False-alarm rate that is promised.
        progress: Told on one line how far it is.
    """
    decided: list[list[Outcome]] = []
    pace = Pace(f"self-test, {counted(runs, 'run')}: judged", runs * len(probes), "probe", clock=time.monotonic)
    failed = 0
    for run in range(runs):
        screening = Screening(takes=takes, seed=FIRST_SEED + run, alpha=alpha, suite_probes=len(probes))
        recorded = ComparableGolden(golden, tools.listener)
        campaign = Campaign(GoldenComparison(Basis(probes=probes, screening=screening, recorded=recorded)), tools)
        outcomes = []
        for place, probe in enumerate(probes):
            outcomes.append(campaign.judge(probe))
            failed += outcomes[-1].verdict is Verdict.FAIL
            progress(pace.line(run * len(probes) + place + 1, findings=failed))
        decided.append([*outcomes, campaign.check_shift()])
    probed = [outcome for outcomes in decided for outcome in outcomes if outcome.probe]
    rules = Counter(finding.rule.id for outcomes in decided for outcome in outcomes for finding in outcome.findings)
    return SelfTest(
        version=VERSION,
        golden_digest=golden.digest,
        runs=runs,
        failed_runs=sum(any(one.verdict is Verdict.FAIL for one in outcomes) for outcomes in decided),
        probes=len(probed),
        failed_probes=sum(outcome.verdict is Verdict.FAIL for outcome in probed),
        open_probes=sum(outcome.verdict is Verdict.INCONCLUSIVE for outcome in probed),
        alpha=alpha,
        takes=takes,
        rules=dict(sorted(rules.items())),
    )


def keep_self_test(golden: Golden, result: SelfTest) -> Path:
    """Write it beside the golden.

    Raises:
        StorageError: The folder cannot be written.
    """
    path = golden.path / NAME
    write_atomically(path, json_page(result), option="--out")
    return path


def known_self_test(golden: Golden) -> SelfTest | None:
    """What was measured for this very golden, if anything was."""
    try:
        known = msgspec.json.decode(read_small(golden.path / NAME, MAX_BYTES), type=SelfTest)
    except (OSError, TooLarge, *UNREADABLE):
        return None
    return known if known.version == VERSION and known.golden_digest == golden.digest else None
