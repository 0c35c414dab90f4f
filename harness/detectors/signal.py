"""Whether it is speech at all. These are rules, not statistics: a single such rendering is a finding."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from harness.core.types import Finding, GoldenRecord, Probe, Severity, Take

MAX_CLIPPED_SHARE = 0.01
"""Share of samples at full scale beyond the golden's own worst that counts as clipping."""
MIN_SPOKEN_SHARE = 0.1
"""Speech shorter than this share of the golden's is no speech."""
SILENT_DB = -60.0
"""A voiced level below this is silence."""


def spoiled_audio(probe: Probe, takes: Sequence[Take], golden: GoldenRecord | None) -> tuple[Finding, ...]:
    """NaN or infinite samples, no audio, silence, clipping: at most one finding per rule, worst take first."""
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


def _is_silent(take: Take) -> bool:
    return take.acoustics.level_db < SILENT_DB
