"""Whoever may write beside the model exchanges it for a moment, and puts it back: the run does not pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.sandbox.outside import levels
from harness.sandbox.outside.client import Worker
from tests.conftest import Voice

FAULT = {"kind": "drop-word", "word": "not", "when": "osprey"}


def test_is_not_loaded_though_all_is_as_before_when_the_run_ends(
    pytester: pytest.Pytester, recorded: Path, fake_voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not levels.choose().level:
        pytest.skip("no sandbox can be had here")
    evil, model, away = fake_voice(name="evil"), fake_voice(FAULT), pytester.path / "away"
    start = Worker.start

    def swapped(self: Worker, *more: object):
        """Honest files at the door, others for as long as a worker loads."""
        model.rename(away)
        evil.rename(model)
        try:
            return start(self, *more)
        finally:
            model.rename(evil)
            away.rename(model)

    monkeypatch.setattr(Worker, "start", swapped)
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
    done = pytester.runpytest_inprocess(
        "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake",
        f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small",
        "-k", "transfer-not or unchanged or engine-load",
    )  # fmt: skip
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["*the worker was not given the file that was admitted: fake.json*"])
    (path,) = pytester.path.glob(".soundcheck/runs/*/results.json")
    outcomes = {one["subject"]: one for one in json.loads(path.read_text("utf-8"))["outcomes"]}
    assert {one["rule"] for one in outcomes["engine-load"]["findings"]} == {"worker.exchanged"}
    assert {outcomes[name]["verdict"] for name in ("transfer-not", "transfer-not-control")} == {"inconclusive"}
