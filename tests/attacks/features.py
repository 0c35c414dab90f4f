"""Which kernel features this machine lacks: a payload that needs one of them cannot work here at all."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)


def missing_feature(need: str) -> str:
    """Why a payload that needs this cannot work on this machine at all; empty where it can."""
    match need:
        case "ipv6":
            try:
                with socket.socket(socket.AF_INET6) as sock:
                    sock.bind(("::1", 0))
            except OSError:
                return "no IPv6 on loopback"
        case "io_uring":
            buffer = ctypes.create_string_buffer(120)
            number = int(LIBC.syscall(425, 4, buffer))
            if number < 0:
                return "the kernel has no io_uring"
            os.close(number)
        case "ia32":
            return "" if os.uname().machine == "x86_64" else "not an x86-64 machine"
        case "x32":
            return "" if LIBC.syscall(0x40000000 | 39) > 0 else "the kernel has no x32 system calls"
        case "alg" | "vsock":
            try:
                socket.socket(38 if need == "alg" else 40, socket.SOCK_SEQPACKET if need == "alg" else 1).close()
            except OSError:
                return f"the kernel has no {need} sockets"
        case "modules":
            return "" if Path("/proc/modules").exists() else "the kernel has no modules"
        case "mqueue" | "keyring" | "userfaultfd" | "perf" | "fanotify":
            numbers = {"mqueue": 241, "keyring": 248, "userfaultfd": 323, "perf": 298, "fanotify": 300}
            ctypes.set_errno(0)
            if LIBC.syscall(numbers[need], -1, None, None, 0, 0) < 0 and ctypes.get_errno() == errno.ENOSYS:
                return f"the kernel has no {need}"
            if need == "userfaultfd" and os.geteuid() and LIBC.syscall(323, 1) < 0:
                return "userfaultfd is root's here"
            if need == "perf" and os.geteuid() and _number("/proc/sys/kernel/perf_event_paranoid") > 2:
                return "performance counters are root's here"
        case "resource":
            capabilities = Path("/proc/self/status").read_text().partition("CapEff:\t")[2][:16]
            return "" if int(capabilities, 16) >> 24 & 1 else "nobody here may raise a limit (CAP_SYS_RESOURCE)"
        case "ports":
            is_granted = LIBC.syscall(173, 0x80, 1, 1) == 0
            LIBC.syscall(173, 0x80, 1, 0)
            return "" if is_granted else "the kernel gives nobody ports"
        case "processors":
            return "" if len(os.sched_getaffinity(0)) > 1 else "one processor only"
    return ""


def _number(path: str) -> int:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return 0
