"""What a person reads in the terminal: the summary of a run, and the text of one failed item.

Owns layout only. Styles are words (``bold``, ``red``, ...) that the plugin turns into terminal markup; every
text that a suite or a model had a hand in goes through :func:`harness.core.text.printable` first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.findings import Finding, Outcome
from harness.core.text import cut
from harness.core.types import Severity, Verdict
from harness.report import AudioSource, audio_name
from harness.report.evidence import evidence_of
from harness.report.hunted import SHOWN, hunt_lines
from harness.report.phrases import marked_line
from harness.report.speakers import speaker_lines
from harness.report.wording import (
    NO_REASON,
    by_severity,
    excerpt,
    happened,
    headline,
    heard_count,
    inconclusive_groups,
    is_sandboxed,
    is_speech,
    isolation_stamp,
    one_line,
    policy_stamp,
    rerun_command,
    trigger_pattern,
    worst_first,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.core.verdict import RunInfo, RunResult

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.INCONCLUSIVE: "yellow", Verdict.ERROR: "red"}
SEVERITY_STYLES = {
    Severity.CRITICAL: "red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "",
}
EVENTS_SHOWN = 5
TAIL_LIMIT = 72  # a longer field does not push the tails of the others to the right

PASTE = "to accept what you have looked at, put this into the policy (--tts-policy), with owner and reason:"
"""Said before lines that can be pasted as they are."""

Line = tuple[str, str]
"""Text and style: ``bold``, ``red``, ``green``, ``yellow``, ``dim`` or ``""``."""


def summary_lines(result: RunResult, *, run_dir: str, width: int, limit: int = 20, ending: str = "") -> list[Line]:
    """The run in a screenful: verdict first, findings worst first, where the rest lies.

    Args:
        result: The run.
        run_dir: The run directory as the user would type it.
        width: Columns of the terminal; lines are cut to it, except for paths and reasons: these may wrap.
        limit: Items to list before referring to the report.
        ending: Why the session ends as it does, where the verdict does not say it.
    """
    lines: list[Line] = [(f"{result.verdict.upper()}  {headline(result)}", STYLES[result.verdict])]
    if ending:
        lines.append((ending, "bold"))
    lines.append((isolation_stamp(result.info), "dim" if is_sandboxed(result.info) else "yellow"))
    if stamp := policy_stamp(result.info):
        lines.append((stamp, "dim"))
    if pattern := trigger_pattern(result):
        lines.append((pattern, "bold"))
    lines += [(cut(f"speaker   {line}", width), "") for line in speaker_lines(result)]
    lines += [(cut(f"hunt      {line}", width), "") for line in hunt_lines(result.outcomes)[:SHOWN]]
    lines += _findings(result, width, limit)
    lines += _accepted(result, width, limit)
    lines += _errors(result)
    lines += _inconclusive(result, width, limit)
    lines += _events(result, width)
    where = run_dir.rstrip("/")
    lines += [("", ""), (f"report   {where}/report.html", ""), (f"records  {where}/results.json", "dim")]
    return lines


def _findings(result: RunResult, width: int, limit: int) -> list[Line]:
    """Two lines for each item: its worst finding with the rules of all of them, then the words."""
    found = [one for one in worst_first(result.outcomes) if one.findings]
    if not found:
        return []
    shown = found[:limit]
    column = min(max(len(one_line(outcome.subject)) for outcome in shown), 32)
    lines: list[Line] = [("", "")]
    for outcome in shown:
        findings = by_severity(outcome)
        worst, rules = findings[0], ", ".join(dict.fromkeys(one_line(finding.rule.id) for finding in findings))
        what = f"{one_line(outcome.subject).ljust(column)}  {one_line(worst.title)}  [{rules}]"
        lines.append((cut(f"{worst.severity.upper():<8}  {what}", width), SEVERITY_STYLES[worst.severity]))
        if words := _words_line(worst, outcome, width - 10):
            lines.append((cut(f"{'':10}{words}", width), "dim"))
    if len(found) > limit:
        lines.append((f"... and {len(found) - limit} more in report.html", "dim"))
    return lines


def _accepted(result: RunResult, width: int, limit: int) -> list[Line]:
    """What a policy accepts, two lines for each finding: never hidden, in no alarming colour."""
    if not (found := result.accepted):
        return []
    lines: list[Line] = [("", "")]
    for outcome, finding in found[:limit]:
        what = f"{one_line(outcome.subject)}  {one_line(finding.title)}  [{one_line(finding.rule.id)}]"
        lines.append((cut(f"ACCEPTED  {finding.severity} {what}", width), "yellow"))
        lines.append((cut(f"{'':10}{one_line(finding.accepted)}", width), "dim"))
    if len(found) > limit:
        lines.append((f"... and {len(found) - limit} more accepted findings in report.html", "dim"))
    return lines


def _words_line(finding: Finding, outcome: Outcome, room: int) -> str:
    """The word difference where both sides are speech, else what happened."""
    heard, expected = one_line(happened(finding)), one_line(finding.expected)
    if expected and is_speech(finding, outcome):
        return marked_line(expected, heard, room)
    if heard and expected:
        return f"{heard}, expected {expected}"
    return heard or one_line(evidence_of(finding))


def _errors(result: RunResult) -> list[Line]:
    broken = [one for one in result.outcomes if one.verdict is Verdict.ERROR]
    lines: list[Line] = [("", "")] if broken else []
    return lines + [
        (f"ERROR     {one_line(one.subject)}  {one_line(one.reason or NO_REASON)}", "red") for one in broken
    ]


def _inconclusive(result: RunResult, width: int, limit: int) -> list[Line]:
    """Each reason once (it says what would settle it), then whom it concerns."""
    groups = inconclusive_groups(result.outcomes)
    if not groups:
        return []
    lines: list[Line] = [("", "")]
    for reason, members in groups[:limit]:
        lines.append((f"INCONCLUSIVE  {len(members)}: {one_line(reason)}", "yellow"))
        lines.append((cut(f"{'':10}{', '.join(one_line(one.subject) for one in members)}", width), "dim"))
    if len(groups) > limit:
        lines.append((f"... and {len(groups) - limit} more reasons in report.html", "dim"))
    return lines


def _events(result: RunResult, width: int) -> list[Line]:
    """The latest events: they say what is going on now."""
    if not result.events:
        return []
    lines: list[Line] = [("", "")]
    if hidden := max(0, len(result.events) - EVENTS_SHOWN):
        lines.append((f"event     {hidden} earlier, in report.html", "dim"))
    latest = result.events[-EVENTS_SHOWN:]
    return lines + [(cut(f"event     {one_line(event)}", width), "dim") for event in latest]


def failure_text(
    outcome: Outcome,
    info: RunInfo,
    *,
    suite_path: str,
    run_dir: str,
    audio: AudioSource | None = None,
    proposal: Sequence[str] = (),
) -> str:
    """The text of one failed item: a block for each finding, worst first, then the command that repeats it.

    An outcome without findings (inconclusive or error, where the gate fails on it) shows its reason instead.

    Args:
        outcome: What was decided.
        info: The run.
        suite_path: The suite as the user would type it.
        run_dir: The run directory as the user would type it.
        audio: Where to look for files to listen to; without it, the names that a run directory gives them.
        proposal: Lines that a policy may have, where somebody can accept what is asked.
    """
    blocks = [_finding_block(finding, outcome, info, suite_path, run_dir, audio) for finding in by_severity(outcome)]
    if not blocks or outcome.verdict is Verdict.INCONCLUSIVE:
        fields = [("reason", one_line(outcome.reason or "none was given"), "")]
        blocks.insert(0, [_header(outcome, info, suite_path, outcome.verdict.upper()), *_aligned(fields)])
    closing = [("note", one_line(note), "") for note in outcome.notes]
    closing.append(("re-run", rerun_command(outcome.subject, info, suite_path), ""))
    # With several findings a blank line sets what they share apart from the last of them.
    text = "\n\n".join("\n".join(block) for block in blocks)
    text += ("\n\n" if len(blocks) > 1 else "\n") + "\n".join(_aligned(closing))
    return "\n".join((text, "", PASTE, "", *map(one_line, proposal))) if proposal else text


def _header(outcome: Outcome, info: RunInfo, suite_path: str, ending: str) -> str:
    probe = outcome.probe
    where = f"{probe.source}:{probe.line}" if probe and probe.source else suite_path.rpartition("/")[2]
    return f"{one_line(where)}  {one_line(outcome.subject)} on {one_line(info.model_name)}   {ending}"


def _finding_block(
    finding: Finding,
    outcome: Outcome,
    info: RunInfo,
    suite_path: str,
    run_dir: str,
    audio: AudioSource | None,
) -> list[str]:
    ending = f"{'ACCEPTED' if finding.accepted else finding.severity.upper()}  {one_line(finding.rule.id)}"
    return [
        _header(outcome, info, suite_path, ending),
        *_aligned(
            [
                *_spoken(finding, outcome),
                ("evidence", one_line(evidence_of(finding)), ""),
                ("hint", one_line(finding.hint), ""),
                ("accepted", one_line(finding.accepted), ""),
                *_listen(finding, outcome, run_dir, audio),
            ]
        ),
    ]


def _spoken(finding: Finding, outcome: Outcome) -> list[tuple[str, str, str]]:
    """Heard and expected; quoted, with a count of renderings, where they are words."""
    heard, expected = one_line(happened(finding)), one_line(finding.expected)
    if not is_speech(finding, outcome):  # the words do not speak for themselves
        told = (("what", one_line(finding.title)), ("heard", heard), ("expected", expected))
        return [(label, excerpt(text), "") for label, text in told]
    fields = []
    if heard or expected:
        quoted = f'"{excerpt(heard, expected)}"' if heard else "nothing"
        fields.append(("heard", quoted, heard_count(finding.heard, outcome.takes)))
    if expected:
        fields.append(("expected", f'"{excerpt(expected, heard)}"', ""))
    return fields


def _listen(finding: Finding, outcome: Outcome, run_dir: str, audio: AudioSource | None) -> list[tuple[str, str, str]]:
    """The worst rendering, and the golden to hold beside it."""
    record = outcome.golden
    golden = record.audio if record else ""
    if record and audio and (found := audio.golden_path(record)):
        golden = _typed(found)
    beside = f"(golden {one_line(golden)})" if golden else ""
    if not finding.audio:
        return []
    name = f"{run_dir.rstrip('/')}/{audio_name(finding.audio[0])}"
    if audio and (path := audio.path(finding.audio[0])):
        name = _typed(path)
    return [("listen", one_line(name), beside)]


def _typed(path: Path) -> str:
    """Relative where it lies below the current folder, as a person would type it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _aligned(fields: Sequence[tuple[str, str, str]]) -> list[str]:
    """``label text tail`` lines with the texts and the tails in columns; fields without text are left out."""
    widths = [len(text) for _, text, tail in fields if tail and len(text) <= TAIL_LIMIT]
    column = max(widths, default=0) + 3
    lines = []
    for label, text, tail in fields:
        if text:
            gap = " " * max(3, column - len(text)) if tail else ""
            lines.append(f"  {label:<8}  {text}{gap}{tail}")
    return lines
