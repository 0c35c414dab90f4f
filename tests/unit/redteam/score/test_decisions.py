"""What was accepted of a voice is accepted of its copies; what is asked of a copy alone is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.admission.admit import admit
from harness.cli.main import main
from harness.core.types import Verdict
from harness.policy.file import PolicyFile, read_policy
from harness.redteam.score.decisions import Decisions

HEAD = 'version = 1\ntitle = "Releases"\nowner = "voice team"\nfail_at = "critical"\n\n'


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
    (folder / "table.xyz").write_bytes(b"\x01\x02")
    return folder


def decided(voice: Path, *changes: tuple[str, str]) -> PolicyFile:
    """A policy in which somebody has answered everything that is asked of a voice."""
    lines = "\n".join(admit(voice).proposal).replace('= ""', '= "eve"')
    for old, new in changes:
        lines = lines.replace(old, new)
    path = voice.parent / "policy.toml"
    path.write_text(HEAD + lines + "\n", "utf-8")
    return read_policy(path)


def copied(voice: Path, table: bytes = b"\x03\x04") -> Path:
    folder = voice.parent / "copy"
    folder.mkdir()
    (folder / "fake.json").write_text('{"version": 1, "faults": [], "copy": "drop"}', "utf-8")
    (folder / "table.xyz").write_bytes(table)
    return folder


def test_holds_for_a_copy_s_other_bytes_and_brings_nothing_else_of_the_policy(voice: Path) -> None:
    copy = copied(voice)
    assert admit(copy).verdict is Verdict.INCONCLUSIVE
    made = Decisions(decided(voice), voice).policy_of(copy)
    assert made is not None
    assert admit(copy, policy=made).verdict is Verdict.PASS
    assert admit(voice, policy=made).verdict is Verdict.INCONCLUSIVE
    assert (made.policy.fail_at, made.policy.waivers) == ("low", ())
    assert [one.owner for one in made.policy.acceptances] == ["eve"]


def test_answers_nothing_that_only_the_copy_asks(voice: Path) -> None:
    copy = copied(voice)
    (copy / "more.xyz").write_bytes(b"\x05")
    found = admit(copy, policy=Decisions(decided(voice), voice).policy_of(copy))
    assert [flaw.file for flaw in found.flaws if not flaw.accepted] == ["more.xyz"]


@pytest.mark.parametrize("change", [('sha256 = "', 'sha256 = "' + "0" * 64 + '" #'), ("expires = 2", "expires = 1")])
def test_is_not_made_of_what_does_not_hold_for_the_voice_itself(voice: Path, change: tuple[str, str]) -> None:
    assert Decisions(decided(voice, change), voice).policy_of(copied(voice)) is None


def test_is_taken_by_the_verb(voice: Path, recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = decided(voice)
    words = ["redteam", "score", "--model", str(voice), "--suite", str(recorded / "small.probes.yaml"), "--asr", "fake"]
    words += ["--dir", str(voice.parent / "runs"), "--golden-dir", str(voice.parent / "golden")]
    assert main(words) == 2
    assert "admission-directory asks for a decision" in capsys.readouterr().err
    assert main([*words, "--policy", str(policy.path)]) == 2
    assert "no golden was recorded from this voice" in capsys.readouterr().err
