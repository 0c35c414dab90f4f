"""Numbers of a :class:`probes.tongue.Tongue`, as its people write and read them, each beside another of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from probes import english as en
from probes.dice import Dice
from probes.family import Group, Phrase, Setting
from probes.numerals_romance import digits
from probes.tongue import Amounts, Tongue, agrees_with_all

Value = tuple[str, str]
"""As written and as spoken."""
TRIES = 60
"""Draws of a value that agrees with any noun; one in five does not."""


def number_stream(tongue: Tongue, setting: Setting) -> Iterator[Group]:
    """Sentences with a number, each beside the same sentence with another."""
    dice, amounts = setting.dice, tongue.amounts
    for kind, written, spoken, frames in dice.endless(amounts.kinds):
        words, month = tongue.drawn(dice), dice.pick(amounts.months)
        frame = dice.pick(frames)
        one, other = (MAKERS[kind](dice, amounts) for _ in range(2))
        if _is_pair(one, other, amounts):
            forms = (written.replace("{month}", month), spoken.replace("{month}", month))
            twin = _phrase(frame, words, forms, other, amounts)
            phrase = _phrase(frame, words, forms, one, amounts)
            yield (replace(phrase, trigger=forms[0].format(n=one[0]), twin=twin),)


def _phrase(frame: str, words: dict[str, str], forms: tuple[str, str], value: Value, amounts: Amounts) -> Phrase:
    text, expect = (
        en.slots(frame, **words | {"n": form.format(n=number)}) for form, number in zip(forms, value, strict=True)
    )
    return Phrase(text=text, expect=expect, critical=tuple(_counting(value, amounts)))


def _counting(value: Value, amounts: Amounts) -> list[str]:
    """Words of a number that are numbers themselves, in order."""
    return [word for word in _words(value[1]) if word not in amounts.joints]


def _words(spoken: str) -> list[str]:
    return spoken.replace(",", "").split()


def _is_pair(one: Value, other: Value, amounts: Amounts) -> bool:
    """Two values of about the same length, none within the other, and no word twice in either."""
    is_alike = abs(len(_words(one[1])) - len(_words(other[1]))) <= 2
    is_varied = all(len(set(words)) == len(words) for words in (_counting(one, amounts), _counting(other, amounts)))
    return is_alike and is_varied and one[0] not in other[0] and other[0] not in one[0]


def _agreeing(draw: Callable[[], int]) -> int:
    for _ in range(TRIES):
        if agrees_with_all(number := draw()):
            return number
    raise ValueError("expected numbers that agree with any noun, got none")


def _grouped(number: int, amounts: Amounts) -> str:
    return f"{number:,}".replace(",", amounts.thousands)


def _round(dice: Dice, amounts: Amounts) -> Value:
    """A number that people say: small, or with few digits that are not zero."""
    number = dice.pick(
        [
            _agreeing(lambda: dice.number(2, 99)),
            100 * dice.number(2, 9) + 10 * dice.number(0, 9),
            1_000 * _agreeing(lambda: dice.number(3, 99)),
            1_000 * _agreeing(lambda: dice.number(3, 99)) + 100 * dice.number(2, 9),
        ]
    )
    return _grouped(number, amounts), amounts.spell(number)


def _whole(least: int, most: int) -> Callable[[Dice, Amounts], Value]:
    def draw(dice: Dice, amounts: Amounts) -> Value:
        number = _agreeing(lambda: dice.number(least, most))
        return str(number), amounts.spell(number)

    return draw


def _percent(dice: Dice, amounts: Amounts) -> Value:
    while True:
        written, spoken = _whole(2, 99)(dice, amounts)
        if not (amounts.has_elided_articles and spoken[0] in "aeiou"):
            return written, spoken


def _degrees(dice: Dice, amounts: Amounts) -> Value:
    number = _agreeing(lambda: dice.number(2, 40))
    sign = dice.pick(["", f"{amounts.minus} "])  # as a word: espeak passes over a sign behind some words
    return f"{sign}{number}", sign + amounts.spell(number)


def _decimal(dice: Dice, amounts: Amounts) -> Value:
    whole, part = _agreeing(lambda: dice.number(2, 40)), dice.number(2, 9)
    return f"{whole},{part}", f"{amounts.spell(whole)} {amounts.comma} {amounts.spell(part)}"


def _code(dice: Dice, amounts: Amounts) -> Value:
    """Digits one by one; none is a 1, which is an article as well."""
    code = "".join(dice.shuffled("023456789")[: dice.number(4, 5)])
    return " ".join(code), digits(code, amounts.spell)


def _telephone(dice: Dice, amounts: Amounts) -> Value:
    assert amounts.telephone is not None
    return amounts.telephone([_agreeing(lambda: dice.number(12, 99)) for _ in range(4)])


def _clock(dice: Dice, amounts: Amounts) -> Value:
    hour, minute = _agreeing(lambda: dice.number(13, 23)), _agreeing(lambda: dice.number(10, 59))
    written, spoken = amounts.clock
    return written.format(h=hour, m=minute), spoken.format(h=amounts.spell(hour), m=amounts.spell(minute))


MAKERS: Mapping[str, Callable[[Dice, Amounts], Value]] = {
    "round": _round, "distance": _whole(2, 990), "percent": _percent, "degrees": _degrees, "decimal": _decimal,
    "day": _whole(2, 28), "year": _whole(1810, 1999), "code": _code, "telephone": _telephone, "clock": _clock,
    "millions": _whole(2, 90),
}  # fmt: skip
"""Kind of number -> its values."""
