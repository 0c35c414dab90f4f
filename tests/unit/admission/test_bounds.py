"""Every bound of admission is reached with something hostile behind it, and hides nothing: the model is refused.

A bound that is new has to be driven here, or stand in :data:`HIDES_NOTHING` with the reason.
"""

from __future__ import annotations

import ast
import gzip
import importlib
import io
import json
import os
import struct
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from harness.admission.admit import admit
from harness.admission.checks import directory
from harness.admission.tree import Entry, Tree
from harness.cli.main import main
from harness.core.types import Verdict
from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import CLEAN, FOUR, shell
from tests.admission_corpus.hostile_bombs import copies
from tests.admission_corpus.onnx_bounds import REACHED, READER
from tests.admission_corpus.pickle_assembly import call, named, stream, text

PACKAGE = Path(directory.__file__).parents[2]
READ_HERE = (
    "admission/**/*.py",
    "core/strictjson.py",
    "core/plain*.py",
    "engines/coqui/configfile.py",
    "engines/kokoro/styles.py",
    "engines/piper/configfile.py",
)
HARM = stream(shell("nothing"))
"""Never loaded."""
VOICE = {"model": "vits", "run_name": "voice"}
EVIL = VOICE | {"characters": {"characters_class": "evil.Module"}}
IMPORT, TOO_LARGE, EXECUTABLE = "pickle-import", "too-large", "directory-executable"

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Driven:
    """A bound that is reached."""

    bounds: str
    """Names, each ``module:NAME`` below the package."""
    rule: str
    """Of a finding that must be told."""
    files: Callable[[], Files]
    """Path -> bytes."""
    lowered: Mapping[str, int] = field(default_factory=dict)
    """``module:NAME`` -> what it is for this test, where reaching it would take long."""


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def zipped(*members: tuple[str, bytes], method: int = 0) -> bytes:
    return asm.archive(*(asm.Member(name, data, method=method) for name, data in members))


def npz(*members: tuple[str, bytes]) -> bytes:
    return zipped(*((f"{name}.npy", data) for name, data in members), method=8)


def npy(body: bytes, *, descr: str = "|O", shape: str = "(1,)", padding: int = 0) -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * padding + b"\n"
    mark = b"\x93NUMPY\x03\0" + struct.pack("<I", len(header))
    return mark + header + body


def tar(*members: tuple[str, bytes], after: bytes = b"") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for name, data in members:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            made.addfile(about, io.BytesIO(data))
    return out.getvalue() + after


def unmarked(data: bytes) -> bytes:
    """A tar's entry whose size another reader finds, and an octal reader does not."""
    header = bytearray(tar(("x", data))[:512])
    header[124:136] = b"\x80" + len(data).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header) + data


