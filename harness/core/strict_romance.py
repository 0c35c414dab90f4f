"""The Spanish, French, Italian and Portuguese side of :mod:`harness.core.strict`: numbers, signs and units.

All four write decimals with a comma and thousands with a full stop or a space, and say big numbers in the same order;
what differs is words (:mod:`harness.core.romance_words`). Negations and spoken signs are
:mod:`harness.core.strict_lists`'s. "One" counts within a number only: alone it is an article far more often.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from harness.core.romance_words import LEXICONS, Lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES: Final = frozenset(LEXICONS)
MOST: Final = 10**15
"""No number that anybody says is larger."""

_SYMBOLS: Final = {"€": "euro", "$": "dollar", "£": "pound", "°": "degree", "%": "percent", "+": "plus"}
_SHORT_UNITS: Final = {
    "mg": "milligram", "g": "gram", "kg": "kilogram", "ml": "milliliter", "l": "liter", "mm": "millimeter",
    "cm": "centimeter", "m": "meter", "km": "kilometer",
}  # fmt: skip
"""Only right after a number."""
_MONEY: Final = ("€", "$", "euro", "dólar", "dollar", "peso", "real", "reais")
_TOKEN = re.compile(
    r"(?P<minus>(?<![\w)\]])[-−–](?=[$€£]?\d))"
    r"|(?P<number>\d+(?:[.\u00a0\u202f ]\d{3}(?!\d))*(?:,\d+|\.\d(?!\d))?)"
    r"|(?P<percent>\b(?:pour\s?cents?|por ciento|per cento|por cento)\b)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<symbol>[€$£%°+])"
    r"|(?P<break>[.,;:!?()])"
)


def romance_tokens(text: str, language: str) -> Iterator[str]:
    """The tokens of a text, without negations and spoken signs; see :func:`harness.core.strict.strict_tokens`.

    Args:
        text: Lower case.
        language: One of :data:`LANGUAGES`.
    """
    lexicon = LEXICONS[language]
    number = _Number(lexicon)
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup, match[0]
        if kind == "number":
            yield from number.take_written(piece, is_money=text[match.end() :].lstrip().startswith(_MONEY))
        elif kind == "word" and number.takes(piece):
            yield from number.take_spoken(piece)
        else:
            is_after_number = number.is_open
            yield from number.close()
            if kind == "minus":
                yield "minus"
            elif kind == "symbol":
                yield _SYMBOLS[piece]
            elif kind == "word" and is_after_number and piece in _SHORT_UNITS:
                yield _SHORT_UNITS[piece]
            elif kind == "word" and piece in lexicon.units:
                yield lexicon.units[piece]
    yield from number.close()


class _Number:
    """Collects the words of one number and gives its digits when the number ends."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._total = 0
        self._group: int | None = None
        self._is_written = False
        self._joint = False

    @property
    def is_open(self) -> bool:
        """Whether the last piece belonged to a number."""
        return self._group is not None or self._total > 0

    def takes(self, word: str) -> bool:
        """Whether `word` is part of a number here."""
        lexicon = self._lexicon
        if word in lexicon.joints or word == lexicon.comma:
            return self.is_open and not self._joint
        if word in lexicon.ones:
            return self.is_open and not self._is_written and self._fits(1)
        return word in lexicon.scales or word in lexicon.hundred or lexicon.value(word) is not None

    def take_written(self, piece: str, *, is_money: bool) -> Iterator[str]:
        """Take a number in digits; a whole one stays open for what multiplies it (``2 millones``)."""
        whole, comma, fraction = re.sub(r"[\u00a0\u202f ]", "", piece).partition(",")
        if not comma and (tenth := re.fullmatch(r"(.*)\.(\d)", whole)):
            whole, comma, fraction = tenth[1], ".", tenth[2]
        whole = whole.replace(".", "")
        is_rest = self._total > 0 and self._group is None and len(whole) <= 3 and not comma
        if not is_rest:
            yield from self.close()
        if comma:
            yield from whole
            if not (is_money and len(fraction) == 2):
                yield "point"
            significant = fraction.lstrip("0")[:15]
            yield from fraction[: len(fraction) - len(significant)] if significant else fraction
            if significant:  # "2,5 millones"
                self._group, self._is_written = int(significant), True
        elif len(whole) > 15 or (len(whole) > 1 and whole[0] == "0"):
            yield from self.close()
            yield from whole
        else:
            self._group, self._is_written, self._joint = int(whole), True, False

    def take_spoken(self, word: str) -> Iterator[str]:
        """Take one word of a number."""
        lexicon = self._lexicon
        if max(self._group or 0, self._total) >= MOST:
            yield from self.close()
        if word == lexicon.comma:
            yield from self.close()
            yield "point"
        elif word in lexicon.joints:
            self._joint = True
        elif word in lexicon.scales:
            scale = lexicon.scales[word]
            if 0 < self._total < scale:  # "mil millones"
                self._total = (self._total + (self._group or 0)) * scale
            else:
                self._total += (1 if self._group is None else self._group) * scale
            self._group, self._is_written, self._joint = None, False, False
        elif word in lexicon.hundred:
            if self._group is not None and (self._is_written or not 1 < self._group < 10):
                yield from self.close()
            self._group, self._joint = (self._group or 1) * 100, False
        else:
            yield from self._add(1 if word in lexicon.ones else lexicon.value(word) or 0)

    def close(self) -> Iterator[str]:
        """End the number, if there is one, and give its digits."""
        if self.is_open:
            yield from str(self._total + (self._group or 0))
        self._total, self._group, self._is_written, self._joint = 0, None, False, False

    def _add(self, value: int) -> Iterator[str]:
        if value == 20 and self._lexicon.has_scores and self._group and self._group % 100 == 4 and not self._is_written:
            self._group, self._joint = self._group + 76, False  # "quatre-vingts"
            return
        if not self._fits(value):
            yield from self.close()
        self._group, self._joint = (self._group or 0) + value, False

    def _fits(self, value: int) -> bool:
        """Whether `value` goes on with the number so far; ``quarante`` does not with ``vingt``."""
        if self._group is None:
            return not self._total or 0 < value < (1_000 if self._total % 10**6 else 10**6)
        if self._is_written or value == 0:
            return False
        if self._group >= 1_000:  # "duemila cinquecento"
            return self._group % 1_000 == 0 and value < 1_000
        rest = self._group % 100
        if value < 10:
            is_teen = rest == 10 and (
                value < 7 or not self._lexicon.has_scores
            )  # "dix-sept" is a number, "dix six" two
            return rest % 10 == 0 and self._group > 0 and not is_teen
        if value < 20 and self._lexicon.has_scores and rest in (60, 80):
            return True
        return value < 100 and rest == 0 and self._group > 0
