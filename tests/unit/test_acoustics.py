"""Known tones, pauses and hostile audio are measured for what they are."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.acoustics import BANDS, clean, facts, measure

RATE = 22050
HOSTILE = {
    "empty": np.zeros(0, np.float32),
    "one sample": np.ones(1, np.float32),
    "10 samples": np.linspace(-1, 1, 10, dtype=np.float32),
    "zeros": np.zeros(RATE, np.float32),
    "constant": np.full(RATE, 0.7, np.float32),
    "all nan": np.full(RATE, np.nan, np.float32),
    "all inf": np.full(RATE, -np.inf, np.float32),
    "1e30": np.full(RATE, 1e30, np.float32) * np.resize([1, -1], RATE).astype(np.float32),
    "denormal": np.full(RATE, 1e-42, np.float32),
    "loud noise": np.random.default_rng(0).normal(0, 50, RATE).astype(np.float32),
    "two rows": np.zeros((2, RATE), np.float32),
}


def voice(hertz, seconds=1.0, rate=RATE, *, level=0.1):
    """A buzz with the harmonics of a voice."""
    time = np.arange(int(seconds * rate)) / rate
    harmonics = [np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 1 + min(12, int(rate / 2 / hertz) - 1))]
    return (level * np.sum(harmonics, axis=0)).astype(np.float32)


def silence(seconds, rate=RATE):
    return np.zeros(int(seconds * rate), np.float32)


def every_number(record):
    for value in dataclasses.asdict(record).values():
        yield from value if isinstance(value, tuple) else (value,)


class TestSilences:
    def test_lead_pause_and_tail_are_told_apart(self):
        parts = [silence(0.3), voice(120), silence(0.2), voice(120), silence(0.7), voice(120), silence(0.5)]
        heard = measure(np.concatenate(parts), RATE)
        assert heard.leading_silence == pytest.approx(0.3, abs=0.015)
        assert heard.trailing_silence == pytest.approx(0.5, abs=0.015)
        assert heard.longest_silence == pytest.approx(0.7, abs=0.015)
        assert heard.seconds == pytest.approx(4.7, abs=1e-3)

    def test_a_clip_without_pauses_has_none(self):
        heard = measure(voice(120, 2.0), RATE)
        assert (heard.leading_silence, heard.trailing_silence, heard.longest_silence) == (0.0, 0.0, 0.0)

    def test_hiss_far_below_the_voice_is_silence(self):
        hiss = np.random.default_rng(0).normal(0, 0.0005, RATE * 2).astype(np.float32)
        hiss[:RATE] += voice(120)
        assert measure(hiss, RATE).trailing_silence == pytest.approx(1.0, abs=0.03)

    def test_a_quiet_voice_is_no_silence(self):
        assert measure(np.concatenate([voice(120, level=0.01), silence(1.0)]), RATE).leading_silence == 0.0

    def test_what_is_below_the_floor_is_silence_however_it_is_shaped(self):
        heard = measure(voice(120, level=1e-4), RATE)
        assert heard.level_db == -120.0
        assert heard.leading_silence == pytest.approx(1.0)
        assert heard.f0_hz == 0.0


class TestLevel:
    @pytest.mark.parametrize("amplitude", [1.0, 0.5, 0.05])
    def test_a_sine_has_its_rms(self, amplitude):
        time = np.arange(RATE) / RATE
        heard = measure((amplitude * np.sin(2 * np.pi * 200 * time)).astype(np.float32), RATE)
        assert heard.level_db == pytest.approx(20 * math.log10(amplitude / math.sqrt(2)), abs=0.1)

    def test_silence_around_a_voice_does_not_lower_it(self):
        alone, padded = voice(120), np.concatenate([silence(2.0), voice(120), silence(2.0)])
        assert measure(padded, RATE).level_db == pytest.approx(measure(alone, RATE).level_db, abs=0.3)


class TestPitch:
    @pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
    @pytest.mark.parametrize("hertz", [70, 90, 130, 170, 210, 240, 300, 400])
    def test_a_voice_has_its_pitch_and_not_an_octave_of_it(self, hertz, rate):
        assert measure(voice(hertz, rate=rate), rate).f0_hz == pytest.approx(hertz, rel=0.01)

    def test_a_tenth_more_is_seen(self):
        low, high = (measure(voice(hertz), RATE).f0_hz for hertz in (120, 132))
        assert high / low == pytest.approx(1.1, rel=0.01)

    def test_noise_has_none(self):
        noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
        assert measure(noise, RATE).f0_hz == 0.0

    def test_the_silence_between_voices_has_no_say(self):
        parts = np.concatenate([voice(120, 0.4), silence(3.0), voice(120, 0.4)])
        assert measure(parts, RATE).f0_hz == pytest.approx(120, rel=0.02)


class TestTimbre:
    def test_it_is_relative_to_its_own_mean(self):
        loud, quiet = (measure(voice(120, level=level), RATE) for level in (0.1, 0.01))
        assert len(loud.timbre) == BANDS
        assert sum(loud.timbre) == pytest.approx(0.0, abs=0.2)
        assert loud.timbre == pytest.approx(quiet.timbre, abs=0.1)

    def test_a_tone_lifts_its_own_band(self):
        noise = np.random.default_rng(0).normal(0, 0.01, RATE)
        time = np.arange(RATE) / RATE
        places = [
            int(np.argmax(measure((noise + 0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32), RATE).timbre))
            for hertz in (200, 1000, 3000, 7000)
        ]
        assert places == sorted(set(places))
        assert places[0] <= 3
        assert places[-1] >= BANDS - 2

    def test_it_hardly_depends_on_the_sample_rate(self):
        soxr = pytest.importorskip("soxr")
        noise = np.random.default_rng(0).normal(0, 0.1, 48000 * 2).astype(np.float32)
        half = soxr.resample(noise, 48000, 24000)
        difference = np.subtract(measure(noise, 48000).timbre, measure(half, 24000).timbre)
        assert np.abs(difference).max() < 2.0


class TestFacts:
    def test_numbers_of_an_honest_clip(self):
        samples = np.array([0.5, -0.5, 0.5, -0.5], np.float32)
        found = facts(samples, 4)
        assert (found.seconds, found.peak, found.rms, found.dc) == (1.0, 0.5, 0.5, 0.0)
        assert (found.clipped_share, found.nonfinite) == (0.0, 0)

    def test_a_shift_is_seen(self):
        assert facts(voice(120) + np.float32(0.25), RATE).dc == pytest.approx(0.25, abs=0.01)

    def test_full_scale_counts_as_clipped_also_after_16_bit(self):
        samples = np.array([1.0, -1.0, 32767 / 32768, 0.9], np.float32)
        assert facts(samples, RATE).clipped_share == 0.75

    def test_what_is_not_finite_is_counted_and_left_out(self):
        found = facts(np.array([np.nan, np.inf, -np.inf, 0.5, 0.5], np.float32), 5)
        assert (found.nonfinite, found.peak, found.seconds) == (3, 0.5, 1.0)


class TestClean:
    def test_leaves_honest_audio_as_it_is(self):
        samples = voice(120)
        np.testing.assert_array_equal(clean(samples), samples)

    def test_tames_the_rest_without_touching_what_it_was_given(self):
        samples = np.array([np.nan, np.inf, -np.inf, 7.0, -7.0, 0.5], np.float32)
        before = samples.copy()
        assert clean(samples).tolist() == [0.0, 0.0, 0.0, 1.0, -1.0, 0.5]
        np.testing.assert_array_equal(samples, before)

    @pytest.mark.parametrize("kind", [np.float16, np.float64, np.int16, bool])
    def test_makes_float32_of_any_numbers(self, kind):
        assert clean(np.ones(3, kind)).dtype == np.float32

    @pytest.mark.parametrize("samples", [np.array(["a"]), np.array([object()]), np.ones(3, complex)])
    def test_takes_what_is_no_number_for_an_empty_clip(self, samples):
        assert clean(samples).size == 0


class TestHostile:
    @pytest.mark.parametrize("rate", [0, 1, 8000, 22050, 192000])
    @pytest.mark.parametrize("name", HOSTILE)
    def test_nothing_raises_and_every_number_is_finite(self, name, rate):
        for record in (measure(HOSTILE[name], rate), facts(HOSTILE[name], rate)):
            assert all(math.isfinite(value) for value in every_number(record)), record
            # numpy's own scalars do not survive the way through xdist
            assert all(type(value) in (int, float) for value in every_number(record)), record

    @pytest.mark.parametrize("name", ["empty", "zeros", "all nan", "all inf", "denormal"])
    def test_where_nothing_sounds_all_is_leading_silence(self, name):
        heard = measure(HOSTILE[name], RATE)
        assert heard.leading_silence == heard.seconds
        assert (heard.level_db, heard.f0_hz, set(heard.timbre)) == (-120.0, 0.0, {0.0})


def test_the_same_clip_measures_the_same():
    clip = voice(120) + np.random.default_rng(0).normal(0, 0.01, RATE).astype(np.float32)
    assert measure(clip, RATE) == measure(clip.copy(), RATE)


def test_importing_it_adds_nothing_heavy():
    code = "import harness.acoustics, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert not {"torch", "whisper", "librosa", "scipy", "numba", "soxr"} & set(done.stdout.split())
