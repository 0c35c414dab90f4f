"""A recording to clone: what it has to be, and the plain form in which a model is given it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.core.errors import BadInput
from harness.models import recording
from harness.models.recording import read_recording

SPAN = "expected 1 to 60 s of speech, got {}; name a stretch in which nobody else speaks"


def spoken(seconds: float, rate: int = 16_000, level: float = 0.3) -> np.ndarray:
    return (level * np.sin(np.arange(int(seconds * rate)) / 9)).astype(np.float32)


def written(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    soundfile.write(path, samples, rate)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_recording(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"--tts-speaker-wav: {path}: ")


def two_days(path: Path) -> Path:
    """A FLAC file of two seconds whose head says that 48 hours follow."""
    data = bytearray(written(path, spoken(2)).read_bytes())
    samples = 48 * 3600 * 16_000
    data[21] = data[21] & 0xF0 | samples >> 32
    data[22:26] = (samples & 0xFFFFFFFF).to_bytes(4, "big")
    path.write_bytes(data)
    return path


class TestReading:
    @pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
    def test_gives_one_channel_of_16_bits_and_the_digest_of_the_file(self, kind: str, tmp_path: Path) -> None:
        both = np.stack([spoken(2), np.zeros(32_000, np.float32)], axis=1)
        path = written(tmp_path / f"amelie.{kind}", both)
        found = read_recording(path)
        assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        with soundfile.SoundFile(io.BytesIO(found.wav)) as file:
            assert (file.samplerate, file.channels, file.format, file.subtype) == (16_000, 1, "WAV", "PCM_16")
            assert 0.14 < abs(file.read()).max() < 0.17
        assert len(found.wav) < 32_000 * 2 + 100

    def test_gives_nothing_of_what_else_a_file_holds(self, tmp_path: Path) -> None:
        path = tmp_path / "tagged.wav"
        with soundfile.SoundFile(path, "w", 16_000, 1) as file:
            file.comment = "a note of somebody's"
            file.write(spoken(2))
        assert b"a note" in path.read_bytes()
        assert b"a note" not in read_recording(path).wav


class TestRefusing:
    def test_what_is_no_audio(self, tmp_path: Path) -> None:
        (tmp_path / "a.wav").write_bytes(b"RIFF, but not really")
        line = "expected audio (WAV, FLAC, Ogg or MP3), got a file that is none; convert it to WAV"
        assert refusal(tmp_path / "a.wav") == line

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "no.wav") == "cannot be read (No such file or directory); name a file of audio"
        assert refusal(tmp_path) == "cannot be read (Is a directory); name a file of audio"

    @pytest.mark.parametrize(("seconds", "said"), [(0.5, "0.5 s"), (61, "61.0 s")])
    def test_what_is_too_short_or_too_long(self, seconds: float, said: str, tmp_path: Path) -> None:
        assert refusal(written(tmp_path / "a.wav", spoken(seconds))) == SPAN.format(said)

    def test_two_days_that_fit_into_a_small_file(self, tmp_path: Path) -> None:
        assert refusal(two_days(tmp_path / "long.flac")) == SPAN.format("48.0 h")

    def test_what_claims_to_be_longer_than_it_is(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.wav", spoken(2))
        data = bytearray(path.read_bytes())
        data[40:44] = (48 * 3600 * 32_000 & 0xFFFFFFFF).to_bytes(4, "little")
        path.write_bytes(data)
        try:
            found = read_recording(path)
        except BadInput as error:
            assert "expected 1 to 60 s" in str(error)
        else:
            assert len(found.wav) < 70_000

    def test_what_has_more_bytes_than_a_minute_can(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recording, "MAX_BYTES", 1 << 20)
        path = tmp_path / "big.wav"
        path.write_bytes(bytes((1 << 20) + 1))
        assert refusal(path) == "expected at most 1 MiB, got more; cut it to 60 s"

    def test_another_rate(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.wav", spoken(2, 4_000), 4_000)
        assert refusal(path) == "expected 8000 to 192000 Hz, got 4000 Hz; resample it"

    @pytest.mark.parametrize("level", [0.0, float("nan")])
    def test_silence(self, level: float, tmp_path: Path) -> None:
        path = tmp_path / "a.wav"
        soundfile.write(path, spoken(2, level=level), 16_000, subtype="FLOAT")
        assert refusal(path) == "expected speech, got silence; name a recording of who is to speak"
