"""The tables of docs/voices.md: what ``make bench-voices`` found of each architecture. Writes them, measures nothing.

``python -m benchmarks.voices_table`` puts them between their marks in the page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.core.stats import clopper_pearson

RESULTS = Path(__file__).parent / "voices.json"
PAGE = Path(__file__).parents[1] / "docs" / "voices.md"
BEGIN, END = "<!-- tables: python -m benchmarks.voices_table -->", "<!-- end of the tables -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was found of one folder."""

    name: str
    architecture: str
    what: str
    """What it has that others have not."""
    scan: bool
    """Whether it is admitted."""
    speaks: bool
    """Whether it depends on text, seed (unless it draws nothing) and who is chosen, and on nothing else."""
    voices: int
    """Speakers and languages that were tried."""
    is_fixed: bool
    """Whether every repeat of the golden is the same audio."""
    golden: int
    """Probes recorded."""
    unchanged: str
    """Worst verdict of a copy with the same weights, costs aside."""
    changed: str
    """Worst verdict of a copy with one changed sound."""
    behaviour: str
    """Worst verdict of what the worker was seen to do."""
    costs: str
    """Worst verdict of its costs, ``none`` where they were not judged."""
    red_team: bool
    """Whether ``soundcheck redteam plant sound-swap`` made the changed copy."""
    seconds: float
    """All of it."""
    first_seconds: float
    """To the first phrase from behind the walls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """What was found of one folder on seeds that its golden never saw."""

    architecture: str
    runs: int
    failed: int
    """Runs in which a phrase or the suite as a whole failed."""
    probes: int
    """Phrases decided, over all runs."""
    failed_probes: int
    open_probes: int
    """Phrases left inconclusive."""
    rules: Mapping[str, int]
    """Rules of the findings, with how often."""


def is_as_it_should_be(row: Row) -> bool:
    """Whether a folder goes through the whole gate as it should."""
    return (
        row.scan
        and row.speaks
        and row.golden > 0
        and row.unchanged == "pass"
        and row.changed == "fail"
        and row.behaviour == "pass"
        and row.costs in ("pass", "inconclusive", "none")
    )


def of_json(rows: Sequence[Row], seeds: Mapping[str, Seeds], plain: Mapping[str, bool]) -> str:
    """Results as they are kept."""
    content = {
        "layouts": [asdict(row) for row in rows],
        "seeds": {name: asdict(one) for name, one in seeds.items()},
        "plain": plain,
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def results() -> tuple[list[Row], dict[str, Seeds], dict[str, bool]]:
    """What was kept."""
    content: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))
    seeds = {name: Seeds(**one) for name, one in content["seeds"].items()}
    return [Row(**row) for row in content["layouts"]], seeds, content["plain"]


def table(rows: Sequence[Row], plain: Mapping[str, bool]) -> str:
    """By architecture: of how many folders each thing is true."""
    heads = ("architecture", "folders", "scan", "speak", "choose", "golden", "copy passes", "changed sound fails",
             "behaviour", "costs", "red team", "`TTS.api.TTS` speaks")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name in dict.fromkeys(row.architecture for row in rows):
        own = [row for row in rows if row.architecture == name]
        several = [row for row in own if row.voices > 1]
        cells = (
            sum(row.scan for row in own),
            sum(row.speaks for row in own),
            f"{sum(row.speaks for row in several)} of {len(several)}" if several else "one voice",
            f"{sum(row.golden > 0 for row in own)}" + _fixed(own),
            sum(row.unchanged == "pass" for row in own),
            sum(row.changed == "fail" for row in own),
            sum(row.behaviour == "pass" for row in own),
            _costs(own),
            sum(row.red_team for row in own),
            sum(plain.get(row.name, False) for row in own),
        )
        lines.append(f"| {name} | {len(own)} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def seeds_table(seeds: Mapping[str, Seeds]) -> str:
    """By architecture: how often its own golden fails it on fresh seeds."""
    heads = ("architecture", "runs", "failed", "at most, at 95 %", "phrases", "failed", "open")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for one in seeds.values():
        _, most = clopper_pearson(one.failed_probes, one.probes)
        cells = (one.runs, one.failed, f"{most:.2%} of phrases", one.probes, one.failed_probes, one.open_probes)
        lines.append(f"| {one.architecture} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _fixed(rows: Sequence[Row]) -> str:
    count = sum(row.is_fixed for row in rows)
    return f" ({count} without spread)" if count else ""


def _costs(rows: Sequence[Row]) -> str:
    judged = [row for row in rows if row.costs != "none"]
    if not judged:
        return "not judged"
    still_open = sum(row.costs == "inconclusive" for row in judged)
    passed = f"{sum(row.costs == 'pass' for row in judged)} of {len(judged)}"
    return passed + (f" ({still_open} open)" if still_open else "")


def shortcomings(rows: Sequence[Row]) -> str:
    """The folders that do not go through the gate as they should, in words; ``""`` where all do."""
    lines = []
    for row in rows:
        if not is_as_it_should_be(row):
            told = {"unchanged copy": row.unchanged, "changed sound": row.changed, "costs": row.costs}
            wrong = ", ".join(f"{what} {verdict}" for what, verdict in told.items())
            lines.append(f"`{row.name}` ({wrong}{'' if row.speaks else ', does not speak as it should'})")
    return "; ".join(lines)


def page(text: str) -> str:
    """The page with the tables as they are now."""
    rows, seeds, plain = results()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    short = shortcomings(rows)
    count = f"{sum(map(is_as_it_should_be, rows))} of {len(rows)} folders go through the gate as they should"
    told = f"{count}; not: {short}." if short else f"{count}."
    parts = [BEGIN, table(rows, plain), "", told, *(["", seeds_table(seeds)] if seeds else []), END]
    return head + "\n".join(parts) + tail


def main() -> int:
    """Write the page anew."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
