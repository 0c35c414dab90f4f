"""Sound in the page: small, within a budget, and never a reason for the page to fail."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from harness.core.types import GoldenRecord
from harness.report.page.clips import Clip, Clips, Exhibit, Wanted
from harness.storage.opus import RATE, with_fixed_serial

if TYPE_CHECKING:
    from pathlib import Path


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


def wanted(sha256: str, **more: Any) -> Wanted:
    return Wanted(**{"sha256": sha256, "label": "Candidate", "span": None, "golden": None, **more})


def record(audio: str) -> GoldenRecord:
    return GoldenRecord(probe_id="a", text="a", transcript="a", takes=(), audio=audio)


def only(exhibit: Exhibit) -> Clip:
    (clip,) = exhibit.clips
    return clip


class TestAClip:
    def test_is_opus_at_24_khz_and_links_to_its_file(self, tmp_path: Path) -> None:
        hum(tmp_path / "a b.flac", 0.5)
        clip = only(Clips(audio=Folder(tmp_path), folder=tmp_path / "run").exhibit(wanted("a b.flac")))
        kind, _, data = clip.source.partition(",")
        assert kind == "data:audio/ogg;base64"
        found = soundfile.info(io.BytesIO(base64.b64decode(data)))
        assert (found.subtype, found.samplerate, found.channels) == ("OPUS", RATE, 1)
        assert abs(found.duration - 0.5) < 0.01
        assert clip.link == "../a%20b.flac"
        assert (clip.name, clip.times) == ("a b.flac", (0.0, 0.5))

    def test_of_a_golden_has_the_bytes_of_its_file(self, tmp_path: Path) -> None:
        wave = (0.1 * np.sin(np.arange(24_000) * 0.03)).astype(np.float32)
        soundfile.write(tmp_path / "g.opus", wave, RATE, format="OGG", subtype="OPUS")
        clip = only(Clips(audio=Folder(tmp_path), folder=tmp_path).exhibit(wanted("", golden=record("g.opus"))))
        assert base64.b64decode(clip.source.partition(",")[2]) == (tmp_path / "g.opus").read_bytes()

    def test_beyond_the_budget_is_a_link(self, tmp_path: Path) -> None:
        hum(tmp_path / "a", 0.5)
        for budget in (100, 0):
            clip = only(Clips(audio=Folder(tmp_path), folder=tmp_path, budget=budget).exhibit(wanted("a")))
            assert (clip.source, clip.link) == ("", "a")
            assert clip.note == "not embedded: the page is large enough"

    def test_of_a_later_finding_is_a_link(self, tmp_path: Path) -> None:
        hum(tmp_path / "a", 0.5)
        clip = only(Clips(audio=Folder(tmp_path), folder=tmp_path).exhibit(wanted("a", is_embedded=False)))
        assert (clip.source, clip.link, clip.note) == ("", "a", "not embedded: only the first findings are")

    def test_spends_the_budget_once_however_often_it_is_shown(self, tmp_path: Path) -> None:
        hum(tmp_path / "a", 0.5)
        clips = Clips(audio=Folder(tmp_path), folder=tmp_path)
        first = only(clips.exhibit(wanted("a")))
        left = clips.budget
        assert only(clips.exhibit(wanted("a"))).source == first.source
        assert clips.budget == left

    def test_of_a_model_that_never_stops_is_a_link(self, tmp_path: Path) -> None:
        hum(tmp_path / "a", 61, rate=8_000)
        clip = only(Clips(audio=Folder(tmp_path), folder=tmp_path).exhibit(wanted("a")))
        assert clip.note == "not embedded: longer than 60 s"

    @pytest.mark.parametrize("content", [b"fLaC but not really", b"", None])
    def test_that_is_missing_or_broken_says_so(self, tmp_path: Path, content: bytes | None) -> None:
        if content is not None:
            (tmp_path / "a").write_bytes(content)
        clip = only(Clips(audio=Folder(tmp_path), folder=tmp_path).exhibit(wanted("a")))
        assert clip.source == ""
        assert clip.note == "cannot be read as sound"

    def test_without_a_sample_says_so(self, tmp_path: Path) -> None:
        soundfile.write(tmp_path / "a", np.zeros(0, np.float32), RATE, format="WAV")
        clip = only(Clips(audio=Folder(tmp_path), folder=tmp_path).exhibit(wanted("a")))
        assert (clip.source, clip.note) == ("", "holds no sound")


class TestAPicture:
    def test_is_made_of_candidate_and_golden_and_tells_every_voice_its_place(self, tmp_path: Path) -> None:
        for name, seconds in (("a", 0.5), ("g", 0.7), ("c", 0.6)):
            hum(tmp_path / name, seconds)
        clips = Clips(audio=Folder(tmp_path), folder=tmp_path)
        before = clips.budget
        found = clips.exhibit(wanted("a", golden=record("g"), control="c"))
        assert found.picture is not None
        assert [clip.kind for clip in found.clips] == ["candidate", "golden", "control"]
        assert [clip.times[-1] for clip in found.clips] == [0.5, 0.7, 0.6]
        spent = found.picture.size + sum(len(clip.source) for clip in found.clips)
        assert clips.budget == before - spent

    def test_is_not_made_of_one_voice_alone(self, tmp_path: Path) -> None:
        hum(tmp_path / "a", 0.5)
        clips = Clips(audio=Folder(tmp_path), folder=tmp_path)
        assert clips.exhibit(wanted("a")).picture is None
        assert clips.exhibit(wanted("a", golden=record("missing"))).picture is None


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
