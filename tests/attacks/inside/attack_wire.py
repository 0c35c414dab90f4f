"""Payloads that speak for the worker: they find the inherited socket and forge, flood, repeat, delay and starve."""

# Payloads and their judges mean system calls, not paths.
# ruff: noqa: PTH115

from __future__ import annotations

import array
import json
import os
import pickle
import socket
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

PREFIX = struct.Struct(">4sBIQ")
LOADED, SPOKEN, DONE, FAILED = 2, 3, 4, 5


def frame(kind: int, content: object, payload: bytes = b"") -> bytes:
    header = content if isinstance(content, bytes) else json.dumps(content).encode()
    return PREFIX.pack(b"SCK1", kind, len(header), len(payload)) + header + payload


def wires() -> list[int]:
    """Every open socket: one of them is the conversation."""
    found = []
    for number in range(3, 256):
        try:
            is_socket = os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except OSError:
            try:
                socket.socket(fileno=os.dup(number)).close()
                is_socket = True
            except OSError:
                continue
        if is_socket:
            found.append(number)
    return found


def say(content: bytes) -> None:
    for number in wires():
        try:
            os.write(number, content)
        except OSError:
            continue


def asked() -> int:
    """The number of the batch that is being spoken: it stands in the frame of the code that asked for it."""
    frame = sys._getframe()
    while frame := frame.f_back:
        if hasattr(order := frame.f_locals.get("order"), "batch"):
            return int(order.batch)
    return 1


def spoken(index: int, samples: int, *, batch: int = 0, rate: int = 16_000) -> dict[str, int]:
    return {
        "batch": batch or asked(),
        "index": index,
        "sample_rate": rate,
        "samples": samples,
        "frames": 1,
        "tokens": 1,
    }


def pickled(engine: Any, world: dict[str, Any]) -> None:
    """A pickle that would write a file, were it ever loaded."""

    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
            return Path.write_text, (Path(world["target"]), "unpickled")

    say(pickle.dumps(Bomb()))


def pickled_header(engine: Any, world: dict[str, Any]) -> None:
    """The same in a frame of the right shape."""

    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
            return Path.write_text, (Path(world["target"]), "unpickled")

    say(frame(DONE, pickle.dumps(Bomb())))


def huge_announced(engine: Any, world: dict[str, Any]) -> None:
    """A terabyte, of which nothing comes."""
    say(PREFIX.pack(b"SCK1", SPOKEN, 64, 1 << 40))
    time.sleep(60)


def huge_header(engine: Any, world: dict[str, Any]) -> None:
    say(PREFIX.pack(b"SCK1", DONE, (1 << 32) - 1, 0) + b"{" * 4096)
    time.sleep(60)


def deep_header(engine: Any, world: dict[str, Any]) -> None:
    """Nesting that overruns a recursive parser."""
    say(frame(LOADED, b'{"name":' + b"[" * 200_000))


def not_numbers(engine: Any, world: dict[str, Any]) -> None:
    engine.samples = np.full(4000, np.nan, np.float32)


def infinite(engine: Any, world: dict[str, Any]) -> None:
    engine.samples = np.array([np.inf, -np.inf, 3e38, 1e-45] * 1000, np.float32)


def endless_speech(engine: Any, world: dict[str, Any]) -> None:
    """Two minutes for a word."""
    engine.samples = np.zeros(120 * 16_000, np.float32)


def other_rate(engine: Any, world: dict[str, Any]) -> None:
    """Another sample rate than was announced."""
    engine.rate = 48_000


def doubled(engine: Any, world: dict[str, Any]) -> None:
    """One item answered twice: which one is judged?"""
    audio = np.zeros(64, np.float32).tobytes()
    say(frame(SPOKEN, spoken(0, 64), audio) * 2)


def forged_done(engine: Any, world: dict[str, Any]) -> None:
    """Finished before anything was said."""
    say(frame(DONE, {"batch": asked()}))


def late(engine: Any, world: dict[str, Any]) -> None:
    """An answer to a question of long ago."""
    audio = np.zeros(64, np.float32).tobytes()
    say(frame(SPOKEN, spoken(0, 64, batch=asked() - 1), audio))


def early(engine: Any, world: dict[str, Any]) -> None:
    """All of this batch, and of the next one, which nobody has asked for."""
    audio, batch = np.zeros(64, np.float32).tobytes(), asked()
    for number in (batch, batch + 1):
        frames = [frame(SPOKEN, spoken(index, 64, batch=number), audio) for index in range(4)]
        say(b"".join(frames) + frame(DONE, {"batch": number}))


def unasked(engine: Any, world: dict[str, Any]) -> None:
    """An item that nobody asked for."""
    say(frame(SPOKEN, spoken(200, 64), np.zeros(64, np.float32).tobytes()))


def loaded_again(engine: Any, world: dict[str, Any]) -> None:
    say(frame(LOADED, {"name": "trusted", "sample_rate": 16000, "versions": {}}))


def from_a_thread(engine: Any, world: dict[str, Any]) -> None:
    """Bytes from a second thread in the middle of the first one's reply."""

    def shout() -> None:
        for _ in range(200):
            say(b"\0\1\2\3")
            time.sleep(0.002)

    threading.Thread(target=shout, daemon=True).start()
    time.sleep(0.2)


def drip(engine: Any, world: dict[str, Any]) -> None:
    """A frame, byte by byte, so that every single read succeeds in time."""
    for byte in frame(FAILED, {"batch": asked(), "index": -1, "kind": "x", "message": "y" * 600}):
        say(bytes([byte]))
        time.sleep(0.1)


def flood(engine: Any, world: dict[str, Any]) -> None:
    """Valid frames without end: a harness that keeps them all runs out of memory."""
    audio = np.zeros(16_000, np.float32).tobytes()
    end = time.monotonic() + 10
    content = frame(SPOKEN, spoken(0, 16_000), audio)
    while time.monotonic() < end:
        say(content)


def pass_descriptor(engine: Any, world: dict[str, Any]) -> None:
    """Open files handed over with a reply: they stay open in whoever takes them."""
    number = os.open(engine.model / "attack.json", os.O_RDONLY)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [number] * 64))]
    for wire in wires():
        with socket.socket(fileno=os.dup(wire)) as sock:
            sock.sendmsg([frame(DONE, {"batch": 7})], rights)


def hang_up(engine: Any, world: dict[str, Any]) -> None:
    """Close the conversation and live on."""
    for number in wires():
        os.close(number)
    time.sleep(60)


def steal_wire(engine: Any, world: dict[str, Any]) -> None:
    """The conversation moved away from under the trusted code, and answered by the payload."""
    for number in wires():
        kept = os.dup(number)
        ours, theirs = socket.socketpair()
        os.dup2(theirs.detach(), number)
        engine.kept = ours
        audio = np.zeros(64, np.float32).tobytes()
        os.write(kept, frame(SPOKEN, spoken(0, 64), audio) + frame(DONE, {"batch": asked()}))


def terminal_escapes(engine: Any, world: dict[str, Any]) -> None:
    """A failure whose text would repaint a terminal and forge a line of a report."""
    engine.error = "\x1b[2J\x1b]52;c;b3duZWQ=\x07\r\nPASSED \u202eevil\x00"
