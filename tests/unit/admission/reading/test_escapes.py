"""Long lines of protocol 0: of any length and cut anywhere, they stand for what an unpickler makes of them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from harness.admission.reading.arrays import check_arrays
from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.escapes import decoded
from harness.admission.reading.notebook import Budget, Notebook
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.symbols import Blob, Box, Writing
from harness.core.types import Verdict

LONG = b"a" * 70_000
HARM = b"cos\nsystem\n(S'true'\ntR."


def followed(data: bytes, *, has_values: bool = True) -> tuple[object, Notebook]:
    notebook = Notebook("model.pkl", Budget())
    reader = PickleReader(MemoryBytes(data), notebook)
    value = reader.read()
    if has_values:
        check_arrays(reader, notebook)
    return value, notebook


def rules(notebook: Notebook) -> set[str]:
    return {flaw.rule.id for flaw in notebook.flaws if flaw.rule.verdict is Verdict.FAIL}


class TestLines:
    @pytest.mark.parametrize("count", [60, 70_000, 400_000])
    @pytest.mark.parametrize("dtype", ["<f4", "u1", "<i8"])
    def test_of_numpy_arrays_are_no_flaw_however_long(self, count: int, dtype: str) -> None:
        array = np.arange(count).astype(dtype)
        assert rules(followed(pickle.dumps({"weight": array}, protocol=0))[1]) == set()

    def test_of_python_2_are_none_either(self) -> None:
        data = np.arange(40_000, dtype="<f4").tobytes()
        written = "".join(chr(b) if 32 <= b < 127 and chr(b) not in "'\\" else f"\\x{b:02x}" for b in data).encode()
        head = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I40000\nt"
        kind = b"cnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
        stream = head + kind + b"I00\nS'" + written + b"'\ntb."
        assert np.array_equal(pickle.loads(stream, encoding="latin1"), np.arange(40_000, dtype="<f4"))
        assert rules(followed(stream)[1]) == set()

    def test_still_show_what_is_no_number(self) -> None:
        array = np.ones(70_000, "<f4")
        array[69_999] = np.nan
        assert rules(followed(pickle.dumps({"weight": array}, protocol=0))[1]) == {"admission.tensor-not-finite"}

    def test_still_have_to_fit_their_array(self) -> None:
        data = pickle.dumps(np.ones(70_000, "<f4"), protocol=0).replace(b"I70000", b"I70001")
        assert "admission.pickle-state" in rules(followed(data)[1])

    @pytest.mark.parametrize("before", [b"V" + b"x" * 300_000 + b"\n0", b"S'" + b"x" * 300_000 + b"'\n0"])
    def test_hide_nothing_behind_them(self, before: bytes) -> None:
        assert "admission.pickle-import" in rules(followed(before + HARM)[1])

    @pytest.mark.parametrize("length", [0, 1, 255, 256, 257, 65_536, 262_143, 262_144, 262_145])
    def test_end_where_their_newline_is(self, length: int) -> None:
        value, notebook = followed(b"(V" + b"a" * length + b"\nI7\nt.")
        assert isinstance(value, Box)
        text, number = value.items
        assert number == 7
        assert (text.byte_count if isinstance(text, Blob) else len(str(text))) == length
        assert notebook.flaws == []

    @pytest.mark.parametrize(
        "line",
        [
            b"V" + LONG,
            b"V" + LONG + b"\\uZZZZ\n.",
            b"S'" + LONG + b"\n.",
            b"S" + LONG,
        ],
        ids=["no-newline", "no-escape", "no-quote", "no-quotes"],
    )
    def test_that_no_unpickler_takes_are_broken(self, line: bytes) -> None:
        assert rules(followed(line)[1]) == {"admission.pickle-broken"}

    def test_of_other_operations_stay_short(self) -> None:
        assert rules(followed(b"I" + b"1" * 70_000 + b"\n.")[1]) == {"admission.pickle-bomb"}


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    yield from (data[start:end] for start, end in pairwise([0, *places, len(data)]))


@pytest.mark.parametrize(
    ("line", "writing", "means"),
    [
        (rb"a\\\\x41\x41\'\n\\\x5c\101", Writing.STRING, b"a\\\\x41A'\n\\\\A"),
        (rb"\\" * 9, Writing.STRING, b"\\" * 9),
        (rb"\x00\\x00\\\x00", Writing.STRING, b"\x00\\x00\\\x00"),
        (rb"a\u00e9\u005c\\u0041\U0001f600z", Writing.UNICODE, b"a\xe9\\\\\\u0041?z"),
    ],
)
def test_pieces_mean_the_same_wherever_they_are_cut(line: bytes, writing: Writing, means: bytes) -> None:
    whole = b"".join(decoded([line], writing))
    assert whole == means
    for first in range(len(line) + 1):
        for second in range(first, len(line) + 1):
            assert b"".join(decoded(cut(line, [first, second]), writing)) == means
