"""Hostile checkpoints. Payloads are inert: each creates one marker file, whose path is given, and nothing else.

`LOADER` names what would execute the payload: ``torch`` (torch.load, weights_only=False), ``pickle``, ``numpy``,
``joblib``, ``twice`` (one unpickler, two loads), ``script`` (TorchScript), or ``""`` where the harm is a bomb, a lie
or damage and there is nothing to prove.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.admission_corpus import hostile_arrays
from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import CLEAN, FOUR, ONE, Hostile, shell
from tests.admission_corpus.hostile_beside import beside
from tests.admission_corpus.hostile_bombs import bombs
from tests.admission_corpus.hostile_joblib import arrays
from tests.admission_corpus.hostile_objects import objects
from tests.admission_corpus.hostile_tensors import tensors
from tests.admission_corpus.pickle_assembly import Member, call, legacy, stream, text, torch_archive, torch_members


def _python(marker: str) -> bytes:
    return text(f"open({marker!r}, 'w').close()")


GADGETS: dict[str, Callable[[str], bytes]] = {
    "os-system": lambda m: call("os", "system", text(f": > {m}")),
    "subprocess": lambda m: call(
        "subprocess", "call", asm.EMPTY_LIST + asm.MARK + text("touch") + text(m) + asm.APPENDS
    ),
    "popen": lambda m: call("subprocess", "getoutput", text(f": > {m}")),
    "exec": lambda m: call("builtins", "exec", _python(m)),
    "eval": lambda m: call("__builtin__", "eval", _python(m)),
    "open": lambda m: call("builtins", "open", text(m), text("w")),
    "io-open": lambda m: call("_io", "open", text(m), text("w")),
    "codecs-open": lambda m: call("codecs", "open", text(m), text("w")),
    "file-handler": lambda m: call("logging", "FileHandler", text(m)),
    "mkdir": lambda m: call("posix", "mkdir", text(m)),
    "zipfile": lambda m: call("zipfile", "ZipFile", text(m), text("w")),
    "timeit": lambda m: call("timeit", "timeit", _python(m), text("pass"), asm.named("time", "time"), asm.number(1)),
    "cprofile": lambda m: call("cProfile", "run", _python(m)),
    "pdb": lambda m: (
        call("bdb", "Bdb")
        + asm.POP
        + call("doctest", "script_from_examples", text(""))
        + asm.POP
        + call("runpy", "_run_code", call("builtins", "compile", _python(m), text("x"), text("exec")), asm.EMPTY_DICT)
    ),
    "runstring": lambda m: call("numpy.testing._private.utils", "runstring", _python(m), asm.EMPTY_DICT),
    "exec-wrapper": lambda m: call(
        "torch.jit.unsupported_tensor_ops", "execWrapper", _python(m), asm.EMPTY_DICT, asm.EMPTY_DICT
    ),
    "write-file": lambda m: call("distutils.file_util", "write_file", text(m), asm.EMPTY_LIST),
    "np-save": lambda m: call("numpy", "save", call("builtins", "open", text(m), text("wb")), asm.number(1)),
    "attrgetter": lambda m: (
        call("operator", "attrgetter", text("system"))
        + call("importlib", "import_module", text("os"))
        + asm.TUPLE1
        + asm.REDUCE
        + text(f": > {m}")
        + asm.TUPLE1
        + asm.REDUCE
    ),
    "getattr": lambda m: (
        call("builtins", "getattr", call("builtins", "__import__", text("os")), text("system"))
        + text(f": > {m}")
        + asm.TUPLE1
        + asm.REDUCE
    ),
    "map-in-list": lambda m: call(
        "builtins",
        "list",
        call(
            "builtins", "map", asm.named("posix", "system"), asm.EMPTY_LIST + asm.MARK + text(f": > {m}") + asm.APPENDS
        ),
    ),
    "partial": lambda m: (
        call("functools", "partial", asm.named("posix", "system"), text(f": > {m}")) + asm.EMPTY_TUPLE + asm.REDUCE
    ),
    "counter-of-map": lambda m: call(
        "collections",
        "Counter",
        call(
            "builtins", "map", asm.named("posix", "system"), asm.EMPTY_LIST + asm.MARK + text(f": > {m}") + asm.APPENDS
        ),
    ),
}
"""Ways to run code; none is named by the reader's allow-list."""


