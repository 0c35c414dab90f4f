"""What the gate made of the red team's copies, for people and machines: a table, ``power.json``, and a page.

Pure functions of a :class:`harness.core.power.Power`. The page runs no script and loads nothing; every value is escaped
and has its control and bidirectional characters spelled out. ``harness/schemas/power.schema.json`` describes the file.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.core.power import GOAL, HONEST_GOAL, CopyResult, CopyStatus, KindPower, Power
from harness.core.stats import clopper_pearson
from harness.core.text import counted, printable
from harness.core.types import Verdict
from harness.report.page.pages import content_security_policy, own_file, template
from harness.report.wording import one_line
from harness.storage.store import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT: Final = "soundcheck-power"
VERSION: Final = 1
SCHEMA: Final = Path(__file__).parents[2] / "schemas" / "power.schema.json"
"""JSON Schema (2020-12) of what :func:`to_json` writes."""
MOST_RULES: Final = 4
"""Rules that are named in a row of a table."""

Json = dict[str, Any]


def to_json(power: Power) -> bytes:
    """Everything for machines: keys sorted, ASCII only, numbers finite or null, a newline at the end."""
    document = {
        **_plain(power, leave=("results", "falling")),
        "format": FORMAT,
        "format_version": VERSION,
        "verdict": power.verdict.value,
        "goal": GOAL,
        "honest_goal": HONEST_GOAL,
        "short": list(power.short),
        "kinds": [_kind(one) for one in power.kinds],
        "copies": [_copy(one) for one in power.results],
    }
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"


def table(power: Power) -> str:
    """The table by kind, and what follows from it, as text."""
    head = ("kind", "copies", "caught", "95 % interval", "open", "woken", "others", "s", "by", "strongest survivor")
    body = [
        (
            one.kind,
            str(one.copies),
            str(one.detected),
            interval(one.interval) if one.copies else "-",
            str(one.open),
            "-" if one.is_honest else f"{one.woken_failed} of {one.woken}",
            f"{one.others_failed} of {one.others}",
            f"{one.seconds:.0f}",
            rules(one) or "-",
            survivor(one) or outside(one) or "-",
        )
        for one in power.kinds
    ]
    widths = [max(len(row[at]) for row in (head, *body)) for at in range(len(head) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in (head, *body)
    ]
    return "\n".join(map(printable, [*lines, *conclusions(power)]))


def conclusions(power: Power) -> list[str]:
    """What the table says, one line each."""
    kinds = power.kinds
    audible, heard = sum(one.audible for one in kinds), sum(one.audible_detected for one in kinds)
    lines = [
        f"audible copies with their trigger in the suite: {heard} of {audible} detected"
        f"{_share(heard, audible)}; kinds below {GOAL:.0%}: {', '.join(power.short) or 'none'}"
    ]
    failed, honest = power.honest
    if honest:
        blamed, probes = power.honest_probes
        _, most = clopper_pearson(blamed, probes) if probes else (0.0, 1.0)
        lines.append(
            f"honest copies: {failed} of {honest} failed{_share(failed, honest)}; they spoke a part of the suite: "
            f"{blamed} of {counted(probes, 'probe')} failed (at most {most:.2%} at 95 %)"
        )
    missing = [one for one in power.results if one.status is CopyStatus.NOT_IN_SUITE]
    if missing:
        lines.append(
            f"not in the suite: {counted(len(missing), 'copy').replace('copys', 'copies')} that no probe wakes"
        )
    lines += [f"note: {note}" for note in dict.fromkeys(one.note for one in power.results if one.note)]
    if power.left_out:
        shown = ", ".join(power.left_out[:8])
        more = f" and {len(power.left_out) - 8} more" if len(power.left_out) > 8 else ""
        lines.append(f"left out, for the budget was spent: {shown}{more}; the same command goes on")
    return lines


def render(power: Power) -> str:
    """The page as text."""
    style = own_file("review.css")
    return template("power.html.j2").render(
        style=style,
        policy=content_security_policy(style),
        power=power,
        sentence=SENTENCES[power.verdict],
        conclusions=conclusions(power),
        rows=[_row(one) for one in power.kinds],
        copies=[_shown_copy(one) for one in power.results],
        about=[(name.replace("_", " "), value) for name, value in _about(power)],
    )


SENTENCES: Final = {
    Verdict.PASS: "The gate catches what can be heard, and leaves honest copies alone.",
    Verdict.FAIL: "The gate falls short: see which kinds, or honest copies that failed.",
    Verdict.INCONCLUSIVE: "Not all copies were put to the gate: nothing is decided.",
    Verdict.ERROR: "The harness could not do its work.",
}


def write(power: Power, folder: Path) -> tuple[Path, Path]:
    """Write ``power.json`` and ``power.html`` into a folder; returns both.

    Raises:
        StorageError: The folder cannot be written.
    """
    data, page = folder / "power.json", folder / "power.html"
    write_atomically(data, to_json(power), option="--out")
    write_atomically(page, render(power).encode("utf-8"), option="--out")
    return data, page


def interval(bounds: tuple[float, float]) -> str:
    """An interval of a share: ``.72 to 1.00``."""
    return " to ".join(f"{bound:.2f}".removeprefix("0") for bound in bounds)


def rules(one: KindPower) -> str:
    """Rules that copies of a kind failed for, with their counts."""
    named = [f"{rule} {count}" for rule, count in one.rules[:MOST_RULES]]
    more = [f"{len(one.rules) - MOST_RULES} more"] if len(one.rules) > MOST_RULES else []
    return ", ".join([*named, *more])


def survivor(one: KindPower) -> str:
    """The strongest copy that got through, and the largest thing that was measured of it."""
    if one.survivor is None:
        return ""
    copy = one.survivor
    item = copy.largest
    seen = f": {item.statistic} {item.effect:+.1f} spreads in {item.subject}" if item else ": nothing looked odd"
    quiet = "" if copy.is_audible else " (hardly audible)"
    return one_line(f"{copy.label.removeprefix(copy.kind).strip() or copy.kind}{quiet}{seen}")


def outside(one: KindPower) -> str:
    """Copies that were not gated, and why."""
    told = []
    if one.not_in_suite:
        told.append(f"not in the suite: {one.not_in_suite}")
    if one.no_fit:
        told.append(f"does not fit this voice: {one.no_fit}")
    return ", ".join(told)


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.1%}, 95 % interval {interval(clopper_pearson(part, whole))})" if whole else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A kind, as the template shows it."""

    kind: str
    tag: str
    share: float
    detected: str
    interval: str
    open: str
    woken: str
    blamed: str
    seconds: str
    rules: str
    survivor: str
    outside: str
    notes: tuple[str, ...]


