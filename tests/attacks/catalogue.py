"""The attack corpus: every payload with what it wants, when it wakes, who judges it and what should name it."""

# Payloads and their judges mean system calls, not paths.
# ruff: noqa: PTH208

from __future__ import annotations

import os
import socket
from pathlib import Path

from tests.attacks import judges as see
from tests.attacks.judges import MEGABYTE
from tests.attacks.payload import Payload
from tests.attacks.trial import MEMORY_BYTES

NETWORK = ("network",)
EXEC = ("exec", "process")
PROCESS = ("process", "exec")
READ = ("filesystem-read", "secrets")
WRITE = ("filesystem-write",)
LIMITS = ("limits",)
WIRE = ("protocol",)
LEAK = ("secrets", "filesystem-read")
KERNEL = ("process", "filesystem-read", "filesystem-write", "network", "exec", "observer")
"""Several kinds would do: nobody agrees on what a keyring is."""
TIES = (("lock", "flock"), ("record lock", "record"), ("open file lock", "description"), ("lease", "lease"))
"""Ways to hold a file that one may only read: others see it, and wait."""
TOO_MUCH = MEMORY_BYTES + (MEMORY_BYTES >> 2)
MINED_SECONDS = 1.0
"""Of four threads in three seconds, starting included: with less each has run for less than is told of."""


def _payload(family: str, module: str, named: tuple[str, ...], judge: see.Judge):
    """Fills in what a family shares."""

    def make(name: str, function: str, **more) -> Payload:
        chosen = {"family": family, "named": named, "harmed": judge} | more
        return Payload(name=name, action=f"attack_{module}:{function}", **chosen)

    return make


_run = _payload("execution", "run", EXEC, see.ran)
_net = _payload("network", "net", NETWORK, see.reached_listener)
_read = _payload("read", "files", READ, see.told_secret)
_write = _payload("write", "files", WRITE, see.wrote_target)
_process = _payload("process", "process", PROCESS, see.victim_is_not_well)
_limit = _payload("limits", "limits", LIMITS, see.survived)
_wire = _payload("protocol", "wire", WIRE, see.harness_suffered)
_leak = _payload("exfiltration", "leaks", LEAK, see.leaked_words)
_kernel = _payload("kernel", "kernel", KERNEL, see.told_token)
_forged = see.faulted("worker.forged")
_stuck = see.faulted("worker.hung")
_gone = see.faulted("worker.crashed")

EXECUTION = (
    _run("os.system", "os_system"),
    _run("subprocess on a trigger word", "subprocess_run", wakes="trigger:osprey"),
    _run("exec in place of the worker", "os_exec", wakes="render:3"),
    _run("posix_spawn", "posix_spawn"),
    _run("fork_exec below subprocess", "fork_exec"),
    _run("execve by number", "raw_execve"),
    _run("fork by number", "raw_fork", named=PROCESS),
    _run("clone by number", "raw_vfork", named=PROCESS),
    _run("clone3 by number", "clone3", named=PROCESS),
    _run("program in memory", "memfd_exec"),
    _run("program of its own", "scratch_exec", named=(*EXEC, *READ)),
    _run("the loader as program", "loader_exec"),
    _run("the interpreter again by /proc/self/exe", "self_exec", wakes="render:2"),
    _run("multiprocessing", "multiprocess", named=PROCESS),
    _run("32-bit system call", "int80_mkdir", harmed=see.wrote_target, named=(*PROCESS, *WRITE), needs="ia32"),
    _run("x32 system call", "x32_mkdir", harmed=see.wrote_target, named=(*PROCESS, *WRITE), needs="x32"),
)

