"""JSON, strictly: a bounded reader that builds no deep recursion and names everything two readers may disagree about.

Python's own reader takes the last of two equal keys, NaN, lone surrogates and integers of any length; others take the
first key, or refuse. RFC 8259 is the measure; what departs from it is a quirk with a place. ``harness.core.plainjson``
reads what we or a signer wrote and stops at the first flaw; here a flaw is evidence, so reading goes on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from json import decoder
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

MAX_DEPTH = 48
"""Coqui's deepest released configuration has 6 levels."""
MAX_VALUES = 200_000
MAX_DIGITS = 30
MAX_QUIRKS = 50
"""Of each kind: many of a harmless kind hide none of another."""

_TOKEN = re.compile(
    r"""[ \t\n\r]*(?:(?P<mark>[{}\[\]:,])|(?P<quote>")
    |(?P<number>-?(?:0|[1-9][0-9]*)(?P<frac>\.[0-9]+)?(?P<exp>[eE][+-]?[0-9]+)?)
    |(?P<word>true|false|null)|(?P<constant>-?Infinity|NaN))""",
    re.VERBOSE,
)
_scan_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]  # not in typeshed
_SPACE = re.compile(r"[ \t\n\r]*")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class Quirk(StrEnum):
    """How a text departs from plain JSON while some reader still takes it."""

    COMMENT = "comment"
    DUPLICATE = "duplicate key with another value"
    REPEATED = "duplicate key with the same value"
    CONSTANT = "number that JSON does not have"
    LONG_NUMBER = "number beyond any reader's precision"
    SURROGATE = "half of a surrogate pair"
    ALIAS = "YAML alias, anchor or merge key"
    TAG = "YAML tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """One quirk at one place."""

    quirk: Quirk
    place: str
    """JSON path, e.g. ``$.audio.stats_path``."""
    found: str
    """What stands there, cut short. Hostile text."""


@dataclass(slots=True)
class Oddities:
    """What was noted of one text."""

    found: list[Oddity] = field(default_factory=list)
    _counts: Counter[Quirk] = field(default_factory=Counter)

    def note(self, quirk: Quirk, place: str, found: str) -> None:
        """Keep it, unless there are enough of its kind."""
        self._counts[quirk] += 1
        if self._counts[quirk] <= MAX_QUIRKS:
            self.found.append(Oddity(quirk=quirk, place=place, found=found[:80]))


class Malformed(Exception):
    """The text is not JSON, or beyond the bounds; the message says where and why."""


class TooLong(Malformed):
    """It may be JSON, but has more in it than is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text that was read."""

    value: Json
    oddities: tuple[Oddity, ...] = ()


def child(place: str, key: str | int) -> str:
    """Write the JSON path of a member: ``$.a`` and ``b`` give ``$.a.b``; what is no name is quoted."""
    if isinstance(key, int):
        return f"{place}[{key}]"
    return f"{place}.{key}" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", key) else f"{place}[{key[:64]!r}]"


def read_json(text: str) -> Document:
    """Read one JSON text.

    Raises:
        Malformed: It is not JSON even with quirks, or too deep or too long.
    """
    return _Reader(text).read()


@dataclass(slots=True)
class _Frame:
    container: list[Json] | dict[str, Json]
    place: str
    key: str | None = None
    repeated: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._values = 0
        self._oddities = Oddities()
        self._stack: list[_Frame] = []

    def read(self) -> Document:
        result = self._value("$")
        while self._stack:
            self._step()
        rest = _SPACE.match(self._text, self._at)
        if rest is not None and rest.end() != len(self._text):
            raise self._wrong("data after the end", rest.end())
        return Document(value=result, oddities=tuple(self._oddities.found))

    def _wrong(self, why: str, at: int | None = None) -> Malformed:
        if at is None:
            space = _SPACE.match(self._text, self._at)
            at = space.end() if space else self._at
        line, column = self._text.count("\n", 0, at) + 1, at - self._text.rfind("\n", 0, at)
        return Malformed(f"line {line}, column {column}: {why}")

    def _mark(self) -> str:
        token = _TOKEN.match(self._text, self._at)
        if token is None or token["mark"] is None:
            raise self._wrong("expected punctuation")
        self._at = token.end()
        return token["mark"]

    def _peek(self) -> str:
        space = _SPACE.match(self._text, self._at)
        at = space.end() if space else self._at
        return self._text[at : at + 1]

    def _step(self) -> None:
        """Read one member of the innermost container, or its end."""
        frame = self._stack[-1]
        is_list = isinstance(frame.container, list)
        closing = "]" if is_list else "}"
        if frame.container or frame.repeated:
            mark = self._mark()
            if mark == closing:
                self._stack.pop()
                return
            if mark != ",":
                raise self._wrong(f"expected , or {closing}")
        elif self._peek() == closing:
            self._mark()
            self._stack.pop()
            return
        if isinstance(frame.container, list):
            frame.container.append(None)
            frame.container[-1] = self._value(child(frame.place, len(frame.container) - 1))
        else:
            self._member(frame, frame.container)

    def _member(self, frame: _Frame, container: dict[str, Json]) -> None:
        token = _TOKEN.match(self._text, self._at)
        if token is None or token["quote"] is None:
            raise self._wrong("expected a key")
        self._at = token.end()
        key = self._string(frame.place)
        if self._mark() != ":":
            raise self._wrong("expected :")
        place = child(frame.place, key)
        before = self._at
        value = self._value(place)
        if key in container:
            frame.repeated.append(key)
            # A container is read later than here, so two of them count as different.
            same = (
                not isinstance(value, list | dict) and type(value) is type(container[key]) and value == container[key]
            )
            found = self._text[before : before + 80].strip()
            self._oddities.note(Quirk.REPEATED if same else Quirk.DUPLICATE, place, found)
        container[key] = value

    def _value(self, place: str) -> Json:
        self._values += 1
        if self._values > MAX_VALUES:
            raise TooLong(f"expected at most {MAX_VALUES} values")
        token = _TOKEN.match(self._text, self._at)
        if token is None:
            raise self._wrong("expected a value")
        self._at = token.end()
        if token["quote"] is not None:
            return self._string(place)
        if token["number"] is not None:
            return self._number(token, place)
        if token["word"] is not None:
            return _WORDS[token["word"]]
        if token["constant"] is not None:
            self._oddities.note(Quirk.CONSTANT, place, token["constant"])
            return float(token["constant"].replace("Infinity", "inf"))
        if token["mark"] not in "{[":
            raise self._wrong("expected a value", token.start("mark"))
        if len(self._stack) >= MAX_DEPTH:
            raise self._wrong(f"expected at most {MAX_DEPTH} levels")
        container: list[Json] | dict[str, Json] = [] if token["mark"] == "[" else {}
        self._stack.append(_Frame(container, place))
        return container

    def _string(self, place: str) -> str:
        try:
            text, self._at = _scan_string(self._text, self._at, True)
        except ValueError as error:
            raise self._wrong(f"string: {str(error)[:60]}") from None
        if any("\ud800" <= c <= "\udfff" for c in text):
            self._oddities.note(Quirk.SURROGATE, place, text)
        return text

    def _number(self, token: re.Match[str], place: str) -> float:
        number = token["number"]
        if len(number) > MAX_DIGITS:
            self._oddities.note(Quirk.LONG_NUMBER, place, number)
            if len(number) > 10 * MAX_DIGITS:
                return float("inf")
        if token["frac"] is None and token["exp"] is None:
            return int(number)
        result = float(number)
        if result in (float("inf"), float("-inf")):
            self._oddities.note(Quirk.LONG_NUMBER, place, number)
        return result
