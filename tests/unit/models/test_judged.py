"""What lies in what is judged, by whatever path it is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.models.judged import Judged, folder_of, placed


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOUNDCHECK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache/sources/one").mkdir(parents=True)
    (tmp_path / "voice/deep").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    return tmp_path / "cache"


@pytest.mark.parametrize("spec", ["voice", "./voice/", "other/../voice", "fake:voice", "coqui:voice"])
@pytest.mark.parametrize("path", ["voice", "voice/pytest.ini", "voice/deep/x", "other/../voice/x", "voice/deep/../x"])
def test_is_held_however_either_is_written(spec: str, path: str, tmp_path: Path) -> None:
    assert Judged.of(candidate=spec).holding(Path(path)) == "the candidate"
    assert Judged.of(reference=spec).holding(tmp_path / path) == "the reference"


def test_is_held_through_links_into_it_and_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("voice")
    (tmp_path / "other/into").symlink_to("../voice/deep")
    (tmp_path / "voice/out").symlink_to("../other")
    for spec in ("voice", "link"):
        judged = Judged.of(candidate=spec)
        for path in ("link", "voice/x", "other/into", "other/into/x", "voice/out", "voice/out/x"):
            assert judged.holding(Path(path)) == "the candidate", (spec, path)
        assert judged.holding(Path("other/x")) is None


def test_nothing_beside_or_above_it_is_held(tmp_path: Path) -> None:
    judged = Judged.of(candidate="voice", reference="")
    others = (tmp_path, tmp_path / "other", tmp_path / "voice2", tmp_path / "gone")
    assert {judged.holding(path) for path in others} == {None}


@pytest.mark.parametrize("spec", ["", "hf://acme/voice@main", "tts_models/en/acme/voice", "https://host/x"])
def test_what_is_fetched_is_held_whatever_is_named(spec: str, cache: Path) -> None:
    assert folder_of(spec) is None
    assert Judged.of(candidate=spec).holding(cache / "sources/one/pyproject.toml") == "what was fetched"


@pytest.mark.parametrize(
    ("word", "there"),
    [
        ("voice", "/p/voice"),
        ("./voice", "/p/voice"),
        ("fake:voice", "fake:/p/voice"),
        ("/abs/voice", "/abs/voice"),
        ("fake:/abs", "fake:/abs"),
        ("odd:voice", "/p/odd:voice"),
        ("hf://acme/voice@main", "hf://acme/voice@main"),
        ("tts_models/en/acme/voice", "tts_models/en/acme/voice"),
        ("", ""),
    ],
)
def test_an_ini_file_s_word_gets_its_folder(word: str, there: str) -> None:
    assert placed(word, Path("/p")) == there
