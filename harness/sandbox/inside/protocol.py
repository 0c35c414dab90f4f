"""The words between harness and worker: framed messages over a socket, length-limited, schema-checked, never pickled.

A frame is a fixed prefix (magic, kind, header length, payload length), a JSON header of exactly the fields that its
kind allows, and for speech a payload of raw little-endian float32 samples; so have figures of what is only read.
Lengths are checked against caps before anything is allocated. Both sides use this module; only the harness side must
survive a liar, and whatever breaks a rule here raises :class:`ProtocolError`, which is evidence about the candidate.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from harness.core.latents import MAX_IDS

MAGIC = b"SCK1"
PREFIX = struct.Struct(">4sBIQ")
MAX_HEADER_BYTES = 1 << 20
MAX_RECORDING_BYTES = 32 << 20
"""A minute in one channel of 16 bits at 192 kHz is 22 MiB."""
MAX_PAYLOAD_BYTES = 256 << 20
"""About 50 minutes at 22,050 Hz: far beyond any deadline, far below memory."""

Count = Annotated[int, Meta(ge=0, le=1 << 40)]
Short = Annotated[str, Meta(max_length=200)]
Line = Annotated[str, Meta(max_length=2000)]


class ProtocolError(Exception):
    """The other side broke the protocol. The message says which rule, with expected and got."""


class TooLong(ProtocolError):
    """Speech was announced that is longer than any honest rendering of that text."""


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all messages: exactly the declared fields, no others."""


class Choice(_Message, frozen=True, kw_only=True):
    """Part of :class:`Load`: see :class:`harness.core.voice.Voice`."""

    checkpoint: Line
    speaker: Line
    language: Short


class Prepare(_Message, frozen=True, kw_only=True):
    """Harness to worker: import this engine and what it needs, and close the walls. Which model it is comes later."""

    engine: Short
    """``module:class`` of the adapter."""
    preloads: Annotated[list[Short], Meta(max_length=64)] = []
    """``module`` or ``module:function``, which is called."""
    device: Short
    threads: Annotated[int, Meta(ge=1, le=1024)]


class Prepared(_Message, frozen=True, kw_only=True):
    """Worker to harness: done. Whatever fails before this word is the harness's own trouble: no model was named yet."""


class Load(_Message, frozen=True, kw_only=True):
    """Harness to worker: load this model. The payload is a WAV file that its speaker is cloned from, where one is."""

    model: Line
    voice: Choice | None = None
    """Who of it speaks; None for an engine whose models have one voice."""
    is_untrained: bool = False
    """Build what its configuration says, and load no weights of it."""
    is_bare: bool = False
    """Open nothing else of it but configurations either: no vocoder's weights, no file that they name."""
    vocoder: Line = ""
    """Folder of its vocoder, as the worker sees it; ``""`` for the model's own."""


class Item(_Message, frozen=True, kw_only=True):
    """One text to speak with its own seed."""

    text: Annotated[str, Meta(max_length=20_000)]
    seed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


class Render(_Message, frozen=True, kw_only=True):
    """Harness to worker: speak these, in any order, then say :class:`Done`."""

    batch: Count
    items: Annotated[list[Item], Meta(min_length=1, max_length=256)]
    speaker: Line = ""
    """Who says them, where several speakers of the model do; ``""`` for the one it was loaded with."""


class Unsaid(_Message, frozen=True, kw_only=True):
    """One text that is only read, or input ids in its place; see :class:`harness.core.latents.Unspoken`."""

    text: Line = ""
    ids: Annotated[list[Annotated[int, Meta(ge=0, le=1 << 20)]], Meta(max_length=MAX_IDS)] = []
    seed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] = 0


class Read(_Message, frozen=True, kw_only=True):
    """Harness to worker: make of these, in order, what you would before any sound; the answer is :class:`Figures`."""

    batch: Count
    items: Annotated[list[Unsaid], Meta(min_length=1, max_length=256)]
    is_still: bool = False
    """Without noise in the durations: then a text's figures depend on nothing but the text."""
    speaker: Line = ""
    """As in :class:`Render`."""


class Loaded(_Message, frozen=True, kw_only=True):
    """Worker to harness: the model is loaded."""

    name: Short
    sample_rate: Annotated[int, Meta(ge=4000, le=192_000)]
    versions: Annotated[dict[Short, Short], Meta(max_length=32)]


class Spoken(_Message, frozen=True, kw_only=True):
    """Worker to harness: audio of one item, `samples` float32 values in the payload."""

    batch: Count
    index: Annotated[int, Meta(ge=0, le=255)]
    sample_rate: Annotated[int, Meta(ge=4000, le=192_000)]
    samples: Count
    frames: Count
    tokens: Count


class Figures(_Message, frozen=True, kw_only=True):
    """Worker to harness: what it makes of a batch, in a payload as :mod:`harness.core.latents` packs it."""

    batch: Count
    lengths: Annotated[list[Annotated[int, Meta(ge=0, le=MAX_IDS)]], Meta(max_length=256)]
    """Input ids of each text."""


