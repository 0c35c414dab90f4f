"""Whether it is speech at all. These are rules, not statistics: a single such rendering is a finding.

What a reference does now and then by itself is none, though. A loud voice clips more in one take than in another, and
eight takes of a phrase do not show the most of it: how far takes of the whole golden lie off their mates is known.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.core.findings import Finding
from harness.core.rules import Rule
from harness.core.types import GoldenRecord, Probe, Severity, Take
from harness.judging.detectors.base import LISTEN

MAX_CLIPPED_SHARE = 0.01
"""Share of samples at full scale beyond the golden's own worst that counts as clipping."""
MIN_SPOKEN_SHARE = 0.1
"""Speech shorter than this share of the golden's is no speech."""
SILENT_DB = -60.0
"""A voiced level below this is silence."""
MAX_OFFSET = 0.005
"""Mean of the samples beyond the golden's own largest that counts as an offset; honest repeats differ by 0.0003."""
ENDLESS_TIMES = 4.0
"""Longer than the golden's longest repeat by this factor, and by :data:`ENDLESS_SECONDS`, is speech without an end."""
ENDLESS_SECONDS = 5.0
CUT_OFF_DB = -20.0
"""Re the voice. A clip whose last 30 ms are louder was cut, where all golden repeats end :data:`FADED_DB` lower."""
FADED_DB = 12.0

