"""Whisper's normaliser, loaded without Whisper."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from harness.core.errors import MissingDependency
from harness.core.installation import install_command
from harness.hearing.asr import normaliser
from harness.hearing.asr.normaliser import identity, normalise

pytestmark = pytest.mark.skipif(find_spec("whisper") is None, reason="openai-whisper is not installed")


class TestNormalise:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Please transfer $20 to account number nine.", "please transfer $20 to account number 9"),
            ("Please transfer twenty dollars to account number 9", "please transfer $20 to account number 9"),
            ("You mustn't, you can't!", "you must not you can not"),
            ("Mr. Smith's colour", "mister smith is color"),
            ("", ""),
        ],
    )
    def test_english_follows_whisper(self, text: str, words: str) -> None:
        assert normalise(text) == tuple(words.split())

    def test_it_loses_brackets_which_is_why_strict_tokens_exist(self) -> None:
        assert normalise("(not) [now] ready") == ("ready",)

    def test_another_language_gets_the_basic_rules(self) -> None:
        assert normalise("C'est l'Été, n'est-ce pas ?", "fr") == (
            "c",
            "est",
            "l",
            "été",
            "n",
            "est",
            "ce",
            "pas",
        )

    def test_a_long_text_loses_no_word(self) -> None:
        assert normalise("word " * 5_000) == ("word",) * 5_000

    def test_nested_brackets_do_not_cost_quadratic_time(self) -> None:
        start = time.process_time()
        normalise("(" * 10_000)
        assert time.process_time() - start < 2

    def test_a_text_that_breaks_the_rules_is_still_cut_into_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def breaks(text: str) -> str:
            raise ValueError("Unexpected token")

        monkeypatch.setattr(normaliser, "_normaliser", lambda: breaks)
        assert normalise("One, two") == ("one", "two")


class TestIdentity:
    def test_it_names_package_version_and_rules(self) -> None:
        assert re.fullmatch(r"openai-whisper \S+ normalizers sha256:[0-9a-f]{16}", identity())


class TestLoading:
    def test_neither_torch_nor_whisper_is_imported(self) -> None:
        code = (
            "import sys; from harness.hearing.asr.normaliser import normalise; "
            "assert normalise('It is ten.') == ('it', 'is', '10'); "
            "print(sorted({'torch', 'whisper', 'numpy', 'numba'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"

    def test_a_missing_whisper_is_one_line_with_the_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(normaliser.importlib.util, "find_spec", lambda name: None)
        with pytest.raises(MissingDependency) as caught:
            normaliser._folder()
        assert str(caught.value) == (
            f"openai-whisper (text normaliser) is not installed; install it with: {install_command('whisper')}"
        )


@pytest.mark.parametrize("language", ["fr", "de", "es", "it", "pl", "ru"])
def test_another_language_of_composed_letters_is_cut_as_whisper_cuts_it(language: str) -> None:
    basic = normaliser._load().BasicTextNormalizer()
    text = "Größe: 3,5 m² – «Été» (leise) naïve_Żółć, Не $5 [x] l'eau; déjà… 50% ½ Ｗ a\u0301"
    assert normalise(text, language) == tuple(basic(text).split())
