"""An error that an engine reports is the model's only where a voice that nobody trained does not raise it as well."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from harness.core.errors import EngineFailure
from harness.core.identity import Beside
from harness.engines import registry
from harness.models.files import open_model
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.pool import WorkerPool
from harness.speaking.untrained import BESIDE
from tests.fake_voices import WatchedLauncher, fake_voice
from tests.unit.speaking.test_renderer import BAD, BOUNDS, GOOD, Bench, rules

if TYPE_CHECKING:
    from pathlib import Path

OF_ENGINE = {"kind": "fail", "when": "osprey", "of": "engine"}
OF_SIDE_FILE = {"kind": "fail", "when": "osprey", "of": "side-file"}
OF_MODEL = {"kind": "fail", "when": "osprey"}


def told(made: dict[Any, Any]) -> str:
    fault = made[BAD]
    assert isinstance(fault, WorkerFault)
    return fault.what


class TestPhrase:
    def test_that_only_the_trained_voice_fails_on_is_the_models(self, tmp_path: Path) -> None:
        with Bench(tmp_path, OF_MODEL) as bench:
            made = bench.made(*GOOD, BAD)
            assert rules(made) == {**dict.fromkeys(GOOD, "spoken"), BAD: "worker.failed"}
            assert told(made) == "RuntimeError: planted failure"

    def test_that_an_untrained_voice_fails_on_as_well_is_the_engines(self, tmp_path: Path) -> None:
        with Bench(tmp_path, OF_ENGINE) as bench:
            made = bench.made(*GOOD, BAD)
            assert rules(made) == {**dict.fromkeys(GOOD, "spoken"), BAD: "engine.failed"}
            assert told(made) == (
                "RuntimeError: planted failure; an untrained voice of the same configuration fails as well "
                "(RuntimeError: planted failure)"
            )
            assert bench.renderer.refused == {BAD[0]}
            assert bench.renderer.guilty == {}

    def test_that_only_voices_with_the_models_side_files_fail_on_is_the_models(self, tmp_path: Path) -> None:
        with Bench(tmp_path, OF_SIDE_FILE) as bench:
            made = bench.made(*GOOD, BAD)
            assert rules(made) == {**dict.fromkeys(GOOD, "spoken"), BAD: "worker.failed"}
            assert told(made) == f"RuntimeError: planted failure; {BESIDE}"

    def test_that_voices_with_side_files_fail_on_is_nobodys_without_stand_ins(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(registry.ENGINES, "fake", dataclasses.replace(registry.FAKE, has_stand_ins=False))
        with Bench(tmp_path, OF_SIDE_FILE) as bench:
            assert rules(bench.made(BAD)) == {BAD: "engine.failed"}

    @pytest.mark.parametrize("kind", ["crash", "endless"])
    def test_that_an_untrained_voice_is_lost_on_is_nobodys(self, kind: str, tmp_path: Path) -> None:
        with Bench(tmp_path, OF_MODEL, {"kind": kind, "when": "osprey", "of": "engine"}) as bench:
            made = bench.made(BAD)
            assert rules(made) == {BAD: "engine.failed"}
            assert "cannot be found out: an untrained voice of its configuration was lost" in told(made)

    def test_is_asked_of_the_untrained_voice_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        beside = WatchedLauncher()
        monkeypatch.setattr(WatchedLauncher, "apart", lambda self: beside)
        with Bench(tmp_path, OF_MODEL, {"kind": "fail", "when": "swift"}) as bench:
            bench.made(*((BAD[0], seed) for seed in range(4)), ("swift", 1))
            assert (bench.launcher.starts, beside.starts) == (1, 1)
        assert beside.processes[0].exit_status(0) is not None

    def test_that_a_model_crashes_on_needs_no_untrained_voice(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        beside = WatchedLauncher()
        monkeypatch.setattr(WatchedLauncher, "apart", lambda self: beside)
        with Bench(tmp_path, {"kind": "exit", "when": "osprey"}) as bench:
            assert rules(bench.made(BAD)) == {BAD: "worker.crashed"}
        assert beside.starts == 0

    def test_of_an_engine_without_an_untrained_voice_is_nobodys(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bare = dataclasses.replace(registry.FAKE, has_untrained=False)
        monkeypatch.setitem(registry.ENGINES, "fake", bare)
        with Bench(tmp_path, OF_MODEL) as bench:
            made = bench.made(BAD)
            assert rules(made) == {BAD: "engine.failed"}
            assert told(made).endswith("cannot be found out: engine fake has no untrained voice to hold it against")


class TestLoading:
    def test_that_only_the_trained_voice_fails_at_is_the_models(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "load-fail"}) as bench, pytest.raises(WorkerFault) as caught:
            bench.renderer.load()
        assert caught.value.rule == "worker.failed"

    def test_that_an_untrained_voice_fails_at_as_well_is_an_error(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "load-fail", "of": "engine"}) as bench:
            for _ in range(2):
                with pytest.raises(EngineFailure, match="an untrained voice of the same configuration fails as well"):
                    bench.renderer.load()
            with pytest.raises(EngineFailure):
                bench.made(*GOOD)
            assert bench.launcher.starts == 1

    def test_that_only_voices_with_the_models_side_files_fail_at_is_the_models(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "load-fail", "of": "side-file"}) as bench:
            with pytest.raises(WorkerFault, match="where the model's vocoder and side files are replaced") as caught:
                bench.renderer.load()
            assert caught.value.rule == "worker.failed"


class TestWorker:
    def test_of_a_bare_voice_is_shown_configurations_alone_the_vocoders_too(self, tmp_path: Path) -> None:
        model = open_model(str(fake_voice(tmp_path / "voice")))
        which = model.files["fake.json"]
        files = {"fake.json": which, "vocoder/fake.json": which, "vocoder/model.pth": which, "speakers.pth": which}
        beside = Beside(path=tmp_path / "voice", digest="d", files=files)
        pool = WorkerPool(dataclasses.replace(model, files=files, vocoder=beside), WatchedLauncher(), bounds=BOUNDS)
        worker = pool._make_bare()
        assert (worker.is_untrained, worker.is_bare) == (True, True)
        assert worker.vocoder is not None
        assert set(worker._files or {}) == set(worker.vocoder.files) == {"fake.json", "vocoder/fake.json"}
        pool.close()

    def test_is_shown_all_files_but_the_checkpoint(self, tmp_path: Path) -> None:
        model = open_model(str(fake_voice(tmp_path / "voice")))
        files = {**model.files, "model.pth": model.files["fake.json"]}
        voice = dataclasses.replace(model.voice, checkpoint="model.pth")
        pool = WorkerPool(dataclasses.replace(model, files=files, voice=voice), WatchedLauncher(), bounds=BOUNDS)
        worker = pool._make_untrained()
        assert (worker.is_untrained, set(worker._files or {})) == (True, {"fake.json"})
        pool.close()

    def test_is_not_made_once_the_renderer_is_closed(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, OF_MODEL)
        untrained = bench.renderer._pool.untrained
        bench.renderer.close()
        fault = untrained.attribute(WorkerFault("worker.failed", "x"), BAD)
        assert fault.rule == "engine.failed"
        assert "not tried" in fault.what
