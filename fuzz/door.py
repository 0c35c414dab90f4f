"""Drowns every hostile file of the corpus in honest noise, in twenty ways: the verdict must never become weaker.

A bound that is reached, a place in an order, a name, or what lies before and behind must not hide what a file does. Run
it with ``make fuzz-door``. A short form is a test (tests/unit/admission/checks/test_drowned.py).
"""

from __future__ import annotations

import pickle
import struct
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.admission.checks.checkpoint import CheckpointCheck
from harness.admission.tree import Tree
from harness.core.types import Verdict
from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import CLEAN, FOUR, Hostile
from tests.admission_corpus.hostile_checkpoints import HOSTILE

Files = dict[str, bytes]
"""Path below the model's folder -> content."""
Way = Callable[[str, bytes], Files | None]
"""What a folder becomes, given the hostile file's name and bytes; None where the way does not fit the file."""

_ARCHIVE = asm.torch_archive(CLEAN, FOUR)
_VALUES = pickle.dumps({f"speaker-{n}": [n, n / 7, "a" * (n % 40)] for n in range(3000)}, 2)
_PAIRS = pickle.dumps({(f"t{n}", f"u{n}"): n for n in range(5000)}, 4)
_CONFIG = b'{"model": "vits", "run_name": "voice"}\n'


def _beside(*more: tuple[str, bytes]) -> Way:
    return lambda name, data: {**dict(more), name: data}


def _renamed(to: Callable[[str], str], *more: tuple[str, bytes]) -> Way:
    return lambda name, data: {**dict(more), to(name): data}


def _within(before: bytes, behind: bytes = b"") -> Way:
    """Put operations behind the mark of a plain pickle's protocol, and others before its end."""

    def drown(name: str, data: bytes) -> Files | None:
        if data[:1] != b"\x80" or not data.endswith(b"."):
            return None
        return {name: data[:2] + before + data[2:-1] + behind + b"."}

    return drown


def _long(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


_NUMBERS = asm.EMPTY_LIST + asm.MARK + asm.number(7) * 5000 + asm.APPENDS + asm.POP
_FLOATS = asm.EMPTY_LIST + asm.MARK + (b"G" + struct.pack(">d", 0.5)) * 5000 + asm.APPENDS + asm.POP
_KEYS = asm.state_dict(*((f"layer.{n}.weight", asm.NONE) for n in range(2000))) + asm.POP
_OBJECTS = b"".join(
    asm.named("torch.nn.modules.linear", "Linear") + asm.EMPTY_TUPLE + asm.NEWOBJ + asm.POP for _ in range(200)
)
_CALLS = (asm.call("collections", "OrderedDict") + asm.POP) * 500
_DEEP = asm.EMPTY_LIST * 50 + b"a" * 49 + asm.POP

WAYS: dict[str, Way] = {
    "many texts": _beside(*((f"notes/{n:03}.txt", b"cats and dogs\n") for n in range(200))),
    "many checkpoints before": _beside(*((f"a{n:03}.pth", _ARCHIVE) for n in range(60))),
    "many checkpoints behind": _beside(*((f"zz{n:03}.pth", _ARCHIVE) for n in range(60))),
    "a large pickle before": _beside(("aa.pkl", _VALUES)),
    "a large pickle behind": _beside(("zz.pkl", _VALUES)),
    "large keys beside": _beside(("aa.pkl", _PAIRS), ("config.json", _CONFIG)),
    "a configuration": _beside(("config.json", _CONFIG)),
    "a clean checkpoint": _beside(("best_model.pth", _ARCHIVE), ("config.json", _CONFIG)),
    "last of all": _renamed(lambda name: f"zzz/zzz/{name}", ("model.pth", _ARCHIVE)),
    "first of all": _renamed(lambda name: f"000/{name}", ("model.pth", _ARCHIVE)),
    "deep below": _renamed(lambda name: f"a/b/c/d/e/f/{name}"),
    "many odd files": _beside(*((f"events.out.tfevents.{n}", b"\x18\0\0\0\0\0\0\0" + bytes(64)) for n in range(100))),
    "numbers before": _within(_NUMBERS),
    "fractions before": _within(_FLOATS),
    "keys before": _within(_KEYS),
    "a long text before": _within(_long("a" * 3_000_000) + asm.POP),
    "objects before": _within(_OBJECTS),
    "calls before": _within(_CALLS),
    "depth before": _within(_DEEP),
    "all before and behind": _within(_NUMBERS + _KEYS + _CALLS, _NUMBERS + _DEEP),
}
"""Twenty ways, by name."""


def weaker(corpus: Iterable[Hostile], folder: Path) -> Iterator[str]:
    """The ways in which an artefact is no longer refused, as ``artefact, way: verdict``."""
    for number, one in enumerate(corpus):
        data = one.make(str(folder / "marker"))
        for turn, (name, way) in enumerate(WAYS.items()):
            files = way(one.file, data)
            if files is None:
                continue
            room = folder / f"{number}-{turn}"
            for path, content in files.items():
                place = room / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            found = CheckpointCheck().examine(Tree.of(room)).verdict
            if found is not Verdict.FAIL:
                yield f"{one.name}, {name}: {found.value}"
            for place in sorted(room.rglob("*"), reverse=True):
                place.rmdir() if place.is_dir() else place.unlink()


def main() -> int:
    """Try every way on every artefact; 1 where one is weaker."""
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for one in weaker(HOSTILE, Path(folder)):
            print(one, flush=True)
            count += 1
    print(f"{len(HOSTILE)} artefacts, {len(WAYS)} ways: {count or 'none'} weaker")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
