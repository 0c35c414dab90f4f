"""Who of a model is judged: a choice that is missing or wrong gets one line before anything is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main

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
    return int(run.ret), [line for line in run.errlines if line.startswith("ERROR")][-1]


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
        assert line.endswith("two: it has 2 speakers, choose one with --tts-speaker=amelie; there are amelie, bruno")
        code, line = last_line(pytester, "--tts-model=two", "--tts-speaker=ameli", "--tts-asr=fake")
        assert code == pytest.ExitCode.USAGE_ERROR
        assert line.endswith("two: --tts-speaker: it has no speaker 'ameli'; did you mean 'amelie'?")

    def test_is_part_of_what_is_recorded_judged_and_said(
        self, pytester: pytest.Pytester, model: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.record("none") == 2
        assert "choose one with --speaker=amelie" in capsys.readouterr().err
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
    Path("voice/config.json").write_text(json.dumps(content), "utf-8")
    assert main(["list", "--voices", "--model", "voice"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == ["checkpoints: best_model.pth", "speakers: p225, p226", "languages: one"]
