"""Who of a model is judged: a choice that is missing or wrong gets one line before anything is judged."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.cli.main import main
from harness.core.speakers import token_of

SUITE = """\
version: 1
title: One
language: en
probes:
  - {id: door, family: carriers, text: Please close the door behind you.}
"""


def folder(pytester: pytest.Pytester, *checkpoints: str) -> str:
    pytester.makefile(".probes.yaml", one=SUITE)
    voice = pytester.mkdir("voice")
    (voice / "config.json").write_text('{"model": "vits"} // ours', "utf-8")
    for number, name in enumerate(checkpoints):
        (voice / name).write_bytes(bytes([number]))
    return "--tts-model=voice"


def last_line(pytester: pytest.Pytester, *options: str) -> tuple[int, str]:
    run = pytester.runpytest_inprocess("one.probes.yaml", *options)
    return int(run.ret), last_error(run)


def last_error(run: pytest.RunResult) -> str:
    return [line for line in run.errlines if line.startswith("ERROR")][-1]


def test_two_checkpoints_are_a_usage_line_that_lists_them(pytester: pytest.Pytester) -> None:
    code, line = last_line(pytester, folder(pytester, "best_model.pth", "checkpoint_9.pth", "speakers.pth"))
    assert code == pytest.ExitCode.USAGE_ERROR
    assert line.endswith(
        "voice: expected one checkpoint, got 2: best_model.pth, checkpoint_9.pth; "
        "name the one to judge: --tts-checkpoint=best_model.pth"
    )


def test_a_checkpoint_that_is_not_there_is_one_too(pytester: pytest.Pytester) -> None:
    code, line = last_line(pytester, folder(pytester, "model.pth"), "--tts-checkpoint=modl.pth")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert line.endswith("expected the name of a checkpoint in it, got 'modl.pth'; did you mean 'model.pth'?")


def test_no_checkpoint_is_one_too(pytester: pytest.Pytester) -> None:
    code, line = last_line(pytester, folder(pytester, "speakers.pth"))
    assert code == pytest.ExitCode.USAGE_ERROR
    assert line.endswith("voice: expected a checkpoint beside config.json (*.pth or *.pth.tar), got none")


class TestSpeaker:
    """A fake voice with two speakers, one of whom drops "not"."""

    @pytest.fixture
    def model(self, pytester: pytest.Pytester) -> Path:
        text = "Please do not open it."
        suite = SUITE.replace("id: door", "id: door, critical: [not]").replace(
            "Please close the door behind you.", text
        )
        pytester.makefile(".probes.yaml", one=suite)
        fault = {"kind": "drop-word", "word": "not", "speaker": "bruno"}
        content = {"version": 1, "speakers": ["amelie", "bruno"], "languages": ["de", "en-us"], "faults": [fault]}
        folder = pytester.mkdir("two")
        (folder / "fake.json").write_text(json.dumps(content), "utf-8")
        return folder

    def record(self, name: str, *options: str) -> int:
        return main(
            ["record", "--model", "two", "--suite", "one.probes.yaml", "--out", f"golden/{name}", "--asr", "fake",
             "--no-cost", *options]
        )  # fmt: skip

    def test_that_is_missing_or_unknown_is_a_usage_line_that_lists_them(
        self, pytester: pytest.Pytester, model: Path
    ) -> None:
        code, line = last_line(pytester, "--tts-model=two", "--tts-asr=fake")
        assert code == pytest.ExitCode.USAGE_ERROR
        assert line.endswith(
            "two: it has 2 speakers, choose one with --tts-speaker=amelie (or several, or all); there are amelie, bruno"
        )
        code, line = last_line(pytester, "--tts-model=two", "--tts-speaker=ameli", "--tts-asr=fake")
        assert code == pytest.ExitCode.USAGE_ERROR
        assert line.endswith("two: --tts-speaker: it has no speaker 'ameli'; did you mean 'amelie'?")

    def test_is_part_of_what_is_recorded_judged_and_said(
        self, pytester: pytest.Pytester, model: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.record("none") == 2
        assert "choose one with --speaker=amelie (or several, or all)" in capsys.readouterr().err
        assert self.record("amelie", "--speaker", "amelie") == 0
        manifest = json.loads(Path("golden/amelie/manifest.json").read_text("utf-8"))
        assert manifest["voice"] == "speaker amelie, language en-us"
        gate = ("--tts-model=two", "--tts-asr=fake", "--tts-golden=amelie", "-k", "door")
        honest = pytester.runpytest_inprocess("one.probes.yaml", *gate, "--tts-speaker=amelie")
        honest.assert_outcomes(passed=1, deselected=len(honest.outlines) and honest.parseoutcomes()["deselected"])
        assert "speaker amelie, language en-us) against golden amelie" in honest.stdout.str()
        code, line = last_line(pytester, *gate, "--tts-speaker=bruno")
        assert code == pytest.ExitCode.USAGE_ERROR
        assert "golden amelie is of speaker amelie, language en-us, got speaker bruno" in line

    def test_of_another_model_is_judged_against_that_golden(
        self, pytester: pytest.Pytester, model: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.record("amelie", "--speaker", "amelie") == 0
        (model / "README.txt").write_text("another release", "utf-8")
        gate = ("--tts-model=two", "--tts-asr=fake", "--tts-golden=amelie", "-k", "door")
        found = {
            name: pytester.runpytest_inprocess("one.probes.yaml", *gate, f"--tts-speaker={name}").parseoutcomes()
            for name in ("amelie", "bruno")
        }
        assert (found["amelie"].get("failed"), found["bruno"].get("failed")) == (None, 1)


def test_what_a_model_can_speak_as_is_listed(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
    folder(pytester, "best_model.pth", "speakers.pth")
    content = {"model": "vits", "use_speaker_embedding": True, "speakers": ["p225", "p\x1b[2J226"], "languages": ["en"]}
    content |= {
        "audio": {"sample_rate": 22050, "stats_path": "/home/x/scale_stats.npy"},
        "speakers_file": "/y/speakers.pth",
    }
    Path("voice/config.json").write_text(json.dumps(content), "utf-8")
    expected = [
        "engine: coqui",
        "architecture: vits",
        "sample rate: 22050 Hz",
        "vocoder: its own decoder",
        "checkpoints: best_model.pth",
        "speakers: p225, p226",
        "languages: one",
        "side file: speakers_file is speakers.pth, written /y/speakers.pth",
        "side file: stats_path names /home/x/scale_stats.npy, which is no file of the model",
    ]
    for words in (["list", "--voices", "--model", "voice"], ["list", "--model", "voice"]):
        assert main(words) == 0
        assert capsys.readouterr().out.splitlines() == expected
    assert main(["list", "--model", "voice", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["architecture"], told["sample_rate"], told["speakers"][0]) == ("vits", 22050, "p225")


def test_a_model_of_frames_is_listed_with_what_makes_its_samples(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(pytester, "model.pth")
    Path("voice/config.json").write_text('{"model": "glow_tts"}', "utf-8")
    assert main(["list", "--model", "voice"]) == 0
    assert "vocoder: none: Griffin-Lim" in capsys.readouterr().out.splitlines()
    Path("voice/vocoder").mkdir()
    Path("voice/vocoder/config.json").write_text('{"model": "hifigan"}', "utf-8")
    assert main(["list", "--model", "voice"]) == 0
    assert "vocoder: the one in vocoder/" in capsys.readouterr().out.splitlines()


class TestSeveralSpeakers:
    """A fake voice with two speakers: each has items, a golden and findings of its own."""

    PROBES = (
        ("door", "Please do not open the door."),
        ("shed", "Please do not open the shed, osprey."),
        ("gate", "You should not open the gate."),
        ("bank", "You should not call the bank."),
    )

    @pytest.fixture(scope="class")
    @classmethod
    def recorded(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A suite, the voice, and goldens of both speakers together, of both where the second is quiet, and of one."""
        here = tmp_path_factory.mktemp("recorded")
        lines = [f"  - {{id: {name}, family: carriers, critical: [not], text: '{text}'}}" for name, text in cls.PROBES]
        (here / "one.probes.yaml").write_text("\n".join([*SUITE.splitlines()[:4], *lines]) + "\n", "utf-8")
        (here / "two").mkdir()
        quiet = {"kind": "quiet", "speaker": "bruno k"}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(here)
            for name, who, faults in (("loud", "all", (quiet,)), ("one", "amelie", ()), ("two", "all", ())):
                cls.write(here / "two", *faults)
                assert main(["record", "--model", "two", "--suite", "one.probes.yaml", "--out", f"golden/{name}",
                             "--asr", "fake", "--no-cost", "--speaker", who]) == 0  # fmt: skip
        return here

    @pytest.fixture
    def gate(self, pytester: pytest.Pytester, recorded: Path) -> Callable[..., pytest.RunResult]:
        shutil.copytree(recorded, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".soundcheck"))

        def run(*options: str) -> pytest.RunResult:
            asked = ("--tts-model=two", "--tts-asr=fake", "--tts-golden=two", "--tts-cost=off")
            return pytester.runpytest_inprocess("one.probes.yaml", *asked, *options)

        return run

    @staticmethod
    def write(folder: Path, *faults: dict[str, str]) -> None:
        content = {"version": 1, "speakers": ["amelie", "bruno k"], "faults": faults}
        (folder / "fake.json").write_text(json.dumps(content), "utf-8")

    def results(self) -> dict[str, Any]:
        (found,) = Path(".soundcheck/runs").glob("*/results.json")
        content: dict[str, Any] = json.loads(found.read_text("utf-8"))
        return content

    def test_have_an_item_each_for_every_probe(self, gate: Callable[..., pytest.RunResult]) -> None:
        run = gate("--tts-speaker=all", "-v")
        manifest = json.loads(Path("golden/two/manifest.json").read_text("utf-8"))
        assert (manifest["voice"], manifest["speakers"]) == ("", ["amelie", "bruno k"])
        assert len(Path("golden/two/records.jsonl").read_text("utf-8").splitlines()) == 8
        assert run.ret == 0
        names = [line.partition(" ")[0] for line in run.outlines if "::candidate@" in line]
        tokens = ["amelie", token_of("bruno k")]
        assert names == [f"one.probes.yaml::candidate@{token}::{name}" for token in tokens for name, _ in self.PROBES]
        assert "speaker   amelie: 4 probes passed" in run.stdout.str()
        assert "speakers amelie, bruno k) against golden two: all 8 probes passed" in run.stdout.str()
        info = self.results()["info"]
        assert (info["speakers"], info["comparison"]) == (["amelie", "bruno k"], "same-weights")
        assert sum(suite["probes"] for suite in info["suites"]) == 8

    def test_are_told_apart_by_what_fails(self, gate: Callable[..., pytest.RunResult]) -> None:
        fault = {"kind": "drop-word", "word": "not", "when": "osprey", "speaker": "bruno k"}
        self.write(Path("two"), fault)
        run = gate("--tts-speaker=amelie", "--tts-speaker=bruno k")
        assert run.ret == 1
        results = self.results()
        failed = {one["subject"] for one in results["outcomes"] if one["verdict"] == "fail" and one["probe"]}
        assert failed == {f"shed@{token_of('bruno k')}"}
        assert f"pytest 'one.probes.yaml::candidate@{token_of('bruno k')}::shed'" in run.stdout.str()
        assert "speaker   bruno k: 1 of 4 probes failed" in run.stdout.str()

    def test_that_were_exchanged_are_found(self, gate: Callable[..., pytest.RunResult]) -> None:
        self.write(Path("two"), {"kind": "quiet", "speaker": "amelie"})
        run = gate("--tts-speaker=all", "--tts-golden=loud")
        assert run.ret == 1
        outcomes = self.results()["outcomes"]
        rules = {finding["rule"] for one in outcomes for finding in one["findings"]}
        assert "shift.speaker" in rules
        assert all(one["verdict"] == "fail" for one in outcomes if one["probe"])

    def test_are_judged_one_at_a_time_by_the_golden_of_all(self, gate: Callable[..., pytest.RunResult]) -> None:
        run = gate("--tts-speaker=bruno k", "-v")
        assert run.ret == 0
        assert "one.probes.yaml::candidate::door PASSED" in run.stdout.str()
        assert self.results()["info"]["comparison"] == "same-weights"

    def test_have_to_be_those_of_the_golden(self, gate: Callable[..., pytest.RunResult]) -> None:
        run = gate("--tts-speaker=all", "--tts-golden=one")
        assert run.ret == pytest.ExitCode.USAGE_ERROR
        assert last_error(run).endswith(
            "golden one is of speaker amelie, got 2 speakers; choose who was recorded, or record a golden of who speaks"
        )

    def test_keep_what_they_say_when_a_golden_is_pruned(
        self, gate: Callable[..., pytest.RunResult], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["golden", "prune", "two"]) == 0
        assert "0 probes that no suite names" in capsys.readouterr().out
        suite = Path("one.probes.yaml")
        suite.write_text(suite.read_text("utf-8").replace("id: bank", "id: loan"), "utf-8")
        assert main(["golden", "prune", "two"]) == 4
        told = capsys.readouterr().out.splitlines()
        assert told[1:] == ["  bank@amelie", f"  bank@{token_of('bruno k')}"]

    def test_may_be_chosen_by_a_suite(self, gate: Callable[..., pytest.RunResult]) -> None:
        suite = Path("one.probes.yaml")
        suite.write_text("speaker: [amelie, bruno k]\n" + suite.read_text("utf-8"), "utf-8")
        assert "all 8 probes passed" in gate().stdout.str()
        Path("two.probes.yaml").write_text(suite.read_text("utf-8").replace("[amelie, bruno k]", "amelie"), "utf-8")
        other = gate("two.probes.yaml")
        assert other.ret == pytest.ExitCode.USAGE_ERROR
        assert "two.probes.yaml: expected speaker amelie, bruno k as in one.probes.yaml, got amelie" in last_error(
            other
        )
        assert gate("two.probes.yaml", "--tts-speaker=amelie", "--collect-only").ret == 0

    def test_may_be_written_in_an_ini_file(
        self, pytester: pytest.Pytester, gate: Callable[..., pytest.RunResult]
    ) -> None:
        pytester.makeini("[pytest]\ntts_speaker =\n  amelie\n  bruno k\n")
        run = gate()
        assert run.ret == 0
        assert "all 8 probes passed" in run.stdout.str()


