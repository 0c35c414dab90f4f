"""Which numbers a configuration may hold."""

from __future__ import annotations

import pytest

from harness.admission.coqui.hyperparameters import BOUNDS, MAX_BYTES, too_large, upsampling, weight_bytes


def test_every_bound_leaves_room_above_the_largest_released_value() -> None:
    for bound in BOUNDS:
        assert bound.most >= 4 * bound.largest_released, bound.names.pattern


@pytest.mark.parametrize(
    ("key", "honest", "hostile"),
    [
        ("hidden_channels", 192, 10**6),
        ("num_layers_text_encoder", 6, 10**5),
        ("kernel_size_posterior_encoder", 5, 10**5),
        ("upsample_initial_channel_decoder", 512, 10**6),
        ("num_lstm_layers", 3, 10**4),
        ("lstm_dim", 768, 10**6),
        ("gpt_num_audio_tokens", 8194, 10**8),
        ("TEXT_PAD_TOKEN", 129_595, 10**8),
        ("max_decoder_steps", 10_000, 10**7),
        ("SAMPLE_RATE", 24_000, 10**7),
        ("length_scale", 1.5, 11),
        ("inference_noise_scale", 0.667, 21),
        ("inference_noise_scale_dp", 1.0, -0.1),
        ("gst_style_tokens", 10, 10**8),
        ("periods_discriminator", 11, 10**6),
        ("memory_size", -1, 10**6),
        ("diffusion_iterations", 30, 10**6),
        ("autoregressive_batch_size", 16, 10**4),
        ("win_lengths", 1200, 10**6),
        ("anything", 10**6, 10**8),
        ("hop_length", 256, float("inf")),
        ("max_audio_len", float("inf"), float("nan")),
    ],
)
def test_takes_the_honest_and_names_the_hostile(key: str, honest: float, hostile: float) -> None:
    assert too_large(key, honest) is None
    assert too_large(key, hostile) is not None


@pytest.mark.parametrize(
    "key", ["epochs", "lr", "save_step", "milestones", "batch_size", "training_seed", "mel_loss_alpha"]
)
def test_leaves_training_alone(key: str) -> None:
    assert too_large(key, 10**9) is None


def test_numbers_that_are_small_apart_can_be_too_much_together() -> None:
    honest = {"hidden_channels": 1024, "num_layers": 30, "kernel_size": 16}
    assert weight_bytes(honest) < MAX_BYTES
    assert weight_bytes({"hidden_channels": 60_000, "num_layers": 1_000, "kernel_sizes": [3, 1_000]}) > MAX_BYTES


def test_upsampling_multiplies() -> None:
    assert upsampling([8, 8, 2.0, 2, True, "x"]) == 256
    assert upsampling("8") == 1
