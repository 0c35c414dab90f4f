"""JSON read so that there is one way to read it: no duplicate keys, no NaN, bounded size and depth.

What two readers take differently, one of them takes wrongly: a signature checked by the first says nothing about what
the second does. It stops at the first flaw. A model's own configuration is read by
``harness.core.strictjson`` instead, which goes on and places every flaw: there each is a finding.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Final, NoReturn

MAX_DEPTH: Final = 64


class NotStrict(ValueError):
    """The text is no JSON, or could be read in two ways. ``str`` says how, without naming a file."""


class Ambiguous(NotStrict):
    """A key stands twice: readers that take the first and readers that take the last read different things."""


def loads(data: bytes, *, max_bytes: int, floats: bool = True) -> object:
    """Read one JSON document.

    Args:
        data: UTF-8, without a byte order mark.
        max_bytes: Refuse what is longer.
        floats: Whether a number may have a fraction or an exponent.

    Raises:
        Ambiguous: It has a key twice.
        NotStrict: It is too long, too deep, no UTF-8, no JSON, has a NaN, or a lone surrogate in a text.
    """
    if len(data) > max_bytes:
        raise NotStrict(f"expected at most {max_bytes} bytes of JSON, got {len(data)}")
    try:
        text = data.decode("utf-8")
        content = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=None if floats else _refuse_float,
        )
    except UnicodeDecodeError:
        raise NotStrict("expected JSON in UTF-8, got other bytes") from None
    except json.JSONDecodeError as error:
        raise NotStrict(f"expected JSON, got {error.msg.lower()} in line {error.lineno}") from None
    except RecursionError:
        raise NotStrict(f"expected JSON of at most {MAX_DEPTH} levels, got more") from None
    except NotStrict:
        raise
    except ValueError:  # Python reads integers of up to 4300 digits
        raise NotStrict("expected JSON, got an integer of thousands of digits") from None
    _check(content)
    return content


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise Ambiguous(f"expected every key once, got {twice[:60]!a} twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise NotStrict(f"expected JSON, got {name}, which is none")


def _refuse_float(text: str) -> NoReturn:
    raise NotStrict(f"expected integers only, got {text[:20]}")


def _check(content: object) -> None:
    """Depth and lone surrogates, without recursion."""
    level, depth = [content], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise NotStrict(f"expected JSON of at most {MAX_DEPTH} levels, got more")
        below: list[object] = []
        for one in level:
            if isinstance(one, dict):
                below += [*one, *one.values()]
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str) and not one.isascii() and any("\ud800" <= c <= "\udfff" for c in one):
                raise NotStrict("expected text, got half a surrogate pair")
        level = below
