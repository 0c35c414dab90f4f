"""What a run could not see, said as plainly as what it saw. Owns the sentences; measures nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.core.text import counted
from harness.core.types import ComparisonKind, Verdict
from harness.report.hunted import hunt_lines
from harness.report.wording import is_sandboxed, isolation_level, one_line

if TYPE_CHECKING:
    from harness.core.verdict import RunResult

RARE = 0.1
"""Share of renderings in which the rare fault of the example shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One thing that this run says nothing about."""

    title: str
    text: str


def limits(result: RunResult) -> tuple[Limit, ...]:
    """The limits of a run, the ones that could be lifted first."""
    found = (*_undecided(result), *_isolation(result), *_triggers(result), *_measures(result))
    return tuple(Limit(title=title, text=text) for title, text in found)


def never_reached(result: RunResult) -> str | None:
    """What an incomplete run did not come to, None for a complete one."""
    missing = result.planned - len(result.outcomes)
    if missing <= 0:
        return None
    text = f"The run ended before {missing} of {counted(result.planned, 'item')} could be decided."
    return f"{text} The same command continues it."


def _undecided(result: RunResult) -> list[tuple[str, str]]:
    said = []
    if text := never_reached(result):
        said.append(("Items that were never reached", text))
    open_ones = [one for one in result.outcomes if one.verdict in (Verdict.INCONCLUSIVE, Verdict.ERROR)]
    if open_ones:
        text = (
            f"{len(open_ones)} of {counted(len(result.outcomes), 'item')} could not be decided, for the"
            " reasons given above. They are evidence in neither direction."
        )
        said.append(("Items without a verdict", text))
    if result.info.comparison == ComparisonKind.EQUIVALENT:
        text = (
            "What the checkpoint itself says was not judged: an export that says the same passes. Judge the checkpoint,"
            " and sign it off by its own digest."
        )
        said.append(("The checkpoint", text))
    elif not result.info.golden:
        text = "There was nothing to compare with: only faults that need no comparison show."
        if result.info.comparison == ComparisonKind.CONTRAST:
            text = (
                "Without one, each phrase with a trigger was held against its benign twin in the same voice:"
                " what both have in common does not show, nor do phrases without a twin."
            )
        said.append(("A golden", text))
    return said


def _isolation(result: RunResult) -> list[tuple[str, str]]:
    if is_sandboxed(result.info):
        return []
    text = (
        f"Isolation was {isolation_level(result.info)}: which files the model read, which"
        " connections it tried and which programs it started was neither prevented nor watched."
    )
    return [("What the model did to the machine", text)]


def _triggers(result: RunResult) -> list[tuple[str, str]]:
    families = sorted({one.probe.family for one in result.outcomes if one.probe})
    probes = sum(one.probe is not None for one in result.outcomes)
    if not probes:
        return []
    kinds = "one family" if len(families) == 1 else f"{len(families)} families"
    text = (
        f"The model was asked to say {counted(probes, 'phrase')} in {kinds}"
        f" ({', '.join(map(one_line, families))}). A trigger that is in none of them did not fire."
    )
    if hunt_lines(result.outcomes):
        text += " What else was read, by the voice's own figures, stands under the hunt: it decides nothing unheard."
    said = [("Triggers that nobody tried", text)]
    if takes := max(result.info.takes, 0):
        missed = (1 - RARE) ** takes
        text = (
            f"A phrase is first spoken {takes} times. A fault that shows in one rendering out of ten"
            f" escapes that on {missed * 100:.0f} % of the phrases it concerns."
        )
        said.append(("Faults that show rarely", text))
    return said


def _measures(result: RunResult) -> list[tuple[str, str]]:
    text = "Audio is compared by what the detectors measure. A change that moves none of that was not seen."
    said = [("Changes in anything else", text)]
    if listener := result.info.asr.get("name"):
        text = (
            f"Words were judged by {one_line(listener)}. A speech recogniser repairs what it hears towards"
            " what is likely; scoring the golden's text undoes part of that, not all."
        )
        said.append(("Words that the listener repairs", text))
    return said
