"""Fuzzes the reader of ONNX files: no exception, no hang, no memory, and nothing that another reader reads otherwise.

Run it with ``make fuzz-onnx SECONDS=60``. Inputs are the corpus, cut, spliced, and with bytes and lengths changed. What
the reader lets pass, protobuf's own reader has to read as well, with the same nodes and tensors. A short form is a test
(tests/unit/admission/reading/onnx/test_mutated.py).
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.admission.checks.checkpoint import read_any
from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.notebook import MAX_FLAWS, Budget, Notebook
from harness.admission.reading.onnx.file import read_model
from harness.admission.reading.onnx.head import is_onnx
from harness.core.types import Verdict
from tests.admission_corpus.onnx_honest import WRITTEN
from tests.admission_corpus.onnx_hostile import HOSTILE

SECONDS = 5.0
"""More of the processor for one small input is a hang."""
LARGEST = 1 << 16


def _flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _replace(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] = rng.choice((0, 1, 0x0A, 0x12, 0x3A, 0x7F, 0x80, 0xFF))


def _remove(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.randrange(1, 16)]


def _repeat(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = data[at : at + rng.randrange(1, 64)] * rng.randrange(1, 4)


def _lengthen(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at : at + 1] = b"\xff" * rng.randrange(1, 10) + b"\x01"


WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _replace, _remove, _repeat, _lengthen)


def seeds() -> list[bytes]:
    """Files of the corpus that are small enough to be changed often."""
    every = [*WRITTEN.values(), *(data for _, data in HOSTILE.values())]
    return [data for data in every if len(data) <= LARGEST]


def mutated(rng: random.Random, among: Sequence[bytes]) -> bytes:
    """One of some files, changed."""
    data = bytearray(rng.choice(among))
    if rng.random() < 0.2:
        other = rng.choice(among)
        data[rng.randrange(len(data)) :] = other[rng.randrange(len(other)) :]
    for _ in range(rng.choice((1, 1, 2, 4))):
        if data:
            rng.choice(WAYS)(data, rng)
    return bytes(data)


def check(data: bytes) -> bool:
    """Read one input; whether it was let pass, but for its graph."""
    notebook = Notebook("fuzz.onnx", Budget(operations=2_000_000))
    begun = time.process_time()
    read_any(MemoryBytes(data), notebook, has_values=True)
    assert time.process_time() - begun < SECONDS, "slow"
    assert len(notebook.flaws) <= MAX_FLAWS
    fails = any(flaw.rule.verdict is Verdict.FAIL for flaw in notebook.flaws)
    if fails or not is_onnx(MemoryBytes(data)):
        return False
    ours = read_model(MemoryBytes(data), Notebook("", Budget()))
    assert ours is not None
    assert ours.graph is not None
    import onnx  # as the other reader, and only where there is something to compare

    theirs = onnx.ModelProto.FromString(data)
    assert [node.name for node in theirs.graph.node] == [row.name for row in ours.graph.nodes]
    assert {one.name: tuple(one.dims) for one in theirs.graph.initializer} == {
        name: tensor.dims for name, tensor in ours.graph.tensors.items()
    }
    return True


def main() -> None:
    """Fuzz for as many seconds as the command line says."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    rng, among, end = random.Random(time.time_ns()), seeds(), time.monotonic() + seconds
    tried = passed = 0
    while time.monotonic() < end:
        data = mutated(rng, among)
        try:
            passed += check(data)
        except BaseException:
            Path("fuzz-onnx-failure.onnx").write_bytes(data)
            print(f"failed after {tried} inputs; the input is in fuzz-onnx-failure.onnx")
            raise
        tried += 1
    print(f"{tried} inputs, {passed} of them let pass but for their graphs: no error, no other reading")


if __name__ == "__main__":
    main()
