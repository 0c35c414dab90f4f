"""Decisions about files: what an acceptance covers, what none covers, and the lines that are proposed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.admission.admit import Admission, admit, every_rule
from harness.admission.checks import directory
from harness.cli.main import main
from harness.core.errors import BadInput
from harness.core.rules import RUNS_CODE
from harness.core.types import Verdict
from harness.policy.file import read_policy
from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import FOUR, shell
from tests.admission_corpus.pickle_assembly import stream

HEAD = 'version = 1\ntitle = "Releases"\nowner = "voice team"\n\n'
OLD = asm.legacy(asm.state_dict(("w", asm.tensor("0", 4, (4,), (1,)))), ("0", FOUR))
HARM = stream(shell("nothing"))

Decide = Callable[..., Admission]


def weights(*names: str) -> bytes:
    """A checkpoint of today with these tensors."""
    entries = ((name, asm.tensor("0", 4, (4,), (1,))) for name in names)
    return asm.torch_archive(stream(asm.state_dict(*entries)), FOUR)


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "model.pth").write_bytes(OLD)
    return folder


@pytest.fixture
def policy(tmp_path: Path) -> Callable[..., Path]:
    """Write what is proposed for a model into a policy, as somebody does who has looked."""

    def write(model: Path, *changes: tuple[str, str]) -> Path:
        lines = "\n".join(admit(model).proposal)
        lines = lines.replace('owner = ""', 'owner = "eve"').replace('reason = ""', 'reason = "looked at it"')
        for old, new in changes:
            assert old in lines
            lines = lines.replace(old, new)
        path = tmp_path / "policy.toml"
        path.write_text(HEAD + lines + "\n", "utf-8")
        return path

    return write


def decided(model: Path, path: Path) -> Admission:
    return admit(model, policy=read_policy(path))


class TestProposal:
    def test_lets_the_model_pass_once_somebody_answers_for_it(self, voice: Path, policy) -> None:
        assert admit(voice).verdict is Verdict.INCONCLUSIVE
        found = decided(voice, policy(voice))
        assert (found.verdict, found.proposal, found.remarks) == (Verdict.PASS, (), ())
        assert [flaw.accepted.partition(" until ")[0] for flaw in found.flaws] == ["accepted by eve"]

    def test_is_no_acceptance_as_it_is_printed(self, voice: Path, tmp_path: Path) -> None:
        path = tmp_path / "policy.toml"
        path.write_text(HEAD + "\n".join(admit(voice).proposal), "utf-8")
        with pytest.raises(BadInput, match="expected 'owner' as one line of text"):
            read_policy(path)

    def test_is_of_the_whole_model_where_no_file_is_meant(
        self, voice: Path, policy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(directory, "MAX_FILES", 0)
        path = policy(voice)
        assert 'file = "."' in path.read_text("utf-8")
        assert decided(voice, path).verdict is Verdict.PASS
        (voice / "notes.txt").write_text("one more\n", "utf-8")
        found = decided(voice, path)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "is of another digest" in found.remarks[0]

    def test_is_not_made_for_what_has_no_digest(self, voice: Path) -> None:
        (voice / "best.pth").symlink_to("model.pth")
        assert "directory-link" not in "\n".join(admit(voice).proposal)

    def test_is_not_made_for_what_fails(self, voice: Path) -> None:
        (voice / "a.pkl").write_bytes(HARM)
        assert admit(voice).proposal == ()

    @pytest.mark.parametrize("name", ["a b.xyz", "ü.xyz", "a'b.xyz", "#.xyz", "a=[b].xyz"])
    def test_spells_any_name_so_that_it_is_read_again(self, voice: Path, policy, name: str) -> None:
        (voice / name).write_bytes(b"\x01\x02")
        assert decided(voice, policy(voice)).verdict is Verdict.PASS


class TestHolding:
    def test_ends_on_its_last_day(self, voice: Path, policy) -> None:
        path = policy(voice)
        text = path.read_text("utf-8")
        path.write_text(text[: text.index("expires")] + "expires = 2020-01-01\n", "utf-8")
        found = decided(voice, path)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert found.remarks == (
            "not accepted: the acceptance of admission.legacy-format in model.pth (line 5 of the policy) ended on "
            "2020-01-01",
        )

    def test_is_for_no_other_bytes(self, voice: Path, policy) -> None:
        path = policy(voice)
        (voice / "model.pth").write_bytes(OLD[:-1] + b"\0")
        found = decided(voice, path)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "is of another digest: expected" in found.remarks[0]

    def test_is_for_no_other_rule_and_no_other_file(self, voice: Path, policy) -> None:
        (voice / "other.pth").write_bytes(OLD)
        found = decided(voice, policy(voice, ('file = "other.pth"', 'file = "another.pth"')))
        assert found.verdict is Verdict.INCONCLUSIVE
        assert [flaw.file for flaw in found.flaws if not flaw.accepted] == ["other.pth"]
        assert found.remarks[0].endswith("has nothing to accept here")
        found = decided(voice, policy(voice, ("legacy-format", "unknown-format")))
        assert found.verdict is Verdict.INCONCLUSIVE
        assert not [flaw for flaw in found.flaws if flaw.accepted]

    def test_is_met_by_the_file_alone(self, voice: Path, policy) -> None:
        (voice / "sub").mkdir()
        (voice / "model.pth").rename(voice / "sub" / "model.pth")
        assert decided(voice / "sub" / "model.pth", policy(voice)).verdict is Verdict.PASS

    def test_never_covers_what_fails_beside_it(self, voice: Path, policy) -> None:
        path = policy(voice)
        (voice / "a.pkl").write_bytes(HARM)
        found = decided(voice, path)
        assert found.verdict is Verdict.FAIL
        assert found.flaws[0].rule.id == "admission.pickle-import"

    def test_covers_nothing_that_was_not_told(self, voice: Path, policy, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who accepts the first questions has not seen the others."""
        for number in range(5):
            (voice / f"a{number}.xyz").write_bytes(bytes((number, 1)))
        monkeypatch.setattr(directory, "MAX_FLAWS", 3)
        path = policy(voice)
        found = decided(voice, path)
        assert not [flaw for flaw in found.flaws if not flaw.accepted]
        assert found.verdict is Verdict.INCONCLUSIVE

    def test_of_a_file_with_many_flaws_of_one_rule_covers_them(self, voice: Path, policy) -> None:
        one = asm.MARK + asm.text("storage") + asm.named("torch", "FloatStorage") + asm.text("0") + asm.text("cpu")
        one += asm.number(4) + asm.MARK + asm.text("1") + asm.number(0) + asm.number(4) + asm.TUPLE + asm.TUPLE
        body = (one + asm.BINPERSID + asm.POP) * 60
        (voice / "model.pth").write_bytes(asm.legacy(body + asm.EMPTY_DICT, ("0", FOUR)))
        assert admit(voice).verdict is Verdict.INCONCLUSIVE
        assert decided(voice, policy(voice)).verdict is Verdict.PASS


