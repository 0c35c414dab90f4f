"""Small models with random weights, written as Coqui's own classes write them: one folder for each architecture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_SMALL_FORWARD = {
    "encoder_params": {"hidden_channels_ffn": 32, "num_heads": 1, "num_layers": 1, "dropout_p": 0.1},
    "decoder_params": {"hidden_channels_ffn": 32, "num_heads": 1, "num_layers": 1, "dropout_p": 0.1},
    "hidden_channels": 32,
    "positional_encoding": True,
}
ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    "vits": {
        "model_args": {
            "hidden_channels": 32,
            "hidden_channels_ffn_text_encoder": 32,
            "num_layers_text_encoder": 1,
            "num_heads_text_encoder": 2,
            "num_layers_posterior_encoder": 1,
            "num_layers_flow": 1,
            "upsample_initial_channel_decoder": 32,
            "init_discriminator": False,
        }
    },
    "glow_tts": {
        "hidden_channels_enc": 32,
        "hidden_channels_dec": 32,
        "hidden_channels_dp": 32,
        "num_flow_blocks_dec": 1,
        "num_block_layers": 1,
    },
    "tacotron": {"r": 5, "max_decoder_steps": 60},
    "tacotron2": {"r": 5, "max_decoder_steps": 60},
    "fast_pitch": {"model_args": _SMALL_FORWARD},
    "speedy_speech": {
        "model_args": {
            "hidden_channels": 32,
            "encoder_type": "residual_conv_bn",
            "decoder_type": "residual_conv_bn",
            "encoder_params": {"kernel_size": 4, "dilations": [1], "num_conv_blocks": 1, "num_res_blocks": 1},
            "decoder_params": {"kernel_size": 4, "dilations": [1], "num_conv_blocks": 1, "num_res_blocks": 1},
        }
    },
    "align_tts": {"model_args": {"hidden_channels": 32, "hidden_channels_dp": 32}},
}
"""Model -> what its configuration has otherwise than Coqui's defaults: a few layers, a short end."""
_PLAIN = {"use_phonemes": False, "text_cleaner": "basic_cleaners", "test_sentences": [], "output_path": "/train/out"}


def write_voice(folder: Path, name: str, changes: Mapping[str, Any] | None = None, *, seed: int = 0) -> Path:
    """Write a model directory with ``config.json`` and ``best_model.pth``, as the trainer does.

    Args:
        folder: Where.
        name: Of :data:`ARCHITECTURES`.
        changes: What its configuration has besides.
        seed: Of the weights.
    """
    import torch
    from TTS.config import load_config
    from TTS.tts.models import setup_model

    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.json"
    content = {"model": name, **_PLAIN, **ARCHITECTURES[name], **(changes or {})}
    config.write_text(json.dumps(content), "utf-8")
    torch.manual_seed(seed)
    loaded = load_config(str(config))
    model = setup_model(loaded)
    loaded.save_json(str(config))
    loss = {"model_loss": np.float64(17.25), "best": np.array([1.0, 2.0])}
    torch.save({"model": model.state_dict(), "config": loaded.to_dict(), "step": 1, **loss}, folder / "best_model.pth")
    return folder