def _nested_load(marker: str) -> bytes:
    return stream(
        call("torch.storage", "_load_from_bytes", b"B" + struct.pack("<I", len(_l := legacy(shell(marker)))) + _l)
    )


def _tar(marker: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in (
            ("storages", stream(asm.number(0)) + stream(asm.EMPTY_LIST)),
            ("tensors", stream(asm.number(0))),
            ("pickle", stream(shell(marker))),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _hash_flood(_: str, *, as_set: bool = False) -> bytes:
    """Thousands of tuples of -1 and -2, which all have one hash."""
    ones = (asm.number(-1), asm.number(-2))
    keys = [asm.MARK + b"".join(ones[one >> bit & 1] for bit in range(12)) + asm.TUPLE for one in range(4096)]
    if as_set:
        return stream(call("builtins", "set", asm.EMPTY_LIST + asm.MARK + b"".join(keys) + asm.APPENDS))
    return stream(asm.EMPTY_DICT + asm.MARK + b"".join(key + asm.NONE for key in keys) + asm.SETITEMS)


def _tar_pickle(marker: str) -> bytes:
    """A tar archive whose first member's name is a pickle."""
    body = f"cposix\nsystem\n(S': > {marker}'\ntR."
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("short"))
    header = bytearray(out.getvalue())
    header[: len(body)] = body.encode()
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header[:512]):06o}\0 ".encode()
    return bytes(header)


def _npy(body: bytes) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def _numeric_npy(data: bytes, shape: str, descr: str = "<f4") -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def _joblib(marker: str) -> bytes:
    """An array of joblib's, raw bytes in the stream, then the payload."""
    wrapper = asm.named("joblib.numpy_pickle", "NumpyArrayWrapper") + asm.EMPTY_TUPLE + asm.NEWOBJ
    dtype = call("numpy", "dtype", text("f4"), b"\x89", b"\x88") + asm.MARK + asm.number(3) + text("<") + asm.NONE * 3
    dtype += asm.number(-1) * 2 + asm.number(0) + asm.TUPLE + asm.BUILD
    state = asm.state_dict(
        ("subclass", asm.named("numpy", "ndarray")),
        ("shape", asm.number(4) + asm.TUPLE1),
        ("order", text("C")),
        ("dtype", dtype),
        ("allow_mmap", b"\x88"),
        ("numpy_array_alignment_bytes", asm.NONE),
    )
    return stream(asm.EMPTY_LIST + asm.MARK + wrapper + state + asm.BUILD + FOUR + shell(marker) + asm.APPENDS)


def _laughs(_: str) -> bytes:
    body = asm.MARK + text("ha") * 8 + asm.TUPLE + asm.put(1)
    for _index in range(60):
        body += asm.MARK + asm.get(1) * 8 + asm.TUPLE + asm.put(1)
    return stream(asm.EMPTY_DICT + body + asm.NONE + asm.SETITEM)


def _safetensors(header: object, data: bytes, raw: bytes | None = None) -> bytes:
    encoded = json.dumps(header).encode() if raw is None else raw
    return struct.pack("<Q", len(encoded)) + encoded + data


def _f32(start: int, end: int, shape: list[int]) -> dict[str, object]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}


def _duplicated(marker: str) -> bytes:
    hostile = Member("archive/data.pkl", stream(shell(marker)))
    return asm.archive(hostile, *torch_members(CLEAN, FOUR))


def _quine_like(marker: str) -> bytes:
    """A clean archive appended to a hostile pickle."""
    return stream(shell(marker)) + torch_archive(CLEAN, FOUR)


def _edited(member: int, **changes: object) -> bytes:
    members = torch_members(CLEAN, FOUR)
    for name, value in changes.items():
        setattr(members[member], name, value)
    return asm.archive(*members)


