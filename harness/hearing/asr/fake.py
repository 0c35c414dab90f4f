"""A transcriber for the plugin's own tests: it hears the tones of the fake engine, with numpy alone.

It behaves like a real one where that matters to a test: transcripts come from the audio, a forced score
drops where the audio says something else, scores spread a little between repeats. It knows no model, no file.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import random
from typing import TYPE_CHECKING

import numpy as np

from harness.core.transcriber import Repeat
from harness.core.types import ForcedScore, Hearing, WordSpan
from harness.core.waveform import clean
from harness.engines.fake import tones

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from harness.core.transcriber import Echoing, TextChoice
    from harness.core.types import Waveform
    from harness.hearing.asr.likeness import Features

LONGEST_SECONDS = 120.0
"""What is heard of one clip; the rest is not, and the hearing says so."""
SILENCE_RMS = 0.05
"""A frame below this gives no character."""
_SOUND = 0.1
"""A sample beyond this starts a tone: 20 times the engine's noise, a fifth of its amplitude."""
_FFT_SIZE = 1600
"""Zero-padded: bins of 10 Hz, six to a step of the alphabet."""
_RIGHT, _WRONG_COSTS = -0.1, 2.0
_CLIP_SIGMA, _PIECE_SIGMA = 0.02, 0.01
_FEATURE_SIGMA = 0.05


class ToneTranscriber:
    """Implements :class:`harness.core.transcriber.Transcriber` for :mod:`harness.engines.fake.tones`."""

    @property
    def identity(self) -> Mapping[str, str]:
        """Constant: there are no weights, the decoding is this module."""
        return {"name": "fake", "weights": "none", "decoding": "tones-2"}

    def listen(
        self,
        clips: Sequence[tuple[Waveform, int]],
        forced: Sequence[str | None],
        prints: Sequence[Echoing | None] | None = None,
    ) -> list[Hearing]:
        """See :meth:`harness.core.transcriber.Transcriber.listen`."""
        known = [None] * len(clips) if prints is None else prints
        hearings = [_hear(*clip, text) for clip, text in zip(clips, forced, strict=True)]
        return [
            hearing if golden is None else dataclasses.replace(hearing, echoes=golden.echoes(_features(hearing, clip)))
            for hearing, clip, golden in zip(hearings, clips, known, strict=True)
        ]

    def listen_together(self, clips: Sequence[tuple[Waveform, int]], choose: TextChoice) -> list[Repeat]:
        """See :meth:`harness.core.transcriber.Transcriber.listen_together`."""
        if not clips:
            return []
        first = self.listen(clips, [None] * len(clips))
        chosen = choose([hearing.text for hearing in first])
        typical = next((place for place, hearing in enumerate(first) if hearing.text == chosen), -1)
        again = self.listen(clips, [chosen] * len(clips))
        return [
            Repeat(
                hearing=hearing,
                features=_features(hearing, clip),
                words=_words(hearing) if place == typical else (),
            )
            for place, (hearing, clip) in enumerate(zip(again, clips, strict=True))
        ]


def _features(hearing: Hearing, clip: tuple[Waveform, int]) -> Features:
    """What an encoder might make of the tones: the character of each moment, and a little of the clip's own noise."""
    places = [index for index in map(tones.index_of, hearing.text) if index is not None] or [0]
    noise = np.random.default_rng(list(hashlib.sha256(clean(clip[0]).tobytes()).digest()))
    features = noise.normal(0.0, _FEATURE_SIGMA, (len(places), len(tones.ALPHABET)))
    features[np.arange(len(places)), places] += 1.0
    return features.astype(np.float32)


def _words(hearing: Hearing) -> tuple[WordSpan, ...]:
    spans, at = [], 0
    for word in hearing.text.split(" "):
        seconds = tones.CHARACTER_SAMPLES / tones.SAMPLE_RATE
        if word:
            spans.append(WordSpan(word=word, start=round(at * seconds, 3), end=round((at + len(word)) * seconds, 3)))
        at += len(word) + 1
    return tuple(spans)


def _hear(samples: Waveform, sample_rate: int, forced: str | None) -> Hearing:
    audio = clean(samples)
    bound = int(LONGEST_SECONDS * max(sample_rate, 1))
    truncated = audio.size > bound
    audio = _at_tone_rate(audio[:bound], sample_rate)
    characters: list[str] = []
    purities: list[float] = []
    for stretch in _sounding(audio):
        heard, shares = _decode(stretch)
        characters += heard
        purities += shares
    text = "".join(characters).strip()
    purity = float(np.mean(purities)) if text else 0.0
    return Hearing(
        text=text,
        tokens=len(text.split()),
        avg_logprob=_RIGHT - 2.0 * (1.0 - purity) if text else 0.0,
        no_speech=1.0 - purity,
        truncated=truncated,
        forced=None if forced is None else _score(forced, text, audio),
    )


