"""What ``numpy.load`` with pickles allowed makes of a file: an array, or a pickle that runs. Nothing is unpickled."""

from __future__ import annotations

import ast
import struct
from dataclasses import dataclass
from typing import IO

from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.notebook import Budget, Notebook, OutOfBudget
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.rules import OBJECT
from harness.core.grades import Verdict

MAX_HEADER = 64 * 1024
MAX_PICKLE = 8 * 1024 * 1024
"""The largest released statistics have 40 KB."""
MAX_OPERATIONS = 1_000_000
_MAGIC = b"\x93NUMPY"


@dataclass(frozen=True, slots=True)
class Content:
    """What such a file holds."""

    is_pickle: bool
    """Loading it unpickles something."""
    problem: str = ""
    """What makes it more than arrays and numbers; empty where nothing does."""


def content(stream: IO[bytes]) -> Content:
    """Say what a statistics file would do when numpy opens it with pickles allowed."""
    start = stream.read(8)
    if not start.startswith(_MAGIC):
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return Content(True, "an archive, whose members numpy unpickles on access")
        return Content(True, "no numpy array: numpy takes such a file for a pickle")
    width, form = (2, "<H") if start[6:7] == b"\x01" else (4, "<I")
    raw = stream.read(width)
    size = struct.unpack(form, raw)[0] if len(raw) == width else MAX_HEADER + 1
    if size > MAX_HEADER:
        return Content(True, "a numpy header that is cut off or too long")
    try:
        header = ast.literal_eval(stream.read(size).decode("latin-1").strip())
        described = header["descr"]
    except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError):
        return Content(True, "a numpy header that cannot be read")
    if isinstance(described, str) and described[-2:] != "|O" and "O" not in described:
        return Content(False)
    return Content(True, _pickle_problem(stream.read(MAX_PICKLE + 1)))


def _pickle_problem(data: bytes) -> str:
    if len(data) > MAX_PICKLE:
        return f"a pickle of more than {MAX_PICKLE} bytes"
    notebook = Notebook("", Budget(operations=MAX_OPERATIONS))
    try:
        PickleReader(MemoryBytes(data), notebook).read()
    except OutOfBudget as limit:
        return f"a pickle beyond the limits ({limit})"
    # numpy unpickles one stream: what follows its end is never looked at.
    # An object is made by code, whatever else may be said of it: statistics are arrays, numbers and texts.
    worst = next((flaw for flaw in notebook.flaws if flaw.rule.verdict is Verdict.FAIL or flaw.rule is OBJECT), None)
    return f"a pickle: {worst.found} at {worst.place}" if worst else ""
