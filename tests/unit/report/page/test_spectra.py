"""The picture of a finding: what is missing is seen where it is missing, and nothing else is."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from harness.core.types import WordSpan
from harness.report.page.sound import Sound
from harness.report.page.spectra import BANDS, HOP_SECONDS, SAMPLES, Picture, mel_decibels, picture
from tests.unit.report.page.test_png import read

RATE = 16_000


def syllables(*pitches: float, rate: int = RATE, seconds: float = 0.25) -> Sound:
    """One tone with overtones after the other, each with a soft beginning and end."""
    axis = np.arange(int(rate * seconds)) / rate
    shape = np.sin(np.pi * axis / seconds) ** 0.3
    parts = [shape * sum(np.sin(2 * np.pi * pitch * k * axis) / k for k in range(1, 8)) for pitch in pitches]
    return Sound(samples=(0.2 * np.concatenate(parts)).astype(np.float32), rate=rate, is_opus=False)


def pixels(uri: str) -> np.ndarray:
    found, _, _ = read(base64.b64decode(uri.partition(",")[2]))
    return found


WHOLE = syllables(150, 420, 230, 700)
CUT = syllables(150, 230, 700)
WORDS = tuple(
    WordSpan(word=word, start=0.25 * at, end=0.25 * at + 0.25) for at, word in enumerate(("you", "not", "open", "it"))
)


@pytest.fixture(scope="module")
def dropped() -> Picture:
    return picture(CUT, WHOLE, span=(0.2, 0.3), words=WORDS)


class TestAPicture:
    def test_shows_a_dropped_word_as_a_gap_of_its_length_where_it_was(self, dropped: Picture) -> None:
        assert len(dropped.missing) == 1
        assert dropped.added == ()
        gap = dropped.missing[0]
        assert gap.width * HOP_SECONDS == pytest.approx(0.25, abs=0.1)
        assert gap.start * HOP_SECONDS == pytest.approx(0.25, abs=0.1)
        inside = slice(int(gap.start), int(gap.start + gap.width))
        assert not pixels(dropped.candidate)[:, inside].any()
        assert pixels(dropped.golden)[:, inside].any()

    def test_has_its_strongest_difference_there(self, dropped: Picture) -> None:
        gap = dropped.missing[0]
        less = (pixels(dropped.difference) <= 2).sum(0)
        assert gap.start - 2 <= less.argmax() <= gap.start + gap.width + 2

    def test_shows_an_inserted_word_on_the_other_side(self) -> None:
        found = picture(WHOLE, CUT)
        assert found.missing == ()
        assert len(found.added) == 1

    def test_of_equal_recordings_shows_no_difference(self) -> None:
        found = picture(WHOLE, WHOLE, WHOLE)
        assert (found.missing, found.added, found.span) == ((), (), None)
        assert set(np.unique(pixels(found.difference))) == {7}
        assert found.times[1] == pytest.approx(found.times[0])

    def test_marks_the_span_that_the_finding_names(self, dropped: Picture) -> None:
        assert dropped.span is not None
        assert dropped.span.start * HOP_SECONDS == pytest.approx(0.2, abs=0.03)
        # The gap lies within the span, so the mark is wider than the span's own seconds.
        assert dropped.span.width > dropped.missing[0].width

    @pytest.mark.parametrize("span", [(float("nan"), 0.2), (0.3, 0.2), (float("-inf"), float("inf"))])
    def test_marks_nothing_where_the_span_is_none(self, span: tuple[float, float]) -> None:
        assert picture(CUT, WHOLE, span=span).span is None

    def test_names_the_golden_words_where_they_are_said(self, dropped: Picture) -> None:
        assert [word for _, word in dropped.words] == ["you", "not", "open", "it"]
        gap = dropped.missing[0]
        assert gap.start - 3 <= dropped.words[1][0] <= gap.start + gap.width + 3

    def test_leaves_out_words_that_have_no_room_or_no_time(self) -> None:
        odd = (
            WordSpan(word="x" * 500, start=0.0, end=0.5),
            WordSpan(word="nan", start=float("nan"), end=0.5),
            WordSpan(word="back", start=0.5, end=0.2),
            WordSpan(word="after", start=70.0, end=90.0),
        )
        assert picture(CUT, WHOLE, words=odd).words == ()

    def test_keeps_a_span_beyond_the_end_within_the_axis(self) -> None:
        found = picture(CUT, WHOLE, span=(5.0, 9.0))
        assert found.span is not None
        assert found.span.start + found.span.width <= found.columns

    def test_tells_where_in_each_voice_a_place_lies(self, dropped: Picture) -> None:
        candidate, golden = dropped.times
        assert len(candidate) == len(golden) == SAMPLES
        assert candidate == tuple(sorted(candidate))
        assert (candidate[0], golden[0]) == (0.0, 0.0)
        assert (candidate[-1], golden[-1]) == pytest.approx((0.75, 1.0))
        after = golden[70] - candidate[70]
        assert after == pytest.approx(0.25, abs=0.08)  # behind the gap, the golden is the word's length ahead

    def test_takes_recordings_of_any_rate_and_length(self) -> None:
        short = Sound(samples=np.zeros(1, np.float32), rate=8_000, is_opus=False)
        wide = syllables(200, 300, rate=96_000)
        for one, other in ((short, wide), (wide, short), (short, short)):
            found = picture(one, other, other, span=(0.0, 1.0))
            assert pixels(found.candidate).shape == (BANDS, found.columns)

    def test_of_a_minute_is_no_larger_than_others(self) -> None:
        long = Sound(
            samples=np.random.default_rng(1).normal(size=60 * 8_000).astype(np.float32), rate=8_000, is_opus=False
        )
        found = picture(long, WHOLE)
        assert found.size < 40_000


def test_the_mel_spectrogram_puts_a_tone_where_it_is() -> None:
    axis = np.arange(RATE) / RATE
    tone = Sound(samples=np.sin(2 * np.pi * 1000 * axis).astype(np.float32), rate=RATE, is_opus=False)
    mel = mel_decibels(tone, 0.01)
    assert mel.shape == (100, BANDS)
    top = 2595 * np.log10(1 + 7600 / 700)
    expected = 2595 * np.log10(1 + 1000 / 700) / top * (BANDS + 1) - 1
    assert abs(int(mel[50].argmax()) - expected) <= 1
