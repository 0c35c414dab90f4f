"""Writes pickle streams operation by operation, and zip archives field by field, so that every lie can be told."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

MARK, STOP, REDUCE, TUPLE, EMPTY_TUPLE, EMPTY_DICT, EMPTY_LIST = b"(", b".", b"R", b"t", b")", b"}", b"]"
TUPLE1, TUPLE2, TUPLE3, BUILD, POP, DUP, NONE, STACK_GLOBAL = b"\x85", b"\x86", b"\x87", b"b", b"0", b"2", b"N", b"\x93"
NEWOBJ, NEWOBJ_EX, OBJ, MEMOIZE, SETITEM, SETITEMS, APPENDS, BINPERSID = (
    b"\x81",
    b"\x92",
    b"o",
    b"\x94",
    b"s",
    b"u",
    b"e",
    b"Q",
)


def proto(number: int) -> bytes:
    return bytes((0x80, number))


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def put(index: int) -> bytes:
    return b"r" + struct.pack("<I", index)


def get(index: int) -> bytes:
    return b"j" + struct.pack("<I", index)


def call(module: str, name: str, *arguments: bytes) -> bytes:
    return named(module, name) + MARK + b"".join(arguments) + TUPLE + REDUCE


def stream(body: bytes, protocol: int = 2) -> bytes:
    return proto(protocol) + body + STOP


def storage(key: str, count: int, kind: str = "FloatStorage", location: str = "cpu") -> bytes:
    inside = text("storage") + named("torch", kind) + text(key) + text(location) + number(count)
    return MARK + inside + TUPLE + BINPERSID


def tensor(
    key: str,
    count: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *,
    offset: int = 0,
    kind: str = "FloatStorage",
) -> bytes:
    def ints(values: tuple[int, ...]) -> bytes:
        return MARK + b"".join(number(value) for value in values) + TUPLE

    return call(
        "torch._utils",
        "_rebuild_tensor_v2",
        storage(key, count, kind),
        number(offset),
        ints(shape),
        ints(strides),
        b"\x89",
        call("collections", "OrderedDict"),
    )


def state_dict(*entries: tuple[str, bytes]) -> bytes:
    return EMPTY_DICT + MARK + b"".join(text(name) + value for name, value in entries) + SETITEMS


@dataclass
class Member:
    """One member, with every header field to be overridden."""

    name: str
    data: bytes
    method: int = 0
    flags: int = 0
    central_flags: int | None = None
    local_name: str | None = None
    crc: int | None = None
    local_crc: int | None = None
    size: int | None = None
    local_size: int | None = None
    packed: bytes | None = None
    before: bytes = b""
    header: int | None = None
    extra: bytes = b""
    comment: bytes = b""

    def bytes_in_file(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method == 8:
            deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
            return deflater.compress(self.data) + deflater.flush()
        return self.data


def archive(
    *members: Member, before: bytes = b"", after: bytes = b"", comment: bytes = b"", count: int | None = None
) -> bytes:
    out = bytearray(before)
    central = bytearray()
    for one in members:
        out += one.before
        at = len(out) if one.header is None else one.header
        packed = one.bytes_in_file()
        crc = zlib.crc32(one.data) if one.crc is None else one.crc
        size = len(one.data) if one.size is None else one.size
        local_name = (one.name if one.local_name is None else one.local_name).encode("utf-8", "surrogateescape")
        name = one.name.encode("utf-8", "surrogateescape")
        if one.header is None:
            out += struct.pack(
                "<4s5H3L2H",
                b"PK\x03\x04",
                20,
                one.flags,
                one.method,
                0,
                0x21,
                crc if one.local_crc is None else one.local_crc,
                len(packed),
                size if one.local_size is None else one.local_size,
                len(local_name),
                len(one.extra),
            )
            out += local_name + one.extra + packed
        flags = one.flags if one.central_flags is None else one.central_flags
        central += struct.pack(
            "<4s6H3L5H2L",
            b"PK\x01\x02",
            20,
            20,
            flags,
            one.method,
            0,
            0x21,
            crc,
            len(packed),
            size,
            len(name),
            len(one.extra),
            len(one.comment),
            0,
            0,
            0,
            at,
        )
        central += name + one.extra + one.comment
    start = len(out)
    many = len(members) if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, many, many, len(central), start, len(comment))
    return bytes(out + central + end + comment + after)


def torch_members(pickle: bytes, *storages: bytes, top: str = "archive") -> list[Member]:
    return [
        Member(f"{top}/data.pkl", pickle),
        Member(f"{top}/byteorder", b"little"),
        *(Member(f"{top}/data/{key}", data) for key, data in enumerate(storages)),
        Member(f"{top}/version", b"3\n"),
    ]


def torch_archive(pickle: bytes, *storages: bytes) -> bytes:
    return archive(*torch_members(pickle, *storages))


def legacy(
    body: bytes,
    *storages: tuple[str, bytes],
    system: bytes = b"}",
    keys: bytes | None = None,
    after: bytes = b"",
    width: int = 4,
) -> bytes:
    """torch's format of before 1.6: magic number, protocol, system, object, keys, storages."""
    magic = (0x1950A86A20F9469CFC6C).to_bytes(10, "little")
    out = stream(b"\x8a\x0a" + magic) + stream(b"M\xe9\x03") + stream(system) + stream(body)
    names = EMPTY_LIST + MARK + b"".join(text(key) for key, _ in storages) + APPENDS
    out += stream(names if keys is None else keys)
    for _, data in storages:
        out += struct.pack("<q", len(data) // width) + data
    return out + after
