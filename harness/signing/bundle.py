"""The signature file: a Sigstore bundle in JSON. Knows its shape, not whether its signature is good.

Source: Sigstore protobuf specifications, ``Bundle`` 0.3, in protobuf's JSON mapping.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from harness.core.plainjson import NotStrict, loads
from harness.core.text import printable
from harness.signing.dsse import IN_TOTO, BadSignature, Envelope

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
MAX_BYTES: Final = 8 << 20
"""A payload of 4 MiB, in base64, and certificates: thousands of files."""
MAX_CERTIFICATES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A signature and what it says about its maker. Exactly one of the last three says who that is."""

    envelope: Envelope
    hint: str | None = None
    """Signed with a key: sha256 (hex) of the public key's PEM, ``""`` where the signer gave none."""
    chain: tuple[bytes, ...] = ()
    """Signed with a certificate: it and its issuers, DER, leaf first."""
    is_public: bool = False
    """Signed through a Sigstore service: a certificate of minutes and a log entry."""


def to_json(bundle: Bundle) -> bytes:
    """Write a bundle that was signed with a key or a certificate."""
    material: dict[str, object] = {"tlogEntries": []}
    if bundle.chain:
        material["x509CertificateChain"] = {"certificates": [{"rawBytes": _to_base64(one)} for one in bundle.chain]}
    else:
        material["publicKey"] = {"hint": bundle.hint}
    content = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": material,
        "dsseEnvelope": {
            "payload": _to_base64(bundle.envelope.payload),
            "payloadType": bundle.envelope.payload_type,
            "signatures": [{"sig": _to_base64(bundle.envelope.signature), "keyid": ""}],
        },
    }
    return json.dumps(content, sort_keys=True, allow_nan=False).encode() + b"\n"


def from_json(data: bytes) -> Bundle:
    """Read a bundle; nothing in it is trusted yet.

    Raises:
        BadSignature: It is too long, no strict JSON, or not a bundle of exactly this shape.
    """
    try:
        content = msgspec.convert(loads(data, max_bytes=MAX_BYTES), type=_Bundle)
    except (NotStrict, msgspec.ValidationError) as error:
        raise _malformed(str(error)[:300]) from None
    if content.media_type != MEDIA_TYPE:
        raise _malformed(f"expected media type {MEDIA_TYPE}, got {content.media_type[:80]!a}")
    sealed = content.envelope
    if sealed.payload_type != IN_TOTO:
        raise _malformed(f"expected payload type {IN_TOTO}, got {sealed.payload_type[:80]!a}")
    if len(sealed.signatures) != 1:
        raise _malformed(f"expected one signature, got {len(sealed.signatures)}")
    envelope = Envelope(
        payload=_from_base64("payload", sealed.payload),
        payload_type=sealed.payload_type,
        signature=_from_base64("sig", sealed.signatures[0].sig),
    )
    material = content.material
    kinds = [one for one in (material.public_key, material.chain, material.certificate) if one is not None]
    if len(kinds) != 1:
        raise _malformed("expected one of publicKey, x509CertificateChain and certificate")
    if material.certificate is not None:
        return Bundle(envelope=envelope, is_public=True)
    if material.log_entries or material.timestamps:
        raise _malformed("expected no log entries or timestamps beside a key or a certificate chain")
    if material.public_key is not None:
        return Bundle(envelope=envelope, hint=material.public_key.hint or "")
    assert material.chain is not None
    if not 1 <= len(material.chain.certificates) <= MAX_CERTIFICATES:
        raise _malformed(f"expected 1 to {MAX_CERTIFICATES} certificates, got {len(material.chain.certificates)}")
    chain = tuple(_from_base64("rawBytes", one.raw_bytes) for one in material.chain.certificates)
    return Bundle(envelope=envelope, chain=chain)


class _Strict(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    pass


class _Signature(_Strict):
    sig: str
    keyid: str | None = None


class _Envelope(_Strict):
    payload: str
    payload_type: str
    signatures: list[_Signature]


class _PublicKey(_Strict):
    hint: str | None = None


class _Certificate(_Strict):
    raw_bytes: str


class _Chain(_Strict):
    certificates: list[_Certificate]


class _Material(_Strict):
    public_key: _PublicKey | None = None
    chain: _Chain | None = msgspec.field(name="x509CertificateChain", default=None)
    certificate: _Certificate | None = None
    log_entries: list[Any] = msgspec.field(name="tlogEntries", default_factory=list)
    timestamps: Any = msgspec.field(name="timestampVerificationData", default=None)


class _Bundle(_Strict):
    media_type: str
    material: _Material = msgspec.field(name="verificationMaterial")
    envelope: _Envelope = msgspec.field(name="dsseEnvelope")


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _from_base64(field: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(f"expected {field} in base64, got something else") from None


def _malformed(what: str) -> BadSignature:
    return BadSignature(printable(f"no signature bundle of Model Signing 1.0: {what}"))
