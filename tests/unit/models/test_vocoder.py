"""A vocoder in a folder of its own: which folder is one, for which voice, and what it adds to the voice's name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.models.files import open_model
from harness.models.vocoder import check_vocoder, with_vocoder

AUDIO = {"sample_rate": 22_050, "num_mels": 80}


def folder(path: Path, config: object, *names: str) -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps(config), "utf-8")
    for number, name in enumerate(names):
        (path / name).write_bytes(bytes([number]) * 8)
    return path


@pytest.fixture
def glow(tmp_path: Path) -> Path:
    return folder(tmp_path / "glow", {"model": "glow_tts", "audio": AUDIO}, "best_model.pth")


@pytest.fixture
def hifigan(tmp_path: Path) -> Path:
    return folder(tmp_path / "hifigan", {"model": "hifigan", "audio": AUDIO}, "vocoder.pth")


class TestVoice:
    def test_is_told_and_named_by_the_digest_of_its_vocoder(self, glow: Path, hifigan: Path) -> None:
        bare = open_model(str(glow))
        with_one = with_vocoder(bare, str(hifigan))
        assert (bare.voice.words, bare.voice.identity) == ("checkpoint best_model.pth, vocoder Griffin-Lim", "")
        assert with_one.vocoder is not None
        assert with_one.voice.identity == f"vocoder sha256:{with_one.vocoder.digest}"
        assert with_one.voice.words.endswith(f", vocoder sha256:{with_one.vocoder.digest[:12]}")
        assert with_one.digest == bare.digest
        (hifigan / "vocoder.pth").write_bytes(b"another")
        assert with_vocoder(bare, str(hifigan)).voice.identity != with_one.voice.identity

    def test_of_a_model_that_brings_one_says_so(self, glow: Path) -> None:
        folder(glow / "vocoder", {"model": "hifigan", "audio": AUDIO}, "model.pth")
        model = with_vocoder(open_model(str(glow)), "")
        assert model.vocoder is None
        assert model.voice.words == "checkpoint best_model.pth, vocoder vocoder"
        assert model.voice.identity == ""

    def test_of_a_model_that_makes_its_own_sound_says_nothing(self, tmp_path: Path) -> None:
        vits = folder(tmp_path / "vits", {"model": "vits"}, "model.pth")
        assert with_vocoder(open_model(str(vits)), "").voice.words == "checkpoint model.pth"


class TestRefusal:
    def refusal(self, model: Path, vocoder: str) -> str:
        with pytest.raises(BadInput) as early:
            check_vocoder(str(model), vocoder)
        with pytest.raises(BadInput) as late:
            with_vocoder(open_model(str(model)), vocoder)
        assert str(early.value) == str(late.value)
        assert "\n" not in str(late.value)
        return str(late.value)

    def test_of_a_folder_that_is_not_there(self, glow: Path) -> None:
        assert self.refusal(glow, "/none") == "--tts-vocoder=/none: expected the folder of a vocoder, got none there"

    @pytest.mark.parametrize(
        ("audio", "got"),
        [
            ({"sample_rate": 16_000, "num_mels": 80}, "16000 Hz and 80 mel bands"),
            ({"sample_rate": 22_050, "num_mels": 100}, "22050 Hz and 100 mel bands"),
        ],
    )
    def test_of_one_for_other_spectrograms(self, glow: Path, tmp_path: Path, audio: object, got: str) -> None:
        other = folder(tmp_path / "other", {"model": "hifigan", "audio": audio}, "model.pth")
        assert self.refusal(glow, str(other)) == (
            f"{other}: expected a vocoder for 22050 Hz and 80 mel bands, which the voice makes, got one for {got}; "
            "name the one it was trained with"
        )

    def test_of_one_for_other_spectrograms_that_the_model_brings(self, glow: Path) -> None:
        folder(glow / "vocoder", {"model": "hifigan", "audio": {"sample_rate": 8_000}}, "model.pth")
        with pytest.raises(BadInput, match="got one for 8000 Hz"):
            with_vocoder(open_model(str(glow)), "")

    def test_of_what_is_no_vocoder(self, glow: Path, tmp_path: Path) -> None:
        vits = folder(tmp_path / "vits", {"model": "vits"}, "model.pth")
        line = f"{vits}: expected a config.json of a vocoder of Coqui's, got one for vits"
        assert self.refusal(glow, str(vits)) == line

    def test_of_one_without_a_checkpoint(self, glow: Path, tmp_path: Path) -> None:
        empty = folder(tmp_path / "empty", {"model": "hifigan", "audio": AUDIO})
        assert self.refusal(glow, str(empty)).startswith(f"{empty}: expected a checkpoint beside config.json")

    def test_of_one_that_nobody_needs(self, hifigan: Path, tmp_path: Path) -> None:
        vits = folder(tmp_path / "vits", {"model": "vits"}, "model.pth")
        line = f"{vits}: expected no --tts-vocoder, as vits makes its own sound; leave it out"
        assert self.refusal(vits, str(hifigan)) == line

    def test_of_one_for_an_engine_that_has_none(self, hifigan: Path, tmp_path: Path) -> None:
        fake = tmp_path / "fake"
        fake.mkdir()
        (fake / "fake.json").write_text('{"version": 1}', "utf-8")
        assert "as a model of engine 'fake' makes its own sound" in self.refusal(fake, str(hifigan))
