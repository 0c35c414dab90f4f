"""An untrained voice is built of what lies beside a checkpoint, for every layout with one checkpoint of Coqui's own.

What it does not raise, and a candidate does, is the candidate's fault.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from harness.core.errors import EngineFailure
from harness.engines.coqui.adapter import CoquiEngine
from harness.engines.coqui.rewriting import write_config
from harness.engines.coqui.untrained import NoUntrained, write_checkpoint
from harness.models.files import find_voice, open_model
from harness.models.voices import choices_of, choose_voice
from harness.sandbox.inside.worker import MAX_FILE_BYTES
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.levels import choose_launcher
from harness.speaking.cache import RenderingCache
from harness.speaking.pool import WorkerPool
from harness.speaking.renderer import Renderer
from harness.storage.store import Store
from tests.attacks.trial import OpenLauncher
from tests.coqui_layouts import BY_NAME, LAYOUTS, vocoder_of
from tests.coqui_voices import write_voice
from tests.e2e.conftest import LayOut

if TYPE_CHECKING:
    from pathlib import Path

    from harness.core.voice import Voice
    from harness.sandbox.outside.launcher import Launcher

pytestmark = pytest.mark.real
QUICK = ("glow", "vits-speakers")
ONE_CHECKPOINT = [layout.name for layout in LAYOUTS if layout.name not in ("tortoise", "mms") and not layout.is_copied]


@pytest.fixture(autouse=True)
def _one_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch lets the threads between operations be set once in a process, and a worker loads one model."""
    import torch

    monkeypatch.setattr(torch, "set_num_interop_threads", lambda _: None)


def chosen(folder: Path, name: str) -> Voice:
    layout = BY_NAME[name]
    return choose_voice(folder, choices_of("coqui", folder), find_voice("coqui", folder, layout.voices[0]))


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ONE_CHECKPOINT]
)
def test_a_layout_speaks_without_its_checkpoint(name: str, lay_out: LayOut) -> None:
    folder = lay_out(name)
    voice = chosen(folder, name)
    vocoder = vocoder_of(folder) if BY_NAME[name].vocoder else None
    (folder / voice.checkpoint).unlink()
    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    engine.load(folder, device="cpu", threads=1, voice=voice, vocoder=vocoder, is_untrained=True)
    (said,) = engine.render(["open the door"], [7])
    assert said.samples.size


BARE = ("glow-statistics", "vits-speakers-file", "glow-d-vectors", "glow+hifigan")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == BARE[1] else pytest.mark.slow) for name in BARE]
)
def test_a_layout_speaks_by_its_configurations_alone(name: str, lay_out: LayOut) -> None:
    folder = lay_out(name)
    voice = chosen(folder, name)
    vocoder = vocoder_of(folder) if BY_NAME[name].vocoder else None
    for place in filter(None, (folder, vocoder)):
        for path in place.rglob("*"):
            if path.is_file() and path.name != "config.json":
                path.unlink()
    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    engine.load(folder, device="cpu", threads=1, voice=voice, vocoder=vocoder, is_untrained=True, is_bare=True)
    engine.speak_as("nobody that the stand-ins know")
    (said,) = engine.render(["open the door"], [7])
    assert said.samples.size


@pytest.mark.slow
def test_a_voice_that_needs_its_vocabulary_cannot_be_built_bare(lay_out: LayOut) -> None:
    folder = lay_out("xtts-v2")
    with pytest.raises(NoUntrained):
        CoquiEngine().load(
            folder, device="cpu", threads=1, voice=chosen(folder, "xtts-v2"), is_untrained=True, is_bare=True
        )


def test_a_voice_of_several_checkpoints_cannot_be_built(tmp_path: Path) -> None:
    engine = CoquiEngine()
    with pytest.raises(NoUntrained, match="several checkpoints"):
        engine.load(tmp_path, device="cpu", threads=1, is_untrained=True)


