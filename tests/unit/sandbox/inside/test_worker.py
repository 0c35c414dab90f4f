"""A worker and the ways it may fail: the real child process with planted faults, and a hostile one on a wire."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from harness.core.engine import Speech
from harness.core.errors import WorkerUnready
from harness.engines.fake.adapter import FakeEngine
from harness.engines.registry import ENGINES
from harness.sandbox.inside.modelfiles import files_of
from harness.sandbox.inside.protocol import (
    MAGIC,
    PREFIX,
    Channel,
    Done,
    Failed,
    Load,
    Loaded,
    Message,
    Prepare,
    Prepared,
    Render,
    Spoken,
)
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.client import Worker
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.launcher import MAX_OUTPUT_BYTES, ChildProcess, ProcessLauncher, worker_environment
from harness.sandbox.outside.meter import Reading, Usage
from tests.fake_voices import RATE, WatchedLauncher, fake_voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harness.core.identity import Files
    from harness.sandbox.outside.launcher import Launcher, WorkerProcess

FAKE = ENGINES["fake"].adapter
SHORT = Bounds(load_seconds=20, batch_seconds=20, seconds_per_character=0)
ORDERS = [("do not open", 1), ("open", 2), ("close it", 3)]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where workers get their scratch folders."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def worker_of(launcher: Launcher, model: Path, bounds: Bounds = SHORT) -> Worker:
    return Worker(launcher, engine=FAKE, model=model, device="cpu", threads=1, bounds=bounds)


def spoken_by(worker: Worker, orders: Sequence[tuple[str, int]]) -> dict[int, Speech]:
    heard: dict[int, Speech] = {}
    worker.render(orders, heard.__setitem__)
    return heard


def fault_of(work: Callable[[], object]) -> WorkerFault:
    with pytest.raises(WorkerFault) as caught:
        work()
    return caught.value


def held() -> tuple[int, int]:
    """Open files and threads of this process."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def has_ended(pid: int, seconds: float = 10) -> bool:
    """Whether a process ends within that time; it need not be our own child."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(watched)


@pytest.fixture(scope="module")
def launcher() -> WatchedLauncher:
    """The launcher of :func:`worker`."""
    return WatchedLauncher()


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, launcher: WatchedLauncher) -> Iterator[Worker]:
    """An honest worker that has loaded."""
    worker = worker_of(launcher, fake_voice(tmp_path_factory.mktemp("voice")))
    worker.start()
    yield worker
    worker.stop()


class TestHonestWorker:
    def test_introduces_its_engine(self, worker: Worker) -> None:
        assert worker.info is not None
        assert (worker.info.name, worker.info.sample_rate, worker.info.versions) == ("fake", RATE, {"fake": "1"})

    def test_speaks_every_text_exactly_as_the_engine_does_in_this_process(self, worker: Worker, tmp_path: Path) -> None:
        engine = FakeEngine()
        engine.load(fake_voice(tmp_path), device="cpu", threads=1)
        wanted = engine.render([text for text, _ in ORDERS], [seed for _, seed in ORDERS])
        heard = spoken_by(worker, ORDERS)
        assert sorted(heard) == [0, 1, 2]
        for index, speech in enumerate(wanted):
            assert np.array_equal(heard[index].samples, speech.samples)
            assert heard[index].samples.dtype == np.float32
            assert (heard[index].sample_rate, heard[index].frames) == (RATE, speech.frames)
            assert heard[index].tokens == len(ORDERS[index][0])

    def test_speaks_one_batch_after_another(self, worker: Worker) -> None:
        first, second = spoken_by(worker, ORDERS[:1]), spoken_by(worker, ORDERS[:1])
        assert np.array_equal(first[0].samples, second[0].samples)

    def test_says_nothing_for_a_text_without_a_tone(self, worker: Worker) -> None:
        assert spoken_by(worker, [("", 1), ("€", 2)])[0].samples.size == 0

    def test_has_bounds_that_the_kernel_keeps(self, worker: Worker, launcher: WatchedLauncher) -> None:
        lines = Path(f"/proc/{launcher.processes[0].pid}/limits").read_text("utf-8").splitlines()
        soft = {line[:26].strip(): line[26:].split()[:2] for line in lines}
        assert soft["Max core file size"] == ["0", "0"]
        assert soft["Max file size"] == [str(64 << 20)] * 2
        assert int(soft["Max open files"][0]) <= 512

    def test_stands_in_a_session_and_a_folder_of_its_own(self, worker: Worker, launcher: WatchedLauncher) -> None:
        pid = launcher.processes[0].pid
        assert os.getsid(pid) == pid
        assert Path(f"/proc/{pid}/cwd").resolve().name.startswith("soundcheck-worker-")

    def test_holds_none_of_our_files(self, worker: Worker, launcher: WatchedLauncher) -> None:
        held = Path(f"/proc/{launcher.processes[0].pid}/fd")
        kinds = sorted(str(entry.readlink()).partition(":")[0] for entry in held.iterdir())
        assert kinds == ["/dev/null", "pipe", "pipe", "socket"]

    def test_must_be_started_before_it_speaks(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"^start\(\) first$"):
            spoken_by(worker_of(WatchedLauncher(), tmp_path), ORDERS)


class TestEnvironment:
    def test_holds_nothing_of_ours_but_the_allowed_names(
        self, worker_variables: dict[str, str], tmp_path: Path
    ) -> None:
        assert "SOUNDCHECK_SECRET" not in worker_variables
        assert not [name for name in worker_variables if name.startswith(("PYTHON", "AWS", "http"))]
        assert worker_variables["PATH"] == os.environ["PATH"]

    def test_keeps_every_cache_below_the_scratch_folder(self, worker_variables: dict[str, str]) -> None:
        names = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TTS_HOME", "NUMBA_CACHE_DIR")
        folders = {worker_variables[name] for name in names}
        assert len(folders) == 1
        assert Path(folders.pop()).name.startswith("soundcheck-worker-")

    def test_pins_threads_and_stays_offline(self, worker_variables: dict[str, str]) -> None:
        assert {worker_variables[f"{pool}_NUM_THREADS"] for pool in ("OMP", "MKL", "OPENBLAS", "NUMBA")} == {"3"}
        assert worker_variables["HF_HUB_OFFLINE"] == worker_variables["TRANSFORMERS_OFFLINE"] == "1"

    def test_is_what_worker_environment_says(self, worker_variables: dict[str, str]) -> None:
        assert worker_variables == worker_environment(Path(worker_variables["HOME"]), 3)

    def test_has_a_heap_that_keeps_what_is_freed_or_gives_it_back(self, tmp_path: Path) -> None:
        usual, tidy = (worker_environment(tmp_path, 1, is_tidy=is_tidy) for is_tidy in (False, True))
        assert usual.keys() == tidy.keys()
        differing = {name for name in usual if usual[name] != tidy[name]}
        assert differing == {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"}

    def test_does_not_tell_code_which_heap_it_has(self) -> None:
        code = "import os; from harness.sandbox.inside.worker import limit_self; limit_self(); print(os.environ.keys())"
        done = subprocess.run(
            [sys.executable, "-c", code], env={"MALLOC_TOP_PAD_": "0", "LANG": "C"}, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        assert "LANG" in done.stdout
        assert "MALLOC_" not in done.stdout

    @pytest.fixture
    def worker_variables(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
        """The environment of a real worker, as the kernel has it."""
        for name in ("SOUNDCHECK_SECRET", "AWS_SECRET_ACCESS_KEY", "http_proxy", "PYTHONPATH", "PYTHONSTARTUP"):
            monkeypatch.setenv(name, "hunter2")
        launcher = WatchedLauncher()
        process = launcher.start(model=tmp_path, threads=3, device="cpu")
        # Popen returns when exec can no longer fail, which is a moment before the new environment can be read.
        place, deadline = Path(f"/proc/{launcher.processes[0].pid}/environ"), time.monotonic() + 10
        while not (content := place.read_bytes().rstrip(b"\0")) and time.monotonic() < deadline:
            pass
        pairs = content.split(b"\0")
        yield dict(os.fsdecode(pair).split("=", 1) for pair in pairs)
        process.kill()


FAULTS = {
    "crash": ("worker.crashed", "was killed by SIGSEGV while {doing}"),
    "exit": ("worker.crashed", "exited with status 7 while {doing}"),
    "flood": ("worker.flooded", "printed more than it may and was ended"),
    "garbage": (
        "worker.forged",
        "broke the protocol while {doing}: expected a frame starting b'SCK1', got b'\\x80\\x04ga'",
    ),
    "hang": ("worker.hung", "gave no answer within its deadline while {doing}"),
}


class TestFaultyWorker:
    @pytest.mark.parametrize("kind", FAULTS)
    def test_that_misbehaves_while_speaking_is_told_by_rule(self, kind: str, tmp_path: Path, scratch: Path) -> None:
        launcher = WatchedLauncher()
        model = fake_voice(tmp_path / "voice", {"kind": kind, "when": "open"})
        bounds = Bounds(batch_seconds=0.3 if kind == "hang" else 20, seconds_per_character=0)
        worker = worker_of(launcher, model, bounds)
        worker.start()
        fault = fault_of(lambda: spoken_by(worker, ORDERS))
        assert (fault.rule, fault.what) == (FAULTS[kind][0], FAULTS[kind][1].format(doing="speaking"))
        assert has_ended(launcher.processes[0].pid, 0)
        assert list(scratch.iterdir()) == []

    @pytest.mark.parametrize("kind", FAULTS)
    def test_that_misbehaves_while_loading_is_told_by_rule(self, kind: str, tmp_path: Path, scratch: Path) -> None:
        launcher = WatchedLauncher()
        model = fake_voice(tmp_path / "voice", {"kind": f"load-{kind}"})
        worker = worker_of(launcher, model, Bounds(load_seconds=0.8 if kind == "hang" else 20))
        fault = fault_of(worker.start)
        assert (fault.rule, fault.what) == (FAULTS[kind][0], FAULTS[kind][1].format(doing="loading"))
        assert worker.info is None
        assert has_ended(launcher.processes[0].pid, 0)
        assert list(scratch.iterdir()) == []

    def test_whose_model_raises_while_loading_has_failed(self, tmp_path: Path, scratch: Path) -> None:
        fault = fault_of(worker_of(WatchedLauncher(), fake_voice(tmp_path / "voice", {"kind": "load-fail"})).start)
        assert fault.rule == "worker.failed"
        assert fault.what == "the model could not be loaded: RuntimeError: planted failure"
        assert list(scratch.iterdir()) == []

    def test_whose_model_is_not_there_has_failed(self, tmp_path: Path) -> None:
        fault = fault_of(worker_of(WatchedLauncher(), tmp_path).start)
        assert fault.rule == "worker.failed"
        assert fault.what.startswith("the model could not be loaded: FileNotFoundError: ")

    def test_whose_engine_raises_has_failed_and_speaks_on(self, tmp_path: Path) -> None:
        worker = worker_of(WatchedLauncher(), fake_voice(tmp_path, {"kind": "fail", "when": "close"}))
        worker.start()
        try:
            fault = fault_of(lambda: spoken_by(worker, ORDERS))
            assert (fault.rule, fault.what) == ("worker.failed", "RuntimeError: planted failure")
            assert sorted(spoken_by(worker, ORDERS[:2])) == [0, 1]
        finally:
            worker.stop()

    def test_that_does_not_stop_speaking_is_endless(self, tmp_path: Path) -> None:
        worker = worker_of(WatchedLauncher(), fake_voice(tmp_path, {"kind": "endless", "when": "open"}))
        worker.start()
        fault = fault_of(lambda: spoken_by(worker, ORDERS))
        assert (fault.rule, fault.what) == ("worker.endless", "spoke beyond 20 s plus its text's allowance")

    def test_keeps_what_it_said_before_its_fault(self, tmp_path: Path) -> None:
        worker = worker_of(WatchedLauncher(), fake_voice(tmp_path, {"kind": "endless", "when": "close"}))
        worker.start()
        heard: dict[int, Speech] = {}
        fault_of(lambda: worker.render(ORDERS, heard.__setitem__))
        assert sorted(heard) == [0, 1]

    def test_leaves_its_last_words(self, tmp_path: Path) -> None:
        code = "import sys; print('first', 'x' * 5000, flush=True); sys.exit('the last words')"
        process = shell(tmp_path, code)
        assert process.exit_status(10) == 1
        assert process.last_words().endswith("the last words\n")
        assert "first" not in process.last_words()
        process.kill()

    def test_cannot_speak_after_a_fault_that_ended_it(self, tmp_path: Path) -> None:
        worker = worker_of(WatchedLauncher(), fake_voice(tmp_path, {"kind": "exit"}))
        worker.start()
        fault_of(lambda: spoken_by(worker, ORDERS))
        with pytest.raises(ValueError, match=r"^start\(\) first$"):
            spoken_by(worker, ORDERS)


def shell(folder: Path, code: str) -> ChildProcess:
    """A child that runs `code` where a worker would stand."""
    ours, theirs = socket.socketpair()
    scratch = Path(tempfile.mkdtemp(dir=folder))
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=scratch,
        start_new_session=True,
    )
    theirs.close()
    return ChildProcess(process, ours, scratch)


class TestEnd:
    def test_leaves_nothing_behind(self, tmp_path: Path, scratch: Path) -> None:
        before = held()
        launcher = WatchedLauncher()
        worker = worker_of(launcher, fake_voice(tmp_path / "voice"))
        worker.start()
        assert len(list(scratch.iterdir())) == 1
        worker.stop()
        worker.stop()
        assert has_ended(launcher.processes[0].pid, 0)
        assert list(scratch.iterdir()) == []
        assert held() == before

    @pytest.mark.parametrize("kind", ["crash", "flood", "load-garbage", "load-fail"])
    def test_after_a_fault_leaves_nothing_behind(self, kind: str, tmp_path: Path, scratch: Path) -> None:
        before = held()
        worker = worker_of(WatchedLauncher(), fake_voice(tmp_path / "voice", {"kind": kind}))

        def work() -> None:
            worker.start()
            spoken_by(worker, ORDERS)

        fault_of(work)
        assert list(scratch.iterdir()) == []
        assert held() == before

    def test_ends_what_it_started_too(self, tmp_path: Path) -> None:
        code = (
            "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
            "print(child.pid, flush=True); child.wait()"
        )
        process = shell(tmp_path, code)
        while not (printed := process.last_words()).endswith("\n"):
            assert process.exit_status(0) is None
        process.kill()
        assert has_ended(int(printed))

    def test_takes_a_scratch_folder_full_of_files_with_it(self, tmp_path: Path) -> None:
        code = "import os; os.makedirs('a/b'); open('a/b/c', 'w').close(); os.symlink('/etc', 'etc')"
        process = shell(tmp_path, code)
        assert process.exit_status(10) == 0
        process.kill()
        assert list(tmp_path.iterdir()) == []
        assert Path("/etc").is_dir()

    def test_comes_by_itself_when_the_harness_is_gone(self, tmp_path: Path) -> None:
        process = WatchedLauncher().start(model=tmp_path, threads=1, device="cpu")
        channel = Channel(process.sock)
        channel.send(Prepare(engine=FAKE, device="cpu", threads=1))
        assert isinstance(channel.receive()[0], Prepared)
        channel.send(Load(model=str(fake_voice(tmp_path))))
        assert isinstance(channel.receive()[0], Loaded)
        channel.close()
        assert process.exit_status(10) == 0
        process.kill()

    def test_comes_with_a_killed_harness_even_while_it_hangs(self, tmp_path: Path) -> None:
        voice = fake_voice(tmp_path / "voice", {"kind": "load-hang"})
        code = (
            "import sys\n"
            "from pathlib import Path\n"
            "from harness.sandbox.outside.launcher import ProcessLauncher\n"
            "from harness.sandbox.inside.protocol import Channel, Load, Prepare\n"
            "process = ProcessLauncher().start(model=Path(sys.argv[1]), threads=1, device='cpu')\n"
            f"Channel(process.sock).send(Prepare(engine={FAKE!r}, device='cpu', threads=1))\n"
            "Channel(process.sock).send(Load(model=sys.argv[1]))\n"
            "print(process.pid, flush=True)\n"
            "sys.stdin.read()\n"
        )
        harness = subprocess.Popen(
            [sys.executable, "-c", code, str(voice)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert harness.stdout is not None
        pid = int(harness.stdout.readline())
        harness.kill()
        harness.wait()
        deadline = time.monotonic() + 20
        while Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
            assert time.monotonic() < deadline, "the worker outlived its harness"
            time.sleep(0.02)

    def test_comes_by_a_signal_when_it_prints_too_much(self, tmp_path: Path) -> None:
        process = shell(tmp_path, f"print('x' * {MAX_OUTPUT_BYTES + 1}, flush=True); input()")
        assert process.exit_status(10) in (-9, 1)
        process.kill()
        assert process.flooded

    def test_is_not_forced_on_one_that_prints_what_it_may(self, tmp_path: Path) -> None:
        process = shell(tmp_path, f"print('x' * {MAX_OUTPUT_BYTES - 1}, flush=True)")
        assert process.exit_status(10) == 0
        process.kill()
        assert not process.flooded


class WireProcess:
    """A worker that is no process: its end of the wire is played by a script."""

    def __init__(self, script: Callable[[Channel], None]) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._theirs.settimeout(10)
        self._script = script
        self.did: list[tuple[str, tuple[str, ...]]] = []
        self.noted: list[tuple[str, str]] = []
        self.heard: list[tuple[str, bool]] = []
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()
        self.killed = 0

    @property
    def sock(self) -> socket.socket:
        return self._ours

    @property
    def flooded(self) -> bool:
        return False

    def exit_status(self, seconds: float) -> int | None:
        return None

    def is_victim(self) -> bool:
        return False

    def last_words(self) -> str:
        return "\x1b[2Jlast words"

    def model_path(self, model: Path) -> str:
        return str(model)

    def doing(self, when: str, phrases: Sequence[str] = ()) -> None:
        self.did.append((when, tuple(phrases)))

    def note(self, kind: str, what: str, detail: str) -> None:
        self.noted.append((kind, what))

    def overhear(self, data: bytes, where: str, *, is_sound: bool = False) -> None:
        self.heard.append((where, is_sound))

    def usage(self) -> Usage:
        return Usage()

    def reading(self) -> Reading:
        return Reading()

    def reset_peak(self) -> bool:
        return False

    def kill(self) -> None:
        self.killed += 1
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)  # wakes a script that waits, which close() alone need not
        self._ours.close()
        self._thread.join(10)

    def _play(self) -> None:
        with self._theirs:
            try:
                self._script(Channel(self._theirs))
            except (EOFError, OSError):
                return


class WireLauncher:
    """Starts scripts in place of processes."""

    isolation = "none"

    def __init__(self, script: Callable[[Channel], None]) -> None:
        self._script = script
        self.started: list[WireProcess] = []

    def apart(self) -> WireLauncher:
        return self

    def start(
        self, *, model: Path, threads: int, device: str, is_tidy: bool = False, files: Files | None = None
    ) -> WorkerProcess:
        self.started.append(WireProcess(self._script))
        return self.started[-1]


def loading(channel: Channel, reply: Message | None = None) -> None:
    assert isinstance(channel.receive()[0], Prepare)
    channel.send(Prepared())
    assert isinstance(channel.receive()[0], Load)
    channel.send(reply or Loaded(name="fake", sample_rate=RATE, versions={}))


def said(batch: int, index: int, *, rate: int = RATE, samples: int = 100) -> tuple[Spoken, bytes]:
    header = Spoken(batch=batch, index=index, sample_rate=rate, samples=samples, frames=1, tokens=1)
    return header, bytes(4 * samples)


def to(order: Render, reply: Message) -> Message:
    """A reply to this batch where it is one to batch 1, and to its neighbours where it is one to others."""
    if isinstance(reply, Spoken | Done | Failed):
        return msgspec.structs.replace(reply, batch=order.batch + reply.batch - 1)
    return reply


def liar(*replies: tuple[Message, bytes] | bytes) -> WireLauncher:
    """Loads as it should, then answers the first batch with `replies`, whatever was asked, and waits."""

    def script(channel: Channel) -> None:
        loading(channel)
        order, _ = channel.receive()
        assert isinstance(order, Render)
        for reply in replies:
            if isinstance(reply, bytes):
                channel._sock.sendall(reply)
            else:
                channel.send(to(order, reply[0]), reply[1])
        channel.receive()

    return WireLauncher(script)


class TestUnreadyWorker:
    """What fails before a model is named is the harness's own trouble; what is said of it later is the model's."""

    def line_of(self, launcher: Launcher, *preloads: str, engine: str = FAKE, bounds: Bounds = SHORT) -> str:
        worker = Worker(
            launcher, engine=engine, preloads=preloads, model=Path("/nowhere"), device="cpu", threads=1, bounds=bounds
        )
        with pytest.raises(WorkerUnready) as caught:
            worker.start()
        return str(caught.value)

    @pytest.mark.parametrize(
        ("preload", "cause"),
        [
            ("no_such_package", "ModuleNotFoundError: No module named 'no_such_package' (while importing"),
            ("os:no_such_function", "AttributeError: module 'os' has no attribute 'no_such_function' (while calling"),
            ("ctypes:CDLL", "TypeError: "),
            ("os:abort", "it was killed by SIGABRT"),
            ("sys:exit", "it exited with status 0"),
        ],
    )
    def test_says_what_it_lacks(self, launcher: WatchedLauncher, preload: str, cause: str) -> None:
        line = self.line_of(launcher, preload)
        assert line.startswith("the voice's process could not be made ready, before a byte of the model was read: ")
        assert cause in line
        assert "\n" not in line

    def test_says_which_adapter_is_broken(self, launcher: WatchedLauncher) -> None:
        assert "has no attribute 'Gone'" in self.line_of(launcher, engine="harness.engines.fake.adapter:Gone")

    @pytest.mark.parametrize(
        ("reply", "cause"),
        [
            (Failed(batch=0, index=-1, kind="OSError", message="libcudart.so.13"), "OSError: libcudart.so.13"),
            (Loaded(name="fake", sample_rate=RATE, versions={}), "it said Loaded"),
        ],
    )
    def test_is_one_whatever_it_answers(self, reply: Message, cause: str) -> None:
        def script(channel: Channel) -> None:
            channel.receive()
            channel.send(reply)
            channel.receive()

        wire = WireLauncher(script)
        line = self.line_of(wire)
        assert f"{cause}; it printed last: last words;" in line
        assert wire.started[0].did == [("starting", ())]
        assert wire.started[0].killed == 1

    def test_is_not_waited_for_without_end(self) -> None:
        wire = WireLauncher(lambda channel: channel.receive() and channel.receive())
        line = self.line_of(wire, bounds=Bounds(start_seconds=0.05))
        assert "it was not ready within 0.05 s" in line

    @pytest.mark.parametrize("kind", ["ImportError", "ModuleNotFoundError", "MissingDependency", "WorkerUnready"])
    def test_cannot_be_played_once_it_knows_its_model(self, kind: str) -> None:
        failed = Failed(batch=0, index=-1, kind=kind, message="No module named 'torch'")
        wire = WireLauncher(lambda channel: loading(channel, failed))
        fault = fault_of(worker_of(wire, Path("/nowhere")).start)
        assert (fault.rule, fault.what) == (
            "worker.failed",
            f"the model could not be loaded: {kind}: No module named 'torch'",
        )


class TestExchangedModel:
    """Without walls, too, what lies there is held against what was read, before it is loaded and after."""

    def fault(self, model: Path, launcher: Launcher, files: Files) -> WorkerFault:
        worker = Worker(launcher, engine=FAKE, model=model, files=files, device="cpu", threads=1, bounds=SHORT)
        return fault_of(worker.start)

    def test_is_not_loaded(self, launcher: WatchedLauncher, tmp_path: Path) -> None:
        voice = fake_voice(tmp_path / "voice")
        files, starts = files_of(voice), launcher.starts
        (tmp_path / "voice").rename(tmp_path / "away")
        fake_voice(tmp_path / "voice")
        fault = self.fault(voice, launcher, files)
        assert (fault.rule, fault.what) == (
            "worker.exchanged",
            "was not given the file that was admitted: fake.json",
        )
        assert launcher.starts == starts

    def test_that_is_written_to_while_it_loads_is_told_though_its_bytes_and_date_are_put_back(
        self, tmp_path: Path
    ) -> None:
        voice = fake_voice(tmp_path / "voice")
        place = voice / "fake.json"
        before, about = place.read_bytes(), place.stat()

        def script(channel: Channel) -> None:
            assert isinstance(channel.receive()[0], Prepare)
            channel.send(Prepared())
            channel.receive()
            place.write_bytes(b"other")
            place.write_bytes(before)
            os.utime(place, ns=(about.st_atime_ns, about.st_mtime_ns))
            channel.send(Loaded(name="fake", sample_rate=RATE, versions={}))
            channel.receive()

        wire = WireLauncher(script)
        assert self.fault(voice, wire, files_of(voice)).rule == "worker.exchanged"
        assert wire.started[0].killed == 1


class TestForgingWorker:
    def fault(self, launcher: WireLauncher, bounds: Bounds = SHORT) -> WorkerFault:
        worker = worker_of(launcher, Path("/nowhere"), bounds)
        worker.start()
        fault = fault_of(lambda: spoken_by(worker, ORDERS))
        assert launcher.started[0].killed == 1
        return fault

    def test_that_is_honest_on_this_wire_is_believed(self) -> None:
        launcher = liar(said(1, 2), said(1, 0), said(1, 1), (Done(batch=1), b""))
        worker = worker_of(launcher, Path("/nowhere"))
        worker.start()
        assert sorted(spoken_by(worker, ORDERS)) == [0, 1, 2]
        worker.stop()

    @pytest.mark.parametrize(
        ("replies", "what"),
        [
            ([said(1, 0), said(1, 0)], "item 0 was answered twice"),
            ([said(2, 0)], "expected an answer to this batch, got Spoken of another"),
            ([said(0, 0)], "expected an answer to this batch, got Spoken of another"),
            ([said(1, 3)], "expected item 0..2, got 3"),
            ([said(1, 255)], "expected item 0..2, got 255"),
            ([said(1, 0, rate=22_050)], "expected 16000 Hz as announced, got 22050 Hz"),
            ([(Done(batch=1), b"")], "expected 3 renderings, got 0"),
            ([said(1, 0), said(1, 1), (Done(batch=1), b"")], "expected 3 renderings, got 2"),
            (
                [said(1, 0), said(1, 1), said(1, 2), (Done(batch=2), b"")],
                "expected an answer to this batch, got Done of another",
            ),
            (
                [(Failed(batch=7, index=-1, kind="RuntimeError", message="no"), b"")],
                "expected an answer to this batch, got Failed of another",
            ),
            (
                [(Loaded(name="fake", sample_rate=8000, versions={}), b"")],
                "expected Spoken, got Loaded",
            ),
            ([(Load(model="/"), b"")], "expected Spoken, got Load"),
            ([b"\x80\x04K\x01." * 9], "expected a frame starting b'SCK1', got b'\\x80\\x04K\\x01'"),
            ([PREFIX.pack(MAGIC, 4, 1 << 31, 0)], "expected a header of at most 1048576 bytes, got 2147483648"),
            ([PREFIX.pack(MAGIC, 5, 2, 1 << 60)], "expected 0 payload bytes with Failed, got 1152921504606846976"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_is_told_from_an_honest_one(self, replies: list[tuple[Message, bytes] | bytes], what: str) -> None:
        fault = self.fault(liar(*replies))
        assert (fault.rule, fault.what) == ("worker.forged", f"broke the protocol while speaking: {what}")

    def test_that_announces_endless_speech_is_endless_before_a_byte_of_it_came(self) -> None:
        fault = self.fault(liar(PREFIX.pack(MAGIC, 3, 90, 1 << 62)))
        assert (fault.rule, fault.what) == ("worker.endless", "spoke beyond 20 s plus its text's allowance")

    def test_that_speaks_as_long_as_its_text_allows_is_believed(self) -> None:
        longest = int(RATE * (20 + 0.5 * len("do not open")))
        replies = [said(1, index, samples=longest) for index in range(3)]
        launcher = liar(*replies, (Done(batch=1), b""))
        worker = worker_of(launcher, Path("/nowhere"))
        worker.start()
        assert sorted(spoken_by(worker, ORDERS)) == [0, 1, 2]
        worker.stop()
        assert self.fault(liar(said(1, 0, samples=longest + 1))).rule == "worker.endless"

    def test_that_says_nothing_more_is_hung(self) -> None:
        fault = self.fault(liar(said(1, 0)), Bounds(batch_seconds=0.05, seconds_per_character=0))
        assert (fault.rule, fault.what) == ("worker.hung", "gave no answer within its deadline while speaking")

    def test_that_hangs_up_without_ending_is_told(self) -> None:
        def script(channel: Channel) -> None:
            loading(channel)
            channel.receive()

        fault = self.fault(WireLauncher(script))
        assert (fault.rule, fault.what) == ("worker.forged", "hung up without ending while speaking")

    def test_has_its_last_words_kept_as_they_are(self) -> None:
        assert self.fault(liar((Done(batch=1), b""))).detail == "\x1b[2Jlast words"

    def test_cannot_put_control_characters_into_the_line_about_it(self) -> None:
        failed = Failed(batch=1, index=0, kind="Run\ntime", message="\x1b[2J\u202egone\r\nPASSED")
        worker = worker_of(liar((failed, b"")), Path("/nowhere"))
        worker.start()
        fault = fault_of(lambda: spoken_by(worker, ORDERS))
        worker.stop()
        assert fault.rule == "worker.failed"
        assert fault.what.isprintable()
        assert str(fault) == fault.what

    @pytest.mark.parametrize(
        ("reply", "what"),
        [
            (Done(batch=0), "expected Loaded, got Done"),
            (said(0, 0, samples=0)[0], "expected Loaded, got Spoken"),
            (
                Loaded(name="fake", sample_rate=100_001, versions={}),
                "announced 100001 Hz, which no audio file can hold",
            ),
        ],
        ids=["Done", "Spoken", "a rate that FLAC cannot say"],
    )
    def test_does_not_get_through_loading(self, reply: Message, what: str) -> None:
        launcher = WireLauncher(lambda channel: loading(channel, reply))
        fault = fault_of(worker_of(launcher, Path("/nowhere")).start)
        assert (fault.rule, fault.what) == ("worker.forged", what)
        assert launcher.started[0].killed == 1

    @pytest.mark.parametrize("rate", [4000, 11_025, 44_100, 65_535, 96_000, 192_000])
    def test_may_announce_any_rate_that_an_audio_file_can_hold(self, rate: int) -> None:
        launcher = WireLauncher(lambda channel: loading(channel, Loaded(name="a", sample_rate=rate, versions={})))
        worker = worker_of(launcher, Path("/nowhere"))
        assert worker.start().sample_rate == rate
        worker.stop()

    def test_that_loads_twice_is_told(self) -> None:
        def script(channel: Channel) -> None:
            loaded = Loaded(name="fake", sample_rate=RATE, versions={})
            loading(channel, loaded)
            channel.send(loaded)
            channel.receive()
            channel.receive()

        assert self.fault(WireLauncher(script)).what in (
            "broke the protocol while speaking: it answered before it was asked",
            "broke the protocol while speaking: expected Spoken, got Loaded",  # where it came a moment later
        )

    @pytest.mark.parametrize("batch", [1, 2], ids=["of-the-last", "of-the-next"])
    def test_cannot_answer_a_batch_before_it_is_asked(self, batch: int) -> None:
        has_spoken = threading.Event()

        def script(channel: Channel) -> None:
            loading(channel)
            order, _ = channel.receive()
            assert isinstance(order, Render)
            channel.send(to(order, Failed(batch=1, index=-1, kind="RuntimeError", message="no")))
            for index in range(3):
                reply, samples = said(batch, index)
                channel.send(to(order, reply), samples)
            channel.send(to(order, Done(batch=batch)))
            has_spoken.set()
            channel.receive()

        worker = worker_of(WireLauncher(script), Path("/nowhere"))
        worker.start()
        assert fault_of(lambda: spoken_by(worker, ORDERS)).rule == "worker.failed"
        assert has_spoken.wait(20)
        fault = fault_of(lambda: spoken_by(worker, ORDERS))
        assert fault.what == "broke the protocol while speaking: it answered before it was asked"

    def test_cannot_know_the_number_of_a_batch_that_was_not_asked_yet(self) -> None:
        numbers: list[int] = []

        def script(channel: Channel) -> None:
            loading(channel)
            for _ in range(2):
                order, _ = channel.receive()
                assert isinstance(order, Render)
                numbers.append(order.batch)
                for index in range(3):
                    reply, samples = said(1, index)
                    channel.send(to(order, reply), samples)
                channel.send(to(order, Done(batch=1)))
            channel.receive()

        worker = worker_of(WireLauncher(script), Path("/nowhere"))
        worker.start()
        spoken_by(worker, ORDERS)
        spoken_by(worker, ORDERS)
        worker.stop()
        assert abs(numbers[0] - numbers[1]) > 8


def test_a_launcher_that_cannot_start_leaves_nothing_behind(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = held()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(FileNotFoundError):
        ProcessLauncher().start(model=scratch, threads=1, device="cpu")
    assert list(scratch.iterdir()) == []
    assert held() == before
