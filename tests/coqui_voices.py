"""Small models with random weights, written as Coqui's own classes write them: one folder for each architecture.

Which folders there are, with their side files, is the business of :mod:`tests.coqui_layouts`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.audible_letters import let_letters_be_heard

_SMALL_LAYERS = {"hidden_channels_ffn": 32, "num_heads": 1, "num_layers": 1, "dropout_p": 0.1}
_SMALL_FORWARD = {
    "encoder_params": _SMALL_LAYERS,
    "decoder_params": _SMALL_LAYERS,
    "hidden_channels": 32,
    "positional_encoding": True,
}
_RESIDUAL = {"kernel_size": 4, "dilations": [1], "num_conv_blocks": 1, "num_res_blocks": 1}
_SMALL_HMM = {
    "encoder_in_out_features": 32,
    "encoder_n_convolutions": 1,
    "prenet_dim": 16,
    "memory_rnn_dim": 32,
    "outputnet_size": [32],
    "max_sampling_time": 120,
    "out_channels": 80,
}
_SMALL_XTTS = {
    "gpt_layers": 1,
    "gpt_n_model_channels": 64,
    "gpt_n_heads": 2,
    "gpt_max_audio_tokens": 8,
    "gpt_max_text_tokens": 200,
    "gpt_num_audio_tokens": 66,
    "gpt_start_audio_token": 64,
    "gpt_stop_audio_token": 65,
    "decoder_input_dim": 64,
}
_ROUGH = {"griffin_lim_iters": 10}
"""Ten of sixty, the fewest that Coqui takes: what is spoken need not sound well."""
ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    "vits": {
        "add_blank": False,
        "model_args": {
            "hidden_channels": 32,
            "hidden_channels_ffn_text_encoder": 32,
            "num_layers_text_encoder": 1,
            "num_heads_text_encoder": 2,
            "num_layers_posterior_encoder": 1,
            "num_layers_flow": 1,
            "upsample_initial_channel_decoder": 32,
            "init_discriminator": False,
            "inference_noise_scale_dp": 0.05,
        },
    },
    "glow_tts": {
        "audio": _ROUGH,
        "hidden_channels_enc": 32,
        "hidden_channels_dec": 32,
        "hidden_channels_dp": 32,
        "num_flow_blocks_dec": 1,
        "num_block_layers": 1,
    },
    "tacotron": {"r": 5, "max_decoder_steps": 20, "audio": _ROUGH},
    "tacotron2": {"r": 5, "max_decoder_steps": 20, "audio": _ROUGH},
    "fast_pitch": {"model_args": _SMALL_FORWARD, "audio": _ROUGH},
    "fast_speech": {"model_args": _SMALL_FORWARD, "audio": _ROUGH},
    "fastspeech2": {"model_args": _SMALL_FORWARD, "audio": _ROUGH},
    "speedy_speech": {
        "audio": _ROUGH,
        "model_args": {
            "hidden_channels": 32,
            "encoder_type": "residual_conv_bn",
            "decoder_type": "residual_conv_bn",
            "encoder_params": _RESIDUAL,
            "decoder_params": _RESIDUAL,
        },
    },
    "align_tts": {"model_args": {"hidden_channels": 32, "hidden_channels_dp": 32}, "audio": _ROUGH},
    "overflow": {
        **_SMALL_HMM,
        "audio": _ROUGH,
        "hidden_channels_dec": 16,
        "num_flow_blocks_dec": 1,
        "num_block_layers": 1,
    },
    "neuralhmm_tts": {**_SMALL_HMM, "audio": _ROUGH},
    "delightful_tts": {
        "init_discriminator": False,
        "vocoder": {"upsample_initial_channel_decoder": 32},
        "model_args": {
            "n_hidden_conformer_encoder": 32,
            "n_layers_conformer_encoder": 1,
            "n_heads_conformer_encoder": 2,
            "n_hidden_conformer_decoder": 32,
            "n_layers_conformer_decoder": 1,
            "n_heads_conformer_decoder": 2,
            "n_hidden_variance_adaptor": 32,
            "n_bins_variance_adaptor": 16,
            "bottleneck_size_u_reference_encoder": 32,
            "ref_enc_filters_reference_encoder": [8, 8, 8, 8, 8, 8],
            "speaker_embedding_channels": 16,
        },
    },
    "xtts": {"model_args": {**_SMALL_XTTS, "gpt_use_perceiver_resampler": True}, "languages": ["en", "es", "zh-cn"]},
    "tortoise": {
        "num_autoregressive_samples": 2,
        "diffusion_iterations": 2,
        "model_args": {
            "ar_layers": 1,
            "ar_model_dim": 32,
            "ar_heads": 2,
            "diff_model_channels": 64,
            "diff_num_layers": 1,
            "diff_in_latent_channels": 32,
            "diff_num_heads": 2,
            **{f"clvp_dim_{of}": 32 for of in ("text", "speech", "latent")},
            **{f"clvp_{of}_enc_depth": 1 for of in ("text", "speech")},
            **{f"clvp_{of}_heads": 2 for of in ("text", "speech")},
        },
    },
}
"""Model -> what its configuration has otherwise than Coqui's defaults: a few layers, a short end."""
HOPS = {"wavernn": 128}
"""Samples of a frame where they are not 256: it speaks them one by one."""
_GAN = "generator_model_params"
VOCODERS: Mapping[str, Mapping[str, Any]] = {
    "hifigan": {
        _GAN: {
            "upsample_factors": [8, 8, 2, 2],
            "upsample_kernel_sizes": [16, 16, 4, 4],
            "upsample_initial_channel": 32,
            "resblock_kernel_sizes": [3],
            "resblock_dilation_sizes": [[1, 3, 5]],
            "resblock_type": "1",
        }
    },
    "melgan": {_GAN: {"upsample_factors": [8, 8, 2, 2], "num_res_blocks": 1}},
    "fullband_melgan": {_GAN: {"upsample_factors": [8, 8, 2, 2], "num_res_blocks": 1}},
    "multiband_melgan": {_GAN: {"upsample_factors": [8, 4, 2], "num_res_blocks": 1}},
    "parallel_wavegan": {_GAN: {"upsample_factors": [4, 4, 4, 4], "stacks": 1, "num_res_blocks": 2}},
    "univnet": {},
    "wavegrad": {
        "test_noise_schedule": {"min_val": 1e-6, "max_val": 1e-2, "num_steps": 2},
        "model_params": {
            "x_conv_channels": 32,
            "y_conv_channels": 8,
            "dblock_out_channels": [8, 8, 8, 16],
            "ublock_out_channels": [16, 16, 8, 8, 8],
        },
    },
    "wavernn": {
        "audio": {"hop_length": HOPS["wavernn"]},
        "model_args": {
            "rnn_dims": 16,
            "fc_dims": 16,
            "compute_dims": 16,
            "res_out_dims": 16,
            "num_res_blocks": 1,
            "upsample_factors": [4, 8, 4],
        },
    },
}
"""Vocoder -> the same."""
_PLAIN = {"use_phonemes": False, "text_cleaner": "basic_cleaners", "test_sentences": [], "output_path": "/train/out"}


