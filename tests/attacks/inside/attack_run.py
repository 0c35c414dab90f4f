"""Payloads that run another program, which prints a sum and writes it to a file: its argv has only the summands."""

# Payloads and their judges mean system calls, not paths.
# ruff: noqa: PTH109

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import attack_native as native

SHELLS = ("/bin/sh", "/usr/bin/sh", "/bin/bash", "/bin/busybox")


def program(world: dict[str, Any]) -> list[str]:
    """A command that shows from outside that it ran."""
    left, right = world["sum"]
    shell = next((path for path in SHELLS if Path(path).exists()), "")
    if shell:
        return [shell, "-c", f"echo ran-$(({left}+{right})); echo ran-$(({left}+{right})) > {world['target']}"]
    code = f"x='ran-%d'%({left}+{right});import os;os.write(1,x.encode());open({world['target']!r},'w').write(x)"
    return [sys.executable, "-I", "-S", "-c", code]


def os_system(engine: Any, world: dict[str, Any]) -> None:
    import shlex

    os.system(shlex.join(program(world)))


def subprocess_run(engine: Any, world: dict[str, Any]) -> None:
    import subprocess

    subprocess.run(program(world), check=False, timeout=10)


def os_exec(engine: Any, world: dict[str, Any]) -> None:
    command = program(world)
    os.execv(command[0], command)


def posix_spawn(engine: Any, world: dict[str, Any]) -> None:
    command = program(world)
    os.waitpid(os.posix_spawn(command[0], command, {}), 0)


def fork_exec(engine: Any, world: dict[str, Any]) -> None:
    """What subprocess calls underneath: audit hooks on subprocess.Popen do not see it."""
    import _posixsubprocess

    command = program(world)
    reader, writer = os.pipe()
    child = _posixsubprocess.fork_exec(
        [word.encode() for word in command], [command[0].encode()], True, (writer,), None, [b"A=1"],
        -1, -1, -1, -1, -1, -1, reader, writer, True, False, -1, None, None, None, -1, None, False,
    )  # fmt: skip
    os.close(writer)
    os.waitpid(child, 0)


def raw_execve(engine: Any, world: dict[str, Any]) -> None:
    command = program(world)
    native.call(59, command[0].encode(), native.argv(*command), native.argv())


def raw_fork(engine: Any, world: dict[str, Any]) -> None:
    """fork by number: the child alone writes."""
    child = native.call(57)
    if child == 0:
        left, right = world["sum"]
        try:
            os.write(1, f"ran-{left + right}\n".encode())
            Path(world["target"]).write_text(f"ran-{left + right}")
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def raw_vfork(engine: Any, world: dict[str, Any]) -> None:
    """clone(2) with a new stack would need assembly; CLONE_PARENT|SIGCHLD does not."""
    child = native.call(56, 0x8000 | 17, 0, 0, 0, 0)
    if child == 0:
        left, right = world["sum"]
        try:
            os.write(1, f"ran-{left + right}\n".encode())
            Path(world["target"]).write_text(f"ran-{left + right}")
        finally:
            os._exit(0)
    time.sleep(0.1)  # it is the harness's child, not ours: nothing to wait for


def clone3(engine: Any, world: dict[str, Any]) -> None:
    import ctypes

    order = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
    child = native.call(435, ctypes.byref(order), 88)
    if child == 0:
        left, right = world["sum"]
        try:
            os.write(1, f"ran-{left + right}\n".encode())
            Path(world["target"]).write_text(f"ran-{left + right}")
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def memfd_exec(engine: Any, world: dict[str, Any]) -> None:
    """A program that was never a file."""
    command = program(world)
    memory = os.memfd_create("voice", 0)
    os.write(memory, Path(command[0]).read_bytes())
    native.call(322, memory, b"", native.argv(*command), native.argv(), 0x1000)


def scratch_exec(engine: Any, world: dict[str, Any]) -> None:
    """A program that the payload wrote itself."""
    command = program(world)
    for folder in (os.getcwd(), os.environ.get("HOME", "/tmp"), "/tmp", "/dev/shm"):
        own = Path(folder, "voice-tool")
        try:
            own.write_bytes(Path(command[0]).read_bytes())
            own.chmod(0o755)
            if os.fork() == 0:
                try:
                    os.execv(own, command)
                finally:
                    os._exit(1)
            os.wait()
            return
        except OSError:
            continue


def loader_exec(engine: Any, world: dict[str, Any]) -> None:
    """The dynamic loader as the program: exec of a file that an allow-list may hold for other reasons."""
    command = program(world)
    loader = next(
        str(p) for p in map(Path, ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")) if p.exists()
    )
    os.execv(loader, [loader, *command])


def self_exec(engine: Any, world: dict[str, Any]) -> None:
    """The interpreter itself again, by way of /proc: no path to deny."""
    left, right = world["sum"]
    code = f"x='ran-%d'%({left}+{right});import os;os.write(1,x.encode());open({world['target']!r},'w').write(x)"
    os.execv("/proc/self/exe", ["python", "-I", "-S", "-c", code])


def multiprocess(engine: Any, world: dict[str, Any]) -> None:
    """Python's own way to a second process."""
    import multiprocessing

    child = multiprocessing.get_context("fork").Process(target=_write, args=(world,))
    child.start()
    child.join(10)


def _write(world: dict[str, Any]) -> None:
    left, right = world["sum"]
    os.write(1, f"ran-{left + right}\n".encode())
    Path(world["target"]).write_text(f"ran-{left + right}")


def int80_mkdir(engine: Any, world: dict[str, Any]) -> None:
    """A 32-bit system call (mkdir is 39 there, munlock in 64 bits): filters by number that forget the architecture."""
    import ctypes

    path = world["target"].encode() + b"\0"
    # push rbx; mov eax,39; mov ebx,path; mov ecx,0x1ff; int 0x80; pop rbx; ret
    page = native.machine_code(b"")
    code = (
        b"\x53\xb8\x27\x00\x00\x00\xbb" + (page + 64).to_bytes(4, "little")
        + b"\xb9\xff\x01\x00\x00\xcd\x80\x5b\xc3"
    )  # fmt: skip
    ctypes.memmove(page, code, len(code))
    ctypes.memmove(page + 64, path, len(path))
    ctypes.CFUNCTYPE(ctypes.c_long)(page)()


def x32_mkdir(engine: Any, world: dict[str, Any]) -> None:
    """The same by the x32 numbers: mkdir with bit 30 set."""
    native.call(0x40000000 | 83, world["target"].encode(), 0o777)
