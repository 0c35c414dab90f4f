"""Whether it is speech at all. These are rules, not statistics: a single such rendering is a finding."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from harness.core.types import Finding, GoldenRecord, Probe, Severity, Take

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

RULES = (
    "signal.not-finite",
    "signal.silent",
    "signal.clipped",
    "signal.offset",
    "signal.sample-rate",
    "signal.endless",
    "signal.cut-off",
    "signal.repeated",
)
"""Every finding that this module can make."""


def spoiled_audio(probe: Probe, takes: Sequence[Take], golden: GoldenRecord | None) -> tuple[Finding, ...]:
    """What is wrong with the audio itself: at most one finding per rule of :data:`RULES`."""
    found = []
    for rule, title, spoiled, told in (
        (
            "signal.not-finite",
            "produces NaN or infinite samples",
            _not_finite,
            "{0.facts.nonfinite} such samples",
        ),
        (
            "signal.silent",
            "says nothing",
            _silent_against(golden),
            "{0.facts.seconds:.2f} s, level {0.acoustics.level_db:.0f} dB",
        ),
        (
            "signal.clipped",
            "is clipped",
            _clipped_against(golden),
            "{0.facts.clipped_share:.1%} of samples at full scale",
        ),
        (
            "signal.offset",
            "is not centred on zero",
            _offset_against(golden),
            "samples are {0.facts.dc:+.3f} of full scale on average",
        ),
        (
            "signal.sample-rate",
            "speaks at another sample rate than the reference",
            _another_rate(golden),
            "{0.acoustics.sample_rate} Hz",
        ),
        (
            "signal.endless",
            "does not stop speaking",
            _endless_against(golden),
            "{0.facts.seconds:.1f} s",
        ),
        (
            "signal.cut-off",
            "stops in the middle of a sound",
            _cut_off_against(golden),
            "the last 30 ms are {0.acoustics.ending_db:+.0f} dB re the voice",
        ),
        (
            "signal.repeated",
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


def _silent_against(golden: GoldenRecord | None) -> Callable[[Take], bool]:
    """Predicate: silent or almost empty, where the golden speaks."""
    spoken = [take.facts.seconds for take in golden.takes if not _is_silent(take)] if golden else []
    expects_speech = golden is None or len(spoken) > len(golden.takes) // 2
    shortest = MIN_SPOKEN_SHARE * (statistics.median(spoken) if spoken else 0.5)
    return lambda take: expects_speech and (take.facts.seconds < shortest or _is_silent(take))


def _clipped_against(golden: GoldenRecord | None) -> Callable[[Take], bool]:
    """Predicate: clipped beyond what the golden does."""
    own = max((take.facts.clipped_share for take in golden.takes), default=0.0) if golden else 0.0
    return lambda take: take.facts.clipped_share > own + MAX_CLIPPED_SHARE


def _offset_against(golden: GoldenRecord | None) -> Callable[[Take], bool]:
    """Predicate: further from zero on average than the golden ever is."""
    own = max((abs(take.facts.dc) for take in golden.takes), default=0.0) if golden else 0.0
    return lambda take: abs(take.facts.dc) > own + MAX_OFFSET


def _another_rate(golden: GoldenRecord | None) -> Callable[[Take], bool]:
    """Predicate: a sample rate that no golden take has, where both are known."""
    known = {take.acoustics.sample_rate for take in golden.takes} - {None} if golden else set()
    return lambda take: bool(known) and take.acoustics.sample_rate not in {*known, None}


def _endless_against(golden: GoldenRecord | None) -> Callable[[Take], bool]:
    """Predicate: longer than any honest repeat by far."""
    longest = max((take.facts.seconds for take in golden.takes), default=0.0) if golden else 0.0
    bound = max(ENDLESS_TIMES * longest, longest + ENDLESS_SECONDS)
    return lambda take: longest > 0 and take.facts.seconds > bound


def _cut_off_against(golden: GoldenRecord | None) -> Callable[[Take], bool]:
    """Predicate: ends at the voice's level, where every golden take has faded."""
    endings = [take.acoustics.ending_db for take in golden.takes] if golden else []
    known = [ending for ending in endings if ending is not None]
    # Few repeats do not show how this voice ends, and one that ends abruptly says that it may.
    bound = max(known) + FADED_DB if len(known) > 2 and len(known) == len(endings) else math.inf
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
