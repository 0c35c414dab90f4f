"""The fake transcriber hears what the fake engine speaks."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from harness.engines.fake import tones
from harness.hearing.asr.fake import LONGEST_SECONDS, ToneTranscriber

TEXT = "please do not transfer $20 today."
HEARD = "please do not transfer 20 today."


def spoken(text, *, seed=0, lead=0, pause_at=None, noise=tones.NOISE_SIGMA):
    rng = np.random.default_rng(seed)
    parts = [np.zeros(lead)]
    time = np.arange(tones.CHARACTER_SAMPLES) / tones.SAMPLE_RATE
    for position, char in enumerate(text):
        if position == pause_at:
            parts.append(np.zeros(4321))
        index = tones.index_of(char)
        if index is not None:
            level = tones.AMPLITUDE * rng.uniform(0.95, 1.05)
            parts.append(level * np.sin(2 * np.pi * tones.frequency(index) * time))
    audio = np.concatenate(parts)
    audio = np.concatenate([audio, np.zeros(int(audio.size * rng.uniform(0, 0.03)))])
    return (audio + rng.normal(0, noise, audio.size)).astype(np.float32)


def hear(samples, *, rate=tones.SAMPLE_RATE, forced=None):
    return ToneTranscriber().listen([(samples, rate)], [forced])[0]


class TestAlphabet:
    def test_every_character_has_its_own_place_and_tone(self):
        places = [tones.index_of(char) for char in tones.ALPHABET]
        assert places == list(range(len(tones.ALPHABET)))
        assert tones.frequency(0) == 500.0
        assert tones.frequency(places[-1]) < tones.SAMPLE_RATE / 4

    @pytest.mark.parametrize("char", ["", "$", "é", "İ", "\n", "ab"])
    def test_what_has_no_tone_has_no_place(self, char):
        assert tones.index_of(char) is None

    def test_upper_case_is_folded(self):
        assert tones.index_of("Q") == tones.index_of("q")


class TestTranscript:
    def test_the_whole_alphabet_is_heard(self):
        text = "x" + tones.ALPHABET[1:] + " " + tones.ALPHABET[:0:-1]
        assert hear(spoken(text)).text == text

    @pytest.mark.parametrize("seed", range(8))
    def test_what_has_no_tone_is_dropped_and_the_rest_heard(self, seed):
        hearing = hear(spoken(TEXT, seed=seed))
        assert hearing.text == HEARD
        assert hearing.tokens == 6
        assert -0.5 < hearing.avg_logprob < 0
        assert hearing.no_speech < 0.1
        assert not hearing.truncated

    def test_silence_around_and_inside_changes_nothing(self):
        assert hear(spoken(TEXT, lead=1234, pause_at=9)).text == HEARD

    def test_doubled_letters_stay_doubled(self):
        assert hear(spoken("aaa  bb")).text == "aaa  bb"

    @pytest.mark.parametrize("rate", [8000, 22050, 48000])
    def test_other_sample_rates_are_resampled(self, rate):
        soxr = pytest.importorskip("soxr")
        assert hear(soxr.resample(spoken(TEXT), tones.SAMPLE_RATE, rate), rate=rate).text == HEARD

    def test_an_endless_clip_is_cut_and_says_so(self):
        hearing = hear(spoken("ab" * int(LONGEST_SECONDS * 25 + 20)))
        assert hearing.truncated
        assert len(hearing.text) == LONGEST_SECONDS * 50


class TestForcedScore:
    def test_the_right_text_scores_high_with_the_end_marker_last(self):
        score = hear(spoken(TEXT), forced="Please do not transfer 20 today").forced
        assert score.pieces == (" Please", " do", " not", " transfer", " 20", " today", "")
        assert score.mean == pytest.approx(-0.1, abs=0.1)

    def test_a_word_that_was_not_spoken_is_where_the_score_drops(self):
        score = hear(spoken(TEXT.replace("not ", "")), forced=HEARD).forced
        low = [piece for piece, value in zip(score.pieces, score.logprobs, strict=True) if value < -1]
        assert low == [" not"]

    def test_words_nobody_expected_cost_the_piece_after_them(self):
        score = hear(spoken("do not go now"), forced="do go").forced
        low = [piece for piece, value in zip(score.pieces, score.logprobs, strict=True) if value < -1]
        assert low == [" go", ""]

    def test_repeats_spread_a_little_and_the_same_clip_scores_the_same(self):
        means = [hear(spoken(TEXT, seed=seed), forced=HEARD).forced.mean for seed in range(40)]
        assert 0.01 < np.std(means) < 0.04
        assert hear(spoken(TEXT), forced=HEARD) == hear(spoken(TEXT), forced=HEARD)

    def test_an_empty_text_scores_the_end_marker_only(self):
        score = hear(np.zeros(16000, np.float32), forced="").forced
        assert score.pieces == ("",)
        assert score.mean > -0.5


def test_importing_it_adds_nothing_heavy():
    code = "import harness.hearing.asr.fake, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "whisper", "librosa", "scipy", "numba", "soxr"} & set(done.stdout.split())
