"""What lies beside, below and above the voice: noise, rumble, treble, tones and marks."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from harness.core.findings import Finding
from harness.core.rules import Rule
from harness.core.types import GoldenRecord, Observation, Probe, Severity, Take
from harness.judging.detectors.base import LISTEN, RECORD, Statistic, one_each, reading, rules_of

AUDIBLE_DB = -60.0
"""Re the voice. What is quieter in a pause lies near the threshold of hearing where the voice is as loud as in a
conversation (60 dB); two honest builds of a voice (half precision, another dither) may differ there."""
TRACE_DB = -80.0
"""Re the voice. Half precision reaches up to here in the band at the edge."""
NOISE_DB = 3.0
"""Twice the power. Just noticeable differences of noise are 1 dB (Zwicker & Fastl, ch. 7), but of noise by itself."""
TREBLE_DB = 2.0
"""Above 8 kHz, where a difference of 1 dB is not heard beside a voice."""
LINE_DB = 6.0
"""Twice the amplitude. Repeats of the demo voice differ by 1 dB."""
MARK_HEIGHT = 3.0
"""Robust standard deviations. Repeats of the demo voice differ by 0.8, an echo at a fifth of the amplitude adds 7."""
SAME_LAG = 1
"""Samples by which lags of the same echo may differ."""

_UNITS = {
    "floor-db": "quietest place, dB re the voice",
    "rumble-db": "below 50 Hz, dB re the voice",
    "treble-db": "above 8 kHz, dB re the voice",
    "edge-db": "inaudibly high, dB re the voice",
    "line-db": "steadiest tone over its neighbourhood, dB",
    "mark": "strongest echo or repetition, spreads of the cepstrum",
}
NOISE = Rule(
    id="spectrum.noise",
    severity=Severity.MEDIUM,
    title="There is noise under the voice",
    meaning="The quietest moments are louder, against the voice, than in the golden's repeats.",
    advice=f"{LISTEN} {RECORD}",
)
RUMBLE = Rule(
    id="spectrum.rumble",
    severity=Severity.MEDIUM,
    title="There is sound below the voice",
    meaning="Below 50 Hz there is more, against the voice, than in the golden's repeats.",
    advice="Look at the spectrum: no speech is that low, and listeners on small speakers would not hear it.",
)
TREBLE = Rule(
    id="spectrum.treble",
    severity=Severity.MEDIUM,
    title="The treble differs",
    meaning="Above 8 kHz there is more or less, against the voice, than in the golden's repeats.",
    advice=f"{LISTEN} {RECORD}",
)
INAUDIBLE = Rule(
    id="spectrum.inaudible",
    severity=Severity.MEDIUM,
    title="There is sound where few can hear it",
    meaning="Near the upper end of what the sample rate carries there is more than in the golden's repeats.",
    advice="Other devices can hear it: find out what it carries before you ship the model.",
)
TONE = Rule(
    id="spectrum.tone",
    severity=Severity.MEDIUM,
    title="There is a steady tone",
    meaning="A narrow tone stands over its neighbourhood throughout the clip, and does not in the golden.",
    advice="Look at the spectrum: a mark, or a defect of the decoder.",
)
MARK = Rule(
    id="spectrum.mark",
    severity=Severity.MEDIUM,
    title="The audio carries a repeating mark",
    meaning="An echo or a repeating sequence stands out in the cepstrum, and does not in the golden.",
    advice="Audio watermarks look like this: find out whose it is.",
)

_WORDS = {
    ("floor-db", True): (NOISE, "is noisier than the reference"),
    ("rumble-db", True): (RUMBLE, "carries a rumble below the voice"),
    ("treble-db", True): (TREBLE, "has more treble than the reference"),
    ("treble-db", False): (TREBLE, "has less treble than the reference: it is dull, or band-limited"),
    ("edge-db", True): (INAUDIBLE, "carries sound too high to be heard"),
    ("line-db", True): (TONE, "carries a steady tone"),
    ("mark", True): (MARK, "carries an echo or a sequence that repeats: perhaps a mark"),
}


def mark(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Height of the strongest cepstral peak over what the golden takes have at that lag, robust standard deviations."""
    known = [take.acoustics.cepstral_peaks for take in golden if take.acoustics.cepstral_peaks]
    if not known:
        return [math.nan] * len(takes)
    return [_strangest(take.acoustics.cepstral_peaks, known) for take in takes]


class SpectrumDetector:
    """Noise, rumble, steady tones, sound beyond hearing, another bandwidth, echoes and repeating marks."""

    name = "spectrum"
    statistics = (
        Statistic(
            name="floor-db",
            sides=("greater",),
            floor=1.0,
            measure=reading(lambda heard: _at_least(AUDIBLE_DB, heard.floor_db)),
            matters=NOISE_DB,
        ),
        Statistic(
            name="rumble-db",
            sides=("greater",),
            floor=0.5,
            measure=reading(lambda heard: _at_least(AUDIBLE_DB, heard.rumble_db)),
            matters=NOISE_DB,
        ),
        Statistic(
            name="treble-db",
            sides=("less", "greater"),
            floor=0.3,
            measure=reading(lambda heard: _at_least(AUDIBLE_DB, heard.treble_db)),
            matters=TREBLE_DB,
        ),
        Statistic(
            name="edge-db",
            sides=("greater",),
            floor=0.5,
            measure=reading(lambda heard: _at_least(TRACE_DB, heard.edge_db)),
            matters=NOISE_DB,
        ),
        Statistic(
            name="line-db",
            sides=("greater",),
            floor=0.5,
            measure=reading(lambda heard: heard.line_db),
            matters=LINE_DB,
        ),
        Statistic(name="mark", sides=("greater",), floor=0.5, measure=mark, matters=MARK_HEIGHT, relative=True),
    )
    rules = rules_of(_WORDS)
    misses = "A keyed mark that never repeats and lies 60 dB under the voice; noise that sounds only while it speaks."
    source = (
        "Bogert, Healy & Tukey 1963 (cepstrum); Gruhl, Lu & Bender 1996 (echo hiding); "
        "Zwicker & Fastl, Psychoacoustics."
    )

    def findings(
        self, probe: Probe, golden: GoldenRecord, takes: Sequence[Take], confirmed: Sequence[Observation]
    ) -> tuple[Finding, ...]:
        """One finding per statistic."""
        del golden
        return one_each(probe, takes, confirmed, words=_WORDS, units=_UNITS)


def _at_least(lowest: float, value: float | None) -> float | None:
    return None if value is None else max(lowest, value)


def _strangest(own: Sequence[tuple[int, float]], known: Sequence[Sequence[tuple[int, float]]]) -> float:
    return max(
        (height - statistics.fmean(_height_at(lag, one) for one in known) for lag, height in own), default=math.nan
    )


def _height_at(lag: int, peaks: Sequence[tuple[int, float]]) -> float:
    return max((height for place, height in peaks if abs(place - lag) <= SAME_LAG), default=0.0)
