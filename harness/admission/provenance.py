"""What the project says about where its models come from: whose signatures count, and which digests are pinned."""

from __future__ import annotations

import re
from pathlib import Path

from harness.admission.integrity import Provenance
from harness.project import table
from harness.signing.signature import Trust

_PIN = re.compile(r"sha256:[0-9a-f]{64}")


def pins(root: Path) -> dict[str, str]:
    """``[tool.soundcheck.models]``: what is typed as the model -> ``sha256:HEX``.

    Raises:
        BadInput: A pin is no such digest.
    """
    models = table(root, "models")
    found = {name: models.text(name, "") for name in models.values}
    for name, pin in found.items():
        if not is_pin(pin):
            raise models.refusal(f"{name}: expected sha256: and 64 lower-case hex digits, got {pin[:80]!a}")
    return found


def is_pin(text: str) -> bool:
    """Whether a text is ``sha256:`` and 64 lower-case hex digits."""
    return _PIN.fullmatch(text) is not None


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
        raise signing.refusal("expected identity and issuer together, got one of them")
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
