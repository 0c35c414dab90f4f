"""Keys and certificates: signs bytes, and says whether a signature over bytes is good. Knows no model.

Certificates are taken more strictly than the reference implementation (model-signing 1.1.1) takes them: the leaf must
be valid now, not merely on the day it was issued; the roots must be named, the operating system's web roots vouch for
no model; the leaf must be allowed to sign, be no authority itself, and have no use that excludes code signing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.core.errors import BadInput, MissingDependency
from harness.core.installation import install_advice
from harness.core.text import printable
from harness.signing.dsse import BadSignature
from harness.storage.smallfile import read_input

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

MAX_KEY_BYTES: Final = 64 << 10
MAX_CHAIN_DEPTH: Final = 6
_CURVES: Final = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
"""Curve -> hash, as the Sigstore specification pairs them."""
_KINDS: Final = "an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key"


def load_private(path: Path, password: bytes | None = None) -> PrivateKey:
    """Read a private key.

    Args:
        path: PEM file.
        password: Where the file is encrypted.

    Raises:
        BadInput: It cannot be read, is no key of a kind that signs models, or the password does not fit.
    """
    _require_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    data = _read(path)
    try:
        key = serialization.load_pem_private_key(data, password)
    except TypeError:  # encrypted without a password, or the other way round
        wanted = "is encrypted: name a file with its password" if password is None else "is not encrypted"
        raise BadInput(printable(f"{path}: the private key {wanted}")) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput(printable(f"{path}: expected a private key in PEM, got something else")) from None
    return _private_kind(key, path)


def load_public(path: Path) -> PublicKey:
    """Read a public key.

    Raises:
        BadInput: It cannot be read, or is no key of a kind that signs models.
    """
    _require_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    data = _read(path)
    if b"PRIVATE KEY" in data:
        raise BadInput(printable(f"{path}: expected a public key, got a private one; it belongs with the signer only"))
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput(printable(f"{path}: expected a public key in PEM, got something else")) from None
    return _public_kind(key, path)


def load_certificates(paths: Sequence[Path]) -> list[x509.Certificate]:
    """Read certificates from PEM files, in order.

    Raises:
        BadInput: A file cannot be read or holds no certificate.
    """
    _require_cryptography()
    from cryptography import x509

    found = []
    for path in paths:
        try:
            found += x509.load_pem_x509_certificates(_read(path))
        except ValueError:
            raise BadInput(printable(f"{path}: expected certificates in PEM, got something else")) from None
    return found


def sign(key: PrivateKey, data: bytes) -> bytes:
    """Sign bytes."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(_hash_of(key.curve)))
    return key.sign(data)