class Done(_Message, frozen=True, kw_only=True):
    """Worker to harness: every item of the batch was answered."""

    batch: Count


class Failed(_Message, frozen=True, kw_only=True):
    """Worker to harness: preparing, loading or one item raised. ``index`` is -1 before there are items."""

    batch: Count
    index: Annotated[int, Meta(ge=-1, le=255)]
    kind: Short
    message: Line


Message: TypeAlias = Load | Render | Loaded | Spoken | Done | Failed | Prepare | Prepared | Read | Figures
KINDS: tuple[type[Message], ...] = (
    Load, Render, Loaded, Spoken, Done, Failed, Prepare, Prepared, Read, Figures,
)  # fmt: skip
_DECODERS = tuple(msgspec.json.Decoder(kind) for kind in KINDS)


Deadline: TypeAlias = float | Callable[[], float] | None
"""`time.monotonic` value after which :class:`TimeoutError` is raised, or what tells it anew when it has passed; None
waits for ever."""


class Channel:
    """One end of the conversation: whole messages in, whole messages out."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send(self, message: Message, payload: bytes | memoryview = b"", *, deadline: Deadline = None) -> None:
        """Send one message.

        Args:
            message: What to say.
            payload: Raw bytes that follow the header.
            deadline: When to stop waiting.

        Raises:
            ConnectionError: The other side is gone.
            TimeoutError: The other side does not read.
        """
        header = msgspec.json.encode(message)
        kind = KINDS.index(type(message))
        self._arm(deadline)
        self._sock.sendall(PREFIX.pack(MAGIC, kind, len(header), len(payload)) + header)
        if len(payload):
            self._arm(deadline)
            self._sock.sendall(payload)

    def receive(
        self, *, deadline: Deadline = None, max_payload: int = 0, carrier: type[Message] = Spoken
    ) -> tuple[Message, bytes]:
        """Wait for one message.

        Args:
            deadline: When to stop waiting.
            max_payload: Largest payload in bytes that is acceptable now.
            carrier: The one kind of message that may have a payload: :class:`Load` on the worker's side, and
                :class:`Figures` where a batch is only read.

        Returns:
            The message, and its payload (``b""`` for all but the carrier).

        Raises:
            ProtocolError: Bytes that are no acceptable message (:class:`TooLong`: more speech than `max_payload`).
            EOFError: The other side closed the connection.
            TimeoutError: The deadline passed.
        """
        magic, kind, header_bytes, payload_bytes = PREFIX.unpack(self._exactly(PREFIX.size, deadline))
        if magic != MAGIC:
            raise ProtocolError(f"expected a frame starting {MAGIC!r}, got {magic!r}")
        if kind >= len(KINDS):
            raise ProtocolError(f"expected a message kind below {len(KINDS)}, got {kind}")
        if header_bytes > MAX_HEADER_BYTES:
            raise ProtocolError(f"expected a header of at most {MAX_HEADER_BYTES} bytes, got {header_bytes}")
        name = KINDS[kind].__name__
        if payload_bytes and KINDS[kind] is not carrier:
            raise ProtocolError(f"expected 0 payload bytes with {name}, got {payload_bytes}")
        if payload_bytes and not max_payload:
            raise ProtocolError(f"expected no speech now, got {payload_bytes} bytes of it")
        cap = min(max_payload, MAX_PAYLOAD_BYTES)
        if payload_bytes > cap:
            raise TooLong(f"expected a payload of at most {cap} bytes, got {payload_bytes}")
        header = self._exactly(header_bytes, deadline)
        try:
            message = _DECODERS[kind].decode(header)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ProtocolError(f"malformed {name} header: {str(error)[:200]}") from None
        if isinstance(message, Spoken) and payload_bytes != 4 * message.samples:
            raise ProtocolError(f"expected {4 * message.samples} payload bytes with {name}, got {payload_bytes}")
        return message, self._exactly(payload_bytes, deadline)

    @property
    def has_unread(self) -> bool:
        """Whether the other side has said something that was not received yet."""
        self._sock.setblocking(False)
        try:
            return bool(self._sock.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def close(self) -> None:
        """Close this end; the other side sees the end of the stream."""
        self._sock.close()

    def _arm(self, deadline: Deadline) -> None:
        if deadline is None:
            self._sock.settimeout(None)
            return
        left = (deadline() if callable(deadline) else deadline) - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)

    def _exactly(self, count: int, deadline: Deadline) -> bytes:
        """Read `count` bytes. Memory grows with what arrives, not with what was announced."""
        chunks: list[bytes] = []
        missing = count
        while missing:
            self._arm(deadline)
            try:
                chunk = self._sock.recv(min(missing, 1 << 20))
            except TimeoutError:
                continue  # whether that was the end is said above
            if not chunk:
                raise EOFError
            chunks.append(chunk)
            missing -= len(chunk)
        return b"".join(chunks)
