"""Whether a sign-off holds: whose it is, how old, under which policy, and of which files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from harness.admission.checks.digests import digests_of
from harness.admission.checks.matching import compare
from harness.admission.tree import Tree
from harness.core.errors import BadInput
from harness.core.paths import shown
from harness.core.text import printable
from harness.core.types import Verdict
from harness.policy.file import PolicyFile
from harness.policy.release import level_of
from harness.signing import bundle
from harness.signing.dsse import BadSignature
from harness.signing.signature import Trust, unseal
from harness.signing.testresult import POLICY, Stated, from_payload
from harness.signoff.refusal import Refused, refuse
from harness.storage.digests import listing_sha256
from harness.storage.smallfile import read_head

MAX_SHOWN = 12
"""Speakers in a line."""
CLOCK_SKEW = timedelta(minutes=5)
"""How far a signer's clock may be ahead of ours."""
_AGE = re.compile(r"([0-9]{1,5})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_FLAWS = {
    "admission.file-changed": "is not the file that was signed off",
    "admission.file-missing": "was signed off and is not there",
    "admission.file-unlisted": "is there and was not signed off",
    "admission.file-not-regular": "is no regular file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A sign-off that holds."""

    stated: Stated
    signer: str
    """Which key, certificate or identity it was, in words."""


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
        refuse(Verdict.FAIL, f"{stale[0]}; run again")
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
        refuse(Verdict.FAIL, f"{model}: {worst.file}: {_FLAWS[worst.rule.id]}: {worst.found}{more}")


def require_speakers(stated: Stated, wanted: Sequence[str]) -> None:
    """Hold who will speak against who was judged.

    Raises:
        Refused: Somebody was not signed off.
    """
    judged = stated.about.speakers
    if missing := [name for name in wanted if name not in judged]:
        shown_names = ", ".join(judged[:MAX_SHOWN]) + (" ..." if len(judged) > MAX_SHOWN else "")
        line = f"it was signed off for {shown_names or 'the only speaker of a model'}, not for speaker {missing[0]}"
        refuse(Verdict.FAIL, f"{line}; judge that one, or let nobody else speak")


def require_vocoder(stated: Stated, vocoder: Path | None) -> None:
    """Hold the vocoder that will make sound against the one that was judged.

    Args:
        stated: What was signed.
        vocoder: Its folder; None for the model's own, or none.

    Raises:
        Refused: It is another, or one is missing or too many.
        BadInput: It cannot be read.
    """
    judged = stated.about.vocoder_digest
    if vocoder is None:
        if judged:
            refuse(Verdict.FAIL, f"it was judged with vocoder {judged[:12]}; name its folder: --vocoder DIR")
        return
    found = listing_sha256(digests_of(Tree.of(vocoder)))
    if found != judged:
        was = f"vocoder {judged[:12]}" if judged else "no vocoder beside the model"
        refuse(Verdict.FAIL, f"{vocoder}: is not the vocoder that was signed off: expected {was}, got {found[:12]}")


def read_attestation(path: Path) -> bytes:
    """The bytes of an attestation, as many as one may have and one more.

    Raises:
        BadInput: It cannot be read.
    """
    try:
        # A longer one is for the reader to refuse: that is a verdict about it, and no slip of the command line.
        return read_head(path, bundle.MAX_BYTES + 1, follow_links=True, pipes=True)
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


def _shortest(max_age: timedelta | None, policy: PolicyFile | None) -> timedelta | None:
    days = policy.policy.max_age_days if policy else 0
    ages = [age for age in (max_age, timedelta(days=days) if days else None) if age is not None]
    return min(ages, default=None)


def _spoken(age: timedelta) -> str:
    hours = int(age.total_seconds()) // 3600
    return f"{hours // 24} days" if hours % 24 == 0 else f"{hours} hours"
