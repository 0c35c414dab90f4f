"""Fuzzes the reader of checkpoints with pickles: no exception, no hang, no memory, whatever the bytes are.

Run it with ``make fuzz-pickles``. Findings become files in tests/data/fuzz, which a test reads ever after.
"""

from __future__ import annotations

import io
import pickle
import sys
import time

import atheris
import numpy  # noqa: F401 - the reader imports it later, which must not count as its time

with atheris.instrument_imports(include=["harness.admission"]):
    from harness.admission.checks.checkpoint import read_any
    from harness.admission.reading.bytesource import MemoryBytes
    from harness.admission.reading.notebook import MAX_FLAWS, Budget, Notebook

SECONDS = 2.0
"""More for one small input is a hang."""


class _NoImports(pickle.Unpickler):
    """What CPython accepts where nothing may be imported: such a stream must never be called hostile for an import."""

    def find_class(self, module: str, name: str) -> object:
        raise pickle.UnpicklingError(f"{module}.{name}")


def test_one(data: bytes) -> None:
    """Read one input."""
    source = MemoryBytes(data)
    notebook = Notebook("fuzz.pth", Budget(operations=200_000))
    begun = time.process_time()
    read_any(source, notebook, has_values=True)
    assert time.process_time() - begun < SECONDS, "slow"
    assert len(notebook.flaws) <= MAX_FLAWS
    if not notebook.flaws and data[:2] in (b"\x80\x02", b"\x80\x04"):
        try:
            _NoImports(io.BytesIO(data)).load()
        except pickle.UnpicklingError as problem:
            assert "persistent" not in str(problem), "a persistent id passed"
        except (EOFError, ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError, MemoryError):
            pass


def main() -> None:
    """Fuzz until libFuzzer is told to stop."""
    atheris.Setup(sys.argv, test_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