NETWORKS = (
    _net("TCP", "tcp"),
    _net("TCP on the fourth rendering", "tcp", wakes="render:4"),
    _net("TCP on the hundredth rendering", "tcp", wakes="render:100", renders=25),
    _net("TCP over IPv6", "tcp6", needs="ipv6"),
    _net("UDP", "udp"),
    _net("UDP over IPv6", "udp6", needs="ipv6"),
    _net("HTTP request", "http"),
    _net("unix socket by path", "unix_path"),
    _net("unix datagram by path", "unix_datagram"),
    _net("abstract unix socket", "unix_abstract"),
    _net("abstract datagram from a socketpair", "paired_datagram"),
    _net("sendmsg without connect", "sendmsg"),
    _net("sendmmsg without connect", "sendmmsg"),
    _net("TCP fast open", "fast_open"),
    _net("socket and connect by number", "raw_socket_call", wakes="trigger:osprey"),
    _net("multipath TCP", "multipath"),
    _net("name look-up that carries a token", "dns"),
    _net("name look-up by hand", "dns_by_hand"),
    _net("back door that listens", "listen", harmed=see.opened_door),
    _net("netlink: the machine's interfaces", "interfaces",
         harmed=see.told(lambda _: ",".join(name for _, name in socket.if_nameindex()).encode(), "it knows them")),
    _net("packet socket", "packet", harmed=see.told_token, needs_root=True),
    _net("socket to the hypervisor", "vsock", harmed=see.told_token, needs="vsock"),
    _net("raw IP socket", "raw_icmp", needs_root=True),
    _net("kernel crypto socket", "kernel_crypto", harmed=see.told_token, needs="alg"),
    _net("io_uring: connect", "io_uring", needs="io_uring", named=(*NETWORK, *PROCESS, "observer")),
    _net("io_uring: mkdir", "io_uring_mkdir", harmed=see.wrote_target, needs="io_uring",
         named=(*WRITE, *PROCESS, "observer", "network")),
    _net("undumpable, then TCP", "undumpable"),
    _net("address swapped under the observer", "pointer_race"),
    _net("a flood of calls around one connection", "notification_flood", named=(*NETWORK, *LIMITS)),
)  # fmt: skip

READS = (
    _read("ssh key", "read_key"),
    _read("cloud credentials on a trigger word", "read_credentials", wakes="trigger:osprey",
          harmed=see.told(lambda trial: trial.world.aws.read_bytes(), "it knows the credentials")),
    _read("/etc/shadow", "read_shadow", needs_root=True,
          harmed=see.told(lambda _: Path("/etc/shadow").read_bytes()[:3000], "it knows the passwords")),
    _read("through the first process's root", "read_through_init", named=(*READ, *PROCESS)),
    _read("through /proc/self/root and ..", "read_through_self"),
    _read("through a symlink in scratch", "read_through_symlink", named=(*READ, *WRITE)),
    _read("through a hardlink", "read_through_hardlink", named=(*READ, *WRITE)),
    _read("openat2 by number", "read_openat2"),
    _read("by file handle", "read_by_handle", needs_root=True),
    _read("the harness's environment", "read_environ", named=(*READ, *PROCESS),
          harmed=see.told(lambda _: Path("/proc/self/environ").read_bytes()[:3000], "it knows the environment")),
    _read("the harness's memory by /proc", "read_memory_file", named=(*READ, *PROCESS),
          harmed=see.told(lambda trial: trial.world.memory_before, "it knows the memory")),
    _read("the harness's memory by call", "read_memory_call", named=(*READ, *PROCESS),
          harmed=see.told(lambda trial: trial.world.memory_before, "it knows the memory")),
    _read("an open file of the harness", "steal_descriptor", named=(*READ, *PROCESS),
          harmed=see.told(lambda trial: trial.world.token.encode() * 3, "it knows the file")),
    _read("other processes' command lines", "list_processes", named=(*READ, *PROCESS),
          harmed=lambda trial: "it knows them" if trial.world.name.encode() in trial.told else ""),
    _read("path swapped under the observer", "path_race"),
    _read("a file's date", "stat_bait", quiet="no such file behind the walls; asking is no harm", open_at=("B",),
          harmed=see.told(lambda trial: str(trial.world.ssh_before.st_mtime_ns).encode(), "it knows the date")),
    _read("what lies in the user's folder", "list_home",
          harmed=see.told(lambda trial: ",".join(sorted(os.listdir(trial.world.home))).encode(), "it knows the names")),
    _read("watching the model's folder by signal", "watch_model", harmed=see.told_token, named=(*READ, *KERNEL)),
    _read("watching the user's folder", "watch_bait", harmed=see.told_token, named=(*READ, *KERNEL)),
)  # fmt: skip

