"""Phrases cut up for display: differences in the words as written, triggers and unseen characters marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from harness.core.text import Edit, EditKind, cut, printable, word_diff

_ESCAPE = re.compile(r"(⟨U\+[0-9A-F]{4,6}⟩)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of characters that looks alike."""

    text: str
    kind: str
    """``plain``, ``trigger``, ``code`` (an unseen character, spelled out) or an :class:`EditKind`'s value."""


def written_diff(expected: str, heard: str) -> tuple[Edit, ...]:
    """Difference in words as they are written; case and punctuation decide nothing."""
    left, right = expected.split(), heard.split()
    edits = word_diff([_key(word) for word in left], [_key(word) for word in right])
    lefts, rights = iter(left), iter(right)
    return tuple(
        Edit(
            kind=edit.kind,
            expected=tuple(islice(lefts, len(edit.expected))),
            heard=tuple(islice(rights, len(edit.heard))),
        )
        for edit in edits
    )


def marked_line(expected: str, heard: str, limit: int) -> str:
    """The difference on one line as ``git diff --word-diff`` writes it: ``do [-not-] open``, ``at {+one+}``.

    Where it does not fit, the line starts a little before the first difference.
    """
    words: list[str] = []
    first: int | None = None
    for edit in written_diff(expected, heard):
        if edit.kind is EditKind.EQUAL:
            words += edit.heard
            continue
        first = len(words) if first is None else first
        words += [f"[-{' '.join(edit.expected)}-]"] if edit.expected else []
        words += [f"{{+{' '.join(edit.heard)}+}}"] if edit.heard else []
    line = " ".join(words)
    if len(line) > limit and first is not None and len(" ".join(words[: first + 1])) > limit * 2 // 3:
        line = "… " + " ".join(words[max(0, first - 3) :])
    return cut(line, limit)


def phrase_pieces(text: str, trigger: str | None, limit: int) -> tuple[Piece, ...]:
    """What the voice was asked to say, with the trigger marked and unseen characters spelled out.

    Args:
        text: The phrase.
        trigger: The suspected part of it.
        limit: Characters to show; the middle of a longer phrase is left out, never the trigger.
    """
    at = text.find(trigger) if trigger else -1
    end = at + len(trigger) if trigger else -1
    if at < 0:
        return coded(middle_cut(text, limit))
    room = max(limit - (end - at), 40) // 2
    before, inside, after = text[:at], text[at:end], text[end:]
    if len(before) > room:
        before = f"… {before[-room:]}"
    if len(after) > room:
        after = f"{after[:room]} …"
    marked = Piece(text=printable(middle_cut(inside, limit)), kind="trigger")
    return (*coded(before), marked, *coded(after))


def diff_pieces(expected: str, heard: str, limit: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two rows, expected and heard, the differences marked; long equal stretches are cut in the middle."""
    upper: list[Piece] = []
    lower: list[Piece] = []
    for edit in written_diff(expected, heard):
        for row, words in ((upper, edit.expected), (lower, edit.heard)):
            shown = middle_cut(" ".join(words), limit)
            if edit.kind is EditKind.EQUAL:
                row += coded(f"{shown} ")
            elif shown:
                row += [Piece(text=printable(shown), kind=edit.kind.value), Piece(text=" ", kind="plain")]
            elif edit.kind is EditKind.DROP:
                row += [Piece(text="", kind="gap"), Piece(text=" ", kind="plain")]
    return tuple(upper), tuple(lower)


def merged_pieces(expected: str, heard: str, limit: int) -> tuple[Piece, ...]:
    """The difference on one row: what is missing and what came instead, side by side; () where they agree."""
    edits = written_diff(expected, heard)
    if all(edit.kind is EditKind.EQUAL for edit in edits):
        return ()
    row: list[Piece] = []
    for edit in edits:
        old, new = (middle_cut(" ".join(words), limit // 2) for words in (edit.expected, edit.heard))
        if edit.kind is EditKind.EQUAL:
            row += coded(f"{new} ")
            continue
        for text, kind in ((old, "drop"), (new, "insert")):
            if text:
                row += [Piece(text=printable(text), kind=kind), Piece(text=" ", kind="plain")]
    return tuple(row)


def coded(text: str) -> tuple[Piece, ...]:
    """Plain text with its unseen characters as pieces of their own."""
    parts = _ESCAPE.split(printable(text))
    return tuple(Piece(text=part, kind="code" if at % 2 else "plain") for at, part in enumerate(parts) if part)


def middle_cut(text: str, limit: int) -> str:
    """`text` within about `limit` characters: its beginning, its end, and how much is missing between."""
    if len(text) <= limit:
        return text
    side = limit // 2
    return f"{text[:side].rstrip()} … [{len(text) - 2 * side:,} characters] … {text[-side:].lstrip()}"


def _key(word: str) -> str:
    return re.sub(r"[^\w']+", "", word).casefold() or word
