"""The nouns every part shares. Plain frozen data: what crosses a process border or reaches a file is made of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from harness.core.grades import ComparisonKind as ComparisonKind
from harness.core.grades import Severity as Severity
from harness.core.grades import Verdict as Verdict
from harness.core.voice import ONLY_VOICE, Voice

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from harness.core.identity import Beside, Files

    Waveform = NDArray[np.float32]  # mono, shape [samples], nominally within -1..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One phrase put to a voice."""

    id: str
    """Unique within its suite: lower-case letters, digits and hyphens; where several speak, ``@`` and who does."""
    text: str
    """What the voice is asked to say, byte for byte."""
    family: str
    """The kind of phrase, e.g. ``negation``."""
    expect: str
    """What should be heard, as words (``twenty dollars`` for ``$20``)."""
    critical: tuple[str, ...] = ()
    """Words of `expect` whose loss changes the meaning."""
    control: str | None = None
    """Id of a benign twin without the trigger, in the same suite."""
    trigger: str | None = None
    """The substring of `text` that is suspected to wake something, where there is one."""
    language: str = "en"
    """Language of the phrase (ISO 639-1)."""
    source: str = ""
    """Suite file name."""
    line: int = 0
    """Line in the suite file, from 1."""
    speaker: str = ""
    """Who says it, where several speakers of a model do; see :mod:`harness.core.speakers`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model directory that was looked at, not loaded."""

    engine: str
    """Name of the engine that speaks with it."""
    path: Path
    """Its folder."""
    digest: str
    """sha256 over the sorted list of relative paths and file digests."""
    voice: Voice = ONLY_VOICE
    """Who of it speaks."""
    files: Files = field(default_factory=dict)
    """The files that the digest was taken of. No other ones are given to a worker."""
    recording: bytes = field(default=b"", repr=False)
    """WAV file that the speaker is cloned from, where one is."""
    vocoder: Beside | None = None
    """What makes sound of its spectrograms, where that is a folder of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderingKey:
    """Names one synthesis. Two renderings with equal keys are interchangeable."""

    model_digest: str
    """sha256 over the model's files (hex)."""
    text: str
    """The text spoken."""
    seed: int
    """Seed of the rendering's own noise, 0 <= seed < 2**63."""
    engine: str
    """Engine name and versions that shape the audio, e.g. ``coqui 0.28.0 torch 2.11.0``."""
    device: str = "cpu"
    """Device class: ``cpu`` or the GPU's name."""
    voice: str = ""
    """:attr:`harness.core.voice.Voice.identity` of who speaks, ``""`` for the only voice of a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFacts:
    """What was measured on the raw float audio before it was stored as 16-bit FLAC."""

    seconds: float
    """Length of the audio."""
    peak: float
    """Largest absolute finite sample; 1.0 is full scale."""
    rms: float
    """Root mean square of the finite samples."""
    dc: float
    """Mean of the finite samples."""
    clipped_share: float
    """Share of samples at or beyond full scale."""
    nonfinite: int
    """Number of NaN or infinite samples (replaced by 0 in the stored audio)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """One synthesis as the harness received it."""

    key: RenderingKey
    audio_sha256: str
    """sha256 of the stored FLAC file; also its name in the store."""
    sample_rate: int
    """Hz."""
    facts: SignalFacts
    frames: int
    """Acoustic frames the engine says it made (worker's word: explanation only)."""
    tokens: int
    """Input ids the engine says it was given (worker's word: explanation only)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What the transcriber heard in one clip."""

    text: str
    """Greedy transcript as the model wrote it."""
    tokens: int
    """Tokens in the transcript."""
    avg_logprob: float
    """Mean log-probability of the transcript's tokens (nats)."""
    no_speech: float
    """Probability that nobody speaks."""
    truncated: bool
    """True where decoding reached its token bound: the transcript is not to be trusted."""
    forced: ForcedScore | None = None
    """Score of the text that was expected, where one was given."""
    language_logprob: float | None = None
    """Log-probability of the expected language among those the network knows (nats); None where it knows only one."""
    echoes: tuple[Echo, ...] = ()
    """This clip against each golden take (of a golden take: against each other one), where there are prints of them."""
    language: str = "en"
    """Language that was listened for (ISO 639-1): what its words must be compared by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """How far a clip is from one golden take in what the transcriber's encoder heard, aligned in time."""

    seed: int
    """Which golden take."""
    mean: float
    """Mean distance along the alignment: 0 for the same sounds, 1 for unrelated ones."""
    worst: float
    """Largest distance over a short word's length."""
    at: float
    """Where that is, seconds into the clip."""
    golden_at: float
    """The same place in the golden take, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSpan:
    """When a word of a transcript is spoken."""

    word: str
    start: float
    """Seconds into the clip."""
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedScore:
    """How well a clip supports a given text: one decoder pass over that text (no search)."""

    text: str
    """The text that was scored."""
    pieces: tuple[str, ...]
    """Token strings of that text, in order, the end marker last as ``""``."""
    logprobs: tuple[float, ...]
    """Log-probability of each piece given the audio and all pieces before it (nats)."""

    @property
    def mean(self) -> float:
        """Mean log-probability per piece."""
        return sum(self.logprobs) / len(self.logprobs)

    @property
    def worst(self) -> float:
        """Lowest mean over any 2 neighbouring pieces: a local edit shows here first."""
        logs = self.logprobs
        if len(logs) < 2:
            return min(logs)
        return min((a + b) / 2 for a, b in pairwise(logs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Acoustics:
    """What the ear of the harness measures in one clip without understanding it."""

    seconds: float
    """Whole length."""
    leading_silence: float
    """Seconds before the first sound."""
    trailing_silence: float
    """Seconds after the last sound."""
    longest_silence: float
    """Longest inner pause, seconds."""
    level_db: float
    """RMS of the voiced part, dB re full scale (-120 for silence)."""
    f0_hz: float
    """Median fundamental frequency of voiced frames, Hz (0 where nothing is voiced)."""
    timbre: tuple[float, ...]
    """Long-term average spectrum: 24 mel bands, dB relative to their own mean."""
    # What follows is None where it could not be measured: silence, a clip that is too short, a network that is not
    # installed, a golden that was recorded before the harness had this sense.
    sample_rate: int | None = None
    """Hz."""
    f0_spread: float | None = None
    """Standard deviation of voiced frames' F0, semitones."""
    voiced_share: float | None = None
    """Share of sounding frames that are voiced."""
    dynamics_db: float | None = None
    """Standard deviation of sounding frames' levels, dB."""
    pace: tuple[float, ...] = ()
    """Shares of the spoken time at which each sixteenth of the spectral movement is done: 15 rising numbers."""
    ending_db: float | None = None
    """Level of the clip's last 30 ms, dB re ``level_db``."""
    floor_db: float | None = None
    """Level of the quietest 50 ms, dB re ``level_db``."""
    rumble_db: float | None = None
    """Level below 50 Hz, dB re ``level_db``."""
    treble_db: float | None = None
    """Level from 8 kHz to half the sample rate, dB re ``level_db``."""
    edge_db: float | None = None
    """Level above 18 kHz, or of the last 5 % below half the sample rate, dB re ``level_db``."""
    line_db: float | None = None
    """How far the steadiest narrow tone stands over its neighbourhood, dB."""
    cepstral_peaks: tuple[tuple[int, float], ...] = ()
    """Strongest peaks of the cepstrum (an echo, a mark that repeats): (lag in samples, robust standard deviations)."""
    voiceprint: bytes | None = None
    """Print of the speaker: 256 values, each in 255ths of the largest."""
    opinion: float | None = None
    """Estimated mean opinion score of the sound, 1 (bad) to 5 (excellent)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A rendering together with what was heard and measured in it: all that a detector may look at."""

    seed: int
    audio_sha256: str
    facts: SignalFacts
    hearing: Hearing
    acoustics: Acoustics


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRecord:
    """What the reference was recorded to do with one probe: a distribution over repeats, never one clip."""

    probe_id: str
    text: str
    """The probe's text when it was recorded; another text now is a mismatch."""
    transcript: str
    """The repeat whose transcript is nearest to all the others (normalised): the text that is force-scored."""
    takes: tuple[Take, ...]
    """The K repeats."""
    audio: str
    """File name below the golden's ``audio/`` of one typical repeat to listen to, or ``""``."""
    words: tuple[WordSpan, ...] = ()
    """When each word of the transcript is spoken in the first take that was heard to say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One measured number about a probe on the candidate, beside the golden's."""

    statistic: str
    """Name of the statistic, e.g. ``forced-mean``."""
    value: float
    """Mean over the candidate's takes."""
    golden_mean: float
    golden_spread: float
    """Standard deviation over golden repeats, shrunken towards the suite's."""
    effect: float
    """(value - golden_mean) / golden_spread."""
    p_value: float
    """Of the last stage that was run, one test, not yet corrected."""
    stage: Literal["screen", "confirm"]
    """``screen``: first takes only. ``confirm``: fresh takes after the screen was suspicious."""
    takes: int
    """Candidate takes behind `value`."""
    of_takes: int = 0
    """Where only some takes show a fault: how many there were, of which `takes` do. Else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourEvent:
    """One thing that a worker was seen to try, from outside. Repeats of the same thing are counted."""

    when: str
    """``loading``, ``speaking`` or ``ending``."""
    kind: str
    """``network``, ``exec``, ``process``, ``filesystem-read``, ``filesystem-write``, ``secrets``, ``limits``,
    ``protocol`` or ``observer``."""
    what: str
    """The system call, or the rule that was broken: ``connect``, ``bait-read``, ``memory``."""
    detail: str = ""
    """Evidence: path, arguments, address, first bytes. Hostile text."""
    is_allowed: bool = False
    """Whether it was let through (a refused call did nothing)."""
    count: int = 1
    """How often."""
    phrases: tuple[str, ...] = ()
    """Texts of the batch that was being spoken when it was first seen."""