def _zip64_lie(_: str) -> bytes:
    plain = torch_archive(CLEAN, FOUR)
    at = plain.rfind(b"PK\x05\x06")
    _, _, _, _, count, size, start, _ = struct.unpack("<4s4H2LH", plain[at:])
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count + 1, count + 1, size, start)
    return plain[:at] + record + struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1) + plain[at:]


def _overlap(_: str) -> bytes:
    members = torch_members(CLEAN, FOUR)
    return asm.archive(*members, Member("archive/data/1", FOUR, header=0))


def _script(marker: str) -> bytes:
    return asm.archive(
        *torch_members(stream(asm.EMPTY_DICT)),
        Member("archive/constants.pkl", stream(asm.EMPTY_TUPLE)),
        Member("archive/code/__torch__.py", b"class Voice(Module):\n  pass\n"),
    )


def _tensor_of(body: bytes, *storages: bytes) -> bytes:
    return torch_archive(stream(asm.state_dict(("weight", body))), *storages)


IMPORT, CALL, STATE, OPERATION, BROKEN, TRAILING, BOMB = (
    "pickle-import",
    "pickle-call",
    "pickle-state",
    "pickle-operation",
    "pickle-broken",
    "pickle-trailing",
    "pickle-bomb",
)


def _streams() -> Iterator[Hostile]:
    for name, gadget in GADGETS.items():
        yield Hostile(f"gadget-{name}", "model.pth", "torch", IMPORT, lambda m, g=gadget: torch_archive(stream(g(m))))
    for protocol in (0, 1, 3, 5):
        yield Hostile(
            f"protocol-{protocol}",
            "model.pkl",
            "pickle",
            IMPORT,
            lambda m, p=protocol: (shell(m) + asm.STOP) if p < 2 else stream(shell(m), p),
        )
    yield Hostile("all-text", "notes.txt", "pickle", IMPORT, lambda m: f"cposix\nsystem\n(S': > {m}'\ntR.".encode())
    yield Hostile("inst", "model.pkl", "pickle", IMPORT, lambda m: b"(" + text(f": > {m}") + b"iposix\nsystem\n.")
    yield Hostile(
        "obj",
        "model.pkl",
        "pickle",
        IMPORT,
        lambda m: stream(
            asm.MARK
            + asm.named("subprocess", "Popen")
            + text(f": > {m}")
            + asm.number(-1)
            + asm.NONE * 5
            + b"\x88" * 2
            + asm.OBJ
        ),
    )
    yield Hostile(
        "newobj-ex",
        "model.pkl",
        "",
        IMPORT,
        lambda m: stream(
            asm.named("subprocess", "Popen") + text(f": > {m}") + asm.TUPLE1 + asm.EMPTY_DICT + asm.NEWOBJ_EX, 4
        ),
    )
    yield Hostile(
        "stack-global",
        "model.pkl",
        "pickle",
        IMPORT,
        lambda m: stream(
            text("posix") + text("system") + asm.STACK_GLOBAL + text(f": > {m}") + asm.TUPLE1 + asm.REDUCE, 4
        ),
    )
    yield Hostile(
        "computed-name",
        "model.pkl",
        "pickle",
        IMPORT,
        lambda m: stream(
            text("posix")
            + call("_codecs", "decode", text("flfgrz"), text("rot13"))
            + asm.STACK_GLOBAL
            + text(f": > {m}")
            + asm.TUPLE1
            + asm.REDUCE,
            4,
        ),
    )
    yield Hostile(
        "memo-laundering",
        "model.pkl",
        "pickle",
        IMPORT,
        lambda m: stream(
            text("posix")
            + asm.put(7)
            + asm.POP
            + text("system")
            + asm.put(3)
            + asm.POP
            + text("collections")
            + asm.put(1)
            + asm.POP
            + asm.get(7)
            + asm.get(3)
            + asm.STACK_GLOBAL
            + asm.put(1)
            + asm.POP
            + asm.get(1)
            + text(f": > {m}")
            + asm.TUPLE1
            + asm.REDUCE,
            4,
        ),
    )
    yield Hostile(
        "popped", "model.pth", "torch", IMPORT, lambda m: torch_archive(stream(shell(m) + asm.POP + CLEAN[2:-1]), FOUR)
    )
    yield Hostile(
        "set-state",
        "model.pkl",
        "pickle",
        IMPORT,
        lambda m: stream(
            call("collections", "OrderedDict")
            + asm.state_dict(("__setstate__", asm.named("posix", "system")))
            + asm.BUILD
            + text(f": > {m}")
            + asm.BUILD
        ),
    )
    yield Hostile(
        "foreign-state",
        "model.pkl",
        "",
        STATE,
        lambda m: stream(call("collections", "OrderedDict") + asm.state_dict(("__class__", text("x"))) + asm.BUILD),
    )
    yield Hostile("before-break", "model.pkl", "pickle", BROKEN, lambda m: asm.proto(2) + shell(m) + b"\xff")
    yield Hostile("truncated", "model.pkl", "pickle", IMPORT, lambda m: asm.proto(2) + shell(m))
    yield Hostile("underflow", "model.pkl", "pickle", BROKEN, lambda m: stream(shell(m) + asm.POP + asm.POP))
    yield Hostile("second-stream", "model.pkl", "twice", TRAILING, lambda m: stream(asm.EMPTY_DICT) + stream(shell(m)))
    yield Hostile("none-then-stream", "model.pkl", "twice", IMPORT, lambda m: b"N." + stream(shell(m)))
    yield Hostile(
        "memo-across-streams",
        "model.pkl",
        "twice",
        IMPORT,
        lambda m: (
            stream(asm.named("posix", "system") + asm.put(5))
            + stream(asm.get(5) + text(f": > {m}") + asm.TUPLE1 + asm.REDUCE)
        ),
    )
    yield Hostile("extension", "model.pkl", "", OPERATION, lambda m: stream(b"\x82\x01"))
    yield Hostile("out-of-band", "model.pkl", "", OPERATION, lambda m: stream(b"\x97", 5))
    yield Hostile(
        "persistent-id", "model.pth", "", OPERATION, lambda m: torch_archive(stream(text("module") + asm.TUPLE1 + b"Q"))
    )
    yield Hostile(
        "codec",
        "model.pkl",
        "pickle",
        CALL,
        lambda m: stream(shell(m) + asm.POP + call("_codecs", "encode", text("x"), text("idna"))),
    )
    yield Hostile(
        "bytearray-bomb", "model.pkl", "", CALL, lambda m: stream(call("builtins", "bytearray", asm.number(2**31 - 1)))
    )
    yield Hostile("load-from-bytes", "model.pkl", "pickle", IMPORT, _nested_load)
    yield Hostile(
        "trainer-load",
        "model.pth",
        "",
        IMPORT,
        lambda m: torch_archive(stream(call("trainer.io", "load_fsspec", text("http://127.0.0.1/x")))),
    )
    yield Hostile(
        "config-look-alike", "model.pth", "", IMPORT, lambda m: torch_archive(stream(call("TTS.evil", "run_config")))
    )
    yield Hostile("billion-laughs", "model.pkl", "", BOMB, _laughs)
    yield Hostile("deep", "model.pkl", "", BOMB, lambda m: stream(asm.EMPTY_LIST * 5000 + b"a" * 4999))
    yield Hostile("memo-index", "model.pkl", "", BOMB, lambda m: stream(asm.NONE + asm.put(2**32 - 2)))
    yield Hostile(
        "hash-bomb",
        "model.pkl",
        "",
        BOMB,
        lambda m: stream(asm.EMPTY_DICT + b"\x8a\x09" + (2**61 - 1).to_bytes(9, "little") + asm.NONE + asm.SETITEM),
    )
    yield Hostile("negative-length", "model.pkl", "", BROKEN, lambda m: stream(b"\x8b\xff\xff\xff\xff"))
    yield Hostile("huge-length", "model.pkl", "", BROKEN, lambda m: stream(b"\x8e" + struct.pack("<Q", 2**62), 4))
    yield Hostile(
        "huge-frame", "model.pkl", "", BROKEN, lambda m: stream(b"\x95" + struct.pack("<Q", 2**62) + asm.NONE, 4)
    )


