"""How the digits of a phrase would probably be spoken: a proposal for its `expect`, which a person has to check.

The words are num2words' (LGPL; imported, never copied), which comes with coqui-tts. What is not a number that stands by
itself, an amount, a share, an ordinal or a time is proposed nothing for. Pure: knows nothing of files and voices.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from harness.core.spoken import is_plain

MOST_CHARACTERS: Final = 500
"""Of a phrase that is proposed something for."""
MOST_DIGITS: Final = 15
"""Of a number that is read as one; a longer one is read digit by digit, up to :data:`MOST_SPELLED`."""
MOST_SPELLED: Final = 40
YEARS: Final = range(1900, 2100)
POINTED: Final = frozenset({"en", "he", "ja", "kn", "ko", "te", "th"})
"""Languages that write 1,250.5; the others write 1.250,5."""
CURRENCIES: Final = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
PER_CENT: Final = {
    "cs": "procent", "da": "procent", "de": "Prozent", "en": "percent", "es": "por ciento", "fi": "prosenttia",
    "fr": "pour cent", "it": "per cento", "nl": "procent", "no": "prosent", "pl": "procent", "pt": "por cento",
    "sv": "procent", "tr": "yüzde",
}  # fmt: skip
BEFORE_NUMBER: Final = frozenset({"tr"})
"""Languages that say per cent before the number."""

_CANNOT: Final = (ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError)
"""What num2words raises for a language, a currency or a number that it does not have."""
_NO_CENTS: Final = re.compile(r"(?:,| \w+) 00 \w+(?: \w+)*$")
_NUMBER: Final = {
    True: r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?",
    False: r"[0-9]{1,3}(?:[. \u00a0\u202f][0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?",
}
_ALONE_BEFORE: Final = r"(?<![\w.,:/%$€£¥-])"


def proposed_expect(text: str, language: str) -> str | None:
    """The phrase with its digits in words; None where it has none, or for some of it nothing can be said.

    Args:
        text: What the voice is given.
        language: ISO 639-1.
    """
    if len(text) > MOST_CHARACTERS or not any(character.isdigit() for character in text):
        return None
    try:
        import num2words  # only somebody who wrote digits without `expect` waits for it
    except ImportError:
        return None
    try:
        said = _Speech(num2words.num2words, language).say(text)
    except _CANNOT:
        return None
    return said if is_plain(said, language) else None


class _Speech:
    """The numbers of one language in words."""

    def __init__(self, words: Callable[..., str], language: str) -> None:
        self._words = words
        self._language = language
        self._pointed = language in POINTED

    def say(self, text: str) -> str:
        """Replace amounts, shares, ordinals, times and plain numbers, in this order, where they stand alone."""
        number = f"(?:{_NUMBER[self._pointed]})"
        signs = "".join(CURRENCIES)
        end = r"(?!\w|[.,:/][0-9]|-[0-9])"
        for pattern, spoken in (
            (rf"{_ALONE_BEFORE}(?P<sign>[{signs}]) ?(?P<number>{number}){end}", self._amount),
            (rf"{_ALONE_BEFORE}(?P<number>{number})[ \u00a0\u202f]?(?P<sign>[{signs}]){end}", self._amount),
            (rf"{_ALONE_BEFORE}(?P<number>{number})[ \u00a0\u202f]?%{end}", self._share),
            (rf"{_ALONE_BEFORE}(?P<number>[0-9]{{1,{MOST_DIGITS}}})(?:st|nd|rd|th){end}", self._ordinal),
            (rf"{_ALONE_BEFORE}(?P<hour>1?[0-9]|2[0-3]):(?P<minute>[0-5][0-9]){end}", self._time),
            (rf"(?<![\w.,:/-])(?P<minus>[-\u2212])?(?P<number>{number}){end}", self._plain),
            (rf"(?<=[A-Z])-?(?P<number>[0-9]+){end}", self._designation),
            (rf"{_ALONE_BEFORE}(?P<number>[0-9]+)(?=[A-Z]\b)", self._designation),
        ):
            text = re.sub(pattern, spoken, text)
        return text

    def _value(self, written: str) -> Decimal:
        for thousands in "," if self._pointed else ". \u00a0\u202f":
            written = written.replace(thousands, "")
        return Decimal(written.replace(",", "."))

    def _cardinal(self, written: str) -> str:
        value = self._value(written)
        digits = [character for character in written if character.isdigit()]
        whole = len(digits) == len(written)
        if len(digits) > MOST_SPELLED:
            raise ValueError(written)
        if whole and (len(digits) > MOST_DIGITS or (digits[0] == "0" and len(digits) > 1)):
            return " ".join(self._words(int(digit), lang=self._language) for digit in digits)
        if whole and self._language == "en" and len(digits) == 4 and int(value) in YEARS:
            return self._words(int(value), lang=self._language, to="year")
        is_integral = value == value.to_integral_value()
        return self._words(int(value) if is_integral else float(value), lang=self._language)

    def _plain(self, match: re.Match[str]) -> str:
        minus = self._words(-1, lang=self._language).split()[0] + " " if match["minus"] else ""
        return minus + self._cardinal(match["number"])

    def _amount(self, match: re.Match[str]) -> str:
        value = self._value(match["number"]).quantize(Decimal("0.01"))
        code = CURRENCIES[match["sign"]]
        if value == value.to_integral_value():
            said = self._words(value, lang=self._language, to="currency", currency=code, cents=False)
            return _NO_CENTS.sub("", said)
        return self._words(value, lang=self._language, to="currency", currency=code)

    def _share(self, match: re.Match[str]) -> str:
        number, share = self._cardinal(match["number"]), PER_CENT[self._language]
        return f"{share} {number}" if self._language in BEFORE_NUMBER else f"{number} {share}"

    def _ordinal(self, match: re.Match[str]) -> str:
        if self._language != "en":
            return match[0]
        return self._words(int(match["number"]), lang="en", to="ordinal")

    def _time(self, match: re.Match[str]) -> str:
        if self._language != "en":
            return match[0]
        hour, minute = int(match["hour"]), int(match["minute"])
        if not minute:
            return f"{self._words(hour, lang='en')} o'clock"
        oh = "oh " if minute < 10 else ""
        return f"{self._words(hour, lang='en')} {oh}{self._words(minute, lang='en')}"

    def _designation(self, match: re.Match[str]) -> str:
        """``B12`` and ``3D``: the letters by themselves."""
        said = self._cardinal(match["number"])
        return f"{said} " if match.end() < len(match.string) and match.string[match.end()].isalpha() else f" {said}"
