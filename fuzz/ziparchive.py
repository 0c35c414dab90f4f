"""Fuzzes the strict zip reader: no exception, no hang; and what it passes, Python's zipfile reads alike.

Run it with ``make fuzz-zip``. Findings become files in tests/data/fuzz, which a test reads ever after.
"""

from __future__ import annotations

import io
import sys
import time
import zipfile
import zlib

import atheris

with atheris.instrument_imports(include=["harness.admission"]):
    from harness.admission.reading.bytesource import MemoryBytes
    from harness.admission.reading.notebook import Budget, Notebook, OutOfBudget
    from harness.admission.reading.ziparchive import read_archive

SECONDS = 2.0


def test_one(data: bytes) -> None:
    """Read one input, and compare with zipfile where nothing is wrong."""
    notebook = Notebook("fuzz.pth", Budget(inflated_bytes=1 << 26))
    begun = time.process_time()
    contents: dict[str, bytes] = {}
    try:
        archive = read_archive(MemoryBytes(data), notebook)
        if archive is not None:
            for member in archive.members:
                contents[member.name] = b"".join(archive.blocks(member))
    except OutOfBudget:
        return
    assert time.process_time() - begun < SECONDS, "slow"
    if archive is None or notebook.flaws:
        return
    with zipfile.ZipFile(io.BytesIO(data)) as theirs:
        assert theirs.namelist() == [] or set(theirs.namelist()) == set(contents), "other members"
        for name, content in contents.items():
            try:
                assert theirs.read(name) == content, "other content"
            except (zipfile.BadZipFile, NotImplementedError, zlib.error) as problem:
                raise AssertionError(f"zipfile refuses what passed: {problem}") from problem


def main() -> None:
    """Fuzz until libFuzzer is told to stop."""
    atheris.Setup(sys.argv, test_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
