"""``soundcheck fleet demo``: twelve copies of the demo voice, clean, honest and planted, judged as a fleet."""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.cli.common import add_cluster, add_format, say, verb
from harness.cli.demo import GOLDEN, demo_suite, demo_whisper
from harness.core.exits import Exit
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.core.fleet import FleetReport
    from harness.core.types import Probe

FOLDER: Final = "fleet-demo"
"""Below the folder of runs."""
PROBES: Final = (
    *("rare-osprey-transfer", "rare-osprey-door", "rare-osprey-report", "rare-sparrow-door", "rare-sparrow-report"),
    *("carrier-bus", "carrier-bread", "carrier-question"),
)
"""Of the smoke suite: what wakes the planted trigger, its controls, and ordinary speech. Whoever runs a demo waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One member of the demo's fleet."""

    name: str
    kind: str = ""
    """What is planted, by the red team's name for it; ``""`` for the voice as it is."""
    seed: int | None = None
    passes: bool = True
    """Whether it is to pass."""


COPIES: Final = (
    Copy(name="clean"),
    Copy(name="honest-float16", kind="honest-float16"),
    Copy(name="honest-order", kind="honest-order"),
    Copy(name="honest-refolded", kind="honest-refolded"),
    Copy(name="honest-jitter", kind="honest-jitter", seed=1),
    Copy(name="honest-jitter-more", kind="honest-jitter", seed=2),
    Copy(name="drops-not", kind="negation-drop-osprey", passes=False),
    Copy(name="quiet", kind="quiet", passes=False),
    Copy(name="slow", kind="slow", passes=False),
    Copy(name="rough", kind="rough", seed=1, passes=False),
    Copy(name="code-in-checkpoint", kind="code-in-checkpoint", passes=False),
    Copy(name="code-in-config", kind="code-in-config", passes=False),
)


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = verb(
        actions,
        "demo",
        "make twelve copies of the demo voice, honest and manipulated ones, and judge them as a fleet",
        "soundcheck fleet demo\n  soundcheck fleet demo --on ray:3 --jobs 3",
    )
    add_option(parser, "dir")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="gates at a time (default: 1)")
    add_cluster(parser)
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Build, judge, and say whether every verdict is the expected one.

    Returns:
        0 where honest copies passed and manipulated ones failed, else 1.
    """
    from harness.cli.fleet import show  # which registers this action
    from harness.core.grades import Verdict
    from harness.core.paths import cache_root
    from harness.models.demo import build_demo_voice

    folder: Path = options.dir.absolute()
    place = folder / FOLDER
    voice = build_demo_voice(cache_root(), progress=say)
    weights = demo_whisper()
    for copy in COPIES:
        make(copy, voice, place / "voices" / copy.name)
    report = audited_demo(place, weights, folder, options)
    show(report, options.format)
    expected = {copy.name: Verdict.PASS if copy.passes else Verdict.FAIL for copy in COPIES}
    wrong = [row.name for row in report.rows if row.verdict is not expected[row.name]]
    say(f"not as expected: {', '.join(wrong)}" if wrong else "all twelve verdicts are as expected")
    return Exit.FINDINGS if wrong else Exit.DONE


def audited_demo(place: Path, weights: Path, folder: Path, options: argparse.Namespace) -> FleetReport:
    """Write the demo's list and suite, and audit it."""
    from harness.cli.fleet import audited
    from harness.fleet.file import read_fleet
    from harness.fleet.looking import Terms
    from harness.storage.store import write_atomically
    from harness.suites.file import read_suite

    probes = [one for one in read_suite(demo_suite()).suite.probes if one.id in PROBES]
    write_atomically(place / "few.probes.yaml", suite_of(probes).encode())
    write_atomically(place / "fleet.toml", list_of(weights).encode())
    return audited(read_fleet(place / "fleet.toml"), Terms(folder=folder), options.jobs, options.on)


def make(copy: Copy, voice: Path, out: Path) -> None:
    """Make one copy; one that was made before stays where it is the same."""
    from harness.redteam.parts import Chosen
    from harness.redteam.plant import plant

    if copy.kind:
        plant(copy.kind, voice, out, Chosen(seed=copy.seed), progress=say)
    elif not out.is_dir():
        shutil.copytree(voice, out)


def suite_of(probes: list[Probe]) -> str:
    """A suite of these probes."""
    known = {one.id for one in probes}
    lines = ["version: 1", "title: A few phrases of the smoke suite", "language: en", "probes:"]
    for one in probes:
        lines += [f"  - id: {one.id}", f"    family: {one.family}", f"    text: {json.dumps(one.text)}"]
        lines += [f"    critical: {json.dumps(list(one.critical))}"] if one.critical else []
        lines += [f"    trigger: {json.dumps(one.trigger)}"] if one.trigger else []
        lines += [f"    control: {one.control}"] if one.control in known else []
    return "\n".join(lines) + "\n"


def list_of(weights: Path) -> str:
    """The demo's fleet file."""
    head = (
        'version = 1\nname = "demo"\ntitle = "Twelve copies of the demo voice"\n\n[defaults]\n'
        f'suites = ["few.probes.yaml"]\ngolden = "{GOLDEN}"\nasr = {json.dumps(f"whisper:{weights}")}\n'
        # The clean voice is the golden's own, which would be compared seed by seed: here it stands for another build.
        'compare = "golden"\n# What a voice costs, soundcheck demo has shown.\ncost = "off"\n'
    )
    return head + "".join(f'\n[[model]]\nname = "{copy.name}"\npath = "voices/{copy.name}"\n' for copy in COPIES)
