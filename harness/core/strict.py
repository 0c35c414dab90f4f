"""What must not differ between two raw transcripts: digits, signs, negations, currencies and units.

Whisper's normaliser drops minus signs and everything in brackets: a voice that says "five degrees" for "minus
five degrees" would pass it. These tokens are therefore taken from the raw text. They are a multiset: order is
what the word diff is for. Spoken and written numbers count the same (``twenty`` and ``20``).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.strict_german import german_tokens
from harness.core.strict_lists import LANGUAGES, listed_tokens
from harness.core.strict_romance import LANGUAGES as ROMANCE
from harness.core.strict_romance import romance_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHARACTERS: Final = 20_000
"""Text beyond this is not looked at; a bounded transcript is far shorter."""

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_SMALL = {word: n for n, word in enumerate(f"{_ONES} seventeen eighteen nineteen".split())}
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ORDINALS = {
    "first": "one", "second": "two", "third": "three", "fourth": "four", "fifth": "five", "sixth": "six",
    "seventh": "seven", "eighth": "eight", "ninth": "nine", "tenth": "ten", "eleventh": "eleven",
    "twelfth": "twelve", "thirteenth": "thirteen", "fourteenth": "fourteen", "fifteenth": "fifteen",
    "sixteenth": "sixteen", "seventeenth": "seventeen", "eighteenth": "eighteen", "nineteenth": "nineteen",
    "twentieth": "twenty", "thirtieth": "thirty", "fortieth": "forty", "fiftieth": "fifty",
    "sixtieth": "sixty", "seventieth": "seventy", "eightieth": "eighty", "ninetieth": "ninety",
    "hundredth": "hundred", "thousandth": "thousand",
}  # fmt: skip

NEGATIONS: Final = frozenset({
    "not", "no", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "cannot", "without",
    "unable", "unless", "unsafe",
})  # fmt: skip
"""Words whose loss turns a sentence round; every ``n't`` counts as ``not``, and so does ``cannot``."""

_WORDS: Final = {
    "cannot": "not", "minus": "minus", "negative": "minus", "plus": "plus", "percent": "percent",
    "dollar": "dollar", "dollars": "dollar", "cent": "cent", "cents": "cent", "euro": "euro", "euros": "euro",
    "pound": "pound", "pounds": "pound", "penny": "penny", "pence": "penny", "yen": "yen",
    "degree": "degree", "degrees": "degree", "celsius": "celsius", "fahrenheit": "fahrenheit",
    "second": "second", "seconds": "second", "minute": "minute", "minutes": "minute", "hour": "hour",
    "hours": "hour", "day": "day", "days": "day", "week": "week", "weeks": "week", "month": "month",
    "months": "month", "year": "year", "years": "year",
    "volt": "volt", "volts": "volt", "watt": "watt", "watts": "watt", "amp": "amp", "amps": "amp",
    "mile": "mile", "miles": "mile", "inch": "inch", "inches": "inch", "foot": "foot", "feet": "foot",
    "yard": "yard", "yards": "yard", "ounce": "ounce", "ounces": "ounce", "ton": "ton", "tons": "ton",
}  # fmt: skip
_PREFIXES = {"": "", "kilo": "kilo", "centi": "centi", "milli": "milli", "micro": "micro", "mega": "mega"}
_BASES = {
    "gram": "gram",
    "meter": "meter",
    "metre": "meter",
    "liter": "liter",
    "litre": "liter",
    "watt": "watt",
}
_UNITS = _WORDS | {
    prefix + spelling + plural: prefix + base
    for prefix in _PREFIXES
    for spelling, base in _BASES.items()
    for plural in ("", "s")
}
# Only right after a number: "am" and "m" are words of their own elsewhere.
_SHORT_UNITS = {
    "mg": "milligram", "mcg": "microgram", "g": "gram", "kg": "kilogram", "ml": "milliliter", "l": "liter",
    "mm": "millimeter", "cm": "centimeter", "m": "meter", "km": "kilometer", "kw": "kilowatt", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "ft": "foot", "am": "am", "pm": "pm", "mph": "mph",
}  # fmt: skip
_SYMBOLS: Final = {
    "$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "¢": "cent", "%": "percent", "°": "degree",
    "+": "plus",
}  # fmt: skip

