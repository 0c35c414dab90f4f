"""Numbers and money: amounts, dates, times, telephone numbers, decimals, signs and units, each beside another value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from probes import deutsch as de
from probes import english as en
from probes import numerals
from probes.amounts import number_stream
from probes.dice import Dice
from probes.family import Family, Group, Phrase, Setting
from probes.tongues import TONGUES

Value = tuple[str, str]
"""As written and as spoken."""

_UNRELIABLE = {"euros", "euro"}
"""Words that a small Whisper hears as others ("years"), and so cannot vouch for."""

_MONTHS = "January February March April May June July August September October November December".split()


def _round(dice: Dice) -> int:
    """A number that people say: small, or with few digits that are not zero. Never 1,001 to 2,999 ("twelve fifty")."""
    return dice.pick(
        [
            dice.number(2, 19),
            dice.number(20, 99),
            100 * dice.number(2, 9) + 10 * dice.number(0, 9),
            1_000 * dice.number(3, 99),
            1_000 * dice.number(3, 99) + 100 * dice.number(1, 9),
        ]
    )


def _dollars(dice: Dice) -> Value:
    number = _round(dice)
    return f"${number:,}", f"{numerals.english(number)} dollars"


def _cents(dice: Dice) -> Value:
    whole, cents = dice.number(2, 99), dice.number(11, 99)
    return f"${whole}.{cents}", f"{numerals.english(whole)} dollars {numerals.english(cents)} cents"


def _euros(dice: Dice) -> Value:
    number = _round(dice)
    return f"{number:,} euros", f"{numerals.english(number)} euros"


def _pounds(dice: Dice) -> Value:
    number = _round(dice)
    return f"{number:,} pounds", f"{numerals.english(number)} pounds"


def _percent(dice: Dice) -> Value:
    number = dice.number(2, 99)
    return f"{number}%", f"{numerals.english(number)} percent"


def _decimal(dice: Dice) -> Value:
    whole, part = dice.number(0, 40), dice.number(1, 9)
    return f"{whole}.{part} liters", f"{numerals.english(whole)} point {numerals.english(part)} liters"


def _degrees(dice: Dice) -> Value:
    number = dice.number(-30, 40)
    return f"{number} degrees", f"{numerals.english(number)} degrees"


def _miles(dice: Dice) -> Value:
    number = _round(dice)
    return f"{number:,} miles", f"{numerals.english(number)} miles"


def _kilograms(dice: Dice) -> Value:
    number = dice.number(2, 400)
    return f"{number} kilograms", f"{numerals.english(number)} kilograms"


def _date(dice: Dice) -> Value:
    month, day = dice.pick(_MONTHS), dice.number(1, 28)
    return f"{month} {day}{numerals.english_suffix(day)}", f"{month} {numerals.english_ordinal(day)}"


def _year(dice: Dice) -> Value:
    year = dice.pick([dice.number(1810, 1999), dice.number(2011, 2035)])
    return str(year), numerals.english_year(year)


def _floor(dice: Dice) -> Value:
    floor = dice.number(2, 60)
    return f"{floor}{numerals.english_suffix(floor)}", numerals.english_ordinal(floor)


def _digits(dice: Dice) -> Value:
    digits = "".join(str(dice.number(0, 9)) for _ in range(dice.number(4, 7)))
    return " ".join(digits), numerals.english_digits(digits)


def _clock(dice: Dice) -> Value:
    hour, minute = dice.number(1, 12), dice.number(10, 59)
    return f"{hour}:{minute}", f"{numerals.english(hour)} {numerals.english(minute)}"


def _million(dice: Dice) -> Value:
    number = dice.number(2, 90)
    return f"{number} million", f"{numerals.english(number)} million"


_FRAMES: tuple[tuple[Callable[[Dice], Value], tuple[str, ...]], ...] = (
    (_dollars, ("Please transfer {n} to {p}.", "{p} still owes us {n}.", "The repair will cost {n} in total.")),
    (_cents, ("The ticket costs {n} with tax.", "{p} paid {n} for the coffee.")),
    (_euros, ("The invoice is for {n} in total.", "{p} saved {n} last year.")),
    (_pounds, ("Somebody offered {n} for the painting.", "{p} lost {n} at the races.")),
    (_percent, ("Interest rates rose by {n} this year.", "About {n} of the visitors came by train.")),
    (_decimal, ("The tank holds {n} of water.", "Add {n} of oil to the engine.")),
    (_degrees, ("The temperature outside is {n} today.", "It was {n} when {p} arrived.")),
    (_miles, ("It is {n} from here to the coast.", "{p} drove {n} without a break.")),
    (_kilograms, ("The heavy box weighs {n} now.", "The bridge can carry {n} at a time.")),
    (_date, ("The meeting is on {n} in the library.", "{p} was born on {n} near the harbor.")),
    (_year, ("The bridge was built in {n} by the farmers.", "In {n} the old theater was closed.")),
    (_floor, ("The meeting room is on the {n} floor.", "{p} lives on the {n} floor.")),
    (_digits, ("Call {n} for help.", "The number on the door is {n} again.")),
    (_clock, ("The flight leaves at {n} in the morning.", "{p} will be back at {n} tonight.")),
    (_million, ("The city has {n} people.", "The company earned {n} dollars in the spring.")),
)


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    for make, frames in dice.endless(_FRAMES):
        frame, person = dice.pick(frames), dice.pick(en.PEOPLE)
        pair = _pair(dice, make)
        if pair is not None:
            one, other = (_phrase(frame, value, p=person) for value in pair)
            yield (replace(one, trigger=pair[0][0], twin=other),)


def _pair(dice: Dice, make: Callable[[Dice], Value]) -> tuple[Value, Value] | None:
    """Two values of the same kind and about the same length, none within the other."""
    one, other = make(dice), make(dice)
    is_alike = abs(len(one[1].split()) - len(other[1].split())) <= 1
    return (one, other) if is_alike and one[0] not in other[0] and other[0] not in one[0] else None


def _phrase(frame: str, value: Value, **words: str) -> Phrase:
    written, spoken = value
    words_of_it = dict.fromkeys(spoken.lower().replace(",", "").split())
    number_words = tuple(word for word in words_of_it if word not in _UNRELIABLE)
    return Phrase(
        text=en.slots(frame, n=written, **words), expect=en.slots(frame, n=spoken, **words), critical=number_words
    )


def _betrag(dice: Dice) -> Value:
    number = _round(dice)
    return f"{number} Euro", f"{numerals.german(number)} Euro"


def _prozent(dice: Dice) -> Value:
    number = dice.number(2, 99)
    return f"{number} Prozent", f"{numerals.german(number)} Prozent"


def _kilometer(dice: Dice) -> Value:
    number = dice.number(2, 990)
    return f"{number} Kilometer", f"{numerals.german(number)} Kilometer"


def _grad(dice: Dice) -> Value:
    number = dice.number(2, 40)
    sign, word = dice.pick([("", ""), ("minus ", "minus ")])
    return f"{sign}{number} Grad", f"{word}{numerals.german(number)} Grad"


def _jahr(dice: Dice) -> Value:
    year = dice.number(1810, 1999)
    return str(year), numerals.german_year(year)


def _ziffern(dice: Dice) -> Value:
    digits = "".join(str(dice.number(0, 9)) for _ in range(dice.number(4, 6)))
    return " ".join(digits), numerals.german_digits(digits)


def _uhr(dice: Dice) -> Value:
    hour = dice.number(2, 23)
    return f"{hour} Uhr", f"{numerals.german(hour)} Uhr"


_RAHMEN: tuple[tuple[Callable[[Dice], Value], tuple[str, ...]], ...] = (
    (_betrag, ("Bitte überweisen Sie {n} auf mein Konto.", "{p} hat {n} für die Reise bezahlt.")),
    (_prozent, ("Die Preise sind um {n} gestiegen.", "Nur {n} der Gäste sind heute gekommen.")),
    (_kilometer, ("Von hier bis zur Küste sind es {n} auf der Straße.", "{p} ist gestern {n} gefahren.")),
    (_grad, ("Draußen sind es heute {n} im Schatten.",)),
    (_jahr, ("Die Brücke wurde im Jahr {n} gebaut.", "Im Jahr {n} wurde das alte Theater geschlossen.")),
    (_ziffern, ("Die Nummer an der Tür ist {n} geblieben.",)),
    (_uhr, ("Der Zug fährt um {n} nach Hamburg.", "{p} kommt heute um {n} zurück.")),
)


def _german(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    for make, frames in dice.endless(_RAHMEN):
        frame, person = dice.pick(frames), dice.pick(de.PEOPLE)
        pair = _pair(dice, make)
        if pair is not None:
            one, other = (_phrase(frame, value, p=person) for value in pair)
            yield (replace(one, trigger=pair[0][0], twin=other),)


NUMBERS = Family(
    name="numbers",
    purpose="amounts, dates, times, signs and units, each beside another value of its kind",
    source="Sproat and Jaitly 2016, RNN approaches to text normalization (arXiv 1611.00068), for the classes",
    draws={"en": _english, "de": _german} | {one.language: partial(number_stream, one) for one in TONGUES},
)
