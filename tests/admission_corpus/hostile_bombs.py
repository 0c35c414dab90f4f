"""Small pickles that stand for more than any loader holds, or that make its tables take for ever."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import Hostile
from tests.admission_corpus.pickle_assembly import call, stream

BOMB = "pickle-bomb"
PRIME = 2**61 - 1
"""Numbers are hashed modulo it."""


def long(value: int) -> bytes:
    """A whole number of any size."""
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8b" + struct.pack("<i", len(data)) + data


def _by_memo(wrap: Callable[[bytes], bytes], levels: int = 40) -> bytes:
    """Each level holds the one before eight times."""
    body = wrap(asm.number(1) * 8) + asm.put(1)
    for _ in range(levels):
        body += asm.POP + wrap(asm.get(1) * 8) + asm.put(1)
    return stream(body, 4)


def _list(items: bytes) -> bytes:
    return asm.EMPTY_LIST + asm.MARK + items + asm.APPENDS


def _dict(items: bytes) -> bytes:
    size = len(items) // 8
    parts = (items[at : at + size] for at in range(0, len(items), size))
    return asm.EMPTY_DICT + asm.MARK + b"".join(asm.number(n) + part for n, part in enumerate(parts)) + asm.SETITEMS


def _filled_later(_: str) -> bytes:
    """From above: each list is held eight times before it gets its items."""
    body = b"".join(asm.EMPTY_LIST + asm.put(level) + asm.POP for level in range(40))
    for level in range(39):
        body += asm.get(level) + asm.MARK + asm.get(level + 1) * 8 + asm.APPENDS + asm.POP
    return stream(body + asm.get(0))


def _flood(keys: Iterator[bytes] | list[bytes]) -> bytes:
    return stream(asm.EMPTY_DICT + asm.MARK + b"".join(key + asm.NONE for key in keys) + asm.SETITEMS)


def copies(value: bytes, times: int) -> bytes:
    """One value that as many byte arrays are made of, each with bytes of its own once it is loaded."""
    return value + asm.put(1) + asm.POP + _list(call("builtins", "bytearray", asm.get(1)) * times)


def _of_one(kind: str) -> bytes:
    """A few megabytes that become gigabytes by calls."""
    data = b"B" + struct.pack("<I", 1 << 20) + bytes(1 << 20)
    dtype = call("numpy", "dtype", asm.text("f4"), asm.number(0), asm.number(1))
    if kind == "codec":
        text = b"X" + struct.pack("<I", 1 << 20) + b"a" * (1 << 20)
        return text + asm.put(1) + asm.POP + _list(call("_codecs", "encode", asm.get(1), asm.text("latin1")) * 3000)
    if kind == "lines":
        text = b"V" + b"a" * (1 << 20) + b"\n"
        return text + asm.put(1) + asm.POP + _list(call("_codecs", "encode", asm.get(1), asm.text("latin1")) * 3000)
    if kind == "zeros":
        wide = call("numpy", "dtype", asm.text("V999999"), asm.number(0), asm.number(1)) + asm.put(1) + asm.POP
        return wide + _list(call("numpy.core.multiarray", "scalar", asm.get(1)) * 3000)
    if kind == "byte-arrays":
        return copies(data, 3000)
    turned = dtype + _tuple(asm.number(3), asm.text(">"), asm.NONE * 3, asm.number(-1) * 2, asm.number(0)) + asm.BUILD
    array = call(
        "numpy.core.multiarray", "_reconstruct", asm.named("numpy", "ndarray"), _tuple(asm.number(0)), asm.text("b")
    )
    state = _tuple(asm.number(1), _tuple(asm.number(1 << 18)), turned, b"\x89", asm.get(1)) + asm.BUILD
    return data + asm.put(1) + asm.POP + _list((array + state) * 3000)


def _tuple(*parts: bytes) -> bytes:
    return asm.MARK + b"".join(parts) + asm.TUPLE


def bombs() -> Iterator[Hostile]:
    """All of them."""
    for kind in ("codec", "lines", "byte-arrays", "arrays", "zeros"):
        yield Hostile(f"copies-by-{kind}", "model.pkl", "", BOMB, lambda m, k=kind: stream(_of_one(k), 3))
    yield Hostile(
        "endless-number",
        "model.pkl",
        "",
        BOMB,
        lambda m: stream(b"\x8b" + struct.pack("<i", 1 << 23) + b"\1" * (1 << 23)),
    )
    for name, wrap in (
        ("lists", _list),
        ("dicts", _dict),
        ("tuples-and-lists", lambda items: _list(items) + asm.TUPLE1),
        ("mappings", lambda items: call("collections", "OrderedDict") + _dict(items)[1:]),
        ("deques", lambda items: call("collections", "deque", _list(items))),
        (
            "objects",
            lambda items: (
                asm.named("argparse", "Namespace")
                + asm.EMPTY_TUPLE
                + asm.NEWOBJ
                + asm.state_dict(("a", _list(items)))
                + asm.BUILD
            ),
        ),
    ):
        yield Hostile(f"memo-bomb-{name}", "model.pkl", "", BOMB, lambda m, w=wrap: _by_memo(w))
    yield Hostile("memo-bomb-filled-later", "model.pkl", "", BOMB, _filled_later)
    yield Hostile(
        "list-in-itself", "model.pkl", "", BOMB, lambda m: stream(asm.EMPTY_LIST + asm.put(1) + asm.get(1) + b"a")
    )
    yield Hostile(
        "keys-beyond-count",
        "model.pkl",
        "",
        BOMB,
        lambda m: stream(
            asm.EMPTY_DICT
            + b"".join(
                asm.MARK
                + b"".join(b"J" + struct.pack("<i", base + one) + b"\x94N" for one in range(1000))
                + asm.SETITEMS
                for base in range(0, 420_000, 1000)
            ),
            4,
        ),
    )
    yield Hostile(
        "items-on-the-stack",
        "model.pkl",
        "",
        BOMB,
        lambda m: stream(asm.EMPTY_LIST + asm.MARK + asm.NONE * 400_000 + asm.APPENDS),
    )
    yield Hostile("huge-keys", "model.pkl", "", BOMB, lambda m: _flood([long(PRIME * one) for one in range(1, 300)]))
    yield Hostile(
        "huge-keys-long", "model.pkl", "", BOMB, lambda m: _flood([long(PRIME << one) for one in range(2400, 2500)])
    )
    yield Hostile(
        "huge-keys-in-tuples",
        "model.pkl",
        "",
        BOMB,
        lambda m: _flood([long(PRIME * one) + asm.TUPLE1 for one in range(1, 300)]),
    )
    yield Hostile("frozensets-of-one-hash", "model.pkl", "", BOMB, lambda m: stream(_frozen(), 4))
    yield Hostile(
        "tuples-of-fractions-of-one-hash",
        "model.pkl",
        "",
        BOMB,
        lambda m: _flood(
            [
                b"".join(_fraction(2.0 ** (61 * (one >> bit & 1))) for bit in range(8)).join((asm.MARK, asm.TUPLE))
                for one in range(256)
            ]
        ),
    )
    yield Hostile("keys-that-are-heavy", "model.pkl", "", BOMB, _heavy)


def _fraction(value: float) -> bytes:
    return b"G" + struct.pack(">d", value)


def _frozen() -> bytes:
    """Sets of which the members' hashes are the same: -1 and -2 in tuples."""
    ones = (asm.number(-1), asm.number(-2))
    keys = (
        asm.MARK + asm.MARK + b"".join(ones[one >> bit & 1] for bit in range(8)) + asm.TUPLE + b"\x91"
        for one in range(256)
    )
    return asm.EMPTY_DICT + asm.MARK + b"".join(key + asm.NONE for key in keys) + asm.SETITEMS


def _heavy(_: str) -> bytes:
    """A tuple that takes long to hash, a thousand times."""
    body = asm.MARK + asm.number(1) * 8 + asm.TUPLE + asm.put(1)
    for _level in range(5):
        body += asm.POP + asm.MARK + asm.get(1) * 8 + asm.TUPLE + asm.put(1)
    keys = b"".join(asm.get(1) + asm.number(one) + asm.TUPLE2 + asm.NONE for one in range(1000))
    return stream(body + asm.POP + asm.EMPTY_DICT + asm.MARK + keys + asm.SETITEMS)
