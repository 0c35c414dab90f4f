"""What the project says about where its models come from: whose signatures count, and which digests are pinned."""

from __future__ import annotations

from pathlib import Path

from harness.admission.checks.integrity import Provenance
from harness.models.pins import pins
from harness.models.project import table
from harness.signing.signature import Trust


def provenance_of(root: Path, spec: str, model: Path) -> Provenance:
    """What is known about a model.

    Args:
        root: The project's folder.
        spec: The model as typed: a path, or a source.
        model: Where it lies.

    Raises:
        BadInput: The settings are malformed.
    """
    signing = table(root, "signing")
    signing.only("keys", "roots", "subject", "identity", "issuer", "require_signature")
    trust = Trust(
        keys=signing.paths("keys"),
        roots=signing.paths("roots"),
        subject=signing.text("subject", ""),
        identity=signing.text("identity", ""),
        issuer=signing.text("issuer", ""),
    )
    if bool(trust.identity) != bool(trust.issuer):
        raise signing.error("identity", "expected identity and issuer together, got one of them")
    known = pins(root)
    place = model.absolute()
    pinned = next((pin for name, pin in known.items() if name == spec or (root / name).absolute() == place), "")
    return Provenance(
        model=model,
        trust=trust,
        # Who names keys means to have signatures: one that was stripped must not pass for none.
        require_signature=signing.flag("require_signature", not trust.is_empty),
        digest=pinned,
    )
