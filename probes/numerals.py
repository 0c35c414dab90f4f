"""Numbers in words, as they are read out: English (American) and German, 0 to 999,999,999."""

from __future__ import annotations

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
             "twelve": "twelfth"}  # fmt: skip

_KLEINE = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn"
).split()
_ZEHNER = "- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_ORDNUNG = {1: "erste", 3: "dritte", 7: "siebte", 8: "achte"}

MOST = 999_999_999


def english(number: int) -> str:
    """``12500`` as ``twelve thousand five hundred``; below zero with ``minus``."""
    if number < 0:
        return f"minus {english(-number)}"
    _check(number)
    words: list[str] = []
    for scale, name in ((1_000_000, "million"), (1_000, "thousand")):
        if number >= scale:
            words += [_english_hundreds(number // scale), name]
            number %= scale
    if number or not words:
        words.append(_english_hundreds(number))
    return " ".join(words)


def english_ordinal(number: int) -> str:
    """``21`` as ``twenty-first``."""
    head, joint, last = _split_last(english(number))
    if last in _ORDINALS:
        return head + joint + _ORDINALS[last]
    return head + joint + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def english_suffix(number: int) -> str:
    """``st``, ``nd``, ``rd`` or ``th``, as written behind digits."""
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def english_year(year: int) -> str:
    """``1984`` as ``nineteen eighty-four``, ``2005`` as ``two thousand five``; 1100 to 2099."""
    century, rest = divmod(year, 100)
    if century % 10 == 0:
        return english(year) if rest < 10 else f"{english(century)} {english(rest)}"
    if rest == 0:
        return f"{english(century)} hundred"
    return f"{english(century)} {'oh ' if rest < 10 else ''}{english(rest)}"


def english_digits(digits: str) -> str:
    """``0142`` as ``zero one four two``."""
    return " ".join(_SMALL[int(digit)] for digit in digits)


def german(number: int) -> str:
    """``12500`` as ``zwölftausendfünfhundert``; below zero with ``minus``."""
    if number < 0:
        return f"minus {german(-number)}"
    _check(number)
    words: list[str] = []
    if number >= 1_000_000:
        millions = number // 1_000_000
        words.append("eine Million" if millions == 1 else f"{_deutsche_hunderter(millions)} Millionen")
        number %= 1_000_000
    if number or not words:
        thousands, rest = divmod(number, 1_000)
        word = f"{_deutsche_hunderter(thousands, 'ein')}tausend" if thousands else ""
        words.append(word + (_deutsche_hunderter(rest) if rest or not word else ""))
    return " ".join(words)


def german_ordinal(number: int) -> str:
    """``21`` as ``einundzwanzigste`` (weak, nominative)."""
    if number in _ORDNUNG:
        return _ORDNUNG[number]
    rest = number % 100
    if rest in _ORDNUNG and number > 100:
        return german(number - rest) + _ORDNUNG[rest]
    return german(number) + ("te" if 0 < rest < 20 else "ste")


def german_year(year: int) -> str:
    """``1984`` as ``neunzehnhundertvierundachtzig``, ``2005`` as ``zweitausendfünf``; 1100 to 2099."""
    century, rest = divmod(year, 100)
    if century % 10 == 0:
        return german(year)
    return f"{german(century)}hundert{german(rest) if rest else ''}"


def german_digits(digits: str) -> str:
    """``0142`` as ``null eins vier zwei``."""
    return " ".join(_KLEINE[int(digit)] for digit in digits)


def _check(number: int) -> None:
    if number > MOST:
        raise ValueError(f"expected a number of at most {MOST}, got {number}")


def _english_hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest < 20:
        words += [_SMALL[rest]] if rest or not words else []
    else:
        tens, ones = divmod(rest, 10)
        words.append(_TENS[tens] + (f"-{_SMALL[ones]}" if ones else ""))
    return " ".join(words)


def _split_last(words: str) -> tuple[str, str, str]:
    at = max(words.rfind(" "), words.rfind("-"))
    return (words[:at], words[at], words[at + 1 :]) if at >= 0 else ("", "", words)


def _deutsche_hunderter(number: int, one: str = "eins") -> str:
    hundreds, rest = divmod(number, 100)
    word = ("ein" if hundreds == 1 else _KLEINE[hundreds]) + "hundert" if hundreds else ""
    if rest == 1:
        return word + one
    if rest < 20:
        return word + (_KLEINE[rest] if rest or not word else "")
    tens, ones = divmod(rest, 10)
    unit = "ein" if ones == 1 else _KLEINE[ones]
    return word + (f"{unit}und" if ones else "") + _ZEHNER[tens]
