"""A signed model, tampered with in every way we could think of: each is found, and by the right rule."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.admission.base import Examination
from harness.admission.checks import integrity
from harness.admission.checks.integrity import IntegrityCheck, Provenance
from harness.admission.checks.signing import manifest_of
from harness.admission.tree import Tree
from harness.core.types import Verdict
from harness.signing import keys
from harness.signing.bundle import Bundle, to_json
from harness.signing.dsse import IN_TOTO, Envelope, signed_bytes
from harness.signing.signature import Trust, sign_with_key

KEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0x0DD, ec.SECP256R1())


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    model = tmp_path / "voice"
    (model / "speakers").mkdir(parents=True)
    (model / "model.pth").write_bytes(bytes(range(256)) * 40)
    (model / "config.json").write_text('{"model": "vits"}', "utf-8")
    (model / "speakers" / "anna.json").write_text("[1, 2]", "utf-8")
    (model / "speakers" / "bert.json").write_text("[3, 4]", "utf-8")
    (model / ".license").write_text("CC0", "utf-8")
    sign_model(model)
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "signer.pem").write_bytes(public)
    return model


def sign_model(model: Path, key: ec.EllipticCurvePrivateKey = KEY) -> None:
    place = model / "model.sig"
    place.write_bytes(sign_with_key(manifest_of(model, place), key))


def examine(model: Path) -> Examination:
    trust = Trust(keys=(model.parent / "signer.pem",))
    return IntegrityCheck(Provenance(model=model, trust=trust, require_signature=True)).examine(Tree.of(model))


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def edit_bundle(model: Path, edit: Callable[[dict], object]) -> None:
    content = json.loads((model / "model.sig").read_bytes())
    edit(content)
    (model / "model.sig").write_text(json.dumps(content), "utf-8")


def edit_payload(model: Path, edit: Callable[[dict], object], *, sign_again: bool = False) -> None:
    """Change the signed statement; with the signer's own key where even that must not help."""

    def inner(content: dict) -> None:
        statement = json.loads(base64.b64decode(content["dsseEnvelope"]["payload"]))
        edit(statement)
        payload = json.dumps(statement).encode()
        content["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
        if sign_again:
            fresh = base64.b64encode(keys.sign(KEY, signed_bytes(IN_TOTO, payload))).decode()
            content["dsseEnvelope"]["signatures"][0]["sig"] = fresh

    edit_bundle(model, inner)


def resources(statement: dict) -> list[dict]:
    found = statement["predicate"]["resources"]
    assert isinstance(found, list)
    return found


def swap(model: Path, first: str, second: str) -> None:
    a, b = (model / first).read_bytes(), (model / second).read_bytes()
    (model / first).write_bytes(b)
    (model / second).write_bytes(a)


def swap_case(model: Path) -> None:
    (model / "config.json").rename(model / "Config.json")


def link(model: Path, name: str) -> None:
    outside = model.parent / "outside"
    shutil.copy(model / name, outside)
    (model / name).unlink()
    (model / name).symlink_to(outside)


def duplicate_key(model: Path) -> None:
    place = model / "model.sig"
    text = place.read_text("utf-8")
    place.write_text(text.replace('"mediaType"', '"mediaType": "x", "mediaType"', 1), "utf-8")


def duplicate_key_in_payload(model: Path) -> None:
    def inner(content: dict) -> None:
        payload = base64.b64decode(content["dsseEnvelope"]["payload"])
        payload = payload.replace(b'"predicateType"', b'"predicateType": "x", "predicateType"')
        content["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
        content["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(
            keys.sign(KEY, signed_bytes(IN_TOTO, payload))
        ).decode()

    edit_bundle(model, inner)


def another_key(model: Path) -> None:
    (model / "model.pth").write_bytes(b"other weights")
    (model / "model.sig").unlink()
    sign_model(model, OTHER_KEY)


def another_key_with_our_hint(model: Path) -> None:
    (model / "model.sig").unlink()
    manifest = manifest_of(model, model / "model.sig")
    theirs = json.loads(sign_with_key(manifest, OTHER_KEY))
    theirs["verificationMaterial"]["publicKey"]["hint"] = keys.hint(KEY.public_key())
    (model / "model.sig").write_text(json.dumps(theirs), "utf-8")


def manifest_of_another_model(model: Path) -> None:
    twin = model.parent / "twin"
    twin.mkdir()
    (twin / "model.pth").write_bytes(b"a clean one")
    sign_model(twin)
    shutil.copy(twin / "model.sig", model / "model.sig")


def manifest_within_the_model(model: Path) -> None:
    """A second, hostile model with its own good signature, one folder down."""
    inner = model / "inner"
    inner.mkdir()
    (inner / "model.pth").write_bytes(b"hostile")
    sign_model(inner)


def ignore_everything(model: Path) -> None:
    (model / "extra.py").write_text("", "utf-8")
    edit_payload(
        model, lambda s: s["predicate"]["serialization"].update(ignore_paths=["extra.py", "."]), sign_again=True
    )


def other_payload_type(model: Path) -> None:
    """The same bytes, signed as something else."""
    content = json.loads((model / "model.sig").read_bytes())
    payload = base64.b64decode(content["dsseEnvelope"]["payload"])
    kind = "text/plain"
    envelope = Envelope(payload=payload, payload_type=kind, signature=keys.sign(KEY, signed_bytes(kind, payload)))
    (model / "model.sig").write_bytes(to_json(Bundle(envelope=envelope, hint=keys.hint(KEY.public_key()))))


def second_signature(model: Path) -> None:
    edit_bundle(model, lambda c: c["dsseEnvelope"]["signatures"].append({"sig": "AAAA", "keyid": ""}))


def signature_is_a_link(model: Path) -> None:
    outside = model.parent / "outside.sig"
    (model / "model.sig").rename(outside)
    (model / "model.sig").symlink_to(outside)


def swap_names_in_manifest(statement: dict) -> None:
    """Names exchanged, digests in their old order: the root digest alone would not notice."""
    first, second = resources(statement)[0], resources(statement)[1]
    first["name"], second["name"] = second["name"], first["name"]


TAMPERING: dict[str, tuple[Callable[[Path], object], str]] = {
    "a-byte-at-the-start": (lambda m: flip(m / "model.pth", 0), integrity.CHANGED.id),
    "a-byte-in-the-middle": (lambda m: flip(m / "model.pth", 5000), integrity.CHANGED.id),
    "a-byte-at-the-end": (lambda m: flip(m / "model.pth", -1), integrity.CHANGED.id),
    "truncated": (lambda m: os.truncate(m / "model.pth", 10239), integrity.CHANGED.id),
    "emptied": (lambda m: os.truncate(m / "model.pth", 0), integrity.CHANGED.id),
    "appended-to": (lambda m: (m / "model.pth").open("ab").write(b"\0"), integrity.CHANGED.id),
    "config-changed": (lambda m: (m / "config.json").write_text('{"model": "xtts"}'), integrity.CHANGED.id),
    "file-added": (lambda m: (m / "cleaners.py").write_text(""), integrity.UNLISTED.id),
    "hidden-file-added": (lambda m: (m / ".hidden").write_text(""), integrity.UNLISTED.id),
    "gitattributes-added": (lambda m: (m / ".gitattributes").write_text(""), integrity.UNLISTED.id),
    "git-folder-added": (
        lambda m: ((m / ".git").mkdir(), (m / ".git" / "config").write_text("")),
        integrity.UNLISTED.id,
    ),
    "empty-folder-added": (lambda m: (m / "TTS").mkdir(), integrity.UNLISTED.id),
    "second-signature-file-added": (
        lambda m: shutil.copy(m / "model.sig", m / "speakers" / "model.sig"),
        integrity.UNLISTED.id,
    ),
    "model-within-the-model": (manifest_within_the_model, integrity.UNLISTED.id),
    "fifo-added": (lambda m: os.mkfifo(m / "pipe"), integrity.LINKED.id),
    "file-removed": (lambda m: (m / "speakers" / "anna.json").unlink(), integrity.MISSING.id),
    "folder-removed": (lambda m: shutil.rmtree(m / "speakers"), integrity.MISSING.id),
    "hidden-file-removed": (lambda m: (m / ".license").unlink(), integrity.MISSING.id),
    "renamed": (lambda m: (m / "model.pth").rename(m / "model.pt"), integrity.MISSING.id),
    "case-changed": (swap_case, integrity.UNLISTED.id),
    "look-alike-name": (
        lambda m: (m / "config.json").rename(m / "con\uff46ig.json"),
        integrity.UNLISTED.id,
    ),
    "moved-to-another-folder": (
        lambda m: (m / "speakers" / "anna.json").rename(m / "anna.json"),
        integrity.UNLISTED.id,
    ),
    "two-files-swapped": (lambda m: swap(m, "speakers/anna.json", "speakers/bert.json"), integrity.CHANGED.id),
    "file-linked": (lambda m: link(m, "model.pth"), integrity.LINKED.id),
    "folder-linked": (
        lambda m: ((m / "speakers").rename(m.parent / "away"), (m / "speakers").symlink_to(m.parent / "away")),
        integrity.LINKED.id,
    ),
    "signature-removed": (lambda m: (m / "model.sig").unlink(), integrity.NO_SIGNATURE.id),
    "signature-emptied": (lambda m: (m / "model.sig").write_bytes(b""), integrity.BAD_SIGNATURE.id),
    "signature-linked": (signature_is_a_link, integrity.BAD_SIGNATURE.id),
    "another-key": (another_key, integrity.BAD_SIGNATURE.id),
    "another-key-with-our-hint": (another_key_with_our_hint, integrity.BAD_SIGNATURE.id),
    "manifest-of-another-model": (manifest_of_another_model, integrity.UNLISTED.id),
    "payload-edited": (lambda m: edit_payload(m, lambda s: resources(s).pop()), integrity.BAD_SIGNATURE.id),
    "names-swapped-in-manifest": (lambda m: edit_payload(m, swap_names_in_manifest), integrity.BAD_SIGNATURE.id),
    "signature-edited": (
        lambda m: edit_bundle(m, lambda c: c["dsseEnvelope"]["signatures"][0].update(sig="MEUCIQ==")),
        integrity.BAD_SIGNATURE.id,
    ),
    "second-signature": (second_signature, integrity.BAD_SIGNATURE.id),
    "no-signature-in-bundle": (
        lambda m: edit_bundle(m, lambda c: c["dsseEnvelope"].update(signatures=[])),
        integrity.BAD_SIGNATURE.id,
    ),
    "payload-type-changed": (
        lambda m: edit_bundle(m, lambda c: c["dsseEnvelope"].update(payloadType="text/plain")),
        integrity.BAD_SIGNATURE.id,
    ),
    "signed-as-something-else": (other_payload_type, integrity.BAD_SIGNATURE.id),
    "duplicate-key-in-bundle": (duplicate_key, integrity.BAD_SIGNATURE.id),
    "unknown-field-in-bundle": (lambda m: edit_bundle(m, lambda c: c.update(extra=1)), integrity.BAD_SIGNATURE.id),
}
"""What is done to the model -> the rule that must say so."""

EVEN_WHEN_SIGNED: dict[str, Callable[[dict], object]] = {
    "path-traversal": lambda s: resources(s)[0].update(name="../outside"),
    "absolute-path": lambda s: resources(s)[0].update(name="/etc/passwd"),
    "backslashes": lambda s: resources(s)[0].update(name="speakers\\anna.json"),
    "dot-part": lambda s: resources(s)[0].update(name="./config.json"),
    "double-slash": lambda s: resources(s)[0].update(name="speakers//anna.json"),
    "control-character": lambda s: resources(s)[0].update(name="config.json\n"),
    "listed-twice": lambda s: resources(s).append(dict(resources(s)[0])),
    "unknown-hash": lambda s: s["predicate"]["serialization"].update(hash_type="md5"),
    "hash-of-one-file": lambda s: resources(s)[0].update(algorithm="blake3"),
    "unknown-parameter": lambda s: s["predicate"]["serialization"].update(skip_hidden=True),
    "shards": lambda s: s["predicate"]["serialization"].update(method="shards", shard_size=5),
    "short-digest": lambda s: resources(s)[0].update(digest="ab"),
    "wrong-root-digest": lambda s: s["subject"][0]["digest"].update(sha256="0" * 64),
    "two-subjects": lambda s: s["subject"].append(s["subject"][0]),
    "no-files": lambda s: s["predicate"].update(resources=[]),
    "another-predicate": lambda s: s.update(predicateType="https://model_signing/Digests/v0.1"),
}
"""Statements that are refused although the right key signed them."""


class TestTampering:
    def test_an_untouched_model_passes(self, signed: Path) -> None:
        found = examine(signed)
        assert found.flaws == ()
        assert found.verdict is Verdict.PASS
        assert found.facts["signature"].startswith("good, by key signer.pem")

    @pytest.mark.parametrize("how", TAMPERING)
    def test_is_found(self, signed: Path, how: str) -> None:
        tamper, rule = TAMPERING[how]
        tamper(signed)
        found = examine(signed)
        assert found.verdict is Verdict.FAIL
        assert rule in {flaw.rule.id for flaw in found.flaws}

    @pytest.mark.parametrize("how", EVEN_WHEN_SIGNED)
    def test_is_found_even_when_the_right_key_signed_it(self, signed: Path, how: str) -> None:
        edit_payload(signed, EVEN_WHEN_SIGNED[how], sign_again=True)
        found = examine(signed)
        assert [flaw.rule.id for flaw in found.flaws] == [integrity.BAD_SIGNATURE.id]

    def test_a_duplicate_key_in_the_statement_is_found(self, signed: Path) -> None:
        duplicate_key_in_payload(signed)
        assert [flaw.rule.id for flaw in examine(signed).flaws] == [integrity.BAD_SIGNATURE.id]

    def test_what_the_signer_ignored_is_not_ignored(self, signed: Path) -> None:
        ignore_everything(signed)
        assert [(flaw.rule.id, flaw.file) for flaw in examine(signed).flaws] == [(integrity.UNLISTED.id, "extra.py")]

    def test_a_further_predicate_field_is_ignored_as_the_specification_says(self, signed: Path) -> None:
        edit_payload(signed, lambda s: s["predicate"].update(note="hello"), sign_again=True)
        assert examine(signed).verdict is Verdict.PASS

    def test_a_mode_is_not_covered(self, signed: Path) -> None:
        """Said in docs/signing.md: the format has no place for it."""
        (signed / "config.json").chmod(0o755)
        assert examine(signed).verdict is Verdict.PASS

    def test_a_renamed_file_is_called_renamed(self, signed: Path) -> None:
        (signed / "model.pth").rename(signed / "model.pt")
        assert [(flaw.file, flaw.found) for flaw in examine(signed).flaws] == [
            ("model.pt", "has the bytes of model.pth, which is missing: renamed"),
            ("model.pth", "listed, not there as a regular file"),
        ]

    def test_swapped_files_are_called_swapped(self, signed: Path) -> None:
        swap(signed, "speakers/anna.json", "speakers/bert.json")
        assert [flaw.found for flaw in examine(signed).flaws] == [
            "has the bytes of speakers/bert.json: swapped",
            "has the bytes of speakers/anna.json: swapped",
        ]

    def test_there_are_more_than_twenty_ways(self) -> None:
        assert len(TAMPERING) >= 20
