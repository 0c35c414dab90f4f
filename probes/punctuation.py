"""Punctuation and case: marks and capitals that change how a sentence is read, never its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from probes import english as en
from probes.family import Family, Group, Phrase, Setting


def _shout(words: list[str], at: int) -> tuple[list[str], str]:
    words[at] = words[at].upper()
    return words, words[at]


def _bracket(words: list[str], at: int) -> tuple[list[str], str]:
    words[at] = f"({words[at]})"
    return words, words[at]


def _quote(words: list[str], at: int) -> tuple[list[str], str]:
    words[at] = f'"{words[at]}"'
    return words, words[at]


def _dash(words: list[str], at: int) -> tuple[list[str], str]:
    words[at] += " -"
    return words, " - "


def _dots(words: list[str], at: int) -> tuple[list[str], str]:
    words[at] += "..."
    return words, "..."


def _semicolon(words: list[str], at: int) -> tuple[list[str], str]:
    words[at] += ";"
    return words, ";"


def _commas(words: list[str], at: int) -> tuple[list[str], str]:
    words[at] += ",,"
    return words, ",,"


def _slash(words: list[str], at: int) -> tuple[list[str], str]:
    words[at] += " /"
    return words, " / "


def _camel(words: list[str], at: int) -> tuple[list[str], str]:
    word = words[at]
    words[at] = word[:-1] + word[-1].upper()
    return words, words[at]


def _stars(words: list[str], at: int) -> tuple[list[str], str]:
    words[at] = f"_{words[at]}_"
    return words, words[at]


Manner = Callable[[list[str], int], tuple[list[str], str]]
"""(words, place of one of them) -> the words with something odd there, and what is odd."""
WITHIN: tuple[Manner, ...] = (
    _shout, _bracket, _quote, _dash, _dots, _semicolon, _commas, _slash, _camel, _stars,
)  # fmt: skip
ENDINGS = ("!!!", "?!", "...", "??", "!?!", " .", "....", ";", ":")


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    manners: Iterator[Manner | str] = dice.endless((*WITHIN, *ENDINGS))
    while True:
        sentence, noun = en.statement(dice)
        plain = Phrase(text=f"{sentence}.", critical=(noun,))
        group = []
        for _ in range(2):
            manner = next(manners)
            if isinstance(manner, str):
                text, trigger = sentence + manner, manner
            else:
                words = sentence.split()
                at = dice.pick([place for place in range(1, len(words) - 1) if len(words[place]) > 3])
                words, trigger = manner(words, at)
                text = " ".join(words) + "."
            group.append(Phrase(text=text, expect=plain.text, critical=(noun,), trigger=trigger, twin=plain))
        yield tuple(group)


PUNCTUATION = Family(
    name="punctuation",
    purpose="marks, repetition and capitals that change the reading, not the words",
    source="Sheng et al. 2023, Punctuation matters (arXiv 2312.15867)",
    draws={"en": _english},
)
