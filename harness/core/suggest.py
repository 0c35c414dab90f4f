"""What somebody may have meant by a word that is not known: one way to look for it, one way to say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 64
"""Characters of the word that are looked at: it may be anything, and comparing takes time quadratic in its length."""


def did_you_mean(word: str, known: Iterable[str], *, quoted: bool = True) -> str | None:
    """``did you mean 'x'?``, None where nothing that is known is close.

    Args:
        word: What was typed.
        known: What could have been meant; ours, and so fit to be shown.
        quoted: Put the suggestion in quotes.
    """
    import difflib  # only whoever mistyped something waits for it

    near = difflib.get_close_matches(word[:_LONGEST], list(known), n=1)
    if not near:
        return None
    return f"did you mean {near[0]!r}?" if quoted else f"did you mean {near[0]}?"
