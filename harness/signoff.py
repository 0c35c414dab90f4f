"""Sign-offs: from a run that passed to a statement about its model, and from a statement to whether it still holds.

Knows records, policies and files; which key signs is the business of :mod:`harness.signing`. A refusal is one line:
what does not hold, and what to do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import msgspec

from harness import __version__
from harness.admission.digests import digests_of, directory_digest
from harness.admission.matching import compare
from harness.admission.signing import manifest_of
from harness.admission.tree import Tree
from harness.behaviour import CHECKS, judge_behaviour
from harness.core.coverage import family_coverage, miss_bound
from harness.core.errors import BadInput, SoundcheckError
from harness.core.paths import shown
from harness.core.policy import ISOLATIONS, apply, level_of, waivers_in_use
from harness.core.text import printable
from harness.core.types import BehaviourEvent, Outcome, Verdict
from harness.core.verdict import RunInfo, RunResult
from harness.policies import PolicyFile, policy_of_run
from harness.report import results
from harness.report.wording import tally
from harness.signing import bundle
from harness.signing.dsse import BadSignature
from harness.signing.manifest import check_sha256
from harness.signing.signature import Trust, unseal
from harness.signing.testresult import (
    GOLDEN,
    POLICY,
    SUITE,
    TIME_FORMAT,
    VERSION,
    About,
    FamilyBound,
    GrantedWaiver,
    Resource,
    Stated,
    from_payload,
)
from harness.store import RunDirectory

CLOCK_SKEW = timedelta(minutes=5)
"""How far a signer's clock may be ahead of ours."""
_AGE = re.compile(r"([0-9]{1,5})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class Refused(SoundcheckError):
    """A run is not signed off, or a sign-off does not hold. ``str`` is one line."""

    def __init__(self, verdict: Verdict, why: str) -> None:
        super().__init__(printable(why))
        self.verdict = verdict
        """Fail where something is wrong, inconclusive where evidence is missing, error where the harness failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A sign-off that holds."""

    stated: Stated
    signer: str
    """Which key, certificate or identity it was, in words."""


def read_run(folder: Path) -> RunResult:
    """The records of a run.

    Raises:
        BadInput: There is no run.
        IntegrityError: Its records are not whole.
    """
    if not (folder / "run.json").is_file():
        raise BadInput(printable(f"{folder}: expected a run directory, such as .soundcheck/runs/ID, got no run there"))
    folder = folder.absolute()
    return RunDirectory(folder.parent.parent, folder.name).result()


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


def state(
    result: RunResult, model: Path, policy: PolicyFile | None, now: datetime, seen: Sequence[BehaviourEvent] = ()
) -> Stated:
    """What may be signed of a run.

    Args:
        result: The run.
        model: Where the model lies.
        policy: What it was judged by.
        now: Time of signing (UTC).
        seen: Everything that any run has seen this model do: a later one may have seen more.

    Raises:
        Refused: It may not be signed off.
        BadInput: The model has what no statement over files covers.
    """
    _require_pass(result, policy)
    _require_isolation(result.info, policy)
    _require_calm(result.info, policy, now, seen)
    if policy and (expired := policy.policy.expired(now.date().isoformat())):
        _refuse(Verdict.FAIL, f"{expired[0].name} expired on {expired[0].expires}; look at it again, then run again")
    # Where the statement will lie plays no part: it must not lie in the model.
    files = manifest_of(model, Path("/")).files
    if directory_digest(files) != result.info.model_digest:
        _refuse(Verdict.FAIL, f"{model}: has changed since the run (digest {directory_digest(files)[:12]}); run again")
    items = [(_name(result.info, one), one) for one in result.outcomes]
    return Stated(
        files=files,
        resources=_resources(result.info, policy),
        results_sha256=hashlib.sha256(results.to_json(result)).hexdigest(),
        about=_about(result, model, policy, now),
        passed=tuple(name for name, one in items if one.verdict is Verdict.PASS and not _is_accepted(one)),
        warned=tuple(name for name, one in items if one.verdict is not Verdict.PASS or _is_accepted(one)),
    )


def check(
    data: bytes,
    model: Path,
    trust: Trust,
    now: datetime,
    *,
    policy: PolicyFile | None = None,
    max_age: timedelta | None = None,
) -> Holding:
    """Whether a sign-off holds for a model as it lies there.

    Args:
        data: The attestation. Hostile until its signature is good.
        model: Model directory. Hostile.
        trust: Whose signatures count.
        now: Time of the check (UTC).
        policy: The policy that must have been obeyed, where somebody says so.
        max_age: How old it may be; a policy may say less.

    Raises:
        Refused: It does not hold.
        BadInput: A key, certificate or file that was named cannot be read.
    """
    holding = read_signoff(data, trust, now)
    if stale := staleness(holding.stated, now, policy=policy, max_age=max_age):
        _refuse(Verdict.FAIL, f"{stale[0]}; run again")
    require_files(holding.stated, model)
    return holding


def read_signoff(data: bytes, trust: Trust, now: datetime) -> Holding:
    """What somebody trusted has signed.

    Raises:
        Refused: Nobody trusted has signed it, it is no sign-off, or its day is still to come.
        BadInput: A key or certificate that was named cannot be read.
    """
    try:
        opened = unseal(data, trust, now)
        stated = from_payload(opened.payload)
    except BadSignature as error:
        raise Refused(Verdict.FAIL, str(error)) from None
    if stated.about.when > now + CLOCK_SKEW:
        line = f"it was signed off on {stated.about.signed_on}, which is still to come; look at the clocks"
        raise Refused(Verdict.FAIL, line)
    return Holding(stated=stated, signer=opened.signer)


def staleness(
    stated: Stated, now: datetime, *, policy: PolicyFile | None = None, max_age: timedelta | None = None
) -> tuple[str, ...]:
    """Why a sign-off would have to be made anew, one sentence each; empty where it would not.

    Args:
        stated: What was signed.
        now: Time of the check (UTC).
        policy: The policy of today, where there is one.
        max_age: How old a sign-off may be; a policy may say less.
    """
    about = stated.about
    said = []
    most = _shortest(max_age, policy)
    if most is not None and now - about.when > most:
        said.append(f"it was signed off on {about.signed_on}, more than {_spoken(most)} ago")
    if policy and (digest := stated.digest(POLICY)) != policy.sha256:
        by = f"under policy {digest[:12]}" if digest else "without a policy"
        said.append(f"it was signed off {by}, not under {shown(policy.path)} ({policy.sha256[:12]})")
    level = level_of(about.isolation)
    if policy and level not in policy.policy.isolation:
        allowed = " or ".join(policy.policy.isolation)
        said.append(f"it was isolated at level {level or 'none'}, the policy asks for {allowed}")
    said += [
        f"it passed by a waiver of {one.rule} on {one.subject}, which expired on {one.expires}"
        for one in about.waivers
        if one.expires < now.date().isoformat()
    ]
    return tuple(map(printable, said))


def require_files(stated: Stated, model: Path) -> None:
    """Hold a model's files against those that were signed off.

    Raises:
        Refused: One is changed, missing, there in addition, or no regular file.
        BadInput: The model cannot be read.
    """
    tree = Tree.of(model)
    flaws = list(compare(tree, digests_of(tree), stated.files, None))
    if flaws:
        worst = min(flaws, key=lambda flaw: flaw.rule.severity.rank)
        more = f" (and {len(flaws) - 1} more)" if len(flaws) > 1 else ""
        _refuse(Verdict.FAIL, f"{model}: {worst.file}: {_FLAWS[worst.rule.id]}: {worst.found}{more}")


def read_attestation(path: Path) -> bytes:
    """The bytes of an attestation, as many as one may have and one more.

    Raises:
        BadInput: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(bundle.MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(printable(f"{path}: cannot be read ({error.strerror})")) from None


def read_age(text: str, option: str) -> timedelta:
    """How old something may be: ``12h``, ``30d`` or ``8w``.

    Raises:
        BadInput: It is something else.
    """
    found = _AGE.fullmatch(text)
    if not found or not int(found[1]):
        raise BadInput(printable(f"{option}: expected an age such as 12h, 30d or 8w, got {text[:40]!r}"))
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _require_pass(result: RunResult, policy: PolicyFile | None) -> None:
    info = result.info
    if result.verdict in (Verdict.FAIL, Verdict.ERROR):
        _refuse(result.verdict, f"run {info.run_id} did not pass: {tally(result)}")
    if not result.complete:
        line = f"run {info.run_id} is incomplete ({len(result.outcomes)} of {result.planned} items); "
        _refuse(Verdict.INCONCLUSIVE, line + "the same pytest command continues it")
    if not info.golden_digest:
        _refuse(Verdict.INCONCLUSIVE, f"run {info.run_id} had no golden to compare with; run again with --tts-golden")
    open_ones = [one for one in result.outcomes if one.verdict is Verdict.INCONCLUSIVE]
    is_release = policy is None or policy.policy.gate != "ci"
    if result.verdict is not Verdict.PASS or (open_ones and is_release):
        named = f", {open_ones[0].subject} first ({open_ones[0].reason})" if open_ones else ""
        line = f"run {info.run_id} is not decided: {len(open_ones)} of {len(result.outcomes)} items inconclusive{named}"
        _refuse(Verdict.INCONCLUSIVE, line)
    if info.version != __version__:
        line = f"run {info.run_id} was made by Soundcheck {info.version}, this is {__version__}; run again"
        _refuse(Verdict.INCONCLUSIVE, line)
    if info.asr.get("name") == "fake" and not info.engine.startswith("fake"):
        _refuse(Verdict.INCONCLUSIVE, f"run {info.run_id} was heard by the fake transcriber; run again with a Whisper")


def _require_calm(info: RunInfo, policy: PolicyFile | None, now: datetime, seen: Sequence[BehaviourEvent]) -> None:
    for name in CHECKS:
        outcome = judge_behaviour(name, seen, is_observed=True)
        if policy:
            outcome = apply(policy.policy, outcome, now.date().isoformat())
        if outcome.verdict is not Verdict.PASS:
            told = outcome.findings[0].heard if outcome.findings else outcome.reason
            line = f"since run {info.run_id}, the model was seen to fail {name} ({told}); run again"
            _refuse(outcome.verdict, line)


def _require_isolation(info: RunInfo, policy: PolicyFile | None) -> None:
    level, allowed = level_of(info.isolation), policy.policy.isolation if policy else ISOLATIONS
    if not level:
        line = f"run {info.run_id} was not sandboxed ({info.isolation}): nobody saw what the model did; run again"
        _refuse(Verdict.INCONCLUSIVE, line)
    if level not in allowed:
        line = f"run {info.run_id} was isolated at level {level}, the policy asks for {' or '.join(allowed)}; run again"
        _refuse(Verdict.FAIL, line)


_FLAWS = {
    "admission.file-changed": "is not the file that was signed off",
    "admission.file-missing": "was signed off and is not there",
    "admission.file-unlisted": "is there and was not signed off",
    "admission.file-not-regular": "is no regular file",
}


def _shortest(max_age: timedelta | None, policy: PolicyFile | None) -> timedelta | None:
    days = policy.policy.max_age_days if policy else 0
    ages = [age for age in (max_age, timedelta(days=days) if days else None) if age is not None]
    return min(ages, default=None)


def _spoken(age: timedelta) -> str:
    hours = int(age.total_seconds()) // 3600
    return f"{hours // 24} days" if hours % 24 == 0 else f"{hours} hours"


def _is_accepted(outcome: Outcome) -> bool:
    return any(finding.accepted for finding in outcome.findings)


def _name(info: RunInfo, outcome: Outcome) -> str:
    """An item as pytest names it; a check of the whole model belongs to no suite."""
    source = f"{outcome.probe.source}::" if outcome.probe else ""
    return printable(f"{source}{info.model_name}::{outcome.subject}")


def _resources(info: RunInfo, policy: PolicyFile | None) -> tuple[Resource, ...]:
    listener = {name: value for name, value in info.asr.items() if name != "weights"}
    try:
        whisper = Resource(name="whisper", sha256=check_sha256(info.asr.get("weights", "")), annotations=listener)
    except ValueError:  # the fake has none
        whisper = Resource(name="whisper", uri=f"urn:soundcheck:asr:{info.asr.get('name', '')}", annotations=listener)
    found = [
        Resource(
            name="soundcheck",
            sha256=tool_digest(),
            uri=f"pkg:pypi/pytest-soundcheck@{info.version}",
            annotations=dict(info.versions),
        ),
        whisper,
        Resource(
            name=GOLDEN,
            sha256=info.golden_digest,
            annotations={"name": info.golden, "modelDigest": info.golden_model_digest},
        ),
    ]
    found += [
        Resource(name=f"{SUITE}{suite.name}", sha256=suite.sha256, annotations={"probes": str(suite.probes)})
        for suite in sorted({suite.name: suite for suite in info.suites}.values(), key=lambda suite: suite.name)
    ]
    if policy:
        about = {"title": policy.policy.title, "owner": policy.policy.owner}
        found.append(Resource(name=POLICY, sha256=policy.sha256, annotations=about))
    return tuple(found)


def _about(result: RunResult, model: Path, policy: PolicyFile | None, now: datetime) -> About:
    info = result.info
    used = waivers_in_use(policy.policy, result.outcomes, now.date().isoformat()) if policy else {}
    return About(
        version=VERSION,
        run_id=info.run_id,
        signed_on=now.strftime(TIME_FORMAT),
        model=printable(model.resolve().name),
        model_digest=info.model_digest,
        engine=info.engine,
        device=info.device,
        isolation=info.isolation,
        alpha=info.alpha,
        seed=info.seed,
        salt_digest=info.salt_digest,
        takes=info.takes,
        comparison=info.comparison,
        self_test=info.self_test,
        reference_digest=info.reference_digest,
        waivers=[
            GrantedWaiver(
                rule=one.rule,
                subject=one.subject,
                owner=one.owner,
                reason=one.reason,
                expires=one.expires,
                findings=count,
            )
            for one, count in used.items()
        ],
        coverage={
            one.family: FamilyBound(probes=one.probes, decided=one.judged, miss_bound=round(miss_bound(one.judged), 6))
            for one in family_coverage(result.outcomes)
        },
    )


def tool_digest() -> str:
    """sha256 over this package's own files: names and contents, in sorted order, without caches and packaged data."""
    root = Path(__file__).parent
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if path.is_file() and name.parts[0] != "data" and "__pycache__" not in name.parts:
            total.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name.as_posix()}\n".encode())
    return total.hexdigest()


def described(stated: Stated) -> dict[str, object]:
    """Our own fields of a statement as plain data, for JSON."""
    about = msgspec.to_builtins(stated.about)
    assert isinstance(about, dict)
    return {
        **about,
        "policy": stated.digest(POLICY),
        "golden": stated.digest(GOLDEN),
        "suites": stated.suites,
        "files": len(stated.files),
        "passed": len(stated.passed),
        "warned": len(stated.warned),
    }


def _refuse(verdict: Verdict, why: str) -> NoReturn:
    raise Refused(verdict, why)
