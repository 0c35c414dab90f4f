"""Spoken words as they are written, in any script: what a letter is, where a word ends, which letters only look alike.

Pure, by the Unicode data of Python. Texts are taken in their composed form (NFC): an accent that is a mark of its own
and one that is part of its letter are the same word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from harness.core.text import printable

PLAIN_IS: Final = "letters, spaces, apostrophes, hyphens and . , ; : ! ?"
MAX_MARKS: Final = 4
"""Marks in a row on one letter; Vietnamese and Hebrew need two, Tibetan three."""

_SENTENCE: Final = " '’.,;:!?-" + "。、，．！？；：・" + "।॥" + "؟،؛۔" + "¿¡" + "։՞՜" + "።፣፤፧"
"""What stands between words and is not spoken, in the scripts that have their own."""
_INNER: Final = "'’-"
_JOINERS: Final = "\u200c\u200d"
"""Part of a word's spelling in Persian and in the scripts of India, and of nothing else."""
_JOINED: Final = frozenset(
    {"ARABIC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM",
     "SINHALA", "MYANMAR", "KHMER"}
)  # fmt: skip
_UNSPACED: Final = frozenset(
    ("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "BOPOMOFO", "THAI", "LAO", "MYANMAR", "KHMER")
)
"""Scripts that put no space between words: each letter with its marks counts as a word."""
_WITH_LATIN: Final = _UNSPACED | {"HANGUL"}
"""Scripts that stand beside Latin letters within a run, and look like none of them."""
_VOWELS_LEFT_OUT: Final = frozenset({"ARABIC", "HEBREW"})
"""Scripts whose marks for short vowels are written or not, as one likes."""
_COMMON: Final = frozenset({"COMBINING", "MODIFIER"})
_LATIN_LANGUAGES: Final = (
    "af br ca cs cy da de en es et eu fi fo fr ga gl hr ht hu id is it jv la lb ln lt lv mg mi ms mt nl nn no oc pl pt "
    "ro sk sl sn so sq su sv sw tl tr vi yo"
)
LATIN_LANGUAGES: Final = frozenset(_LATIN_LANGUAGES.split(" "))
"""Languages that are written in Latin letters only: any other letter in their suites only looks like one."""


_BRACKETS = re.compile(r"[<\[][^>\]]*[>\]]|\(([^)]+?)\)")
_ASCII = re.compile(r"[A-Za-z '.,;:!?-]*[A-Za-z][A-Za-z '.,;:!?-]*")
_ASCII_WORD = re.compile(r"[a-z]+(?:['-]+[a-z]+)*")
"""The same for ASCII, which is most of what there is, at once."""


def composed(text: str) -> str:
    """A text in the form in which its words are compared."""
    return unicodedata.normalize("NFC", text)


def is_plain(text: str, language: str = "") -> bool:
    """Whether `text` is already the words that should be heard.

    So it is when it has a letter and nothing but letters and marks as Unicode has them, spaces, apostrophes, hyphens
    and the punctuation of sentences. Digits, symbols and brackets are read in more than one way. Letters that only look
    like others are none: variants (fullwidth, mathematical), two scripts within a word, and in a language that is
    written in Latin letters any other script.

    Args:
        text: In any form.
        language: Of the text (ISO 639-1), ``""`` where it is not known.
    """
    if text.isascii():
        return _ASCII.fullmatch(text) is not None
    text = composed(text)
    runs = re.split(f"[{re.escape(_SENTENCE)}]+", text)
    words = [run for run in runs if run]
    if not any(_is_letter(character) for character in text):
        return False
    return all(_is_word(word, language) for word in words)


def mixture(text: str, language: str = "") -> str:
    """What only looks alike in a text, as a note behind an error: its first such word; ``""`` where nothing does."""
    for word in re.split(f"[{re.escape(_SENTENCE)}]+", composed(text)):
        scripts = sorted({script(character) for character in word if _is_letter(character)} - {""})
        if len(scripts) > 1 and not set(scripts) <= _WITH_LATIN | {"LATIN"}:
            return f"; {printable(word)!r} mixes {' and '.join(scripts)} letters, which may only look alike"
        if language in LATIN_LANGUAGES and set(scripts) - {"LATIN"}:
            return f"; {printable(word)!r} has {scripts[0]} letters, which {language!r} is not written in"
    return ""


def spoken_words(expect: str) -> tuple[str, ...]:
    """Cut an `expect` into the lower-case words that `critical` may name; ``don't`` is one word.

    In scripts without spaces each letter with its marks is a word.
    """
    if expect.isascii():
        return tuple(_ASCII_WORD.findall(expect.lower()))
    runs = [""]
    for character in composed(expect.lower()).replace("’", "'"):
        if unicodedata.category(character)[0] in "LM" or character in _INNER or character in _JOINERS:
            runs[-1] += character
        else:
            runs.append("")
    return tuple(word for run in runs for piece in split_unspaced(run) if (word := piece.strip(_INNER)))


def has_word(word: str, spoken: tuple[str, ...]) -> bool:
    """Whether a word stands among the spoken ones; in a script without spaces it may be several letters in a row."""
    wanted = spoken_words(word)
    if not wanted or word.split() != [word]:
        return False
    return any(spoken[start : start + len(wanted)] == wanted for start in range(len(spoken) - len(wanted) + 1))


def normalised_words(text: str) -> tuple[str, ...]:
    """Cut a transcript into words to be compared: lower case, no punctuation, symbols or text in brackets.

    As Whisper's ``BasicTextNormalizer`` does it, but for two things. Marks are kept, which it takes out of words:
    without its vowel signs Hindi for "day" is "donation". And a script without spaces is cut into its letters.
    """
    text = _BRACKETS.sub("", text.lower())
    kept: list[str] = []
    before = ""
    for character in unicodedata.normalize("NFKC", text):
        kind = unicodedata.category(character)
        if kind[0] == "M":
            if before not in _VOWELS_LEFT_OUT and printable(character) == character:
                kept.append(character)
        elif character not in _JOINERS:
            kept.append(" " if kind[0] in "SP" else character)
            before = script(character)
    return tuple(word for run in "".join(kept).split() for word in split_unspaced(run))


def split_unspaced(word: str) -> Iterator[str]:
    """Yield the words of a run without spaces: each letter of a script that has none, with its marks, and the rest."""
    rest = ""
    was_unspaced = False
    for character in word:
        is_mark = unicodedata.category(character).startswith("M") or character in _JOINERS
        if is_mark or (not was_unspaced and script(character) not in _UNSPACED):
            rest += character
        elif script(character) in _UNSPACED:
            if rest:
                yield rest
            rest, was_unspaced = character, True
        else:
            if rest:
                yield rest
            rest, was_unspaced = character, False
    if rest:
        yield rest


@lru_cache(maxsize=4096)
def script(character: str) -> str:
    """The script of a letter by its name in Unicode: ``LATIN``, ``CYRILLIC``, ``CJK``; ``""`` for what has none."""
    first = unicodedata.name(character, "").split(" ")[0]
    return "" if first in _COMMON or not unicodedata.category(character).startswith(("L", "M")) else first


@lru_cache(maxsize=4096)
def _is_letter(character: str) -> bool:
    """Whether it is a letter of its own, and no variant of one that looks like it."""
    if not unicodedata.category(character).startswith("L"):
        return False
    kind = unicodedata.decomposition(character).partition(" ")[0]
    is_ligature = kind == "<compat>" and script(character) in ("LATIN", "GREEK", "ARMENIAN") and character > "\u024f"
    return not is_ligature and (kind in ("", "<compat>") or not kind.startswith("<"))


def _is_word(word: str, language: str) -> bool:
    scripts: set[str] = set()
    marks = 0
    for place, character in enumerate(word):
        if _is_letter(character):
            marks = 0
            scripts.add(script(character))
        elif unicodedata.category(character) in ("Mn", "Mc") and printable(character) == character:
            marks += 1
            if place == 0 or marks > MAX_MARKS:
                return False
        elif not (character in _JOINERS and 0 < place < len(word) - 1 and scripts <= _JOINED and scripts):
            return False
    scripts.discard("")
    if language in LATIN_LANGUAGES and scripts - {"LATIN"}:
        return False
    return len(scripts) <= 1 or scripts <= _WITH_LATIN | {"LATIN"}
