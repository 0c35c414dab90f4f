"""Sounds for tests: tones, pauses, babble that has what the senses listen for, and audio that nobody should send."""

from __future__ import annotations

import numpy as np

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
    "one click": np.eye(1, 2 * RATE, RATE, dtype=np.float32)[0],
}
VOWELS = np.random.default_rng(11).permutation(
    [(700, 1200), (300, 2300), (500, 900), (400, 1900), (600, 1700), (350, 800), (550, 1400), (450, 2100)]
)


def voice(hertz, seconds=1.0, rate=RATE, *, level=0.1):
    """A buzz with the harmonics of a voice."""
    time = np.arange(int(seconds * rate)) / rate
    harmonics = [np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 1 + min(12, int(rate / 2 / hertz) - 1))]
    return (level * np.sum(harmonics, axis=0)).astype(np.float32)


def silence(seconds, rate=RATE):
    return np.zeros(int(seconds * rate), np.float32)


def babble(seed, *, pitch=110.0, melody=1.0, tempo=(1.0,) * 8, stress=1.0, voiced=True, rate=RATE):
    """Eight vowels in a row, each with its own pitch, level and length; repeats differ a little by their seed."""
    rng = np.random.default_rng(seed)
    tones = np.exp(melody * np.log([1.0, 1.15, 0.95, 1.2, 1.05, 1.1, 0.9, 0.8]))
    levels = np.array([0.0, -10, 3, -16, 4, -8, 0, -14]) * stress
    parts = []
    for place, (first, second) in enumerate(VOWELS):
        count = int(rate * 0.24 * tempo[place] * (1 + 0.02 * rng.normal()))
        hertz = pitch * tones[place] * (1 + 0.005 * rng.normal())
        phase = 2 * np.pi * hertz * np.cumsum(1 + 0.02 * np.sin(np.arange(count) / count * 3)) / rate
        sound = np.zeros(count)
        for k in range(1, int(min(rate / 2, 9500) / hertz)):
            formants = sum(1 / (1 + ((k * hertz - centre) / 120) ** 2) for centre in (first, second, 3100))
            sound += (formants + 0.003) * np.sin(k * phase + k * k)
        if not voiced:
            sound = rng.normal(0, 0.5, count)
        envelope = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.02 * rate))
        parts += [sound * envelope * 10 ** ((levels[place] + 0.2 * rng.normal()) / 20), np.zeros(int(0.03 * rate))]
    audio = 0.05 * np.concatenate([np.zeros(rate // 10), *parts, np.zeros(rate // 10)])
    return (audio + rng.normal(0, 2e-5, audio.size)).astype(np.float32)


def tone(samples, hertz, level_db, rate=RATE):
    """The samples with a steady tone over them, dB re full scale."""
    time = np.arange(len(samples)) / rate
    return (samples + 10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def hiss(samples, level_db, seed=0):
    """The samples with white noise over them, dB re full scale."""
    noise = np.random.default_rng(seed).normal(0, 10 ** (level_db / 20), len(samples))
    return (samples + noise).astype(np.float32)


def echoed(samples, lag, share):
    """The samples with an echo `lag` samples later."""
    late = np.concatenate([np.zeros(lag, np.float32), samples])[: len(samples)]
    return (samples + share * late).astype(np.float32)


def low_pass(samples, hertz, rate=RATE):
    """The samples without anything above."""
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / rate) > hertz] = 0
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)
