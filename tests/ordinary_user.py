"""Processes that an ordinary user starts, where these tests run as root: in mounts of their own, without its rights."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

PYTHON = (Path(sys.executable), Path(sys.executable).resolve(), Path(os.__file__), Path(__file__))
CLOSED = sorted({folder for path in PYTHON for folder in path.parents if not folder.stat().st_mode & 0o001})
"""Folders on the way to this Python and this checkout that another user cannot enter."""
OPENED = """
set -e
user=$1
shift
mount --make-rprivate /
mount -t tmpfs -o mode=755 none /mnt
while [ "$1" != -- ]; do
  kept=$(mktemp -d -p /mnt)
  mount --bind "$2" "$kept"
  mount -t tmpfs -o mode=755 none "$1"
  mkdir -p "$2"
  mount --bind "$kept" "$2"
  shift 2
done
shift
cd "$PWD"
exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
"""
"""Starts a program as another user, in mounts of its own, where a closed folder shows nothing but what is needed."""
CAN_OPEN = len(CLOSED) <= 1 and all(map(shutil.which, ("unshare", "setpriv", "mount")))
ORDINARY = pytest.param(
    12345,
    marks=(
        pytest.mark.slow,
        pytest.mark.skipif(os.geteuid() != 0 or not CAN_OPEN, reason="no process of another user can be started"),
    ),
)
USERS = [None, ORDINARY]
"""Who starts pytest: whoever runs these tests and, where that is root, an ordinary user as well."""


def with_users(values: Iterable[Any], most: int = 2) -> list[Any]:
    """Parameters ``(value, user)``: each for whoever runs these tests, the first ones for an ordinary user too."""
    every = list(values)
    return [(value, None) for value in every] + [
        pytest.param(value, *ORDINARY.values, marks=ORDINARY.marks) for value in every[:most]
    ]


def started(
    folder: Path, *command: str, user: int | None = None, at: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What a command said that somebody started.

    Args:
        folder: Becomes the user's own, with all that is in it.
        command: The program and its words.
        user: Who; None for whoever runs these tests.
        at: Where it is started; None for in `folder`.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    begin: tuple[str, ...] = ()
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)
        environment |= {"HOME": str(folder), "TMPDIR": str(folder)}
        needed = [(path, Path(sys.base_prefix)) for path in CLOSED]
        # Not by chmod: another session of pytest closes this folder again.
        needed += [(path, folder) for path in reversed(folder.parents) if not path.stat().st_mode & 0o001][:1]
        pairs = (str(path) for pair in needed for path in pair)
        begin = ("unshare", "-m", "sh", "-c", OPENED, "sh", str(user), *pairs, "--")
    return subprocess.run(
        [*begin, *command], cwd=at or folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