class TestTwoFiles:
    """A question about two files is answered for both: neither may be another one later."""

    VITS = json.dumps({"model": "vits", "model_args": {"num_chars": 10}, "audio": {}})
    FREIGHT = weights("flow.w", "freight.w")

    @pytest.fixture
    def two(self, tmp_path: Path) -> Path:
        folder = tmp_path / "two"
        folder.mkdir()
        (folder / "config.json").write_text(self.VITS, "utf-8")
        (folder / "model.pth").write_bytes(self.FREIGHT)
        return folder

    def test_are_both_named_and_either_one_s_change_asks_again(self, two: Path, policy) -> None:
        path = policy(two)
        lines = path.read_text("utf-8")
        sha256 = hashlib.sha256(self.VITS.encode()).hexdigest()
        assert f'file = "model.pth"\nsha256 = "{hashlib.sha256(self.FREIGHT).hexdigest()}"\n' in lines
        assert f'beside = {{ "config.json" = "{sha256}" }}\n' in lines
        assert decided(two, path).verdict is Verdict.PASS
        (two / "config.json").write_text(self.VITS.replace("10", "11"), "utf-8")
        found = decided(two, path)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert f"is of another digest of config.json: expected {sha256[:12]}, got " in found.remarks[0]

    def test_are_not_covered_by_the_word_for_one(self, two: Path, policy) -> None:
        path = policy(two)
        lines = path.read_text("utf-8").splitlines()
        path.write_text("\n".join(line for line in lines if not line.startswith("beside")), "utf-8")
        found = decided(two, path)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "says nothing about config.json, which the question is about as well" in found.remarks[0]

    def test_of_a_side_file_are_the_configuration_and_what_it_names(self, two: Path, policy) -> None:
        (two / "model.pth").write_bytes(weights("flow.w"))
        named = {"model": "vits", "model_args": {"use_speaker_embedding": True, "speakers_file": "speakers.txt"}}
        (two / "config.json").write_text(json.dumps(named), "utf-8")
        (two / "speakers.txt").write_text("anna\n", "utf-8")
        path = policy(two)
        assert '"speakers.txt" = "' in path.read_text("utf-8")
        assert decided(two, path).verdict is Verdict.PASS
        (two / "speakers.txt").write_text("berta\n", "utf-8")
        found = decided(two, path)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "is of another digest of speakers.txt" in found.remarks[0]

    def test_of_a_comparison_are_the_reference_s_too(self, two: Path, tmp_path: Path, policy) -> None:
        other = tmp_path / "reference.pth"
        other.write_bytes(weights("else.w"))
        lines = "\n".join(admit(two / "model.pth", reference=other).proposal)
        assert f'"reference:reference.pth" = "{hashlib.sha256(other.read_bytes()).hexdigest()}"' in lines
        path = tmp_path / "compared.toml"
        path.write_text(HEAD + lines.replace('= ""', '= "eve"'), "utf-8")
        assert admit(two / "model.pth", reference=other, policy=read_policy(path)).verdict is Verdict.PASS
        other.write_bytes(weights("more.w"))
        assert admit(two / "model.pth", reference=other, policy=read_policy(path)).verdict is Verdict.INCONCLUSIVE

    @pytest.mark.parametrize("count", [1, 3, 20])
    def test_of_leftovers_are_all_that_one_line_tells(self, voice: Path, policy, count: int) -> None:
        (voice / "model.pth").write_bytes(weights("w"))
        for number in range(count):
            (voice / f"._{number}").write_bytes(b"\0\5\x16\7" + bytes(30))
        path = policy(voice)
        assert ("beside" in path.read_text("utf-8")) is (count > 1)
        assert decided(voice, path).verdict is Verdict.PASS
        (voice / f"._{count - 1}").write_bytes(b"\0\5\x16\7" + bytes(31))
        assert decided(voice, path).verdict is Verdict.INCONCLUSIVE


