"""What can really be imported here, tried in a child process: a library that does not load may end or hang it.

An installed package says nothing: its library may not load beside that of another. Nobody hostile is asked.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.core.text import error_line, printable

SECONDS = 180.0
"""For all of one child: torch and Coqui from a cold disk take a minute."""
_CODE = "from harness.run.imports import answer; answer()"


def try_imports(names: Sequence[str], *, seconds: float = SECONDS, paths: Sequence[Path] = ()) -> Mapping[str, str]:
    """Import each in one child process, in order; whoever ends it is passed over by the next child.

    Args:
        names: ``module``, or ``module:function``, which is called.
        seconds: Deadline of one child.
        paths: Folders that come first when something is imported.

    Returns:
        Name -> why it cannot be imported, ``""`` where it can.
    """
    found: dict[str, str] = {}
    left = list(dict.fromkeys(names))
    while left:
        told, why = _child(left, seconds, paths)
        found |= told
        left = [name for name in left if name not in told]
        if left and why:
            found[left.pop(0)] = why
    return found


def _child(names: Sequence[str], seconds: float, paths: Sequence[Path]) -> tuple[dict[str, str], str]:
    """What one child says of the names that it came to, and what ended it at the next one."""
    with tempfile.TemporaryDirectory(prefix="soundcheck-imports-") as scratch:
        caches = dict.fromkeys(("NUMBA_CACHE_DIR", "MPLCONFIGDIR"), scratch)
        command = [sys.executable, "-I", "-c", _CODE, json.dumps([*map(str, paths)]), *names]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **caches},
            cwd=scratch,
        )
        why = ""
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            why = f"not done within {seconds:g} s"
    told: dict[str, str] = {}
    for line in output.splitlines():
        with contextlib.suppress(ValueError):
            name, reason = json.loads(line)
            told[name] = reason
    status = process.returncode
    ended = f"the process was killed by signal {-status}" if status < 0 else f"the process ended with status {status}"
    return told, why or ended


def answer() -> None:
    """The child: import what its arguments name, and say on a line of JSON what came of each."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what an import prints is no answer
    warnings.simplefilter("ignore")
    sys.path[:0] = json.loads(sys.argv[1])
    for name in sys.argv[2:]:
        module, _, function = name.partition(":")
        why = ""
        try:
            loaded = importlib.import_module(module)
            if function:
                getattr(loaded, function)()
        except Exception as error:  # noqa: BLE001 - an import may raise anything, and that is the answer
            why = f"{type(error).__name__}: {error_line(error)}"
        print(json.dumps([name, printable(why)]), file=lines, flush=True)
