"""Signatures through Sigstore's public service: a person's or a workflow's identity instead of a key.

An extra: it needs the ``sigstore`` package and, for its trust root and for signing, the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.errors import MissingDependency
from harness.core.installation import install_advice
from harness.core.text import printable
from harness.signing.dsse import IN_TOTO, BadSignature

if TYPE_CHECKING:
    from types import ModuleType


def verified_payload(data: bytes, *, identity: str, issuer: str) -> bytes:
    """Check a bundle against the public service's trust root, and return the payload it is over.

    Raises:
        BadSignature: It is not a good signature of that identity.
        MissingDependency: ``sigstore`` is not installed.
    """
    _require()
    from sigstore.errors import Error
    from sigstore.models import Bundle, InvalidBundle
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    try:
        # Offline first: a trust root that was fetched before, else the one that the package brings.
        kind, payload = Verifier.production(offline=True).verify_dsse(
            Bundle.from_json(data), Identity(identity=identity, issuer=issuer or None)
        )
    except (Error, InvalidBundle, ValueError) as error:
        raise BadSignature(printable(f"Sigstore does not confirm it: {_first_line(error)}")) from None
    if kind != IN_TOTO:
        raise BadSignature(f"expected payload type {IN_TOTO}, got {kind[:80]!a}")
    return payload


def sign(payload: bytes) -> bytes:
    """Sign a statement in the name of whoever the browser or the CI service says we are; return the bundle file.

    Raises:
        BadSignature: The service refused.
        MissingDependency: ``sigstore`` is not installed.
    """
    _require()
    from sigstore.dsse import Statement
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken, Issuer, detect_credential
    from sigstore.sign import SigningContext

    try:
        trusted = ClientTrustConfig.production()
        found = detect_credential()
        token = IdentityToken(found) if found else Issuer(trusted.signing_config.get_oidc_url()).identity_token()
        with SigningContext.from_trust_config(trusted).signer(token) as signer:
            return bytes(signer.sign_dsse(Statement(payload)).to_json().encode()) + b"\n"
    except (Error, OSError) as error:
        raise BadSignature(printable(f"Sigstore did not sign: {_first_line(error)}")) from None


def _require() -> ModuleType:
    try:
        import sigstore  # heavy, and an extra
    except ImportError:
        raise MissingDependency(
            f"sigstore is not installed; sign and verify with a key, or {install_advice('sigstore')}"
        ) from None
    return sigstore


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
