"""Runs one foreign scanner over the files named on stdin, each in a forked child with limits; one line per file.

Run by benchmarks/other_scanners.py with the scanner's own interpreter: ``drive.py NAME < paths``. A line is
``PATH clean``, ``PATH flagged``, ``PATH unread`` (the scanner says itself that it did not look) or ``PATH error`` (an
exception, a time-out, no memory).
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import resource
import signal
import sys
import time
import zipfile
from collections.abc import Callable

SECONDS = 20
BYTES = 4 << 30


def picklescan(path: str, *, strict: bool = False) -> bool | None:
    from picklescan.scanner import scan_file_path

    found = scan_file_path(path, strict=strict)
    if found.scan_err and not found.issues_count:
        raise ValueError("scan error")
    return bool(found.issues_count) if found.scanned_files else None


def picklescan_strict(path: str) -> bool | None:
    return picklescan(path, strict=True)


def modelscan(path: str) -> bool | None:
    from modelscan.modelscan import ModelScan

    found = ModelScan().scan(path)
    return bool(found["summary"]["total_issues"]) if found["summary"]["scanned"]["total_scanned"] else None


def fickling(path: str) -> bool:
    from fickling.analysis import Severity, check_safety
    from fickling.fickle import Pickled, StackedPickle

    streams = []
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".pkl"):
                    streams.append(Pickled.load(io.BytesIO(archive.read(name))))
    else:
        with open(path, "rb") as file:  # noqa: PTH123 - runs under the scanner's interpreter
            streams += list(StackedPickle.load(file, fail_on_decode_error=False))
    return any(check_safety(one).severity > Severity.LIKELY_SAFE for one in streams)


def modelaudit(path: str) -> bool:
    from modelaudit.core import scan_model_directory_or_file

    found = scan_model_directory_or_file(path, cache_enabled=False)
    issues = found.issues if hasattr(found, "issues") else found["issues"]
    return any(str(getattr(one, "severity", "")).lower().endswith(("critical", "warning")) for one in issues)


def soundcheck(path: str) -> bool:
    from pathlib import Path

    from harness.admission.checks.checkpoint import CheckpointCheck
    from harness.admission.tree import Tree

    return bool(CheckpointCheck(has_values=False).examine(Tree.of(Path(path))).flaws)


SCANNERS: dict[str, Callable[[str], bool | None]] = {
    "picklescan": picklescan,
    "picklescan-strict": picklescan_strict,
    "modelscan": modelscan,
    "fickling": fickling,
    "modelaudit": modelaudit,
    "modelaudit-onnx": modelaudit,
    "soundcheck": soundcheck,
}


def guarded(scan: Callable[[str], bool | None], path: str) -> str:
    """Run a scan in a child that may hang, grow or die."""
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            os._exit({None: 3, True: 1, False: 0}[scan(path)])
        except BaseException:  # noqa: BLE001 - whatever it is, it is the scanner's error
            os._exit(2)
    _, status = os.waitpid(child, 0)
    return {0: "clean", 1: "flagged", 3: "unread"}.get(os.waitstatus_to_exitcode(status), "error")


def seconds_of(scan: Callable[[str], bool | None], path: str) -> float:
    """Seconds of one scan with everything loaded: the best of a second, for what else goes on only makes it longer."""
    logging.disable(logging.CRITICAL)
    scan(path)
    found: list[float] = []
    begun = time.perf_counter()
    while len(found) < 3 or time.perf_counter() - begun < 1:
        start = time.perf_counter()
        scan(path)
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    """Scan what stdin names."""
    os.environ["PROMPTFOO_DISABLE_TELEMETRY"] = os.environ["NO_ANALYTICS"] = "1"
    if sys.argv[1].startswith("--time="):
        print(seconds_of(SCANNERS[sys.argv[1].partition("=")[2]], sys.argv[2]))
        return
    scan = SCANNERS[sys.argv[1]]
    with contextlib.suppress(Exception):
        scan(__file__)  # for its imports
    for line in sys.stdin:
        path = line.rstrip("\n")
        print(path, guarded(scan, path), flush=True)


if __name__ == "__main__":
    main()
