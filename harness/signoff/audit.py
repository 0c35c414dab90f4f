"""Deployed models, looked at again: is each still what was signed off, and would it be signed off today?

What does not hold for the files or the signature is *broken*; what holds, and would have to be made anew (another
policy, other suites, too old, a waiver that ended), is *stale*. Knows the list and sign-offs; runs nothing.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from harness.core.errors import BadInput, SoundcheckError
from harness.core.paths import shown
from harness.core.plaintoml import Table, parse_toml
from harness.core.text import printable
from harness.policy.file import PolicyFile, read_policy
from harness.report.wording import shell_word
from harness.signing.signature import Trust
from harness.signing.testresult import GOLDEN, Stated
from harness.signoff.holding import read_age, read_attestation, read_signoff, require_files, staleness
from harness.signoff.refusal import Refused
from harness.storage.smallfile import read_input, read_input_text
from harness.suites.file import MAX_SUITE_BYTES

FORMAT_VERSION = 1
MAX_BYTES = 1 << 20
MAX_MODELS = 1000
SHARED = ("keys", "roots", "subject", "policy", "suites", "max_age")
"""Keys of the list that a model may have its own of."""
OWN = ("name", "path", "signoff")


class Standing(enum.StrEnum):
    """What became of a deployed model."""

    GOOD = "good"
    STALE = "stale"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One model of the list."""

    name: str
    path: Path
    signoff: Path
    trust: Trust
    policy: Path | None
    suites: tuple[Path, ...]
    max_age: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What was found about one model."""

    model: Deployed
    standing: Standing
    reasons: tuple[str, ...]
    command: str | None
    """What to run again, None where nothing is to be done."""
    signed_on: str | None = None
    """When it was signed off, None where no sign-off holds."""
    run_id: str | None = None
    """Which run was signed off."""


def read_list(path: Path) -> tuple[Deployed, ...]:
    """Read a list of deployed models; its paths are relative to its folder.

    Raises:
        BadInput: It cannot be read, or a key is unknown, missing or of another kind.
    """
    source, _ = read_input_text(path, MAX_BYTES, "a list of models")
    document = parse_toml(source, str(path))
    content = document.content
    shared = Table(document=document, place=(), heading="", root=path.parent, values=content)
    shared.only("version", *SHARED, "model")
    if type(content.get("version")) is not int or content["version"] != FORMAT_VERSION:
        raise shared.error("version", f"expected version = {FORMAT_VERSION}, got {content.get('version')!a:.40}")
    models = content.get("model", [])
    if not isinstance(models, list) or not all(isinstance(one, dict) for one in models):
        raise shared.error("model", "expected tables [[model]], got something else")
    if not 1 <= len(models) <= MAX_MODELS:
        raise shared.error("model", f"expected 1 to {MAX_MODELS} tables [[model]], got {len(models)}")
    return tuple(_deployed(shared, one, number) for number, one in enumerate(models, start=1))


def audit(model: Deployed, now: datetime) -> Audited:
    """Look at one model again.

    Raises:
        BadInput: A key, policy or suite that the list names cannot be read.
    """
    policy = read_policy(model.policy) if model.policy else None
    try:
        stated = read_signoff(read_attestation(model.signoff), model.trust, now).stated
        require_files(stated, model.path)
    except Refused as refused:
        return _audited(model, Standing.BROKEN, (str(refused),), policy)
    except BadInput as error:
        if model.signoff.is_file() and model.path.is_dir():
            raise
        return _audited(model, Standing.BROKEN, (str(error),), policy)
    reasons = (*staleness(stated, now, policy=policy, max_age=model.max_age), *_suite_reasons(stated, model))
    return _audited(model, Standing.STALE if reasons else Standing.GOOD, reasons, policy, stated)


def _suite_reasons(stated: Stated, model: Deployed) -> list[str]:
    found = []
    for path in model.suites:
        digest = hashlib.sha256(read_input(path, MAX_SUITE_BYTES, "a suite")).hexdigest()
        known = stated.suites.get(path.name)
        if known is None:
            found.append(f"signed off without suite {path.name}")
        elif known != digest:
            found.append(f"signed off with {path.name} {known[:12]}; it is {digest[:12]} now")
    return found


def _audited(
    model: Deployed,
    standing: Standing,
    reasons: tuple[str, ...],
    policy: PolicyFile | None,
    stated: Stated | None = None,
) -> Audited:
    return Audited(
        model=model,
        standing=standing,
        reasons=tuple(map(printable, reasons)),
        command=_command(model, policy, stated) if standing is not Standing.GOOD else None,
        signed_on=stated.about.signed_on if stated else None,
        run_id=stated.about.run_id if stated else None,
    )


def _command(model: Deployed, policy: PolicyFile | None, stated: Stated | None) -> str:
    """The run that would decide about it anew; a golden is known only from a sign-off that holds."""
    suites = [shell_word(shown(path)) for path in model.suites] or ["SUITE.probes.yaml"]
    golden = (
        next((one.annotations.get("name", "") for one in stated.resources if one.name == GOLDEN), "") if stated else ""
    )
    words = ["pytest", *suites, f"--tts-model={shell_word(shown(model.path))}"]
    if stated and stated.about.export_of:
        words += ["--tts-compare=equivalent", "--tts-reference=CHECKPOINT"]
    else:
        words.append(f"--tts-golden={shell_word(golden) if golden else 'NAME'}")
    words += [f"--tts-policy={shell_word(shown(policy.path))}"] if policy else []
    return " ".join([*words, "--tts-gate=release"])


def _deployed(shared: Table, values: dict[str, object], number: int) -> Deployed:
    place = (f"model#{number}",)
    own = Table(document=shared.document, place=place, heading=f"[[model]] {number}", root=shared.root, values=values)
    own.only(*OWN, *SHARED)

    def text(key: str) -> str:
        return own.text(key, shared.text(key, ""))

    def paths(key: str) -> tuple[Path, ...]:
        return own.paths(key) if key in own.values else shared.paths(key)

    path, signoff = own.text("path", ""), own.text("signoff", "")
    if not path or not signoff:
        raise own.error("", "expected a path and a signoff, got none")
    trust = Trust(keys=paths("keys"), roots=paths("roots"), subject=text("subject"))
    if trust.is_empty:
        raise own.error("", "whose signature counts? Name keys or roots")
    age, policy = text("max_age"), text("policy")
    try:
        max_age = read_age(age, "max_age") if age else None
    except SoundcheckError as error:
        raise own.error("max_age", str(error)) from None
    return Deployed(
        name=own.text("name", "") or Path(path).name,
        path=shared.root / path,
        signoff=shared.root / signoff,
        trust=trust,
        policy=shared.root / policy if policy else None,
        suites=paths("suites"),
        max_age=max_age,
    )
