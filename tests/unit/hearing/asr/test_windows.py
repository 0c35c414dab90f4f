"""Clips are laid into windows: resampled, led, cut where too long, grouped; whatever they are."""

from __future__ import annotations

import numpy as np
import pytest

from harness.hearing.asr import windows
from harness.hearing.asr.windows import LEAD_SECONDS, MARGIN_SECONDS, SAMPLE_RATE, WINDOWS, Clip, plan, prepare, shares


def noise(seconds, rate=SAMPLE_RATE, *, level=0.1):
    return np.random.default_rng(0).normal(0, level, int(seconds * rate)).astype(np.float32)


def seconds_of(clip):
    return [row.size / SAMPLE_RATE for row in clip.rows]


class TestPrepare:
    @pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 192000])
    def test_every_rate_comes_out_at_16_khz_with_the_lead_before_it(self, rate):
        clip = prepare(noise(2.0, rate), rate)
        assert seconds_of(clip) == pytest.approx([2.0 + LEAD_SECONDS], abs=0.01)
        assert clip.rows[0].dtype == np.float32
        assert not clip.is_silent
        assert not clip.is_cut

    def test_a_clip_that_starts_late_gets_no_more_silence(self):
        late = np.concatenate([np.zeros(SAMPLE_RATE, np.float32), noise(1.0)])
        assert prepare(late, SAMPLE_RATE).rows[0] == pytest.approx(late)

    @pytest.mark.parametrize(
        "samples",
        [
            np.zeros(0, np.float32),
            np.zeros(SAMPLE_RATE, np.float32),
            np.full(SAMPLE_RATE, 0.5, np.float32),
            np.full(SAMPLE_RATE, np.nan, np.float32),
            np.full(SAMPLE_RATE, np.inf, np.float32),
            noise(10 / SAMPLE_RATE),
            noise(1.0, level=1e-6),
        ],
        ids=["empty", "zeros", "constant", "nan", "inf", "10 samples", "-120 dB"],
    )
    def test_where_there_is_nothing_to_hear_one_silent_row_is_laid(self, samples):
        clip = prepare(samples, SAMPLE_RATE)
        assert clip.is_silent
        assert len(clip.rows) == 1
        assert not clip.rows[0].any()

    @pytest.mark.parametrize("rate", [-1, 0, 1, 10**9])
    def test_absurd_rates_do_not_raise(self, rate):
        assert prepare(noise(1.0), rate).rows[0].size > 0

    def test_what_is_not_finite_or_too_loud_is_tamed(self):
        samples = noise(1.0)
        samples[100:103] = [np.nan, np.inf, 1e30]
        row = prepare(samples, SAMPLE_RATE).rows[0]
        assert np.isfinite(row).all()
        assert np.abs(row).max() <= 1.0

    def test_the_samples_given_are_left_alone(self):
        samples = noise(1.0)
        samples[5] = np.nan
        before = samples.copy()
        prepare(samples, SAMPLE_RATE)
        np.testing.assert_array_equal(samples, before)


class TestCut:
    def test_a_long_clip_is_cut_in_its_pauses(self):
        speech = noise(70.0)
        for start in (24.0, 47.0):
            speech[int(start * SAMPLE_RATE) : int((start + 0.4) * SAMPLE_RATE)] = 0.0
        clip = prepare(speech, SAMPLE_RATE)
        lengths = np.array(seconds_of(clip)) - [LEAD_SECONDS, 0.2, 0.2]
        assert np.cumsum(lengths)[:2] == pytest.approx([24.2, 47.2], abs=0.4)
        assert not clip.is_cut

    @pytest.mark.parametrize("seconds", [27.5, 27.7, 30.0, 30.1, 33.0, 55.3, 80.0])
    def test_no_row_is_too_long_or_tiny(self, seconds):
        lengths = seconds_of(prepare(noise(seconds), SAMPLE_RATE))
        assert max(lengths) <= WINDOWS[-1] - MARGIN_SECONDS + 1e-3
        assert min(lengths) >= 5.0
        assert sum(lengths) == pytest.approx(seconds + LEAD_SECONDS * len(lengths), abs=0.01)

    def test_what_lies_behind_the_last_window_is_given_up_and_said(self):
        clip = prepare(noise(130.0), SAMPLE_RATE)
        assert len(clip.rows) == windows.MOST_WINDOWS
        assert clip.is_cut


class TestPlan:
    def clip(self, *seconds):
        rows = tuple(np.zeros(int(one * SAMPLE_RATE), np.float32) for one in seconds)
        return Clip(rows=rows, leads=(), is_silent=False, is_cut=False)

    @pytest.mark.parametrize(("seconds", "window"), [(0.1, 10), (8.0, 10), (8.1, 15), (18.0, 20), (18.1, 30), (30, 30)])
    def test_the_window_leaves_its_margin(self, seconds, window):
        assert self.clip(seconds).window == window

    def test_every_clip_is_in_one_group_of_its_window(self):
        clips = [self.clip(one) for one in (1, 12, 2, 25, 3, 17, 4)]
        groups = plan(clips, 2)
        assert sorted(index for group in groups for index in group.clips) == list(range(len(clips)))
        assert all(clips[index].window == group.window for group in groups for index in group.clips)
        assert [group.clips for group in groups if group.window == 10] == [(0, 2), (4, 6)]

    def test_longer_windows_take_fewer_clips(self):
        groups = plan([self.clip(25)] * 10, 16)
        assert [len(group.clips) for group in groups] == [5, 5]

    def test_a_clip_of_many_rows_goes_alone(self):
        groups = plan([self.clip(1), self.clip(27, 10), self.clip(2)], 16)
        assert [(group.window, group.clips) for group in groups] == [(10, (0, 2)), (30, (1,))]

    def test_a_batch_of_one_still_moves(self):
        assert len(plan([self.clip(25)] * 3, 1)) == 3


class TestShares:
    def test_one_window_gets_the_text_as_it_is(self):
        assert shares(" as  it is", ["heard"]) == [" as  it is"]

    def test_words_go_where_they_were_heard(self):
        assert shares("a b c d e f", ["a b", "c d e", "f"]) == ["a b", "c d e", "f"]

    def test_words_that_were_not_heard_go_with_what_follows(self):
        assert shares("a b not c d", ["a b", "c d"]) == ["a b", "not c d"]

    @pytest.mark.parametrize("heard", [["", ""], ["x y", "z"], ["c d", "a b"], ["a a a a", "a"], ["", "a b c d"]])
    def test_no_word_is_lost_or_doubled(self, heard):
        assert " ".join(shares("a b c d", heard)).split() == ["a", "b", "c", "d"]