def safetensors(count: int, name: Callable[[int], str] = "t{}".format, body: bytes = b"") -> bytes:
    header = {name(n): {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in range(count)}
    data = as_json(header)
    return struct.pack("<Q", len(data)) + data + body


def nested(levels: int, data: bytes) -> bytes:
    for _ in range(levels):
        data = gzip.compress(data)
    return data


def views(count: int) -> bytes:
    """Old storages that are parts of others: a finding for each."""
    one = asm.MARK + text("storage") + named("torch", "FloatStorage") + text("0") + text("cpu") + asm.number(4)
    one += asm.MARK + text("1") + asm.number(0) + asm.number(4) + asm.TUPLE + asm.TUPLE + asm.BINPERSID + asm.POP
    return asm.legacy(one * count + shell("nothing"))


def many(count: int, suffix: str = ".xyz", data: bytes = b"\x01\x02") -> dict[str, bytes]:
    return {f"m{n:05}{suffix}": data for n in range(count)}


def joblib_inner(count: int) -> bytes:
    from tests.admission_corpus.hostile_joblib import wrapper

    inner = call(
        "numpy.core.multiarray", "_reconstruct", named("numpy", "ndarray"), asm.number(0) + asm.TUPLE1, b"C\1b"
    )
    return stream((wrapper("O8", 1) + stream(inner) + asm.POP) * count + shell("nothing"), 4)


def yaml_of(count: int) -> bytes:
    return b"a:\n" + b"- 1\n" * count + b"characters_class: evil.Module\n"


def odd_yaml() -> bytes:
    return b"a: &x 1\n" + b"b: !!str 2\n" + b"".join(b"k%d: *x\n" % n for n in range(60)) + b"c: !!python/name:x 1\n"


NOISE = as_json({"n": ["http://a.example/" + "x" * 10] * 50})
STATE = asm.EMPTY_DICT + asm.NONE + asm.BUILD + asm.POP
"""A finding of high severity, from few bytes."""

DRIVEN = {
    # --- what is told of one file, and of one folder
    "a pickle's import behind 5,000 findings": Driven(
        "admission.reading.notebook:MAX_FLAWS", IMPORT, lambda: {"model.pkl": stream(STATE * 5000 + shell("x"))}
    ),
    "a zip's import behind 5,000 odd members": Driven(
        "admission.reading.notebook:MAX_FLAWS",
        IMPORT,
        lambda: {
            "model.pth": asm.archive(*(asm.Member(f"archive/é{n}", b"") for n in range(5000)), *asm.torch_members(HARM))
        },
    ),
    "an import behind 5,000 views": Driven(
        "admission.reading.notebook:MAX_FLAWS", IMPORT, lambda: {"model.pth": views(5000)}
    ),
    "too many findings": Driven(
        "admission.reading.notebook:MAX_LEFT_OUT",
        TOO_LARGE,
        lambda: {"model.pth": asm.legacy(asm.NONE + asm.POP) + asm.legacy(asm.NONE), "a.pth": views(300)},
        {"admission.reading.notebook:MAX_LEFT_OUT": 100},
    ),
    "a script behind 201 odd files": Driven(
        "admission.checks.directory:MAX_FLAWS", EXECUTABLE, lambda: many(201) | {"zz.sh": b"#!/bin/sh\n"}
    ),
    "a script among too many files": Driven(
        "admission.checks.directory:MAX_FILES",
        EXECUTABLE,
        lambda: many(60, ".txt", b"a\n") | {"zz.sh": b"#!/bin/sh\n"},
        {"admission.checks.directory:MAX_FILES": 50},
    ),
    "a field behind 200 addresses": Driven(
        "admission.coqui.config:MAX_FLAWS",
        "config-import",
        lambda: {
            "config.json": as_json(
                VOICE | {f"u{n}": f"s3://a/{n}" for n in range(250)} | {"characters": EVIL["characters"]}
            )
        },
    ),
    "a field behind 250 decisions": Driven(
        "admission.coqui.config:MAX_FLAWS",
        "config-import",
        lambda: {"a.json": as_json(VOICE | {f"u{n}": f"/a/{n}" for n in range(250)}), "config.json": as_json(EVIL)},
    ),
    "two values of one key behind 60 comments' kin": Driven(
        "core.strictjson:MAX_QUIRKS",
        "config-readers-differ",
        lambda: {"config.json": b"{" + b'"a": 1,' * 60 + b'"model": "vits", "model": "xtts"}'},
    ),
    "a tag behind 60 aliases": Driven(
        "core.strictjson:MAX_QUIRKS", "config-readers-differ", lambda: {"config.yml": odd_yaml()}
    ),
    # --- what one file, and all together, may cost
    "a long pickle beside a plain one": Driven(
        "admission.reading.notebook:MAX_OPERATIONS",
        IMPORT,
        lambda: {"a.pkl": stream(asm.NONE + (asm.NONE + asm.POP) * 9000), "b.pkl": HARM},
        {"admission.reading.notebook:MAX_OPERATIONS": 9000},
    ),
    "the end of a long pickle": Driven(
        "admission.reading.notebook:MAX_OPERATIONS",
        TOO_LARGE,
        lambda: {"a.pkl": stream((asm.NONE + asm.POP) * 9000 + shell("x"))},
        {"admission.reading.notebook:MAX_OPERATIONS": 9000},
    ),
    "a plain pickle behind a folder of long ones": Driven(
        "admission.reading.notebook:MAX_FILES_WORTH",
        TOO_LARGE,
        lambda: {f"a{n}.pkl": stream(asm.NONE + (asm.NONE + asm.POP) * 4000) for n in range(9)} | {"b.pkl": HARM},
        {"admission.reading.notebook:MAX_OPERATIONS": 9000},
    ),
    "the checkpoint beside a folder of long ones": Driven(
        "admission.reading.notebook:MAX_FILES_WORTH",
        IMPORT,
        lambda: {f"a{n}.pkl": stream(asm.NONE + (asm.NONE + asm.POP) * 4000) for n in range(9)} | {"model.pth": HARM},
        {"admission.reading.notebook:MAX_OPERATIONS": 9000},
    ),
    "a packed array that unpacks to much": Driven(
        "admission.reading.notebook:MAX_INFLATED",
        TOO_LARGE,
        lambda: {"a.npz": npz(("a", npy(bytes(100_000), descr="<f4", shape="(25000,)")), ("b", npy(HARM)))},
        {"admission.reading.notebook:MAX_INFLATED": 50_000},
    ),
    "members": Driven(
        "admission.reading.notebook:MAX_MEMBERS",
        TOO_LARGE,
        lambda: {"a.npz": npz(*((f"a{n}", npy(FOUR, descr="<f4", shape="(4,)")) for n in range(60)), ("b", npy(HARM)))},
        {"admission.reading.notebook:MAX_MEMBERS": 50},
    ),
    "a compressed pickle's end": Driven(
        "admission.checks.checkpoint:MAX_UNPACKED",
        TOO_LARGE,
        lambda: {
            "model.pkl": gzip.compress(stream(b"B" + struct.pack("<I", 90_000) + bytes(90_000) + b"0" + shell("x")))
        },
        {"admission.checks.checkpoint:MAX_UNPACKED": 50_000},
    ),
    "a wrapper in wrappers": Driven(
        "admission.checks.checkpoint:MAX_LAYERS", TOO_LARGE, lambda: {"model.pkl": nested(4, HARM)}
    ),
    "a large member of an unknown archive": Driven(
        "admission.checks.checkpoint:MAX_UNPACKED",
        IMPORT,
        lambda: {
            "model.bin": zipped(
                ("a.pkl", stream(b"B" + struct.pack("<I", 90_000) + bytes(90_000) + b"0" + shell("x"))), method=8
            )
        },
        {"admission.checks.checkpoint:MAX_UNPACKED": 50_000},
    ),
    "a table beside the configuration": Driven(
        "admission.coqui.config:MAX_TOTAL_BYTES",
        "config-import",
        lambda: {"a.json": NOISE, "config.json": as_json(EVIL)},
        {"admission.coqui.config:MAX_TOTAL_BYTES": 200},
    ),
    "a table that there is no time for": Driven(
        "admission.coqui.config:MAX_TOTAL_BYTES",
        "config-too-long",
        lambda: {"a.json": NOISE, "b.json": as_json([EVIL["characters"]]), "config.json": as_json(VOICE)},
        {"admission.coqui.config:MAX_TOTAL_BYTES": 200},
    ),
    "one YAML of 2.4 MB": Driven(
        "admission.coqui.config:MAX_TOTAL_BYTES core.plainyaml:MAX_BYTES",
        "config-import",
        lambda: {"a.yml": yaml_of(600_000), "config.json": as_json(EVIL)},
    ),
    # --- the folder
    "more entries than are listed": Driven(
        "admission.tree:MAX_ENTRIES",
        "directory-unread",
        lambda: many(60, ".txt", b"a\n") | {"zz/b.pkl": HARM},
        {"admission.tree:MAX_ENTRIES": 50},
    ),
    "a folder that is too deep": Driven(
        "admission.tree:MAX_DEPTH", "directory-unread", lambda: {"/".join(["d"] * 18) + "/b.pkl": HARM}
    ),
    "a script in the middle of a page": Driven(
        "admission.checks.filekinds:HEAD_BYTES",
        "directory-scripted-page",
        lambda: {"card.html": b"<html>" + b"a\n" * 100_000 + b"<script>x()</script>" + b"a\n" * 100_000},
    ),
    "an import in the middle of a .pth": Driven(
        "admission.checks.filekinds:HEAD_BYTES",
        "directory-code",
        lambda: {"a.pth": b"{\n" + b"# a\n" * 40_000 + b"import evil\n" + b"# a\n" * 40_000},
    ),
    "a program in the middle of a picture": Driven(
        "admission.checks.filekinds:TAIL_BYTES",
        "directory-two-formats",
        lambda: {"a.png": b"\x89PNG\r\n\x1a\n" + bytes(200_000) + b"<?php x();" + bytes(200_000)},
    ),
    "a text that is too long": Driven(
        "admission.checks.directory:MAX_READ_BYTES",
        "directory-unread",
        lambda: {"README.md": b"a\n" * 100_000 + b"<?php"},
        {"admission.checks.directory:MAX_READ_BYTES": 150_000},
    ),
    "a document of an odd size": Driven(
        "admission.checks.directory:MAX_DOCUMENT_BYTES",
        EXECUTABLE,
        lambda: {"README.md": b"a\n" * 100_000 + b"<?php x();"},
        {"admission.checks.directory:MAX_DOCUMENT_BYTES": 1000},
    ),
    "a recording of an odd size": Driven(
        "admission.checks.directory:MAX_SAMPLE_BYTES",
        "directory-two-formats",
        lambda: {"a.mp3": b"ID3" + b"\xf0" * 200_000 + b"<script>" + b"\xf0" * 100_000},
        {"admission.checks.directory:MAX_SAMPLE_BYTES": 1000},
    ),
    # --- one format each
    "a packed pickle in torch's archive": Driven(
        "admission.reading.torchfile:MAX_PICKLE",
        TOO_LARGE,
        lambda: {"model.pth": zipped(("archive/data.pkl", HARM + bytes(200)), ("archive/version", b"3\n"), method=8)},
        {"admission.reading.torchfile:MAX_PICKLE": 100},
    ),
    "streams behind streams": Driven(
        "admission.reading.torchfile:MAX_STREAMS",
        "pickle-trailing",
        lambda: {"model.pkl": stream(asm.NONE) * 70 + HARM},
    ),
    "a long version": Driven(
        "admission.reading.torchfile:MAX_SMALL",
        "torch-member",
        lambda: {
            "model.pth": zipped(("archive/data.pkl", CLEAN), ("archive/data/0", FOUR), ("archive/version", b"3" * 200))
        },
    ),
    "packed indices": Driven(
        "admission.reading.torchfile:MAX_UNPACKED",
        TOO_LARGE,
        lambda: {"model.pth": packed_sparse()},
        {"admission.reading.torchfile:MAX_UNPACKED": 8},
    ),
    "one storage as many types": Driven(
        "admission.reading.torchfile:MAX_DTYPES", "tensor-dtype", lambda: {"model.pth": many_types()}
    ),
    "damage under many names": Driven(
        "admission.reading.torchfile:MAX_LABELS",
        "tensor-not-finite",
        lambda: {"model.pth": many_names()},
    ),
    "an archive's members": Driven(
        "admission.reading.zipdirectory:MAX_MEMBERS admission.reading.zipdirectory:MAX_DIRECTORY",
        "zip-broken",
        lambda: {"model.pth": asm.archive(*asm.torch_members(HARM), count=60_001)},
    ),
    "an archive's directory": Driven(
        "admission.reading.zipdirectory:MAX_DIRECTORY",
        "zip-broken",
        lambda: {"model.pth": asm.torch_archive(HARM)},
        {"admission.reading.zipdirectory:MAX_DIRECTORY": 50},
    ),
    "a member's name": Driven(
        "admission.reading.ziparchive:MAX_NAME", "zip-name", lambda: {"model.pth": zipped(("a" * 600, HARM))}
    ),
    "an archive of the future": Driven(
        "admission.reading.zipdirectory:MAX_VERSION",
        "zip-broken",
        lambda: {"model.pth": asm.torch_archive(HARM).replace(b"PK\1\2\x14\0\x14\0", b"PK\1\2\x14\0\x50\0")},
    ),
    "a member that unpacks to far more": Driven(
        "admission.reading.ziparchive:MAX_RATIO",
        "zip-bomb",
        lambda: {"a.npz": npz(("a", npy(bytes(4 << 20), descr="<f4", shape=f"({1 << 20},)")))},
    ),
    "ends before the end": Driven(
        "admission.reading.zipdirectory:MAX_END_RECORDS", "polyglot", lambda: {"model.dat": many_ends()}
    ),
    "a tar's members": Driven(
        "admission.reading.tararchive:MAX_MEMBERS",
        TOO_LARGE,
        lambda: {"model.pth": tar(*((f"a{n}", b"") for n in range(60)), ("pickle", HARM))},
        {"admission.reading.tararchive:MAX_MEMBERS": 50},
    ),
    "a tar behind a tar": Driven(
        "admission.reading.tararchive:CHUNK",
        TOO_LARGE,
        lambda: {"model.pth": tar(("a", b"a"), after=tar(("pickle", HARM)))},
    ),
    "a tar's entry of unknown size": Driven(
        "admission.reading.tararchive:CHUNK", TOO_LARGE, lambda: {"model.pth": unmarked(HARM)}
    ),
    "a header of safetensors": Driven(
        "admission.reading.safetensors:MAX_HEADER",
        "safetensors-header",
        lambda: {"model.safetensors": safetensors(90)},
        {"admission.reading.safetensors:MAX_HEADER": 2000},
    ),
    "the depth of a header": Driven(
        "core.plainjson:MAX_DEPTH",
        "safetensors-header",
        lambda: {"model.safetensors": struct.pack("<Q", 608) + b'{"a": ' + b"[" * 301 + b"]" * 301},
    ),
    "a tensor's long name": Driven(
        "admission.reading.safetensors:MAX_NAME",
        "safetensors-header",
        lambda: {"model.safetensors": safetensors(1, lambda _: "a" * 1100, FOUR[:4])},
    ),
    "a numpy header": Driven(
        "admission.reading.numpyfile:MAX_HEADER", "numpy-header", lambda: {"a.npy": npy(HARM, padding=70_000)}
    ),
    "an array of nothing": Driven(
        "admission.reading.numpycalls:MOST_EMPTY",
        "numpy-header",
        lambda: {"a.npy": npy(b"", descr="|S0", shape="(99999999999,)")},
    ),
    "arrays of objects": Driven(
        "admission.reading.joblibfile:MAX_INNER",
        "pickle-bomb",
        lambda: {"a.joblib": joblib_inner(60)},
        {"admission.reading.joblibfile:MAX_INNER": 50},
    ),
    "a stack": Driven(
        "admission.reading.machine:MAX_STACK", "pickle-bomb", lambda: {"a.pkl": stream(asm.NONE * 160_000 + shell("x"))}
    ),
    "a memo": Driven(
        "admission.reading.pickles:MAX_MEMO",
        "pickle-bomb",
        lambda: {"a.pkl": stream(asm.NONE + asm.MEMOIZE * 500 + shell("x"), 4)},
        {"admission.reading.pickles:MAX_MEMO": 200},
    ),
    "values that are kept": Driven(
        "admission.reading.pickles:MAX_KEPT",
        "pickle-bomb",
        lambda: {
            "a.pkl": stream(
                asm.EMPTY_LIST + asm.MARK + asm.NONE * 500 + asm.APPENDS + asm.POP + (asm.NONE + asm.POP) * 99
            )
        },
        {"admission.reading.pickles:MAX_KEPT": 200},
    ),
    "a large dictionary as a state": Driven(
        "admission.reading.pickles:MAX_DICT_ITEMS",
        "pickle-state",
        lambda: {
            "a.pkl": stream(
                call("collections", "OrderedDict")
                + asm.state_dict(("_metadata", asm.NONE), *((f"k{n}", asm.NONE) for n in range(200)))
                + asm.BUILD
            )
        },
    ),
    "names that are imported": Driven(
        "admission.reading.pickles:MAX_GLOBALS",
        "pickle-bomb",
        lambda: {"a.pkl": stream((named("argparse", "Namespace") + asm.POP) * 2100 + shell("x"))},
    ),
    "a line": Driven(
        "admission.reading.cursor:MAX_LINE",
        "pickle-bomb",
        lambda: {"a.pkl": b"I" + b"1" * 70_000 + b"\n0" + shell("x") + b"."},
    ),
    "bytes that calls copy": Driven(
        "admission.reading.growth:MAX_COPIED",
        "pickle-bomb",
        lambda: {"a.pkl": stream(copies(b"B" + struct.pack("<I", 1 << 20) + bytes(1 << 20), 80) + shell("x"), 3)},
    ),
    "a number in a pickle": Driven(
        "admission.reading.machine:MAX_NUMBER",
        "pickle-bomb",
        lambda: {"a.pkl": stream(b"\x8b" + struct.pack("<i", 5000) + b"\1" * 5000 + asm.POP + shell("x"))},
    ),
    "a text that is not kept": Driven(
        "admission.reading.symbols:KEPT_TEXT",
        IMPORT,
        lambda: {"a.pkl": stream(text("a" * 300) + text("b") + asm.STACK_GLOBAL, 4)},
    ),
    "depth": Driven(
        "admission.reading.growth:MAX_DEPTH",
        "pickle-bomb",
        lambda: {"a.pkl": stream(asm.NONE + asm.TUPLE1 * 120 + shell("x"))},
    ),
    "weight": Driven(
        "admission.reading.growth:MAX_WEIGHT",
        "pickle-bomb",
        lambda: {"a.pkl": stream(asm.NONE + (asm.DUP + asm.TUPLE2) * 30 + shell("x"))},
    ),
    "a huge number as a key": Driven(
        "admission.reading.keys:MAX_BITS",
        "pickle-bomb",
        lambda: {"a.pkl": stream(asm.EMPTY_DICT + b"\x8a\x09" + b"\1" * 9 + b"Ns" + shell("x"))},
    ),
    "keys of one hash": Driven(
        "admission.reading.keys:MAX_CLASH",
        "pickle-bomb",
        lambda: {"a.pkl": stream(asm.EMPTY_DICT + same_hash(9) + shell("x"))},
        {"admission.reading.keys:MAX_CLASH": 2},
    ),
    "a key of many values": Driven(
        "admission.reading.keys:MAX_KEY_WEIGHT",
        "pickle-bomb",
        lambda: {"a.pkl": stream(asm.EMPTY_DICT + asm.MARK + asm.number(1) * 2100 + asm.TUPLE + b"Ns" + shell("x"))},
    ),
    "keys of many values": Driven(
        "admission.reading.keys:MAX_WEIGHT",
        "pickle-bomb",
        lambda: {"a.pkl": stream(asm.EMPTY_DICT + (asm.number(1) + asm.TUPLE1 + b"Ns") * 20 + shell("x"))},
        {"admission.reading.keys:MAX_WEIGHT": 20},
    ),
    "keys of unknown hash": Driven(
        "admission.reading.keys:MAX_UNKNOWN",
        "pickle-bomb",
        lambda: {"a.pkl": stream(asm.EMPTY_DICT + complex_key() * 30 + shell("x"))},
        {"admission.reading.keys:MAX_UNKNOWN": 20},
    ),
    "elements beyond a storage": Driven(
        "admission.reading.tensors:MAX_FREE_ELEMENTS",
        "tensor-expansion",
        lambda: {"model.pth": shown((1 << 21,), (0,))},
    ),
    "views of few bytes": Driven(
        "admission.reading.tensors:MAX_SHOWN_TIMES admission.reading.tensors:MAX_SHOWN_FREE",
        "tensor-expansion",
        lambda: {"model.pth": shown((1 << 20,), (0,), 70)},
    ),
    "tensors": Driven(
        "admission.reading.tensors:MAX_TENSORS",
        "pickle-bomb",
        lambda: {"model.pth": shown((1,), (1,), 60)},
        {"admission.reading.tensors:MAX_TENSORS": 50},
    ),
    "a sparse tensor's size": Driven(
        "admission.reading.rebuilding:MAX_SPARSE", "pickle-call", lambda: {"model.pth": sparse(size=1 << 29)}
    ),
    "lines of indices": Driven(
        "admission.reading.sparse:MAX_LINES",
        "tensor-bounds",
        lambda: {"model.pth": sparse(index=9)},
        {"admission.reading.sparse:MAX_LINES": 1},
    ),
    "scattered indices": Driven(
        "admission.reading.strided:MAX_SPAN",
        "tensor-bounds",
        lambda: {"model.pth": sparse(index=9)},
        {"admission.reading.strided:MAX_SPAN": 4},
    ),
    "damage among measurements": Driven(
        "admission.reading.values:MAX_METRICS",
        "tensor-not-finite",
        lambda: {"model.pth": many_names("best_loss")},
        {"admission.reading.values:MAX_METRICS": 1},
    ),
    "absurd weights": Driven(
        "admission.reading.values:MAX_MAGNITUDE",
        "tensor-not-finite",
        lambda: {"model.pth": many_names("a.weight")},
    ),
    "a tensor in a large list": Driven(
        "admission.reading.rebuilding:MAX_LABELLED admission.reading.rebuilding:MAX_DEPTH",
        "tensor-not-finite",
        lambda: {"model.pth": in_a_list(80)},
    ),
    # --- configurations
    "a configuration's bytes": Driven(
        "engines.coqui.configfile:MAX_CONFIG_BYTES admission.coqui.config:MAX_CONFIG_BYTES",
        "config-bomb",
        lambda: {"config.json": as_json(EVIL) + b" " * (2 << 20)},
    ),
    "a table's bytes": Driven(
        "engines.coqui.configfile:MAX_DATA_BYTES",
        "config-too-long",
        lambda: {"table.json": as_json([EVIL["characters"]]) + b" " * (24 << 10)},
        {"admission.coqui.config:MAX_DATA_BYTES": 20 << 10},
    ),
    "a table's values": Driven(
        "core.strictjson:MAX_VALUES",
        "config-too-long",
        lambda: {"table.json": as_json([1] * 201 + [EVIL["characters"]])},
        {"core.strictjson:MAX_VALUES": 200},
    ),
    "levels": Driven(
        "core.strictjson:MAX_DEPTH",
        "config-unreadable",
        lambda: {"table.json": b"[" * 60 + as_json(EVIL) + b"]" * 60},
    ),
    "digits": Driven(
        "core.strictjson:MAX_DIGITS",
        "config-readers-differ",
        lambda: {"config.json": b'{"model": "vits", "n": ' + b"1" * 40 + b"}"},
    ),
    "a YAML's events": Driven(
        "core.plainyaml:MAX_EVENTS",
        "config-unreadable",
        lambda: {"config.yml": yaml_of(2000)},
        {"core.plainyaml:MAX_EVENTS": 1000},
    ),
    "a YAML's number": Driven(
        "core.plainyaml:MAX_NUMBER", "config-readers-differ", lambda: {"config.yml": b"model: vits\nn: " + b"1" * 40}
    ),
    "a text behind a long text": Driven(
        "admission.coqui.references:_ROUNDS",
        "config-url",
        lambda: {"config.json": as_json(VOICE | {"note": "a" * 5000 + " ${IFS} {{ x }}"})},
    ),
    "a text that is encoded many times": Driven(
        "admission.coqui.references:_ROUNDS",
        "config-url",
        lambda: {"config.json": as_json(VOICE | {"note": "%252525257B%252525257Bx%252525257D"})},
    ),
    "many paths": Driven(
        "admission.coqui.configfields:MAX_PATHS",
        "config-bomb",
        lambda: {
            "config.json": as_json(VOICE | {"speakers_file": ["a"] * 70 + ["s3://a/b"], "use_speaker_embedding": True})
        },
    ),
    "many characters": Driven(
        "admission.coqui.configfields:MAX_VOCABULARY",
        "config-bomb",
        lambda: {"config.json": as_json(VOICE | {"characters": {"characters": "ab" * 60_000}})},
    ),
    "many numbers": Driven(
        "admission.coqui.hyperparameters:MAX_ITEMS",
        "config-bomb",
        lambda: {"config.json": as_json(VOICE | {"x": [1] * 300 + ["s3://a"]})},
    ),
    "a number": Driven(
        "admission.coqui.hyperparameters:MAX_NUMBER",
        "config-bomb",
        lambda: {"config.json": as_json(VOICE | {"xyz": 1e8})},
    ),
    "upsampling": Driven(
        "admission.coqui.hyperparameters:MAX_UPSAMPLING",
        "config-bomb",
        lambda: {"config.json": as_json(VOICE | {"upsample_rates": [1] * 70 + [60, 60, 60]})},
    ),
    "weights": Driven(
        "admission.coqui.hyperparameters:MAX_BYTES",
        "config-bomb",
        lambda: {
            "config.json": as_json(
                VOICE | {"model_args": {"hidden_channels": 60_000, "num_layers": 1000, "kernel_size": 1000}}
            )
        },
    ),
    "statistics": Driven(
        "admission.coqui.statsfile:MAX_PICKLE",
        "config-pickle",
        lambda: statistics(npy(HARM + bytes(200))),
        {"admission.coqui.statsfile:MAX_PICKLE": 100},
    ),
    "a header of statistics": Driven(
        "admission.coqui.statsfile:MAX_HEADER", "config-pickle", lambda: statistics(npy(HARM, padding=70_000))
    ),
    "operations of statistics": Driven(
        "admission.coqui.statsfile:MAX_OPERATIONS",
        "config-pickle",
        lambda: statistics(npy(stream((asm.NONE + asm.POP) * 500 + shell("x")))),
        {"admission.coqui.statsfile:MAX_OPERATIONS": 200},
    ),
}

DRIVEN |= {
    f"of ONNX, {one.bounds}": Driven(
        f"{READER}.{one.bounds}",
        one.rule,
        lambda one=one: {"voice.onnx": one.data()},  # type: ignore[misc]
        {f"{READER}.{name}": value for name, value in one.lowered.items()},
    )
    for one in REACHED
}

HIDES_NOTHING = {
    "admission.kokoro.config:MAX_NETWORKS": "kokoro/test_config.py: more are refused",
    "engines.kokoro.styles:MAX_SPEAKERS": "more speakers are refused",
    "engines.kokoro.styles:MAX_LENGTHS": "a longer array is refused",
    "engines.kokoro.styles:MAX_DIRECTORY": "an archive with a longer list is refused",
    "engines.kokoro.styles:MAX_HEADER": "an array with a longer header is refused",
    "admission.piper.config:MAX_VOICES": "piper/test_config.py: more are refused",
    "engines.piper.configfile:MAX_BYTES": "a longer configuration is refused",
    "engines.piper.configfile:MAX_SPEAKERS": "more speakers are refused",
    "engines.piper.configfile:MAX_SYMBOLS": "more symbols are refused",
    "engines.piper.configfile:MAX_IDS": "more ids are refused",
    "admission.reading.onnx.file:MAX_TOLD": "how many kinds of differences are told",
    "admission.reading.onnx.fingerprint:MAX_BYTES": "a larger fingerprint is refused",
    "admission.reading.onnx.fingerprint:MAX_NAMED": "how many names are shown; the others are counted",
    "admission.reading.onnx.fingerprint:MAX_PINNED": "larger tensors are what a voice learns",
    "admission.reading.onnx.graph:MAX_SHAPE": "more sizes than a tensor may have",
    "admission.reading.escapes:_LONGEST": "where a line may be cut to be decoded",
    "admission.acceptances:MOST_PROPOSED": "lines to paste: what they leave out is asked again",
    "admission.checks.leftovers:MAX_POINTER": "a larger file is judged as the voice's",
    "admission.checks.leftovers:MAX_NOTE": "a larger file is judged as the voice's",
    "admission.checks.leftovers:MAX_OWNER": "a larger file is judged as the voice's",
    "admission.checks.leftovers:MAX_SCRIPTS": "where there are more, each is judged as the voice's",
    "admission.checks.repositories:MAX_GIT_CONFIGURATION": "longer settings are refused (long-comment in the corpus)",
    "admission.checks.repositories:MAX_HOOK": "a longer hook is refused",
    "admission.checks.repositories:MAX_LINES": "more lines are refused",
    "admission.checks.repositories:MAX_LINE": "a longer line is refused",
    "admission.checks.repositories:MAX_PATH": "how much of a setting's name is shown",
    "admission.reading.objects:MAX_PATTERN": "a longer pattern is refused",
    "admission.reading.randomstates:_MAX_POOL": "a larger pool is refused",
    "admission.reading.states:MAX_RECORD": "a larger record is refused",
    "admission.checks.leftovers:MAX_NAME": "how much of a name is shown",
    "admission.reading.notebook:MAX_QUOTE": "how much of a text is shown",
    "admission.reading.ziparchive:RATIO_MATTERS": "below it a member is small, and read",
    "admission.checks.directory:MAX_NAME": "longer names are refused",
    "admission.checks.filekinds:BLOCK_BYTES": "how much is read at a time",
    "admission.checks.exports:MAX_ELEMENTS": "a larger tensor is not compared, which asks for a decision",
    "admission.checks.exports:MAX_CHANNELS": "a tensor with more steps is not compared, which asks for a decision",
    "admission.checks.exports:MAX_ROWS": "how many symbols are shown; the others are counted",
    "admission.checks.lineage:MAX_RANK": "of a number that is shown",
    "admission.checks.lineage:MAX_RANK_BYTES": "of a number that is shown",
    "admission.checks.lineage:MAX_SHOWN": "how many tensors that ask for a decision are shown; others are counted",
    "admission.checks.lineage:MOST_ROWS": "rows that are named; the tensor is shown all the same",
    "admission.checks.weights:MAX_TENSORS": "test_architecture.py: what is not compared asks for a decision",
    "admission.checks.weights:MAX_GATHERED": "test_architecture.py, as MAX_TENSORS",
    "admission.checks.weights:MAX_LEFT": "what a conversion drops is shown and counted",
    "admission.coqui.architecture:MAX_CONFIG_BYTES": "larger than that of loaders:MAX_CONFIG_BYTES, which refuses",
    "admission.coqui.architecture:MAX_SHOWN": "how many names are shown; the others are counted",
    "admission.coqui.architecture:MAX_UNTOLD_SHARE": "decides between two questions",
    "admission.coqui.configfields:MAX_PLACES": "facts, no flaws",
    "admission.coqui.facts:MAX_FILES": "facts, no flaws",
    "admission.coqui.sinks:_LONGEST": "parts of the longest field that is known",
    "admission.coqui.speakers:MAX_NAMES": "names that a user may choose from",
    "admission.coqui.vocabulary:MAX_SYMBOLS": "what phrases are drawn from",
    "admission.outcomes:MOST_FINDINGS": "test_outcomes.py",
}


def shown(shape: tuple[int, ...], strides: tuple[int, ...], times: int = 1) -> bytes:
    entries = ((f"w{n}", asm.tensor("0", 4, shape, strides)) for n in range(times))
    return asm.torch_archive(stream(asm.state_dict(*entries)), FOUR)


def many_types() -> bytes:
    made = (
        asm.call(
            "torch._utils", "_rebuild_tensor_v3", asm.storage("0", 16, "ByteStorage"), asm.number(0),
            asm.number(1) + asm.TUPLE1, asm.number(1) + asm.TUPLE1, b"\x89", call("collections", "OrderedDict"),
            named("torch", name),
        )
        for name in ("float32", "float16", "float64", "bfloat16", "complex64", "float8_e5m2")
    )  # fmt: skip
    return asm.torch_archive(stream(asm.state_dict(*((f"w{n}", one) for n, one in enumerate(made)))), FOUR)


def many_names(name: str = "") -> bytes:
    names = [name] if name else [*(f"best_loss_{n}" for n in range(20)), "a.weight"]
    entries = ((one, asm.tensor("0", 4, (4,), (1,))) for one in names)
    return asm.torch_archive(stream(asm.state_dict(*entries)), struct.pack("<4f", 1, 2, 3, float("nan")))


def in_a_list(count: int) -> bytes:
    items = asm.EMPTY_LIST + asm.MARK + asm.tensor("0", 4, (4,), (1,)) + asm.NONE * count + asm.APPENDS
    return asm.torch_archive(stream(asm.state_dict(("metrics", items))), struct.pack("<4f", 1, 2, 3, float("nan")))


def sparse(index: int = 0, size: int = 2, method: int = 0) -> bytes:
    def ints(*values: int) -> bytes:
        return asm.MARK + b"".join(asm.number(value) for value in values) + asm.TUPLE

    layout = call("torch.serialization", "_get_layout", text("torch.sparse_coo"))
    parts = asm.tensor("0", 4, (2, 2), (2, 1), kind="LongStorage") + asm.tensor("1", 2, (2,), (1,)) + ints(2, size)
    made = call("torch._utils", "_rebuild_sparse_tensor", layout, asm.MARK + parts + b"\x88" + asm.TUPLE)
    members = asm.torch_members(stream(asm.state_dict(("x", made))), struct.pack("<4q", 0, 1, 0, index), FOUR[:8])
    for member in members:
        member.method = method if "/data/" in member.name else 0
    return asm.archive(*members)


def packed_sparse() -> bytes:
    return sparse(index=9, method=8)


def same_hash(count: int) -> bytes:
    """Powers of two that are as far from each other as hashes are long."""
    keys = [float(2**n) for n in range(0, 61 * count, 61)]
    assert len({hash(key) for key in keys}) == 1
    return b"".join(b"G" + struct.pack(">d", key) + asm.TUPLE1 + b"Ns" for key in keys)


def complex_key() -> bytes:
    from tests.admission_corpus.hostile_joblib import dtype

    made = call("numpy.core.multiarray", "scalar", dtype("c16"), b"C\x10" + bytes(16))
    return made + asm.TUPLE1 + asm.NONE + asm.SETITEM


def many_ends() -> bytes:
    """An archive behind text, then places that look like ends and name no directory."""
    archive = asm.torch_archive(HARM)
    ends = b""
    for _ in range(9):
        ends = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 7, 0, len(ends)) + ends
    return b"some text\n" + archive + ends


