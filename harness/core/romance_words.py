"""Spanish, French, Italian and Portuguese words of numbers and units, for :mod:`harness.core.strict_romance`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What one language calls its numbers and units."""

    values: Mapping[str, int]
    """Words below a thousand that stand for a value of their own."""
    hundred: frozenset[str]
    """Words that multiply the number before them by a hundred, and are a hundred alone."""
    scales: Mapping[str, int]
    """Words that multiply all before them."""
    ones: frozenset[str]
    """Articles that are "one" at the end of a longer number."""
    joints: frozenset[str]
    """``y``, ``et``: within a number, and nothing where it ends."""
    comma: str
    """What a decimal comma is called, behind a number."""
    units: Mapping[str, str]
    """Word -> what it counts as."""
    has_scores: bool = False
    """``quatre-vingt-dix``: four twenties, and teens behind sixty and eighty."""
    is_compound: bool = False
    """Numbers are one word, as in Italian."""

    def value(self, word: str) -> int | None:
        """Value of a word of a number, None for any other word."""
        found = self.values.get(word)
        return _compound(word) if found is None and self.is_compound else found


def _counted(words: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """Words in order -> numbers; ``a|b`` are spellings of the same."""
    numbered = enumerate(words.split())
    return {spelling: start + step * place for place, word in numbered for spelling in word.split("|")}


def _units(**spellings: str) -> dict[str, str]:
    return {spelling: unit for unit, words in spellings.items() for spelling in words.split()}


_SPANISH: Final = Lexicon(
    values=_counted(
        "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis|dieciseis "
        "diecisiete dieciocho diecinueve veinte veintiuno|veintiún|veintiuna veintidós|veintidos veintitrés|veintitres "
        "veinticuatro veinticinco veintiséis|veintiseis veintisiete veintiocho veintinueve",
        2,
    )
    | _counted("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10)
    | _counted(
        "cien|ciento doscientos|doscientas trescientos|trescientas cuatrocientos|cuatrocientas quinientos|quinientas "
        "seiscientos|seiscientas setecientos|setecientas ochocientos|ochocientas novecientos|novecientas",
        100,
        100,
    )
    | {"cero": 0},
    hundred=frozenset(),
    scales={"mil": 1_000, "millón": 10**6, "millones": 10**6},
    ones=frozenset({"un", "uno", "una"}),
    joints=frozenset({"y"}),
    comma="coma",
    units=_units(
        euro="euro euros", dollar="dólar dólares", pound="libra libras", degree="grado grados", meter="metro metros",
        kilometer="kilómetro kilómetros", centimeter="centímetro centímetros", millimeter="milímetro milímetros",
        liter="litro litros", milliliter="mililitro mililitros", gram="gramo gramos",
        kilogram="kilogramo kilogramos kilo kilos", milligram="miligramo miligramos", minute="minuto minutos",
        day="día días", week="semana semanas", month="mes meses", year="año años", volt="voltio voltios",
        watt="vatio vatios",
    ),
)  # fmt: skip
_FRENCH: Final = Lexicon(
    values=_counted(
        "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize", 2
    )
    | _counted("vingt|vingts trente quarante cinquante soixante septante huitante|octante nonante", 20, 10)
    | {"zéro": 0},
    hundred=frozenset({"cent", "cents"}),
    scales={"mille": 1_000, "million": 10**6, "millions": 10**6, "milliard": 10**9, "milliards": 10**9},
    ones=frozenset({"un", "une"}),
    joints=frozenset({"et"}),
    comma="virgule",
    has_scores=True,
    units=_units(
        euro="euro euros", dollar="dollar dollars", degree="degré degrés", meter="mètre mètres",
        kilometer="kilomètre kilomètres", centimeter="centimètre centimètres", millimeter="millimètre millimètres",
        liter="litre litres", milliliter="millilitre millilitres", gram="gramme grammes",
        kilogram="kilogramme kilogrammes kilo kilos", milligram="milligramme milligrammes", minute="minute minutes",
        second="seconde secondes", day="jour jours", week="semaine semaines", month="mois", year="an ans année années",
        volt="volt volts", watt="watt watts",
    ),
)  # fmt: skip
_ITALIAN_ONES: Final = _counted("due tre|tré quattro cinque sei sette otto nove", 2)
_ITALIAN_SMALL: Final = (
    _ITALIAN_ONES
    | _counted("dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove", 10)
    | {"zero": 0}
)
_ITALIAN: Final = Lexicon(
    values=_ITALIAN_SMALL,
    hundred=frozenset(),
    scales={"mila": 1_000, "milione": 10**6, "milioni": 10**6, "miliardo": 10**9, "miliardi": 10**9},
    ones=frozenset({"un", "uno", "una"}),
    joints=frozenset({"e"}),
    comma="virgola",
    is_compound=True,
    units=_units(
        euro="euro", dollar="dollaro dollari", degree="grado gradi", meter="metro metri",
        kilometer="chilometro chilometri", centimeter="centimetro centimetri", millimeter="millimetro millimetri",
        liter="litro litri", milliliter="millilitro millilitri", gram="grammo grammi",
        kilogram="chilogrammo chilogrammi chilo chili", milligram="milligrammo milligrammi", minute="minuto minuti",
        second="secondo secondi", day="giorno giorni", week="settimana settimane", month="mese mesi", year="anno anni",
        volt="volt", watt="watt",
    ),
)  # fmt: skip
_PORTUGUESE: Final = Lexicon(
    values=_counted(
        "dois|duas três|tres quatro cinco seis sete oito nove dez onze doze treze catorze|quatorze quinze "
        "dezesseis|dezasseis dezessete|dezassete dezoito dezenove|dezanove",
        2,
    )
    | _counted("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa", 20, 10)
    | _counted(
        "cem|cento duzentos|duzentas trezentos|trezentas quatrocentos|quatrocentas quinhentos|quinhentas "
        "seiscentos|seiscentas setecentos|setecentas oitocentos|oitocentas novecentos|novecentas",
        100,
        100,
    )
    | {"zero": 0},
    hundred=frozenset(),
    scales={"mil": 1_000, "milhão": 10**6, "milhões": 10**6, "bilhão": 10**9, "bilhões": 10**9},
    ones=frozenset({"um", "uma"}),
    joints=frozenset({"e"}),
    comma="vírgula",
    units=_units(
        real="real reais", euro="euro euros", dollar="dólar dólares", degree="grau graus", meter="metro metros",
        kilometer="quilômetro quilômetros quilómetro quilómetros", centimeter="centímetro centímetros",
        millimeter="milímetro milímetros", liter="litro litros", milliliter="mililitro mililitros", gram="grama gramas",
        kilogram="quilograma quilogramas quilo quilos", milligram="miligrama miligramas", minute="minuto minutos",
        day="dia dias", week="semana semanas", month="mês meses", year="ano anos", volt="volt volts",
        watt="watt watts",
    ),
)  # fmt: skip
LEXICONS: Final[Mapping[str, Lexicon]] = {"es": _SPANISH, "fr": _FRENCH, "it": _ITALIAN, "pt": _PORTUGUESE}
"""Language (ISO 639-1) -> its words."""

_TENS: Final = _counted("venti trenta quaranta cinquanta sessanta settanta ottanta novanta", 20, 10)
_BELOW_HUNDRED: Final = (
    _ITALIAN_SMALL
    | _TENS
    | {
        (tens[:-1] if word[0] in "uo" else tens) + word: value + one
        for tens, value in _TENS.items()
        for word, one in {"uno": 1, "un": 1, **_ITALIAN_ONES}.items()
    }
    | {"uno": 1, "un": 1}
)
_HUNDREDS: Final = re.compile(rf"({'|'.join(_ITALIAN_ONES)})?cent(?:(?=ott)|o)(.*)")
MAX_LETTERS: Final = 60
"""Of an Italian number below a million."""


def _compound(word: str) -> int | None:
    """Value of an Italian number below a million in one word; None for any other word, "uno" among them."""
    if len(word) > MAX_LETTERS or word in ("uno", "un"):
        return None
    if word.startswith("mille"):
        rest = _below_thousand(word.removeprefix("mille"))
        return None if rest is None else 1_000 + rest
    head, found, tail = word.partition("mila")
    if not found:
        return _below_thousand(word) or None
    count, rest = _below_thousand(head), _below_thousand(tail)
    return None if not count or rest is None else count * 1_000 + rest


def _below_thousand(word: str) -> int | None:
    """Value of a word, 0 for none at all."""
    if not word:
        return 0
    if word in _BELOW_HUNDRED:
        return _BELOW_HUNDRED[word]
    if hundreds := _HUNDREDS.fullmatch(word):
        rest = 0 if not hundreds[2] else _BELOW_HUNDRED.get(hundreds[2])
        return None if rest is None else 100 * _ITALIAN_ONES.get(hundreds[1] or "", 1) + rest
    return None