class TestRecording:
    """A fake voice that clones: whoever is heard in a recording is who is judged."""

    @pytest.fixture
    def gate(self, pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
        pytester.makefile(".probes.yaml", one=SUITE)
        content = {"version": 1, "speakers": ["amelie", "bruno"], "clones": True}
        (pytester.mkdir("model") / "fake.json").write_text(json.dumps(content), "utf-8")
        for place, name in enumerate(("anna", "otto")):
            sound = np.sin(np.arange(32_000) / (9 + place)).astype(np.float32)
            soundfile.write(f"{name}.wav", 0.3 * sound, 16_000)
        record = ["record", "--model", "model", "--suite", "one.probes.yaml", "--out", "golden/anna", "--asr", "fake"]
        assert main([*record, "--no-cost", "--speaker-wav", "anna.wav"]) == 0
        gate = ("--tts-model=model", "--tts-asr=fake", "--tts-golden=anna", "--tts-cost=off")
        return lambda *options: pytester.runpytest_inprocess("one.probes.yaml", *gate, *options)

    def test_is_part_of_what_is_recorded_judged_and_said(self, gate: Callable[..., pytest.RunResult]) -> None:
        digest = hashlib.sha256(Path("anna.wav").read_bytes()).hexdigest()
        assert json.loads(Path("golden/anna/manifest.json").read_text("utf-8"))["voice"] == f"recording {digest}"
        run = gate("--tts-speaker-wav=anna.wav")
        assert run.ret == 0
        assert f"recording {digest[:12]}) against golden anna: the only probe passed" in run.stdout.str()
        (found,) = Path(".soundcheck/runs").glob("*/results.json")
        info = json.loads(found.read_text("utf-8"))["info"]
        assert (info["comparison"], info["voice"]) == ("same-weights", f"recording {digest[:12]}")
        assert "--tts-speaker-wav=anna.wav" in info["options"]
        other = gate("--tts-speaker-wav=otto.wav")
        assert other.ret == pytest.ExitCode.USAGE_ERROR
        assert f"golden anna is of recording {digest[:12]}, got recording" in last_error(other)
