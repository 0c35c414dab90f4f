"""From a run that passed to a statement about its model; which key signs it is not decided here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from harness.admission.checks.signing import manifest_of
from harness.core.coverage import family_coverage, miss_bound
from harness.core.findings import Outcome
from harness.core.speakers import item_path
from harness.core.text import printable
from harness.core.types import BehaviourEvent, Verdict
from harness.core.verdict import RunInfo, RunResult
from harness.policy.acceptance import acceptances_in_use
from harness.policy.file import PolicyFile
from harness.policy.release import waivers_in_use
from harness.report.formats import results
from harness.report.hunted import hunt_lines
from harness.signing.statement import check_sha256
from harness.signing.testresult import (
    CHECKPOINT,
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
)
from harness.signoff.refusal import refuse
from harness.signoff.run import is_export, require_ended, require_fit
from harness.storage.digests import file_sha256, listing_sha256
from harness.storage.rundirectory import read_run


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
    require_fit(result, policy, now, seen)
    # Where the statement will lie plays no part: it must not lie in the model.
    files = manifest_of(model, Path("/")).files
    if listing_sha256(files) != result.info.model_digest:
        refuse(Verdict.FAIL, f"{model}: has changed since the run (digest {listing_sha256(files)[:12]}); run again")
    items = [(_name(result.info, one), one) for one in result.outcomes]
    return Stated(
        files=files,
        resources=_resources(result.info, policy),
        results_sha256=hashlib.sha256(results.to_json(result)).hexdigest(),
        about=_about(result, model, policy, now),
        passed=tuple(name for name, one in items if one.verdict is Verdict.PASS and not _is_accepted(one)),
        warned=tuple(name for name, one in items if one.verdict is not Verdict.PASS or _is_accepted(one)),
    )


def described(stated: Stated) -> dict[str, object]:
    """Our own fields of a statement as plain data, for JSON."""
    about = msgspec.to_builtins(stated.about)
    assert isinstance(about, dict)
    return {
        **about,
        "policy": stated.digest(POLICY) or "",
        "golden": stated.digest(GOLDEN) or "",
        "suites": stated.suites,
        "files": len(stated.files),
        "passed": len(stated.passed),
        "warned": len(stated.warned),
    }


def tool_digest() -> str:
    """sha256 over this package's own files: names and contents, in sorted order, without caches and packaged data."""
    root = Path(__file__).parents[1]
    names = {path: path.relative_to(root) for path in root.rglob("*") if path.is_file()}
    own = {path: name for path, name in names.items() if name.parts[0] != "data" and "__pycache__" not in name.parts}
    return listing_sha256({name.as_posix(): file_sha256(path) for path, name in own.items()})


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
    ]
    if info.golden_digest:
        about_golden = {"name": info.golden or "", "modelDigest": info.golden_model_digest or ""}
        found.append(Resource(name=GOLDEN, sha256=info.golden_digest, annotations=about_golden))
    if is_export(info):
        found.append(Resource(name=CHECKPOINT, sha256=info.reference_digest or ""))
    found += [
        Resource(name=f"{SUITE}{suite.name}", sha256=suite.sha256, annotations={"probes": str(suite.probes)})
        for suite in sorted({suite.name: suite for suite in info.suites}.values(), key=lambda suite: suite.name)
    ]
    if policy:
        about = {"title": policy.policy.title, "owner": policy.policy.owner}
        found.append(Resource(name=POLICY, sha256=policy.sha256, annotations=about))
    return tuple(found)


def require_run(folder: Path, stated: Stated) -> None:
    """Hold a run that was kept against the statement of it.

    Args:
        folder: The run directory.
        stated: What was signed.

    Raises:
        Refused: It is not the run that was signed off, or has not ended.
        IntegrityError: It was edited since it ended.
    """
    result = read_run(folder)
    require_ended(folder, result)
    if hashlib.sha256(results.to_json(result)).hexdigest() != stated.results_sha256:
        refuse(Verdict.FAIL, f"{folder}: is not the run {stated.about.run_id} that was signed off, or was made anew")


def _about(result: RunResult, model: Path, policy: PolicyFile | None, now: datetime) -> About:
    info = result.info
    used = waivers_in_use(policy.policy, result.outcomes, now.date().isoformat()) if policy else {}
    return About(
        version=VERSION,
        run_id=info.run_id,
        signed_on=now.strftime(TIME_FORMAT),
        model=printable(model.resolve().name),
        model_digest=info.model_digest,
        vocoder_digest=info.vocoder_digest,
        voice=info.voice,
        speakers=list(info.speakers),
        engine=info.engine,
        device=info.device,
        isolation=info.isolation,
        alpha=info.alpha,
        seed=info.seed,
        salt_digest=info.salt_digest or "",
        takes=info.takes,
        comparison=info.comparison,
        self_test=info.self_test or "",
        reference_digest=info.reference_digest or "",
        hunt=list(hunt_lines(result.outcomes)),
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
        ]
        + _accepted(result, policy),
        coverage={
            one.family: FamilyBound(probes=one.probes, decided=one.judged, miss_bound=round(miss_bound(one.judged), 6))
            for one in family_coverage(result.outcomes)
        },
    )


def _accepted(result: RunResult, policy: PolicyFile | None) -> list[GrantedWaiver]:
    """What was accepted of the model's files, each by its digest."""
    used = acceptances_in_use(policy.policy.acceptances, result.outcomes) if policy else {}
    return [
        GrantedWaiver(
            rule=one.rule,
            subject=f"{one.file} (sha256 {one.sha256})",
            owner=one.owner,
            reason=one.reason,
            expires=one.expires,
            findings=count,
        )
        for one, count in used.items()
    ]


def _is_accepted(outcome: Outcome) -> bool:
    return any(finding.accepted for finding in outcome.findings)


def _name(info: RunInfo, outcome: Outcome) -> str:
    """An item as pytest names it; a check of the whole model belongs to no suite."""
    source = f"{outcome.probe.source}::" if outcome.probe else ""
    return printable(f"{source}{item_path(info.model_name, outcome.subject)}")
