"""What a hunt reads: every sound and pair of sounds, symbols, numbers, marks, capitals, and a lexicon. Reads nothing.

The lexicon is wordfreq's list of the words of a language, which has names, brands and places among them, by how often
they are written; or a file of the user's own.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

from harness.core.errors import BadInput, MissingDependency
from harness.core.installation import install_advice
from harness.core.text import printable
from harness.hunting.carriers import ORDINARY
from harness.storage.smallfile import TooLarge, read_small

MOST_WORDS: Final = 100_000
"""Of a lexicon: wordfreq has 320,000 of English, the last of which are written once in a hundred million words."""
MAX_FILE_BYTES: Final = 64 << 20
MAX_WORD: Final = 60
"""Characters of a word: wherever it is longer, it is a line that was glued together."""
MOST_PAIRED: Final = 200
"""Ids of which every pair is read: of more, pairs would be most of the hunt."""
ORDINARY_WORDS: Final = 400
"""Drawn from the lexicon, to say what is ordinary."""
FROM_LEXICON: Final = 2_000
"""Words that a lexicon has to have for that."""
CAPITALS: Final = 500


class Group(StrEnum):
    """Candidates that are alike, so that what is ordinary for one of them is for the others."""

    WORDS = "words"
    FORMS = "forms"
    SOUNDS = "sounds"
    OWN = "own sounds"
    """Words once more, by what is made of their own sounds."""
    ROWS = "rows of words"


class Sort(StrEnum):
    """Of what is read."""

    SOUND = "input id"
    PAIR = "pair of input ids"
    SYMBOL = "symbol"
    NUMBER = "number"
    MARK = "punctuation"
    CAPITAL = "word in capitals"
    WORD = "word"
    ROW = "row of words"
    """Several words, of which two may wake something together."""

    @property
    def plural(self) -> str:
        """Several of it."""
        return _SEVERAL.get(self, f"{self.value}s")

    @property
    def group(self) -> Group:
        """Which it belongs to: a row of marks or of spelled letters moves a sentence more than any word."""
        if self in (Sort.WORD, Sort.ROW):
            return Group.WORDS if self is Sort.WORD else Group.ROWS
        return Group.SOUNDS if self in (Sort.SOUND, Sort.PAIR) else Group.FORMS


_SEVERAL: Final = {
    Sort.PAIR: "pairs of input ids",
    Sort.MARK: "words with punctuation",
    Sort.CAPITAL: "words in capitals",
    Sort.ROW: "rows of words",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One thing that may wake something."""

    sort: Sort
    text: str = ""
    """What goes into a carrier's gap; ``""`` where ids do."""
    ids: tuple[int, ...] = ()
    """Input ids, without the blanks between them."""

    @property
    def name(self) -> str:
        """For people."""
        return self.text or " ".join(f"#{one}" for one in self.ids)


@dataclass(frozen=True)
class Space:
    """All that a hunt reads, in its order, and what it is held against."""

    candidates: Sequence[Candidate]
    ordinary: Sequence[str]
    """Words that say what is ordinary."""
    lexicon: str
    """Where the words are from."""
    wants_sounds: bool = True
    """Whether input ids and their pairs are read as well."""

    def with_sounds(self, ids: Collection[int], seed: int) -> Space:
        """The same, and these input ids alone and in pairs, before the words: what a budget leaves out are rare words.

        Args:
            ids: Those that texts were seen to put into a carrier's gap: what no text gives, no text wakes.
            seed: Of the order of the pairs.
        """
        own = sorted(ids) if self.wants_sounds else []
        sounds = [Candidate(sort=Sort.SOUND, ids=(one,)) for one in own]
        if len(own) <= MOST_PAIRED:
            pairs = [Candidate(sort=Sort.PAIR, ids=(one, other)) for one in own for other in own]
            random.Random(seed).shuffle(pairs)  # what a budget leaves is a fair sample of them
            sounds += pairs
        return Space(candidates=[*sounds, *self.candidates], ordinary=self.ordinary, lexicon=self.lexicon)

    @cached_property
    def digest(self) -> str:
        """Of all of it: what was read of another space says nothing of this one."""
        whole = hashlib.sha256()
        for one in self.candidates:
            whole.update(f"{one.sort}\0{one.text}\0{one.ids}\n".encode("utf-8", "surrogatepass"))
        whole.update("\0".join(self.ordinary).encode("utf-8", "surrogatepass"))
        return whole.hexdigest()

    @cached_property
    def sizes(self) -> Counter[Sort]:
        """How many of each sort there are."""
        return Counter(one.sort for one in self.candidates)


