"""``soundcheck store``: what lies in a folder of runs, and clearing away what nobody has used for long."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness.cli.common import add_format, print_json, say, say_progress, verb
from harness.core.exits import Exit
from harness.core.text import counted, printable
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.storage.inventory import Held
    from harness.storage.listing import Stored

UNITS = ("B", "kB", "MB", "GB", "TB")


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb and what it can do."""
    parser = verb(
        verbs,
        "store",
        "look at what runs have left in their folder, and clear away what nobody uses",
        "soundcheck store stats",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    one = verb(
        actions,
        "stats",
        "count what lies in a folder of runs: objects, bytes, oldest and newest of each kind",
        "soundcheck store stats\n  soundcheck store stats --dir /shared/soundcheck --format json\n"
        "  soundcheck store stats --store s3://bucket/voices",
    )
    add_option(one, "store", help="count what machines share there instead: a folder, or s3://BUCKET/PREFIX")
    one.set_defaults(run=run_stats)
    _finish(one)
    one = verb(
        actions,
        "gc",
        "list what no run has used for long; with --yes remove it",
        "soundcheck store gc --older 30d\n  soundcheck store gc --older 30d --yes\n\n"
        "runs stay, and so does what a run that has not ended, or a process at work, may need\n\n"
        "exit codes:\n  0 nothing to remove, or removed, 4 something would go, 2 usage, 3 the folder cannot be read",
    )
    one.add_argument(
        "--older", required=True, metavar="AGE", help="how long nobody may have made or used it: 30d, 12h (1h or more)"
    )
    one.add_argument("--yes", action="store_true", help="remove what is listed")
    one.set_defaults(run=run_gc)
    _finish(one)


def _finish(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "dir")
    add_format(parser)


def run_stats(options: argparse.Namespace) -> int:
    """Count.

    Raises:
        BadInput: There is no such folder.
    """
    from harness.core.errors import BadInput
    from harness.storage.address import read_address
    from harness.storage.inventory import inventory, shared_inventory

    if options.store:
        objects = read_address(options.store).objects()
        _show(objects.place, shared_inventory(objects), options.format)
        return Exit.DONE
    if not options.dir.is_dir():
        raise BadInput(printable(f"{options.dir}: expected a folder of runs, got no folder"))
    _show(str(options.dir), inventory(options.dir), options.format)
    return Exit.DONE


def run_gc(options: argparse.Namespace) -> int:
    """List, and remove where that is asked for.

    Returns:
        4 where something is listed and stays.
    """
    from harness.storage.clearing import carry_out, plan, read_age

    age = read_age(options.older)
    clearing = plan(options.dir, before=time.time() - age)
    for run in clearing.unfinished:
        say(f"run {run} has not ended: what its models have spoken stays; give its command again, or remove its folder")
    for model in clearing.in_use:
        say(f"model {model[:12]} is being worked with: what it has spoken stays")
    removed: Sequence[Stored] = ()
    if options.yes and clearing.going:
        removed = carry_out(options.dir, clearing, say=say_progress)
    held = _by_kind(removed if options.yes else clearing.going)
    if options.format == "json":
        print_json({"version": 1, "removed": options.yes, "kinds": [_row(one) for one in held]})
    else:
        _print_table(held)
    what = f"{counted(sum(one.objects for one in held), 'object')}, {readable(sum(one.bytes for one in held))}"
    if options.yes:
        say(f"{options.dir}: removed {what}, {options.older} or longer unused")
    elif held:
        say(f"{options.dir}: {what} would go, {options.older} or longer unused; --yes removes them")
    else:
        say(f"{options.dir}: nothing has been unused for {options.older}")
    return Exit.UNDECIDED if held and not options.yes else Exit.DONE


def _by_kind(stored: Iterable[Stored]) -> list[Held]:
    from harness.storage.inventory import held_of

    kinds: dict[str, list[Stored]] = {}
    for one in stored:
        kinds.setdefault(one.kind, []).append(one)
    return [held_of(kind, kinds[kind]) for kind in sorted(kinds)]


def _show(place: str, held: Sequence[Held], form: str) -> None:
    if form == "json":
        print_json({"version": 1, "kinds": [_row(one) for one in held]})
        return
    _print_table(held)
    total = f"{counted(sum(one.objects for one in held), 'object')}, {readable(sum(one.bytes for one in held))}"
    say(f"{place}: {total}")


def _print_table(held: Sequence[Held]) -> None:
    if not held:
        return
    rows = [("kind", "objects", "size", "oldest (UTC)", "newest (UTC)")]
    rows += [
        (printable(one.kind), f"{one.objects:,}", readable(one.bytes), _when(one.oldest), _when(one.newest))
        for one in held
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if at in (1, 2) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _row(one: Held) -> dict[str, object]:
    return {
        "kind": printable(one.kind),
        "objects": one.objects,
        "bytes": one.bytes,
        "oldest": _when(one.oldest) or None,
        "newest": _when(one.newest) or None,
    }


def _when(seconds: float | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def readable(size: float) -> str:
    """A number of bytes for people: ``1.5 MB``."""
    for unit in UNITS[:-1]:
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} {UNITS[-1]}"
