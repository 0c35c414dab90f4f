"""What an object of a shared store holds, as bytes and back: sealed, so that one that was changed or cut shows.

A digest over name and content stands before the content. It shows accidents: whoever may write to the store may seal
what he likes. Reads and writes no file.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

import msgspec

from harness.core.types import Rendering, Take

VERSION: Final = 1
"""Of the objects of a shared store; one of another version is left aside, as a broken one is."""
MOST_AUDIO: Final = 256 << 20
MOST_RECORD: Final = 16 << 20
MOST_EVENTS: Final = 64 << 20
MOST_BYTES: Final = {
    "renderings": MOST_AUDIO + MOST_RECORD,
    "takes": MOST_RECORD,
    "behaviour": MOST_EVENTS,
}
"""Of an object, by its kind."""
NONE: Final = "0" * 64
"""Stands for no object."""
_HEAD: Final = f"soundcheck {VERSION} "
_LENGTH: Final = len(_HEAD) + 64 + 1
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)


class Broken(ValueError):
    """An object is not what its name and its seal say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A rendering with its audio, as one object: nobody finds one without the other."""

    rendering: Rendering
    flac: bytes
    seen: str
    """The latest of what its speaker was seen to do, by that machine, until it was kept; :data:`NONE` for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Something that a model's workers were seen to do, and what was seen before."""

    after: str
    """The object before it; :data:`NONE` for the first."""
    lines: bytes
    """Events as a file has them."""


class _Head(msgspec.Struct):
    rendering: Rendering
    seen: str


def seal(name: str, content: bytes) -> bytes:
    """Content with its digest before it."""
    return f"{_HEAD}{_digest(name, content)}\n".encode() + content


def unsealed(name: str, data: bytes) -> bytes:
    """The content of a sealed object.

    Raises:
        Broken: Its seal is not that of this name and content.
    """
    content = data[_LENGTH:]
    if data[:_LENGTH] != seal(name, content)[:_LENGTH]:
        raise Broken("its digest is not that of its content")
    return content


def pack_spoken(spoken: Spoken) -> bytes:
    """A rendering and its audio as one content."""
    head = msgspec.json.encode(_Head(rendering=spoken.rendering, seen=spoken.seen), order="sorted")
    return head + b"\n" + spoken.flac


def unpack_spoken(content: bytes) -> Spoken:
    """The same back.

    Raises:
        Broken: It is none, or its audio is not what it says.
    """
    head, _, flac = content.partition(b"\n")
    try:
        found = msgspec.json.decode(head, type=_Head)
    except _UNREADABLE:
        raise Broken("it is no rendering") from None
    if hashlib.sha256(flac).hexdigest() != found.rendering.audio_sha256:
        raise Broken("its audio is not what it says")
    if not _DIGEST.fullmatch(found.seen):
        raise Broken("what it says was seen is no digest")
    return Spoken(rendering=found.rendering, flac=flac, seen=found.seen)


def pack_take(take: Take) -> bytes:
    """A take as a content."""
    return msgspec.json.encode(take, order="sorted") + b"\n"


def unpack_take(content: bytes) -> Take:
    """The same back.

    Raises:
        Broken: It is none.
    """
    try:
        return msgspec.json.decode(content, type=Take)
    except _UNREADABLE:
        raise Broken("it is no take") from None


def pack_seen(seen: Seen) -> bytes:
    """What was seen as a content."""
    return f"{seen.after}\n".encode() + seen.lines


def unpack_seen(digest: str, content: bytes) -> Seen:
    """The same back.

    Args:
        digest: The last part of its name: sha256 of its content.
        content: Of the object.

    Raises:
        Broken: It is none.
    """
    if seen_digest(content) != digest:
        raise Broken("its digest is not its name")
    after, _, lines = content.partition(b"\n")
    if not _DIGEST.fullmatch(told := after.decode("latin-1")):
        raise Broken("it does not say what was seen before")
    return Seen(after=told, lines=lines)


def seen_digest(content: bytes) -> str:
    """What an object of that kind is called by."""
    return hashlib.sha256(content).hexdigest()


def _digest(name: str, content: bytes) -> str:
    digest = hashlib.sha256(f"{name}\n".encode())
    digest.update(content)
    return digest.hexdigest()
