"""``soundcheck history``: the runs so far, newest first, with trends of cost and of scores."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from harness.cli.common import add_format, json_text, say, verb
from harness.core.exits import Exit
from harness.run.options import add_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.history import PastRun


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "history",
        "list the runs so far, newest first, with trends of cost and of scores",
        "soundcheck history --limit 20",
    )
    add_option(parser, "dir")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="runs to show, 0 for all (default: 20)")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List; a run that cannot be read costs a line on stderr."""
    from harness.report.history import read_history

    runs, problems = read_history(options.dir)
    for line in problems:
        say(line)
    shown = runs[: options.limit] if options.limit > 0 else runs
    if options.format == "json":
        print(_json(shown, runs))
    elif not runs:
        say(f"{options.dir}: no runs so far")
    else:
        print(_text(shown, runs))
    return Exit.DONE


def _text(shown: Sequence[PastRun], runs: Sequence[PastRun]) -> str:
    from harness.core.types import Verdict
    from harness.report.history import sparkline, trends_of
    from harness.report.wording import one_line

    head = ("when (UTC)", "run", "model", "digest", "verdict", "pass", "fail", "open", "of", "seconds", "score")
    rows = [
        (
            f"{one.when:%Y-%m-%d %H:%M}",
            one_line(one.run_id),
            one_line(f"{one.model_name}, {one.voice}" if one.voice else one.model_name),
            one_line(one.model_digest[:8]),
            one.verdict.value,
            str(one.counts[Verdict.PASS]),
            str(one.counts[Verdict.FAIL]),
            str(one.counts[Verdict.INCONCLUSIVE] + one.counts[Verdict.ERROR]),
            str(one.planned),
            f"{one.seconds:.0f}",
            "" if one.score is None else f"{one.score:.3f}",
        )
        for one in shown
    ]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(width) if at >= 5 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]
    if len(runs) > len(shown):
        lines.append(f"... and {len(runs) - len(shown)} earlier; --limit 0 shows all")
    for trend in trends_of(runs):
        name = f"{trend.model_name}, {trend.voice}" if trend.voice else trend.model_name
        told = f"{one_line(name)}, last {len(trend.seconds)} runs: seconds {sparkline(trend.seconds)}"
        line = sparkline(trend.scores)
        lines.append(f"{told}  score {line}" if line else told)
    return "\n".join(lines)


def _json(shown: Sequence[PastRun], runs: Sequence[PastRun]) -> str:
    from harness.report.history import trends_of

    content = {
        "format_version": 1,
        "runs": [
            {
                "run_id": one.run_id,
                "when": one.when.isoformat(),
                "model_name": one.model_name,
                "model": one.model,
                "model_digest": one.model_digest,
                "voice": one.voice,
                "golden": one.golden,
                "policy_digest": one.policy_digest,
                "verdict": one.verdict,
                "counts": one.counts,
                "planned": one.planned,
                "seconds": one.seconds,
                "score": one.score,
            }
            for one in shown
        ],
        "trends": [
            {"model_name": one.model_name, "voice": one.voice, "seconds": one.seconds, "scores": one.scores}
            for one in trends_of(runs)
        ],
    }
    return json_text(content)
