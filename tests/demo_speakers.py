"""Voices with two speakers and with two languages, made of the demo voice: both are understood, and told apart by ear.

The second speaker is a second row of an embedding that the demo voice has not: one of its two numbers is added to the
decoder's input along a direction in which pitch rises, the other to the duration predictor's along one in which sounds
last longer. ``tests/data/second-speaker.npz`` has both directions: the difference of latent frames of high and of low
pitch, and a gradient search for durations a seventh longer. For the first speaker, whose row is zero, it is the demo
voice to the bit. The second language is another front end: British phonemes of the same English.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from harness.core.paths import cache_root
from harness.models.demo import build_demo_voice

SPEAKERS = ("joe", "jim")
LANGUAGES = ("en-gb", "en-us")
DIRECTIONS = Path(__file__).parent / "data" / "second-speaker.npz"


def two_speakers(folder: Path) -> Path:
    """Write the demo voice with a second speaker, ``jim``: higher, and a little slower."""
    config = _config()
    config["model_args"] |= {"use_speaker_embedding": True, "num_speakers": 2, "speaker_embedding_channels": 2}
    config["speakers"] = list(SPEAKERS)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True), "utf-8")
    _write_weights(folder)
    return folder


def two_languages(folder: Path) -> Path:
    """Write the demo voice with the phonemes of two varieties of English."""
    config = _config()
    sets = [{"language": code, "phonemizer": "espeak", "dataset_name": code, "path": ""} for code in LANGUAGES]
    config |= {"datasets": sets, "phonemizer": "multi_phonemizer", "phoneme_language": None}
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True), "utf-8")
    shutil.copy(build_demo_voice(cache_root()) / "model.pth", folder / "model.pth")
    return folder


def _config() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((build_demo_voice(cache_root()) / "config.json").read_text("utf-8"))
    return content


def _write_weights(folder: Path) -> None:
    """The demo voice's weights, zeros in all that a speaker is added to, and the two directions."""
    import torch

    from harness.engines.coqui.espeak import install_inprocess_espeak

    install_inprocess_espeak()  # before TTS is imported
    from TTS.config import load_config
    from TTS.tts.models import setup_model

    own = torch.load(build_demo_voice(cache_root()) / "model.pth", weights_only=True)["model"]
    wanted = setup_model(load_config(str(folder / "config.json"))).state_dict()
    for name, value in wanted.items():
        if name not in own:  # weight norm divides by the norm of original1
            own[name] = torch.ones_like(value) if name.endswith("original1") else torch.zeros_like(value)
    directions = {name: torch.from_numpy(one.astype(np.float32)) for name, one in np.load(DIRECTIONS).items()}
    entrance = own["waveform_decoder.conv_pre.weight"].sum(2)
    own["waveform_decoder.cond_layer.weight"][:, 0, 0] = entrance @ directions["pitch"]
    own["duration_predictor.cond.weight"][:, 1, 0] = directions["tempo"]
    own["emb_g.weight"][1] = 1.0
    torch.save({"model": own}, folder / "model.pth")
