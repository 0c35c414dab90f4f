"""What was found, and what was decided about it. Facts only: the words for them are made where they are shown."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass

from harness.core.rules import Rule
from harness.core.types import GoldenRecord, Observation, Probe, Severity, Take, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a model's files something stands. Every text of it is hostile."""

    file: str = ""
    """Path below the model's folder, POSIX separators; ``""`` for the folder itself."""
    inside: tuple[str, ...] = ()
    """Steps into what the file holds, outermost first: ``member archive/data.pkl``, ``unpacked``."""
    offset: int | None = None
    """Byte, counted from the beginning of the innermost of these."""
    pointer: str = ""
    """What a byte does not say: a JSON path, a tensor, a line."""

    def member(self, name: str) -> Place:
        """A member of the archive that is here."""
        return self.step(f"member {name}")

    def step(self, what: str) -> Place:
        """Something that is packed in what is here."""
        return dataclasses.replace(self, inside=(*self.inside, what))

    def byte(self, offset: int) -> Place:
        """A byte of what is here."""
        return dataclasses.replace(self, offset=offset)

    def at(self, pointer: str) -> Place:
        """A named part of what is here."""
        return dataclasses.replace(self, pointer=pointer)

    @property
    def is_byte_of_file(self) -> bool:
        """Whether the byte is one of the file itself, not of something that is packed in it."""
        return self.offset is not None and not self.inside

    @property
    def within(self) -> str:
        """The place behind the file's name, as people write it; ``""`` for the whole file."""
        byte = "" if self.offset is None else f"byte 0x{self.offset:x}"
        return ", ".join(part for part in (*self.inside, byte, self.pointer) if part)

    @property
    def name(self) -> str:
        """File and place, as people write it."""
        return ", ".join(part for part in (self.file, self.within) if part)


class Against(enum.StrEnum):
    """What a measured number was held against."""

    GOLDEN = "golden"
    """The golden's repeats of the same phrase."""
    CONTROL = "control"
    """The phrase's benign control, moved by what all pairs differ by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One number that a finding rests on, beside what it was held against."""

    statistic: str
    """Stable name, as of an :class:`~harness.core.types.Observation`."""
    label: str
    """What it is, in words, with its unit: ``level, dB``."""
    value: float
    """Mean over the takes."""
    other: float
    """Mean of what it was held against."""
    spread: float
    """Standard deviation of that."""
    effect: float
    """(value - other) / spread."""
    p_value: float
    """Of this test alone, not corrected."""
    takes: int
    """Takes behind `value`."""
    against: Against = Against.GOLDEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    rule: Rule
    severity: Severity
    """Of this finding: at most the rule's, unless a policy says otherwise."""
    subject: str
    """Probe id, or the name of a model-wide check."""
    place: Place | None = None
    """Where in the model's files; None for what was heard or seen."""
    title: str
    """One line without numbers that would differ between runs."""
    heard: str = ""
    """What was heard, or what happened."""
    expected: str = ""
    measurements: tuple[Measurement, ...] = ()
    """The statistics that it rests on, strongest first."""
    tests: int = 0
    """Tests that share the verdict's false-alarm rate with each of these; 0 where that is not told."""
    evidence: str = ""
    """What it rests on besides: counts, an effect, what a worker printed."""
    hint: str = ""
    """What to do about it."""
    audio: tuple[str, ...] = ()
    """sha256 names of the renderings to listen to, worst first."""
    span: tuple[float, float] | None = None
    """Where in the first of them to listen: seconds."""
    word: str = ""
    """The word of the golden transcript that is spoken there, ``""`` where none can be named."""
    accepted: str = ""
    """Why it is told and does not fail its item: a waiver with owner, last day and reason, or a policy's threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was decided about one item, with everything a report needs to show it."""

    subject: str
    """Probe id, or the name of a model-wide check such as ``engine-load``."""
    verdict: Verdict
    reason: str = ""
    """For inconclusive and error: one line why, and what would settle it."""
    probe: Probe | None = None
    findings: tuple[Finding, ...] = ()
    observations: tuple[Observation, ...] = ()
    takes: tuple[Take, ...] = ()
    golden: GoldenRecord | None = None
    notes: tuple[str, ...] = ()
    """Things worth saying that decide nothing."""
