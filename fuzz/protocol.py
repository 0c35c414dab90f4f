"""Coverage-guided fuzzing of the reader that takes a worker's words: ``make fuzz-protocol SECONDS=600``.

Each input is what a hostile worker might write into the socket. Only the protocol's own errors may come out, within
the deadline, and never with more memory than arrived. Needs atheris, which is no dependency of the project: where it
is not installed, this says so and ends well.
"""

from __future__ import annotations

import importlib
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

MAX_INPUT_BYTES = 1 << 16
"""Below what a socket buffers: writing never waits for the reader."""


def read_all(data: bytes) -> int:
    """Read everything that `data` holds as the harness would.

    Returns:
        Messages that were accepted.

    Raises:
        AssertionError: The reader took too long, or returned what it must not.
    """
    from harness.sandbox.inside.protocol import Channel, ProtocolError, Spoken

    ours, theirs = socket.socketpair()
    accepted = 0
    started = time.monotonic()
    with ours, theirs:
        theirs.sendall(data[:MAX_INPUT_BYTES])
        theirs.shutdown(socket.SHUT_WR)
        channel = Channel(ours)
        try:
            while True:
                message, payload = channel.receive(deadline=started + 1, max_payload=1 << 20)
                assert not payload or isinstance(message, Spoken), "payload with a message that has none"
                assert len(payload) <= 1 << 20, "a payload above its cap"
                accepted += 1
        except (EOFError, ProtocolError, TimeoutError):
            pass
    assert time.monotonic() - started < 5, "the reader outlived its deadline"
    return accepted


def shaped(data: bytes) -> bytes:
    """Input as it is, or, where it starts with ``F``, cut into frames with honest lengths.

    Raw bytes seldom get past the lengths; frames reach the schemas behind them. Each frame takes a byte of kind,
    two of header length and one of payload length.
    """
    from harness.sandbox.inside.protocol import MAGIC, PREFIX

    if data[:1] != b"F":
        return data
    frames, at = [], 1
    while at + 4 <= len(data):
        kind, header_bytes, payload_bytes = data[at], int.from_bytes(data[at + 1 : at + 3], "big") % 2048, data[at + 3]
        header = data[at + 4 : at + 4 + header_bytes]
        at += 4 + len(header)
        payload = data[at : at + payload_bytes]
        at += len(payload)
        frames.append(PREFIX.pack(MAGIC, kind % 12, len(header), len(payload)) + header + payload)
    return b"".join(frames)


def seeds() -> list[bytes]:
    """Honest conversations and near misses, for the fuzzer to start from."""
    import msgspec

    from harness.sandbox.inside.protocol import KINDS, MAGIC, PREFIX, Done, Failed, Figures, Loaded, Prepared, Spoken

    honest = [
        (Prepared(), b""),
        (Loaded(name="coqui", sample_rate=22_050, versions={"torch": "2.11"}), b""),
        (Spoken(batch=1, index=0, sample_rate=16_000, samples=4, frames=1, tokens=3), b"\0" * 16),
        (Done(batch=1), b""),
        (Figures(batch=1, lengths=[3, 0]), b""),
        (Failed(batch=0, index=-1, kind="RuntimeError", message="no"), b""),
    ]
    frames = []
    for message, payload in honest:
        header = msgspec.json.encode(message)
        frames.append(PREFIX.pack(MAGIC, KINDS.index(type(message)), len(header), len(payload)) + header + payload)
    return [
        *frames,
        b"".join(frames),
        PREFIX.pack(MAGIC, 3, 60, 1 << 40),
        b"\x80\x04\x95",
        MAGIC,
        *map(unshaped, honest),
    ]


def unshaped(said: tuple[Any, bytes]) -> bytes:
    """The input that :func:`shaped` makes this frame of."""
    import msgspec

    from harness.sandbox.inside.protocol import KINDS

    message, payload = said
    header = msgspec.json.encode(message)
    return (
        b"F"
        + bytes([KINDS.index(type(message))])
        + len(header).to_bytes(2, "big")
        + bytes([len(payload)])
        + header
        + payload
    )


def main() -> int:
    """Fuzz; libFuzzer's own options are taken from the command line.

    Returns:
        0 where atheris is absent. Otherwise libFuzzer ends the process, with 0 where nothing was found.
    """
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        print("fuzz-protocol: skipped, atheris is not installed (pip install atheris)", file=sys.stderr)
        return 0
    corpus = Path(os.environ.get("FUZZ_CORPUS", ROOT / ".soundcheck/fuzz/protocol"))
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    # The reader is pure Python over msgspec: what it branches on is seen only if it is instrumented.
    import harness.sandbox.inside.protocol

    for name in ("receive", "_exactly", "_arm"):
        method = getattr(harness.sandbox.inside.protocol.Channel, name)
        setattr(harness.sandbox.inside.protocol.Channel, name, atheris.instrument_func(method))
    options = [*sys.argv, f"-max_len={MAX_INPUT_BYTES}", "-timeout=10", "-rss_limit_mb=1024"]
    options += [f"-artifact_prefix={corpus.parent}/protocol-", str(corpus)]
    atheris.Setup(options, lambda data: read_all(shaped(data)) and None)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
