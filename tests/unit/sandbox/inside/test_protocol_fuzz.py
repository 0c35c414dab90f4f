"""The reader of a worker's words against arbitrary bytes: its own errors only, in bounded time and memory."""

from __future__ import annotations

import importlib.util
import itertools
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.sandbox.inside.protocol import (
    KINDS,
    MAGIC,
    MAX_HEADER_BYTES,
    PREFIX,
    Channel,
    Done,
    Failed,
    Loaded,
    Message,
    ProtocolError,
    Spoken,
    TooLong,
)

ROOT = Path(__file__).parents[4]
CAP = 1 << 16
QUICK = settings(max_examples=200, deadline=None)
STALL = 30.0
"""Seconds for which a busy machine may stop a test; whoever misses a deadline waits for ever."""


def heard(data: bytes, *, cap: int = CAP, seconds: float = 2.0) -> list[tuple[Message, bytes]]:
    """Everything that is accepted of `data` before the first error or the end."""
    ours, theirs = socket.socketpair()
    found: list[tuple[Message, bytes]] = []
    with ours, theirs:
        theirs.setblocking(False)
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        channel = Channel(ours)
        deadline = time.monotonic() + seconds
        try:
            while True:
                found.append(channel.receive(deadline=deadline, max_payload=cap))
        except (EOFError, ProtocolError):
            return found


def framed(kind: int, header: bytes, payload: bytes = b"") -> bytes:
    return PREFIX.pack(MAGIC, kind, len(header), len(payload)) + header + payload


counts = st.integers(0, 1 << 40)
spoken = st.integers(0, 60).map(
    lambda samples: (
        Spoken(batch=1, index=0, sample_rate=16_000, samples=samples, frames=1, tokens=1),
        b"\x01" * 4 * samples,
    )
)
silent = st.one_of(
    st.builds(Done, batch=counts),
    st.builds(
        Failed, batch=counts, index=st.integers(-1, 255), kind=st.text(max_size=50), message=st.text(max_size=99)
    ),
    st.builds(
        Loaded,
        name=st.text(max_size=50),
        sample_rate=st.integers(4000, 192_000),
        versions=st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=4),
    ),
).map(lambda message: (message, b""))
honest = st.one_of(spoken, silent)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def frame_of(said: tuple[Message, bytes]) -> bytes:
    message, payload = said
    return framed(KINDS.index(type(message)), msgspec.json.encode(message), payload)


class TestArbitraryBytes:
    @given(st.binary(max_size=4096))
    @QUICK
    def test_raise_nothing_but_the_protocols_own_errors(self, data: bytes) -> None:
        heard(data)

    @given(st.binary(max_size=2048))
    @QUICK
    def test_behind_the_right_magic_neither(self, data: bytes) -> None:
        heard(MAGIC + data)

    @given(st.integers(0, len(KINDS) + 2), st.binary(max_size=512), st.binary(max_size=64))
    @QUICK
    def test_in_a_whole_frame_neither(self, kind: int, header: bytes, payload: bytes) -> None:
        heard(framed(kind, header, payload))

    @given(st.integers(0, len(KINDS) - 1), json_values)
    @QUICK
    def test_as_json_of_another_shape_neither(self, kind: int, value: object) -> None:
        heard(framed(kind, msgspec.json.encode(value)))

    @given(st.lists(honest, max_size=5), st.data())
    @QUICK
    def test_changed_in_one_place_are_refused_or_another_message_of_the_same_bounds(
        self, said: list[tuple[Message, bytes]], data: st.DataObject
    ) -> None:
        content = bytearray(b"".join(map(frame_of, said)))
        if content:
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] = data.draw(st.integers(0, 255))
        for message, payload in heard(bytes(content)):
            assert len(payload) == (4 * message.samples if isinstance(message, Spoken) else 0)
            assert len(payload) <= CAP

    @given(st.lists(honest, max_size=5))
    @QUICK
    def test_that_are_honest_arrive_as_they_were(self, said: list[tuple[Message, bytes]]) -> None:
        assert heard(b"".join(map(frame_of, said))) == said

    @given(st.lists(honest, min_size=1, max_size=3), st.data())
    @QUICK
    def test_cut_short_end_with_the_end_of_the_stream(
        self, said: list[tuple[Message, bytes]], data: st.DataObject
    ) -> None:
        content = b"".join(map(frame_of, said))
        kept = data.draw(st.integers(0, len(content) - 1))
        assert heard(content[:kept]) == said[: len(heard(content[:kept]))]
        assert len(heard(content[:kept])) < len(said)


