"""Admission as users of pytest meet it: items before all others, and a model that is refused is never loaded."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from harness.admission.admit import admit
from harness.core.ending import Ending
from harness.core.types import BehaviourEvent
from tests.conftest import MODEL_CHECKS, Voice

PROBES = 6
DOOR = 6


class Evil:
    """Prints a marker when it is unpickled, nothing else."""

    def __reduce__(self):
        return print, ("a marker",)


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path):
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())

    def run(model: Path, *arguments: str):
        return pytester.runpytest_inprocess(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake", "-rs",
            f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small", *arguments,
        )  # fmt: skip

    return run


def results(pytester: pytest.Pytester) -> dict:
    (path,) = (pytester.path / ".soundcheck" / "runs").glob("*/results.json")
    return json.loads(path.read_text("utf-8"))


def accepted(model: Path) -> str:
    """A policy of somebody who has looked at what is asked about a model."""
    lines = "\n".join(line for line in admit(model).proposal if not line.startswith("expires"))
    answered = lines.replace('owner = ""', 'owner = "eve"').replace('reason = ""', 'reason = "looked at it"')
    return f'version = 1\ntitle = "Releases"\nowner = "voice team"\n\n{answered}\nexpires = 2999-12-31\n'


@pytest.fixture
def hostile(fake_voice: Voice) -> Path:
    model = fake_voice()
    (model / "model.pth").write_bytes(pickle.dumps(Evil()))
    return model


class TestRefused:
    def test_is_named_and_never_loaded(self, gate, hostile: Path, pytester: pytest.Pytester) -> None:
        done = gate(hostile)
        done.assert_outcomes(passed=DOOR - 1, failed=1, skipped=PROBES + len(MODEL_CHECKS) - DOOR)
        done.stdout.fnmatch_lines(["*admission-checkpoint on candidate   CRITICAL  admission.pickle-import"])
        done.stdout.fnmatch_lines(["*model.pth, byte 0x*builtins.print*"])
        done.stdout.fnmatch_lines(["*inconclusive: not loaded: admission-checkpoint failed*"])
        assert results(pytester)["verdict"] == "fail"
        assert not (pytester.path / ".soundcheck" / "renderings").exists()

    def test_fails_the_session_though_only_probes_were_asked_for(
        self, gate, hostile: Path, pytester: pytest.Pytester
    ) -> None:
        done = gate(hostile, "-k", "door")
        done.assert_outcomes(skipped=1, deselected=PROBES + len(MODEL_CHECKS) - 1)
        assert done.ret == pytest.ExitCode.TESTS_FAILED
        assert results(pytester)["verdict"] == "fail"
        assert gate(hostile, "-k", "door", "--tts-gate=release").ret == pytest.ExitCode.TESTS_FAILED

    def test_records_no_golden(self, hostile: Path, recorded: Path, tmp_path: Path, capsys) -> None:
        from harness.cli.main import main

        code = main(
            ["record", "--model", str(hostile), "--suite", str(recorded / "small.probes.yaml"), "--asr", "fake",
             "--out", str(tmp_path / "golden"), "--dir", str(tmp_path / "runs")]
        )  # fmt: skip
        assert code == 2
        assert "not loaded: admission-checkpoint failed" in capsys.readouterr().err
        assert not (tmp_path / "golden").exists()


class TestUndecided:
    """A model of which the door is not sure is not loaded until somebody decides, whatever the gate."""

    @pytest.fixture
    def odd(self, fake_voice: Voice) -> Path:
        model = fake_voice()
        (model / "notes.xyz").write_bytes(b"\x01\x02")
        return model

    def test_is_not_loaded_and_the_lines_that_decide_are_printed(
        self, gate, odd: Path, pytester: pytest.Pytester
    ) -> None:
        done = gate(odd)
        done.assert_outcomes(passed=DOOR - 1, failed=1, skipped=PROBES + len(MODEL_CHECKS) - DOOR)
        assert done.ret == Ending.UNDECIDED
        done.stdout.fnmatch_lines(["*admission-directory on candidate   INCONCLUSIVE"])
        done.stdout.fnmatch_lines(
            [
                "[[][[]accept]]",
                'rule = "admission.directory-unknown"',
                'file = "notes.xyz"',
                'sha256 = "*"',
                'owner = ""',
            ]
        )
        done.stdout.fnmatch_lines(["*inconclusive: not loaded: admission-directory asks for a decision (notes.xyz*"])
        assert results(pytester)["verdict"] == "inconclusive"
        assert not (pytester.path / ".soundcheck" / "renderings").exists()

    def test_is_not_loaded_where_the_weights_were_not_fetched_or_a_tool_left_something(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        model = fake_voice()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{7:064d}\nsize 68092823\n"
        (model / "model.pth").write_text(pointer, "utf-8")
        (model / ".DS_Store").write_bytes(b"\0\0\0\1Bud1" + bytes(24))
        done = gate(model)
        assert done.ret == Ending.UNDECIDED
        shown = done.stdout.str()
        assert "Git LFS pointer" in shown
        assert "git lfs pull" in shown
        assert "not loaded: admission-directory asks for a decision" in shown

    def test_ends_no_session_as_passed_though_only_probes_were_asked_for(self, gate, odd: Path) -> None:
        done = gate(odd, "-k", "door")
        done.assert_outcomes(skipped=1, deselected=PROBES + len(MODEL_CHECKS) - 1)
        assert done.ret == Ending.UNDECIDED

    def test_records_no_golden_unless_somebody_decides(
        self, odd: Path, recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from harness.cli.main import main

        command = ["record", f"--model={odd}", f"--suite={recorded / 'small.probes.yaml'}", "--asr=fake", "--no-audio"]
        command += ["--no-cost", f"--out={tmp_path / 'golden'}", f"--dir={tmp_path / 'runs'}"]
        assert main(command) == 2
        assert "not loaded: admission-directory asks for a decision" in capsys.readouterr().err
        (tmp_path / "policy.toml").write_text(accepted(odd), "utf-8")
        assert main([*command, "--policy", str(tmp_path / "policy.toml")]) == 0

    def test_is_judged_once_somebody_decides_and_every_report_says_so(
        self, gate, odd: Path, pytester: pytest.Pytester
    ) -> None:
        (pytester.path / "policy.toml").write_text(accepted(odd), "utf-8")
        done = gate(odd, "--tts-policy=policy.toml", "--junitxml=junit.xml", "--tts-report=sarif")
        done.assert_outcomes(passed=PROBES + len(MODEL_CHECKS) + 1)
        words = "accepted by eve until 2999-12-31: looked at it (sha256 "
        done.stdout.fnmatch_lines(["ACCEPTED  medium admission-directory *", f"*{words}*"])
        found = results(pytester)
        (outcome,) = [one for one in found["outcomes"] if one["subject"] == "admission-directory"]
        assert (outcome["verdict"], outcome["findings"][0]["accepted"][: len(words)]) == ("pass", words)
        (run,) = (pytester.path / ".soundcheck" / "runs").iterdir()
        sarif = json.loads((run / "results.sarif").read_text("utf-8"))["runs"][0]
        assert [one["suppressions"][0]["justification"].startswith(words) for one in sarif["results"]] == [True]
        assert words in (run / "report.html").read_text("utf-8")
        assert f"medium admission.directory-unknown, {words}" in (pytester.path / "junit.xml").read_text("utf-8")

    def test_is_refused_before_anything_runs_where_execution_is_accepted(
        self, gate, odd: Path, pytester: pytest.Pytester
    ) -> None:
        text = accepted(odd).replace("directory-unknown", "pickle-import")
        (pytester.path / "policy.toml").write_text(text, "utf-8")
        done = gate(odd, "--tts-policy=policy.toml")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        told = done.stderr.str() + done.stdout.str()
        assert "policy.toml:5: admission.pickle-import cannot be accepted: it means that code runs" in told


class TestReference:
    def test_that_was_seen_to_reach_out_is_told_and_not_trusted(
        self, fake_voice: Voice, recorded: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from harness.cli.main import main
        from harness.sandbox.outside.events import EventLog

        seen = BehaviourEvent(when="speaking", kind="network", what="connect", detail="192.0.2.1:80", phrases=())
        monkeypatch.setattr(EventLog, "events", property(lambda _: (seen,)))
        suite = str(recorded / "small.probes.yaml")
        code = main(
            ["record", "--model", str(fake_voice()), "--suite", suite, "--asr", "fake", "--no-audio",
             "--out", str(tmp_path / "golden"), "--dir", str(tmp_path / "runs")]
        )  # fmt: skip
        assert code == 1
        assert "the reference was seen to network/connect while speaking: 192.0.2.1:80" in capsys.readouterr().err


class TestPinned:
    def test_another_model_than_the_pinned_one_is_refused(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        model = fake_voice()
        pytester.makepyprojecttoml(f'[tool.soundcheck.models]\n"{model}" = "sha256:{"0" * 64}"\n')
        done = gate(model)
        done.stdout.fnmatch_lines(["*admission-integrity on candidate   CRITICAL  admission.digest-pin"])
        assert done.ret == pytest.ExitCode.TESTS_FAILED


class TestChanged:
    CONFTEST = """
        from pathlib import Path

        def pytest_runtest_logreport(report):
            if report.nodeid.endswith("engine-load") and report.when == "call":
                Path({path!r}).write_text("new weights", "utf-8")
    """

    @pytest.mark.parametrize("selected", ["", "not unchanged"])
    def test_while_the_run_lasts_fails_it(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester, selected: str
    ) -> None:
        model = fake_voice()
        pytester.makeconftest(self.CONFTEST.format(path=str(model / "added.txt")))
        done = gate(model, "-k", selected)
        assert done.ret == pytest.ExitCode.TESTS_FAILED
        outcome = next(one for one in results(pytester)["outcomes"] if one["subject"] == "admission-unchanged")
        assert outcome["verdict"] == "fail"
        found = outcome["findings"][0]
        assert (found["place"]["file"], found["heard"]) == ("added.txt", "was not there before")
