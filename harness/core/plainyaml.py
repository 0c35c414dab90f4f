"""YAML, plainly: parser events only, no tag is constructed. Bounded in events and depth.

An alias stands for what its anchor has, as for ``yaml.safe_load``; one to what holds aliases itself (which is how a few
lines become billions of values), to itself, or to an anchor that stands twice is an oddity and followed no further.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import yaml

from harness.core.strictjson import MAX_DEPTH, Document, Json, Malformed, Oddities, Quirk, child

MAX_BYTES = 256 * 1024
MAX_EVENTS = 20_000
MAX_NUMBER = 30
_CORE = "tag:yaml.org,2002:"


def read_yaml(text: str) -> Document:
    """Read one YAML document of plain mappings, sequences and scalars.

    Scalars are resolved as ``yaml.safe_load`` does (YAML 1.1: ``yes`` is true, ``1:30`` is 90).

    Raises:
        Malformed: It is not YAML, has several documents, or is beyond the bounds.
    """
    if len(text) > MAX_BYTES:
        raise Malformed(f"expected at most {MAX_BYTES} characters of YAML, got {len(text)}")
    try:
        return _Builder().build(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise Malformed(f"{where}no YAML ({str(getattr(error, 'problem', None) or 'unreadable')[:80]})") from None


def _line(event: yaml.Event) -> str:
    return f"line {event.start_mark.line + 1}" if event.start_mark else "somewhere"


@dataclass(slots=True)
class _Frame:
    container: list[Json] | dict[str, Json]
    place: str
    key: str | None = None
    anchor: str | None = None
    begun: int = 0
    """Events before it."""
    has_alias: bool = False


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Json
    events: int
    has_alias: bool


class _Builder:
    def __init__(self) -> None:
        self._stack: list[_Frame] = []
        self._root: Json = None
        self._oddities = Oddities()
        self._resolver = yaml.SafeLoader("")
        self._anchors: dict[str, _Anchored] = {}
        self._events = 0
        """Events so far, those that aliases repeat included."""

    def build(self, text: str) -> Document:
        documents = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            self._count(1)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Malformed(f"{_line(event)}: expected one YAML document")
            else:
                self._take(event)
        return Document(value=self._root, oddities=tuple(self._oddities.found))

    def _count(self, events: int) -> None:
        self._events += events
        if self._events > MAX_EVENTS:
            raise Malformed(f"expected at most {MAX_EVENTS} YAML events")

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag not in (None, "!"):
            self._note(Quirk.TAG, str(event.tag))
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(self._stack) >= MAX_DEPTH:
                raise Malformed(f"{_line(event)}: expected at most {MAX_DEPTH} levels")
            container: list[Json] | dict[str, Json] = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._put(container, is_container=True)
            self._stack.append(_Frame(container, self._place, anchor=event.anchor, begun=self._events))
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._stack.pop()
            if frame.anchor:
                self._remember(frame.anchor, frame.container, self._events - frame.begun, has_alias=frame.has_alias)
            self._done()
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self._follow(str(event.anchor))

    def _remember(self, anchor: str, value: Json, events: int, *, has_alias: bool = False) -> None:
        if anchor in self._anchors:
            self._note(Quirk.ALIAS, f"&{anchor}")
        self._anchors[anchor] = _Anchored(value, events, has_alias)

    def _follow(self, anchor: str) -> None:
        found = self._anchors.get(anchor)
        for frame in self._stack:
            frame.has_alias = True
        if found is None or found.has_alias or self._wants_key:
            self._note(Quirk.ALIAS, f"*{anchor}")
            self._put("*" if self._wants_key else None)
            return
        self._count(found.events)
        self._put(copy.deepcopy(found.value))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._wants_key:
            if event.value == "<<" and event.implicit[0]:
                self._note(Quirk.ALIAS, "<<")
            self._put(event.value)
            if event.anchor:
                self._remember(event.anchor, event.value, 1)
            return
        tag = self._resolver.resolve(  # type: ignore[no-untyped-call]
            yaml.ScalarNode, event.value, event.implicit
        )
        value = self._resolved(event.value, str(tag).removeprefix(_CORE))
        self._put(value)
        if event.anchor:
            self._remember(event.anchor, value, 1)

    def _resolved(self, text: str, kind: str) -> Json:
        if kind in ("int", "float") and len(text) > MAX_NUMBER:
            self._note(Quirk.LONG_NUMBER, text)
            return float("inf")
        node = yaml.ScalarNode(_CORE + kind, text)
        try:
            if kind == "int":
                return int(self._resolver.construct_yaml_int(node))
            if kind == "float":
                number = float(self._resolver.construct_yaml_float(node))
                if number != number or number in (float("inf"), float("-inf")):
                    self._note(Quirk.CONSTANT, text)
                return number
        except (ValueError, IndexError, OverflowError):
            raise Malformed(f"{self._place}: no number ({text[:40]!r})") from None
        if kind == "bool":
            return text.lower() in ("yes", "true", "on")
        return None if kind == "null" else text

    @property
    def _wants_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].container, dict) and self._stack[-1].key is None

    @property
    def _place(self) -> str:
        if not self._stack:
            return "$"
        frame = self._stack[-1]
        if frame.key is not None:
            return child(frame.place, frame.key)
        return (
            child(frame.place, max(0, len(frame.container) - 1)) if isinstance(frame.container, list) else frame.place
        )

    def _put(self, value: Json, *, is_container: bool = False) -> None:
        """Take a key or a value; a container's key stays open until its end."""
        if not self._stack:
            self._root = value
            return
        frame = self._stack[-1]
        if isinstance(frame.container, list):
            frame.container.append(value)
        elif frame.key is None:
            if not isinstance(value, str):
                raise Malformed(f"{frame.place}: expected plain text as a key")
            frame.key = value
        else:
            if frame.key in frame.container:
                same = not is_container and frame.container[frame.key] == value
                self._note(Quirk.REPEATED if same else Quirk.DUPLICATE, str(value))
            frame.container[frame.key] = value
            if not is_container:
                frame.key = None

    def _done(self) -> None:
        if self._stack and isinstance(self._stack[-1].container, dict):
            self._stack[-1].key = None

    def _note(self, quirk: Quirk, found: str) -> None:
        self._oddities.note(quirk, self._place, found)
