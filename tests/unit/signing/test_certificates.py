"""Certificates: who may vouch for a model, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness.signing import keys
from harness.signing.dsse import BadSignature
from harness.signing.manifest import Manifest
from harness.signing.signature import Trust, sign_with_certificate, verify

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MANIFEST = Manifest(name="voice", files={"config.json": "0" * 64})


class Authority:
    """Issues certificates with whatever is asked for."""

    def __init__(self, name: str, issuer: Authority | None = None, *, number: int, **changes: object) -> None:
        self.key = ec.derive_private_key(number, ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = issuer or self
        self.certificate = certificate(self.name, self.key, signer.name, signer.key, is_ca=True, **changes)

    def issue(self, key: ec.EllipticCurvePrivateKey, **changes: object) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Release team")])
        return certificate(subject, key, self.name, self.key, **changes)


def certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_ca: bool = False,
    path_length: int | None = None,
    signs: bool = True,
    usage: bool = True,
    purposes: tuple[x509.ObjectIdentifier, ...] = (),
    begins: datetime = NOW - timedelta(days=30),
    ends: datetime = NOW + timedelta(days=30),
    critical: x509.ExtensionType | None = None,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=path_length), critical=True)
    )
    if usage:
        allowed = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
        )
        builder = builder.add_extension(
            x509.KeyUsage(digital_signature=signs, key_cert_sign=is_ca, crl_sign=is_ca, decipher_only=False, **allowed),
            critical=True,
        )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if critical is not None:
        builder = builder.add_extension(critical, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


KEY = ec.derive_private_key(77, ec.SECP384R1())
ROOT = Authority("Root", number=1)
BETWEEN = Authority("Between", ROOT, number=2)


def trusting(tmp_path: Path, *roots: Authority) -> Trust:
    path = tmp_path / "roots.pem"
    path.write_bytes(b"".join(one.certificate.public_bytes(serialization.Encoding.PEM) for one in roots))
    return Trust(roots=(path,))


def signed(*chain: x509.Certificate) -> bytes:
    """Sign at the leaf's own time, as a signer with a wrong clock would."""
    return sign_with_certificate(MANIFEST, KEY, chain, chain[0].not_valid_before_utc)


class TestGood:
    def test_issued_by_a_root(self, tmp_path: Path) -> None:
        found = verify(signed(ROOT.issue(KEY)), trusting(tmp_path, ROOT), NOW)
        assert found.manifest.files == MANIFEST.files

    def test_issued_through_another_authority(self, tmp_path: Path) -> None:
        data = signed(BETWEEN.issue(KEY), BETWEEN.certificate)
        assert verify(data, trusting(tmp_path, ROOT), NOW).manifest.name == "voice"

    def test_meant_for_code_signing(self, tmp_path: Path) -> None:
        leaf = ROOT.issue(KEY, purposes=(ExtendedKeyUsageOID.CODE_SIGNING,))
        assert verify(signed(leaf), trusting(tmp_path, ROOT), NOW)

    def test_of_the_one_who_is_expected(self, tmp_path: Path) -> None:
        trust = replace(trusting(tmp_path, ROOT), subject="CN=Release team")
        assert verify(signed(ROOT.issue(KEY)), trust, NOW).signer == "certificate CN=Release team"


