"""Who of a model is judged: a choice that is missing or wrong gets one line before anything is judged."""

from __future__ import annotations

import pytest

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