def make_space(words: Sequence[str], lexicon: str, *, symbols: Sequence[str], seed: int) -> Space:
    """Lay out what is read as text: what is few and odd first, then words by how often they are written.

    Args:
        words: Of the lexicon, the most frequent first.
        lexicon: Where they are from.
        symbols: Of the voice's vocabulary.
        seed: Of the draw of ordinary words.
    """
    ordinary = ORDINARY
    if len(words) >= FROM_LEXICON:
        plain = [word for word in words if word.isalpha()]
        ordinary = tuple(random.Random(seed).sample(plain, min(ORDINARY_WORDS, len(plain))))
    candidates = [Candidate(sort=Sort.SYMBOL, text=one) for one in symbols if one.isprintable() and not one.isspace()]
    candidates += [Candidate(sort=Sort.NUMBER, text=one) for one in _numbers()]
    candidates += [Candidate(sort=Sort.MARK, text=one) for one in _marked(ordinary[:12])]
    candidates += [Candidate(sort=Sort.CAPITAL, text=word.upper()) for word in words[:CAPITALS] if word.isalpha()]
    candidates += [Candidate(sort=Sort.WORD, text=word) for word in words]
    return Space(candidates=candidates, ordinary=ordinary, lexicon=lexicon)


def words_of_language(language: str) -> tuple[list[str], str]:
    """The lexicon of a language, and where it is from.

    Raises:
        BadInput: There is none of it.
        MissingDependency: wordfreq is not installed.
    """
    try:
        import wordfreq  # an extra: it brings its lists of forty languages
    except ImportError:
        raise MissingDependency(
            f"a hunt needs a list of words, and wordfreq is not installed; {install_advice('hunt')}, or name a file of "
            "your own with --words"
        ) from None
    if language not in wordfreq.available_languages("best"):
        raise BadInput(f"wordfreq has no words of {language!r}; name a file, one word a line, with --words")
    found = wordfreq.top_n_list(language, MOST_WORDS + 1_000)
    version = importlib.metadata.version("wordfreq")
    return [word for word in found if 0 < len(word) <= MAX_WORD][:MOST_WORDS], f"wordfreq {version}, {language}"


def words_of_file(path: Path) -> tuple[list[str], str]:
    """Words of a file, one a line, each once.

    Raises:
        BadInput: It cannot be read, or holds none.
    """
    try:
        text = read_small(path, MAX_FILE_BYTES, follow_links=True, pipes=True).decode("utf-8")
    except (OSError, TooLarge, UnicodeDecodeError) as error:
        raise BadInput(
            printable(f"--words={path}: expected a text file in UTF-8, one word a line, got {error}")
        ) from None
    lines = dict.fromkeys(" ".join(line.split()) for line in text.splitlines())
    words = [line for line in lines if 0 < len(line) <= MAX_WORD and line.isprintable()]
    if not words:
        raise BadInput(printable(f"--words={path}: expected words, one a line, got none"))
    return words[:MOST_WORDS], path.name


def _numbers() -> list[str]:
    years = (str(year) for year in range(1900, 2051))
    round_ones = (f"{digit}{'0' * zeros}" for zeros in range(1, 7) for digit in range(1, 10))
    odd = ("1.5", "0.5", "-1", "3.14", "12:30", "10%", "$20", "$5.99", "1,000", "1/2", "007", "1234567", "2nd", "3rd")
    return list(dict.fromkeys((*(str(one) for one in range(301)), *years, *round_ones, *odd)))


def _marked(words: Sequence[str]) -> list[str]:
    patterns = (
        *("{}!", "{}?", "{},", "{};", "{}:", "{}...", "{}!!", "{}?!", "{} -", "({})", '"{}"', "'{}'", "{}, {},"),
        *("-{}-", "*{}*", "_{}_", "<{}>", "[{}]", "#{}", "@{}", "~{}~", "{}/{}", "{}&{}", "{}…", "«{}»"),
    )
    return [pattern.replace("{}", word) for pattern in patterns for word in words]
