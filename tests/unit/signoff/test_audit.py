"""Deployed models, looked at again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from harness.cli.main import main
from harness.core.errors import BadInput
from harness.core.findings import Outcome
from harness.core.types import Verdict
from harness.signing import keys
from harness.signing.signature import seal_with_key
from harness.signing.testresult import to_payload
from harness.signoff.audit import Standing, audit, read_list
from harness.signoff.statement import state
from tests.signoff_samples import NOW, POLICY, SUITE, make_keys, make_policy, make_voice, passed

SUITE_TEXT = b"version: 1\n"


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """A list of one model that is good at NOW; the sign-off is in the name of 2026-06-15."""
    return deploy(tmp_path, NOW)


def deploy(root: Path, when: datetime) -> Path:
    voice, pair, policy = make_voice(root / "voice"), make_keys(root), make_policy(root)
    (root / SUITE).write_bytes(SUITE_TEXT)
    result = passed(voice, policy=str(policy.path), policy_digest=policy.sha256)
    suites = (replace(result.info.suites[0], sha256=hashlib.sha256(SUITE_TEXT).hexdigest()),)
    outcomes = (*result.outcomes, Outcome(subject="policy", verdict=Verdict.PASS))
    result = replace(result, info=replace(result.info, suites=suites), outcomes=outcomes, planned=133)
    sealed = seal_with_key(to_payload(state(result, voice, policy, when)), keys.load_private(pair.private))
    (root / "voice.signoff.json").write_bytes(sealed)
    path = root / "models.toml"
    path.write_text(
        f'version = 1\nkeys = ["key.pub.pem"]\npolicy = "policy.toml"\nsuites = ["{SUITE}"]\nmax_age = "90d"\n'
        '[[model]]\nname = "joe"\npath = "voice"\nsignoff = "voice.signoff.json"\n',
        "utf-8",
    )
    return path


def only(path: Path, now: datetime = NOW) -> tuple[Standing, tuple[str, ...], str | None]:
    (model,) = read_list(path)
    found = audit(model, now)
    return found.standing, found.reasons, found.command


class TestStandings:
    def test_good_is_what_would_be_signed_off_today(self, deployed: Path) -> None:
        assert only(deployed) == (Standing.GOOD, (), None)

    def test_broken_is_what_was_changed(self, deployed: Path) -> None:
        (deployed.parent / "voice/model.bin").write_bytes(b"")
        standing, reasons, command = only(deployed)
        assert standing is Standing.BROKEN
        assert "model.bin: is not the file that was signed off" in reasons[0]
        assert command is not None
        assert command.startswith("pytest ")

    @pytest.mark.parametrize("gone", ["voice.signoff.json", "voice"])
    def test_broken_is_what_is_not_there(self, deployed: Path, gone: str) -> None:
        (deployed.parent / gone).rename(deployed.parent / "elsewhere")
        standing, (reason,), _ = only(deployed)
        assert standing is Standing.BROKEN
        assert "cannot be read" in reason

    def test_broken_is_what_somebody_else_signed(self, deployed: Path) -> None:
        make_keys(deployed.parent)
        assert only(deployed)[0] is Standing.BROKEN

    def test_stale_is_what_another_policy_was_for(self, deployed: Path) -> None:
        make_policy(deployed.parent, POLICY + "# stricter\n")
        standing, (reason,), command = only(deployed)
        assert standing is Standing.STALE
        assert reason.startswith("it was signed off under policy ")
        assert command is not None
        assert f"{SUITE} --tts-model=" in command
        assert "--tts-golden=demo-smoke --tts-policy=" in command

    def test_stale_is_what_other_suites_were_for(self, deployed: Path) -> None:
        (deployed.parent / SUITE).write_bytes(SUITE_TEXT + b"# more\n")
        (reason,) = only(deployed)[1]
        assert reason.startswith(f"signed off with {SUITE} ")
        (deployed.parent / "new.probes.yaml").write_bytes(b"")
        deployed.write_text(deployed.read_text("utf-8").replace(SUITE, "new.probes.yaml"), "utf-8")
        assert only(deployed)[1] == ("signed off without suite new.probes.yaml",)

    def test_stale_is_what_is_too_old(self, deployed: Path) -> None:
        assert only(deployed, NOW + timedelta(days=90))[0] is Standing.GOOD
        standing, (reason,), _ = only(deployed, NOW + timedelta(days=91))
        assert (standing, reason) == (
            Standing.STALE,
            "it was signed off on 2026-06-15T10:00:00Z, more than 90 days ago",
        )


class TestTheList:
    @pytest.mark.parametrize(
        ("before", "after", "line"),
        [
            ("version = 1", "version = 2", "expected version = 1, got 2"),
            ("version = 1\n", "", "expected version = 1, got None"),
            ("policy =", "polcy =", ":3: unknown key 'polcy'; did you mean 'policy'?"),
            ('path = "voice"', 'pth = "voice"', ":8 [[model]] 1: unknown key 'pth'; did you mean 'path'?"),
            ('path = "voice"\n', "", "[[model]] 1: expected a path and a signoff, got none"),
            ('keys = ["key.pub.pem"]\n', "", "[[model]] 1: whose signature counts? Name keys or roots"),
            ('"90d"', '"90"', "[[model]] 1: max_age: expected an age such as 12h, 30d or 8w, got '90'"),
            ("[[model]]", "[model]", "expected tables [[model]], got something else"),
            ('["key.pub.pem"]', '"key.pub.pem"', "keys: expected a list of strings, got str"),
            ("version", "version version", "expected TOML ("),
        ],
    )
    def test_is_refused_with_its_place(self, deployed: Path, before: str, after: str, line: str) -> None:
        deployed.write_text(deployed.read_text("utf-8").replace(before, after, 1), "utf-8")
        with pytest.raises(BadInput) as caught:
            read_list(deployed)
        assert line in str(caught.value)
        assert str(caught.value).startswith(str(deployed))

    def test_lets_a_model_have_its_own(self, deployed: Path) -> None:
        deployed.write_text(deployed.read_text("utf-8") + 'max_age = "1d"\nsuites = []\n', "utf-8")
        (model,) = read_list(deployed)
        assert (model.max_age, model.suites) == (timedelta(days=1), ())
        assert model.policy == deployed.parent / "policy.toml"


class TestTheVerb:
    def test_says_by_its_exit_code_what_is_to_be_done(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = deploy(tmp_path, datetime.now(UTC))
        assert main(["audit", str(path)]) == 0
        assert capsys.readouterr().out.startswith("GOOD    joe  signed off on ")
        make_policy(tmp_path, POLICY + "# stricter\n")
        assert main(["audit", str(path)]) == 4
        told = capsys.readouterr().out.splitlines()
        assert told[0].startswith("STALE   joe  it was signed off under policy ")
        assert told[1].lstrip().startswith("run again: pytest ")
        (tmp_path / "voice/model.bin").write_bytes(b"")
        assert main(["audit", str(path), "--format", "json"]) == 1
        (model,) = json.loads(capsys.readouterr().out)["models"]
        assert (model["name"], model["standing"]) == ("joe", "broken")

    def test_refuses_a_list_that_is_none(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["audit", str(tmp_path / "none.toml")]) == 2
        assert "none.toml: cannot be read" in capsys.readouterr().err
