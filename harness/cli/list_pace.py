"""What probes take: by the length of their texts, or by what a golden's reference took when it was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.core.types import Probe
    from harness.goldens.folder import Golden

SECONDS_PER_CHARACTER = 0.049
SECONDS_PER_PHRASE = 0.4
"""Length of speech: a line through the 136 phrases of the smoke suite as the demo voice says them (correlation .93)."""
CORES = 2
HEARING_PER_SECOND = 0.03
"""Seconds that two cores take to hear one second of speech with Whisper tiny.en."""
SPEAKING_PER_SECOND = 0.08
"""Processor time that the demo voice takes for one second of speech."""
TAKES = 2
GOLDEN_TAKES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What some probes cost."""

    renderings: int
    """Of one run, first looks only."""
    speech_seconds: float
    """Of all these renderings."""
    run_seconds: float
    golden_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a voice speaks: the demo voice, where nothing else is known."""

    speaking: float = SPEAKING_PER_SECOND
    """Processor time for one second of speech."""
    source: str = "a VITS voice"
    """Whose it is."""
    lengths: Mapping[str, float] = field(default_factory=dict)
    """Text -> seconds of speech, where they are known."""

    @property
    def work(self) -> float:
        """Seconds that two cores take to speak and hear one second."""
        return self.speaking / CORES + HEARING_PER_SECOND

    @property
    def assumption(self) -> str:
        """What an estimate rests on, for people."""
        known = f" (those of {self.source} where it has them)" if self.lengths else ""
        return (
            f"speech: {SECONDS_PER_PHRASE} s a phrase and {SECONDS_PER_CHARACTER} s a character{known}; a run: {TAKES} "
            f"takes a probe, {self.work:.3g} s of work a second of speech (two cores, {self.source}, Whisper tiny.en), "
            f"second looks not counted; a golden: {GOLDEN_TAKES} takes"
        )

    def speech(self, probe: Probe) -> float:
        """Seconds of one rendering."""
        return self.lengths.get(probe.text, SECONDS_PER_PHRASE + SECONDS_PER_CHARACTER * len(probe.text))

    def run_seconds(self, probe: Probe) -> float:
        """Seconds that a run takes for a probe at which it does not look twice."""
        return TAKES * self.speech(probe) * self.work

    def cost_of(self, probes: Sequence[Probe]) -> Cost:
        """Estimate; see :attr:`assumption`."""
        once = sum(map(self.speech, probes))
        return Cost(
            renderings=TAKES * len(probes),
            speech_seconds=round(TAKES * once, 1),
            run_seconds=round(TAKES * once * self.work, 1),
            golden_seconds=round(GOLDEN_TAKES * once * self.work, 1),
        )


def pace_of(golden: Golden) -> Pace:
    """The pace of a golden's reference, as it was measured when it was recorded.

    Lengths are its takes'; processor time is that of ``cost-profile.json``, the demo voice's where there is none.
    """
    from harness.costs.profile import known_profile

    lengths = {
        one.text: sum(take.facts.seconds for take in one.takes) / len(one.takes)
        for one in golden.records.values()
        if one.takes
    }
    profile = known_profile(golden)
    audio = sum(one.audio for one in profile.phrases.values()) if profile else 0.0
    if profile is None or audio <= 0:
        return Pace(lengths=lengths, source=f"a VITS voice, as golden {golden.name} says nothing of its pace")
    speaking = sum(one.seconds for one in profile.phrases.values()) / audio
    return Pace(speaking=speaking, source=f"golden {golden.name}", lengths=lengths)
