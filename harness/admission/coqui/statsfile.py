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
from harness.engines.coqui.sidefiles import PLAIN_STATISTICS

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
    """What in it would run code, or cannot be followed; empty where nothing does."""
    more: str = ""
    """What else it is rebuilt by than arrays, numbers and texts are; empty where it holds those alone."""

    @property
    def is_plain_pickle(self) -> bool:
        """Whether it is a pickle in which nothing can run, of what the worker opens."""
        return self.is_pickle and not self.problem and not self.more


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
    return _pickled(stream.read(MAX_PICKLE + 1))


def _pickled(data: bytes) -> Content:
    if len(data) > MAX_PICKLE:
        return Content(True, f"a pickle of more than {MAX_PICKLE} bytes")
    notebook = Notebook("", Budget(operations=MAX_OPERATIONS))
    reader = PickleReader(MemoryBytes(data), notebook)
    try:
        reader.read()
    except OutOfBudget as limit:
        return Content(True, f"a pickle beyond the limits ({limit})")
    # numpy unpickles one stream: what follows its end is never looked at.
    # An object is made by code, whatever else may be said of it: statistics are arrays, numbers and texts.
    worst = next((flaw for flaw in notebook.flaws if flaw.rule.verdict is Verdict.FAIL or flaw.rule is OBJECT), None)
    if worst:
        return Content(True, f"a pickle: {worst.found} at {worst.place}")
    # The worker's reader of statistics takes these names and no others: what is admitted is what it opens.
    return Content(True, more=", ".join(sorted(reader.names - PLAIN_STATISTICS)))