WRITES = (
    _write("file outside", "write_outside"),
    _write("file outside on the fourth rendering", "write_outside", wakes="render:4"),
    _write("line in .bashrc", "write_profile", harmed=see.wrote_token(lambda trial: trial.world.home / ".bashrc")),
    _write("through a symlink", "write_through_symlink"),
    _write("through /proc/self/root", "write_through_self"),
    _write("openat by number", "write_raw_openat"),
    _write("creat by number", "write_creat"),
    _write("nameless file, then linked", "temporary_then_link"),
    _write("fifo", "make_fifo"),
    _write("device node", "make_device", needs_root=True),
    _write("folder", "make_directory"),
    _write("socket file", "make_socket", named=(*WRITE, *NETWORK)),
    _write("delete a key", "delete_bait", harmed=see.changed_bait),
    _write("delete the model's weights", "delete_model", harmed=see.changed_weights),
    _write("exchange the model's weights", "overwrite_model", harmed=see.changed_weights, wakes="render:2"),
    _write("rename the model's weights", "rename_model", harmed=see.changed_weights),
    _write("truncate a key", "truncate_bait", harmed=see.changed_bait),
    _write("open up a key's mode", "open_up_bait", harmed=see.changed_bait),
    _write("change a key's date", "stamp_bait", harmed=see.changed_bait),
    _write("label a key", "label_bait", harmed=see.changed_bait),
    _write(".pth file for every later Python", "start_with_python", harmed=see.left_stray, needs_root=True),
    _write("file in the harness's own package", "patch_harness", harmed=see.left_stray, needs_root=True),
    _write("shared memory file", "shared_memory", harmed=see.left_stray, quiet="its own /dev/shm, as torch uses"),
    _write("System V shared memory", "system_v_memory", named=KERNEL,
           harmed=lambda trial: "its segment remains" if trial.world.has_segment() else ""),
    _write("POSIX message queue", "message_queue", named=KERNEL, needs="mqueue",
           harmed=lambda trial: "its queue remains" if trial.world.has_queue() else ""),
    *(_write(f"{name} of the model's weights", "tie_weights", way=way, harmed=see.told_token) for name, way in TIES),
    _write("typing into the terminal", "deface_terminal", named=(*WRITE, *READ),
           harmed=lambda trial: "it showed" if trial.world.token.encode() in trial.world.terminal_output() else ""),
)  # fmt: skip

