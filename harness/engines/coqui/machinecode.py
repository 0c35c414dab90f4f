"""Machine code of librosa, which numba compiles when it is imported: made once on a machine, lent to every worker.

Coqui's architectures without a decoder of their own reach librosa with the first words that they speak. numba keeps
what it compiles beside the source or in a folder that it may write to; a walled worker has neither, so each of them
compiled for half a minute of processor time (32 s; what was compiled before loads in 3.5 s), within the deadline of its
first rendering. What is lent is copied into the worker's scratch folder, as numba reads no cache that it cannot
write. Only this machine's own code is in it, and only workers read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from harness.core.engine import LENT
from harness.core.errors import BadInput
from harness.core.paths import cache_root

FOLDER: Final = "machine-code"
"""Below the cache's folder: one folder for each set of versions."""
CACHE: Final = "NUMBA_CACHE_DIR"
SHAPED_BY: Final = ("librosa", "numba", "llvmlite", "numpy")
MODULES: Final = ("librosa.core.audio", "librosa.core.spectrum", "librosa.effects", "librosa.filters")
SECONDS: Final = 900
"""For compiling, on a machine that has much else to do."""
TOLD: Final = "compiling librosa's machine code, once for this installation (half a minute of a processor)"

FAILED: Final = "librosa's machine code could not be compiled ahead: every worker compiles for itself, and is slow"


def kept(tell: Callable[[str], None]) -> Path | None:
    """The folder of what was compiled, made now where it is not there; None where that is not possible.

    Args:
        tell: Told that it takes a while.
    """
    try:
        folder = cache_root() / FOLDER / _key()
        if folder.is_dir():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    except (BadInput, OSError, importlib.metadata.PackageNotFoundError):
        return None
    tell(TOLD)
    try:
        command = [sys.executable, "-I", "-c", f"from {__name__} import compile_all; compile_all()"]
        subprocess.run(  # noqa: S603 - our own interpreter and module
            command, env={**os.environ, CACHE: str(fresh)}, check=True, timeout=SECONDS, capture_output=True
        )
        fresh.chmod(0o755)
        with contextlib.suppress(OSError):  # another process was quicker
            fresh.rename(folder)
    except (OSError, subprocess.SubprocessError) as error:
        tell(f"{FAILED}: {type(error).__name__}")
        return None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder if folder.is_dir() else None


def borrow() -> None:
    """In a worker that knows no model yet: take over what was lent, and import what it was compiled of."""
    if lent := os.environ.get(LENT):
        shutil.copytree(lent, os.environ[CACHE], dirs_exist_ok=True)
    for name in MODULES:
        importlib.import_module(name)


def compile_all() -> None:
    """Import it and use it as Coqui does: some functions are compiled when they are imported, others when called."""
    import librosa
    import numpy as np

    for name in MODULES:
        importlib.import_module(name)
    noise = np.random.default_rng(0).standard_normal(8192)
    for samples in (noise.astype(np.float32), noise):
        spectrum = np.abs(librosa.stft(samples, n_fft=1024, hop_length=256))
        librosa.effects.trim(librosa.griffinlim(spectrum, n_iter=1, hop_length=256))


def _key() -> str:
    """Names everything that numba looks at before it believes its cache, and the processor."""
    source = importlib.util.find_spec("librosa")
    named = [
        sys.version,
        *(f"{name} {importlib.metadata.version(name)}" for name in SHAPED_BY),
        str(source and source.origin),
        _processor(),
    ]
    return hashlib.sha256("\n".join(named).encode()).hexdigest()[:16]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(dict.fromkeys(line for line in lines if line.startswith(("model name", "flags", "Features"))))
