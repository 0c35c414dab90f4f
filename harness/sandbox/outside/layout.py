"""What a worker needs to see of this machine, and nothing else: the allow-list that every wall is built from."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.core.identity import Files

SYSTEM_FOLDERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/lib32", "/usr/libx32")
"""Shared libraries. /usr/local/lib is there with the interpreter where it lives there."""
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/usr/share/zoneinfo")
DEVICE_FILES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PROC_FILES = ("cpuinfo", "meminfo", "stat", "filesystems", "version", "loadavg", "uptime", "mounts", "vmstat")
PROC_FOLDERS = ("sys/vm", "sys/kernel/random", "driver/nvidia")
PROC_SELF = (
    *("", "maps", "smaps", "smaps_rollup", "status", "stat", "statm", "cmdline", "comm", "task", "fd", "fdinfo"),
    *("limits", "auxv", "cgroup", "mountinfo", "mounts", "oom_score", "exe", "numa_maps"),
)
"""Of /proc/self: not ``environ``, ``mem``, ``root``, ``cwd``."""
SYS_FOLDERS = (
    *("/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/kernel/mm/transparent_hugepage"),
    *("/sys/kernel/mm/hugepages", "/sys/fs/cgroup"),
)
GPU_SYS = ("/sys/module/nvidia", "/sys/module/nvidia_uvm", "/sys/bus/pci/devices", "/sys/devices")
MODEL = "/soundcheck/model"
BESIDE = "/soundcheck/beside"
HOME = "/soundcheck/home"
SCRATCH = "/soundcheck/scratch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Paths as the worker sees them."""

    readable: tuple[str, ...]
    """Folders and files of the machine, at their own paths."""
    model: str
    home: str
    scratch: str
    devices: tuple[str, ...]
    """Device nodes of a GPU."""
    import_paths: tuple[str, ...]
    """What is put on ``sys.path`` besides the interpreter's own."""
    beside: str = ""
    """A folder beside the model, ``""`` where there is none."""
    beside_outside: Path | None = None
    """Where that lies on this machine."""

    @property
    def writable(self) -> tuple[str, ...]:
        """Where files may be made. Without namespaces, /dev/shm is everybody's: nothing is made there."""
        own = ("/dev/shm",) if self.scratch == SCRATCH else ()  # noqa: S108 - the sandbox's own
        return self.home, self.scratch, *own


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A folder of which a worker is to see some files."""

    folder: Path
    """On this machine."""
    files: Files
    """What is to be seen."""
    inside: str
    """As the worker sees it."""


def readable_paths(extra: Sequence[Path] = ()) -> tuple[str, ...]:
    """Folders and files that an interpreter with its packages needs, without those that lie in others.

    Of a prefix, what an interpreter reads there and nothing beside it: a virtual environment may be a project's own
    folder, with goldens and keys in it.
    """
    package = Path(harness.__file__).parent
    folders = {
        *(root / name for root in _roots() for name in ("lib", sys.platlibdir)),
        *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")),
        *(Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages"))),
        *(folder / "pyvenv.cfg" for folder in Path(sys.executable).parents[:2]),
        Path(os.path.realpath(sys.executable)),
        package,  # for an editable install: the package, never the checkout around it
        *extra,
        *map(Path, (*SYSTEM_FOLDERS, *SYSTEM_FILES)),
    }
    wanted = {path for path in folders if path.exists()}
    return tuple(sorted(str(path) for path in wanted if not any(other in path.parents for other in wanted)))


def executable_link() -> tuple[str, str] | None:
    """Where the interpreter is called and where it lies, None where that is one place, or bound with its folder.

    The call's place tells an interpreter its virtual environment, the other one where its libraries are.
    """
    called, real = Path(sys.executable), os.path.realpath(sys.executable)
    is_there = any(Path(path) in (called, *called.parents) for path in readable_paths())
    return None if real == sys.executable or is_there else (sys.executable, real)


def gpu_devices() -> tuple[str, ...]:
    """Device nodes that CUDA opens, where there are any."""
    nodes = [*Path("/dev").glob("nvidia*"), *Path("/dev/nvidia-caps").glob("*")]
    return tuple(sorted(str(node) for node in nodes if not node.is_dir()))


def _roots() -> set[Path]:
    """Where an interpreter is installed, as it names it and as its links lead. Never a virtual environment."""
    installed = Path(os.path.realpath(sys.executable)).parent.parent
    bases = {Path(sys.base_prefix), Path(sys.base_exec_prefix)}
    # A copied interpreter lies in the environment itself: its folder is no installation.
    return bases if (installed / "pyvenv.cfg").exists() else {*bases, installed}
