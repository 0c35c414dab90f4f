"""Numbers in words, as they are read out in Spanish, French, Italian and Brazilian Portuguese, 0 to 999,999,999."""

from __future__ import annotations

from collections.abc import Callable

from probes.numerals import MOST

Speller = Callable[[int], str]
"""A number of its language in words."""

_SPANISH = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
).split()
_SPANISH_TENS = "- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_SPANISH_HUNDREDS = (
    "- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
).split()

_FRENCH = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf"
).split()
_FRENCH_TENS = "- - vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt".split()

_ITALIAN = (
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove"
).split()
_ITALIAN_TENS = "- - venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()

_PORTUGUESE = (
    "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete dezoito "
    "dezenove"
).split()
_PORTUGUESE_TENS = "- - vinte trinta quarenta cinquenta sessenta setenta oitenta noventa".split()
_PORTUGUESE_HUNDREDS = (
    "- cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos"
).split()


def spanish(number: int) -> str:
    """``12500`` as ``doce mil quinientos``: masculine, as before euros and metres; ``uno`` at the end in full."""
    millions, thousands, rest = _parts(number)
    words = []
    if millions:
        words.append("un millón" if millions == 1 else f"{_before_noun(_spanish_below(millions))} millones")
    if thousands:
        words.append("mil" if thousands == 1 else f"{_before_noun(_spanish_below(thousands))} mil")
    if rest or not words:
        words.append(_spanish_below(rest))
    return " ".join(words)


def french(number: int) -> str:
    """``12500`` as ``douze mille cinq cents``, with ``soixante-dix`` and ``quatre-vingts``."""
    millions, thousands, rest = _parts(number)
    words = []
    if millions:
        words.append("un million" if millions == 1 else f"{_french_below(millions)} millions")
    if thousands:  # nothing takes an s before "mille": "deux cent mille"
        words.append("mille" if thousands == 1 else f"{_french_below(thousands, is_last=False)} mille")
    if rest or not words:
        words.append(_french_below(rest))
    return " ".join(words)


def italian(number: int) -> str:
    """``12500`` as ``dodicimilacinquecento``."""
    millions, thousands, rest = _parts(number)
    words = []
    if millions:
        words.append("un milione" if millions == 1 else f"{_italian_below(millions)} milioni")
    if thousands or rest or not words:
        head = "" if not thousands else "mille" if thousands == 1 else f"{_italian_below(thousands)}mila"
        words.append(_accented(head + (_italian_below(rest) if rest or not head else "")))
    return " ".join(words)


def portuguese(number: int) -> str:
    """``12500`` as ``doze mil e quinhentos``, as in Brazil: masculine, ``dezesseis``, ``catorze``."""
    millions, thousands, rest = _parts(number)
    words = []
    if millions:
        words.append("um milhão" if millions == 1 else f"{_portuguese_below(millions)} milhões")
    if thousands:
        words.append("mil" if thousands == 1 else f"{_portuguese_below(thousands)} mil")
    if rest or not words:
        joins = bool(words) and (rest <= 100 or rest % 100 == 0)
        words.append(("e " if joins else "") + _portuguese_below(rest))
    return " ".join(words)


def digits(text: str, speller: Speller) -> str:
    """``0142`` one by one."""
    return " ".join(speller(int(digit)) for digit in text)


def _parts(number: int) -> tuple[int, int, int]:
    if not 0 <= number <= MOST:
        raise ValueError(f"expected a number of 0 to {MOST}, got {number}")
    return number // 1_000_000, number // 1_000 % 1_000, number % 1_000


def _before_noun(words: str) -> str:
    """``treinta y uno`` as ``treinta y un``, ``veintiuno`` as ``veintiún``."""
    if words.endswith("veintiuno"):
        return f"{words.removesuffix('uno')}ún"
    return words.removesuffix("o") if words.endswith("uno") else words


def _spanish_below(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if number == 100:
        return "cien"
    words = [_SPANISH_HUNDREDS[hundreds]] if hundreds else []
    if rest >= 30:
        tens, ones = divmod(rest, 10)
        words.append(_SPANISH_TENS[tens] + (f" y {_SPANISH[ones]}" if ones else ""))
    elif rest or not words:
        words.append(_SPANISH[rest])
    return " ".join(words)


def _french_below(number: int, *, is_last: bool = True) -> str:
    hundreds, rest = divmod(number, 100)
    words = []
    if hundreds:
        many = "s" if hundreds > 1 and not rest and is_last else ""
        words.append(f"cent{many}" if hundreds == 1 else f"{_FRENCH[hundreds]} cent{many}")
    if rest or not words:
        words.append(_french_below_hundred(rest, is_last=is_last))
    return " ".join(words)


def _french_below_hundred(number: int, *, is_last: bool) -> str:
    if number < 20:
        return _FRENCH[number]
    if number == 80:
        return "quatre-vingts" if is_last else "quatre-vingt"
    tens, ones = divmod(number, 10)
    if tens in (7, 9):
        ones += 10
    if not ones:
        return _FRENCH_TENS[tens]
    joint = " et " if ones in (1, 11) and tens < 8 else "-"
    return _FRENCH_TENS[tens] + joint + _FRENCH[ones]


def _italian_below(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    word = ("" if hundreds == 1 else _ITALIAN[hundreds]) + "cento" if hundreds else ""
    if word and (rest == 8 or rest // 10 == 8):  # "centotto", "centottanta"
        word = word[:-1]
    if rest < 20:
        return word + (_ITALIAN[rest] if rest or not word else "")
    tens, ones = divmod(rest, 10)
    stem = _ITALIAN_TENS[tens]
    if ones in (1, 8):
        stem = stem[:-1]
    return word + stem + (_ITALIAN[ones] if ones else "")


def _accented(word: str) -> str:
    """``ventitre`` as ``ventitré``: the accent is written where ``tre`` ends a longer word."""
    return f"{word[:-1]}é" if word.endswith("tre") and word != "tre" else word


def _portuguese_below(number: int) -> str:
    if number == 100:
        return "cem"
    hundreds, rest = divmod(number, 100)
    words = [_PORTUGUESE_HUNDREDS[hundreds]] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        words += [_PORTUGUESE_TENS[tens], *([_PORTUGUESE[ones]] if ones else [])]
    elif rest or not words:
        words.append(_PORTUGUESE[rest])
    return " e ".join(words)
