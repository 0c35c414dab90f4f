"""The system call filter: what passes, what is asked about outside, what kills. Builds the program and installs it.

Default deny: a call that no list here names is put before the observer, who refuses and records it. Written on ctypes:
the libraries for it either need libseccomp on the machine or are younger than the kernel interface, and the whole of
what is needed is one BPF program and one system call (linux/seccomp.h, linux/filter.h).
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

from harness.sandbox.inside.syscalls import Architecture

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
FLAG_TSYNC = 1
FLAG_NEW_LISTENER = 1 << 3
FLAG_TSYNC_ESRCH = 1 << 4

KILL_PROCESS = 0x80000000
ERRNO = 0x00050000
NOTIFY = 0x7FC00000
ALLOW = 0x7FFF0000

X32_BIT = 0x40000000
CLONE_THREAD = 0x00010000
CLONE_NAMESPACES = 0x7E020080
"""CLONE_NEWNS, -CGROUP, -UTS, -IPC, -USER, -PID, -NET, -TIME."""

_HARMLESS = {
    # Data through files that are open already, memory, waiting: what speaking is made of.
    "data": """
        futex read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 recvfrom recvmsg lseek
        close close_range mmap munmap mremap mprotect madvise brk msync mincore munlock munlockall
        mseal membarrier pkey_alloc pkey_free pkey_mprotect mbind get_mempolicy set_mempolicy poll
        ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd
        eventfd2 pipe pipe2 dup dup2 dup3 fsync fdatasync sync_file_range fadvise64 readahead ftruncate
        fallocate sendfile splice tee copy_file_range getdents getdents64 shutdown getsockopt setsockopt
        getsockname getpeername
    """,
    # Looking at names. What exists is decided by the mounts.
    "names": """
        stat fstat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getcwd chdir fchdir
        statfs fstatfs getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr umask cachestat
    """,
    # Time and timers.
    "time": """
        clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getitimer setitimer alarm
        pause timer_create timer_settime timer_gettime timer_getoverrun timer_delete timerfd_create
        timerfd_settime timerfd_gettime sched_yield getrusage sysinfo uname getrandom getcpu
    """,
    # Who am I, and my own threads and signals.
    "self": """
        getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups getpgid getpgrp
        getsid capget getpriority getrlimit sched_getaffinity sched_getparam sched_getscheduler
        sched_get_priority_max sched_get_priority_min sched_getattr sched_rr_get_interval rt_sigaction
        rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack signalfd signalfd4
        set_tid_address set_robust_list get_robust_list rseq arch_prctl restart_syscall exit exit_group wait4
        waitid futex_wait futex_wake futex_requeue futex_waitv set_mempolicy_home_node map_shadow_stack
    """,
}
HARMLESS = tuple(name for names in _HARMLESS.values() for name in names.split())
"""Calls that no wall depends on."""

HARMLESS_PRCTL = (3, 15, 16, 21, 23, 27, 30, 38, 39, 41, 42, 0x53564D41)
"""Reading settings, PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PR_SET_THP_DISABLE and naming memory. Not PR_SET_DUMPABLE, which
blinds observers."""
HARMLESS_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. Not TIOCSTI."""

HARMLESS_FCNTL = (0, 1, 2, 3, 4, 1030, 1031, 1032, 1033, 1034)
"""Duplicating, flags, pipe sizes and seals. Not F_SETOWN and F_SETSIG, which send signals to anybody, and no locks: a
file that can only be read can be locked all the same, for everybody."""

_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16


