"""``soundcheck audit``: are the deployed models still what was signed off, and which are to be run again?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import add_format, json_text, verb
from harness.core.exits import Exit
from harness.core.text import printable

if TYPE_CHECKING:
    from harness.signoff.audit import Audited


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "audit",
        "check a list of deployed models against their sign-offs, the policy and the suites of today",
        "soundcheck audit models.toml",
    )
    parser.add_argument("list", type=Path, metavar="MODELS", help="list of deployed models (TOML); docs/signoff.md")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Audit.

    Returns:
        0 where all are good, 1 where one is broken, 4 where one is to be run again.

    Raises:
        BadInput: The list, or something that it names, cannot be read.
    """
    from harness.signoff.audit import Standing, audit, read_list

    now = datetime.now(UTC)
    found = [audit(one, now) for one in read_list(options.list)]
    print(_json(found) if options.format == "json" else _text(found))
    standings = {one.standing for one in found}
    if Standing.BROKEN in standings:
        return Exit.FINDINGS
    return Exit.UNDECIDED if Standing.STALE in standings else Exit.DONE


def _text(found: Sequence[Audited]) -> str:
    width = max(len(printable(one.model.name)) for one in found)
    lines = []
    for one in found:
        since = f"signed off on {one.signed_on}, run {one.run_id}" if one.signed_on else ""
        first, *others = [*one.reasons, *([since] if since and not one.reasons else [])] or [""]
        lines.append(f"{one.standing.upper():<6}  {printable(one.model.name):<{width}}  {first}".rstrip())
        lines += [f"{'':{width + 10}}{other}" for other in others]
        lines += [f"{'':{width + 10}}run again: {one.command}"] if one.command else []
    return "\n".join(lines)


def _json(found: Sequence[Audited]) -> str:
    content = {
        "format_version": 1,
        "models": [
            {
                "name": printable(one.model.name),
                "path": printable(str(one.model.path)),
                "standing": one.standing,
                "reasons": list(one.reasons),
                "run_again": one.command or "",
                "signed_on": one.signed_on or "",
                "run_id": one.run_id or "",
            }
            for one in found
        ],
    }
    return json_text(content)
