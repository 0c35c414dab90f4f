"""What passes between harness and worker, and what a liar may not get through."""

from __future__ import annotations

import json
import socket
import threading
import time
import tracemalloc
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.sandbox.inside.protocol import (
    KINDS,
    MAGIC,
    MAX_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    PREFIX,
    Channel,
    Done,
    Failed,
    Figures,
    Item,
    Load,
    Loaded,
    Message,
    Prepare,
    Prepared,
    ProtocolError,
    Read,
    Render,
    Spoken,
    TooLong,
    Unsaid,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PREPARE = Prepare(engine="fake", device="cpu", threads=2)
PREPARED = Prepared()
LOAD = Load(model="/models/älto")
RENDER = Render(batch=1, items=[Item(text="do not, \u202e\x00 €", seed=(1 << 63) - 1), Item(text="", seed=0)])
LOADED = Loaded(name="fake", sample_rate=16_000, versions={"fake": "1"})
SPOKEN = Spoken(batch=1, index=0, sample_rate=16_000, samples=3, frames=1, tokens=9)
DONE = Done(batch=1)
READ = Read(batch=1, items=[Unsaid(text="do not", seed=7), Unsaid(ids=[1, 0, 5])], is_still=True, speaker="ana")
FIGURES = Figures(batch=1, lengths=[6, 3])
FAILED = Failed(batch=1, index=-1, kind="RuntimeError", message="no")
MESSAGES: tuple[tuple[Message, bytes], ...] = (
    (PREPARE, b""),
    (PREPARED, b""),
    (LOAD, b""),
    (RENDER, b""),
    (LOADED, b""),
    (SPOKEN, b"\0\1\2\3" * 3),
    (DONE, b""),
    (FAILED, b""),
    (READ, b""),
    (FIGURES, b""),
)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end, their end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.settimeout(5)
        yield ours, theirs


def frame(kind: type[Message] | int, header: bytes | object, payload: bytes = b"") -> bytes:
    number = kind if isinstance(kind, int) else KINDS.index(kind)
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return PREFIX.pack(MAGIC, number, len(content), len(payload)) + content + payload


def fields(message: Message, /, **changed: object) -> dict[str, object]:
    content = msgspec.to_builtins(message)
    assert isinstance(content, dict)
    return {**content, **changed}


def soon() -> float:
    return time.monotonic() + 60


def received(data: bytes, *, max_payload: int = 1 << 20) -> tuple[Message, bytes]:
    """What a channel makes of these bytes and the end of the stream."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.settimeout(5)  # beyond the socket's buffer nobody would read
            theirs.sendall(data)
        return Channel(ours).receive(deadline=soon(), max_payload=max_payload)


def refusal(data: bytes, *, max_payload: int = 1 << 20) -> str:
    with pytest.raises(ProtocolError) as caught:
        received(data, max_payload=max_payload)
    return str(caught.value)


class TestRoundTrip:
    @pytest.mark.parametrize(("message", "payload"), MESSAGES, ids=lambda value: type(value).__name__)
    def test_every_message_arrives_as_it_was_sent(
        self, ends: tuple[socket.socket, socket.socket], message: Message, payload: bytes
    ) -> None:
        Channel(ends[0]).send(message, payload, deadline=soon())
        assert Channel(ends[1]).receive(deadline=soon(), max_payload=12) == (message, payload)

    def test_every_kind_is_tried(self) -> None:
        assert {type(message) for message, _ in MESSAGES} == set(KINDS)

    def test_messages_keep_their_order_and_their_borders(self, ends: tuple[socket.socket, socket.socket]) -> None:
        for message, payload in MESSAGES:
            Channel(ends[0]).send(message, payload)
        channel = Channel(ends[1])
        assert [channel.receive(max_payload=12) for _ in MESSAGES] == list(MESSAGES)

    def test_a_message_that_comes_byte_by_byte_is_whole(self, ends: tuple[socket.socket, socket.socket]) -> None:
        data = frame(Spoken, fields(SPOKEN), b"\0\1\2\3" * 3)

        def drip() -> None:
            for place in range(len(data)):
                ends[0].sendall(data[place : place + 1])

        sender = threading.Thread(target=drip)
        sender.start()
        assert Channel(ends[1]).receive(deadline=soon(), max_payload=12) == (SPOKEN, b"\0\1\2\3" * 3)
        sender.join()

    def test_speech_larger_than_any_socket_buffer_arrives(self, ends: tuple[socket.socket, socket.socket]) -> None:
        payload = bytes(range(256)) * (1 << 14)
        message = Spoken(batch=1, index=0, sample_rate=16_000, samples=len(payload) // 4, frames=0, tokens=0)
        sender = threading.Thread(target=Channel(ends[0]).send, args=(message, payload), kwargs={"deadline": soon()})
        sender.start()
        assert Channel(ends[1]).receive(deadline=soon(), max_payload=len(payload)) == (message, payload)
        sender.join()

    def test_figures_have_a_payload_where_they_were_asked_for_and_nowhere_else(
        self, ends: tuple[socket.socket, socket.socket]
    ) -> None:
        Channel(ends[0]).send(FIGURES, b"abcd")
        assert Channel(ends[1]).receive(deadline=soon(), max_payload=4, carrier=Figures) == (FIGURES, b"abcd")
        assert refusal(frame(Figures, fields(FIGURES), b"abcd")) == "expected 0 payload bytes with Figures, got 4"

    def test_speech_of_no_samples_is_speech(self) -> None:
        silent = Spoken(batch=1, index=0, sample_rate=16_000, samples=0, frames=0, tokens=0)
        assert received(frame(Spoken, fields(silent)), max_payload=0) == (silent, b"")


class TestPrefix:
    def test_other_bytes_are_no_frame(self) -> None:
        assert refusal(b"\x80\x04garbage garbage ") == "expected a frame starting b'SCK1', got b'\\x80\\x04ga'"

    def test_an_unknown_kind_is_refused(self) -> None:
        assert refusal(frame(10, {})) == "expected a message kind below 10, got 10"
        assert refusal(frame(255, {})) == "expected a message kind below 10, got 255"

    def test_a_huge_header_is_refused_by_its_announcement(self, ends: tuple[socket.socket, socket.socket]) -> None:
        # Nothing but the prefix is ever sent: a reader that waited for the header would time out instead.
        ends[0].sendall(PREFIX.pack(MAGIC, KINDS.index(Done), (1 << 32) - 1, 0))
        with pytest.raises(ProtocolError, match=f"^expected a header of at most {MAX_HEADER_BYTES} bytes, got 4294"):
            Channel(ends[1]).receive(deadline=soon())

    def test_a_huge_payload_is_refused_by_its_announcement(self, ends: tuple[socket.socket, socket.socket]) -> None:
        ends[0].sendall(PREFIX.pack(MAGIC, KINDS.index(Spoken), 100, (1 << 64) - 1))
        with pytest.raises(TooLong, match=r"^expected a payload of at most 4096 bytes, got 18446744073709551615$"):
            Channel(ends[1]).receive(deadline=soon(), max_payload=4096)

    def test_no_caller_can_lift_the_cap_on_payloads(self, ends: tuple[socket.socket, socket.socket]) -> None:
        ends[0].sendall(PREFIX.pack(MAGIC, KINDS.index(Spoken), 100, MAX_PAYLOAD_BYTES + 1))
        with pytest.raises(TooLong, match=f"at most {MAX_PAYLOAD_BYTES} bytes"):
            Channel(ends[1]).receive(deadline=soon(), max_payload=1 << 62)

    def test_an_announcement_that_is_allowed_costs_no_memory_before_its_bytes_come(self) -> None:
        header = json.dumps(fields(SPOKEN, samples=MAX_PAYLOAD_BYTES // 4)).encode()
        data = PREFIX.pack(MAGIC, KINDS.index(Spoken), len(header), MAX_PAYLOAD_BYTES) + header + b"abcd"
        tracemalloc.start()
        try:
            with pytest.raises(EOFError):
                received(data, max_payload=MAX_PAYLOAD_BYTES)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 8 << 20

    def test_one_byte_of_speech_beyond_what_is_acceptable_is_too_long(self) -> None:
        spoken = frame(Spoken, fields(SPOKEN), b"\0" * 12)
        assert received(spoken, max_payload=12)[0] == SPOKEN
        with pytest.raises(TooLong):
            received(spoken, max_payload=11)

    @pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not Spoken])
    def test_a_payload_where_none_belongs_is_a_lie_not_long_speech(self, kind: type[Message]) -> None:
        message = next(one for one, _ in MESSAGES if type(one) is kind)
        for max_payload in (0, 4, 1 << 20):
            with pytest.raises(ProtocolError) as caught:
                received(frame(kind, fields(message), b"abcd" * 4), max_payload=max_payload)
            assert not isinstance(caught.value, TooLong)
            assert str(caught.value) == f"expected 0 payload bytes with {kind.__name__}, got 16"

    def test_speech_while_none_is_awaited_is_a_lie_not_long_speech(self) -> None:
        with pytest.raises(ProtocolError) as caught:
            received(frame(Spoken, fields(SPOKEN), b"\0" * 12), max_payload=0)
        assert not isinstance(caught.value, TooLong)
        assert str(caught.value) == "expected no speech now, got 12 bytes of it"


class TestHeader:
    @pytest.mark.parametrize(
        "header",
        [
            b"",
            b"not json",
            b"{",
            b'{"batch": 1',
            b'{"batch": 1} {"batch": 1}',
            b"[1]",
            b"null",
            b"1",
            b'{"batch": NaN}',
            b'{"batch": 1e400}',
            b'{"batch": Infinity}',
            b'{"batch": 1.5}',
            b'{"batch": "1"}',
            b'{"batch": true}',
            b'{"batch": null}',
            b'{"batch": -1}',
            b'{"batch": 99999999999999999999}',
            b'{"batch": 1099511627777}',
            b'{"batch": 1, "batch": "x"}',
            b'{"batch": [1]}',
            b'{"Batch": 1}',
            b"{}",
            b'{"batch": 1, "extra": 1}',
            b'{"batch": 1, "__class__": "os.system"}',
            b"[" * 10_000,
            b'{"batch": ' + b"[" * 10_000,
            b'{"batch":' * 10_000,
            b"\xff\xfe\x00",
            b'{"batch": "\xff\xff"}',
            b'{"\xff": 1}',
            b"\0" * 64,
        ],
        ids=lambda header: repr(header[:24]),
    )
    def test_what_is_not_exactly_its_fields_is_refused(self, header: bytes) -> None:
        message = refusal(frame(Done, header))
        assert message.startswith("malformed Done header: ")
        assert len(message) < 300

    @pytest.mark.parametrize(
        ("message", "changed"),
        [
            (LOADED, {"sample_rate": 0}),
            (LOADED, {"sample_rate": 1 << 30}),
            (LOADED, {"name": "x" * 201}),
            (LOADED, {"versions": {str(number): "1" for number in range(33)}}),
            (LOADED, {"versions": {"torch": "x" * 201}}),
            (LOADED, {"versions": {"torch": {"torch": {}}}}),
            (LOADED, {"versions": ["torch"]}),
            (SPOKEN, {"index": -1}),
            (SPOKEN, {"index": 256}),
            (SPOKEN, {"samples": -3}),
            (SPOKEN, {"frames": 1.0e30}),
            (FAILED, {"index": -2}),
            (FAILED, {"message": "x" * 2001}),
            (RENDER, {"items": []}),
            (RENDER, {"items": [{"text": "a", "seed": 0}] * 257}),
            (RENDER, {"items": [{"text": "a", "seed": 1 << 63}]}),
            (RENDER, {"items": [{"text": "a" * 20_001, "seed": 0}]}),
            (PREPARE, {"threads": 0}),
        ],
        ids=lambda value: f"{value}"[:40] if isinstance(value, dict) else type(value).__name__,
    )
    def test_a_field_beyond_its_bounds_is_refused(self, message: Message, changed: dict[str, object]) -> None:
        payload = b"\0" * 12 if message is SPOKEN else b""
        assert received(frame(type(message), fields(message), payload))[0] == message
        refused = refusal(frame(type(message), fields(message, **changed), payload))
        assert refused.startswith(f"malformed {type(message).__name__} header: ")

    def test_a_string_that_is_no_utf_8_is_refused(self) -> None:
        header = b'{"batch":1,"index":0,"kind":"\xff","message":"no"}'
        assert refusal(frame(Failed, header)).startswith("malformed Failed header: ")


class TestPayload:
    @pytest.mark.parametrize("samples", [0, 2, 4, 1 << 40])
    def test_that_disagrees_with_its_samples_is_refused(self, samples: int) -> None:
        data = frame(Spoken, fields(SPOKEN, samples=samples), b"\0" * 12)
        assert refusal(data) == f"expected {4 * samples} payload bytes with Spoken, got 12"

    def test_that_is_no_whole_number_of_samples_is_refused(self) -> None:
        assert refusal(frame(Spoken, fields(SPOKEN), b"\0" * 13)) == "expected 12 payload bytes with Spoken, got 13"


class TestEnd:
    @pytest.mark.parametrize("missing", [1, 5, 12, 13, 40])
    def test_within_a_frame_is_the_end_of_the_stream(self, missing: int) -> None:
        whole = frame(Spoken, fields(SPOKEN), b"\0" * 12)
        with pytest.raises(EOFError):
            received(whole[:-missing])

    def test_before_a_frame_is_the_end_of_the_stream(self) -> None:
        with pytest.raises(EOFError):
            received(b"")

    def test_after_close_the_other_side_sees_it(self, ends: tuple[socket.socket, socket.socket]) -> None:
        Channel(ends[0]).close()
        with pytest.raises(EOFError):
            Channel(ends[1]).receive(deadline=soon())

    def test_sending_to_nobody_is_a_connection_error(self, ends: tuple[socket.socket, socket.socket]) -> None:
        ends[1].close()
        with pytest.raises(ConnectionError):
            Channel(ends[0]).send(DONE, deadline=soon())


class TestDeadline:
    def test_silence_until_it_passes_is_a_timeout(self, ends: tuple[socket.socket, socket.socket]) -> None:
        with pytest.raises(TimeoutError):
            Channel(ends[0]).receive(deadline=time.monotonic() + 0.02)

    def test_that_has_passed_reads_nothing_more(self, ends: tuple[socket.socket, socket.socket]) -> None:
        Channel(ends[1]).send(DONE)
        with pytest.raises(TimeoutError):
            Channel(ends[0]).receive(deadline=time.monotonic() - 1)

    def test_holds_for_the_whole_message_however_it_drips(self, ends: tuple[socket.socket, socket.socket]) -> None:
        data = frame(Failed, fields(FAILED, message="x" * 2000))
        over = threading.Event()

        def drip() -> None:
            for place in range(len(data)):
                if over.wait(0.005):
                    return
                ends[1].sendall(data[place : place + 1])

        sender = threading.Thread(target=drip)
        sender.start()
        try:
            with pytest.raises(TimeoutError):
                Channel(ends[0]).receive(deadline=time.monotonic() + 0.1)
        finally:
            over.set()
            sender.join()

    def test_holds_for_a_reader_who_does_not_read(self, ends: tuple[socket.socket, socket.socket]) -> None:
        payload = bytes(8 << 20)
        spoken = Spoken(batch=1, index=0, sample_rate=16_000, samples=len(payload) // 4, frames=0, tokens=0)
        with pytest.raises(TimeoutError):
            Channel(ends[0]).send(spoken, payload, deadline=time.monotonic() + 0.05)


def nearly(message: Message, payload: bytes) -> st.SearchStrategy[bytes]:
    """A true frame with a few of its bytes replaced: gets further than noise."""
    whole = bytearray(frame(type(message), msgspec.json.encode(message), payload))

    def damaged(spots: list[tuple[int, int]]) -> bytes:
        copy = bytearray(whole)
        for place, value in spots:
            copy[place % len(copy)] = value
        return bytes(copy)

    return st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=4).map(damaged)


class TestAnyBytes:
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.binary(max_size=200)
        | st.builds(frame, st.integers(0, 5), st.binary(max_size=80), st.binary(max_size=20))
        | st.one_of([nearly(message, payload) for message, payload in MESSAGES])
    )
    @example(frame(Failed, b'{"batch":1,"index":0,"kind":"\xff","message":"no"}'))
    def test_give_a_message_or_one_of_three_errors(self, data: bytes) -> None:
        try:
            message, payload = received(data, max_payload=4096)
        except (ProtocolError, EOFError, TimeoutError):
            return
        assert type(message) in KINDS
        assert len(payload) == (4 * message.samples if isinstance(message, Spoken) else 0)
