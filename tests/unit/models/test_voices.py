"""Choosing who speaks: what is missing or wrong is one line, what there is once is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import BadInput
from harness.core.voice import Choices, Voice
from harness.models.voices import choose_voice

TWO = Choices(speakers=("amelie", "bruno"), languages=("de", "en-us", "zh-cn", "pt-br", "pt-pt"))
HERE = Path("voice")


def chosen(choices: Choices = TWO, language: str | None = "en", **voice: Any) -> Voice:
    return choose_voice(HERE, choices, Voice(**voice), language=language)


def refusal(choices: Choices = TWO, language: str | None = "en", **voice: Any) -> str:
    with pytest.raises(BadInput) as caught:
        chosen(choices, language, **voice)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestSpeaker:
    def test_has_to_be_chosen_among_several(self) -> None:
        line = "choose one with --tts-speaker=amelie (or several, or all); there are amelie, bruno"
        assert refusal() == f"voice: it has 2 speakers, {line}"
        assert chosen(speaker="bruno").speaker == "bruno"

    def test_of_many_is_listed_in_part(self) -> None:
        line = refusal(Choices(speakers=tuple(f"p{n} x" for n in range(109))))
        assert "it has 109 speakers, choose one with --tts-speaker='p0 x' (or several, or all)" in line
        assert line.endswith("p11 x and 97 more: soundcheck list --model DIR")

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


def several(*words: str, choices: Choices = TWO) -> Voice:
    return chosen(choices, speakers=words)


MANY = Choices(speakers=tuple(f"p{number}" for number in range(109)))


class TestSeveralSpeakers:
    def test_are_spoken_for_once_each_in_the_model_s_order(self) -> None:
        assert several("bruno", "amelie", "bruno") == Voice(speakers=("amelie", "bruno"), language="en-us")

    def test_are_all_of_them_by_one_word(self) -> None:
        assert several("all", choices=MANY).speakers == MANY.speakers
        assert several("all", choices=Choices()) == Voice()

    def test_are_a_sample_that_is_the_same_each_time_and_grows(self) -> None:
        few, more = (several(f"sample:{size}", choices=MANY).speakers for size in (4, 12))
        assert len(few) == 4
        assert set(few) < set(more)
        assert several("sample:4:0", choices=MANY).speakers == few
        assert several("sample:4:1", choices=MANY).speakers != few
        assert [MANY.speakers.index(name) for name in more] == sorted(MANY.speakers.index(name) for name in more)

    def test_are_one_voice_where_one_is_left(self) -> None:
        assert several("sample:1").speaker in TWO.speakers
        assert several("sample:1").speakers == ()
        assert several("bruno", "bruno") == Voice(speaker="bruno", language="en-us")

    def test_are_told_where_one_is_unknown(self) -> None:
        assert refusal(speakers=("amelie", "brno")).endswith("it has no speaker 'brno'; did you mean 'bruno'?")

    @pytest.mark.parametrize("word", ["sample:", "sample:0", "sample:-1", "sample:2.5", "sample:two", "sample:1:x"])
    def test_are_drawn_by_a_whole_number(self, word: str) -> None:
        line = refusal(speakers=(word,))
        assert line == (
            f"--tts-speaker: expected all, a name, or sample:N (sample:N:SEED for another draw), got {word!r}"
        )

    def test_are_no_more_than_there_are(self) -> None:
        line = "voice: --tts-speaker=sample:3: it has 2 speakers; ask for so many, or for all"
        assert refusal(speakers=("sample:3",)) == line
        assert "it has one speaker" in refusal(Choices(), speakers=("sample:2",))

    def test_need_names_where_a_speaker_is_called_as_a_word_of_ours(self) -> None:
        line = refusal(Choices(speakers=("all", "bruno")), speakers=("all",))
        assert line.endswith("it has a speaker named 'all', so this may mean two things; name all you want")

    def test_need_names_where_none_can_be_listed(self) -> None:
        line = refusal(Choices(unlisted="too long"), speakers=("all",))
        assert line == "voice: --tts-speaker=all: its speakers cannot be listed (too long); name them"
        assert several("x", "y", choices=Choices(unlisted="too long")).speakers == ("x", "y")


class TestRecording:
    CLONING = Choices(speakers=("amelie", "bruno"), clones=True)

    def test_stands_for_a_speaker(self) -> None:
        voice = chosen(self.CLONING, recording="ab" * 32)
        assert voice == Voice(recording="ab" * 32)
        assert voice.identity == f"recording {'ab' * 32}"
        assert voice.words == "recording abababababab"

    def test_is_refused_where_nobody_is_cloned(self) -> None:
        assert refusal(recording="ab") == (
            "voice: expected no --tts-speaker-wav, as it clones nobody "
            "(XTTS, or a VITS with a speaker encoder beside it, does); leave it out"
        )
        lacking = Choices(no_cloning="its speaker encoder se.pth is not beside its configuration")
        assert refusal(lacking, recording="ab") == (
            "voice: expected no --tts-speaker-wav, as its speaker encoder se.pth is not beside its configuration; "
            "leave it out"
        )

    def test_is_refused_beside_a_speaker(self) -> None:
        line = "voice: expected no --tts-speaker beside --tts-speaker-wav, got 'bruno'; leave one of them out"
        assert refusal(self.CLONING, speaker="bruno", recording="ab") == line


class TestLanguage:
    @pytest.mark.parametrize(
        ("spoken", "code"),
        [("de", "de"), ("en", "en-us"), ("zh", "zh-cn"), ("zh-cn", "zh-cn"), ("pt-br", "pt-br"), ("de-at", "de")],
    )
    def test_is_the_suite_s_as_the_model_calls_it(self, spoken: str, code: str) -> None:
        assert chosen(language=spoken, speaker="bruno").language == code

    @pytest.mark.parametrize("spoken", ["fr", "pt", "en-gb"])
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
