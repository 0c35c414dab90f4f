"""What an audit of a fleet found, for people and machines: a table, ``fleet.json``, and a page.

Pure functions of a :class:`harness.core.fleet.FleetReport`: without a clock, so that an audit that was interrupted ends
with the same bytes. The page runs no script and loads nothing; every value is escaped and has its control and
bidirectional characters spelled out. ``harness/schemas/fleet.schema.json`` describes the file.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from harness.core.fleet import NEW, FleetReport, FleetRow, worst_rows_first
from harness.core.grades import Verdict
from harness.core.text import counted, cut, inert_json
from harness.report.page.pages import content_security_policy, own_file, template
from harness.report.wording import one_line
from harness.storage.store import write_atomically

FORMAT: Final = "soundcheck-fleet"
VERSION: Final = 1
SCHEMA: Final = Path(__file__).parents[2] / "schemas" / "fleet.schema.json"
"""JSON Schema (2020-12) of what :func:`to_json` writes."""
DATA_NAME: Final = "fleet.json"
PAGE_NAME: Final = "fleet.html"
NAME_CELL: Final = 40
REASON_CELL: Final = 90
"""Characters of a cell on a terminal; the page and the file have all of it."""
MARKS: Final = {Verdict.PASS: "+", Verdict.FAIL: "x", Verdict.INCONCLUSIVE: "?", Verdict.ERROR: "!"}
"""A verdict of an earlier audit, in a line of them."""

Json = dict[str, Any]


def to_json(report: FleetReport) -> bytes:
    """Everything for machines: keys sorted, ASCII only, a newline at the end. Equal reports give equal bytes."""
    document = {
        "format": FORMAT,
        "format_version": VERSION,
        "soundcheck": report.version,
        "name": report.name,
        "title": report.title,
        "audit": report.number,
        "verdict": report.verdict.value,
        "exit_code": report.ending,
        "counts": {verdict.value: count for verdict, count in report.counts.items()},
        "expected_false_failures": report.expected_false_failures,
        "models": [_row(one) for one in report.rows],
        "gone": list(report.gone),
    }
    return inert_json(json.dumps(document, indent=1, sort_keys=True, allow_nan=False)).encode() + b"\n"


def _row(row: FleetRow) -> Json:
    return {
        "name": row.name,
        "model": row.model,
        "model_digest": row.model_digest,
        "verdict": row.verdict.value,
        "exit_code": row.ending,
        "reason": row.reason,
        "counts": {verdict.value: row.counts.get(verdict, 0) for verdict in Verdict},
        "run_id": row.run_id,
        "page": f"runs/{row.run_id}/report.html" if row.run_id else "",
        "key": row.key,
        "alpha": row.alpha,
        "golden": row.golden,
        "suites": list(row.suites),
        "isolation": row.isolation,
        "is_new": NEW in row.changed,
        "changed": [one for one in row.changed if one != NEW],
        "history": [one.value for one in row.history],
    }


def table(report: FleetReport) -> str:
    """All rows, worst first, and what follows from them, as text."""
    head = ("model", "verdict", "items", "since the last audit", "before", "run", "why")
    body = [
        (
            cut(one_line(row.name), NAME_CELL),
            row.verdict.value.upper(),
            items(row),
            row.news,
            "".join(MARKS[one] for one in row.history),
            row.run_id,
            cut(one_line(row.reason), REASON_CELL),
        )
        for row in worst_rows_first(report.rows)
    ]
    widths = [max(len(row[at]) for row in (head, *body)) for at in range(len(head) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in (head, *body)
    ]
    return "\n".join([*lines, *conclusions(report)])


def conclusions(report: FleetReport) -> list[str]:
    """What the table says, one line each."""
    counts = report.counts
    told = [f"{counts[verdict]} {WORDS[verdict]}" for verdict in WORDS if counts[verdict]]
    lines = [f"{counted(len(report.rows), 'model')}: {', '.join(told)}; exit code {report.ending}"]
    rates = Counter(row.alpha for row in report.rows if row.alpha)
    if rates:
        judged = sum(rates.values())
        at = ", ".join(f"{count} at {rate:g}" for rate, count in sorted(rates.items()))
        lines.append(
            f"false failures to expect among {judged} judged, were all of them honest: "
            f"at most {report.expected_false_failures:.3g} (false-alarm rate of a verdict: {at})"
        )
    if report.gone:
        shown = ", ".join(cut(one_line(one), NAME_CELL) for one in report.gone[:8])
        more = f" and {len(report.gone) - 8} more" if len(report.gone) > 8 else ""
        lines.append(f"in the last audit, and listed no more: {shown}{more}")
    return lines


WORDS: Final = {
    Verdict.FAIL: "failed",
    Verdict.ERROR: "not judged (error)",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.PASS: "passed",
}
SENTENCES: Final = {
    Verdict.PASS: "Nothing was found that speaks against shipping these models.",
    Verdict.FAIL: "Some of these models must not ship.",
    Verdict.INCONCLUSIVE: "There is not enough evidence to ship all of these models.",
    Verdict.ERROR: "Some of these models could not be judged: nothing is decided about them.",
}


def items(row: FleetRow) -> str:
    """How many items of a run did not pass, of how many."""
    total = sum(row.counts.values())
    failed, passed = row.counts.get(Verdict.FAIL, 0), row.counts.get(Verdict.PASS, 0)
    open_ = total - failed - passed
    parts = [f"{failed} failed"] if failed else []
    parts += [f"{open_} open"] if open_ else []
    return f"{', '.join(parts)} of {total}" if parts else f"all {total}" if total else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A row, as the template shows it."""

    name: str
    model: str
    verdict: str
    reason: str
    items: str
    news: str
    history: tuple[str, ...]
    run_id: str
    page: str
    """Where its run's page lies, seen from the fleet's; ``""`` where there is none."""
    judged_by: str
    digest: str
    isolation: str


def render(report: FleetReport, *, up: str = "../..") -> str:
    """The page as text.

    Args:
        report: The audit.
        up: Way from the page's folder to the folder of runs.
    """
    style = own_file("review.css")
    return template("fleet.html.j2").render(
        style=style,
        policy=content_security_policy(style),
        title=report.title,
        name=report.name,
        number=report.number,
        verdict=report.verdict.value,
        sentence=SENTENCES[report.verdict],
        conclusions=conclusions(report),
        rows=[_shown(row, up) for row in worst_rows_first(report.rows)],
        version=report.version,
    )


def _shown(row: FleetRow, up: str) -> _Shown:
    against = [f"golden {row.golden}"] if row.golden else []
    return _Shown(
        name=one_line(row.name),
        model=one_line(row.model),
        verdict=row.verdict.value,
        reason=one_line(row.reason),
        items=items(row),
        news=row.news,
        history=tuple(one.value for one in row.history),
        run_id=row.run_id,
        page=f"{up}/runs/{quote(row.run_id)}/report.html" if row.run_id else "",
        judged_by=one_line(", ".join([*row.suites, *against])),
        digest=row.model_digest,
        isolation=one_line(row.isolation),
    )


def write(report: FleetReport, folder: Path) -> None:
    """Write ``fleet.html`` and ``fleet.json`` into a folder.

    Raises:
        StorageError: The folder cannot be written.
    """
    write_atomically(folder / PAGE_NAME, render(report).encode("utf-8"))
    write_atomically(folder / DATA_NAME, to_json(report))
