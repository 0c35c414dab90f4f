"""A run that may be signed off: complete, passed, isolated as the policy asks, and nothing odd seen since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from harness import __version__
from harness.core.types import BehaviourEvent, ComparisonKind, Verdict
from harness.core.verdict import RunInfo, RunResult
from harness.judging.behaviour import CHECKS, judge_behaviour
from harness.policy.file import PolicyFile, policy_of_run
from harness.policy.release import ISOLATIONS, apply, level_of
from harness.report.wording import happened, tally
from harness.signoff.refusal import Refused, refuse
from harness.storage.runseal import NAME, head_of


def policy_for(folder: Path, result: RunResult, given: PolicyFile | None) -> PolicyFile | None:
    """The policy that a run was judged by.

    Args:
        folder: The run directory.
        result: Its records.
        given: The policy that it should have been judged by, if somebody says so.

    Raises:
        Refused: It was judged by another one.
        IntegrityError: The run's copy of it is not whole.
    """
    if given and given.sha256 != result.info.policy_digest:
        by = f"policy {result.info.policy_digest[:12]}" if result.info.policy_digest else "no policy"
        line = f"the run was judged by {by}, not by {given.path} ({given.sha256[:12]}); run again with --tts-policy"
        raise Refused(Verdict.FAIL, line)
    return policy_of_run(folder, result.info.policy_digest)


def require_ended(folder: Path, result: RunResult) -> None:
    """Hold a run's files against the digests that were taken when it ended.

    Args:
        folder: The run directory.
        result: Its records.

    Raises:
        Refused: It has not ended, and so nothing would show that it was edited.
        IntegrityError: It was edited since.
    """
    if head_of(folder) is None:
        line = f"run {result.info.run_id} has not ended ({NAME} is not there); the same pytest command continues it"
        refuse(Verdict.INCONCLUSIVE, line)


def require_fit(
    result: RunResult, policy: PolicyFile | None, now: datetime, seen: Sequence[BehaviourEvent] = ()
) -> None:
    """Hold a run against what a sign-off asks of it.

    Args:
        result: The run.
        policy: What it was judged by.
        now: Time of signing (UTC).
        seen: Everything that any run has seen this model do: a later one may have seen more.

    Raises:
        Refused: It may not be signed off.
    """
    _require_pass(result, policy)
    _require_isolation(result.info, policy)
    _require_calm(result.info, policy, now, seen)
    if policy and (expired := policy.policy.expired(now.date().isoformat())):
        refuse(Verdict.FAIL, f"{expired[0].name} expired on {expired[0].expires}; look at it again, then run again")


def is_export(info: RunInfo) -> bool:
    """Whether the run held the model against the checkpoint that it was exported from."""
    return info.comparison == ComparisonKind.EQUIVALENT and bool(info.reference_digest)


def _require_pass(result: RunResult, policy: PolicyFile | None) -> None:
    info = result.info
    if result.verdict in (Verdict.FAIL, Verdict.ERROR):
        refuse(result.verdict, f"run {info.run_id} did not pass: {tally(result)}")
    if not result.complete:
        line = f"run {info.run_id} is incomplete ({len(result.outcomes)} of {result.planned} items); "
        refuse(Verdict.INCONCLUSIVE, line + "the same pytest command continues it")
    if not info.golden_digest and not is_export(info):
        refuse(Verdict.INCONCLUSIVE, f"run {info.run_id} had no golden to compare with; run again with --tts-golden")
    open_ones = [one for one in result.outcomes if one.verdict is Verdict.INCONCLUSIVE]
    is_release = policy is None or policy.policy.gate != "ci"
    if result.verdict is not Verdict.PASS or (open_ones and is_release):
        named = f", {open_ones[0].subject} first ({open_ones[0].reason})" if open_ones else ""
        line = f"run {info.run_id} is not decided: {len(open_ones)} of {len(result.outcomes)} items inconclusive{named}"
        refuse(Verdict.INCONCLUSIVE, line)
    if "--tts-cost=off" in info.options:
        line = f"run {info.run_id} did not look at what the model costs the machine; run again without --tts-cost=off"
        refuse(Verdict.INCONCLUSIVE, line)
    if info.version != __version__:
        line = f"run {info.run_id} was made by Soundcheck {info.version}, this is {__version__}; run again"
        refuse(Verdict.INCONCLUSIVE, line)
    if info.asr.get("name") == "fake" and not info.engine.startswith("fake"):
        refuse(Verdict.INCONCLUSIVE, f"run {info.run_id} was heard by the fake transcriber; run again with a Whisper")


def _require_calm(info: RunInfo, policy: PolicyFile | None, now: datetime, seen: Sequence[BehaviourEvent]) -> None:
    for name in CHECKS:
        outcome = judge_behaviour(name, seen, is_observed=True)
        if policy:
            outcome = apply(policy.policy, outcome, now.date().isoformat())
        if outcome.verdict is not Verdict.PASS:
            told = happened(outcome.findings[0]) if outcome.findings else outcome.reason
            line = f"since run {info.run_id}, the model was seen to fail {name} ({told}); run again"
            refuse(outcome.verdict, line)


def _require_isolation(info: RunInfo, policy: PolicyFile | None) -> None:
    level, allowed = level_of(info.isolation), policy.policy.isolation if policy else ISOLATIONS
    if not level:
        line = f"run {info.run_id} was not sandboxed ({info.isolation}): nobody saw what the model did; run again"
        refuse(Verdict.INCONCLUSIVE, line)
    if level not in allowed:
        line = f"run {info.run_id} was isolated at level {level}, the policy asks for {' or '.join(allowed)}; run again"
        refuse(Verdict.FAIL, line)
