"""Choosing who speaks: what is missing or wrong is one line, what there is once is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.core.voice import Choices, Voice
from harness.models.voices import choose_voice

TWO = Choices(speakers=("amelie", "bruno"), languages=("de", "en-us", "zh-cn", "pt-br", "pt-pt"))
HERE = Path("voice")


def chosen(choices: Choices = TWO, language: str | None = "en", **voice: str) -> Voice:
    return choose_voice(HERE, choices, Voice(**voice), language=language)


def refusal(choices: Choices = TWO, language: str | None = "en", **voice: str) -> str:
    with pytest.raises(BadInput) as caught:
        chosen(choices, language, **voice)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestSpeaker:
    def test_has_to_be_chosen_among_several(self) -> None:
        assert refusal() == "voice: it has 2 speakers, choose one with --tts-speaker=amelie; there are amelie, bruno"
        assert chosen(speaker="bruno").speaker == "bruno"

    def test_of_many_is_listed_in_part(self) -> None:
        line = refusal(Choices(speakers=tuple(f"p{n} x" for n in range(109))))
        assert "it has 109 speakers, choose one with --tts-speaker='p0 x'" in line
        assert line.endswith("p11 x and 97 more: soundcheck list --voices --model DIR")

    def test_that_is_unknown_is_told_with_what_was_meant_or_what_there_is(self) -> None:
        assert refusal(speaker="amélie").endswith("it has no speaker 'amélie'; did you mean 'amelie'?")
        assert refusal(speaker="zoe").endswith("it has no speaker 'zoe'; expected one of amelie, bruno")

    def test_of_a_model_with_one_is_no_choice(self) -> None:
        assert chosen(Choices()) == Voice()
        line = "voice: expected no --tts-speaker, as it has one speaker, got 'bruno'; leave it out"
        assert refusal(Choices(), speaker="bruno") == line

    def test_is_taken_as_it_is_where_none_can_be_listed(self) -> None:
        assert chosen(Choices(unlisted="too long"), speaker="x").speaker == "x"

    def test_with_a_hostile_name_is_shown_safely(self) -> None:
        line = refusal(Choices(speakers=("a\x1b[2J", "b\n::error::")))
        assert "\x1b" not in line


class TestLanguage:
    @pytest.mark.parametrize(("spoken", "code"), [("de", "de"), ("en", "en-us"), ("zh", "zh-cn")])
    def test_is_the_suite_s_as_the_model_calls_it(self, spoken: str, code: str) -> None:
        assert chosen(language=spoken, speaker="bruno").language == code

    @pytest.mark.parametrize("spoken", ["fr", "pt"])
    def test_has_to_be_chosen_where_none_or_several_would_do(self, spoken: str) -> None:
        line = refusal(language=spoken, speaker="bruno")
        assert line == (
            "voice: it has 5 languages, choose one with --tts-language=de; there are de, en-us, zh-cn, pt-br, pt-pt"
        )

    def test_that_was_chosen_goes_before_the_suite_s(self) -> None:
        voice = choose_voice(HERE, TWO, Voice(speaker="bruno", language="pt-br"), language="en")
        assert voice.language == "pt-br"

    def test_is_not_missed_before_a_suite_is_known(self) -> None:
        assert chosen(language=None, speaker="bruno").language == ""

    def test_that_is_unknown_is_told(self) -> None:
        with pytest.raises(BadInput, match="it has no language 'en-uk'; did you mean 'en-us'"):
            choose_voice(HERE, TWO, Voice(speaker="bruno", language="en-uk"))
