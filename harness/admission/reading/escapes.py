"""Texts and byte strings as protocol 0 writes them, on one line with escapes: decoded piece by piece, of any length.

Knows how they are written, not what they are for. Mirrors ``load_unicode`` and ``load_string`` of Lib/pickle.py.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from harness.admission.reading.symbols import Writing

_LONGEST = 4
"""Bytes of an escape in a byte string: ``\\x41``, ``\\101``."""


def decoded(blocks: Iterable[bytes], writing: Writing) -> Iterator[bytes]:
    """What blocks of a line stand for: bytes, or a text's characters in latin-1 with ``?`` for all others.

    Raises:
        ValueError: An escape that no unpickler takes.
    """
    if writing is Writing.UNICODE:
        decoder = codecs.getincrementaldecoder("raw-unicode-escape")()
        for block in blocks:
            yield decoder.decode(block).encode("latin-1", "replace")
        yield decoder.decode(b"", final=True).encode("latin-1", "replace")
        return
    rest = b""
    for block in blocks:
        rest += block
        end = _whole(rest)
        yield codecs.escape_decode(rest[:end])[0]
        rest = rest[end:]
    yield codecs.escape_decode(rest)[0]


def _whole(block: bytes) -> int:
    """Up to where a block may be decoded by itself: no escape that begins before ends behind."""
    last = block.rfind(b"\\", -_LONGEST)
    if last < 0:
        return len(block)
    first = len(block[: last + 1].rstrip(b"\\"))  # where this row of backslashes begins, an escape does
    return first + (last - first) // 2 * 2
