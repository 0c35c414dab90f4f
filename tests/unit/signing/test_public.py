"""Bundles of Sigstore's public service. The service itself is not asked here: good signatures need the network."""

from __future__ import annotations

import base64
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.core.errors import MissingDependency
from harness.signing.bundle import MEDIA_TYPE
from harness.signing.dsse import IN_TOTO, BadSignature
from harness.signing.signature import Trust, verify

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WHO = Trust(identity="release@acme.example", issuer="https://accounts.acme.example")


def bundle(**material: object) -> bytes:
    envelope = {
        "payload": base64.b64encode(b"{}").decode(),
        "payloadType": IN_TOTO,
        "signatures": [{"sig": "AAAA", "keyid": ""}],
    }
    known = {"certificate": {"rawBytes": "AAAA"}, "tlogEntries": [], **material}
    return json.dumps({"mediaType": MEDIA_TYPE, "verificationMaterial": known, "dsseEnvelope": envelope}).encode()


class TestPublic:
    def test_needs_an_identity_to_expect(self, tmp_path: Path) -> None:
        with pytest.raises(BadSignature, match="name the identity and the issuer that you expect"):
            verify(bundle(), Trust(keys=(tmp_path / "key.pem",)), NOW)

    def test_needs_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "sigstore", None)
        with pytest.raises(
            MissingDependency,
            match="sigstore is not installed; sign and verify with a key, or install it with: pip install",
        ):
            verify(bundle(), WHO, NOW)

    @pytest.mark.parametrize("entries", [[], [{}], [{"logIndex": "x"}]])
    def test_nonsense_is_one_line(self, entries: list[object]) -> None:
        pytest.importorskip("sigstore")
        with pytest.raises(BadSignature) as caught:
            verify(bundle(tlogEntries=entries), WHO, NOW)
        assert str(caught.value).startswith("Sigstore does not confirm it: ")
        assert str(caught.value).isprintable()

    def test_a_key_and_a_certificate_at_once_are_refused(self) -> None:
        with pytest.raises(BadSignature, match="expected one of publicKey, x509CertificateChain and certificate"):
            verify(bundle(publicKey={"hint": ""}), WHO, NOW)