class TestRefused:
    def test_of_somebody_else(self, tmp_path: Path) -> None:
        trust = replace(trusting(tmp_path, ROOT), subject="CN=Somebody")
        with pytest.raises(BadSignature, match="expected the certificate of CN=Somebody, got that of CN=Release team"):
            verify(signed(ROOT.issue(KEY)), trust, NOW)

    @pytest.mark.parametrize(
        ("leaf", "line"),
        [
            (ROOT.issue(KEY, ends=NOW - timedelta(days=1)), "Release team: expired on 2026-05-31 00:00 UTC"),
            (ROOT.issue(KEY, begins=NOW + timedelta(days=1)), "is not valid before 2026-06-02"),
            (ROOT.issue(KEY, signs=False), "key usage does not allow digital signatures"),
            (ROOT.issue(KEY, usage=False), "Release team"),
            (ROOT.issue(KEY, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)), "does not allow code signing"),
            (ROOT.issue(KEY, is_ca=True), "it is an authority's own certificate"),
            (
                ROOT.issue(KEY, critical=x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")),
                "a critical extension that is not known here: 1.2.3.4",
            ),
            (Authority("Stranger", number=9).issue(KEY), "no root that was named vouches for it"),
            (Authority("Root", number=9).issue(KEY), "Release team"),
        ],
        ids=[
            "expired",
            "not-yet",
            "no-signing",
            "no-usage",
            "web-server",
            "authority",
            "critical",
            "stranger",
            "namesake",
        ],
    )
    def test_a_leaf(self, tmp_path: Path, leaf: x509.Certificate, line: str) -> None:
        with pytest.raises(BadSignature) as caught:
            verify(signed(leaf), trusting(tmp_path, ROOT), NOW)
        assert line in str(caught.value)
        assert str(caught.value).isprintable()

    def test_an_issuer_that_is_no_authority(self, tmp_path: Path) -> None:
        middle_key = ec.derive_private_key(5, ec.SECP256R1())
        middle = ROOT.issue(middle_key)
        leaf = certificate(KEY_NAME, KEY, middle.subject, middle_key)
        with pytest.raises(BadSignature):
            verify(signed(leaf, middle), trusting(tmp_path, ROOT), NOW)

    def test_an_expired_issuer(self, tmp_path: Path) -> None:
        old = Authority("Old", ROOT, number=3, ends=NOW - timedelta(days=1))
        with pytest.raises(BadSignature):
            verify(signed(old.issue(KEY), old.certificate), trusting(tmp_path, ROOT), NOW)

    def test_a_longer_way_than_the_root_allows(self, tmp_path: Path) -> None:
        short = Authority("Short", number=4, path_length=0)
        below = Authority("Below", short, number=6)
        with pytest.raises(BadSignature):
            verify(signed(below.issue(KEY), below.certificate), trusting(tmp_path, short), NOW)

    def test_a_key_where_a_certificate_is_trusted(self, tmp_path: Path) -> None:
        from harness.signing.signature import sign_with_key

        with pytest.raises(BadSignature, match="made with a key; name the public key that you trust"):
            verify(sign_with_key(MANIFEST, KEY), trusting(tmp_path, ROOT), NOW)

    def test_a_certificate_where_a_key_is_trusted(self, tmp_path: Path) -> None:
        with pytest.raises(BadSignature, match="made with a certificate; name the authority"):
            verify(signed(ROOT.issue(KEY)), Trust(keys=(tmp_path / "key.pem",)), NOW)

    def test_signing_with_an_expired_certificate(self) -> None:
        leaf = ROOT.issue(KEY, ends=NOW - timedelta(days=1))
        with pytest.raises(BadSignature, match="expired on"):
            sign_with_certificate(MANIFEST, KEY, (leaf,), NOW)

    def test_signing_with_another_key_than_the_certificate_s(self) -> None:
        with pytest.raises(BadSignature, match="belongs to another key"):
            sign_with_certificate(MANIFEST, BETWEEN.key, (ROOT.issue(KEY),), NOW)


KEY_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Release team")])


class TestKeys:
    @pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda one: one.name)
    def test_every_curve_signs_and_verifies(self, curve: ec.EllipticCurve) -> None:
        key = ec.generate_private_key(curve)
        keys.verify(key.public_key(), keys.sign(key, b"data"), b"data")
        with pytest.raises(BadSignature):
            keys.verify(key.public_key(), keys.sign(key, b"data"), b"other")

    def test_ed25519_too(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ed25519

        key = ed25519.Ed25519PrivateKey.generate()
        keys.verify(key.public_key(), keys.sign(key, b"data"), b"data")
        with pytest.raises(BadSignature):
            keys.verify(key.public_key(), b"\0" * 64, b"data")

    def test_refuses_what_signs_no_models(self, tmp_path: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa

        from harness.core.errors import BadInput

        path = tmp_path / "key.pem"
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
        path.write_bytes(KEY.private_bytes(*pem, serialization.BestAvailableEncryption(b"word")))
        with pytest.raises(BadInput, match="is encrypted: name a file with its password"):
            keys.load_private(path)
        with pytest.raises(BadInput, match="expected a private key in PEM"):
            keys.load_private(path, b"wrong")
        assert keys.load_private(path, b"word").public_key() == KEY.public_key()
        with pytest.raises(BadInput, match="expected a public key, got a private one"):
            keys.load_public(path)
        path.write_bytes(ec.generate_private_key(ec.SECP256K1()).private_bytes(*pem, serialization.NoEncryption()))
        with pytest.raises(BadInput, match="got a key on secp256k1"):
            keys.load_private(path)
        path.write_bytes(rsa.generate_private_key(65537, 1024).private_bytes(*pem, serialization.NoEncryption()))
        with pytest.raises(BadInput, match="expected an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key"):
            keys.load_private(path)
        path.write_bytes(b"nonsense")
        with pytest.raises(BadInput, match="expected a public key in PEM"):
            keys.load_public(path)
        with pytest.raises(BadInput, match="cannot be read"):
            keys.load_public(tmp_path / "nothing.pem")
