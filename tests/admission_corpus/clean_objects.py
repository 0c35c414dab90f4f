"""Objects that honest trainers save beside their weights, each made by the library that honest people use.

Nothing of them executes more than its own class, so a person has to decide. Needs numpy; torch in some.
"""

from __future__ import annotations

import array
import collections
import pickle
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.admission_corpus.recorded import RECORDED
from tests.lazily import Lazily

torch = Lazily("torch")
joblib = Lazily("joblib")
preprocessing = Lazily("sklearn.preprocessing")

Writer = Callable[[Path], None]

BITS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
RECORD = [("frame", "<i4"), ("f0", "<f4", (2,))]


def _saved(make: Callable[[], object]) -> Writer:
    """Beside weights, as a trainer saves everything that it has."""
    return lambda path: torch.save({"model": {"w": torch.ones(2, 3)}, "beside": make()}, path)


def _pickled(make: Callable[[], object], protocol: int) -> Writer:
    return lambda path: path.write_bytes(pickle.dumps(make(), protocol)) and None


def _generators() -> object:
    made = {name: np.random.Generator(getattr(np.random, name)(7)) for name in BITS}
    for one in made.values():
        one.random(5)
        one.integers(9, dtype=np.uint32)
    return {**made, "spawned": np.random.default_rng(3).spawn(1)[0], "many": np.random.default_rng([1, 2, 3])}


def _random_states() -> object:
    old = np.random.RandomState(7)
    old.standard_normal()
    return {"numpy": old, "bits": np.random.PCG64(5), "seeds": np.random.SeedSequence(entropy=[5, 6], spawn_key=(1,)),
            "as told": np.random.get_state(), "as a table": old.get_state(legacy=False)}  # fmt: skip


def _random_of_python() -> object:
    made = random.Random(7)
    made.gauss(0.0, 1.0)
    return {"random": made, "fresh": random.Random(8), "told": made.getstate()}


def _masked() -> object:
    hidden = np.ma.masked_invalid(np.array([1.0, np.nan, 3.0], np.float32))
    return {"f0": hidden, "filled": np.ma.array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]], fill_value=9),
            "texts": np.ma.array(["a", "b"]), "none": np.ma.masked, "bare": np.ma.array(np.zeros(3))}  # fmt: skip


def _masked_or_long() -> object:
    return {"long": np.ma.masked_less(np.arange(3_000.0), 9.0), "dates": np.ma.array(np.array(["2026-03-01"], "M8[D]"))}


def _kinds() -> object:
    rows = np.rec.array([(1, (2.0, 3.0)), (2, (4.0, 5.0))], dtype=RECORD)
    return {"matrix": np.asmatrix(np.eye(2)), "rows": rows, "row": rows[0], "words": np.char.array(["ab", "c"])}


def _mapped(path: Path) -> None:
    np.save(path.with_suffix(".npy"), np.ones(5))
    torch.save({"mean": np.load(path.with_suffix(".npy"), mmap_mode="r")}, path)
    path.with_suffix(".npy").unlink()


def _texts() -> object:
    return {"names": np.array(["a", "a longer one"], dtype=np.dtypes.StringDType()), "type": np.dtypes.StringDType()}


def _collections() -> object:
    layered = collections.ChainMap({"lr": 0.1}, {"lr": 1e-3, "betas": (0.8, 0.99)})
    return {"config": layered, "user": collections.UserDict(model="vits"), "list": collections.UserList([1, "a"]),
            "text": collections.UserString("vits")}  # fmt: skip


def _arrays_of_python() -> object:
    return {
        "numbers": array.array("d", [1.5, 2.5]),
        "small": array.array("h", range(500)),
        "text": array.array("u", "ab"),
    }


def _patterns() -> object:
    return {
        "cleaner": re.compile(r"\s+"),
        "bytes": re.compile(rb"[a-z]", re.IGNORECASE),
        "long": re.compile("ab|" * 200),
    }


def _types() -> object:
    return {"dtype": np.float32, "bits": np.uint8, "class": np.dtypes.Float64DType, "plain": int, "flag": np.bool_}


def _held_types() -> object:
    import argparse

    return argparse.Namespace(
        dtype=np.float32, kind=torch.float16, cast=float, types=[int, str], rng=np.random.PCG64(1)
    )


def _curves() -> object:
    return {"old": np.poly1d([1.0, 2.0]), "new": np.polynomial.Polynomial([1.0, 2.0]), "limits": np.finfo(np.float32)}


def _scalers() -> object:
    rows = np.arange(12.0).reshape(4, 3)
    return {
        name: getattr(preprocessing, name)().fit(rows) for name in ("StandardScaler", "MinMaxScaler", "RobustScaler")
    }


def _of_torch() -> object:
    weight = torch.nn.Parameter(torch.ones(2, 2))
    rows = torch.nn.utils.rnn.pack_padded_sequence(torch.ones(2, 3, 1), torch.tensor([3, 2]), batch_first=True)
    return {"rng": torch.Generator().manual_seed(7), "scaler": torch.amp.GradScaler("cpu"), "rows": rows,
            "best": torch.ones(2, 3).max(0),
            "optimizers": [torch.optim.Adafactor([weight]), torch.optim.Muon([weight])],
            "data": torch.utils.data.Subset(torch.utils.data.TensorDataset(torch.ones(3)), [1])}  # fmt: skip


_EVERYWHERE: dict[str, Callable[[], object]] = {
    "generators": _generators,
    "random-states": _random_states,
    "random-of-python": _random_of_python,
    "masked-arrays": _masked,
    "long-masked-arrays": _masked_or_long,
    "kinds-of-arrays": _kinds,
    "texts-of-any-length": _texts,
    "collections": _collections,
    "arrays-of-python": _arrays_of_python,
    "patterns": _patterns,
    "types": _types,
    "curves": _curves,
}

OBJECTS: dict[str, tuple[str, Writer]] = {
    **{name: ("best_model.pth", _saved(make)) for name, make in _EVERYWHERE.items()},
    **{
        f"{name}-{protocol}": ("voice.pkl", _pickled(make, protocol))
        for name, make in _EVERYWHERE.items()
        for protocol in (0, 2, 5)
    },
    **{
        f"written-by-{name}": ("voice.pkl", lambda path, data=written: path.write_bytes(data) and None)
        for name, written in RECORDED.items()
    },
    "objects-of-torch": ("best_model.pth", _saved(_of_torch)),
    "held-types": ("best_model.pth", _saved(_held_types)),
    "mapped-array": ("best_model.pth", _mapped),
    "scalers": ("best_model.pth", _saved(_scalers)),
    "joblib-scalers": ("scaler.joblib", lambda path: joblib.dump(_scalers(), path) and None),
    "joblib-generators": ("rng.joblib", lambda path: joblib.dump(_generators(), path) and None),
}  # fmt: skip
"""What must be inconclusive: a decision is needed. File name and writer."""