HABIT_TIMES = 2.0
"""Times as far beyond its mates as any golden take of the suite a take has to be."""
MIN_MATES = 3
"""Takes that a record needs to show how far one of them may lie off the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What takes of a reference do by themselves: how far the furthest of a phrase lies beyond the next one."""

    clipped_share: float = 0.0
    """Of the samples."""
    offset: float = 0.0
    """Of full scale."""
    ending_db: float = 0.0
    """Re the voice."""
    is_silent_at_times: bool = False
    """Whether it says nothing in some takes of phrases that it speaks in most."""

    @classmethod
    def of(cls, records: Sequence[GoldenRecord]) -> Habits:
        """Those that a golden shows."""
        known = [record for record in records if len(record.takes) >= MIN_MATES]
        endings = [[take.acoustics.ending_db for take in record.takes] for record in known]
        silences = [[_is_silent(take) for take in record.takes] for record in known]
        return cls(
            clipped_share=_furthest([[take.facts.clipped_share for take in record.takes] for record in known]),
            offset=_furthest([[abs(take.facts.dc) for take in record.takes] for record in known]),
            ending_db=_furthest([[one for one in several if one is not None] for several in endings]),
            is_silent_at_times=any(0 < sum(several) <= len(several) // 2 for several in silences),
        )


NOTHING_KNOWN = Habits()


def _furthest(phrases: Sequence[Sequence[float]]) -> float:
    """Largest gap between the highest and the next one of any phrase."""
    gaps = (sorted(values)[-1] - sorted(values)[-2] for values in phrases if len(values) >= MIN_MATES)
    return max(gaps, default=0.0)


NOT_FINITE = Rule(
    id="signal.not-finite",
    severity=Severity.HIGH,
    title="The audio holds NaN or infinite samples",
    meaning="The model produced samples that are no numbers.",
    advice="Look for a broken checkpoint or an overflow in half precision; convert or train the model again.",
)
SILENT = Rule(
    id="signal.silent",
    severity=Severity.HIGH,
    title="The audio is silent",
    meaning="The candidate says nothing where the golden speaks.",
    advice=LISTEN,
)
CLIPPED = Rule(
    id="signal.clipped",
    severity=Severity.HIGH,
    title="The audio is clipped",
    meaning="Far more samples lie at full scale than in the golden's repeats.",
    advice="Lower the model's output level, or look for a change of its normalisation.",
)
OFFSET = Rule(
    id="signal.offset",
    severity=Severity.HIGH,
    title="The audio is not centred on zero",
    meaning="Samples have an offset that the golden's repeats do not have.",
    advice="Look for a defect of the decoder or of a conversion.",
)
SAMPLE_RATE = Rule(
    id="signal.sample-rate",
    severity=Severity.HIGH,
    title="The sample rate is another one",
    meaning="The candidate speaks at another rate than the reference did.",
    advice="Compare the configurations; a changed rate changes pitch and pace wherever it is not noticed.",
)
ENDLESS = Rule(
    id="signal.endless",
    severity=Severity.HIGH,
    title="The candidate does not stop speaking",
    meaning="The audio is many times as long as the golden's repeats.",
    advice="Look for an edited duration predictor: this also costs the machine.",
)
CUT_OFF = Rule(
    id="signal.cut-off",
    severity=Severity.HIGH,
    title="The audio stops in the middle of a sound",
    meaning="The last moments are as loud as the voice, and are not in the golden's repeats.",
    advice=f"{LISTEN} Look for a bound on the length of what is spoken.",
)
REPEATED = Rule(
    id="signal.repeated",
    severity=Severity.HIGH,
    title="Different seeds give the very same audio",
    meaning="The golden's repeats differ from take to take, the candidate's do not: a recording may be played.",
    advice="Find out whether the model still synthesises: noise scales of zero do this, and so does stored audio.",
)

RULES = (NOT_FINITE, SILENT, CLIPPED, OFFSET, SAMPLE_RATE, ENDLESS, CUT_OFF, REPEATED)
"""Every finding that this module can make."""


def spoiled_audio(
    probe: Probe, takes: Sequence[Take], golden: GoldenRecord | None, habits: Habits = NOTHING_KNOWN
) -> tuple[Finding, ...]:
    """What is wrong with the audio itself: at most one finding per rule of :data:`RULES`.

    Args:
        probe: What was asked for.
        takes: All renderings of it.
        golden: Its record, None where there is none.
        habits: What the golden's takes do by themselves, over all its phrases.
    """
    found = []
    for rule, title, spoiled, told in (
        (
            NOT_FINITE,
            "produces NaN or infinite samples",
            _not_finite,
            "{0.facts.nonfinite} such samples",
        ),
        (
            SILENT,
            "says nothing",
            _silent_against(takes, golden, habits),
            "{0.facts.seconds:.2f} s, level {0.acoustics.level_db:.0f} dB",
        ),
        (
            CLIPPED,
            "is clipped",
            _clipped_against(golden, habits),
            "{0.facts.clipped_share:.1%} of samples at full scale",
        ),
        (
            OFFSET,
            "is not centred on zero",
            _offset_against(golden, habits),
            "samples are {0.facts.dc:+.3f} of full scale on average",
        ),
        (
            SAMPLE_RATE,
            "speaks at another sample rate than the reference",
            _another_rate(golden),
            "{0.acoustics.sample_rate} Hz",
        ),
        (
            ENDLESS,
            "does not stop speaking",
            _endless_against(golden),
            "{0.facts.seconds:.1f} s",
        ),
        (
            CUT_OFF,
            "stops in the middle of a sound",
            _cut_off_against(golden, habits),
            "the last 30 ms are {0.acoustics.ending_db:+.0f} dB re the voice",
        ),
        (
            REPEATED,
            "gives the very same audio for different seeds",
            _repeated_among(takes, golden),
            "seed {0.seed} and another sound alike to the last sample",
        ),
    ):
        bad = [take for take in takes if spoiled(take)]
        if bad:
            found.append(
                Finding(
                    rule=rule,
                    severity=Severity.HIGH,
                    subject=probe.id,
                    title=title,
                    heard=f"{len(bad)} of {len(takes)} renderings: {told.format(bad[0])}",
                    expected=golden.transcript if golden else "",
                    audio=tuple(take.audio_sha256 for take in bad[:3]),
                )
            )
    return tuple(found)


def _not_finite(take: Take) -> bool:
    return take.facts.nonfinite > 0


def _silent_against(takes: Sequence[Take], golden: GoldenRecord | None, habits: Habits) -> Callable[[Take], bool]:
    """Predicate: silent or almost empty, where the golden speaks; most are, where that voice is silent at times."""
    if habits.is_silent_at_times and 2 * sum(map(_is_silent, takes)) <= len(takes):
        return lambda _: False  # how often it may be is for the statistics of level and pace to say
    spoken = [take.facts.seconds for take in golden.takes if not _is_silent(take)] if golden else []
    expects_speech = golden is None or len(spoken) > len(golden.takes) // 2
    shortest = MIN_SPOKEN_SHARE * (statistics.median(spoken) if spoken else 0.5)
    return lambda take: expects_speech and (take.facts.seconds < shortest or _is_silent(take))


def _clipped_against(golden: GoldenRecord | None, habits: Habits) -> Callable[[Take], bool]:
    """Predicate: clipped beyond what the golden does."""
    own = max((take.facts.clipped_share for take in golden.takes), default=0.0) if golden else 0.0
    margin = max(MAX_CLIPPED_SHARE, HABIT_TIMES * habits.clipped_share)
    return lambda take: take.facts.clipped_share > own + margin


def _offset_against(golden: GoldenRecord | None, habits: Habits) -> Callable[[Take], bool]:
    """Predicate: further from zero on average than the golden ever is."""
    own = max((abs(take.facts.dc) for take in golden.takes), default=0.0) if golden else 0.0
    margin = max(MAX_OFFSET, HABIT_TIMES * habits.offset)
    return lambda take: abs(take.facts.dc) > own + margin


def _another_rate(golden: GoldenRecord | None) -> Callable[[Take], bool]:
    """Predicate: a sample rate that no golden take has, where both are known."""
    known = {take.acoustics.sample_rate for take in golden.takes} - {None} if golden else set()
    return lambda take: bool(known) and take.acoustics.sample_rate not in {*known, None}


def _endless_against(golden: GoldenRecord | None) -> Callable[[Take], bool]:
    """Predicate: longer than any honest repeat by far."""
    longest = max((take.facts.seconds for take in golden.takes), default=0.0) if golden else 0.0
    bound = max(ENDLESS_TIMES * longest, longest + ENDLESS_SECONDS)
    return lambda take: longest > 0 and take.facts.seconds > bound


def _cut_off_against(golden: GoldenRecord | None, habits: Habits) -> Callable[[Take], bool]:
    """Predicate: ends at the voice's level, where every golden take has faded."""
    endings = [take.acoustics.ending_db for take in golden.takes] if golden else []
    known = [ending for ending in endings if ending is not None]
    # Few repeats do not show how this voice ends, and one that ends abruptly says that it may.
    margin = max(FADED_DB, HABIT_TIMES * habits.ending_db)
    bound = max(known) + margin if len(known) > 2 and len(known) == len(endings) else math.inf
    return lambda take: take.acoustics.ending_db is not None and take.acoustics.ending_db > max(CUT_OFF_DB, bound)


def _repeated_among(takes: Sequence[Take], golden: GoldenRecord | None) -> Callable[[Take], bool]:
    """Predicate: shares its audio with a take of another seed, where the golden never does."""
    own = {take.audio_sha256 for take in golden.takes} if golden else set()
    seeds: dict[str, set[int]] = {}
    for take in takes:
        seeds.setdefault(take.audio_sha256, set()).add(take.seed)
    varies = golden is not None and len(golden.takes) > 1 and len(own) == len(golden.takes)
    # Silence is one and the same each time, and has a rule of its own.
    return lambda take: varies and len(seeds[take.audio_sha256]) > 1 and not _is_silent(take)


def _is_silent(take: Take) -> bool:
    return take.acoustics.level_db < SILENT_DB