class TestBounds:
    @pytest.mark.parametrize("header_bytes", [MAX_HEADER_BYTES + 1, 1 << 31, (1 << 32) - 1])
    @pytest.mark.parametrize("payload_bytes", [0, 1 << 40, (1 << 64) - 1])
    def test_announced_lengths_above_the_caps_cost_nothing(self, header_bytes: int, payload_bytes: int) -> None:
        tracemalloc.start()
        try:
            assert heard(PREFIX.pack(MAGIC, 3, header_bytes, payload_bytes) + b"x" * 100) == []
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 4 << 20

    @given(st.integers(0, (1 << 64) - 1))
    @QUICK
    def test_no_payload_above_its_cap_is_waited_for(self, payload_bytes: int) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(PREFIX.pack(MAGIC, 3, 2, payload_bytes) + b"{}")
            if payload_bytes > CAP:
                with pytest.raises(TooLong):
                    Channel(ours).receive(deadline=time.monotonic() + 2, max_payload=CAP)
            else:
                with pytest.raises(ProtocolError):
                    Channel(ours).receive(deadline=time.monotonic() + 2, max_payload=CAP)

    def test_a_length_that_is_allowed_allocates_only_what_arrives(self) -> None:
        header = msgspec.json.encode(Spoken(batch=1, index=0, sample_rate=16_000, samples=1 << 24, frames=1, tokens=1))
        tracemalloc.start()
        try:
            assert heard(PREFIX.pack(MAGIC, 3, len(header), 4 << 24) + header + b"x" * 100, cap=1 << 28) == []
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 8 << 20

    @pytest.mark.parametrize("said", [b"", MAGIC, PREFIX.pack(MAGIC, 4, 11, 0), PREFIX.pack(MAGIC, 4, 11, 0) + b'{"ba'])
    def test_silence_ends_at_the_deadline(self, said: bytes) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(said)
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                Channel(ours).receive(deadline=started + 0.05)
            assert time.monotonic() - started < STALL

    def test_a_byte_now_and_then_does_not_move_the_deadline(self) -> None:
        ours, theirs = socket.socketpair()
        is_over = threading.Event()

        def drip() -> None:
            for byte in itertools.cycle(frame_of((Done(batch=1), b""))):
                if is_over.wait(0.01):
                    return
                theirs.sendall(bytes([byte]))

        with ours, theirs:
            thread = threading.Thread(target=drip)
            thread.start()
            started = time.monotonic()
            try:
                with pytest.raises(TimeoutError):
                    Channel(ours).receive(deadline=started + 0.1)
            finally:
                is_over.set()
                thread.join()
            assert time.monotonic() - started < STALL


class TestFuzzTarget:
    """``make fuzz-protocol`` for minutes at a time; here that it would notice."""

    def target(self):
        spec = importlib.util.spec_from_file_location("fuzz_protocol", ROOT / "fuzz/protocol.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def test_starts_from_conversations_that_the_reader_accepts(self) -> None:
        target = self.target()
        assert [target.read_all(target.shaped(seed)) for seed in target.seeds()] == [*[1] * 6, 6, *[0] * 3, *[1] * 6]

    def test_notices_an_error_that_is_not_the_protocols(self, monkeypatch: pytest.MonkeyPatch) -> None:
        target = self.target()

        def broken(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(Channel, "_exactly", broken)
        with pytest.raises(ZeroDivisionError):
            target.read_all(b"anything")

    def test_without_atheris_says_so_and_succeeds(self) -> None:
        code = (
            "import sys, runpy; sys.modules['atheris'] = None; runpy.run_path('fuzz/protocol.py', run_name='__main__')"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")
        assert "skipped, atheris is not installed" in done.stderr
