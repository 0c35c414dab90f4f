"""YAML as a tree that remembers its lines, read so that no input can run code, blow up or go deep.

Knows nothing of suites. Only mappings, sequences and scalars come through: tags, anchors and aliases are
refused, and scalars stay the text they were written as, with the kind YAML 1.1 sees in them beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml

from harness.core.errors import BadInput
from harness.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHARACTERS: Final = 1_000_000
"""Longest source that is read at all."""
MAX_DEPTH: Final = 8
"""Deepest nesting."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_RESOLVER: Any = yaml.resolver.Resolver()


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf."""

    value: str
    """The text, with quotes and escapes resolved."""
    kind: str
    """What YAML takes it for: ``str``, ``int``, ``float``, ``bool``, ``null``, ``timestamp``, ..."""
    line: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order they were written; no key twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    line: int


Node: TypeAlias = Scalar | Sequence | Mapping


def fail(name: str, line: int, message: str) -> BadInput:
    """Build the one-line error for a place in a source."""
    return BadInput(f"{printable(name)}:{line}: {message}")


def quote(value: str, limit: int = 60) -> str:
    """Show a value from a source inside a message: quoted, cut off, on one line, nothing invisible in it."""
    shown = printable(value if len(value) <= limit else value[: limit - 3] + "...")
    return f"'{shown}'"


def describe(node: Node) -> str:
    """Name what was found in place of something else, e.g. ``the integer 12``."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.kind == "null":
        return "nothing"
    kinds = {"int": "the integer", "float": "the number", "bool": "the boolean", "timestamp": "the date"}
    return f"{kinds.get(node.kind, 'the text')} {quote(node.value)}"


def read_tree(source: str, name: str, *, loader: type[Any] | None = None) -> Node | None:
    """Read one YAML document.

    Args:
        source: The text of the file.
        name: What to call it in errors.
        loader: PyYAML loader whose parser is used; libyaml's where PyYAML has it, else the slow one.

    Returns:
        The root, or None where the document holds nothing.

    Raises:
        BadInput: One line ``name:line: ...`` saying what is wrong and what to do about it.
    """
    if len(source) > MAX_CHARACTERS:
        message = f"the file has {len(source):,} characters, at most {MAX_CHARACTERS:,} are read; split it"
        raise fail(name, 1, message)
    source = source.removeprefix("\ufeff")
    if found := _FORBIDDEN.search(source):
        line = len(_LINE_BREAK.findall(source, 0, found.start())) + 1
        code = ord(found[0])
        escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
        message = f'character U+{code:04X} may not stand here as itself; write "{escape}" in double quotes'
        raise fail(name, line, message)
    chosen: Any = loader or getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Composer(yaml.parse(source, Loader=chosen), name).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = printable(error.problem or "it cannot be read")
        raise fail(name, line, f"not valid YAML: {problem}; check quotes, colons and indentation") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The slow parser lets chr() of an impossible escape escape.
        raise fail(name, 1, f"not valid YAML: {printable(str(error))}; check the escapes in quotes") from None


class _Composer:
    """Builds nodes from PyYAML's events and stops at the first thing it refuses."""

    def __init__(self, events: Iterator[Any], name: str) -> None:
        self._events = events
        self._name = name

    def document(self) -> Node | None:
        next(self._events)  # stream start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root = self._node(next(self._events), 1)
        next(self._events)  # document end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise fail(self._name, _line(after), "a second document starts here; expected one per file")
        if isinstance(root, Scalar) and root.kind == "null":
            return None
        return root

    def _node(self, event: Any, depth: int) -> Node:
        line = _line(event)
        if event.anchor is not None:  # aliases carry the name of their anchor
            raise fail(
                self._name,
                line,
                f"anchors and aliases are not read ({quote(event.anchor)}); "
                "write the value out, or put text that starts with & or * in quotes",
            )
        if event.tag is not None:
            raise fail(
                self._name,
                line,
                f"tags are not read ({quote(event.tag)}); remove it, or put text that starts with ! in quotes",
            )
        if depth > MAX_DEPTH:
            raise fail(self._name, line, f"nested more than {MAX_DEPTH} deep; flatten it")
        if isinstance(event, yaml.ScalarEvent):
            tag = _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit)
            return Scalar(event.value, tag.rpartition(":")[2], line)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(event, depth + 1))
            return Sequence(tuple(items), line)
        return self._mapping(line, depth)

    def _mapping(self, line: int, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise fail(self._name, key.line, f"a key must be a plain word, got {describe(key)}")
            if key.value in seen:
                message = f"key {quote(key.value)} is given twice (first on line {seen[key.value]}); keep one"
                raise fail(self._name, key.line, message)
            seen[key.value] = key.line
            entries.append((key, self._node(next(self._events), depth + 1)))
        return Mapping(tuple(entries), line)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
