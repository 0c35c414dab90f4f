"""A run as SARIF: what :mod:`harness.report.formats.sarif` has to be told about it.

Findings are results at the line of the suite that names the phrase, or in the file of the model that holds what was
found. What was not decided is a result of kind ``open``, which SARIF has for exactly this; its level must then be
``none`` (section 3.27.10 of the standard), so a viewer that filters by level does not show it, and the reason stands
among the notifications as well. Errors of the harness and the early end of a run are notifications only: they say
nothing about the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.core.ending import MATRIX, standing_of
from harness.core.text import counted
from harness.core.types import Verdict
from harness.report.formats.issues import (
    ERROR,
    INCONCLUSIVE,
    NAME_LIMIT,
    TEXT_LIMIT,
    IssueKind,
    cut,
    incomplete,
    issues,
    suite_paths,
    undecided,
)
from harness.report.formats.sarif import Json, Log, left_out, location, notification, segment, write
from harness.report.speakers import MOST
from harness.report.wording import headline, is_sandboxed, isolation_stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.core.verdict import RunResult
    from harness.report.formats.issues import Issue

MAX_NOTIFICATIONS: Final = 200
"""Errors, and reasons for what was not decided, that are told one by one."""


def to_sarif(result: RunResult) -> bytes:
    """The run as one SARIF run: ASCII, sorted keys, a newline at the end. Equal results give equal bytes."""
    listed = issues(result)
    return write(
        Log(
            version=result.info.version,
            issues=[issue for issue in listed if issue.kind is not IssueKind.ERROR],
            automation_id=f"soundcheck/{segment(result.info.model_name)}/",
            artifacts=_artifacts(result),
            invocation=lambda kept: _invocation(result, listed, kept),
            properties=_properties(result),
        )
    )


def _artifacts(result: RunResult) -> list[Json]:
    paths = suite_paths(result)
    return [
        {
            "location": location(paths[suite.name]),
            "hashes": {"sha-256": cut(suite.sha256, NAME_LIMIT)},
            "roles": ["analysisTarget"],
        }
        for suite in {suite.name: suite for suite in result.info.suites}.values()
        if paths[suite.name]
    ]


def _invocation(result: RunResult, listed: Sequence[Issue], kept: int) -> Json:
    return {
        "executionSuccessful": result.complete and result.verdict is not Verdict.ERROR,
        "exitCode": int(MATRIX[standing_of(result)][result.info.gate]),
        "exitCodeDescription": result.verdict.value,
        "toolExecutionNotifications": _notifications(result, listed, kept),
    }


def _notifications(result: RunResult, listed: Sequence[Issue], kept: int) -> list[Json]:
    """What the reader of the results must know besides them, the gravest first."""
    said = []
    if early := incomplete(result):
        said.append(notification("error", early.rule.id, early.message))
    broken = [issue for issue in listed if issue.kind is IssueKind.ERROR]
    said += [notification("error", issue.rule.id, issue.message, issue) for issue in broken[:MAX_NOTIFICATIONS]]
    if len(broken) > MAX_NOTIFICATIONS:
        text = f"{counted(len(broken) - MAX_NOTIFICATIONS, 'more item')} could not be checked; see report.html."
        said.append(notification("error", ERROR.id, text))
    groups = undecided(listed)
    for reason, members in groups[:MAX_NOTIFICATIONS]:
        text = f"{counted(len(members), 'item')} could not be decided: {reason}"
        said.append(notification("warning", INCONCLUSIVE.id, text))
    if len(groups) > MAX_NOTIFICATIONS:
        text = f"{counted(len(groups) - MAX_NOTIFICATIONS, 'more reason')} for undecided items; see report.html."
        said.append(notification("warning", INCONCLUSIVE.id, text))
    if missing := len(listed) - len(broken) - kept:
        said.append(left_out(missing, "results.json"))
    if not is_sandboxed(result.info):
        said.append(notification("note", "soundcheck.isolation", cut(isolation_stamp(result.info), TEXT_LIMIT)))
    return said


def _properties(result: RunResult) -> Json:
    info = result.info
    texts = {
        "runId": info.run_id,
        "model": info.model,
        "modelName": info.model_name,
        "modelDigest": info.model_digest,
        "voice": info.voice,
        "golden": info.golden,
        "goldenDigest": info.golden_digest,
        "engine": info.engine,
        "isolation": info.isolation,
        "policy": info.policy,
        "policyDigest": info.policy_digest,
        "headline": headline(result),
    }
    return {
        **{name: cut(text or "", TEXT_LIMIT) for name, text in texts.items()},
        "verdict": result.verdict.value,
        "complete": result.complete,
        "speakers": [cut(name, NAME_LIMIT) for name in info.speakers[:MOST]],
        "planned": result.planned,
        "counts": {verdict.value: number for verdict, number in result.counts.items()},
    }
