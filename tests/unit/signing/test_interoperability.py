"""The reference implementation and ours, both ways: what one signs, the other verifies."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.cli.main import main
from harness.models.files import digest_of_directory

needs_reference = pytest.mark.skipif(
    importlib.util.find_spec("model_signing") is None, reason="model-signing is not installed"
)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP384R1())
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    model = tmp_path / "voice"
    (model / "a").mkdir(parents=True)
    for name in ("config.json", "a/b", "a.b", "\u00e9t\u00e9.json", "a/.hidden"):
        (model / name).write_text(name, "utf-8")
    return model


def reference(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "model_signing", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


class TestVerbs:
    def test_sign_then_verify(self, voice: Path, keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["sign", str(voice), "--key", str(keys[0]), "--format", "json"]) == 0
        told = capsys.readouterr()
        assert json.loads(told.out) == {"signature": str(voice / "model.sig"), "files": 5}
        assert "signs 5 files of voice" in told.err
        assert main(["verify", str(voice), "--key", str(keys[1])]) == 0
        assert "verdict: pass" in capsys.readouterr().out
        (voice / "config.json").write_text("{}", "utf-8")
        assert main(["verify", str(voice), "--key", str(keys[1]), "--format", "json"]) == 1
        assert '"rule": "admission.file-changed"' in capsys.readouterr().out

    def test_one_file(self, voice: Path, keys: tuple[Path, Path]) -> None:
        assert main(["sign", str(voice / "a.b"), "--key", str(keys[0])]) == 0
        assert main(["verify", str(voice / "a.b"), "--key", str(keys[1])]) == 0
        assert main(["verify", str(voice / "a"), "--key", str(keys[1]), "--signature", str(voice / "a.b.sig")]) == 1
        (voice / "a.b").write_text("other", "utf-8")
        assert main(["verify", str(voice / "a.b"), "--key", str(keys[1])]) == 1

    def test_links_and_empty_folders_are_not_signed(
        self, voice: Path, keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        (voice / "empty").mkdir()
        assert main(["sign", str(voice), "--key", str(keys[0])]) == 2
        assert "is an empty folder, which no signature covers; remove it" in capsys.readouterr().err
        (voice / "empty").rmdir()
        (voice / "link").symlink_to("config.json")
        assert main(["sign", str(voice), "--key", str(keys[0])]) == 2
        assert "is a link, which no signature covers; replace it" in capsys.readouterr().err

    def test_a_password_and_a_certificate(
        self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "Release team")])
        now = datetime.now(UTC)
        root = (
            x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem, word = serialization.Encoding.PEM, serialization.BestAvailableEncryption(b"word")
        (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, word))
        (tmp_path / "root.pem").write_bytes(root.public_bytes(pem))
        (tmp_path / "password").write_bytes(b"word\n")
        sign = ["sign", str(voice), "--key", str(tmp_path / "key.pem"), "--certificate", str(tmp_path / "root.pem")]
        assert main(sign) == 2
        assert "is encrypted" in capsys.readouterr().err
        assert main([*sign, "--password-file", str(tmp_path / "password")]) == 0
        # An authority's own certificate signs certificates, and no models.
        assert main(["verify", str(voice), "--root", str(tmp_path / "root.pem")]) == 1
        assert "admission.signature-bad" in capsys.readouterr().out

    def test_digest_and_sums(self, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", str(voice), "--digest", f"sha256:{digest_of_directory(voice)}"]) == 0
        assert main(["verify", str(voice), "--digest", "sha256:" + "0" * 64]) == 1
        (tmp_path / "sums").write_text("nonsense", "utf-8")
        assert main(["verify", str(voice), "--sums", str(tmp_path / "sums")]) == 1
        assert "line 1: expected 64 hex digits, two spaces and a name" in capsys.readouterr().out

    def test_settings_of_the_project(
        self, voice: Path, tmp_path: Path, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "pyproject.toml").write_text('[tool.soundcheck.signing]\nkeys = ["public.pem"]\n', "utf-8")
        monkeypatch.chdir(tmp_path)
        assert main(["verify", "voice"]) == 1  # unsigned
        assert main(["sign", "voice", "--key", str(keys[0])]) == 0
        assert main(["verify", "voice"]) == 0

    def test_nothing_to_compare_with_is_a_mistake(
        self, voice: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(voice)
        assert main(["verify", str(voice)]) == 2
        assert "nothing to compare with; name --key" in capsys.readouterr().err

    def test_without_sigstore_there_is_one_line(
        self, voice: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "sigstore", None)
        assert main(["sign", str(voice), "--sigstore"]) == 3
        assert (
            "sigstore is not installed; sign and verify with a key, or install it with: pip install"
            in capsys.readouterr().err
        )


@needs_reference
class TestReference:
    def test_verifies_what_we_signed_and_signs_what_we_verify(self, voice: Path, keys: tuple[Path, Path]) -> None:
        private, public = keys
        signature = voice / "model.sig"
        assert main(["sign", str(voice), "--key", str(private)]) == 0
        done = reference("verify", "key", voice, "--signature", signature, "--public_key", public)
        assert done.returncode == 0, done.stderr
        signature.unlink()
        done = reference("sign", "key", voice, "--private_key", private, "--signature", signature)
        assert done.returncode == 0, done.stderr
        assert main(["verify", str(voice), "--key", str(public)]) == 0
        # What it leaves out by default is not left out here.
        (voice / ".gitattributes").write_text("* filter=lfs", "utf-8")
        assert main(["verify", str(voice), "--key", str(public)]) == 1
