"""What makes a graph the one that an exporter writes: nodes in order, attributes, types and names. No numbers.

One digest decides; a row for each node and tensor tells people what differs. Of the tensors only those count by value
that the exporter takes from a program's text (``Constant_12_output_0``) or that are whole numbers: what a voice learns
are the others.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from harness.core.plainjson import NotStrict, loads
from harness.core.text import printable

FORMAT: Final = "soundcheck-graph"
VERSION: Final = 1
MAX_BYTES: Final = 16 << 20
DIGITS: Final = 12
"""Of a row's digest: it tells rows apart, and decides nothing."""
SIMILAR: Final = 20
"""One node in so many may differ, and it still is a known graph that somebody changed; with more it is another one."""
MAX_NAMED: Final = 6
"""Differences of one kind that are named."""
_CONSTANT: Final = re.compile(r"(?:.*/)?Constant(?:_\d+)?(?:_output_0)?")
_LEARNED: Final = ("float", "bfloat", "complex", "int8", "uint8", "int4", "uint4", "int2", "uint2")
MAX_PINNED: Final = 1 << 12
"""Elements of a tensor that counts by value."""


def is_constant(name: str, dtype: str, count: int) -> bool:
    """Whether a tensor is the exporter's and not the voice's, so that its value is part of the graph.

    Args:
        name: The tensor's.
        dtype: torch's name of its elements' type.
        count: How many it has.
    """
    if count > MAX_PINNED:
        return False
    return not dtype.startswith(_LEARNED) or _CONSTANT.fullmatch(name) is not None


def digest(*parts: str | bytes | Sequence[str]) -> str:
    """SHA-256 (hex) of texts, bytes and lists of texts, none of which can be taken for another."""
    made = hashlib.sha256()
    for part in parts:
        if isinstance(part, str | bytes):
            data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            made.update(b"%d:" % len(data) + data)
        else:
            made.update(b"[%d" % len(part))
            made.update(digest(*part).encode())
    return made.hexdigest()


@dataclass(frozen=True, slots=True)
class Row:
    """A node or a tensor of a graph."""

    digest: str
    """Of all that it is, in hex."""
    kind: str
    """A node's operator; a tensor's type and sizes."""
    name: str
    """Hostile text."""

    @property
    def line(self) -> str:
        """As a file has it."""
        return f"{self.digest[:DIGITS]} {self.kind} {self.name}"

    @property
    def words(self) -> str:
        """For people."""
        return printable(f"{self.name or 'a node without a name'} ({self.kind})"[:120])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The structure of one graph."""

    title: str = ""
    """Whose export it is."""
    sha256: str
    """Of all of it: two graphs with this digest differ in numbers only."""
    around: tuple[str, ...]
    """Format and operators' versions, inputs, outputs: what a graph is from outside, one line each."""
    nodes: tuple[str, ...]
    """A line for each, in order."""
    tensors: tuple[str, ...]
    """A line for each, by name."""

    @staticmethod
    def of(around: Sequence[str], nodes: Sequence[Row], tensors: Iterable[Row], rest: str) -> Fingerprint:
        """That of a graph.

        Args:
            around: See :attr:`around`.
            nodes: In order.
            tensors: In any order.
            rest: Digest of what a graph says besides, such as the types of values in between.
        """
        rows = sorted(tensors, key=lambda row: (row.name, row.digest))
        whole = digest(tuple(around), [row.digest for row in nodes], [row.digest for row in rows], rest)
        return Fingerprint(
            sha256=whole,
            around=tuple(around),
            nodes=tuple(row.line for row in nodes),
            tensors=tuple(row.line for row in rows),
        )

    def write(self) -> str:
        """As a file: JSON, one line for each row, so that two of them can be compared by eye."""
        content = {
            "around": list(self.around),
            "format": FORMAT,
            "nodes": list(self.nodes),
            "sha256": self.sha256,
            "tensors": list(self.tensors),
            "title": self.title,
            "version": VERSION,
        }
        return json.dumps(content, indent=1, sort_keys=True) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGraph:
    """A graph that is known, and by whose word."""

    fingerprint: Fingerprint
    accepted: str = ""
    """Who accepted it until when; ``""`` for one that travels with the harness."""


def read_fingerprint(data: bytes) -> Fingerprint:
    """Read what :meth:`Fingerprint.write` wrote.

    Raises:
        ValueError: It is none; ``str`` says why.
    """
    try:
        content = loads(data, max_bytes=MAX_BYTES, floats=False)
    except NotStrict as error:
        raise ValueError(f"no JSON of the kind expected: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'expected "format": "{FORMAT}"')
    if content.get("version") != VERSION:
        raise ValueError(f"expected version {VERSION}, got {printable(str(content.get('version'))[:20])}")
    title, sha256 = content.get("title"), content.get("sha256")
    if not isinstance(title, str) or not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ValueError("expected a title, and a sha256 of 64 hex digits")
    lists = [content.get(key) for key in ("around", "nodes", "tensors")]
    if not all(isinstance(one, list) and all(isinstance(line, str) for line in one) for one in lists):
        raise ValueError("expected lists of texts: around, nodes, tensors")
    around, nodes, tensors = (tuple(str(line) for line in one) for one in lists if isinstance(one, list))
    return Fingerprint(title=printable(title[:200]), sha256=sha256, around=around, nodes=nodes, tensors=tensors)


def is_changed(known: Fingerprint, found: Fingerprint) -> bool:
    """Whether a graph is a known one that somebody changed, rather than one that nobody here knows."""
    if known.around != found.around:
        return False
    return distance(known, found) * SIMILAR <= len(known.nodes)


def distance(known: Fingerprint, found: Fingerprint) -> int:
    """How many nodes one of them has and the other has not: the larger of the two counts."""
    ours, theirs = Counter(known.nodes), Counter(found.nodes)
    return max((ours - theirs).total(), (theirs - ours).total())


def differences(known: Fingerprint, found: Fingerprint) -> Iterator[str]:
    """What differs, one line for each kind of difference, with the names of some."""
    for what, ours, theirs in (("node", known.nodes, found.nodes), ("tensor", known.tensors, found.tensors)):
        gone = list((Counter(ours) - Counter(theirs)).elements())
        come = list((Counter(theirs) - Counter(ours)).elements())
        names = {_name(line) for line in gone} & {_name(line) for line in come}
        yield from _told(f"changed {what}", [line for line in come if _name(line) in names])
        yield from _told(f"extra {what}", [line for line in come if _name(line) not in names])
        yield from _told(f"missing {what}", [line for line in gone if _name(line) not in names])
    for line in dict.fromkeys((*known.around, *found.around)):
        if (line in known.around) != (line in found.around):
            yield printable(f"{'without' if line in known.around else 'with'} {line}"[:160])


def in_another_order(known: Fingerprint, found: Fingerprint) -> bool:
    """Whether both have the same rows."""
    return Counter(known.nodes) == Counter(found.nodes) and Counter(known.tensors) == Counter(found.tensors)


def _name(line: str) -> str:
    """Name of a row; a node's operator has no space, a tensor's sizes do, but names end what a line has."""
    return line.rpartition(" ")[2]


def _told(what: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    shown = ", ".join(line.partition(" ")[2][:80] for line in lines[:MAX_NAMED])
    more = f" and {len(lines) - MAX_NAMED} more" if len(lines) > MAX_NAMED else ""
    yield printable(f"{len(lines)} {what}{'s' if len(lines) > 1 else ''}: {shown}{more}")
