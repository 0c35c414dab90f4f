"""The German side of :mod:`harness.core.strict`: which tokens of a raw German text must not differ.

German writes its numbers as one word and one before ten ("vierundachtzig"), decimals with a comma and thousands with a
full stop, and has inflected forms of *kein*.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_KLEINE = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn"
)
# "ein" and its forms are articles far more often than numbers; only within a compound do they count.
_VALUES: Final = {word: n for n, word in enumerate(_KLEINE.split())} | {"zwo": 2}
_TENS: Final = {
    "zwanzig": 20, "dreißig": 30, "dreissig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60, "siebzig": 70,
    "achtzig": 80, "neunzig": 90,
}  # fmt: skip
_ORDINALS: Final = {"erst": 1, "zweit": 2, "dritt": 3, "siebt": 7, "acht": 8}
_SCALES: Final = {"million": 10**6, "millionen": 10**6, "milliarde": 10**9, "milliarden": 10**9}

NEGATIONS: Final = {
    "nicht": "nicht", "nichts": "nichts", "nie": "nie", "niemals": "nie", "niemand": "niemand",
    "niemanden": "niemand", "niemandem": "niemand", "nirgends": "nirgends", "nein": "nein", "ohne": "ohne",
    "weder": "weder", "kein": "kein", "keine": "kein", "keinen": "kein", "keinem": "kein", "keiner": "kein",
    "keines": "kein", "unmöglich": "unmöglich",
}  # fmt: skip
"""Words whose loss turns a sentence round; inflected forms count as one."""

_UNITS: Final = {
    "euro": "euro", "euros": "euro", "cent": "cent", "dollar": "dollar", "pfund": "pound", "franken": "franken",
    "prozent": "percent", "grad": "degree", "minus": "minus", "plus": "plus", "komma": "komma",
    "gramm": "gram", "kilogramm": "kilogram", "kilo": "kilogram", "milligramm": "milligram", "liter": "liter",
    "milliliter": "milliliter", "meter": "meter", "kilometer": "kilometer", "zentimeter": "centimeter",
    "volt": "volt", "watt": "watt", "uhr": "uhr", "sekunde": "second", "sekunden": "second", "minute": "minute",
    "minuten": "minute", "stunde": "hour", "stunden": "hour", "tag": "day", "tage": "day", "tagen": "day",
    "woche": "week", "wochen": "week", "monat": "month", "monate": "month", "monaten": "month", "jahr": "year",
    "jahre": "year", "jahren": "year",
}  # fmt: skip
_SHORT_UNITS: Final = {
    "mg": "milligram", "g": "gram", "kg": "kilogram", "ml": "milliliter", "l": "liter", "mm": "millimeter",
    "cm": "centimeter", "m": "meter", "km": "kilometer", "h": "uhr",
}  # fmt: skip
"""Only right after a number."""
_SYMBOLS: Final = {"€": "euro", "$": "dollar", "£": "pound", "%": "percent", "°": "degree", "+": "plus"}

_TOKEN = re.compile(
    r"(?P<minus>(?<![\w)\]])[-−–](?=[$€£]?\d))"
    r"|(?P<number>\d+(?:\.\d{3})*(?:,\d+)?)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<symbol>[€$£%°+])"
)


def german_tokens(text: str) -> Iterator[str]:
    """The tokens of a lower-case text; see :func:`harness.core.strict.strict_tokens`."""
    waiting: int | None = None  # a number that a "Millionen" may still multiply
    was_scaled = False
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup, match[0]
        value = _spoken(piece) if kind == "word" else None
        if kind == "word" and piece in _SCALES and waiting is not None:
            waiting, was_scaled = waiting * _SCALES[piece], True
            continue
        if value is not None and was_scaled and waiting is not None and value < 10**6:
            waiting, was_scaled = waiting + value, False
            continue
        is_after_number = waiting is not None
        if waiting is not None:
            yield from str(waiting)
        waiting, was_scaled = value, False
        if kind == "number":
            whole, comma, fraction = piece.replace(".", "").partition(",")
            if comma:
                is_money = len(fraction) == 2 and text[match.end() :].lstrip().startswith(("€", "euro"))
                yield from whole + fraction
                if not is_money:
                    yield "komma"
            elif len(whole) > 15 or (len(whole) > 1 and whole[0] == "0"):
                yield from whole
            else:
                waiting = int(whole)
        elif kind == "minus":
            yield "minus"
        elif kind == "symbol":
            yield _SYMBOLS[piece]
        elif kind == "word" and value is None:
            if is_after_number and piece in _SHORT_UNITS:
                yield _SHORT_UNITS[piece]
            elif piece in _UNITS:
                yield _UNITS[piece]
            elif piece in NEGATIONS:
                yield NEGATIONS[piece]
    if waiting is not None:
        yield from str(waiting)


def _spoken(word: str) -> int | None:
    """The value of a number word or ordinal up to 999,999; None for any other word."""
    if len(word) > 80:
        return None
    value = _cardinal(word)
    if value is None and (ordinal := re.fullmatch(r"(.+?)(s?te)[nrms]?", word)):
        stem = ordinal[1]
        value = _cardinal(stem)
        if value is None:
            value = _ORDINALS.get(stem + ordinal[2][:-1])
    return value


def _cardinal(word: str, *, inner: bool = False) -> int | None:
    """Value of a cardinal; `inner` within a compound, where "ein" is one."""
    if inner and word in ("ein", "eine"):
        return 1
    if word in _VALUES:
        return _VALUES[word]
    if word in _TENS:
        return _TENS[word]
    for name, scale in (("tausend", 1000), ("hundert", 100)):
        head, found, tail = word.partition(name)
        if found:
            count = _cardinal(head, inner=True) if head else 1
            rest = _cardinal(tail.removeprefix("und"), inner=True) if tail else 0
            return None if count is None or rest is None or rest >= scale else count * scale + rest
    ones, found, tens = word.partition("und")
    if found and tens in _TENS:
        unit = _cardinal(ones, inner=True)
        return _TENS[tens] + unit if unit is not None and unit < 10 else None
    return None
