"""Functions and classes among the values of a stream: which could be called, and which were refused."""

from __future__ import annotations

from collections.abc import Iterable

from harness.admission.reading import allowances as allow
from harness.admission.reading.symbols import Box, Global, Unknown


def callee_of(items: Iterable[object]) -> Global | None:
    """The first of some values that could be called: a function, a class, or what a tuple holds of them."""
    for item in items:
        kind = type(item)
        if kind is Global and isinstance(item, Global):
            if item.standing in ("allowed", "legacy") and not allow.is_mere_name(item.name):
                return item
        elif kind is Box and isinstance(item, Box) and item.callee is not None:
            return item.callee
    return None


def is_refused(value: object) -> bool:
    """Whether a value is a name that was refused, or holds one or what came of one; of a long container, the head."""
    if isinstance(value, Box):
        return any(isinstance(item, Unknown) or _is_refused_name(item) for item in value.items[:64])
    return _is_refused_name(value)


def _is_refused_name(value: object) -> bool:
    return isinstance(value, Global) and value.standing == "refused"
