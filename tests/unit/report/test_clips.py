"""Sound in the page: small, within a budget, and never a reason for the page to fail."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from harness.opus import RATE, with_fixed_serial
from harness.report.clips import Clips

if TYPE_CHECKING:
    from pathlib import Path

    from harness.core.types import GoldenRecord


@dataclass
class Folder:
    """An AudioSource over one folder."""

    root: Path

    def path(self, sha256: str) -> Path | None:
        return self.root / sha256

    def golden_path(self, record: GoldenRecord) -> Path | None:
        return self.root / record.audio


def hum(path: Path, seconds: float, rate: int = 16_000) -> None:
    wave = 0.2 * np.sin(np.arange(int(rate * seconds)) * 0.05)
    soundfile.write(path, wave.astype(np.float32), rate, format="FLAC")


class TestAClip:
    def test_is_opus_at_24_khz_and_links_to_its_file(self, tmp_path: Path) -> None:
        hum(tmp_path / "a b.flac", 0.5)
        clip = Clips(audio=Folder(tmp_path), folder=tmp_path / "run").candidate("a b.flac", "Candidate")
        kind, _, data = clip.source.partition(",")
        assert kind == "data:audio/ogg;base64"
        import base64

        found = soundfile.info(io.BytesIO(base64.b64decode(data)))
        assert (found.subtype, found.samplerate, found.channels) == ("OPUS", RATE, 1)
        assert abs(found.duration - 0.5) < 0.01
        assert clip.link == "../a%20b.flac"

    def test_beyond_the_budget_is_a_link(self, tmp_path: Path) -> None:
        hum(tmp_path / "a", 0.5)
        clip = Clips(audio=Folder(tmp_path), folder=tmp_path, budget=100).candidate("a", "Candidate")
        assert (clip.source, clip.link) == ("", "a")
        assert clip.note == "not embedded: the page is large enough"

    def test_spends_the_budget_once_however_often_it_is_shown(self, tmp_path: Path) -> None:
        hum(tmp_path / "a", 0.5)
        clips = Clips(audio=Folder(tmp_path), folder=tmp_path)
        first = clips.candidate("a", "one")
        left = clips.budget
        assert clips.candidate("a", "two").source == first.source
        assert clips.budget == left

    def test_of_a_model_that_never_stops_is_a_link(self, tmp_path: Path) -> None:
        hum(tmp_path / "a", 61, rate=8_000)
        clip = Clips(audio=Folder(tmp_path), folder=tmp_path).candidate("a", "Candidate")
        assert clip.note == "not embedded: longer than 60 s"

    def test_that_is_missing_or_broken_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "broken").write_bytes(b"fLaC but not really")
        clips = Clips(audio=Folder(tmp_path), folder=tmp_path)
        for name in ("broken", "missing"):
            clip = clips.candidate(name, "Candidate")
            assert clip.source == ""
            assert clip.note.startswith("cannot be read")


class TestAFixedSerial:
    def test_makes_equal_audio_equal_bytes_and_leaves_it_playable(self) -> None:
        wave = (0.1 * np.sin(np.arange(48_000) * 0.03)).astype(np.float32)
        streams = []
        for _ in range(2):
            buffer = io.BytesIO()
            soundfile.write(buffer, wave, RATE, format="OGG", subtype="OPUS")
            streams.append(buffer.getvalue())
        fixed = [with_fixed_serial(stream) for stream in streams]
        assert fixed[0] == fixed[1]
        original, _ = soundfile.read(io.BytesIO(streams[0]))
        again, _ = soundfile.read(io.BytesIO(fixed[0]))  # libogg drops pages with a wrong checksum
        assert np.array_equal(original, again)

    def test_leaves_other_bytes_alone(self) -> None:
        assert with_fixed_serial(b"RIFF....") == b"RIFF...."