_SIGNS: Final = {
    "٫": ".", "٬": ",", "٪": "%", "．": ".", "，": ",", "％": "%", "＋": "+", "－": "-", "＄": "$", "￥": "¥",
    "￡": "£", "−": "-",
}  # fmt: skip
"""Signs about numbers in other scripts -> the one that is looked for."""

_TOKEN = re.compile(
    r"(?P<minus>(?<![\w)\]])[-−–](?=[$€£¥]?\.?\d))"
    r"|(?P<number>\d+(?:,\d{3})*(?:\.\d+)?(?:st|nd|rd|th)?(?![^\W\d]\w{3,}))"
    r"|(?P<clock>[ap]\.\s?m\b\.?)"
    r"|(?P<percent>per\scents?\b)"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)"
    r"|(?P<symbol>[$€£¥¢%°+])"
    r"|(?P<break>[.;!?()\[\]])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictDifference:
    """Tokens on one side only, sorted, with repeats."""

    missing: tuple[str, ...]
    """In the expected text, not in the heard one."""
    added: tuple[str, ...]
    """In the heard text, not in the expected one."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.added)


def strict_difference(expected: str, heard: str, language: str = "en") -> StrictDifference:
    """Compare two raw texts by :func:`strict_tokens`; falsy where they agree."""
    wanted, got = strict_tokens(expected, language), strict_tokens(heard, language)
    return StrictDifference(
        missing=tuple(sorted((wanted - got).elements())), added=tuple(sorted((got - wanted).elements()))
    )


def strict_tokens(text: str, language: str = "en") -> Counter[str]:
    """Count the tokens of a raw text whose change changes its meaning.

    German has tokens of its own (:mod:`harness.core.strict_german`), and so have Spanish, French, Italian and
    Portuguese (:mod:`harness.core.strict_romance`). Of any other language its digits (those of its own script too),
    signs and symbols are read. Negations of all but English and German are :mod:`harness.core.strict_lists`'s.

    Single digits of every number, spoken or written (``twelve`` gives 1 and 2); ``point``; ``minus`` and
    ``plus``; :data:`NEGATIONS`; currencies and units in the singular. ``$2.50`` is 2, dollar, 50, cent.
    """
    raw = _in_ascii_digits(text[:MAX_CHARACTERS].lower().replace("’", "'"))
    if language == "de":
        return Counter(german_tokens(raw))
    if language in ("", "en"):
        return Counter(_tokens(raw))
    others = romance_tokens(raw, language) if language in ROMANCE else _written(raw)
    return Counter((*others, *listed_tokens(raw, language)))


def lacks(language: str) -> str:
    """What of a language is not read here, as a clause for people; ``""`` where nothing is missing.

    Args:
        language: ISO 639-1.
    """
    if language in ("en", "de") or language in ROMANCE:
        return ""
    numbers = "numbers in words and units are compared as words"
    return numbers if language in LANGUAGES else f"no list of negations, and {numbers}"


def _written(text: str) -> Iterator[str]:
    """Digits, signs, symbols and short units right behind a number, whatever the language: no other word of it."""

    def without_words(match: re.Match[str]) -> str:
        before, word = match[1] or "", match[2]
        return match[0] if before and word in _SHORT_UNITS else before + " " * len(word)

    return _tokens(re.sub(r"(\d\s?)?([^\W\d_]+)", without_words, text))


def _in_ascii_digits(text: str) -> str:
    """The same text with the digits and the signs about them that other scripts have of their own."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else _SIGNS.get(character, character)
        for character in text
    )


