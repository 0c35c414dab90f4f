"""What every transcriber promises: the fake always, Whisper where it is installed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from harness.core.paths import cache_root
from harness.core.types import Hearing
from harness.engines.fake import adapter as fake
from harness.hearing.asr.fake import ToneTranscriber
from harness.hearing.asr.likeness import Prints, fit_basis, print_of

NOISE = np.random.default_rng(0)
HOSTILE = {
    "empty": np.zeros(0, np.float32),
    "10 samples": np.linspace(-1, 1, 10, dtype=np.float32),
    "zeros": np.zeros(16000, np.float32),
    "constant": np.full(16000, 0.5, np.float32),
    "nan": np.full(16000, np.nan, np.float32),
    "inf": np.resize([np.inf, -np.inf], 16000).astype(np.float32),
    "1e30": np.resize(np.array([1e30, -1e30], np.float32), 16000),
    "half nan": np.where(NOISE.uniform(size=16000) < 0.5, np.nan, 0.1).astype(np.float32),
    "square wave": np.resize(np.repeat([1.0, -1.0], 40), 16000).astype(np.float32),
    "float64": NOISE.normal(0, 0.1, 16000),
    "two rows": NOISE.normal(0, 0.1, (2, 8000)).astype(np.float32),
}
SOUNDLESS = ("empty", "10 samples", "zeros", "constant", "nan", "inf")
RATES = (8000, 16000, 22050, 192000)
TEXTS = (
    "",
    " ",
    "<|endoftext|> <|startoftranscript|><|0.00|>",
    "\ud800 lone surrogate",
    "\x00\x1b[31m\u202e",
    "a" * 20_000,
    "word " * 3_000,
    "😀" * 500,
)


@pytest.fixture(scope="session")
def whisper_tiny():
    """Whisper tiny.en on one thread."""
    pytest.importorskip("whisper")
    from harness.hearing.asr.weights import resolve_whisper
    from harness.hearing.asr.whisper import WhisperTranscriber

    return WhisperTranscriber(resolve_whisper("tiny.en", cache_root()), threads=1, batch=4)


@pytest.fixture(scope="module", params=["fake", pytest.param("whisper", marks=[pytest.mark.real, pytest.mark.slow])])
def transcriber(request):
    return ToneTranscriber() if request.param == "fake" else request.getfixturevalue("whisper_tiny")


def clip(seed, text="please do not open the door"):
    """What the fake engine says; to Whisper a row of beeps, and as good as any other clip for what is asked here."""
    return fake.tones(text, np.random.default_rng(seed)), 16000


def assert_plausible(hearing, forced=None):
    assert isinstance(hearing, Hearing)
    assert hearing.text == hearing.text.strip()
    assert type(hearing.tokens) is int
    assert (hearing.tokens == 0) == (hearing.text == "")
    # numpy's own scalars do not survive the way through xdist
    assert type(hearing.avg_logprob) is float
    assert hearing.avg_logprob <= 0
    assert math.isfinite(hearing.avg_logprob)
    assert 0 <= hearing.no_speech <= 1
    assert type(hearing.truncated) is bool
    if forced is None:
        assert hearing.forced is None
        return
    score = hearing.forced
    assert score.text == forced
    assert len(score.pieces) == len(score.logprobs)
    assert score.pieces[-1] == ""
    assert all(type(value) is float and math.isfinite(value) and value <= 0 for value in score.logprobs)
    assert score.worst <= score.mean <= 0


def assert_same(hearing, other):
    """Equal beyond float rounding."""
    assert (hearing.text, hearing.tokens, hearing.truncated) == (other.text, other.tokens, other.truncated)
    assert hearing.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
    assert hearing.no_speech == pytest.approx(other.no_speech, abs=1e-3)
    if hearing.forced is not None:
        assert hearing.forced.pieces == other.forced.pieces
        assert hearing.forced.logprobs == pytest.approx(other.forced.logprobs, abs=1e-2, rel=1e-3)


class TestIdentity:
    def test_it_is_plain_text_and_stays(self, transcriber):
        identity = dict(transcriber.identity)
        assert identity["name"]
        assert all(isinstance(word, str) for pair in identity.items() for word in pair)
        transcriber.listen([clip(0)], [None])
        assert dict(transcriber.identity) == identity


class TestListen:
    def test_nothing_gives_nothing(self, transcriber):
        assert transcriber.listen([], []) == []

    def test_every_clip_needs_a_text_or_none(self, transcriber):
        with pytest.raises(ValueError):  # each words it in its own way
            transcriber.listen([clip(0)], [])

    def test_answers_come_in_order_each_with_the_score_that_was_asked_for(self, transcriber):
        asked = ["please do not open the door", None, "", "something else"]
        heard = transcriber.listen([clip(seed) for seed in range(4)], asked)
        for hearing, text in zip(heard, asked, strict=True):
            assert_plausible(hearing, text)

    def test_an_empty_text_scores_the_end_marker_alone(self, transcriber):
        assert transcriber.listen([clip(0)], [""])[0].forced.pieces == ("",)

    def test_the_samples_are_left_alone(self, transcriber):
        samples, rate = clip(0)
        before = samples.copy()
        transcriber.listen([(samples, rate)], ["please"])
        np.testing.assert_array_equal(samples, before)

    def test_the_same_clip_is_heard_the_same(self, transcriber):
        once, again = (transcriber.listen([clip(0)], ["please do not"])[0] for _ in range(2))
        assert once == again

    def test_a_clip_does_not_depend_on_its_batch_mates(self, transcriber):
        loud = NOISE.normal(0, 30, 5 * 16000).astype(np.float32), 16000
        asked = "please do not open the door"
        alone = transcriber.listen([clip(0)], [asked])[0]
        mates = [loud, (HOSTILE["nan"], 16000), clip(1, "no " * 60), (HOSTILE["empty"], 22050)]
        among = transcriber.listen([*mates, clip(0), loud], [*["x" * 200] * 4, asked, ""])[4]
        assert_same(among, alone)


class TestHostile:
    def test_no_clip_raises(self, transcriber):
        clips = list(zip(HOSTILE.values(), itertools.cycle(RATES), strict=False))
        for hearing in transcriber.listen(clips, ["not this"] * len(clips)):
            assert_plausible(hearing, "not this")

    def test_where_nothing_sounds_nothing_is_heard(self, transcriber):
        clips = [(HOSTILE[name], 16000) for name in SOUNDLESS]
        for hearing in transcriber.listen(clips, ["please"] * len(clips)):
            assert (hearing.text, hearing.tokens, hearing.no_speech) == ("", 0, 1.0)
            assert hearing.forced.mean < -1

    def test_no_text_raises(self, transcriber):
        heard = transcriber.listen([clip(0)] * len(TEXTS), TEXTS)
        for hearing, text in zip(heard, TEXTS, strict=True):
            assert_plausible(hearing, text)


class TestListenTogether:
    def test_nothing_gives_nothing(self, transcriber):
        assert transcriber.listen_together([], lambda transcripts: "") == []

    def test_one_text_is_chosen_from_all_transcripts_and_scored_on_every_clip(self, transcriber):
        shown = []

        def choose(transcripts):
            shown.append(list(transcripts))
            return "please do not"

        clips = [clip(0), (HOSTILE["empty"], 16000), clip(1, "open " * 100), clip(2)]
        together = transcriber.listen_together(clips, choose)
        assert shown == [[repeat.hearing.text for repeat in together]]
        for repeat, apart in zip(together, transcriber.listen(clips, ["please do not"] * 4), strict=True):
            assert_plausible(repeat.hearing, "please do not")
            assert_same(repeat.hearing, apart)
            assert repeat.features.ndim == 2
            assert np.isfinite(repeat.features).all()

    def test_words_have_times_in_the_first_repeat_that_says_the_chosen_text(self, transcriber):
        together = transcriber.listen_together([clip(0), clip(1)], lambda transcripts: transcripts[0])
        words = together[0].words
        assert [word.word.lower().strip(".,") for word in words] == together[0].hearing.text.lower().strip(".").split()
        assert all(0 <= word.start <= word.end for word in words)
        assert [word.start for word in words] == sorted(word.start for word in words)
        assert together[1].words == ()


@pytest.fixture(scope="module")
def prints(transcriber):
    repeats = [repeat.features for repeat in transcriber.listen_together([clip(0), clip(1)], lambda texts: texts[0])]
    basis = fit_basis([repeats])
    return Prints(
        basis=basis, takes=tuple((seed, print_of(one, basis)) for seed, one in enumerate(repeats)), digest="x"
    )


class TestEchoes:
    def test_there_is_one_for_each_golden_take(self, transcriber, prints):
        (heard,) = transcriber.listen([clip(2)], [None], [prints])
        assert [echo.seed for echo in heard.echoes] == [0, 1]
        assert all(0 <= echo.mean <= echo.worst <= 2 for echo in heard.echoes)

    def test_there_is_none_without_prints(self, transcriber):
        assert transcriber.listen([clip(2)], [None])[0].echoes == ()

    def test_the_same_clip_is_no_distance_from_itself(self, transcriber, prints):
        (heard,) = transcriber.listen([clip(0)], [None], [prints])
        assert heard.echoes[0].mean < 0.01

    def test_another_phrase_is_farther_than_a_repeat(self, transcriber, prints):
        repeat, other = transcriber.listen([clip(2), clip(2, "shut every gate")], [None] * 2, [prints] * 2)
        assert min(echo.mean for echo in other.echoes) > 2 * min(echo.mean for echo in repeat.echoes)

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_audio_has_finite_ones(self, transcriber, prints, name):
        (heard,) = transcriber.listen([(HOSTILE[name], 16000)], [None], [prints])
        assert all(math.isfinite(echo.mean + echo.worst + echo.at + echo.golden_at) for echo in heard.echoes)
