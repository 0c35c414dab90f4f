"""Words and text: differences, distances, the typical one of several, and safe display.

Pure. It takes words as they come: cutting a transcript into normalised words belongs to
``harness.hearing.asr.normaliser``; what a normaliser would lose is compared by ``harness.core.strict``.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_WORDS: Final = 600
"""Words of each side that are aligned one by one; a minute of speech has about 150."""

_STRING_INTRODUCER = re.compile(r"\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]")
_ESCAPE_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b[ -/]{0,8}[0-~]|\x9c")
# Drawn as nothing or as a space although their category is letter, mark or symbol.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
_VARIATION_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_COMMAND = re.compile(r"(?<!\S):(?=:\s*[A-Za-z])|#(?=#\w*\[)")
"""``::command`` where a line or word begins (GitHub), and ``##vso[``, ``##teamcity[``, ``##[`` anywhere (others)."""
_UNSEEN = frozenset(_BLANK) | frozenset(map(chr, _VARIATION_SELECTORS))


class EditKind(enum.StrEnum):
    """What happened to a run of words."""

    EQUAL = "equal"
    DROP = "drop"
    INSERT = "insert"
    SWAP = "swap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A run of words with one thing in common. The runs of a diff, joined, give both sides back."""

    kind: EditKind
    expected: tuple[str, ...]
    """Words that should have been heard; empty for an insert."""
    heard: tuple[str, ...]
    """Words that were heard; empty for a drop, as many as `expected` for equal and swap."""

    @property
    def cost(self) -> int:
        """Words that would have to change: 0 for equal."""
        return 0 if self.kind is EditKind.EQUAL else max(len(self.expected), len(self.heard))


def distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Count the fewest words to drop, insert or swap that turn `a` into `b` (Levenshtein over words).

    Beyond :data:`MAX_WORDS` the surplus of the longer side counts as changed, word for word.
    """
    head, tail = _shared_ends(a, b)
    a, b = a[head : len(a) - tail], b[head : len(b) - tail]
    surplus = max(len(a[MAX_WORDS:]), len(b[MAX_WORDS:]))
    a, b = a[:MAX_WORDS], b[:MAX_WORDS]
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            above = row[j]
            row[j] = diagonal if word == other else 1 + min(diagonal, above, row[j - 1])
            diagonal = above
    return row[-1] + surplus


def word_diff(expected: Sequence[str], heard: Sequence[str]) -> tuple[Edit, ...]:
    """Align two word lists with the fewest changes and name every difference.

    Among equally short alignments the one is taken that, read from the left, keeps words, then swaps, then
    drops, then inserts: equal arguments always give the same edits. Neighbouring words of the same kind form
    one edit.
    """
    head, tail = _shared_ends(expected, heard)
    inner_expected = expected[head : len(expected) - tail]
    inner_heard = heard[head : len(heard) - tail]
    pairs: list[tuple[EditKind, str | None, str | None]] = []
    pairs += [(EditKind.EQUAL, word, word) for word in expected[:head]]
    pairs += _align(inner_expected[:MAX_WORDS], inner_heard[:MAX_WORDS])
    edits = _group(pairs)
    rest_expected, rest_heard = tuple(inner_expected[MAX_WORDS:]), tuple(inner_heard[MAX_WORDS:])
    shared = min(len(rest_expected), len(rest_heard))
    for kind, left, right in (
        (EditKind.SWAP, rest_expected[:shared], rest_heard[:shared]),
        (EditKind.DROP, rest_expected[shared:], ()),
        (EditKind.INSERT, (), rest_heard[shared:]),
    ):
        if left or right:
            edits.append(Edit(kind=kind, expected=left, heard=right))
    if tail:
        kept = tuple(expected[len(expected) - tail :])
        if edits and edits[-1].kind is EditKind.EQUAL:
            kept = edits.pop().expected + kept
        edits.append(Edit(kind=EditKind.EQUAL, expected=kept, heard=kept))
    return tuple(edits)


def medoid(transcripts: Sequence[Sequence[str]]) -> int:
    """Find the transcript with the least total word distance to all the others; of equals, the first.

    Args:
        transcripts: Normalised words of each repeat, at least one.

    Raises:
        ValueError: There is no transcript.
    """
    if not transcripts:
        raise ValueError("medoid of no transcripts: expected at least one")
    words = [tuple(transcript) for transcript in transcripts]
    known: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    totals = []
    for one in words:
        total = 0
        for other in words:
            pair = (one, other) if one <= other else (other, one)
            if pair not in known:
                known[pair] = distance(*pair)
            total += known[pair]
        totals.append(total)
    return totals.index(min(totals))


def printable(text: str) -> str:
    """Make hostile text safe to show on one line of any output.

    Control, bidirectional, zero-width, invisible, private and unassigned characters, line breaks and unusual
    spaces become escapes such as ``⟨U+202E⟩``; colour and cursor sequences are removed. The payload of a
    terminal string (a window title, a link) stays visible, so that nothing can be hidden in one. Commands to a
    pipeline become words, see :func:`inert`. It is printable in Python's sense, and
    ``printable(printable(text)) == printable(text)``.
    """
    if text.isascii() and text.isprintable():
        return inert(text)
    text = _ESCAPE_SEQUENCE.sub("", _STRING_INTRODUCER.sub("", text))
    return inert("".join(f"⟨U+{ord(c):04X}⟩" if _is_unseen(c) else c for c in text))


def inert(text: str) -> str:
    """Take from a text what a pipeline's log would obey: ``::stop-commands::``, ``##vso[...]``, ``##teamcity[...]``.

    The first character of each is shown as an escape, so that everything stays to be read and nothing is a command.
    """
    return _COMMAND.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def inert_json(text: str) -> str:
    """The same for a document in JSON, which means what it meant: two such characters stand only within its strings."""
    return text.replace("##", "#\\u0023").replace("::", ":\\u003a")


def cut(text: str, limit: int) -> str:
    """A text of at most `limit` characters; one that is longer ends with an ellipsis."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def counted(number: int, noun: str) -> str:
    """``1 probe``, ``2 probes``, ``1,300 probes``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def short_digest(text: str) -> str:
    """A sha256 (hex) by its first digits; anything else as it is."""
    is_digest = len(text) == 64 and not text.strip("0123456789abcdef")
    return f"{text[:12]}…" if is_digest else text


def error_line(error: BaseException) -> str:
    """An error of somebody else's as one short line: its first, or what kind of error it is."""
    lines = [" ".join(line.split()) for line in str(error).splitlines()]
    return cut(printable(next(filter(None, lines), type(error).__name__)), 200)


