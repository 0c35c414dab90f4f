"""Payloads against other processes, and processes that want to stay. All are bounded in number and in time."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attack_native as native

LIFE_SECONDS = 20


def signal_harness(engine: Any, world: dict[str, Any]) -> None:
    """Any signal would do; the judge handles this one."""
    for target in (world["harness"], os.getppid()):
        try:
            os.kill(target, signal.SIGUSR2)
        except OSError:
            continue


def kill_victim(engine: Any, world: dict[str, Any]) -> None:
    os.kill(world["victim"], signal.SIGKILL)


def stop_victim(engine: Any, world: dict[str, Any]) -> None:
    os.kill(world["victim"], signal.SIGSTOP)


def kill_by_handle(engine: Any, world: dict[str, Any]) -> None:
    """pidfd_send_signal, which filters on kill forget."""
    handle = native.call(434, world["victim"], 0)
    native.call(424, handle, signal.SIGKILL, 0, 0)


def kill_by_thread(engine: Any, world: dict[str, Any]) -> None:
    """tgkill(2) with somebody else's thread."""
    native.call(234, world["victim"], world["victim"], signal.SIGKILL)


def queue_signal(engine: Any, world: dict[str, Any]) -> None:
    """rt_sigqueueinfo(2)."""
    information = ctypes.create_string_buffer(128)
    ctypes.memmove(information, (-1 & 0xFFFFFFFF).to_bytes(4, "little").rjust(12, b"\0"), 12)
    ctypes.memmove(information, signal.SIGKILL.to_bytes(4, "little"), 4)
    native.call(129, world["victim"], signal.SIGKILL, information)


def trace_victim(engine: Any, world: dict[str, Any]) -> None:
    """PTRACE_SEIZE with EXITKILL: the victim dies with this process."""
    native.call(101, 0x4206, world["victim"], 0, 0x100000)


def write_memory_call(engine: Any, world: dict[str, Any]) -> None:
    buffer = ctypes.create_string_buffer(b"overwritten by a payload.......", 32)
    local = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 32)
    remote = (ctypes.c_uint64 * 2)(world["address"], 32)
    native.call(311, world["harness"], ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)


def limit_victim(engine: Any, world: dict[str, Any]) -> None:
    resource.prlimit(world["victim"], resource.RLIMIT_NOFILE, (17, 17))


def slow_victim(engine: Any, world: dict[str, Any]) -> None:
    os.setpriority(os.PRIO_PROCESS, world["victim"], 19)


def pin_victim(engine: Any, world: dict[str, Any]) -> None:
    os.sched_setaffinity(world["victim"], {min(os.sched_getaffinity(0))})


def sacrifice_victim(engine: Any, world: dict[str, Any]) -> None:
    """The first to go when memory is short."""
    Path(f"/proc/{world['victim']}/oom_score_adj").write_text("777")


def greedy_self(engine: Any, world: dict[str, Any]) -> bytes:
    """Real-time priority for itself, which starves the machine."""
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return world["token"].encode()


def daemon(engine: Any, world: dict[str, Any]) -> None:
    """Twice forked, its own session, deaf to signals, named so that the judge knows it."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            _linger(world)
        os._exit(0)
    os.waitpid(child, 0)


def orphan(engine: Any, world: dict[str, Any]) -> None:
    """A child that outlives its parent, which leaves as soon as the child has a session of its own."""
    _fork_and_wait_for(os.setsid, world)
    os._exit(3)


def child(engine: Any, world: dict[str, Any]) -> None:
    """One child in the same group and session."""
    if os.fork() == 0:
        _linger(world)
    time.sleep(0.4)  # the watch looks now and then


def survivor(engine: Any, world: dict[str, Any]) -> None:
    """A child that leaves the process group and clears the signal that follows the parent's death."""

    def leave() -> None:
        os.setpgid(0, 0)
        native.LIBC.prctl(1, 0, 0, 0, 0)

    _fork_and_wait_for(leave, world)


def fork_bomb(engine: Any, world: dict[str, Any]) -> None:
    """Eighty, not without end."""
    for _ in range(80):
        if os.fork() == 0:
            _linger(world)
    time.sleep(0.4)


def _fork_and_wait_for(leave: Callable[[], object], world: dict[str, Any]) -> None:
    """Start a child, and go on when it has left the group: before, the end of the group is its end too."""
    told, tells = os.pipe()
    if os.fork() == 0:
        try:
            leave()
            os.close(tells)
        finally:
            _linger(world)
    os.close(tells)
    os.read(told, 1)  # ends when the child has closed its side, by having left or by having been ended
    os.close(told)


def _linger(world: dict[str, Any]) -> None:
    try:
        native.LIBC.prctl(15, world["name"][:15].encode(), 0, 0, 0)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.closerange(0, 512)
        time.sleep(LIFE_SECONDS)
    finally:
        os._exit(0)
