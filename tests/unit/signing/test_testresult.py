"""The statement of a sign-off as others read it: securesystemslib, the in-toto attestation library, CycloneDX."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from harness.signing import keys
from harness.signing.dsse import BadSignature
from harness.signing.signature import seal_with_key
from harness.signing.testresult import Stated, from_payload, to_payload
from harness.signoff.mlbom import to_mlbom
from harness.signoff.statement import state
from tests.signoff_samples import NOW, KeyPair, make_keys, make_voice, passed


@pytest.fixture
def pair(tmp_path: Path) -> KeyPair:
    return make_keys(tmp_path)


@pytest.fixture
def stated(tmp_path: Path) -> Stated:
    voice = make_voice(tmp_path / "voice")
    return state(passed(voice), voice, None, NOW)


def envelope_of(stated: Stated, pair: KeyPair) -> dict:
    """The DSSE envelope, as anybody takes it out of the bundle."""
    sealed = seal_with_key(to_payload(stated), keys.load_private(pair.private))
    return json.loads(sealed)["dsseEnvelope"]


class TestSecuresystemslib:
    """An independent implementation of DSSE."""

    @staticmethod
    def verify(envelope: dict, pair: KeyPair) -> None:
        dsse = pytest.importorskip("securesystemslib.dsse")
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
        from securesystemslib.signer import SSlibKey

        key = SSlibKey.from_crypto(load_pem_public_key(pair.public.read_bytes()))
        # The id is an unsigned hint, which this implementation insists on.
        (signature,) = envelope["signatures"]
        named = {**envelope, "signatures": [{**signature, "keyid": key.keyid}]}
        dsse.Envelope.from_dict(named).verify([key], 1)

    def test_verifies_it(self, stated: Stated, pair: KeyPair) -> None:
        self.verify(envelope_of(stated, pair), pair)

    def test_refuses_it_after_one_byte(self, stated: Stated, pair: KeyPair) -> None:
        from securesystemslib.exceptions import VerificationError

        envelope = envelope_of(stated, pair)
        payload = bytearray(base64.b64decode(envelope["payload"]))
        payload[len(payload) // 2] ^= 1
        with pytest.raises(VerificationError):
            self.verify({**envelope, "payload": base64.b64encode(payload).decode()}, pair)

    def test_refuses_it_as_another_type(self, stated: Stated, pair: KeyPair) -> None:
        from securesystemslib.exceptions import VerificationError

        with pytest.raises(VerificationError):
            self.verify({**envelope_of(stated, pair), "payloadType": "text/plain"}, pair)


class TestInToto:
    """The attestation framework's own library."""

    def test_finds_a_valid_statement_with_a_predicate_that_it_knows_field_by_field(self, stated: Stated) -> None:
        pytest.importorskip("in_toto_attestation")
        from google.protobuf import json_format
        from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
        from in_toto_attestation.v1 import statement_pb2
        from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
        from in_toto_attestation.v1.statement import Statement

        statement = json_format.Parse(to_payload(stated), statement_pb2.Statement())
        Statement.copy_from_pb(statement).validate()
        written = json_format.MessageToDict(statement.predicate)
        # Strict: a field that the predicate does not have is an error here.
        predicate = json_format.ParseDict(written, test_result_pb2.TestResult())
        assert predicate.result == "PASSED"
        assert len(predicate.passed_tests) == 132
        for descriptor in predicate.configuration:
            ResourceDescriptor.copy_from_pb(descriptor).validate()
        assert {one.name for one in statement.subject} == set(stated.files)


class TestCycloneDx:
    def test_the_entry_is_valid_and_refers_to_the_sign_off(self, stated: Stated) -> None:
        pytest.importorskip("cyclonedx")
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator

        text = to_mlbom(stated, attestation="joe.signoff.json", attestation_sha256="ab" * 32, version="0.1.0").decode()
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
        model = json.loads(text)["metadata"]["component"]
        assert model["type"] == "machine-learning-model"
        assert model["externalReferences"][0]["hashes"][0]["content"] == "ab" * 32
        assert {one["name"] for one in model["components"]} == set(stated.files)

    def test_a_mistake_would_be_seen(self, stated: Stated) -> None:
        pytest.importorskip("cyclonedx")
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator

        text = to_mlbom(stated, attestation="a", attestation_sha256="ab" * 32, version="0.1.0").decode()
        wrong = text.replace("machine-learning-model", "model")
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(wrong) is not None


class TestWriting:
    def test_gives_the_same_bytes_for_the_same_statement(self, stated: Stated) -> None:
        assert to_payload(stated) == to_payload(from_payload(to_payload(stated)))

    @pytest.mark.parametrize("name", ["a\nb", "a\udcff", "../a", ""])
    def test_refuses_a_name_that_not_all_read_alike(self, stated: Stated, name: str) -> None:
        from dataclasses import replace

        with pytest.raises(BadSignature, match=r"cannot sign this: expected a p.*; rename that file"):
            to_payload(replace(stated, files={name: "0" * 64}))
