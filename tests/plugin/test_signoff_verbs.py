"""From pytest to a sign-off to a deployment: the verbs on a run that was really made."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from harness.cli.main import main
from harness.core.types import BehaviourEvent
from harness.run.seen import behaviour_folder
from harness.sandbox.outside.events import lines_of
from harness.storage.rundirectory import RunDirectory, read_run
from tests.conftest import MODEL_CHECKS, Voice
from tests.signoff_samples import POLICY, KeyPair, make_keys

ITEMS = 6 + len(MODEL_CHECKS) + 1
"""Probes, checks of the whole model, and the policy."""


@pytest.fixture
def keys(pytester: pytest.Pytester) -> KeyPair:
    return make_keys(pytester.path)


@pytest.fixture
def run(pytester: pytest.Pytester, recorded: Path, fake_voice: Voice):
    """Gate a voice under a policy; gives the run directory and the voice."""
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
    (pytester.path / "policy.toml").write_text(POLICY, "utf-8")

    def make(*faults: dict[str, object], select: str = "") -> tuple[Path, Path]:
        voice = fake_voice(*faults)
        pytester.runpytest_inprocess(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={voice}", "--tts-asr=fake",
            "--tts-golden=small", f"-otts_golden_dir={recorded / 'golden'}", "--tts-policy=policy.toml",
            *(["-k", select] if select else []),
        )  # fmt: skip
        (folder,) = (pytester.path / ".soundcheck/runs").iterdir()
        return folder, voice

    return make


class TestARunThatPassed:
    def test_is_signed_off_and_verified_until_anything_changes(
        self, run, keys: KeyPair, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder, voice = run()
        out = pytester.path / "voice.signoff.json"
        signing = ["signoff", str(folder), "--key", str(keys.private), "--policy", "policy.toml", "--out", str(out)]
        verifying = ["verify-signoff", str(out), str(voice), "--key", str(keys.public), "--policy", "policy.toml"]
        capsys.readouterr()

        assert main([*signing, "--mlbom", "bom.json"]) == 0
        assert capsys.readouterr().out == f"{out}: signs off 1 files of voice, {ITEMS} items passed\n"
        bom = json.loads((pytester.path / "bom.json").read_text("utf-8"))
        assert bom["metadata"]["component"]["externalReferences"][0]["url"] == "voice.signoff.json"

        assert main([*verifying, "--max-age", "30d", "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["verdict"], told["passed"], told["warned"]) == ("pass", ITEMS, 0)
        assert told["isolation"].split()[0] in ("A", "A-", "B")

        assert main([*verifying, "--run", str(folder)]) == 0
        capsys.readouterr()
        records = next((folder / "records").glob("*.jsonl"))
        honest = records.read_bytes()
        records.write_bytes(honest + b"\n")
        for words in (signing, [*verifying, "--run", str(folder)], ["report", str(folder)]):
            assert main(words) == 3
            (line,) = capsys.readouterr().err.splitlines()
            assert f"{records.relative_to(folder.parent)}: was edited after the run had ended" in line
        records.write_bytes(honest)
        (folder / "digests.sha256").rename(folder / "away")
        assert main(signing) == 4
        assert "has not ended (digests.sha256 is not there)" in capsys.readouterr().out
        (folder / "away").rename(folder / "digests.sha256")

        kept = behaviour_folder(folder.parents[1], read_run(folder).info.model_digest)
        kept.mkdir(parents=True)
        event = BehaviourEvent(when="speaking", kind="network", what="connect", detail="192.0.2.1:443")
        for way, told in (("by another run since", 1), ("and removed", 0)):
            (kept / "1-1.jsonl").write_bytes(lines_of([event])) if told else (kept / "1-1.jsonl").unlink()
            assert main(signing) == told, way
        honest = (folder / "seen.jsonl").read_bytes()
        (folder / "seen.jsonl").write_bytes(lines_of([event]))
        assert main(signing) == 3  # edited; and where it was so at the end:
        (folder / "digests.sha256").unlink()
        RunDirectory.at(folder).end()
        capsys.readouterr()
        assert main(signing) == 1
        assert "the model was seen to fail behaviour-network" in capsys.readouterr().out
        (folder / "seen.jsonl").write_bytes(honest)
        (folder / "digests.sha256").unlink()
        RunDirectory.at(folder).end()

        (pytester.path / "policy.toml").write_text(POLICY + "# another\n", "utf-8")
        assert main(verifying) == 1
        assert "it was signed off under policy " in capsys.readouterr().out
        (pytester.path / "policy.toml").write_text(POLICY, "utf-8")
        assert main(verifying) == 0

        model = voice / "fake.json"
        model.write_bytes(model.read_bytes().replace(b"1", b"2", 1))
        capsys.readouterr()
        assert main(verifying) == 1
        assert "fake.json: is not the file that was signed off" in capsys.readouterr().out
        assert main([*signing, "--format", "json"]) == 1
        refused = json.loads(capsys.readouterr().out)
        assert refused["verdict"] == "fail"
        assert "has changed since the run" in refused["problem"]

    def test_may_be_signed_off_with_a_certificate(
        self, run, keys: KeyPair, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder, voice = run()
        chain, root = certified(keys, pytester.path)
        assert main(["signoff", str(folder), "--key", str(keys.private), "--certificate", str(chain)]) == 0
        out = folder / "signoff.json"
        assert main(["verify-signoff", str(out), str(voice), "--root", str(root), "--subject", "CN=Release"]) == 0
        capsys.readouterr()
        assert main(["verify-signoff", str(out), str(voice), "--root", str(root), "--subject", "CN=Other"]) == 1
        assert "expected the certificate of CN=Other, got that of CN=Release" in capsys.readouterr().out
        assert main(["verify-signoff", str(out), str(voice), "--key", str(keys.public)]) == 1

    def test_is_not_signed_off_where_that_would_change_the_model_nor_by_records_of_another_policy(
        self, run, keys: KeyPair, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder, voice = run()
        capsys.readouterr()
        out = str(voice / "signoff.json")
        assert main(["signoff", str(folder), "--key", str(keys.private), "--out", out]) == 2
        assert "lies in the model, which it would change; choose another place" in capsys.readouterr().err
        assert not Path(out).exists()
        (folder / "policy.toml").write_text(POLICY + 'fail_at = "critical"\n', "utf-8")
        capsys.readouterr()
        assert main(["signoff", str(folder), "--key", str(keys.private)]) == 3
        assert "policy.toml: was edited after the run had ended" in capsys.readouterr().err


class TestARunThatDidNotPass:
    def test_is_refused_with_its_verdict(self, run, keys: KeyPair, capsys: pytest.CaptureFixture[str]) -> None:
        folder, _ = run({"kind": "nan", "when": "door"})
        capsys.readouterr()
        assert main(["signoff", str(folder), "--key", str(keys.private)]) == 1
        assert capsys.readouterr().out.startswith("not signed off: run ")
        assert not (folder / "signoff.json").exists()

    def test_is_refused_where_it_is_not_complete(self, run, keys: KeyPair, capsys: pytest.CaptureFixture[str]) -> None:
        folder, _ = run(select="door")
        capsys.readouterr()
        assert main(["signoff", str(folder), "--key", str(keys.private)]) == 4
        assert f"is incomplete (1 of {ITEMS} items); the same pytest command continues it" in capsys.readouterr().out


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (["verify-signoff", "a", "."], "verify-signoff: whose signature counts? Name --key or --root"),
            (["verify-signoff", "a", "none", "--key", "k"], "none: expected a model directory, got no folder there"),
            (["verify-signoff", "none", ".", "--key", "k"], "none: cannot be read (No such file or directory)"),
            (["verify-signoff", "a", ".", "--key", "k", "--max-age", "1y"], "--max-age: expected an age such as"),
            (["signoff", "none", "--key", "k"], "none: expected a run directory, such as .soundcheck/runs/ID"),
        ],
    )
    def test_mistakes_cost_one_line(
        self, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
    ) -> None:
        assert main(arguments) == 2
        assert line in capsys.readouterr().err


def certified(keys: KeyPair, folder: Path) -> tuple[Path, Path]:
    """A certificate of that key, and the authority's."""
    authority = make_keys(folder, "authority")
    key = serialization.load_pem_private_key(keys.private.read_bytes(), None)
    root_key = serialization.load_pem_private_key(authority.private.read_bytes(), None)
    names = {who: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, who)]) for who in ("Release", "Root")}
    now = datetime.now(UTC)

    def issue(who: str, public: object, *, is_authority: bool) -> Path:
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign",
             "encipher_only", "decipher_only"),
            False,
        )  # fmt: skip
        made = (
            x509.CertificateBuilder(names["Root"], names[who], public, x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=not is_authority, key_cert_sign=is_authority, **usage), critical=True
            )
            .sign(root_key, hashes.SHA256())
        )
        path = folder / f"{who}.crt.pem"
        path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return path

    return (
        issue("Release", key.public_key(), is_authority=False),
        issue("Root", root_key.public_key(), is_authority=True),
    )
