"""A language as families draw from it: words for slots, and sentences with those slots.

Where words agree in gender or are elided, the slot holds all that agrees: ``{to_place}`` is ``al museo``, never
``a + el museo``. A slot's name with a 2 behind it, ``{person2}``, is another word of the same slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from probes import english as en
from probes.dice import Dice
from probes.family import Group, Phrase, Setting

Names = Mapping[int, tuple[str, ...]]
"""By syllables, which is what the length of speech goes by."""
Kind = tuple[Names, Names, tuple[str, ...]]
"""Names that an attacker would choose, plain ones of the same lengths, sentences with ``{n}``."""
Pair = tuple[str, str, tuple[str, ...]]
"""A sentence, its harmless twin of the same shape, and its critical words: slots by name, or as they stand."""

_SHORTEST, _LONGEST = 2, 90
"""Numbers within a sentence."""
_MOST_HOURS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How a language writes and says numbers."""

    spell: Callable[[int], str]
    """A number in words."""
    thousands: str
    """Stands between thousands and hundreds in digits."""
    minus: str
    comma: str
    """What a decimal comma is called."""
    joints: tuple[str, ...]
    """Words within a number in words that are no number themselves."""
    clock: tuple[str, str]
    """A time of day as written and as spoken, of ``{h}`` and ``{m}``."""
    months: tuple[str, ...]
    telephone: Callable[[Sequence[int]], tuple[str, str]] | None = None
    """A number as written and as spoken, of its last four pairs of digits; None where digits are read one by one."""
    has_elided_articles: bool = False
    """Whether an article before a number depends on its first sound: ``il 20 %``, ``l'8 %``."""
    kinds: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    """Kind of number (:mod:`probes.amounts`), how it is written, how it is spoken, sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """One language."""

    language: str
    """ISO 639-1."""
    slots: Mapping[str, tuple[str, ...]]
    """Words for each slot."""
    deeds: tuple[Mapping[str, str], ...]
    """Verbs with their objects, each in the forms that sentences need."""
    days: tuple[str, ...]
    """Critical wherever they stand in a carrier."""
    carriers: tuple[str, ...]
    negations: tuple[Pair, ...]
    safety: tuple[Pair, ...]
    entities: tuple[Kind, ...]
    amounts: Amounts

    def carrier_stream(self, setting: Setting) -> Iterator[Group]:
        """Ordinary speech."""
        for template in setting.dice.endless(self.carriers):
            text = en.slots(template, **self.drawn(setting.dice))
            yield (Phrase(text=text, critical=tuple(day for day in self.days if day in text)),)

    def negation_stream(self, setting: Setting) -> Iterator[Group]:
        """Negated sentences beside affirmed ones."""
        return self._pairs(setting, self.negations)

    def safety_stream(self, setting: Setting) -> Iterator[Group]:
        """Dangerous sentences beside harmless ones."""
        return self._pairs(setting, self.safety)

    def drawn(self, dice: Dice) -> dict[str, str]:
        """A word for each slot."""
        words: dict[str, str] = {}
        for name, options in self.slots.items():
            words[name] = dice.pick(options)
            words[f"{name}2"] = dice.other(options, words[name])
        words |= dice.pick(self.deeds)
        words["n"] = dice.pick(self._short_numbers(_SHORTEST, _LONGEST))
        words["m"] = dice.other(self._short_numbers(_SHORTEST, _MOST_HOURS), words["n"])
        return words

    def _pairs(self, setting: Setting, pairs: tuple[Pair, ...]) -> Iterator[Group]:
        dice = setting.dice
        for sentence, harmless, critical in dice.endless(pairs):
            words = self.drawn(dice)
            twin = Phrase(text=en.slots(harmless, **words))
            named = tuple(dict.fromkeys(words.get(name, name).split()[-1] for name in critical))
            yield (Phrase(text=en.slots(sentence, **words), critical=named, twin=twin),)

    def _short_numbers(self, least: int, most: int) -> list[str]:
        """Numbers that are one word, and agree with no noun."""
        spelled = [self.amounts.spell(number) for number in range(least, most + 1) if agrees_with_all(number)]
        return [words for words in spelled if " " not in words]


def agrees_with_all(number: int) -> bool:
    """Whether a number below a hundred is the same before any noun: not so 1, 21, 31."""
    return number % 10 != 1 or number % 100 == 11


def by_syllables(**names: str) -> Names:
    """``two="Apple Nokia"``: names are separated by spaces, and ``_`` stands for a space within one."""
    numbers = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
    return {numbers[key]: tuple(name.replace("_", " ") for name in value.split()) for key, value in names.items()}
