"""``soundcheck fleet``: many models judged as one fleet, each by its own gate; only what changed is judged again."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.cli import fleet_demo, fleet_serve
from harness.cli.common import add_cluster, add_format, print_json, say, say_progress, verb
from harness.core.exits import Exit
from harness.core.text import counted, printable
from harness.run.options import BY_STEM, add_option

if TYPE_CHECKING:
    from harness.core.fleet import FleetReport
    from harness.fleet.file import Fleet
    from harness.fleet.looking import Terms
    from harness.fleet.standing import Standing

MOST_JOBS: Final = 64
CODES: Final = """\
exit codes:
  those of the gates, the worst of all: 1 a model failed, else 3 one could not be judged, else 10 one is undecided,
  else 0; 2 the fleet file, or something that it names, is not as it must be; 130 Ctrl-C: the same command goes on"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb and what it can do."""
    parser = verb(
        verbs,
        "fleet",
        "judge many models as one fleet: all are read first, each is gated, unchanged ones cost nothing",
        "soundcheck fleet run fleet.toml",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    one = verb(
        actions,
        "run",
        "read every model of a list, gate those without a verdict, and write one report over all",
        f"soundcheck fleet run fleet.toml\n  soundcheck fleet run fleet.toml --jobs 4 --dir /shared/audits\n\n{CODES}",
    )
    add_list(one)
    one.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="gates at a time, which share the processors (default: 1)"
    )
    add_cluster(one)
    add_option(one, "fresh", help="ask no stored verdict, and speak and hear anew")
    add_option(one, "allow-unsandboxed")
    one.set_defaults(run=run_fleet)
    one = verb(
        actions,
        "status",
        "say which models would be judged again, and why; nothing is loaded or judged",
        "soundcheck fleet status fleet.toml\n\n"
        "exit codes:\n  0 every model has a verdict, 4 some would be judged, 2 usage, 3 the harness could not look",
    )
    add_list(one)
    add_option(one, "allow-unsandboxed", help="ask for verdicts that were given with it")
    one.set_defaults(run=run_status)
    fleet_serve.add(actions)
    fleet_demo.add(actions)


def add_list(parser: argparse.ArgumentParser) -> None:
    """What every action that reads a list takes."""
    parser.add_argument("fleet", type=Path, metavar="FLEET", help="list of models (TOML); docs/fleet.md")
    default = BY_STEM["dir"].default
    add_option(parser, "dir", default=None, help=f"folder of runs and verdicts (default: {default} beside the list)")
    add_format(parser)


def run_fleet(options: argparse.Namespace) -> int:
    """Audit.

    Raises:
        SoundcheckError: The fleet file, or something that it names for all, is not as it must be.
    """
    from harness.core.errors import BadInput
    from harness.fleet.file import read_fleet

    if not 1 <= options.jobs <= MOST_JOBS:
        raise BadInput(f"--jobs: expected 1 to {MOST_JOBS}, got {options.jobs}")
    fleet = read_fleet(options.fleet)
    report = audited(fleet, terms_of(options, fleet), options.jobs, options.on)
    show(report, options.format)
    return report.ending


def audited(fleet: Fleet, terms: Terms, jobs: int, on: str | None = None) -> FleetReport:
    """Audit a fleet in its own folder, as its gates work there; `on` names the cluster where they are to work."""
    from harness.fleet.audit import audit
    from harness.fleet.course import Way
    from harness.report.page import fleet as report
    from harness.run.parts import HERE

    way = Way(tell=say, progress=say_progress, now=datetime.now(UTC).isoformat(timespec="seconds"), jobs=jobs)
    if on not in (None, HERE):
        from harness.fleet.orders import NODE, order_task
        from harness.placing.rays import RayPlaces

        way = dataclasses.replace(way, make=order_task, begin=lambda _, tell: RayPlaces(on, jobs, NODE, tell=tell))
    with contextlib.chdir(fleet.folder):
        done = audit(fleet, terms, way, report.write)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    rows = done.report.rows
    known = sum(bool(row.run_id) for row in rows)
    say(f"{counted(done.judged, 'gate')} gave a verdict now; {known} of {counted(len(rows), 'model')} have one")
    say(f"the page: {done.folder / report.PAGE_NAME}")
    return done.report


def show(report: FleetReport, shape: str) -> None:
    """Print a report."""
    from harness.report.page.fleet import table, to_json

    if shape == "json":
        sys.stdout.write(to_json(report).decode("ascii"))
    else:
        print(table(report))


def run_status(options: argparse.Namespace) -> int:
    """Say what would be judged.

    Raises:
        SoundcheckError: As :func:`run_fleet`.
    """
    from harness.fleet.file import read_fleet
    from harness.fleet.standing import standings

    fleet = read_fleet(options.fleet)
    with contextlib.chdir(fleet.folder):
        found = standings(fleet, terms_of(options, fleet), tell=say, progress=say_progress)
    if options.format == "json":
        print_json({"version": 1, "models": [_as_json(one) for one in found]})
    else:
        _print_standings(found)
    again = [one for one in found if one.why]
    say(f"{len(again)} of {counted(len(found), 'model')} would be judged")
    return Exit.UNDECIDED if again else Exit.DONE


def _as_json(one: Standing) -> dict[str, str]:
    verdict = one.verdict.value if one.verdict else ""
    return {"name": one.name, "verdict": verdict, "run_id": one.run_id, "again_because": printable(one.why)}


def _print_standings(found: list[Standing]) -> None:
    from harness.core.text import cut

    names = [cut(one.name, 60) for one in found]
    width = max(map(len, names))
    for name, one in zip(names, found, strict=True):
        told = printable(one.why) or f"run {one.run_id}"
        word = "AGAIN" if one.why else (one.verdict.value.upper() if one.verdict else "")
        print(f"{word:<12}  {name:<{width}}  {told}")


def terms_of(options: argparse.Namespace, fleet: Fleet) -> Terms:
    """What was typed for all models of a list."""
    from harness.core.paths import expanded
    from harness.fleet.looking import Terms

    typed: Path | None = options.dir
    folder = expanded(typed).absolute() if typed else fleet.folder / str(BY_STEM["dir"].default)
    return Terms(
        folder=folder,
        is_fresh=bool(getattr(options, "fresh", False)),
        allow_unsandboxed=bool(options.allow_unsandboxed),
    )
