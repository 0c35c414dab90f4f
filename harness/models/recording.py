"""A recording that a voice is to be cloned from: checked, and made plain before any model is given it.

It is the user's own file. What a worker gets is one channel of 16-bit samples that were written here, and no path.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.core.errors import BadInput
from harness.core.text import printable
from harness.storage.smallfile import TooLarge, read_small

OPTION: Final = "--tts-speaker-wav"
MAX_BYTES: Final = 64 << 20
LEAST_SECONDS, MOST_SECONDS = 1.0, 60.0
LEAST_RATE, MOST_RATE = 8_000, 192_000
FLOOR: Final = 1e-4
"""Of full scale: a recording that never exceeds it is silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What somebody sounds like."""

    path: Path
    """As it was named."""
    sha256: str
    """Of the file's bytes."""
    wav: bytes = field(repr=False)
    """The same sound, plain: a WAV file of one channel."""


def read_recording(path: Path) -> Recording:
    """Read and check a recording.

    Raises:
        BadInput: It is no audio, too short, too long, silent, or cannot be read: one line.
    """
    import soundfile

    try:
        data = read_small(path, MAX_BYTES, follow_links=True)
    except TooLarge:
        raise _refusal(
            path, f"expected at most {MAX_BYTES >> 20} MiB, got more; cut it to {MOST_SECONDS:g} s"
        ) from None
    except OSError as error:
        raise _refusal(path, f"cannot be read ({error.strerror}); name a file of audio") from None
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            seconds, rate = file.frames / max(1, file.samplerate), file.samplerate
            if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
                what = f"expected {LEAST_SECONDS:g} to {MOST_SECONDS:g} s of speech, got {_said(seconds)}"
                raise _refusal(path, f"{what}; name a stretch in which nobody else speaks")
            if not LEAST_RATE <= rate <= MOST_RATE:
                raise _refusal(path, f"expected {LEAST_RATE} to {MOST_RATE} Hz, got {rate} Hz; resample it")
            samples = file.read(int(MOST_SECONDS * MOST_RATE), dtype="float32", always_2d=True).mean(axis=1)
    except soundfile.SoundFileError:
        what = "expected audio (WAV, FLAC, Ogg or MP3), got a file that is none"
        raise _refusal(path, f"{what}; convert it to WAV") from None
    if not len(samples) or not abs(samples).max() > FLOOR:  # also catches NaN
        raise _refusal(path, "expected speech, got silence; name a recording of who is to speak")
    plain = io.BytesIO()
    soundfile.write(plain, samples, rate, format="WAV", subtype="PCM_16")
    return Recording(path=path, sha256=hashlib.sha256(data).hexdigest(), wav=plain.getvalue())


def _said(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds:.1f} s"


def _refusal(path: Path, what: str) -> BadInput:
    return BadInput(printable(f"{OPTION}: {path}: {what}"))
