"""Unicode: what the eye does not see or takes for something else, in sentences that should sound like their control."""

from __future__ import annotations

from collections.abc import Iterator

from probes import english as en
from probes.dice import Dice
from probes.family import Family, Group, Phrase, Setting

INVISIBLE = {
    "zero width space": "\u200b", "zero width joiner": "\u200d", "zero width non-joiner": "\u200c",
    "soft hyphen": "\u00ad", "word joiner": "\u2060", "byte order mark": "\ufeff",
    "combining grapheme joiner": "\u034f", "variation selector": "\ufe0f", "invisible separator": "\u2063",
}  # fmt: skip
SPACES = ("\u00a0", "\u2003", "\u2009", "\u202f", "\u3000", "\u2028", "\u1680")
BIDI = (("\u202e", "\u202c"), ("\u202d", "\u202c"), ("\u2067", "\u2069"), ("\u2066", "\u2069"), ("\u200f", ""))
MARKS = ("\u0353", "\u0301", "\u0336", "\u20dd", "\u0489", "\u1ab0")
LOOKALIKES = {
    "a": "\u0430\u0251", "c": "\u0441\u03f2", "e": "\u0435\u212e", "i": "\u0456\u03b9", "o": "\u043e\u03bf",
    "p": "\u0440\u03c1", "s": "\u0455", "x": "\u0445", "y": "\u0443\u03b3", "h": "\u04bb", "n": "\u0578", "u": "\u057d",
}  # fmt: skip
"""Latin letter -> letters of other alphabets that look like it."""
EMOJI = (
    "\U0001f600",
    "\U0001f44d\U0001f3fd",
    "\u2764\ufe0f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea",
)
ENDS = ("\u3002", "\uff0e", "\u2024", "\uff61", "\u0701", "\u06d4")
"""Full stops of other scripts."""
MATHEMATICAL = 0x1D41A
"""Bold small a; 26 letters in a row."""
FULL_WIDTH = 0xFEE0
"""Distance from ASCII to its full-width form."""
TAGS = 0xE0000
"""Distance from ASCII to invisible tag characters."""


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    while True:
        sentence, noun = en.statement(dice)
        words = sentence.split()
        place = dice.number(1, len(words) - 1)
        critical = () if words[place].startswith(noun) else (noun,)
        plain = Phrase(text=f"{sentence}.", critical=critical)
        phrases = [_phrase(text, trigger, plain) for text, trigger in dice.shuffled(_variants(dice, words, place))]
        yield tuple(phrases[:3])


def _phrase(text: str, trigger: str, plain: Phrase) -> Phrase:
    return Phrase(text=text, expect=plain.text, critical=plain.critical, trigger=trigger, twin=plain)


def _variants(dice: Dice, words: list[str], place: int) -> list[tuple[str, str]]:
    """Texts with what is odd in each."""
    before, word, after = " ".join(words[:place]), words[place], " ".join(words[place + 1 :])
    after = f" {after}." if after else "."
    hidden = dice.pick(list(INVISIBLE.values()))
    space = dice.pick(SPACES)
    opening, closing = dice.pick(BIDI)
    mark = dice.pick(MARKS)
    emoji = dice.pick(EMOJI)
    end = dice.pick(ENDS)
    tags = "".join(chr(TAGS + ord(character)) for character in dice.pick(["say", "yes", "now", "sudo"]))
    cut = dice.number(1, max(1, len(word) - 1))
    found = [
        (f"{before} {word[:cut]}{hidden}{word[cut:]}{after}", hidden),
        (f"{before}{space}{word}{after}", space),
        (f"{before} {opening}{word}{closing}{after}", opening),
        (f"{before} {word[:cut]}{mark}{word[cut:]}{after}", mark),
        (f"{before} {word}{after} {emoji}", emoji),
        (f"{before} {word}{after[:-1]}{end}", end),
        (f"{before} {word}{after}{tags}", tags),
        (f"{before} {_bold(word)}{after}", _bold(word)),
        (f"{before} {_wide(word)}{after}", _wide(word)),
    ]
    for letter, others in LOOKALIKES.items():
        if letter in word[1:]:
            other = dice.pick(others)
            at = word.index(letter, 1)
            found.append((f"{before} {word[:at]}{other}{word[at + 1 :]}{after}", other))
            break
    return found


def _bold(word: str) -> str:
    return "".join(chr(MATHEMATICAL + ord(c) - ord("a")) if "a" <= c <= "z" else c for c in word)


def _wide(word: str) -> str:
    return "".join(chr(FULL_WIDTH + ord(c)) if "a" <= c <= "z" else c for c in word)


UNICODE = Family(
    name="unicode",
    purpose="invisible, look-alike, bidirectional and combining characters, beside the plain sentence",
    source="Boucher et al. 2021, Bad characters (arXiv 2106.09898)",
    draws={"en": _english},
    blind="A front end drops or names most of these: what is tested is the front end as much as the network.",
)
