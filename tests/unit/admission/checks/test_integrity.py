"""Digests, pins and policy; signatures are in ``test_tampering``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from harness.admission.base import Examination
from harness.admission.checks import integrity
from harness.admission.checks.digests import digests_of
from harness.admission.checks.integrity import IntegrityCheck, Provenance
from harness.admission.checks.provenance import provenance_of
from harness.admission.tree import Tree
from harness.core.errors import BadInput
from harness.core.types import Verdict
from harness.models.files import digest_of_directory
from harness.signing.signature import Trust
from harness.storage.digests import listing_sha256


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    model = tmp_path / "voice"
    (model / "speakers").mkdir(parents=True)
    (model / "config.json").write_bytes(b"{}")
    (model / "model.pth").write_bytes(b"weights")
    (model / "speakers" / "anna.json").write_bytes(b"[]")
    return model


def examine(model: Path, **known: object) -> Examination:
    return IntegrityCheck(Provenance(model=model, **known)).examine(Tree.of(model))  # type: ignore[arg-type]


def found(examination: Examination) -> list[tuple[str, str]]:
    return [(flaw.rule.id, flaw.file) for flaw in examination.flaws]


def write_sums(model: Path, path: Path) -> Path:
    digests = digests_of(Tree.of(model))
    path.write_text("".join(f"{digest}  {name}\n" for name, digest in digests.items()), "utf-8")
    return path


def write_listing(model: Path, path: Path) -> Path:
    entries = []
    for entry in Tree.of(model).files:
        data = (model / entry.path).read_bytes()
        git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        content: dict[str, object] = {"type": "file", "path": entry.path, "size": len(data), "oid": git}
        if entry.path.endswith(".pth"):
            content["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
        entries.append(content)
    path.write_text(json.dumps(entries), "utf-8")
    return path


class TestPolicy:
    def test_an_unsigned_model_passes_where_nobody_asks_for_a_signature(self, voice: Path) -> None:
        examination = examine(voice)
        assert examination.verdict is Verdict.PASS
        assert examination.facts["signature"] == "none"

    def test_an_unsigned_model_fails_where_the_policy_asks(self, voice: Path) -> None:
        assert found(examine(voice, require_signature=True)) == [(integrity.NO_SIGNATURE.id, "")]

    def test_a_signature_that_was_named_must_be_there(self, voice: Path) -> None:
        assert found(examine(voice, signature=voice / "nothing.sig")) == [(integrity.NO_SIGNATURE.id, "")]

    def test_a_signature_that_nobody_can_check_is_no_pass(self, voice: Path) -> None:
        (voice / "model.sig").write_text("{}", "utf-8")
        examination = examine(voice, require_signature=True)
        assert found(examination) == [(integrity.UNCHECKED.id, "model.sig")]
        assert examination.verdict is Verdict.INCONCLUSIVE

    def test_nonsense_for_a_signature_fails(self, voice: Path) -> None:
        pytest.importorskip("cryptography")
        for data in (b"", b"{}", b"[" * 100_000, b"\xff", b'{"mediaType": 1}', b"9" * 5000, b"{" * (9 << 20)):
            (voice / "model.sig").write_bytes(data)
            examination = examine(voice, trust=Trust(keys=(voice / "key.pem",)))
            assert found(examination) == [(integrity.BAD_SIGNATURE.id, "model.sig")]
            assert examination.flaws[0].found.isprintable()

    def test_settings_come_from_the_project(self, voice: Path, tmp_path: Path) -> None:
        pin = f"sha256:{digest_of_directory(voice)}"
        (tmp_path / "pyproject.toml").write_text(
            f'[tool.soundcheck.signing]\nkeys = ["keys/a.pem"]\n[tool.soundcheck.models]\nvoice = "{pin}"\n', "utf-8"
        )
        known = provenance_of(tmp_path, "anything", voice)
        assert known.trust.keys == (tmp_path / "keys/a.pem",)
        assert known.require_signature  # naming keys asks for signatures
        assert known.digest == pin

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("[tool.soundcheck.signing]\nrequire_signatures = true", "unknown key 'require_signatures'"),
            ('[tool.soundcheck.signing]\nrequire_signature = "yes"', "expected true or false"),
            ('[tool.soundcheck.signing]\nidentity = "a@b.example"', "expected identity and issuer together"),
            ('[tool.soundcheck.models]\nvoice = "sha256:abc"', "voice: expected sha256: and 64 lower-case hex"),
            ("[tool.soundcheck.models]\nvoice = 1", "voice: expected a string"),
            ("[tool.soundcheck]\nsigning = 1", "expected a table, got int"),
        ],
    )
    def test_a_mistake_in_them_is_refused(self, voice: Path, tmp_path: Path, text: str, line: str) -> None:
        (tmp_path / "pyproject.toml").write_text(text, "utf-8")
        with pytest.raises(BadInput) as caught:
            provenance_of(tmp_path, "voice", voice)
        assert line in str(caught.value)


class TestPins:
    def test_the_digest_is_the_one_that_names_renderings(self, voice: Path) -> None:
        (voice / "a.b").write_bytes(b"")
        (voice / "a").mkdir()
        (voice / "a" / "b").write_bytes(b"")
        assert listing_sha256(digests_of(Tree.of(voice))) == digest_of_directory(voice)

    def test_a_pin_that_fits_passes(self, voice: Path) -> None:
        assert examine(voice, digest=f"sha256:{digest_of_directory(voice)}").verdict is Verdict.PASS

    def test_a_pin_that_does_not_fit_fails(self, voice: Path) -> None:
        pin = f"sha256:{digest_of_directory(voice)}"
        (voice / ".hidden").write_bytes(b"")
        assert found(examine(voice, digest=pin)) == [(integrity.PIN.id, "")]

    def test_a_pinned_model_may_have_no_links(self, voice: Path) -> None:
        pin = f"sha256:{digest_of_directory(voice)}"
        (voice / "link").symlink_to("config.json")
        examination = examine(voice, digest=pin)
        assert found(examination) == [(integrity.PIN.id, "")]
        assert "a directory with link, which has no digest" in examination.flaws[0].found


class TestSums:
    def test_files_as_listed_pass(self, voice: Path, tmp_path: Path) -> None:
        assert examine(voice, sums=write_sums(voice, tmp_path / "SHA256SUMS")).verdict is Verdict.PASS

    def test_the_list_may_lie_in_the_model(self, voice: Path) -> None:
        assert examine(voice, sums=write_sums(voice, voice / "SHA256SUMS")).verdict is Verdict.PASS

    def test_every_difference_is_found(self, voice: Path, tmp_path: Path) -> None:
        sums = write_sums(voice, tmp_path / "SHA256SUMS")
        (voice / "config.json").write_bytes(b"[]")
        (voice / "model.pth").unlink()
        (voice / "extra").write_bytes(b"")
        (voice / "link").symlink_to("config.json")
        assert found(examine(voice, sums=sums)) == [
            (integrity.CHANGED.id, "config.json"),
            (integrity.UNLISTED.id, "extra"),
            (integrity.LINKED.id, "link"),
            (integrity.MISSING.id, "model.pth"),
        ]

    def test_a_malformed_list_fails(self, voice: Path, tmp_path: Path) -> None:
        (tmp_path / "SHA256SUMS").write_text("nonsense", "utf-8")
        assert found(examine(voice, sums=tmp_path / "SHA256SUMS")) == [(integrity.BAD_LIST.id, "SHA256SUMS")]

    def test_a_list_that_is_not_there_is_a_mistake(self, voice: Path, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="SHA256SUMS: cannot be read"):
            examine(voice, sums=tmp_path / "SHA256SUMS")


class TestHubListing:
    def test_what_is_known_by_sha1_only_is_no_pass(self, voice: Path, tmp_path: Path) -> None:
        examination = examine(voice, listing=write_listing(voice, tmp_path / "tree.json"))
        assert examination.verdict is Verdict.INCONCLUSIVE
        assert found(examination) == [
            (integrity.WEAK.id, "config.json"),
            (integrity.WEAK.id, "speakers/anna.json"),
        ]
        assert examination.facts["tree.json"] == "1 files by SHA-256, 2 by SHA-1"

    @pytest.mark.parametrize("name", ["config.json", "model.pth"])
    @pytest.mark.parametrize("longer", [b"", b"x"])
    def test_a_changed_file_fails(self, voice: Path, tmp_path: Path, name: str, longer: bytes) -> None:
        listing = write_listing(voice, tmp_path / "tree.json")
        data = (voice / name).read_bytes()
        (voice / name).write_bytes(bytes([data[0] ^ 1]) + data[1:] + longer)
        assert (integrity.CHANGED.id, name) in found(examine(voice, listing=listing))
