"""``soundcheck scan``: admission's checks on a model directory or a file, nothing executed, nothing loaded."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.text import printable
from harness.verbs.common import say_progress, verb

if TYPE_CHECKING:
    from harness.admission.admit import Admission
    from harness.admission.base import Flaw

EXIT_CODES = {"pass": 0, "fail": 1, "error": 3, "inconclusive": 4}
VERSION = 1
"""Of the JSON that ``--format json`` writes."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "scan",
        "check a model's files without loading them: pickles, archives, tensors, configuration, directory",
        "soundcheck scan voices/candidate\n  soundcheck scan --format sarif model.pth > scan.sarif\n\n"
        "exit codes:\n  0 nothing found, 1 hostile or malformed, 2 usage, 3 the scan itself failed,\n"
        "  4 inconclusive: a decision is needed, e.g. an old pickle must be converted first",
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="model directory or a single file")
    parser.add_argument(
        "--format", choices=("text", "json", "sarif"), default="text", help="what stdout carries (default: text)"
    )
    parser.add_argument(
        "--structure", action="store_true", help="structure only: skip checksums and the values of tensors"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Scan and print."""
    from harness.admission.admit import admit

    found = []
    for path in options.paths:
        found.append(admit(path, has_values=not options.structure, say=lambda line: say_progress(f"scan: {line}")))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)  # the progress line has done its work
    if options.format == "json":
        sys.stdout.write(_to_json(found))
    elif options.format == "sarif":
        from harness import __version__
        from harness.admission.sarif import to_sarif

        sys.stdout.write(to_sarif([flaw for one in found for flaw in one.flaws], version=__version__))
    else:
        for one in found:
            for line in _lines(one):
                print(line)
    worst = {one.verdict.value for one in found}
    return next(EXIT_CODES[verdict] for verdict in ("fail", "inconclusive", "pass") if verdict in worst)


def _lines(admission: Admission) -> list[str]:
    lines: list[str] = []
    for flaw in admission.flaws:
        at = f"{flaw.file}: {flaw.place}" if flaw.place else flaw.file
        lines.append(printable(f"{at or '.'}   {flaw.rule.severity.upper()}  {flaw.rule.id}"))
        shown = (
            ("is", flaw.rule.title),
            ("found", flaw.found),
            ("effect", flaw.effect),
            ("do", flaw.remedy or flaw.rule.help),
        )
        lines += [printable(f"  {name:<7} {text}") for name, text in shown if text]
    facts = ", ".join(
        f"{value} {name}"
        for one in admission.examinations
        if one.check == "checkpoint"
        for name, value in one.facts.items()
    )
    hostile = sum(flaw.rule.verdict.value == "fail" for flaw in admission.flaws)
    told = f"{hostile} hostile or malformed, {len(admission.flaws) - hostile} to decide; " if admission.flaws else ""
    lines.append(printable(f"{admission.root}: {admission.verdict.upper()} ({told}{facts})"))
    return lines


def _to_json(found: list[Admission]) -> str:
    import json

    scans = [
        {
            "path": printable(str(one.root)),
            "verdict": one.verdict.value,
            "facts": {examination.check: dict(examination.facts) for examination in one.examinations},
            "findings": [_flaw(flaw) for flaw in one.flaws],
        }
        for one in found
    ]
    return json.dumps({"version": VERSION, "scans": scans}, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _flaw(flaw: Flaw) -> dict[str, str]:
    return {
        "rule": flaw.rule.id,
        "severity": flaw.rule.severity.value,
        "verdict": flaw.rule.verdict.value,
        "title": flaw.rule.title,
        "file": printable(flaw.file),
        "place": printable(flaw.place),
        "found": printable(flaw.found),
        "effect": printable(flaw.effect),
        "remedy": printable(flaw.remedy or flaw.rule.help),
    }
