"""Objects by name, in whatever keeps them: get, put if absent, list. Knows no content.

Whatever answers is not trusted: how much is read is bounded, and a name that it tells is taken for nothing but one of
the few that are given here. Two implementations: a folder, in this module, and object storage,
:mod:`harness.storage.bucket`. ``tests/contract/test_objects.py`` asks the same of both.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from harness.core.errors import StorageError
from harness.core.text import printable
from harness.storage.smallfile import TooLarge

NAME: Final = re.compile(r"(?:renderings/[0-9a-f]{2}|takes/[0-9a-f]{2}|behaviour/[0-9a-f]{32})/[0-9a-f]{64}", re.ASCII)
"""What an object is called: kind, part, digest."""
PREFIX: Final = re.compile(r"(?:renderings|takes|behaviour)(?:/[0-9a-f]{2}|/[0-9a-f]{32})?", re.ASCII)
"""What is listed: a kind, or a part of one."""
KEPT: Final = "what was spoken and heard is kept in --tts-dir, and the same command goes on from there"

LINKLESS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What a file system says that has no hard links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An object, by the word of whoever keeps it."""

    name: str
    bytes: int
    modified: float
    """Seconds of a clock: when it was written."""


class Objects(Protocol):
    """Keeps objects that several machines share.

    Laws: what was put is got, byte for byte, or :class:`StorageError`; of two that put one name, one wins and both
    learn which; nobody gets a part of an object that is being put.
    """

    @property
    def place(self) -> str:
        """Where that is, for people: no password is part of it."""
        ...

    def get(self, name: str, most: int) -> bytes | None:
        """All bytes of an object, None where there is none of that name.

        Raises:
            TooLarge: It has more than `most` bytes.
            StorageError: It cannot be read.
        """
        ...

    def put(self, name: str, data: bytes) -> bool:
        """Keep an object unless one of that name is there; whether it was this one that was kept.

        Raises:
            StorageError: It cannot be written.
        """
        ...

    def list(self, prefix: str) -> Iterator[Listed]:
        """Objects whose names begin with a kind, or a kind and a part; what is called otherwise is left out.

        Raises:
            StorageError: They cannot be listed.
        """
        ...


def checked(name: str, form: re.Pattern[str] = NAME) -> str:
    """A name, once it is shown to be one."""
    if not form.fullmatch(name):
        raise ValueError(f"expected the name of an object, got {name!r}")
    return name


class FolderObjects:
    """Objects as files below a folder. Links below it are not followed, neither to read nor to write."""

    def __init__(self, root: Path) -> None:
        """Remember.

        Args:
            root: The folder; it has to be there, as a share that is not mounted must not be taken for an empty one.
        """
        self._root = root

    @property
    def place(self) -> str:
        """See :class:`Objects`."""
        return str(self._root)

    def get(self, name: str, most: int) -> bytes | None:
        """See :class:`Objects`."""
        *folders, last = checked(name).split("/")
        with self._telling("read"):
            try:
                with self._opened(folders) as folder:
                    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                    with os.fdopen(os.open(last, flags, dir_fd=folder), "rb") as file:
                        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                            raise OSError(errno.EINVAL, "expected a regular file, got something else")
                        data = file.read(most + 1)
            except FileNotFoundError:
                self._require_root()
                return None
        if len(data) > most:
            raise TooLarge(f"at most {most} bytes, got more")
        return data

    def put(self, name: str, data: bytes) -> bool:
        """See :class:`Objects`."""
        *folders, last = checked(name).split("/")
        half = f".{last}.{os.getpid()}.{secrets.token_hex(4)}"
        with self._telling("written"), self._opened(folders, make=True) as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                with os.fdopen(os.open(half, flags, 0o666, dir_fd=folder), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())  # a name that stands for half an object would stand for it for ever
                _give_name(half, last, folder)
            except FileExistsError:
                return False
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(half, dir_fd=folder)
        return True

    def list(self, prefix: str) -> Iterator[Listed]:
        """See :class:`Objects`."""
        folders = checked(prefix, PREFIX).split("/")
        with self._telling("listed"):
            self._require_root()
            yield from self._below(folders)

    def _below(self, folders: Sequence[str]) -> Iterator[Listed]:
        try:
            with self._opened(folders) as folder:
                names = sorted(os.listdir(folder))  # noqa: PTH208 - of a descriptor: the name may lead elsewhere by now
                if len(folders) == 2:
                    for name in names:
                        with contextlib.suppress(FileNotFoundError):
                            about = os.stat(name, dir_fd=folder, follow_symlinks=False)
                            whole = "/".join([*folders, name])
                            if NAME.fullmatch(whole) and stat.S_ISREG(about.st_mode):
                                yield Listed(name=whole, bytes=about.st_size, modified=about.st_mtime)
                    return
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in names:
            if PREFIX.fullmatch(f"{folders[0]}/{name}"):
                yield from self._below([folders[0], name])

    @contextlib.contextmanager
    def _opened(self, folders: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """A descriptor of a folder below the root, each step of which is a folder and no link."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        at = os.open(self._root, flags)
        try:
            for name in folders:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(name, 0o777, dir_fd=at)
                inner = os.open(name, flags | os.O_NOFOLLOW, dir_fd=at)
                os.close(at)
                at = inner
            yield at
        finally:
            os.close(at)

    def _require_root(self) -> None:
        if not self._root.is_dir():
            raise OSError(errno.ENOENT, "there is no such folder; is it mounted?")

    @contextlib.contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(printable(f"{self._root}: cannot be {what} ({error.strerror}); {KEPT}")) from None


def _give_name(half: str, last: str, folder: int) -> None:
    """Give a whole file its name, unless something has it.

    Raises:
        FileExistsError: Something has.
    """
    try:
        os.link(half, last, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in LINKLESS:
            raise
        # No hard links: of two that come at once, the later one's object stays, which says the same.
        with contextlib.suppress(FileNotFoundError):
            os.stat(last, dir_fd=folder, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.rename(half, last, src_dir_fd=folder, dst_dir_fd=folder)
