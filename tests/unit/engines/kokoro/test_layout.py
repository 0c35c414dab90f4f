"""Which files of a folder are a Kokoro voice, who speaks and what, and how its folder is known."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.core.voice import Voice
from harness.engines.kokoro.layout import espeak_voice, find_voice, language_in, read_choices, read_facts
from harness.engines.registry import COQUI, KOKORO, PIPER, recognise
from harness.models.files import find_model
from harness.models.needs import language_of
from harness.models.voices import choose_voice
from tests.kokoro_voices import NAME, STYLES, write


def test_a_folder_is_known_by_its_style_vectors(tmp_path: Path) -> None:
    assert recognise(write(tmp_path)) is KOKORO
    assert find_model(str(tmp_path)) == ("kokoro", tmp_path)
    (tmp_path / f"{NAME}.json").write_text("{}", "utf-8")
    assert recognise(tmp_path) is PIPER
    (tmp_path / "config.json").write_text("{}", "utf-8")
    assert recognise(tmp_path) is COQUI


def test_the_only_network_needs_no_choice(tmp_path: Path) -> None:
    assert find_voice(write(tmp_path), Voice()) == Voice(checkpoint=NAME)


def test_of_several_networks_one_is_chosen(tmp_path: Path) -> None:
    shutil.copyfile(write(tmp_path) / NAME, tmp_path / "int8.onnx")
    with pytest.raises(BadInput, match=r"2 networks lie here \(int8.onnx, kokoro-v1.0.onnx\); choose one"):
        find_voice(tmp_path, Voice())
    assert find_voice(tmp_path, Voice(checkpoint="int8.onnx")) == Voice(checkpoint="int8.onnx", has_others=True)
    with pytest.raises(BadInput, match=r"expected one of int8.onnx, kokoro-v1.0.onnx, got 'x.onnx'"):
        find_voice(tmp_path, Voice(checkpoint="x.onnx"))


def test_style_vectors_alone_or_twice_are_told(tmp_path: Path) -> None:
    shutil.copyfile(write(tmp_path) / STYLES, tmp_path / "voices-v2.bin")
    with pytest.raises(BadInput, match=r"expected one file voices\*.bin, got voices-v1.0.bin, voices-v2.bin; keep"):
        find_voice(tmp_path, Voice())
    (tmp_path / "voices-v2.bin").unlink()
    (tmp_path / NAME).unlink()
    with pytest.raises(BadInput, match=r"expected NAME\.onnx beside"):
        find_voice(tmp_path, Voice())


def test_speakers_are_those_of_the_file(tmp_path: Path) -> None:
    assert read_choices(write(tmp_path, "am_adam", "af_heart")).speakers == ("af_heart", "am_adam")
    assert read_choices(write(tmp_path, "am_adam")).speakers == ()
    assert read_facts(tmp_path).sample_rate == 24_000


def test_a_language_without_a_front_end_is_told(tmp_path: Path) -> None:
    choices = read_choices(write(tmp_path, "jf_alpha"))
    assert choose_voice(tmp_path, choices, Voice(), language="en").language == "en"
    with pytest.raises(BadInput, match="it has 6 languages, choose one with --tts-language=en"):
        choose_voice(tmp_path, choices, Voice(), language="ja")


@pytest.mark.parametrize(
    ("speakers", "language"),
    [(("ff_siwis",), "fr"), (("af_heart", "bm_george"), "en"), (("ef_dora", "af_heart"), "en"), (("jf_alpha",), "en")],
)
def test_its_language_is_that_of_all_speakers(tmp_path: Path, speakers: tuple[str, ...], language: str) -> None:
    write(tmp_path, *speakers)
    assert (language_in(tmp_path), language_of("kokoro", tmp_path)) == (language, language)


def test_the_accent_is_the_speaker_s() -> None:
    assert [espeak_voice("en", one) for one in ("af_heart", "bm_george", "jf_alpha")] == ["en-us", "en-gb", "en-us"]
    assert espeak_voice("pt", "bm_george") == "pt-br"
    with pytest.raises(ValueError, match="language 'ja' is not spoken by Soundcheck; expected one of en, es"):
        espeak_voice("ja", "jf_alpha")


def test_what_cannot_be_read_is_for_admission_to_say(tmp_path: Path) -> None:
    (write(tmp_path) / STYLES).write_bytes(b"nothing")
    assert read_choices(tmp_path).speakers == ()
    assert "expected numpy's archive" in read_choices(tmp_path).unlisted
    assert language_in(tmp_path) == "en"