def test_the_checkpoint_of_a_large_voice_is_a_file_that_a_worker_may_write(tmp_path: Path) -> None:
    import torch

    wide = {"hidden_channels": 192, "upsample_initial_channel_decoder": 512, "num_layers_text_encoder": 10}
    write_voice(tmp_path, "vits", {"model_args": wide})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    written = write_checkpoint(write_config(tmp_path, scratch), scratch, tmp_path)
    trained = (tmp_path / "best_model.pth").stat().st_size
    assert written.stat().st_size < MAX_FILE_BYTES / 8 < trained
    state = torch.load(written, weights_only=True)["model"]
    theirs = torch.load(tmp_path / "best_model.pth", weights_only=False)["model"]
    assert {name: value.shape for name, value in state.items()} == {name: v.shape for name, v in theirs.items()}
    assert all(bool(value.isfinite().all()) for value in state.values())


class TestErrors:
    """The way of a candidate's error, with a real engine: behind walls where another folder lies beside the model."""

    def renderer(self, folder: Path, store: Path, launcher: Launcher | None = None) -> Renderer:
        model = open_model(str(folder))
        cache = RenderingCache(Store(store), model_digest=model.digest, engine_key="coqui")
        forked = OpenLauncher(modules=("TTS.utils.synthesizer", "TTS.tts.models.vits"))
        return Renderer(cache, WorkerPool(model, launcher or forked, bounds=Bounds()))

    @pytest.mark.slow
    def test_weights_that_do_not_fit_are_the_models_fault(self, tmp_path: Path) -> None:
        import torch

        place = write_voice(tmp_path / "voice", "glow_tts") / "best_model.pth"
        content = torch.load(place, weights_only=False)
        content["model"].pop(next(iter(content["model"])))
        torch.save(content, place)
        with contextlib.closing(self.renderer(tmp_path / "voice", tmp_path / "store")) as renderer:
            with pytest.raises(WorkerFault, match="could not be loaded") as caught:
                renderer.load()
            assert caught.value.rule == "worker.failed"

    @pytest.mark.slow
    def test_side_files_that_do_not_fit_are_the_models_fault(self, lay_out: LayOut, tmp_path: Path) -> None:
        import torch

        folder = lay_out("vits-speakers-file")
        torch.save(["no", "names"], folder / "speakers.pth")
        with contextlib.closing(self.renderer(folder, tmp_path / "store")) as renderer:
            with pytest.raises(WorkerFault, match="where the model's vocoder and side files are replaced") as caught:
                renderer.load()
            assert caught.value.rule == "worker.failed"

    @pytest.mark.slow
    def test_a_vocoder_that_does_not_fit_is_the_models_fault(self, lay_out: LayOut, tmp_path: Path) -> None:
        import shutil

        import torch

        folder = lay_out("glow+hifigan")
        shutil.move(vocoder_of(folder), folder / "vocoder")
        (place,) = (folder / "vocoder").glob("*.pth")
        content = torch.load(place, weights_only=False)
        content["model"].pop(next(iter(content["model"])))
        torch.save(content, place)
        walled = choose_launcher(memory_bytes=8 << 30)
        with (
            contextlib.closing(self.renderer(folder, tmp_path / "store", walled)) as renderer,
            pytest.raises(WorkerFault, match="where the model's vocoder and side files are replaced"),
        ):
            renderer.load()

    @pytest.mark.slow
    def test_a_configuration_that_coqui_cannot_build_is_not_said_of_the_model(self, tmp_path: Path) -> None:
        folder = write_voice(tmp_path / "voice", "glow_tts")
        content = json.loads((folder / "config.json").read_text("utf-8"))
        (folder / "config.json").write_text(json.dumps({**content, "encoder_type": "none"}), "utf-8")
        with (
            contextlib.closing(self.renderer(folder, tmp_path / "store")) as renderer,
            pytest.raises(EngineFailure, match="an untrained voice of the same configuration fails as well"),
        ):
            renderer.load()
