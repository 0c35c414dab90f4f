"""``soundcheck list --budget``: the smallest part of a suite that fits into a time, and how to run it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.cli.common import json_text
from harness.core.coverage import miss_bound
from harness.core.errors import BadInput
from harness.core.paths import shown
from harness.core.text import counted, printable
from harness.suites.budget import Part, fitting_part

if TYPE_CHECKING:
    from harness.cli.list_pace import Pace
    from harness.core.types import Probe
    from harness.suites.file import SuiteFileContent


def duration(seconds: float) -> str:
    """For people."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:,.0f} min"


def chosen_text(suites: Sequence[SuiteFileContent], pace: Pace, budget: float, options: argparse.Namespace) -> str:
    """What is printed: a table by family, items for pytest (``--format ids``), or JSON.

    Args:
        suites: All that share the time.
        pace: What a probe takes.
        budget: Seconds.
        options: As typed: their `format`, and `budget` for the line that runs it.

    Raises:
        BadInput: Nothing fits.
    """
    probes = [probe for content in suites for probe in content.suite.probes]
    part = fitting_part(probes, pace.run_seconds, budget)
    if not part.probes:
        least = min((pace.run_seconds(probe) for probe in probes), default=0.0)
        what = f"expected time for one family at least, got {options.budget}; one probe takes {least:.3g} s or more"
        raise BadInput(f"--budget: {what}")
    ids = _ids(suites, part)
    if options.format == "ids":
        return "\n".join(ids)
    if options.format == "json":
        families = {name: family_json(part, probes, name) for name in Counter(one.family for one in part.probes)}
        return json_text(
            {
                "assumption": pace.assumption,
                "seconds": round(part.seconds, 1),
                "ids": ids,
                "families": families,
                "left out": list(part.left_out),
            },
            indent=1,
        )
    return "\n".join(_lines(part, probes, pace, options))


def family_json(part: Part, probes: Sequence[Probe], family: str) -> dict[str, object]:
    """What was chosen of a family, as plain data."""
    count = sum(one.family == family for one in part.probes)
    return {
        "probes": count,
        "of": sum(one.family == family for one in probes),
        "miss_bound": round(miss_bound(count), 4),
    }


def _ids(suites: Sequence[SuiteFileContent], part: Part) -> list[str]:
    chosen = {id(probe) for probe in part.probes}
    return [
        f"{shown(content.path)}::candidate::{probe.id}"
        for content in suites
        for probe in content.suite.probes
        if id(probe) in chosen
    ]


def _lines(part: Part, probes: Sequence[Probe], pace: Pace, options: argparse.Namespace) -> list[str]:
    whole = Counter(one.family for one in probes)
    lines = [
        f"{counted(len(part.probes), 'probe')} of {len(probes):,}, about {duration(part.seconds)} to run of "
        f"{duration(pace.cost_of(probes).run_seconds)}"
    ]
    for name, count in Counter(one.family for one in part.probes).items():
        lines.append(
            printable(
                f"    {name:14} {count:5,} of {whole[name]:5,}   {miss_bound(count):.0%} of such phrases could hide a "
            )
            + "trigger (95 %)"
        )
    if part.left_out:
        lines.append(printable(f"  nothing fits of: {', '.join(part.left_out)}"))
    names = " ".join(printable(shown(path)) for path in options.suites)
    lines += [
        f"  to run it: soundcheck list {f'{names} ' if names else ''}--budget {options.budget} --format ids > part.txt",
        "             pytest @part.txt --tts-model=DIR --tts-golden=NAME",
        "",
        f"Estimated from text length. {pace.assumption[0].upper()}{pace.assumption[1:]}.",
    ]
    return lines