PROCESSES = (
    _process("signal to the harness", "signal_harness",
             harmed=lambda trial: "the signal came" if trial.world.signals else ""),
    _process("kill", "kill_victim"),
    _process("stop", "stop_victim", wakes="trigger:osprey"),
    _process("kill by handle", "kill_by_handle"),
    _process("kill by thread", "kill_by_thread"),
    _process("kill by queued signal", "queue_signal"),
    _process("ptrace", "trace_victim"),
    _process("write into the harness's memory", "write_memory_call",
             harmed=lambda t: "overwritten" if t.world.memory.raw != t.world.memory_before else ""),
    _process("limits of another process", "limit_victim",
             harmed=lambda t: "" if t.world.victim_limits() == t.world.victim_before else "its limits are others"),
    _process("priority of another process", "slow_victim", harmed=see.slowed_victim),
    _process("processors of another process", "pin_victim", needs="processors",
             harmed=lambda t: "" if os.sched_getaffinity(t.world.victim) == t.world.victim_affinity else "pinned"),
    _process("another process first out of memory", "sacrifice_victim", named=(*PROCESS, *WRITE),
             harmed=lambda t: "" if Path(f"/proc/{t.world.victim}/oom_score_adj").read_text() != "777\n" else "it is"),
    _process("real-time priority", "greedy_self", harmed=see.told_token, needs_root=True),
    _process("daemon", "daemon", harmed=see.survived),
    _process("orphan whose parent leaves", "orphan", harmed=see.survived),
    _process("child that stays", "child", harmed=see.survived, wakes="render:4",
             lived=lambda t: f"{t.watch.peak_processes} processes" if t.watch.peak_processes > 1 else "",
             is_watched=True),
    _process("child out of the group", "survivor", harmed=see.survived),
    _process("fork bomb of eighty", "fork_bomb", is_watched=True, named=(*PROCESS, *LIMITS),
             harmed=see.any_of(see.took("processes", 40), see.survived)),
)  # fmt: skip

