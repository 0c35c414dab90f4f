"""joblib's arrays that joblib reads one way and a plain unpickler another, or that are not what joblib writes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import FOUR, Hostile, shell
from tests.admission_corpus.pickle_assembly import call, named, stream, text

BROKEN, IMPORT = "pickle-broken", "pickle-import"
WRAPPER = named("joblib.numpy_pickle", "NumpyArrayWrapper") + asm.EMPTY_TUPLE + asm.NEWOBJ


def dtype(code: str, order: str = "<", flags: int | None = None) -> bytes:
    """A numpy dtype as numpy pickles it."""
    made = call("numpy", "dtype", text(code), b"\x89", b"\x88") + asm.MARK + asm.number(3) + text(order) + asm.NONE * 3
    return (
        made
        + asm.number(-1) * 2
        + asm.number(63 if code == "O8" and flags is None else flags or 0)
        + asm.TUPLE
        + asm.BUILD
    )


def wrapper(
    code: str = "f4", count: int = 4, alignment: bytes = asm.NONE, subclass: bytes = named("numpy", "ndarray")
) -> bytes:
    """joblib's wrapper of one array, its state set."""
    state = asm.state_dict(
        ("subclass", subclass),
        ("shape", asm.number(count) + asm.TUPLE1),
        ("order", text("C")),
        ("dtype", dtype(code, "|" if code == "O8" else "<")),
        ("allow_mmap", b"\x88"),
        ("numpy_array_alignment_bytes", alignment),
    )
    return WRAPPER + state + asm.BUILD


def _aligned(marker: str) -> bytes:
    """joblib's padding is a pickle to others: its length is the byte of the operation that imports."""
    harm = named("posix", "system") + text(f": > {marker}") + asm.TUPLE1 + asm.REDUCE + asm.POP
    length = harm[0]
    rest = harm[1:] + asm.STOP
    return stream(wrapper(alignment=asm.number(16)) + bytes((length,)) + rest.ljust(length, b"\xff") + FOUR)


def _raw(marker: str) -> bytes:
    """An array's numbers are a pickle to others."""
    harm = shell(marker) + asm.STOP
    harm += b"\0" * (-len(harm) % 4)
    return stream(wrapper(count=len(harm) // 4) + harm)


def _raw_deep(marker: str) -> bytes:
    """The same, where more lies on the stack, and a mark and the memo are used, than a trial would make up."""
    harm = asm.TUPLE + asm.POP * 70 + asm.get(1) + text("system") + asm.STACK_GLOBAL
    harm += text(f": > {marker}") + asm.TUPLE1 + asm.REDUCE + asm.STOP
    harm += b"\0" * (-len(harm) % 4)
    outer = text("posix") + asm.put(1) + asm.POP + asm.NONE * 80 + asm.MARK
    return stream(outer + wrapper(count=len(harm) // 4) + harm)


def _long_text() -> bytes:
    """A dtype of three characters that says that it has a million bytes."""
    made = call("numpy", "dtype", text("U3"), b"\x89", b"\x88") + asm.MARK + asm.number(3) + text("<") + asm.NONE * 3
    return made + asm.number(1_000_000) + asm.number(4) + asm.number(8) + asm.TUPLE + asm.BUILD


def _inner(body: bytes) -> bytes:
    outer = text("posix") + asm.put(1) + asm.POP
    return stream(outer + wrapper("O8", 1) + body)


def arrays() -> Iterator[Hostile]:
    """All of them."""
    yield Hostile("joblib-padding", "model.pkl", "pickle", BROKEN, _aligned)
    yield Hostile("joblib-raw", "model.pkl", "pickle", "polyglot", _raw)
    yield Hostile("joblib-raw-deep", "model.pkl", "pickle", "polyglot", _raw_deep)
    yield Hostile("joblib-inner", "model.joblib", "joblib", IMPORT, lambda m: _inner(stream(shell(m))))
    for code, flags in (("O8", 0), ("f8", 63), ("f8", 4)):  # numbers that numpy takes for pointers, and the reverse
        yield Hostile(
            f"dtype-{code}-{flags}",
            "model.pkl",
            "",
            "pickle-state",
            lambda m, c=code, f=flags: stream(dtype(c, "|" if c == "O8" else "<", f)),
        )
    yield Hostile("dtype-size", "model.pkl", "", "pickle-state", lambda m: stream(_long_text()))
    yield Hostile(
        "memmap-called", "model.joblib", "", "pickle-call", lambda m: stream(call("numpy", "memmap", text(m)))
    )
    yield Hostile(
        "memmap-held",
        "model.joblib",
        "",
        "pickle-state",
        lambda m: stream(
            named("argparse", "Namespace") + asm.EMPTY_TUPLE + asm.NEWOBJ
            + asm.state_dict(("extend", named("numpy", "memmap"))) + asm.BUILD
        ),
    )  # fmt: skip
    yield Hostile("joblib-inner-memo", "model.joblib", "", BROKEN, lambda m: _inner(stream(asm.get(1))))
    yield Hostile("joblib-inner-other", "model.joblib", "", BROKEN, lambda m: _inner(stream(asm.EMPTY_DICT)))
    yield Hostile(
        "joblib-subclass",
        "model.joblib",
        "",
        BROKEN,
        lambda m: stream(wrapper(subclass=named("numpy", "float32")) + FOUR),
    )
    yield Hostile("joblib-shape", "model.joblib", "", BROKEN, lambda m: stream(wrapper(count=2**31 - 1) + FOUR))
    yield Hostile(
        "joblib-alignment",
        "model.joblib",
        "",
        BROKEN,
        lambda m: stream(wrapper(alignment=asm.number(64)) + bytes((63,)) + b"\xff" * 63 + FOUR),
    )
    yield Hostile("joblib-wrapper-in-numpy", "stats.npy", "", "pickle-state", lambda m: _npy(stream(wrapper() + FOUR)))
    yield Hostile(
        "joblib-state",
        "model.joblib",
        "",
        "pickle-state",
        lambda m: stream(WRAPPER + asm.state_dict(("filename", text("/etc/passwd"))) + asm.BUILD),
    )


def _npy(body: bytes) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body