def _tokens(text: str) -> Iterator[str]:
    number = _Number()
    in_currency = False
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup, match[0]
        if kind == "number":
            digits = re.sub(r"[^\d.]", "", piece)
            yield from number.take_written(digits, money=in_currency)
        elif kind == "word" and number.takes(piece):
            yield from number.take_spoken(piece)
        else:
            after_number = number.is_open
            yield from number.close()
            yield from _other(kind or "", piece, after_number, text[match.end() : match.end() + 4])
        in_currency = kind == "symbol" and piece in "$€£¥"
    yield from number.close()


def _other(kind: str, piece: str, after_number: bool, following: str) -> Iterator[str]:
    if kind == "minus":
        yield "minus"
    elif kind == "clock":
        yield f"{piece[0]}m"
    elif kind == "percent":
        yield "percent"
    elif kind == "symbol":
        yield _SYMBOLS[piece]
    elif kind == "word":
        if piece.endswith("n't"):
            yield "not"
        elif piece == "no" and re.match(r"\.\s?\d", following):
            return  # "No. 9"
        elif after_number and piece in _SHORT_UNITS:
            yield _SHORT_UNITS[piece]
        elif piece in _UNITS:
            yield _UNITS[piece]
        elif piece in NEGATIONS:
            yield piece


class _Number:
    """Collects the words of one number and gives its digits when the number ends."""

    def __init__(self) -> None:
        self._total = 0
        self._group: int | None = None
        self._scaled = False

    @property
    def is_open(self) -> bool:
        """Whether the last piece belonged to a number."""
        return self._group is not None or self._scaled

    def takes(self, word: str) -> bool:
        """Whether `word` is part of a number here."""
        word = _ORDINALS.get(word, word)
        if word in ("and", "oh", "point"):
            return self.is_open
        return word in _SMALL or word in _TENS or word in _SCALES

    def take_written(self, digits: str, *, money: bool) -> Iterator[str]:
        """Take a number in digits; its decimal part stays open for a scale ("2.5 million")."""
        yield from self.close()
        whole, point, fraction = digits.partition(".")
        if not point:
            if (len(whole) > 1 and whole[0] == "0") or len(whole) > 15:
                yield from whole
                return
            self._group = int(whole)
            return
        yield from whole
        if not (money and len(fraction) == 2):
            yield "point"
        elif int(fraction):
            yield "cent"
        else:
            return
        significant = fraction.lstrip("0")[:15]
        yield from fraction[: len(fraction) - len(significant)] if significant else fraction
        if significant:
            self._group = int(significant)

    def take_spoken(self, word: str) -> Iterator[str]:
        """Take one word of a number."""
        word = _ORDINALS.get(word, word)
        if max(self._group or 0, self._total) >= 10**15:  # no number that anybody says
            yield from self.close()
        if word == "and":  # "two hundred and five" goes on, "five and six" does not
            if self._group is not None and self._group % 100:
                yield from self.close()
            return
        if word == "point":
            yield from self.close()
            yield "point"
        elif word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                self._group = (self._group or 1) * 100
            else:
                self._total += (1 if self._group is None else self._group) * scale
                self._group, self._scaled = None, True
        else:
            value = 0 if word == "oh" else _SMALL.get(word, _TENS.get(word, 0))
            room = 100 if self._group and self._group % 100 == 0 else 10 if self._tens_wait() else 1
            if self._group is not None and not 0 < value < room:
                yield from self.close()
            self._group = (self._group or 0) + value

    def close(self) -> Iterator[str]:
        """End the number, if there is one, and give its digits."""
        if self.is_open:
            yield from str(self._total + (self._group or 0))
        self._total, self._group, self._scaled = 0, None, False

    def _tens_wait(self) -> bool:
        return self._group is not None and self._group % 100 >= 20 and self._group % 10 == 0
