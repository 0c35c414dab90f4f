"""How a phrase is spoken: melody, stress, voicing, and the pace within it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from harness.core.findings import Finding
from harness.core.rules import Rule
from harness.core.types import GoldenRecord, Observation, Probe, Severity, Take
from harness.judging.detectors.base import LISTEN, RECORD, Statistic, one_each, reading, rules_of

MELODY_SEMITONES = 0.6
"""Of standard deviation, which is 1.5 semitones between low and high: what listeners tell apart ('t Hart 1981)."""
DYNAMICS_JND_DB = 1.0
"""Just noticeable difference of level (Zwicker & Fastl, Psychoacoustics, ch. 7)."""
VOICED_SHARE = 0.05
"""Of the speech. Repeats of the demo voice differ by 0.02; whispering the whole phrase takes 0.45 away."""
PACE_JND = 0.05
"""Just noticeable difference of tempo, as a log ratio (Quené 2007, J. Phonetics 35:353)."""
SHORTEST_STEP = 0.005
"""Of a phrase: steps between places of the pace are at least so long, or rounding would make ratios of nothing."""

_UNITS = {
    "f0-spread": "spread of pitch, semitones",
    "dynamics-db": "spread of level, dB",
    "voiced-share": "share of voiced speech",
    "pace": "largest local change of tempo, log ratio",
}
MELODY = Rule(
    id="prosody.melody",
    severity=Severity.MEDIUM,
    title="The melody of speech is wider or flatter",
    meaning="Pitch varies more or less within the phrase than in the golden's repeats.",
    advice=f"{LISTEN} {RECORD}",
)
DYNAMICS = Rule(
    id="prosody.dynamics",
    severity=Severity.MEDIUM,
    title="The candidate speaks with less stress",
    meaning="Level varies less within the phrase than in the golden's repeats: compressed, or drowsy.",
    advice=f"{LISTEN} {RECORD}",
)
UNVOICED = Rule(
    id="prosody.unvoiced",
    severity=Severity.MEDIUM,
    title="Less of the speech is voiced",
    meaning="A smaller share of the speech has a pitch: whispered, hoarse or noisy.",
    advice=f"{LISTEN} {RECORD}",
)
UNEVEN = Rule(
    id="prosody.uneven",
    severity=Severity.MEDIUM,
    title="A part of the phrase is spoken at another pace",
    meaning="Somewhere within the phrase the tempo departs from the golden's, whatever the phrase's length is.",
    advice=f"{LISTEN} A single drowsy word is a published backdoor.",
)

_WORDS = {
    ("f0-spread", True): (MELODY, "speaks with more melody than the reference"),
    ("f0-spread", False): (MELODY, "speaks more monotonously than the reference"),
    ("dynamics-db", False): (DYNAMICS, "speaks with less stress than the reference, or is compressed"),
    ("voiced-share", False): (UNVOICED, "whispers, or is hoarse, where the reference has a voice"),
    ("pace", True): (UNEVEN, "speaks a part of the phrase slower or faster than the reference"),
}


def pace(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Largest change of tempo within the phrase against the golden takes' mean pace, as a log ratio of durations.

    Each take is cut into sixteenths of equal spectral movement; two neighbouring ones count together, about a word of
    a short phrase. The length of the whole phrase plays no part.
    """
    paces = [take.acoustics.pace for take in golden if take.acoustics.pace]
    if not paces or len({len(places) for places in paces}) > 1:
        return [math.nan] * len(takes)
    usual = _steps([statistics.fmean(column) for column in zip(*paces, strict=True)])
    return [_largest_change(take.acoustics.pace, usual) for take in takes]


class ProsodyDetector:
    """A monotonous, excited, whispered or compressed voice; a drowsy word in a phrase of the usual length."""

    name = "prosody"
    statistics = (
        Statistic(
            name="f0-spread",
            sides=("less", "greater"),
            floor=0.1,
            measure=reading(lambda heard: heard.f0_spread),
            matters=MELODY_SEMITONES,
        ),
        Statistic(
            name="dynamics-db",
            sides=("less",),
            floor=0.1,
            measure=reading(lambda heard: heard.dynamics_db),
            matters=DYNAMICS_JND_DB,
        ),
        Statistic(
            name="voiced-share",
            sides=("less",),
            floor=0.01,
            measure=reading(lambda heard: heard.voiced_share),
            matters=VOICED_SHARE,
        ),
        Statistic(name="pace", sides=("greater",), floor=0.02, measure=pace, matters=PACE_JND, relative=True),
    )
    rules = rules_of(_WORDS)
    misses = "Another melody of the same width (a question for a statement); a word stretched by less than half."
    source = (
        "'t Hart 1981, JASA 69:811; Quené 2007, J. Phonetics 35:353; Zwicker & Fastl, Psychoacoustics; "
        "pitch after Boersma 1993, IFA Proc. 17:97."
    )

    def findings(
        self, probe: Probe, golden: GoldenRecord, takes: Sequence[Take], confirmed: Sequence[Observation]
    ) -> tuple[Finding, ...]:
        """One finding per statistic."""
        del golden
        return one_each(probe, takes, confirmed, words=_WORDS, units=_UNITS)


def _steps(places: Sequence[float]) -> list[float]:
    """Share of the time that each step takes, from 0 to 1."""
    return [max(0.0, after - before) + SHORTEST_STEP for before, after in pairwise([0.0, *places, 1.0])]


def _largest_change(places: Sequence[float], usual: Sequence[float]) -> float:
    if len(places) + 1 != len(usual):
        return math.nan
    logs = [math.log(own / other) for own, other in zip(_steps(places), usual, strict=True)]
    return max(abs(one + other) / 2 for one, other in pairwise(logs))
