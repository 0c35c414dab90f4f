"""Facts of raw audio, and a clean copy of it, whatever it is."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from harness.core.waveform import clean, facts
from tests.sounds import HOSTILE, RATE, voice


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
    @pytest.mark.parametrize("rate", [0, 1, 8000, 192000])
    @pytest.mark.parametrize("name", HOSTILE)
    def test_nothing_raises_and_every_number_is_finite(self, name, rate):
        numbers = dataclasses.astuple(facts(HOSTILE[name], rate))
        assert all(type(value) in (int, float) and math.isfinite(value) for value in numbers), numbers