def _at_tone_rate(audio: Waveform, sample_rate: int) -> Waveform:
    if sample_rate == tones.SAMPLE_RATE or audio.size == 0 or sample_rate <= 0:
        return audio
    import soxr  # compiled code that most tests do not need

    return clean(soxr.resample(audio, sample_rate, tones.SAMPLE_RATE))


def _sounding(audio: Waveform) -> Iterator[Waveform]:
    """Stretches between silences, each starting with a tone: a pause of any length keeps the framing."""
    loud = np.flatnonzero(np.abs(audio) > _SOUND)
    if loud.size == 0:
        return
    # Within a tone the slowest sine (500 Hz) is loud again after 7 samples; half a frame of quiet is a pause.
    breaks = np.flatnonzero(np.diff(loud) > tones.CHARACTER_SAMPLES // 2)
    starts = np.concatenate([loud[:1], loud[breaks + 1]])
    ends = np.concatenate([loud[breaks], loud[-1:]]) + 1
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        yield audio[start:end]


def _decode(stretch: Waveform) -> tuple[list[str], list[float]]:
    """Characters of one stretch, and for each the share of its frame's energy that lies on its tone."""
    count = round(stretch.size / tones.CHARACTER_SAMPLES)
    if count == 0:  # a click is no character
        return [], []
    padded = np.zeros(count * tones.CHARACTER_SAMPLES)
    padded[: min(stretch.size, padded.size)] = stretch[: padded.size]
    frames = padded.reshape(count, tones.CHARACTER_SAMPLES)
    power = np.abs(np.fft.rfft(frames * np.hanning(tones.CHARACTER_SAMPLES), _FFT_SIZE)) ** 2
    peaks = power.argmax(axis=1)
    hertz = peaks * (tones.SAMPLE_RATE / _FFT_SIZE)
    indices = np.rint((hertz - tones.LOWEST_HZ) / tones.STEP_HZ).astype(int)
    known = (indices >= 0) & (indices < len(tones.ALPHABET))
    known &= np.sqrt(np.mean(frames**2, axis=1)) >= SILENCE_RMS
    purity = _share_near(power, peaks)
    return (
        [tones.ALPHABET[index] for index in indices[known].tolist()],
        purity[known].tolist(),
    )


def _share_near(power: NDArray[np.float64], peaks: NDArray[np.intp]) -> NDArray[np.float64]:
    """Share of each frame's power within 100 Hz of its peak: the main lobe of the window."""
    bins = np.arange(power.shape[1])
    near = np.abs(bins[None, :] - peaks[:, None]) <= 10
    return np.asarray((power * near).sum(axis=1) / np.maximum(power.sum(axis=1), 1e-12))


def _score(target: str, heard: str, audio: Waveform) -> ForcedScore:
    """One piece per word and the end marker last, as Whisper's pieces come with their leading space.

    A word that was not heard costs :data:`_WRONG_COSTS`, and so does the piece after words nobody expected.
    """
    words = target.split()
    wrong = [False] * (len(words) + 1)
    matcher = difflib.SequenceMatcher(
        None, [_folded(word) for word in words], [_folded(word) for word in heard.split()], autojunk=False
    )
    for tag, start, end, _, _ in matcher.get_opcodes():
        if tag == "insert":
            wrong[start] = True
        elif tag != "equal":
            wrong[start:end] = [True] * (end - start)
    # The audio's own bytes are the seed: the same clip always scores the same, repeats spread a little.
    noise = random.Random(hashlib.sha256(audio.tobytes()).digest())
    clip = noise.gauss(0.0, _CLIP_SIGMA)
    logprobs = tuple(
        min(-1e-4, _RIGHT + clip + noise.gauss(0.0, _PIECE_SIGMA) - _WRONG_COSTS * is_wrong) for is_wrong in wrong
    )
    return ForcedScore(text=target, pieces=(*(f" {word}" for word in words), ""), logprobs=logprobs)


def _folded(word: str) -> str:
    """As the alphabet would carry it, without punctuation at the ends."""
    return "".join(char for char in word.lower() if tones.index_of(char) is not None).strip(".,?!")