def _containers() -> Iterator[Hostile]:
    yield Hostile("zip-duplicate", "model.pth", "torch", "zip-duplicate", _duplicated)
    yield Hostile(
        "zip-case-duplicate",
        "model.pth",
        "",
        "zip-duplicate",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), Member("archive/DATA.PKL", stream(shell(m)))),
    )
    yield Hostile(
        "zip-other-local-name", "model.pth", "", "zip-disagree", lambda m: _edited(0, local_name="archive/data.pkx")
    )
    yield Hostile("zip-other-local-size", "model.pth", "", "zip-disagree", lambda m: _edited(0, local_size=5))
    yield Hostile("zip-other-local-crc", "model.pth", "", "zip-disagree", lambda m: _edited(0, local_crc=5))
    yield Hostile("zip-encrypted-mark", "model.pth", "", "zip-encrypted", lambda m: _edited(0, central_flags=1))
    yield Hostile(
        "zip-encrypted-both",
        "model.pth",
        "",
        "zip-encrypted",
        lambda m: asm.archive(
            *[
                Member(one.name, one.data, flags=1 if one.name.endswith("pkl") else 0)
                for one in torch_members(stream(shell(m)))
            ]
        ),
    )
    yield Hostile("zip-bad-crc", "model.pth", "", "zip-crc", lambda m: _edited(2, crc=7))
    yield Hostile(
        "zip-climbing-name",
        "model.pth",
        "",
        "zip-name",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), Member("archive/../../evil", b"x")),
    )
    yield Hostile(
        "zip-absolute-name",
        "model.pth",
        "",
        "zip-name",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), Member("/etc/evil", b"x")),
    )
    yield Hostile(
        "zip-look-alike-name",
        "model.pth",
        "",
        "zip-name",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), Member("archive/d\u0430ta.pkl", stream(shell(m)))),
    )
    yield Hostile(
        "zip-nul-name",
        "model.pth",
        "",
        "zip-name",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), Member("archive/data.pkl\0.txt", stream(shell(m)))),
    )
    yield Hostile("zip-before", "model.pth", "pickle", "polyglot", _quine_like)
    yield Hostile(
        "zip-after", "model.pth", "", "zip-hidden-bytes", lambda m: torch_archive(CLEAN, FOUR) + stream(shell(m))
    )
    yield Hostile(
        "zip-comment",
        "model.pth",
        "",
        "zip-hidden-bytes",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), comment=stream(shell(m))),
    )
    yield Hostile("zip-gap", "model.pth", "", "zip-hidden-bytes", lambda m: _edited(1, before=stream(shell(m))))
    yield Hostile(
        "zip-two-ends",
        "model.pth",
        "",
        "zip-hidden-bytes",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), comment=torch_archive(stream(shell(m)))),
    )
    yield Hostile("zip-truncated", "model.pth", "", "zip-broken", lambda m: torch_archive(CLEAN, FOUR)[:-9])
    yield Hostile(
        "zip-count-lie", "model.pth", "", "zip-broken", lambda m: asm.archive(*torch_members(CLEAN, FOUR), count=9)
    )
    yield Hostile("zip64-lie", "model.pth", "", "zip-disagree", _zip64_lie)
    yield Hostile("zip-overlap", "model.pth", "", "zip-overlap", _overlap)
    yield Hostile("zip-method", "model.pth", "", "zip-method", lambda m: _edited(2, method=99))
    yield Hostile(
        "zip-unicode-path", "model.pth", "", "zip-broken", lambda m: _edited(0, extra=b"\x75\x70\x05\x00\x01abcd")
    )
    yield Hostile(
        "zip-bomb", "model.npz", "", "zip-bomb", lambda m: asm.archive(Member("a.npy", bytes(8 << 20), method=8))
    )
    yield Hostile(
        "zip-size-lie",
        "model.npz",
        "",
        "zip-disagree",
        lambda m: asm.archive(Member("a.npy", _numeric_npy(FOUR * 100, "(400,)"), method=8, size=300)),
    )
    yield Hostile(
        "zip-nested",
        "model.pth",
        "",
        "zip-nested",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), Member("archive/data/1", torch_archive(stream(shell(m))))),
    )
    yield Hostile(
        "zip-extra-pickle",
        "model.pth",
        "",
        "torch-member",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), Member("archive/more.pkl", stream(shell(m)))),
    )
    yield Hostile(
        "zip-two-folders",
        "model.pth",
        "",
        "torch-member",
        lambda m: asm.archive(*torch_members(CLEAN, FOUR), *torch_members(stream(shell(m)), top="other")),
    )
    yield Hostile(
        "zip-deflated",
        "model.pth",
        "torch",
        IMPORT,
        lambda m: asm.archive(*[Member(one.name, one.data, method=8) for one in torch_members(stream(shell(m)))]),
    )
    yield Hostile("torch-trailing", "model.pth", "", TRAILING, lambda m: torch_archive(CLEAN + stream(shell(m)), FOUR))
    yield Hostile(
        "zip-padding",
        "model.pth",
        "",
        "zip-broken",
        lambda m: _edited(0, extra=b"FB" + struct.pack("<H", len(shell(m))) + shell(m)),
    )
    yield Hostile("hash-flood", "model.pkl", "", BOMB, _hash_flood)
    yield Hostile("hash-flood-set", "model.pkl", "", BOMB, lambda m: _hash_flood(m, as_set=True))
    yield Hostile(
        "zip-upper-case",
        "model.pth",
        "torch",
        IMPORT,
        lambda m: asm.archive(
            *[Member(one.name.replace("data.pkl", "DATA.PKL"), one.data) for one in torch_members(stream(shell(m)))]
        ),
    )
    yield Hostile(
        "npz-other-name",
        "stats.npz",
        "numpy",
        IMPORT,
        lambda m: asm.archive(Member("a.npy", _numeric_npy(FOUR, "(4,)")), Member("b", _npy(stream(shell(m))))),
    )
    yield Hostile("tar-and-pickle", "model.tar", "pickle", "polyglot", _tar_pickle)
    yield Hostile("torchscript", "model.pth", "", "torchscript", _script)
    yield Hostile("legacy-object", "model.pth", "torch", IMPORT, lambda m: legacy(shell(m)))
    yield Hostile("legacy-system", "model.pth", "torch", IMPORT, lambda m: legacy(asm.EMPTY_DICT, system=shell(m)))
    yield Hostile(
        "legacy-keys",
        "model.pth",
        "torch",
        IMPORT,
        lambda m: legacy(asm.EMPTY_DICT, keys=shell(m) + asm.POP + asm.EMPTY_LIST),
    )
    yield Hostile("legacy-first", "model.pth", "torch", IMPORT, lambda m: stream(shell(m)))
    yield Hostile(
        "legacy-trailing",
        "model.pth",
        "",
        IMPORT,
        lambda m: legacy(
            asm.MARK
            + text("storage")
            + asm.named("torch", "FloatStorage")
            + text("0")
            + text("cpu")
            + asm.number(4)
            + asm.NONE
            + asm.TUPLE
            + asm.BINPERSID,
            ("0", FOUR),
            after=stream(shell(m)),
        ),
    )
    yield Hostile(
        "legacy-storage-lie",
        "model.pth",
        "",
        "storage-size",
        lambda m: legacy(
            asm.MARK
            + text("storage")
            + asm.named("torch", "FloatStorage")
            + text("0")
            + text("cpu")
            + asm.number(9)
            + asm.NONE
            + asm.TUPLE
            + asm.BINPERSID,
            ("0", FOUR),
        ),
    )
    yield Hostile("tar", "model.pth", "torch", IMPORT, _tar)
    yield Hostile("npy-object", "stats.npy", "numpy", IMPORT, lambda m: _npy(stream(shell(m))))
    yield Hostile("npy-under-another-name", "scale.wav", "numpy", IMPORT, lambda m: _npy(stream(shell(m))))
    yield Hostile(
        "npz-object", "stats.npz", "numpy", IMPORT, lambda m: asm.archive(Member("a.npy", _npy(stream(shell(m)))))
    )
    yield Hostile("npy-header-code", "stats.npy", "", "numpy-header", lambda m: _numeric_npy(FOUR, "(4,)" + "," * 3))
    yield Hostile("npy-size-lie", "stats.npy", "", "numpy-header", lambda m: _numeric_npy(FOUR, "(4000000,)"))
    yield Hostile(
        "npy-records",
        "stats.npy",
        "",
        "tensor-dtype",
        lambda m: _numeric_npy(FOUR, "(4,)").replace(b"'<f4'", b"[('a', '|O')]").replace(b" " * 9, b"", 1),
    )
    yield Hostile("joblib", "model.joblib", "joblib", IMPORT, _joblib)
    for name, pack in (("zlib", zlib.compress), ("gzip", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        yield Hostile(f"joblib-{name}", "model.joblib", "joblib", IMPORT, lambda m, p=pack: p(_joblib(m)))
    yield Hostile("gzip-bomb-tail", "model.pkl", "", TRAILING, lambda m: gzip.compress(stream(asm.NONE)) + b"evil")
    yield Hostile(
        "media-look-alike", "cover.gif", "pickle", "polyglot", lambda m: b"GIF8" + b"9a\0\0\0" + shell(m) + asm.STOP
    )
    yield Hostile("safetensors-look-alike", "model.safetensors", "pickle", "polyglot", _safe_pickle)


def _safe_pickle(marker: str) -> bytes:
    """Begins like safetensors (length, then a brace), and is a pickle: the brace is inside a short string."""
    return b"U\x07\x01\0\0\0\0\0{" + shell(marker) + asm.STOP


def _tensors() -> Iterator[Hostile]:
    yield Hostile(
        "storage-too-small", "model.pth", "", "storage-size", lambda m: _tensor_of(asm.tensor("0", 4, (4,), (1,)), ONE)
    )
    yield Hostile(
        "storage-missing", "model.pth", "", "torch-member", lambda m: _tensor_of(asm.tensor("0", 4, (4,), (1,)))
    )
    yield Hostile("storage-unnamed", "model.pth", "", "torch-member", lambda m: torch_archive(CLEAN, FOUR, FOUR))
    yield Hostile(
        "tensor-outside", "model.pth", "", "tensor-bounds", lambda m: _tensor_of(asm.tensor("0", 4, (9,), (1,)), FOUR)
    )
    yield Hostile(
        "tensor-offset",
        "model.pth",
        "",
        "tensor-bounds",
        lambda m: _tensor_of(asm.tensor("0", 4, (1,), (1,), offset=4), FOUR),
    )
    yield Hostile(
        "tensor-negative-stride",
        "model.pth",
        "",
        "tensor-bounds",
        lambda m: _tensor_of(asm.tensor("0", 4, (4,), (-1,)), FOUR),
    )
    yield Hostile(
        "tensor-strides-missing",
        "model.pth",
        "",
        "tensor-bounds",
        lambda m: _tensor_of(asm.tensor("0", 4, (2, 2), (1,)), FOUR),
    )
    yield Hostile(
        "stride-0",
        "model.pth",
        "",
        "tensor-expansion",
        lambda m: _tensor_of(asm.tensor("0", 4, (1 << 30, 1 << 20), (0, 0)), FOUR),
    )
    yield Hostile(
        "nan",
        "model.pth",
        "",
        "tensor-not-finite",
        lambda m: _tensor_of(asm.tensor("0", 4, (4,), (1,)), struct.pack("<4f", 1, float("nan"), 2, 3)),
    )
    yield Hostile(
        "infinity-half",
        "model.pth",
        "",
        "tensor-not-finite",
        lambda m: _tensor_of(
            asm.tensor("0", 4, (4,), (1,), kind="HalfStorage"), struct.pack("<4e", 1, float("inf"), 2, 3)
        ),
    )
    yield Hostile(
        "infinity-bfloat16",
        "model.pth",
        "",
        "tensor-not-finite",
        lambda m: _tensor_of(
            asm.tensor("0", 4, (4,), (1,), kind="BFloat16Storage"), b"\x80\x3f\x80\x7f\x80\x3f\x80\x3f"
        ),
    )
    yield Hostile(
        "no-storage",
        "model.pth",
        "",
        CALL,
        lambda m: torch_archive(
            stream(
                call(
                    "torch._utils",
                    "_rebuild_tensor_v2",
                    asm.EMPTY_DICT,
                    asm.number(0),
                    asm.EMPTY_TUPLE,
                    asm.EMPTY_TUPLE,
                    b"\x89",
                    call("collections", "OrderedDict"),
                )
            )
        ),
    )
    yield Hostile(
        "hooks",
        "model.pth",
        "",
        CALL,
        lambda m: torch_archive(
            stream(
                call(
                    "torch._utils",
                    "_rebuild_tensor_v2",
                    asm.storage("0", 4),
                    asm.number(0),
                    asm.number(4) + asm.TUPLE1,
                    asm.number(1) + asm.TUPLE1,
                    b"\x89",
                    asm.named("collections", "OrderedDict"),
                )
            ),
            FOUR,
        ),
    )
    yield Hostile(
        "npy-nan",
        "stats.npy",
        "",
        "tensor-not-finite",
        lambda m: _numeric_npy(struct.pack("<2f", 1, float("nan")), "(2,)"),
    )
    yield Hostile(
        "safetensors-duplicate",
        "m.safetensors",
        "",
        "safetensors-header",
        lambda m: _safetensors(
            None,
            FOUR,
            b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}',
        ),
    )
    yield Hostile(
        "safetensors-overlap",
        "m.safetensors",
        "",
        "safetensors-header",
        lambda m: _safetensors({"a": _f32(0, 16, [4]), "b": _f32(8, 16, [2])}, FOUR),
    )
    yield Hostile(
        "safetensors-hole",
        "m.safetensors",
        "",
        "safetensors-header",
        lambda m: _safetensors({"a": _f32(8, 16, [2])}, FOUR),
    )
    yield Hostile(
        "safetensors-trailing",
        "m.safetensors",
        "",
        "safetensors-header",
        lambda m: _safetensors({"a": _f32(0, 16, [4])}, FOUR + stream(shell(m))),
    )
    yield Hostile(
        "safetensors-outside",
        "m.safetensors",
        "",
        "safetensors-header",
        lambda m: _safetensors({"a": _f32(0, 1600, [400])}, FOUR),
    )
    yield Hostile(
        "safetensors-shape",
        "m.safetensors",
        "",
        "safetensors-header",
        lambda m: _safetensors({"a": _f32(0, 16, [9])}, FOUR),
    )
    yield Hostile(
        "safetensors-dtype",
        "m.safetensors",
        "",
        "safetensors-header",
        lambda m: _safetensors({"a": {"dtype": "OBJ", "shape": [4], "data_offsets": [0, 16]}}, FOUR),
    )
    yield Hostile(
        "safetensors-length", "m.safetensors", "", "safetensors-header", lambda m: struct.pack("<Q", 9999) + b"{}"
    )
    yield Hostile(
        "safetensors-depth",
        "m.safetensors",
        "",
        "safetensors-header",
        lambda m: _safetensors(None, b"", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    )
    yield Hostile(
        "safetensors-nan",
        "m.safetensors",
        "",
        "tensor-not-finite",
        lambda m: _safetensors({"a": _f32(0, 8, [2])}, struct.pack("<2f", 1, float("nan"))),
    )


HOSTILE = (*_streams(), *_containers(), *_tensors(), *objects(), *beside(), *arrays(), *bombs(), *tensors(),
           *hostile_arrays.arrays(), *hostile_arrays.classes())  # fmt: skip
"""Every hostile artefact; names are unique."""


def write(one: Hostile, folder: Path) -> tuple[Path, Path]:
    """Write an artefact into a folder of its own.

    Returns:
        The file, and the marker that its payload would create.
    """
    place = folder / one.name
    place.mkdir(parents=True)
    marker = folder / "markers" / one.name
    marker.parent.mkdir(exist_ok=True)
    file = place / one.file
    file.write_bytes(one.make(str(marker)))
    return file, marker