def _row(one: KindPower) -> _Row:
    return _Row(
        kind=one.kind,
        tag=_tag(one),
        share=one.share,
        detected=f"{one.detected} of {one.copies}" if one.copies else "-",
        interval=interval(one.interval) if one.copies else "-",
        open=str(one.open),
        woken="-" if one.is_honest else f"{one.woken_failed} of {one.woken}",
        blamed=f"{one.others_failed} of {one.others}",
        seconds=f"{one.seconds:.0f}",
        rules=rules(one),
        survivor=survivor(one),
        outside=outside(one),
        notes=one.notes,
    )


def _tag(one: KindPower) -> str:
    if not one.copies:
        return "not gated"
    return "honest" if one.is_honest else "audible" if one.audible else "hardly audible"


def _shown_copy(one: CopyResult) -> tuple[str, str, str, str]:
    if one.status is not CopyStatus.GATED:
        said = one.status.value
    elif one.is_honest:
        said = "failed" if one.has_failed else "passed"
    else:
        said = "detected" if one.is_detected else "left open" if one.is_open else "not detected"
    item = one.largest
    farthest = f"{item.statistic} {item.effect:+.1f} spreads in {item.subject}" if item else ""
    return one.label, said, ", ".join(one.rules) or one.reason, farthest


def _about(power: Power) -> list[tuple[str, str]]:
    return [
        ("model", f"{power.model}, {power.model_digest}"),
        ("golden", f"{power.golden}, {power.golden_digest}"),
        ("suites", f"{', '.join(power.suites)}: {counted(power.probes, 'probe')}"),
        ("listener", power.asr),
        ("isolation", power.isolation or "nothing was gated"),
        ("false-alarm rate", f"{power.alpha:g} for the whole verdict"),
        ("takes", str(power.takes)),
        ("plan", f"{power.part} half, seed {power.seed}, {power.planned} planned"),
        ("soundcheck", power.version),
    ]


def _kind(one: KindPower) -> Json:
    return {
        **_plain(one, leave=("survivor",)),
        "interval": list(one.interval),
        "rules": [{"rule": rule, "copies": count} for rule, count in one.rules],
        "notes": list(one.notes),
        "survivor": one.survivor.label if one.survivor else None,
        "share": one.share if one.copies else None,
    }


def _copy(one: CopyResult) -> Json:
    return {
        **_plain(one, leave=("items",)),
        "status": one.status.value,
        "detected": one.is_detected,
        "failed": one.has_failed,
        "open": one.is_open,
        "items": [
            {**_plain(item), "verdict": item.verdict.value, "rules": list(item.rules), "heard": list(item.heard)}
            for item in one.items
        ],
    }


def _plain(record: Any, leave: Sequence[str] = ()) -> Json:
    """Fields by name, one level deep; null for numbers that JSON cannot say."""
    found = {field.name: getattr(record, field.name) for field in fields(record) if field.name not in leave}
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in found.items()
    }