def verify(key: PublicKey, signature: bytes, data: bytes) -> None:
    """Check a signature.

    Raises:
        BadSignature: It is not that key's signature over these bytes.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(_hash_of(key.curve)))
        else:
            key.verify(signature, data)
    except InvalidSignature:
        raise BadSignature("the signature is not this key's signature over this statement") from None


def hint(key: PublicKey) -> str:
    """Name of a public key in a bundle: sha256 (hex) of its PEM."""
    from cryptography.hazmat.primitives import serialization

    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(pem).hexdigest()


def key_of_chain(chain: Sequence[bytes], roots: Sequence[x509.Certificate], now: datetime) -> tuple[PublicKey, str]:
    """Return the public key of a certificate that a named root vouches for, and whose it is (RFC 4514).

    Args:
        chain: From the bundle, DER, leaf first. Not trusted.
        roots: Trusted.
        now: Time of the check, with its zone.

    Raises:
        BadSignature: Expired, not valid yet, not issued by a root, or not meant for signing.
    """
    _require_cryptography()
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import verification

    unreadable = (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)
    try:
        leaf, *others = [x509.load_der_x509_certificate(one) for one in chain]
        own_key = leaf.public_key()
        subject = printable(leaf.subject.rfc4514_string()[:120])
        unknown = [str(one.oid.dotted_string) for one in leaf.extensions if one.critical and one.oid not in _known()]
        require_valid(leaf, now)
    except (ValueError, TypeError, UnsupportedAlgorithm, *unreadable) as error:
        raise BadSignature(printable(f"the signer's certificate cannot be read ({str(error)[:120]})")) from None
    if unknown:
        raise BadSignature(f"certificate {subject}: has a critical extension that is not known here: {unknown[0]}")
    policy = (
        verification.PolicyBuilder()
        .store(verification.Store(list(roots)))
        .time(now)
        .max_chain_depth(MAX_CHAIN_DEPTH)
        .extension_policies(ca_policy=_issuer_policy(), ee_policy=_signer_policy())
    )
    try:
        policy.build_client_verifier().verify(leaf, others)
    except verification.VerificationError as error:
        raise BadSignature(printable(f"certificate {subject}: {_why(error)}")) from None
    try:
        return _public_kind(own_key, Path(subject)), leaf.subject.rfc4514_string()
    except BadInput as error:
        raise BadSignature(f"certificate {error}") from None


def require_valid(leaf: x509.Certificate, now: datetime) -> None:
    """Raise BadSignature unless a certificate is valid at a time."""
    subject = printable(leaf.subject.rfc4514_string()[:120])
    if now > leaf.not_valid_after_utc:
        raise BadSignature(
            f"certificate {subject}: expired on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; "
            "sign again with a valid one (without a trusted timestamp, nobody knows when this signature was made)"
        )
    if now < leaf.not_valid_before_utc:
        raise BadSignature(f"certificate {subject}: is not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC")


def _signer_policy() -> x509.verification.ExtensionPolicy:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID
    from cryptography.x509.verification import Criticality, ExtensionPolicy

    def usage(_policy: object, _leaf: object, found: x509.KeyUsage) -> None:
        if not found.digital_signature:
            raise ValueError("its key usage does not allow digital signatures")

    def extended(_policy: object, _leaf: object, found: x509.ExtendedKeyUsage | None) -> None:
        if found is not None and ExtendedKeyUsageOID.CODE_SIGNING not in found:
            raise ValueError("its extended key usage does not allow code signing")

    def constraints(_policy: object, _leaf: object, found: x509.BasicConstraints | None) -> None:
        if found is not None and found.ca:
            raise ValueError("it is an authority's own certificate, which signs certificates and no models")

    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.KeyUsage, Criticality.AGNOSTIC, usage)
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, extended)
        .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, constraints)
    )


def _issuer_policy() -> x509.verification.ExtensionPolicy:
    from cryptography import x509
    from cryptography.x509.verification import Criticality, ExtensionPolicy

    def constraints(_policy: object, _issuer: object, found: x509.BasicConstraints) -> None:
        if not found.ca:
            raise ValueError("one of its issuers is no authority")

    def usage(_policy: object, _issuer: object, found: x509.KeyUsage | None) -> None:
        if found is not None and not found.key_cert_sign:
            raise ValueError("one of its issuers may not sign certificates")

    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, constraints)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, usage)
    )


def _known() -> set[x509.ObjectIdentifier]:
    from cryptography.x509.oid import ExtensionOID

    return {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }


def _why(error: Exception) -> str:
    text = str(error).splitlines()[0][:200]
    if "candidates exhausted" in text and "ValueError" not in text:
        return f"no root that was named vouches for it ({text})"
    return text


def _private_kind(key: object, path: Path) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key
    raise BadInput(printable(f"{path}: expected {_KINDS}, got {_kind(key)}"))


def _public_kind(key: object, path: Path) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    raise BadInput(printable(f"{path}: expected {_KINDS}, got {_kind(key)}"))


def _kind(key: object) -> str:
    curve = getattr(getattr(key, "curve", None), "name", "")
    return f"a key on {curve}" if curve else f"a {type(key).__name__}"


def _hash_of(curve: ec.EllipticCurve) -> hashes.HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    found = getattr(hashes, _CURVES[curve.name])()
    assert isinstance(found, hashes.HashAlgorithm)
    return found


def _read(path: Path) -> bytes:
    return read_input(path, MAX_KEY_BYTES, "a key")


def _require_cryptography() -> None:
    try:
        import cryptography  # noqa: F401 - is it there?
    except ImportError:
        raise MissingDependency(f"cryptography is not installed; {install_advice('signing')}") from None