def statistics(data: bytes) -> dict[str, bytes]:
    audio = {"stats_path": "stats.npy", "signal_norm": True}
    return {"config.json": as_json(VOICE | {"audio": audio}), "stats.npy": data}


def write(folder: Path, files: Files) -> Path:
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


@pytest.mark.parametrize("name", DRIVEN)
def test_what_lies_behind_a_bound_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driven = DRIVEN[name]
    for bound, value in driven.lowered.items():
        module, _, constant = bound.partition(":")
        monkeypatch.setattr(importlib.import_module(f"harness.{module}"), constant, value)
    found = admit(write(tmp_path / "voice", driven.files()))
    assert found.verdict is Verdict.FAIL
    assert f"admission.{driven.rule}" in {flaw.rule.id for flaw in found.flaws}


class TestUnread:
    """What cannot be read at all is refused too, and by the command's exit code."""

    def test_is_a_folder_that_nobody_may_list(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = write(tmp_path / "voice", {"model.pth": asm.torch_archive(CLEAN, FOUR), "sub/b.pkl": HARM})
        scandir = os.scandir

        def refuse(path: Path) -> Iterator[os.DirEntry[str]]:
            if Path(path).name == "sub":
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr("harness.admission.tree.os.scandir", refuse)
        assert main(["scan", str(folder)]) == 1
        assert "sub   HIGH  admission.directory-unread\n" in capsys.readouterr().out

    def test_is_a_file_that_nobody_may_open(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = write(tmp_path / "voice", {"model.pth": asm.torch_archive(CLEAN, FOUR), "notes.dat": HARM})
        opened = Tree.open

        def refuse(tree: Tree, entry: Entry) -> IO[bytes]:
            if entry.path == "notes.dat":
                raise PermissionError(13, "Permission denied")
            return opened(tree, entry)

        monkeypatch.setattr(Tree, "open", refuse)
        found = admit(folder)
        assert found.verdict is Verdict.FAIL
        assert {flaw.rule.id for flaw in found.flaws} == {"admission.unreadable", "admission.directory-unread"}


def test_every_bound_is_driven_or_hides_nothing() -> None:
    driven = {bound for one in DRIVEN.values() for bound in one.bounds.split()}
    missing = _bounds() - driven - HIDES_NOTHING.keys()
    assert not missing


def _bounds() -> set[str]:
    """Constants that are named like bounds, and those that others import to be."""
    found = set()
    for path in (path for pattern in READ_HERE for path in PACKAGE.glob(pattern)):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for node in ast.parse(path.read_text("utf-8")).body:
            target = (
                node.target
                if isinstance(node, ast.AnnAssign)
                else node.targets[0]
                if isinstance(node, ast.Assign)
                else None
            )
            if isinstance(target, ast.Name) and target.id.lstrip("_").startswith(
                ("MAX_", "MOST_", "KEPT_", "SPARE", "LONGEST")
            ):
                found.add(f"{module}:{target.id}")
    return found