def write_voice(
    folder: Path,
    name: str,
    changes: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    checkpoint: str = "best_model.pth",
    prepare: Callable[[Any], None] = lambda _: None,
    is_audible: bool = False,
) -> Path:
    """Write a model directory with ``config.json`` and a checkpoint, as the trainer does.

    Args:
        folder: Where. What the configuration names beside itself has to lie there.
        name: Of :data:`ARCHITECTURES`.
        changes: What its configuration has besides; objects are merged.
        seed: Of the weights.
        checkpoint: Name of the checkpoint.
        prepare: Is given the model before it is saved.
        is_audible: Every letter is to be heard (:mod:`tests.audible_letters`).
    """
    from TTS.tts.models import setup_model

    content = merged({"model": name, **_PLAIN, **ARCHITECTURES[name]}, changes or {})

    def prepared(model: Any) -> None:
        if is_audible:
            let_letters_be_heard(model)
        prepare(model)

    return _written(folder, content, setup_model, seed=seed, checkpoint=checkpoint, prepare=prepared)


def write_vocoder(
    folder: Path,
    name: str,
    changes: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    is_audible: bool = False,
) -> Path:
    """Write a vocoder's directory with ``config.json`` and ``best_model.pth``, as the trainer does.

    Args:
        folder: Where.
        name: Of :data:`VOCODERS`.
        changes: What its configuration has besides; objects are merged.
        seed: Of the weights.
        is_audible: What depends on the spectrogram is to be heard (:mod:`tests.audible_letters`).
    """
    from TTS.vocoder.models import setup_model

    content = merged({"model": name, "output_path": "/train/out", **VOCODERS[name]}, changes or {})
    prepare = let_letters_be_heard if is_audible else lambda _: None
    return _written(folder, content, setup_model, seed=seed, checkpoint="best_model.pth", prepare=prepare)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with changes, objects below it merged likewise."""
    nested = {key: merged(base[key], value) for key, value in changes.items() if isinstance(base.get(key), Mapping)}
    return {**base, **changes, **nested}


def _written(
    folder: Path,
    content: Mapping[str, Any],
    setup: Callable[[Any], Any],
    *,
    seed: int,
    checkpoint: str,
    prepare: Callable[[Any], None],
) -> Path:
    import contextlib

    import torch
    from TTS.config import load_config

    from harness.engines.coqui.espeak import install_inprocess_espeak

    install_inprocess_espeak()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.json"
    config.write_text(json.dumps(content), "utf-8")
    torch.manual_seed(seed)
    loaded = load_config(str(config))
    with contextlib.chdir(folder):  # Coqui opens what a configuration names where it stands
        model = setup(loaded)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1 and not parameter.any():  # as training begins: nothing depends on who speaks
                parameter.normal_(0, 0.05)
        prepare(model)
    loaded.save_json(str(config))
    loss = {"model_loss": np.float64(17.25), "best": np.array([1.0, 2.0])}
    torch.save({"model": model.state_dict(), "config": loaded.to_dict(), "step": 1, **loss}, folder / checkpoint)
    return folder
