"""Phonemes come out of libespeak in this process; no program is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.errors import MissingDependency
from harness.core.installation import install_command
from harness.engines.coqui.espeak import espeak, find_espeak, first_language, join_clauses

ROOT = Path(__file__).parents[4]


def run(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestClauses:
    def test_a_space_stays_between_clauses(self):
        assert join_clauses(["tˈɛn θˈɜːɾi", "dˈɑːktɚ"]) == "tˈɛn θˈɜːɾi dˈɑːktɚ"

    def test_empty_clauses_and_outer_spaces_go(self):
        assert join_clauses(["", " hˈaɪ ", " "]) == "hˈaɪ"

    def test_marks_of_a_language_switch_go(self):
        assert join_clauses(["lə- (en)fˈʊtbɔːl(fr) e"]) == "lə- fˈʊtbɔːl e"

    def test_nothing_gives_nothing(self):
        assert join_clauses([]) == ""


class TestLanguageCodes:
    def test_the_priority_byte_is_skipped_and_the_first_code_is_taken(self):
        assert first_language(b"\x02en-us\0\x03en\0\0") == "en-us"

    def test_no_code_is_none(self):
        assert first_language(b"\0") is None


class TestLibrary:
    @pytest.fixture
    def library(self):
        pytest.importorskip("espeakng_loader")
        return espeak()

    @pytest.mark.parametrize(
        ("text", "phonemes"),
        [
            ("Do not open the door before midnight", "duːnˌɑːt ˈoʊpən ðə dˈɔːɹ bᵻfˌɔːɹ mˈɪdnaɪt"),
            ("twenty dollars", "twˈɛnti dˈɑːlɚz"),
            ("red\n\nblue. green", "ɹˈɛd blˈuː ɡɹˈiːn"),
            ("", ""),
            (" \t\n", ""),
            ("red\0blue", "ɹˈɛd blˈuː"),
        ],
    )
    def test_english_is_what_piper_feeds_its_voices(self, library, text, phonemes):
        assert library.phonemes(text, "en-us").replace("_", "") == phonemes

    @pytest.mark.parametrize(
        "text",
        ["\ud800 lone surrogate", "💥" * 50, "(" * 2000, "[[h@l'oU]] <speak>", "a" * 20_000, "\u202eabc"],
    )
    def test_hostile_text_gives_phonemes_or_nothing_but_no_error(self, library, text):
        assert "(" not in library.phonemes(text, "en-us")

    def test_languages_do_not_leak_into_each_other(self, library):
        before = library.phonemes("password", "en-us")
        assert library.phonemes("Guten Tag", "de").replace("_", "") == "ɡˈuːtən tˈɑːk"
        assert library.phonemes("password", "en-us") == before

    def test_an_unknown_language_is_an_error_each_time_and_harms_nobody(self, library):
        for _ in range(2):
            with pytest.raises(ValueError, match=r"^libespeak-ng 1\.\d+.* has no voice for language 'qq'$"):
                library.phonemes("x", "qq")
        assert library.phonemes("x", "en-us").replace("_", "") == "ˈɛks"

    def test_languages_are_listed_by_code(self, library):
        languages = library.languages()
        assert {"en-us", "de", "fr-fr", "cmn"} <= languages.keys()
        assert languages["en-us"] == "English_(America)"

    def test_there_is_one_library_for_the_process(self, library):
        assert espeak() is library

    def test_a_data_folder_with_a_long_name_is_read(self, tmp_path):
        folder = tmp_path / ("x" * 200)
        code = f"""
import shutil
from pathlib import Path
from harness.engines.coqui.espeak import Espeak, EspeakFiles, find_espeak
files, folder = find_espeak(), Path({str(folder)!r})
folder.mkdir()
(folder / "data").symlink_to(files.data)
print(Espeak(EspeakFiles(library=files.library, data=folder / "data")).phonemes("hi", "en-us"))
"""
        assert run(code).strip() == "h_ˈaɪ"

    def test_damaged_files_are_one_line_each(self, tmp_path):
        (tmp_path / "lib.so").write_text("not a library")
        code = f"""
from pathlib import Path
from harness.core.errors import IntegrityError
from harness.engines.coqui.espeak import Espeak, EspeakFiles, find_espeak
here, files = Path({str(tmp_path)!r}), find_espeak()
for library, data in ((here / "lib.so", files.data), (files.library, here)):
    try:
        Espeak(EspeakFiles(library=library, data=data))
    except IntegrityError as error:
        print(error)
"""
        lines = run(code).splitlines()
        assert lines[0].startswith(f"cannot load {tmp_path / 'lib.so'}: ")
        assert lines[1] == (
            f"libespeak-ng does not read its data in {tmp_path}; re-install it with: {install_command('coqui')}"
        )
        assert len(lines) == 2

    def test_a_missing_wheel_is_one_line_with_the_command(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "espeakng_loader", None)
        with pytest.raises(MissingDependency) as error:
            find_espeak()
        assert str(error.value) == (
            f"espeakng-loader (phonemes) is not installed; install it with: {install_command('coqui')}"
        )


@pytest.mark.real
@pytest.mark.slow
class TestCoqui:
    """Coqui's wrapper, in a process of its own: it is changed for good there."""

    CODE = """
from harness.engines.coqui.espeak import install_inprocess_espeak
install_inprocess_espeak()
install_inprocess_espeak()
from TTS.tts.utils.text import phonemizers
from TTS.tts.utils.text.phonemizers import espeak_wrapper
speaker = phonemizers.get_phonemizer_by_name("espeak", language="en-us")
print(espeak_wrapper.ESpeak.is_available(), speaker.backend, speaker.version())
print(speaker.phonemize("Hello, (big) world! No? Yes.", separator=""))
print(speaker.phonemize("hi", separator="|"))
print(speaker.phonemize("...", separator=""))
print(phonemizers.get_default_phonemizer("de"))
print(phonemizers.get_phonemizer_by_name("espeak", language="de").phonemize("Guten Tag.", separator=""))
try:
    phonemizers.get_phonemizer_by_name("espeak", language="qq")
except RuntimeError as error:
    print(error)
try:
    espeak_wrapper._espeak_exe("espeak-ng", ["--version"])
except RuntimeError as error:
    print(error)
"""

    def test_coqui_speaks_through_the_library_and_starts_no_program(self, tmp_path):
        pytest.importorskip("TTS")
        for name in ("espeak", "espeak-ng"):
            trap = tmp_path / name
            trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\necho 'eSpeak NG text-to-speech: 9.99'\n")
            trap.chmod(0o755)
        lines = run(self.CODE, PATH=f"{tmp_path}:{os.environ['PATH']}").splitlines()
        assert not (tmp_path / "started").exists()
        assert lines == [
            f"True espeak-ng {espeak().version}",
            "həlˈoʊ, bˈɪɡ wˈɜːld! nˈoʊ? jˈɛs.",
            "h|ˈaɪ",
            "...",
            "espeak",
            "ɡˈuːtən tˈɑːk.",
            'language "qq" is not supported by the espeak backend',
            "Soundcheck does not let Coqui start the espeak program",
        ]