class Program:
    """A filter under construction: calls are compared one after another, and each verdict stands beside its call."""

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture
        self._code: list[tuple[int, int, int, int]] = [
            (_LOAD, 0, 0, _ARCH),
            (_JEQ, 1, 0, architecture.audit),
            (_RETURN, 0, 0, KILL_PROCESS),  # 32-bit calls have other numbers
            (_LOAD, 0, 0, _NUMBER),
        ]
        if architecture.name == "x86_64":
            self._code += [(_JGE, 0, 1, X32_BIT), (_RETURN, 0, 0, KILL_PROCESS)]

    def always(self, name: str, action: int) -> None:
        """One verdict for a call, whatever its arguments."""
        self.when(name, [(_RETURN, 0, 0, action)])

    def allow_where(self, name: str, argument: int, values: Sequence[int], otherwise: int) -> None:
        """Allow a call where an argument (its low 32 bits) is one of these."""
        body = [(_LOAD, 0, 0, _ARGUMENTS + 8 * argument)]
        for value in values:
            body += [(_JEQ, 0, 1, value & 0xFFFFFFFF), (_RETURN, 0, 0, ALLOW)]
        self.when(name, [*body, (_RETURN, 0, 0, otherwise)])

    def allow_null(self, name: str, argument: int, otherwise: int) -> None:
        """Allow a call where a pointer is null."""
        low = _ARGUMENTS + 8 * argument
        body = [(_LOAD, 0, 0, low), (_JEQ, 0, 3, 0), (_LOAD, 0, 0, low + 4), (_JEQ, 0, 1, 0)]
        self.when(name, [*body, (_RETURN, 0, 0, ALLOW), (_RETURN, 0, 0, otherwise)])

    def allow_threads(self, name: str, otherwise: int) -> None:
        """Allow ``clone`` where it makes a thread of this process in its own namespaces."""
        body = [
            (_LOAD, 0, 0, _ARGUMENTS),
            (_JSET, 2, 0, CLONE_NAMESPACES),
            (_JSET, 0, 1, CLONE_THREAD),
            (_RETURN, 0, 0, ALLOW),
            (_RETURN, 0, 0, otherwise),
        ]
        self.when(name, body)

    def when(self, name: str, body: Sequence[tuple[int, int, int, int]]) -> None:
        """Run `body`, which must return, for one call. A name that this architecture lacks is left out."""
        number = self._architecture.numbers.get(name)
        if number is not None:
            self._code += [(_JEQ, 0, len(body), number), *body]

    def finish(self, action: int) -> bytes:
        """The program, with the verdict on everything else."""
        return b"".join(struct.pack("HBBI", *line) for line in [*self._code, (_RETURN, 0, 0, action)])


def worker_program(architecture: Architecture, *, pid: int, control: int, allow_devices: bool = False) -> bytes:
    """The filter of a worker, as ``sock_filter`` records.

    Args:
        architecture: The machine's.
        pid: The worker's process id as it sees it itself: signals to itself pass.
        control: File descriptor of the socket over which the listener is handed out.
        allow_devices: Whether ``ioctl`` is open (a GPU's driver is spoken to through it).
    """
    program = Program(architecture)
    for name in HARMLESS:
        program.always(name, ALLOW)
    for name in ("kill", "tgkill", "rt_tgsigqueueinfo", "rt_sigqueueinfo"):
        program.allow_where(name, 0, [pid], NOTIFY)
    program.allow_where("sched_setaffinity", 0, [0, pid], NOTIFY)
    program.allow_where("prctl", 0, HARMLESS_PRCTL, NOTIFY)
    program.allow_where("fcntl", 1, HARMLESS_FCNTL, NOTIFY)
    program.allow_null("sendto", 4, NOTIFY)
    program.allow_null("prlimit64", 2, NOTIFY)
    program.allow_threads("clone", NOTIFY)
    program.allow_where("sendmsg", 0, [control], NOTIFY)
    if allow_devices:
        program.always("ioctl", ALLOW)
    else:
        program.allow_where("ioctl", 1, HARMLESS_IOCTL, NOTIFY)
    return program.finish(NOTIFY)


def closing_program(architecture: Architecture, *, control: int) -> bytes:
    """Laid over the first filter once the listener is out: shuts the one door that was left for it."""
    program = Program(architecture)
    body = [(_LOAD, 0, 0, _ARGUMENTS), (_JEQ, 0, 1, control), (_RETURN, 0, 0, ERRNO | 1), (_RETURN, 0, 0, ALLOW)]
    program.when("sendmsg", body)
    return program.finish(ALLOW)


def install(architecture: Architecture, program: bytes, *, listen: bool) -> int:
    """Put a filter on every thread of this process, for good.

    Returns:
        The listener's file descriptor, or 0 where none was asked for.

    Raises:
        OSError: The kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code)))
    flags = FLAG_TSYNC | (FLAG_NEW_LISTENER | FLAG_TSYNC_ESRCH if listen else 0)
    number = architecture.numbers["seccomp"]
    found = libc.syscall(
        ctypes.c_long(number), ctypes.c_long(SECCOMP_SET_MODE_FILTER), ctypes.c_long(flags), ctypes.byref(header)
    )
    if found < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"seccomp filter was refused ({os.strerror(error)})")
    return int(found)
