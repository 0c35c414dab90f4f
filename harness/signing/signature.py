"""Making a signature over a list of files, or any statement, and checking one: to a bundle and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.text import printable
from harness.signing import bundle as bundles
from harness.signing import keys
from harness.signing.bundle import Bundle
from harness.signing.dsse import IN_TOTO, BadSignature, Envelope, signed_bytes
from harness.signing.manifest import Manifest, from_payload, to_payload

if TYPE_CHECKING:
    from cryptography import x509

    from harness.signing.keys import PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose signatures count. Any one of them suffices."""

    keys: tuple[Path, ...] = ()
    """Public keys, PEM."""
    roots: tuple[Path, ...] = ()
    """Certificates of authorities, PEM."""
    subject: str = ""
    """Whose certificate it must be (RFC 4514, e.g. ``CN=Release team``); ``""``: anybody's whom a root vouches for."""
    identity: str = ""
    """Of a signer through Sigstore's public service: an e-mail address or a workflow's URL."""
    issuer: str = ""
    """Who established that identity, e.g. ``https://accounts.google.com``."""

    @property
    def is_empty(self) -> bool:
        """Nobody is trusted: no signature can be checked."""
        return not (self.keys or self.roots or self.identity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a good signature says."""

    manifest: Manifest
    signer: str
    """Which key, certificate or identity it was, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a good signature is over."""

    payload: bytes
    """An in-toto statement, byte for byte; what it states is for the caller to read."""
    signer: str
    """Which key, certificate or identity it was, in words."""


def sign_with_key(manifest: Manifest, key: PrivateKey) -> bytes:
    """Sign a manifest; return the bundle file.

    Raises:
        BadSignature: A name in it cannot be signed.
    """
    return seal_with_key(to_payload(manifest), key)


def sign_with_certificate(
    manifest: Manifest, key: PrivateKey, chain: Sequence[x509.Certificate], now: datetime
) -> bytes:
    """Sign a manifest with a certificate; return the bundle file; see :func:`seal_with_certificate`.

    Raises:
        BadSignature: The certificate is not valid now or belongs to another key, or a name cannot be signed.
    """
    return seal_with_certificate(to_payload(manifest), key, chain, now)


def seal_with_key(payload: bytes, key: PrivateKey) -> bytes:
    """Sign an in-toto statement; return the bundle file."""
    return bundles.to_json(Bundle(envelope=_envelope(payload, key), hint=keys.hint(key.public_key())))


def seal_with_certificate(payload: bytes, key: PrivateKey, chain: Sequence[x509.Certificate], now: datetime) -> bytes:
    """Sign an in-toto statement with a certificate; return the bundle file.

    Args:
        payload: What to sign.
        key: The certificate's private key.
        chain: The certificate and its issuers below the root.
        now: Time of signing.

    Raises:
        BadSignature: The certificate is not valid now or belongs to another key.
    """
    from cryptography.hazmat.primitives import serialization

    keys.require_valid(chain[0], now)
    if chain[0].public_key() != key.public_key():
        raise BadSignature("the certificate belongs to another key than the one that is to sign")
    encoded = tuple(one.public_bytes(serialization.Encoding.DER) for one in chain)
    return bundles.to_json(Bundle(envelope=_envelope(payload, key), chain=encoded))


def verify(data: bytes, trust: Trust, now: datetime) -> Verified:
    """Check a bundle file and return the list of files that it vouches for.

    Args:
        data: The bundle file. Hostile.
        trust: Whose signatures count.
        now: Time of the check.

    Raises:
        BadSignature: It is malformed, or nobody trusted made it.
        BadInput: A key or certificate that was named cannot be read.
        MissingDependency: What it needs is not installed.
    """
    opened = unseal(data, trust, now)
    return Verified(manifest=from_payload(opened.payload), signer=opened.signer)


def unseal(data: bytes, trust: Trust, now: datetime) -> Opened:
    """Check a bundle file and return the statement that it is over. Arguments and errors as :func:`verify`."""
    bundle = bundles.from_json(data)
    envelope = bundle.envelope
    if bundle.is_public:
        if not trust.identity:
            raise BadSignature("made through a Sigstore service; name the identity and the issuer that you expect")
        from harness.signing.public import verified_payload

        payload = verified_payload(data, identity=trust.identity, issuer=trust.issuer)
        return Opened(payload=payload, signer=f"{trust.identity}, by {trust.issuer}")
    if bundle.chain:
        if not trust.roots:
            raise BadSignature("made with a certificate; name the authority that you trust")
        key, subject = keys.key_of_chain(bundle.chain, keys.load_certificates(trust.roots), now)
        if trust.subject and subject != trust.subject:
            raise BadSignature(printable(f"expected the certificate of {trust.subject}, got that of {subject[:120]}"))
        keys.verify(key, envelope.signature, envelope.signed)
        return Opened(payload=envelope.payload, signer=printable(f"certificate {subject[:120]}"))
    if not trust.keys:
        raise BadSignature("made with a key; name the public key that you trust")
    return _verify_with_keys(bundle, trust.keys)


def _verify_with_keys(bundle: Bundle, paths: Sequence[Path]) -> Opened:
    known = [(path, keys.load_public(path)) for path in paths]
    # The hint only chooses; the signature decides. An empty one is what older signers wrote.
    fitting = [(path, key) for path, key in known if bundle.hint in ("", keys.hint(key))]
    if not fitting:
        names = ", ".join(path.name for path, _ in known)
        raise BadSignature(f"made with key {(bundle.hint or '')[:16]!r}, which is not one that you trust ({names})")
    refusal = BadSignature("no key fits")
    for path, key in fitting:
        try:
            keys.verify(key, bundle.envelope.signature, bundle.envelope.signed)
        except BadSignature as error:
            refusal = error
            continue
        return Opened(payload=bundle.envelope.payload, signer=f"key {path.name} ({keys.hint(key)[:16]})")
    raise refusal


def _envelope(payload: bytes, key: PrivateKey) -> Envelope:
    return Envelope(payload=payload, payload_type=IN_TOTO, signature=keys.sign(key, signed_bytes(IN_TOTO, payload)))
