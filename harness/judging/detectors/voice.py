"""Who speaks: level, pitch, timbre and a print of the speaker."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np

from harness.core.findings import Finding
from harness.core.rules import Rule
from harness.core.types import GoldenRecord, Observation, Probe, Severity, Take
from harness.judging.detectors.base import LISTEN, RECORD, Statistic, one_each, reading, rules_of

LEVEL_JND_DB = 1.0
"""Just noticeable difference of level (Zwicker & Fastl, Psychoacoustics, ch. 7)."""
PITCH_JND = 0.029
"""Half a semitone, as a log ratio: smaller differences play no part in speech ('t Hart 1981, JASA 69:811)."""
TIMBRE_JND_DB = 1.0
"""Spectral distortion below which coding is transparent (Paliwal & Atal 1993, IEEE TSAP 1:3)."""
SPEAKER_DEGREES = 3.0
"""Between prints. Repeats of the demo voice differ from their mean by 9 +- 1.1 degrees, other voices by 38 and more;
nobody has measured what listeners notice."""

_UNITS = {
    "level-db": "level, dB",
    "log-f0": "log pitch",
    "timbre-db": "spectral distance, dB",
    "speaker-degrees": "distance of the speaker's print, degrees",
}
SPEAKER = Rule(
    id="voice.speaker",
    severity=Severity.MEDIUM,
    title="The candidate sounds like another speaker",
    meaning="The print of the speaker is further from the golden's than its repeats are from each other.",
    advice=LISTEN,
)
LEVEL = Rule(
    id="voice.level",
    severity=Severity.MEDIUM,
    title="The candidate is louder or softer",
    meaning="The level of the voiced part lies outside what the golden's repeats show.",
    advice=f"{LISTEN} {RECORD}",
)
PITCH = Rule(
    id="voice.pitch",
    severity=Severity.MEDIUM,
    title="The candidate speaks at another pitch",
    meaning="The median fundamental frequency lies outside what the golden's repeats show.",
    advice=f"{LISTEN} {RECORD}",
)
TIMBRE = Rule(
    id="voice.timbre",
    severity=Severity.MEDIUM,
    title="The candidate sounds like another voice",
    meaning="The long-term spectrum is further from the golden's than its repeats are from each other.",
    advice=f"{LISTEN} {RECORD}",
)

_WORDS = {
    ("level-db", True): (LEVEL, "is louder than the reference"),
    ("level-db", False): (LEVEL, "is quieter than the reference"),
    ("log-f0", True): (PITCH, "speaks higher than the reference"),
    ("log-f0", False): (PITCH, "speaks lower than the reference"),
    ("timbre-db", True): (TIMBRE, "sounds like another voice or another microphone"),
    ("speaker-degrees", True): (SPEAKER, "sounds like another speaker"),
}


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


def speaker_degrees(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Angle between each take's print of the speaker and the golden takes' mean print."""
    known = [_direction(take) for take in golden]
    mean = np.mean([print_ for print_ in known if print_ is not None] or [np.zeros(1)], axis=0)
    length = float(np.linalg.norm(mean))
    angles = []
    for take in takes:
        own = _direction(take)
        if own is None or not length or own.shape != mean.shape:
            angles.append(math.nan)
        else:
            angles.append(math.degrees(math.acos(min(1.0, float(own @ mean) / length))))
    return angles


class VoiceDetector:
    """Another loudness, pitch, timbre or speaker."""

    name = "voice"
    statistics = (
        Statistic(
            name="level-db",
            sides=("less", "greater"),
            floor=0.2,
            measure=reading(lambda heard: heard.level_db),
            matters=LEVEL_JND_DB,
        ),
        Statistic(name="log-f0", sides=("less", "greater"), floor=0.01, measure=log_f0, matters=PITCH_JND),
        Statistic(
            name="timbre-db", sides=("greater",), floor=0.2, measure=timbre_db, matters=TIMBRE_JND_DB, relative=True
        ),
        Statistic(
            name="speaker-degrees",
            sides=("greater",),
            floor=0.5,
            measure=speaker_degrees,
            matters=SPEAKER_DEGREES,
            relative=True,
        ),
    )
    rules = rules_of(_WORDS)
    misses = "A change that lasts for a word only; a good imitation of the speaker."
    source = (
        "Zwicker & Fastl, Psychoacoustics; 't Hart 1981, JASA 69:811; Paliwal & Atal 1993, IEEE TSAP 1:3; "
        "GE2E (Wan et al. 2018, arXiv 1710.10467) with the weights of Resemblyzer 0.1.4 (Apache-2.0)."
    )

    def findings(
        self, probe: Probe, golden: GoldenRecord, takes: Sequence[Take], confirmed: Sequence[Observation]
    ) -> tuple[Finding, ...]:
        """One finding per statistic."""
        del golden
        return one_each(probe, takes, confirmed, words=_WORDS, units=_UNITS)


def _direction(take: Take) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """A take's print at length 1; None where there is none."""
    packed = take.acoustics.voiceprint
    if not packed:
        return None
    print_ = np.frombuffer(packed, np.uint8).astype(np.float64)
    length = float(np.linalg.norm(print_))
    return print_ / length if length else None
