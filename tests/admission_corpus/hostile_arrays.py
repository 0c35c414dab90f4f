"""Arrays within pickles whose values are damage, and calls that pretend to make members of enumerations."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator

import numpy as np

from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import Hostile
from tests.admission_corpus.pickle_assembly import call, named, stream, text
from tests.lazily import Lazily

joblib = Lazily("joblib")

IMPORT, NAN = "pickle-import", "tensor-not-finite"


def _weights(count: int, code: str = "f8") -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    values = np.ones(count, code)
    values[count // 2] = np.nan
    return values


def _joblib(_: str) -> bytes:
    file = io.BytesIO()
    joblib.dump({"model": {"w": _weights(500)}}, file)
    return file.getvalue()


def _npy(_: str) -> bytes:
    file = io.BytesIO()
    np.save(file, {"mel_mean": _weights(80)}, allow_pickle=True)  # type: ignore[arg-type]
    return file.getvalue()


def arrays() -> Iterator[Hostile]:
    """All of them."""
    for protocol in (0, 2, 4, 5):
        for count in (3, 900):
            yield Hostile(
                f"array-nan-{protocol}-{count}", "model.pkl", "", NAN,
                lambda m, p=protocol, n=count: pickle.dumps({"model": {"w": _weights(n)}}, p),
            )  # fmt: skip
    for code in ("f2", "f4", ">f8", "c8"):
        yield Hostile(
            f"array-nan-{code}", "model.pkl", "", NAN,
            lambda m, c=code: pickle.dumps({"w": _weights(70, c)}, 4),
        )  # fmt: skip
    yield Hostile("array-nan-joblib", "voice.joblib", "", NAN, _joblib)
    yield Hostile("array-nan-statistics", "scale_stats.npy", "", NAN, _npy)
    yield Hostile(
        "array-nan-among-many", "model.pkl", "", NAN,
        lambda m: pickle.dumps({**{f"a{n}": np.ones(3) for n in range(3000)}, "w": _weights(3)}, 4),
    )  # fmt: skip
    yield Hostile(
        "array-nan-beside-a-loss", "model.pkl", "", NAN,
        lambda m: pickle.dumps({"best_loss": _weights(3), "w": _weights(3)}, 4),
    )  # fmt: skip


def classes() -> Iterator[Hostile]:
    """Calls of names that nobody knows, unlike an enumeration's."""
    odd = {
        "function": call("mytrainer.configs", "color", asm.number(1)),
        "two": call("mytrainer.configs", "Color", asm.number(1), asm.number(2)),
        "none": call("mytrainer.configs", "Color"),
        "command": call("mytrainer.configs", "Color", text("touch /tmp/x; true")),
        "path": call("mytrainer.configs", "Color", text("/etc/passwd")),
        "list": call("mytrainer.configs", "Color", asm.EMPTY_LIST),
        "library": call("queue", "Queue", asm.number(1)),
        "library-of-python-2": call("Queue", "Queue", asm.number(1)),
        "package": call("paramiko.proxy", "ProxyCommand", text("reboot")),
        "own": call("harness.sandbox.inside.attacker", "Attack", asm.number(1)),
        "merely-named": named("mytrainer.configs", "Color"),
        "called-again": call("mytrainer.configs", "Color", asm.number(1)) + asm.EMPTY_TUPLE + asm.REDUCE,
        "private-attribute": call("builtins", "getattr", named("mytrainer.configs", "Color"), text("__class__")),
        "odd-module": call("..configs", "Color", asm.number(1)),
    }
    for name, body in odd.items():
        rule = "pickle-call" if name == "called-again" else IMPORT
        yield Hostile(f"class-{name}", "model.pkl", "", rule, lambda m, b=body: stream(b))
    yield Hostile(
        "class-with-state", "model.pkl", "", "pickle-state",
        lambda m: stream(odd["two"].replace(asm.number(2), b"") + asm.EMPTY_DICT + asm.BUILD),
    )  # fmt: skip
    yield Hostile(
        "class-dotted", "model.pkl", "", IMPORT,
        lambda m: stream(text("mytrainer.configs") + text("Color.run") + asm.STACK_GLOBAL
                         + asm.number(1) + asm.TUPLE1 + asm.REDUCE, 4),
    )  # fmt: skip
    yield Hostile(
        "nested-of-nothing", "model.pkl", "", "pickle-call",
        lambda m: stream(call("torch._utils", "_rebuild_nested_tensor", *(asm.number(1) for _ in range(4)))),
    )  # fmt: skip
