"""Who speaks, and how: level, pitch and timbre of the whole clip."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from harness.core.types import Finding, GoldenRecord, Observation, Probe, Severity, Take
from harness.detectors.base import Statistic, told

LEVEL_JND_DB = 1.0
"""Just noticeable difference of level (Zwicker & Fastl, Psychoacoustics, ch. 7)."""
PITCH_JND = 0.029
"""Half a semitone, as a log ratio: smaller differences play no part in speech ('t Hart 1981, JASA 69:811)."""
TIMBRE_JND_DB = 1.0
"""Spectral distortion below which coding is transparent (Paliwal & Atal 1993, IEEE TSAP 1:3)."""

_UNITS = {"level-db": "level, dB", "log-f0": "log pitch", "timbre-db": "spectral distance, dB"}
_WORDS = {
    ("level-db", True): ("voice.level", "is louder than the reference"),
    ("level-db", False): ("voice.level", "is quieter than the reference"),
    ("log-f0", True): ("voice.pitch", "speaks higher than the reference"),
    ("log-f0", False): ("voice.pitch", "speaks lower than the reference"),
    ("timbre-db", True): ("voice.timbre", "sounds like another voice or another microphone"),
}


def level_db(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Level of the voiced part, dB re full scale."""
    del golden
    return [take.acoustics.level_db for take in takes]


def log_f0(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Natural logarithm of the median pitch; unvoiced takes count as the golden's typical pitch (no evidence)."""
    voiced = [take.acoustics.f0_hz for take in golden if take.acoustics.f0_hz > 0]
    typical = math.log(statistics.median(voiced)) if voiced else 0.0
    return [math.log(take.acoustics.f0_hz) if take.acoustics.f0_hz > 0 else typical for take in takes]


def timbre_db(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Root-mean-square distance of the long-term spectrum to the golden takes' mean spectrum, dB."""
    spectra = [take.acoustics.timbre for take in golden]
    mean = [statistics.fmean(band) for band in zip(*spectra, strict=True)]
    return [
        math.sqrt(statistics.fmean((a - b) ** 2 for a, b in zip(take.acoustics.timbre, mean, strict=True)))
        for take in takes
    ]


class VoiceDetector:
    """Another loudness, pitch or voice."""

    name = "voice"
    statistics = (
        Statistic(name="level-db", sides=("less", "greater"), floor=0.2, measure=level_db, matters=LEVEL_JND_DB),
        Statistic(name="log-f0", sides=("less", "greater"), floor=0.01, measure=log_f0, matters=PITCH_JND),
        Statistic(
            name="timbre-db", sides=("greater",), floor=0.2, measure=timbre_db, matters=TIMBRE_JND_DB, relative=True
        ),
    )
    rules = ("voice.level", "voice.pitch", "voice.timbre")
    misses = "A change that lasts for a word only, or lies above the voice's band."

    def findings(
        self, probe: Probe, golden: GoldenRecord, takes: Sequence[Take], confirmed: Sequence[Observation]
    ) -> tuple[Finding, ...]:
        """One finding per statistic."""
        del golden
        found = []
        for observation in confirmed:
            rule, title = _WORDS[observation.statistic, observation.effect > 0]
            found.append(
                Finding(
                    rule=rule,
                    severity=Severity.MEDIUM,
                    subject=probe.id,
                    title=title,
                    evidence=told([observation], _UNITS),
                    audio=tuple(take.audio_sha256 for take in takes[:3]),
                )
            )
        return tuple(found)
