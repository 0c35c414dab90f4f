"""What an object of a shared store holds, as bytes and back: sealed, so that one that was changed or cut shows.

A digest over name and content stands before the content. Without a key it shows accidents: whoever may write to the
store may seal what he likes. With one (HMAC-SHA256, RFC 2104) only who has it can. Reads and writes no file.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

import msgspec

from harness.core.types import Rendering, Take

VERSION: Final = 1
"""Of the objects of a shared store; one of another version is left aside, as a broken one is."""
MOST_AUDIO: Final = 256 << 20
MOST_RECORD: Final = 16 << 20
MOST_EVENTS: Final = 2 << 20
MOST_BYTES: Final = {
    "renderings": MOST_AUDIO + MOST_RECORD,
    "takes": MOST_RECORD,
    "behaviour": MOST_EVENTS,
}
"""Of an object, by its kind."""
NONE: Final = "0" * 64
"""Stands for no object."""
_HEAD: Final = f"soundcheck {VERSION} "
_KEYED: Final = f"soundcheck {VERSION} keyed "
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)


class Broken(ValueError):
    """An object is not what its name and its seal say."""


class OtherSeal(ValueError):
    """An object is sealed with a key and there is none, or the other way round: machines are set up differently."""


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


def seal(name: str, content: bytes, key: bytes = b"") -> bytes:
    """Content with its digest before it, or with one that only whoever has a key can make.

    Args:
        name: Of the object.
        content: What it holds.
        key: A secret of all machines; empty for none.
    """
    return f"{_KEYED if key else _HEAD}{_digest(name, content, key)}\n".encode() + content


def unsealed(name: str, data: bytes, key: bytes = b"") -> bytes:
    """The content of a sealed object.

    Args:
        name: Of the object.
        data: All of it.
        key: What it has to be sealed with; empty for no key.

    Raises:
        OtherSeal: It is sealed with a key and there is none, or the other way round.
        Broken: Its seal is not that of this name and content.
    """
    head, _, content = data.partition(b"\n")
    expected = seal(name, content, key).partition(b"\n")[0]
    if hmac.compare_digest(head, expected):
        return content
    for start, has_key in ((_HEAD, False), (_KEYED, True)):
        if has_key != bool(key) and re.fullmatch(start.encode() + b"[0-9a-f]{64}", head):
            raise OtherSeal("is sealed with a key" if has_key else "is sealed without a key")
    raise Broken("its digest is not that of its content")


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


def _digest(name: str, content: bytes, key: bytes) -> str:
    start = f"{name}\n".encode()
    digest = hmac.new(key, start, "sha256") if key else hashlib.sha256(start)
    digest.update(content)
    return digest.hexdigest()
