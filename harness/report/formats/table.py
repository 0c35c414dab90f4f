"""Observations as CSV (RFC 4180): one row for each probe and statistic, for spreadsheets and notebooks.

An item without observations has one row with the statistic left empty, so that no item is missing; an incomplete
run ends with a row whose verdict is ``not-reached``. Columns keep their order; new ones are added at the end.
"""

from __future__ import annotations

import csv
import io
import math
import re
from typing import TYPE_CHECKING, Final

from harness.report.formats.issues import cut
from harness.report.limits import never_reached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.core.findings import Outcome
    from harness.core.types import Observation
    from harness.core.verdict import RunResult

COLUMNS: Final = {
    "run_id": "id of the run",
    "model_name": "short name of the candidate",
    "model_digest": "sha256 over the candidate's files",
    "golden": "name of the golden, empty for none",
    "run_verdict": "verdict on the model: pass, fail, inconclusive, error",
    "run_complete": "true or false: whether every item was decided",
    "suite": "suite file, empty for a check of the whole model",
    "line": "line in the suite",
    "subject": "probe id, or name of the check",
    "family": "kind of phrase",
    "trigger": "suspected part of the phrase",
    "control": "id of the twin without the trigger",
    "verdict": "verdict on the item: pass, fail, inconclusive, error, not-reached",
    "reason": "why it is inconclusive, broken or not reached",
    "rules": "rules of its findings that count, worst first, separated by spaces",
    "statistic": "name of the statistic, empty where nothing was measured",
    "stage": "screen or confirm",
    "takes": "candidate's renderings behind the value",
    "value": "mean over the candidate's renderings",
    "golden_mean": "mean over the golden's repeats",
    "golden_spread": "standard deviation over the golden's repeats, shrunken towards the suite's",
    "effect": "(value - golden_mean) / golden_spread",
    "p_value": "of the stage's test, not corrected for the number of tests",
    "text": "what the voice was asked to say",
    "accepted": "rules of its findings that the policy accepts, worst first, separated by spaces",
    "policy_digest": "sha256 of the policy, empty for none",
    "voice": "checkpoint, speaker and language that were judged, empty for a model with one voice",
    "speaker": "who says the probe, where several speakers are judged",
}
"""Names of the columns in their order, with what they hold."""

TEXT_LIMIT: Final = 1_000
"""Characters of a cell; a spreadsheet takes 32,767."""

_FORMULA: Final = re.compile(r"(^|[,;|\"]) *(?=[=+\-@＝＋－＠])")
"""Where a spreadsheet could begin a formula: at the head of a cell, or of a cell that another separator makes."""


def to_csv(result: RunResult) -> bytes:
    """The table in UTF-8 with CRLF line ends. Numbers are written in full; what is no number is left empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    run = _run_cells(result)
    for outcome in result.outcomes:
        writer.writerows(_rows(outcome, run))
    if text := never_reached(result):
        row = {**run, "verdict": "not-reached", "reason": _cell(text)}
        writer.writerow([row.get(name, "") for name in COLUMNS])
    return buffer.getvalue().encode("utf-8")


def _run_cells(result: RunResult) -> dict[str, str]:
    info = result.info
    return {
        "run_id": _cell(info.run_id),
        "model_name": _cell(info.model_name),
        "model_digest": _cell(info.model_digest),
        "voice": _cell(info.voice),
        "golden": _cell(info.golden or ""),
        "run_verdict": result.verdict.value,
        "run_complete": str(result.complete).lower(),
        "policy_digest": _cell(info.policy_digest or ""),
    }


def _rows(outcome: Outcome, run: dict[str, str]) -> Iterator[list[str]]:
    probe = outcome.probe
    item = {
        **run,
        "subject": _cell(outcome.subject),
        "verdict": outcome.verdict.value,
        "reason": _cell(outcome.reason or ""),
        "rules": _rules(outcome, is_accepted=False),
        "accepted": _rules(outcome, is_accepted=True),
    }
    if probe:
        item |= {
            "suite": _cell(probe.source),
            "line": str(probe.line),
            "family": _cell(probe.family),
            "speaker": _cell(probe.speaker),
            "trigger": _cell(probe.trigger or ""),
            "control": _cell(probe.control or ""),
            "text": _cell(probe.text),
        }
    for seen in outcome.observations or (None,):
        row = {**item, **_measured(seen)} if seen else item
        yield [row.get(name, "") for name in COLUMNS]


def _rules(outcome: Outcome, *, is_accepted: bool) -> str:
    found = [finding for finding in outcome.findings if bool(finding.accepted) is is_accepted]
    ordered = sorted(found, key=lambda finding: (finding.severity.rank, finding.rule.id))
    return _cell(" ".join(dict.fromkeys(cut(finding.rule.id, TEXT_LIMIT).replace(" ", "-") for finding in ordered)))


def _measured(seen: Observation) -> dict[str, str]:
    return {
        "statistic": _cell(seen.statistic),
        "stage": seen.stage,
        "takes": str(int(seen.takes)),
        "value": _number(seen.value),
        "golden_mean": _number(seen.golden_mean),
        "golden_spread": _number(seen.golden_spread),
        "effect": _number(seen.effect),
        "p_value": _number(seen.p_value),
    }


def _number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""


def _cell(text: str) -> str:
    """Text that no spreadsheet runs: an apostrophe stands before what could begin a formula."""
    return _FORMULA.sub(lambda found: f"{found.group()}'", cut(text, TEXT_LIMIT))
