"""Every row of docs/troubleshooting.md: what is lacking is told in its words, and with its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.core.errors import BadInput, SoundcheckError
from harness.core.paths import cache_root
from harness.core.thirdparty import require
from harness.core.types import Model
from harness.core.voice import ONLY_VOICE
from harness.engines.registry import ENGINES
from harness.hearing.asr import weights
from harness.models import needs
from harness.models.files import find_model, find_voice, open_model
from harness.run import tools
from harness.sandbox.outside import levels
from harness.sandbox.outside.client import Worker
from harness.sandbox.outside.folders import WorkerFolder
from harness.sandbox.outside.launcher import ChildProcess, ProcessLauncher
from harness.speaking.cache import RenderingCache
from harness.speaking.pool import WorkerPool
from harness.speaking.renderer import Renderer
from harness.storage.store import Store
from tests.fake_voices import fake_voice

PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
ROW = re.compile(r"^\| (?P<lack>[^|`]+) \| `(?P<says>[^|]+)` \| (?P<pytest>\d) \| (?P<verb>\d) \|", re.MULTILINE)
ROWS = {row["lack"]: row for row in ROW.finditer(PAGE.read_text("utf-8"))}

Scene = Callable[[Path, pytest.MonkeyPatch], object]


def voice(folder: Path, **config: object) -> Path:
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return folder


def needing(language: str = "en", **config: object) -> Scene:
    def scene(folder: Path, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(needs, "is_importable", lambda name: name == "gruut")
        patch.setattr(needs, "is_installed", lambda name: True)
        model = Model(engine="coqui", path=voice(folder, model="vits", **config), digest="")
        door: Any = SimpleNamespace(outcomes=())
        tools._refuse_lacks(model, door, language)

    return scene


def without_engine(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(needs, "is_installed", lambda name: name != "torchaudio")
    door: Any = SimpleNamespace(outcomes=())
    tools._refuse_lacks(Model(engine="coqui", path=voice(folder, model="vits"), digest=""), door, "en")


def starting(*preloads: str, engine: str = ENGINES["fake"].adapter) -> Scene:
    def scene(folder: Path, _: pytest.MonkeyPatch) -> None:
        Worker(
            ProcessLauncher(), engine=engine, preloads=preloads, model=folder, device="cpu", threads=1,
            bounds=tools.Bounds(),
        ).start()  # fmt: skip

    return scene


def broken_library(folder: Path, _: pytest.MonkeyPatch) -> None:
    model = open_model(str(fake_voice(folder / "voice", {"kind": "load-fail", "of": "engine"})))
    cache = RenderingCache(Store(folder / "store"), model_digest=model.digest, engine_key="fake")
    renderer = Renderer(cache, WorkerPool(model, ProcessLauncher()))
    with contextlib.closing(renderer):
        renderer.load()


def out_of_memory(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ChildProcess, "is_victim", lambda process: True)
    voice = fake_voice(folder / "voice")
    worker = Worker(
        ProcessLauncher(), engine=ENGINES["fake"].adapter, model=voice, device="cpu", threads=1, bounds=tools.Bounds()
    )
    worker.start()
    process: Any = worker._process
    os.kill(process.pid, signal.SIGKILL)
    worker.render([("a word", 1)], lambda *_: None)


def folder_of(**config: object) -> Scene:
    return lambda folder, _: find_model(str(voice(folder, **config)))


def without_weights(folder: Path, patch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network")

    whisper = SimpleNamespace(_MODELS={"small": "https://x.example/00/small.pt"}, load_model=refuse)
    patch.setattr(weights, "_whisper", lambda: whisper)
    patch.setattr(weights, "openai_cache", lambda: folder)
    weights.resolve_whisper("small", folder / "cache")


def english_only(_: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tools, "require", lambda *_, **__: None)
    patch.setattr(tools, "resolve_whisper", lambda *_, **__: SimpleNamespace(name="tiny.en", source="", sha256=""))
    settings: Any = SimpleNamespace(asr="whisper:tiny.en")
    tools.make_transcriber(settings, lambda _: None, "de")


def without_sandbox(_: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(levels, "choose", lambda wanted: levels.Choice(level="", failures={"A": ("no namespaces",)}))
    levels.choose_launcher()


def locked_cache(_: Path, __: pytest.MonkeyPatch) -> None:
    with weights.building(Path("/proc/nowhere/whisper/x.pt")):
        pass


def homeless(_: Path, patch: pytest.MonkeyPatch) -> None:
    def gone(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("SOUNDCHECK_CACHE", "XDG_CACHE_HOME"):
        patch.delenv(name, raising=False)
    patch.setattr(Path, "expanduser", gone)
    cache_root()


def no_temporary(_: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tempfile, "tempdir", "/proc/nowhere")
    WorkerFolder.create()


def two_checkpoints(folder: Path, _: pytest.MonkeyPatch) -> None:
    for name in ("best_model_1.pth", "best_model_2.pth"):
        (folder / name).write_text(name)
    find_voice("coqui", voice(folder, model="vits"), ONLY_VOICE)


def no_checkpoint(folder: Path, _: pytest.MonkeyPatch) -> None:
    find_voice("coqui", voice(folder, model="vits"), ONLY_VOICE)


SCENES: dict[str, Scene] = {
    "a package of the engine": without_engine,
    "a phonemizer's package": needing(use_phonemes=True, phonemizer="ja_jp_phonemizer"),
    "a language of gruut": needing(use_phonemes=True, phonemizer="gruut", phoneme_language="de"),
    "a text cleaner's package": needing(text_cleaner="uroman_cleaners"),
    "a package of a package": starting("no_such_package"),
    "a library that ends the process": starting("os:abort"),
    "an adapter that is broken": starting(engine="harness.engines.fake.adapter:Gone"),
    "a library that fails on any weights": broken_library,
    "memory of the machine": out_of_memory,
    "Whisper itself": lambda _, __: require("no_such_whisper", extra="whisper"),
    "Whisper's weights": without_weights,
    "a Whisper for the language": english_only,
    "a sandbox": without_sandbox,
    "a cache that can be written": locked_cache,
    "a home folder": homeless,
    "a temporary folder": no_temporary,
    "Kokoro's folder": folder_of(istftnet={}, plbert={}),
    "the original VITS's folder": folder_of(train={}, data={}, model={}),
    "a folder of transformers": folder_of(model_type="vits"),
    "a vocoder's folder": folder_of(model="hifigan"),
    "a voice converter's folder": folder_of(model="freevc"),
    "the model's folder": lambda folder, _: find_model(str(folder / "gone")),
    "a checkpoint": no_checkpoint,
    "one checkpoint among several": two_checkpoints,
}


def test_the_page_has_a_row_for_each_lack() -> None:
    assert list(ROWS) == list(SCENES)
    assert len(ROWS) >= 20


@pytest.mark.parametrize("lack", SCENES)
def test_a_lack_is_told_as_it_stands_on_the_page(lack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ROWS[lack]
    with pytest.raises(SoundcheckError) as caught:
        SCENES[lack](tmp_path, monkeypatch)
    line = str(caught.value)
    assert row["says"] in line
    assert "\n" not in line
    is_usage = isinstance(caught.value, BadInput)
    assert (row["pytest"], row["verb"]) == (("4", "2") if is_usage else ("3", "3"))
