"""What a golden that is recorded anew may take over from the one it is to replace: records that would be the same.

Takes are comparable only where the voice, the engine, the transcriber, the seeds and their number are those of the
golden; then a probe whose phrase did not change need not be spoken again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.core.text import short_digest
from harness.core.types import GoldenRecord
from harness.goldens.folder import Golden, Manifest
from harness.goldens.prints import PrintBook
from harness.suites.parse import Suite

INDIFFERENT = {"name", "source"}
"""Parts of a transcriber's identity that say where it came from, and change nothing that it hears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reused:
    """What is taken over, and why not more."""

    records: Mapping[str, GoldenRecord] = field(default_factory=dict)
    """By probe id: those of the suites that did not change, and those that the suites do not name."""
    audio: Mapping[str, bytes] = field(default_factory=dict)
    """Their repeats to listen to."""
    prints: PrintBook | None = None
    """What their takes sounded like, on axes that the new ones must share."""
    suites: Mapping[str, str] = field(default_factory=dict)
    """Suites whose probes are among the records."""
    speakers: tuple[str, ...] = ()
    """Speakers who said them, where several did."""
    reason: str | None = None
    """Why everything is recorded anew, None where it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a recording would come out otherwise under."""

    model_digest: str
    """Of the reference that speaks."""
    engine: str
    """Engine and versions."""
    asr: Mapping[str, str]
    """Identity of the transcriber."""
    senses: Mapping[str, str]
    """Versions of what else is measured with."""
    normaliser: str
    """Identity of the normaliser."""
    seed: int
    """Base of the seeds."""
    takes: int
    """Repeats per probe."""
    voice: str = ""
    """Who of the reference speaks, where its files hold several."""

    def difference(self, old: Manifest) -> str | None:
        """The first condition that was another one when a golden was recorded, in words; None for none."""
        heard = sorted((old.asr.keys() | self.asr.keys()) - INDIFFERENT)
        sensed = sorted(old.senses.keys() | self.senses.keys())
        for name, before, after in (
            ("model digest", old.model_digest, self.model_digest),
            ("voice", old.voice or "the only one", self.voice or "the only one"),
            ("engine", old.engine, self.engine),
            ("normaliser", old.normaliser, self.normaliser),
            ("seed", old.seed, self.seed),
            ("number of takes", old.takes, self.takes),
            *((f"transcriber's {name}", old.asr.get(name), self.asr.get(name)) for name in heard),
            *((f"{name} of the ear", old.senses.get(name), self.senses.get(name)) for name in sensed),
        ):
            if before != after:
                return f"{name} was {short_digest(str(before))}, is {short_digest(str(after))}"
        return None


def reusable(base: Golden, suites: Sequence[Suite], conditions: Conditions, *, with_audio: bool) -> Reused:
    """Choose what need not be recorded again.

    Args:
        base: The golden that is to be replaced.
        suites: What is being recorded.
        conditions: What is recorded under now.
        with_audio: Whether each record has a repeat to listen to: one whose repeat is lost is recorded again.
    """
    old = base.manifest
    if difference := conditions.difference(old):
        return Reused(reason=difference)
    named = {probe.id: probe for suite in suites for probe in suite.probes}
    records, audio = {}, {}
    for probe_id, record in base.records.items():
        path = base.audio(record)
        is_partial = (with_audio and path is None) or probe_id not in base.prints.takes
        if probe_id in named and (named[probe_id].text != record.text or is_partial):
            continue
        records[probe_id] = record
        if path is not None:
            audio[record.audio] = path.read_bytes()
    prints = base.prints.without(base.prints.takes.keys() - records.keys())
    return Reused(records=records, audio=audio, prints=prints, suites=old.suites, speakers=old.speakers)
