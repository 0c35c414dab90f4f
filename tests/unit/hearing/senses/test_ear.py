"""Known tones, pauses and hostile audio are heard for what they are."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from harness.hearing.senses import ABSENT, ACOUSTICS_VERSION, measure_all, senses_identity
from harness.hearing.senses.frames import cut
from harness.hearing.senses.spectrum import BANDS
from tests.sounds import HOSTILE, RATE, babble, silence, voice


def measure(samples, rate, *, with_networks=False):
    return measure_all([(samples, rate)], with_networks=with_networks)[0]


def every_number(record):
    for value in dataclasses.asdict(record).values():
        for one in value if isinstance(value, tuple) else (value,):
            yield from one if isinstance(one, tuple) else (one,)


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


class TestTheRest:
    def test_a_repeat_is_heard_alike_and_whole(self):
        heard = measure(babble(1), RATE)
        assert heard.sample_rate == RATE
        missing = [name for name, value in dataclasses.asdict(heard).items() if value is None or value == ()]
        assert set(missing) <= {"voiceprint", "opinion"}

    def test_an_offset_changes_nothing(self):
        plain, shifted = measure(babble(1), RATE), measure(babble(1) + np.float32(0.1), RATE)
        assert shifted.leading_silence == plain.leading_silence
        assert shifted.floor_db == pytest.approx(plain.floor_db, abs=0.5)

    def test_what_a_low_rate_does_not_hold_is_not_measured(self):
        assert measure(voice(120, rate=8000), 8000).treble_db is None

    def test_an_end_in_the_middle_of_a_sound_is_louder_than_one_that_fades(self):
        clip = babble(1)
        assert measure(clip, RATE).ending_db < -50
        assert measure(clip[: int(1.0 * RATE)], RATE).ending_db > -20


class TestHostile:
    @pytest.mark.parametrize("rate", [0, 1, 2, 8000, 22050, 192000, 10**9])
    @pytest.mark.parametrize("name", HOSTILE)
    def test_nothing_raises_and_every_number_is_finite(self, name, rate):
        record = measure(HOSTILE[name], rate)
        # numpy's own scalars do not survive the way through xdist
        assert all(type(value) in (int, float, type(None)) for value in every_number(record)), record
        assert all(value is None or math.isfinite(value) for value in every_number(record)), record

    @pytest.mark.parametrize("name", HOSTILE)
    def test_networks_are_not_disturbed_by_it(self, name):
        if ABSENT in senses_identity().values():
            pytest.skip("the networks are not installed")
        record = measure(HOSTILE[name], RATE, with_networks=True)
        assert record.voiceprint is None or len(record.voiceprint) == 256
        assert record.opinion is None or 0 < record.opinion < 6

    @pytest.mark.parametrize("name", ["empty", "zeros", "constant", "all nan", "all inf", "denormal"])
    def test_where_nothing_sounds_all_is_leading_silence_and_the_rest_unknown(self, name):
        heard = measure(HOSTILE[name], RATE)
        assert heard.leading_silence == round(heard.seconds, 4)
        assert (heard.level_db, heard.f0_hz, set(heard.timbre)) == (-120.0, 0.0, {0.0})
        assert (heard.f0_spread, heard.floor_db, heard.voiceprint, heard.opinion) == (None, None, None, None)

    def test_of_ten_minutes_two_are_measured(self):
        noise = np.random.default_rng(0).normal(0, 0.1, 600 * 4000).astype(np.float32)
        assert cut(noise, 4000).audio.size == 120 * 4000
        start = time.process_time()
        assert measure(noise, 4000).seconds == 600
        assert time.process_time() - start < 10


class TestIdentity:
    def test_says_what_the_numbers_depend_on(self):
        assert set(senses_identity()) == {"senses", "speaker", "quality"}

    def test_networks_that_are_not_wanted_count_as_absent(self):
        assert senses_identity(with_networks=False) == {
            "senses": ACOUSTICS_VERSION,
            "speaker": ABSENT,
            "quality": ABSENT,
        }

    def test_without_the_packages_their_numbers_are_unknown(self, monkeypatch):
        monkeypatch.setattr("harness.hearing.senses.ear.package_folder", lambda package: None)
        senses_identity.cache_clear()
        try:
            heard = measure(babble(1), RATE, with_networks=True)
        finally:
            senses_identity.cache_clear()
        assert (heard.voiceprint, heard.opinion) == (None, None)
        assert heard.f0_hz > 0


def test_the_same_clip_measures_the_same():
    clip = babble(3)
    assert measure(clip, RATE) == measure(clip.copy(), RATE)


def test_a_batch_is_heard_as_its_clips_are():
    clips = [(babble(1), RATE), (silence(1.0), RATE), (babble(2)[:RATE], RATE), (voice(200, rate=8000), 8000)]
    together = measure_all(clips, with_networks=False)
    assert together == [measure(*clip) for clip in clips]


def test_importing_it_adds_nothing_heavy():
    code = "import harness.hearing.senses, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[4], capture_output=True, text=True, check=True
    )
    assert not {"torch", "whisper", "librosa", "scipy", "numba", "soxr", "onnxruntime"} & set(done.stdout.split())