class TestRefused:
    @pytest.mark.parametrize(
        ("rule", "why"),
        [
            ("pickle-import", RUNS_CODE),
            ("pickle-state", RUNS_CODE),
            ("config-import", RUNS_CODE),
            ("config-pickle", RUNS_CODE),
            ("config-unsafe-loader", "means that code runs which nobody has read"),
            ("directory-executable", RUNS_CODE),
            ("torchscript", RUNS_CODE),
            ("too-large", "fails, and asks nobody"),
            ("directory-unread", "fails, and asks nobody"),
            ("signature-bad", "fails, and asks nobody"),
            ("signature-unchecked", "is for those to settle who say whose signature counts"),
        ],
    )
    def test_are_rules_that_mean_execution_and_all_that_fails(self, voice: Path, policy, rule: str, why: str) -> None:
        path = policy(voice, ("legacy-format", rule))
        with pytest.raises(BadInput, match=rf"policy.toml:5: admission.{rule} cannot be accepted: it {why}$"):
            decided(voice, path)

    def test_is_a_rule_that_does_not_exist(self, voice: Path, policy) -> None:
        path = policy(voice, ("legacy-format", "legacy-formats"))
        with pytest.raises(BadInput, match=r"5: no rule of admission is called .*; did you mean admission.legacy-for"):
            decided(voice, path)

    def test_every_rule_says_why_or_asks(self) -> None:
        for rule in every_rule():
            assert bool(rule.why_unacceptable) or rule.verdict is Verdict.INCONCLUSIVE, rule.id


class TestVerb:
    def test_follows_the_policy_by_exit_code_and_in_every_format(
        self, voice: Path, policy, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = policy(voice)
        assert main(["scan", str(voice)]) == 4
        told = capsys.readouterr().out
        assert '\n[[accept]]\nrule = "admission.legacy-format"\nfile = "model.pth"\nsha256 = ' in told
        assert main(["scan", "--policy", str(path), str(voice)]) == 0
        told = capsys.readouterr().out
        assert "ACCEPTED  admission.legacy-format" in told
        assert "  by      accepted by eve until " in told
        assert "[[accept]]" not in told
        assert main(["scan", "--policy", str(path), "--format", "json", str(voice)]) == 0
        (scan,) = json.loads(capsys.readouterr().out)["scans"]
        assert scan["findings"][0]["accepted"].startswith("accepted by eve until ")
        assert (scan["proposal"], scan["not_accepted"]) == ([], [])
        assert main(["scan", "--policy", str(path), "--format", "sarif", str(voice)]) == 0
        (run,) = json.loads(capsys.readouterr().out)["runs"]
        assert run["results"][0]["suppressions"][0]["justification"].startswith("accepted by eve until ")
        assert run["invocations"][0]["exitCode"] == 0

    def test_says_in_one_line_what_does_not_hold(self, voice: Path, policy, capsys: pytest.CaptureFixture[str]) -> None:
        path = policy(voice)
        (voice / "model.pth").write_bytes(OLD[:-1] + b"\0")
        assert main(["scan", "--policy", str(path), str(voice)]) == 4
        assert len([line for line in capsys.readouterr().out.splitlines() if line.startswith("not accepted: ")]) == 1

    def test_refuses_a_policy_that_accepts_execution(
        self, voice: Path, policy, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = policy(voice, ("legacy-format", "pickle-import"))
        assert main(["scan", "--policy", str(path), str(voice)]) == 2
        assert "cannot be accepted: it means that code runs" in capsys.readouterr().err
        assert main(["policy", "check", str(path)]) == 1
        assert "line 5: admission.pickle-import cannot be accepted" in capsys.readouterr().out

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads what nobody may")
    def test_fails_where_a_folder_cannot_be_read(self, voice: Path) -> None:
        (voice / "sub").mkdir(mode=0)
        assert main(["scan", str(voice)]) == 1