def _is_unseen(character: str) -> bool:
    # Not printable to Python: control, format, surrogate, private, unassigned, every separator but the space.
    return not character.isprintable() or character in _UNSEEN


def _shared_ends(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """Lengths of the common beginning and of the common end of what is left after it."""
    shorter = min(len(a), len(b))
    head = 0
    while head < shorter and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < shorter - head and a[len(a) - 1 - tail] == b[len(b) - 1 - tail]:
        tail += 1
    return head, tail


def _align(a: Sequence[str], b: Sequence[str]) -> list[tuple[EditKind, str | None, str | None]]:
    """Pair the words of a shortest alignment: a table of distances between endings, then a walk along it."""
    rows = [list(range(len(b), -1, -1))]
    for i in range(len(a) - 1, -1, -1):
        below = rows[-1]
        row = [0] * len(b) + [len(a) - i]
        for j in range(len(b) - 1, -1, -1):
            row[j] = below[j + 1] if a[i] == b[j] else 1 + min(below[j + 1], below[j], row[j + 1])
        rows.append(row)
    rows.reverse()
    pairs: list[tuple[EditKind, str | None, str | None]] = []
    i = j = 0
    while i < len(a) or j < len(b):
        if i < len(a) and j < len(b) and a[i] == b[j]:
            pairs.append((EditKind.EQUAL, a[i], b[j]))
            i, j = i + 1, j + 1
        elif i < len(a) and j < len(b) and rows[i][j] == rows[i + 1][j + 1] + 1:
            pairs.append((EditKind.SWAP, a[i], b[j]))
            i, j = i + 1, j + 1
        elif i < len(a) and rows[i][j] == rows[i + 1][j] + 1:
            pairs.append((EditKind.DROP, a[i], None))
            i += 1
        else:
            pairs.append((EditKind.INSERT, None, b[j]))
            j += 1
    return pairs


def _group(pairs: Sequence[tuple[EditKind, str | None, str | None]]) -> list[Edit]:
    edits: list[Edit] = []
    start = 0
    for end in range(1, len(pairs) + 1):
        if end == len(pairs) or pairs[end][0] is not pairs[start][0]:
            run = pairs[start:end]
            edits.append(
                Edit(
                    kind=run[0][0],
                    expected=tuple(word for _, word, _ in run if word is not None),
                    heard=tuple(word for _, _, word in run if word is not None),
                )
            )
            start = end
    return edits