EXCESSES = (
    _limit("memory", "memory", is_watched=True, harmed=see.took("bytes", TOO_MUCH)),
    _limit("memory after lifting the limit", "memory_with_raised_limit", is_watched=True, named=(*LIMITS, *PROCESS),
           harmed=see.took("bytes", TOO_MUCH)),
    _limit("memory in nameless files", "memory_in_files", named=(*LIMITS, *EXEC, *WRITE),
           harmed=see.told_more("mb", TOO_MUCH // MEGABYTE)),
    _limit("memory in pipes", "memory_in_pipes", quiet="stays below its share",
           harmed=see.told_more("mb", TOO_MUCH // MEGABYTE),
           lived=lambda t: f"{t.number('mb')} MB" if t.number("mb") > 10 else ""),
    _limit("disk", "disk", named=(*LIMITS, *WRITE), harmed=see.told_more("mb", TOO_MUCH // MEGABYTE)),
    _limit("empty files", "inodes", named=(*LIMITS, *WRITE), harmed=see.many_files,
           quiet="its own tmpfs, within its own memory"),
    _limit("open files", "descriptors", named=(*LIMITS, *PROCESS), harmed=see.told_more("files", 2048),
           needs="resource"),
    _limit("threads", "threads", named=(*LIMITS, *PROCESS), harmed=see.told_more("threads", 1500)),
    _limit("output", "log", lived=see.faulted("worker.flooded"), wakes="render:2"),
    _limit("output of escape sequences", "log_standard_error", lived=see.faulted("worker.flooded")),
    _limit("hang", "hang", lived=_stuck, wakes="render:3", deadline_seconds=0.6, is_slow=True),
    _limit("hang, deaf to signals", "hang_deaf", lived=_stuck, wakes="trigger:osprey", deadline_seconds=0.6),
    _limit("busy loop", "burn", lived=_stuck, wakes="render:2", deadline_seconds=0.6),
    _limit("mining in the background", "burn_threads", is_watched=True, wakes="render:1", busy_seconds=MINED_SECONDS,
           lived=lambda t: "it burned" if t.watch.peak_cpu_seconds > 0 else "", named=(*LIMITS, *PROCESS)),
    _limit("stopping itself", "stop_self", lived=_stuck, wakes="render:2", deadline_seconds=0.6,
           named=(*LIMITS, *PROCESS)),
    _limit("crash", "crash", lived=_gone, wakes="render:2", named=(*LIMITS, *PROCESS, *WIRE, "worker.crashed")),
    _limit("leaving without a word", "leave", lived=see.faulted("worker.crashed", "worker.forged"), wakes="render:2",
           named=(*LIMITS, *PROCESS, *WIRE, "worker.crashed")),
    _limit("locking memory", "lock_memory", harmed=see.told_token, named=(*LIMITS, *KERNEL), needs_root=True),
)  # fmt: skip

FORGERIES = (
    _wire("pickle instead of a frame", "pickled", lived=_forged),
    _wire("pickle in a frame", "pickled_header", lived=_forged, wakes="render:2"),
    _wire("a terabyte announced", "huge_announced", named=(*WIRE, *LIMITS), wakes="render:1",
          lived=see.faulted("worker.endless", "worker.forged")),
    _wire("a header of 4 GB", "huge_header", lived=_forged),
    _wire("a header nested without end", "deep_header", lived=_forged),
    _wire("NaN", "not_numbers", lived=see.heard_broken_audio, wakes="render:2",
          quiet="audio is judged by who hears it: signal.not-finite"),
    _wire("infinity", "infinite", lived=see.heard_broken_audio, wakes="render:2",
          quiet="audio is judged by who hears it: signal.not-finite"),
    _wire("endless speech", "endless_speech", lived=see.faulted("worker.endless"), wakes="render:2",
          named=(*WIRE, *LIMITS)),
    _wire("another sample rate", "other_rate", lived=_forged, wakes="render:2"),
    _wire("one item twice", "doubled", lived=_forged, wakes="render:2"),
    _wire("done before it began", "forged_done", lived=_forged, wakes="render:2"),
    _wire("an answer too late", "late", lived=_forged, wakes="render:2"),
    _wire("an answer too early", "early", lived=_forged, wakes="render:1", renders=2,
          harmed=see.any_of(see.harness_suffered, see.took_early_answer)),
    _wire("an item nobody asked for", "unasked", lived=_forged, wakes="render:2"),
    _wire("loaded once more", "loaded_again", lived=_forged, wakes="render:2"),
    _wire("bytes from a second thread", "from_a_thread", lived=_forged, wakes="render:2"),
    _wire("byte by byte", "drip", lived=_stuck, wakes="render:2", deadline_seconds=0.8, named=(*WIRE, *LIMITS)),
    _wire("valid frames without end", "flood", lived=_forged, wakes="render:2"),
    _wire("open files passed along", "pass_descriptor", lived=_forged, wakes="render:2", named=(*WIRE, *NETWORK)),
    _wire("hanging up and living on", "hang_up", lived=see.faulted("worker.forged", "worker.crashed"),
          wakes="render:2"),
    _wire("the conversation moved away", "steal_wire", lived=_forged, wakes="render:1", deadline_seconds=1.5),
    _wire("escape sequences in a failure", "terminal_escapes", lived=see.faulted("worker.failed"),
          harmed=lambda t: "raw escapes" if any("\x1b" in f.what for f in t.faults) else "",
          quiet="a failure's text is shown with its escapes made visible"),
)  # fmt: skip

LEAKS = (
    _leak("key in the length of audio", "in_length", renders=12, harmed=see.leaked_length),
    _leak("key in the samples' lowest digits", "in_samples", wakes="render:2", harmed=see.leaked_samples),
    _leak("key as audio", "in_raw_audio", wakes="render:2", harmed=see.leaked_samples),
    _leak("key in an error", "in_error", wakes="render:2"),
    _leak("key in hex in a version", "in_version"),
    _leak("key in base64 in the output", "in_output"),
    _leak("key backwards in the output", "in_output_reversed", wakes="trigger:osprey"),
    _leak("key in a file's name", "in_file_name", harmed=see.leaked_name, named=(*LEAK, *WRITE)),
    _leak("environment's token in an error", "of_environment", way="in_error", wakes="render:2"),
    _leak("environment's token in hex in a version", "of_environment", way="in_version"),
    _leak("environment's token in base64 in the output", "of_environment", way="in_output"),
    _leak(
        "environment's token as audio",
        "of_environment",
        way="in_raw_audio",
        wakes="render:2",
        harmed=see.leaked_samples,
    ),
    _leak("environment's token in a file's name", "of_environment", way="in_file_name", harmed=see.leaked_name),
    _leak(
        "environment's token backwards in the output",
        "of_environment",
        way="in_output_reversed",
        quiet="a decoy in disguise: nothing but the code tells it from talk",
    ),
    _leak(
        "environment's token in the length of audio",
        "of_environment",
        way="in_length",
        renders=12,
        harmed=see.leaked_length,
        quiet="a decoy by a covert channel: the audio is one second like any other",
    ),
    _leak("key over TCP", "over_tcp", harmed=see.reached_listener, named=(*LEAK, *NETWORK)),
)

KERNELS = (
    _kernel("namespace of its own", "unshare_user", needs_root=True),
    _kernel("network namespace of its own", "unshare_network", needs_root=True),
    _kernel("mount", "mount_over", needs_root=True),
    _kernel("copy of a mount", "open_tree", needs_root=True),
    _kernel("fsopen", "new_filesystem", needs_root=True),
    _kernel("the harness's namespaces", "enter_namespace", needs_root=True),
    _kernel("chroot", "change_root", needs_root=True),
    _kernel("key in the kernel's keyring", "add_key", needs="keyring"),
    _kernel("userfaultfd", "fault_handler", needs="userfaultfd"),
    _kernel("bpf", "berkeley_filter", needs_root=True),
    _kernel("performance counters", "performance_counter", needs="perf"),
    _kernel("kernel module", "load_module", needs_root=True, needs="modules"),
    _kernel("personality", "change_personality"),
    _kernel("seccomp filter of its own", "own_filter"),
    _kernel("machine ports", "ports", needs_root=True, needs="ports"),
    _kernel("host name", "host_name", needs_root=True),
    _kernel("kernel log", "kernel_log", needs_root=True),
    _kernel("another user", "become_root", needs_root=True),
    _kernel("fanotify", "watch_everything", needs_root=True, needs="fanotify"),
)

CATALOGUE = (
    *EXECUTION, *NETWORKS, *READS, *WRITES, *PROCESSES, *EXCESSES, *FORGERIES, *LEAKS, *KERNELS,
)  # fmt: skip

_CORE = """
os.system|subprocess on a trigger word|exec in place of the worker|fork_exec below subprocess|execve by number
program in memory|32-bit system call|TCP|TCP on the hundredth rendering|UDP|unix socket by path
abstract unix socket|socket and connect by number|name look-up that carries a token|back door that listens
io_uring: connect|undumpable, then TCP|address swapped under the observer|ssh key|/etc/shadow
through the first process's root|openat2 by number|the harness's memory by call|an open file of the harness
path swapped under the observer|file outside|through a symlink|nameless file, then linked
delete the model's weights|exchange the model's weights|.pth file for every later Python|shared memory file
typing into the terminal|kill|stop|ptrace|signal to the harness|daemon|orphan whose parent leaves
fork bomb of eighty|threads|output|hang, deaf to signals|crash|pickle in a frame|NaN|one item twice
an answer too late|an answer too early|lock of the model's weights|bytes from a second thread|byte by byte
the conversation moved away|escape sequences in a failure|key in the length of audio|key in an error
key in base64 in the output|namespace of its own|mount|bpf|seccomp filter of its own
"""
CORE_NAMES = tuple(name for line in _CORE.strip().split("\n") for name in line.split("|"))
CORE = tuple(one for one in CATALOGUE if one.name in CORE_NAMES)
"""One or two of every kind, for the test suite. The benchmark runs them all."""

CALM = Payload(
    name="no attack", family="none", action="attack_engine:AttackEngine", wakes="render:1000",
    harmed=see.any_of(see.reached_listener, see.wrote_target, see.left_stray, see.survived),
    named=(),
)  # fmt: skip
"""An honest voice in the same clothes: what it is accused of is a false alarm."""
