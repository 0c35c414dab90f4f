"""A Kokoro voice of six languages, put together by its digests: what is not the published tarball is refused."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks import kokoro_voices
from benchmarks.kokoro_builds import SAME_BUILD, builds, written
from harness.core.errors import BadInput
from harness.engines.kokoro.layout import LANGUAGES, espeak_voice
from harness.engines.kokoro.styles import rows_of, speakers_of
from tests import kokoro_voices as small


def tarball(**speakers: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in speakers.items():
            entry = tarfile.TarInfo(f"package/voices/{name}.bin")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def rows(value: float) -> bytes:
    return np.full((510, 256), value, "<f4").tobytes()


def pinned(monkeypatch: pytest.MonkeyPatch, data: bytes) -> bytes:
    import hashlib

    monkeypatch.setattr(kokoro_voices, "TARBALL_SHA512", hashlib.sha512(data).hexdigest())
    return data


class TestSpeakers:
    def test_rows_become_the_archive_that_the_engine_reads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        data = pinned(monkeypatch, tarball(ff_siwis=rows(0.5), ef_dora=rows(0.25)))
        read = kokoro_voices.read_speakers(data, ["ff_siwis", "ef_dora"])
        packed = io.BytesIO(kokoro_voices.archive_of(read))
        assert speakers_of(packed) == ("ef_dora", "ff_siwis")
        assert rows_of(packed, "ff_siwis").shape == (510, 256)
        assert float(rows_of(packed, "ef_dora").max()) == 0.25

    def test_another_tarball_is_refused(self) -> None:
        with pytest.raises(BadInput, match=r"^expected kokoro-js 1\.2\.1 \(sha512 [0-9a-f]{12}\.\.\.\), got sha512 "):
            kokoro_voices.read_speakers(tarball(ff_siwis=rows(0.5)), ["ff_siwis"])

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "expected 522240 bytes, got 0"),
            (rows(0.5) + b"more", "expected 522240 bytes, got 522241"),
            (rows(float("nan")), "expected numbers, got some that are none"),
        ],
    )
    def test_what_is_no_speaker_is_refused(self, monkeypatch: pytest.MonkeyPatch, data: bytes, words: str) -> None:
        packed = pinned(monkeypatch, tarball(ff_siwis=data))
        with pytest.raises(BadInput, match=words):
            kokoro_voices.read_speakers(packed, ["ff_siwis"])

    def test_a_speaker_that_is_not_in_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(BadInput, match=r"expected package/voices/ff_siwis\.bin in the tarball, got none"):
            kokoro_voices.read_speakers(pinned(monkeypatch, tarball()), ["ff_siwis"])

    def test_a_wrong_tarball_is_one_line_and_writes_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "x.tgz").write_bytes(tarball())
        assert kokoro_voices.main([str(tmp_path / "x.tgz"), "--out", str(tmp_path / "out")]) == 2
        assert capsys.readouterr().err.startswith("expected kokoro-js 1.2.1")
        assert not (tmp_path / "out").exists()

    def test_every_speaker_has_a_language_that_is_spoken(self) -> None:
        assert set(kokoro_voices.SPEAKERS) == set(LANGUAGES)
        for language, speakers in kokoro_voices.SPEAKERS.items():
            assert {espeak_voice(language, speaker) for speaker in speakers} <= {*LANGUAGES.values(), "en-gb"}


class TestBuilds:
    def test_each_is_a_folder_with_one_speaker_and_the_same_network(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        voice = small.write(tmp_path / "voice", "af_heart", "ff_siwis")
        (voice / small.NAME).rename(voice / kokoro_voices.NETWORK)
        (voice / small.STYLES).rename(voice / kokoro_voices.STYLES)
        kept = {}
        for build in (SAME_BUILD, *builds(2)):
            folder = written(build, voice, "ff_siwis", tmp_path / "builds")
            assert (folder / kokoro_voices.NETWORK).read_bytes() == (voice / kokoro_voices.NETWORK).read_bytes()
            with (folder / kokoro_voices.STYLES).open("rb") as file:
                assert speakers_of(file) == ("ff_siwis",)
                kept[build.name] = rows_of(file, "ff_siwis")
        own = kept[SAME_BUILD.name]
        assert np.array_equal(kept["two-threads"], own)
        assert np.array_equal(kept["row-before"][1:], own[:-1])
        assert 0 < np.abs(kept["half"] / own - 1).max() < 1e-3
        assert 0.005 < np.std(kept["jitter-1"] / own) < 0.02
        assert not np.array_equal(kept["jitter-1"], kept["jitter-2"])


class TestTheBenchmark:
    def test_an_unknown_language_and_a_missing_voice_are_one_line_each(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from benchmarks import integrity_tongues

        monkeypatch.setattr(integrity_tongues, "LANGUAGE", "xx")
        assert integrity_tongues.main() == 2
        assert capsys.readouterr().err == "LANGUAGE: expected one of en, es, fr, it, pt, hi, got 'xx'\n"
        monkeypatch.setattr(integrity_tongues, "LANGUAGE", "fr")
        monkeypatch.setattr(integrity_tongues, "is_here", lambda: False)
        assert integrity_tongues.main() == 2
        assert "got none in" in (err := capsys.readouterr().err) and kokoro_voices.PACK in err
