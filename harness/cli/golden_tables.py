"""Two goldens beside each other, as ``soundcheck golden diff`` and ``review`` print them: a table, or plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.core.changes import Change, ChangeKind
from harness.core.text import printable, short_digest
from harness.core.types import GoldenRecord
from harness.goldens.folder import Golden

LINE: Final = 60
"""Characters of a transcript's difference in the table."""


def difference(
    old: Golden, new: Golden, changes: Sequence[Change], conditions: Sequence[tuple[str, str, str]]
) -> dict[str, object]:
    """Everything that differs: plain data."""
    return {
        "version": 1,
        "old": {"path": str(old.path), "digest": old.digest},
        "new": {"path": str(new.path), "digest": new.digest},
        "conditions": [{"name": name, "old": was, "new": now} for name, was, now in conditions],
        "probes": [
            {
                "probe": change.probe_id,
                "change": change.kind.value,
                "old": _side(change.old),
                "new": _side(change.new),
                "shifts": {one.name: {"old": one.old, "new": one.new, "spreads": one.spreads} for one in change.shifts},
            }
            for change in changes
        ],
    }


def _side(record: GoldenRecord | None) -> dict[str, object] | None:
    return {"text": record.text, "transcript": record.transcript, "takes": len(record.takes)} if record else None


def print_difference(
    old: Golden, new: Golden, changes: Sequence[Change], conditions: Sequence[tuple[str, str, str]]
) -> None:
    """The same for people: what differs, a line for each probe that changed."""
    from harness.report.page.review import SAID, tally

    print(printable(f"{old.path} ({old.digest[:12]}) -> {new.path} ({new.digest[:12]})"))
    print(tally(changes))
    for name, was, now in conditions:
        print(printable(f"  {name}: {short_digest(was) or '-'} -> {short_digest(now) or '-'}"))
    changed = [change for change in changes if change.kind is not ChangeKind.SAME]
    if changed:
        print(f"\n{'probe':28} {'change':14} {'score':>17} {'seconds':>17}  words")
    for change in changed:
        numbers = {one.name: one for one in change.shifts}
        cells = []
        for name in ("score", "seconds"):
            one = numbers.get(name)
            spreads = f" ({one.spreads:+.1f})" if one and one.spreads is not None else ""
            cells.append(f"{one.new - one.old:+.3f}{spreads}" if one else "")
        print(printable(f"{change.probe_id:28} {SAID[change.kind]:14} {cells[0]:>17} {cells[1]:>17}  {_words(change)}"))
    if any(change.shifts for change in changed):
        print("\nscore: shift in nats per token; seconds: shift; in brackets the same in spreads of the old repeats")


def _words(change: Change) -> str:
    from harness.report.phrases import marked_line, middle_cut

    old, new = change.old, change.new
    if old and new:
        return marked_line(old.transcript, new.transcript, LINE)
    record = old or new
    return middle_cut(record.transcript, LINE) if record else ""
