"""What joblib writes: a pickle in which a wrapper's state is followed by an array's raw bytes, or by a pickle of it.

joblib's loader steps over those bytes, a plain unpickler takes them for operations; so exactly what joblib writes is
accepted: its padding begins with a byte that is no operation, which is where a plain unpickler stops. See
joblib/numpy_pickle.py, NumpyArrayWrapper.
"""

from __future__ import annotations

import math
from typing import Final

from harness.admission.reading import rules
from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.cursor import Bomb, Broken
from harness.admission.reading.notebook import Notebook
from harness.admission.reading.numpycalls import item_bytes
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.rebuilding import Refused, integers
from harness.admission.reading.symbols import ArrayData, Blob, Box, Global, show
from harness.core.places import Place

ALIGNMENT: Final = 16
"""joblib's NUMPY_ARRAY_ALIGNMENT_BYTES."""
ARRAYS: Final = ("numpy.ndarray", "numpy.memmap", "numpy.matrix")
"""Types that joblib writes so; none of them is called."""
MAX_INNER: Final = 4_000
"""Arrays of objects in one file."""


class ArraySteps:
    """Steps over the arrays of one file."""

    def __init__(self, source: ByteSource, notebook: Notebook, where: Place, outer: PickleReader) -> None:
        """Begin.

        Args:
            source: The file.
            notebook: Where flaws go.
            where: What is read, within the file.
            outer: Who follows the pickle around the arrays.
        """
        self._source = source
        self._outer = outer
        self._notebook = notebook
        self._where = where
        self._inner = 0

    def bytes_after(self, wrapper: Box, place: int) -> int:
        """How many bytes follow the state of a wrapper before the pickle goes on.

        Raises:
            Broken: What follows is not what joblib writes.
            Bomb: There are more arrays of objects than any file has.
        """
        state = dict(zip(wrapper.items[::2], wrapper.items[1::2], strict=True))
        kind, dtype, order = state.get("subclass"), state.get("dtype"), state.get("order")
        if not isinstance(kind, Global) or kind.name not in ARRAYS or order not in ("C", "F"):
            raise Broken(f"expected a joblib array of numpy's, got {show(kind)} in order {show(order)}")
        if not isinstance(dtype, Box) or dtype.kind != "dtype" or not isinstance(state.get("allow_mmap", True), bool):
            raise Broken(f"expected a joblib array's dtype, got {show(dtype)}")
        try:
            sizes = integers(state.get("shape"), "a joblib array's shape")
        except Refused as problem:
            raise Broken(str(problem)) from None
        if dtype.detail == "O":
            return self._pickle_after(place)
        size = math.prod(sizes) * item_bytes(dtype.detail)
        if any(one < 0 for one in sizes) or place + size > self._source.size:
            raise Broken(f"expected {size} bytes of a joblib array, got the end of the data")
        alignment = state.get("numpy_array_alignment_bytes")
        if alignment is None:
            self._try_as_operations(place, size)
            wrapper.array = ArrayData(dtype.detail, Blob("bytes", place, size))
            return size
        if alignment != ALIGNMENT:
            raise Broken(f"expected joblib's alignment of {ALIGNMENT} bytes, got {show(alignment)}")
        length = ALIGNMENT - (place + 1) % ALIGNMENT
        if self._source.read(place, 1 + length) != bytes((length,)) + b"\xff" * length:
            raise Broken(f"expected {length} bytes of joblib's padding, got others")
        wrapper.array = ArrayData(dtype.detail, Blob("bytes", place + 1 + length, size))
        return 1 + length + size

    def _pickle_after(self, place: int) -> int:
        """An array of objects is pickled in place, by an unpickler with a memo of its own."""
        self._inner += 1
        if self._inner > MAX_INNER:
            raise Bomb(f"more than {MAX_INNER} arrays of objects")
        inner = PickleReader(self._source, self._notebook, start=place, where=self._where)
        found = inner.read()
        if not inner.is_whole:
            raise Broken("expected the pickle of an array of objects, got a broken one")
        if not isinstance(found, Box) or found.kind != "array":
            raise Broken(f"expected the pickle of an array of objects, got one of {show(found)}")
        return inner.end - place

    def _try_as_operations(self, place: int, size: int) -> None:
        """Without padding, a plain unpickler goes on in the array with all it has: see what it would do."""
        trial = Notebook(self._notebook.file, self._notebook.budget)
        reader = PickleReader(self._source, trial, start=place, where=self._where)
        reader.read(after=self._outer)
        if size and (reader.calls or any(flaw.rule in (rules.IMPORT, rules.OBJECT) for flaw in trial.flaws)):
            found = next((flaw.found for flaw in trial.flaws if flaw.rule is rules.IMPORT), "calls")
            self._notebook.add(
                rules.POLYGLOT, self._where.byte(place), f"an array whose bytes are a pickle: {found}",
                effect="joblib reads numbers, a plain unpickler executes them",
            )  # fmt: skip
