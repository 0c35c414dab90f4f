"""Manipulated sound: each edit does what it says, and nothing it must not."""

from __future__ import annotations

import numpy as np
import pytest

from harness.hearing.senses import measure_all
from harness.redteam.audio_edits import AUDIO_EDITS, PAUSE_SECONDS, stretch

RATE = 22_050


def measure(samples, rate):
    (heard,) = measure_all([(samples, rate)], with_networks=False)
    return heard


@pytest.fixture(scope="module")
def clip():
    """Two seconds of a buzz at 120 Hz with three syllables, silence before and after."""
    time = np.arange(2 * RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 30))
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 1.5 * time - np.pi / 2)
    voice = 0.1 * buzz * (0.05 + syllables)
    edge = np.zeros(RATE // 5)
    return np.concatenate([edge, voice, edge]).astype(np.float32)


def changed(name, clip, seed=1):
    return AUDIO_EDITS[name].change(clip, RATE, seed)


@pytest.mark.parametrize("name", sorted(AUDIO_EDITS))
class TestEveryEdit:
    def test_gives_the_same_samples_for_the_same_seed(self, name, clip):
        assert np.array_equal(changed(name, clip), changed(name, clip))

    def test_gives_finite_samples_and_leaves_its_input(self, name, clip):
        before = clip.copy()
        after = changed(name, clip)
        assert after.dtype == np.float32
        assert np.isfinite(after).all()
        assert np.array_equal(clip, before)
        assert after.shape != clip.shape or not np.allclose(after, clip, atol=1e-4)

    @pytest.mark.parametrize("samples", [0, 1, 700])
    def test_survives_a_clip_with_next_to_nothing_in_it(self, name, samples):
        assert np.isfinite(changed(name, np.full(samples, 0.1, np.float32))).all()

    def test_survives_silence(self, name):
        assert np.isfinite(changed(name, np.zeros(RATE, np.float32))).all()


def heard(name, clip):
    return measure(changed(name, clip), RATE)


class TestWhatIsHeard:
    def test_slow_speech_lasts_longer_at_the_same_pitch(self, clip):
        before, after = measure(clip, RATE), heard("slowed", clip)
        assert after.seconds == pytest.approx(1.12 * before.seconds, rel=1e-3)
        assert after.f0_hz == pytest.approx(before.f0_hz, rel=0.01)

    def test_pitch_moves_at_the_same_length(self, clip):
        before = measure(clip, RATE)
        for name, ratio in (("higher", 1.05), ("lower", 1 / 1.05)):
            after = heard(name, clip)
            assert after.seconds == before.seconds
            assert after.f0_hz == pytest.approx(ratio * before.f0_hz, rel=0.012)

    def test_a_sleepy_voice_is_slower_lower_and_quieter(self, clip):
        before, after = measure(clip, RATE), heard("sleepy", clip)
        assert after.seconds == pytest.approx(1.12 * before.seconds, rel=1e-3)
        assert after.f0_hz == pytest.approx(0.93 * before.f0_hz, rel=0.015)
        assert after.level_db == pytest.approx(before.level_db - 4, abs=0.5)

    def test_another_speaker_has_another_timbre_at_the_same_pitch(self, clip):
        before, after = measure(clip, RATE), heard("other-speaker", clip)
        assert after.f0_hz == pytest.approx(before.f0_hz, rel=0.01)
        assert np.abs(np.subtract(after.timbre, before.timbre)).max() > 2

    def test_a_cut_takes_speech_and_the_silence_after_it(self, clip):
        assert changed("truncated", clip).size / RATE == pytest.approx(0.2 + 0.85 * 2, abs=0.03)

    def test_a_pause_is_silent_and_inside(self, clip):
        before, after = measure(clip, RATE), heard("paused", clip)
        assert after.seconds == pytest.approx(before.seconds + PAUSE_SECONDS, abs=1e-3)
        assert after.longest_silence == pytest.approx(PAUSE_SECONDS, abs=0.03)

    def test_a_word_is_drawn_out_and_the_rest_stays(self, clip):
        after = changed("drawn-word", clip)
        assert after.size == pytest.approx(1.024 * clip.size, rel=1e-3)
        assert np.array_equal(after[: clip.size // 10], clip[: clip.size // 10])

    def test_noise_and_mark_lie_as_far_below_the_speech_as_they_say(self, clip):
        spoken = slice(RATE // 5, -(RATE // 5))
        level = 10 * np.log10(np.mean(clip[spoken] ** 2))
        for name, below, share in (("noisy", -20.0, 1.0), ("marked", -30.0, 0.5)):
            added = changed(name, clip) - clip
            assert 10 * np.log10(np.mean(added**2) / share) - level == pytest.approx(below, abs=1.5)

    def test_a_mark_lies_near_half_the_sampling_rate(self, clip):
        spectrum = np.abs(np.fft.rfft(changed("marked", clip) - clip))
        strongest = np.fft.rfftfreq(clip.size, 1 / RATE)[spectrum.argmax()]
        assert strongest == pytest.approx(RATE / 2 - 600, abs=20)

    def test_silence_is_silent(self, clip):
        assert not changed("silent", clip).any()


def test_stretching_by_nothing_changes_next_to_nothing():
    noise = np.random.default_rng(3).standard_normal(RATE).astype(np.float32)
    again = stretch(noise, RATE, 1.0)
    assert again.size == noise.size
    assert np.abs(again - noise).max() < 1e-4
