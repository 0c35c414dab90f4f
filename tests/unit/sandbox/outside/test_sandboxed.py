"""The walls as a worker meets them, at every level that this machine can build."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.core.engine import LENT
from harness.sandbox.inside.modelfiles import files_of
from harness.sandbox.inside.syscalls import native
from harness.sandbox.outside import cgroups, folders, levels
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.client import Worker
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.layout import MODEL
from harness.sandbox.outside.observer import Observer
from harness.sandbox.outside.process import SandboxedProcess
from harness.sandbox.outside.sandboxed import SandboxLauncher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.core.engine import Speech
    from harness.core.types import BehaviourEvent

HERE = Path(__file__).parent
MEMORY_BYTES = 2 << 30
BOUNDS = Bounds(load_seconds=20, batch_seconds=20)


class Box:
    """Workers of one level with the tiny engine, and what was seen of them."""

    def __init__(self, level: str, folder: Path) -> None:
        self.level = level
        self.log = EventLog()
        self._folder = folder
        self._launcher = SandboxLauncher(level=level, memory_bytes=MEMORY_BYTES, extra_paths=(HERE,), log=self.log)
        self.workers: list[Worker] = []

    @property
    def launcher(self) -> SandboxLauncher:
        return self._launcher

    def lend(self, folder: Path) -> None:
        self._launcher = dataclasses.replace(self._launcher, lent=folder)

    def worker(self, deed: str, *arguments: Any, when: str = "load", bounds: Bounds = BOUNDS) -> Worker:
        model = self._folder / f"model-{len(self.workers)}"
        model.mkdir()
        order = {"deed": deed, "arguments": arguments, "when": when}
        (model / "deed.json").write_text(json.dumps(order), "utf-8")
        self.workers.append(
            Worker(self._launcher, engine="tiny_engine:TinyEngine", model=model, device="cpu", threads=1, bounds=bounds)
        )
        return self.workers[-1]

    def does(self, deed: str, *arguments: Any) -> str:
        """What came of a deed done while loading."""
        worker = self.worker(deed, *arguments)
        try:
            return worker.start().versions["result"]
        finally:
            worker.stop()

    def seen(self, kind: str) -> dict[str, BehaviourEvent]:
        return {event.what: event for event in self.log.events if event.kind == kind}

    @property
    def kinds(self) -> set[str]:
        return {event.kind for event in self.log.events}


IN_QUICK = ("A", "B")
"""A- is A without the control group."""


@pytest.fixture(params=[one if one in IN_QUICK else pytest.param(one, marks=pytest.mark.slow) for one in levels.LEVELS])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    if wrong := levels._prove(request.param):
        pytest.skip(f"level {request.param} cannot be had here: {wrong[0]}")
    box = Box(request.param, tmp_path)
    yield box
    for worker in box.workers:
        worker.stop()


@pytest.fixture
def best(tmp_path: Path) -> Iterator[Box]:
    choice = levels.choose()
    if not choice.level:
        pytest.skip(f"no sandbox can be had here: {choice.failures}")
    box = Box(choice.level, tmp_path)
    yield box
    for worker in box.workers:
        worker.stop()


class TestHonestWorker:
    def test_works_with_threads_and_caches_and_is_not_noticed(self, box: Box) -> None:
        assert box.does("threads") == "8"
        assert box.log.events == ()

    def test_reads_what_is_lent_and_changes_none_of_it(self, box: Box, tmp_path: Path) -> None:
        lent = tmp_path / "with a space" / "lent"
        lent.mkdir(parents=True)
        (lent / "code.bin").write_text("machine code")
        box.lend(lent)
        assert box.does("variable", LENT) == str(lent)
        assert box.does("read", str(lent / "code.bin")) == "b'machine code'"
        assert box.log.events == ()
        assert box.does("write", str(lent / "code.bin")).endswith(("Error 13", "Error 30"))
        assert (lent / "code.bin").read_text() == "machine code"

    def test_whose_end_is_interrupted_is_ended_by_the_next_who_tries(
        self, best: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        worker = best.worker("threads")
        worker.start()
        process = worker._process
        assert isinstance(process, SandboxedProcess)
        plain, calls = Observer.stop, []

        def stop(observer: Observer) -> None:
            calls.append(observer)
            if len(calls) == 1:
                raise KeyboardInterrupt
            plain(observer)

        monkeypatch.setattr(Observer, "stop", stop)
        with pytest.raises(KeyboardInterrupt):
            process.kill()
        assert process._folder.path.is_dir()
        process.kill()
        process.kill()
        assert not process._folder.path.exists()
        assert len(calls) == 2
        assert best.log.events == ()

    def test_is_metered_from_outside(self, best: Box) -> None:
        worker = best.worker("threads")
        worker.start()
        process = worker._process
        assert isinstance(process, SandboxedProcess)
        used = process.usage()
        assert used.cpu_seconds > 0.01
        assert used.peak_bytes > 10 << 20
        worker.stop()
        assert process.usage().peak_bytes >= used.peak_bytes

    def test_sees_nothing_of_the_machine_but_what_it_needs(self, best: Box) -> None:
        if best.level == "B":
            pytest.skip("without namespaces only opening is refused, not looking")
        assert best.does("ids", str(HERE.parent / "core")) == "65534 False"

    def test_two_at_a_time_do_not_disturb_each_other(self, best: Box) -> None:
        first, second = best.worker("nothing"), best.worker("nothing")
        first.start()
        second.start()
        first.stop()
        heard: list[int] = []
        second.render([("hello", 1)], lambda index, _: heard.append(index))
        assert heard == [0]
        assert best.log.events == ()


class TestNetwork:
    def test_a_connection_reaches_nobody_and_its_address_and_first_bytes_are_told(self, box: Box) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            box.does("connect", port)
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.accept()
        seen = box.seen("network")
        assert seen["connect"].detail == f"127.0.0.1:{port}"
        assert "POST /collect" in seen["send"].detail
        assert seen["connect"].when == "loading"
        assert "canary-sent" in box.seen("secrets")

    def test_a_datagram_is_told_with_its_bytes(self, box: Box) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            box.does("datagram", server.getsockname()[1])
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.recv(1)
        assert "hello" in box.seen("network")["sendto"].detail


class TestFiles:
    def test_of_the_machine_cannot_be_read(self, box: Box, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("hunter2", "utf-8")
        assert box.does("read", str(secret)) == "FileNotFoundError 2"
        assert box.seen("filesystem-read")["openat"].detail == str(secret)

    @pytest.mark.parametrize("name", [".git/w.pth", "._model.pth", "train.py", "a.pth:Zone.Identifier", "model.pth"])
    def test_that_tools_left_beside_the_model_are_no_part_of_it(self, box: Box, tmp_path: Path, name: str) -> None:
        inside = tmp_path / "model-0" if box.level == "B" else Path("/soundcheck/model")
        worker = box.worker("read", str(inside / name))
        (tmp_path / "model-0" / ".git").mkdir()
        (tmp_path / "model-0" / name).write_text("what nobody looked at", "utf-8")
        result = worker.start().versions["result"]
        assert (result == "FileNotFoundError 2") == (name != "model.pth"), result
        assert bool(box.seen("filesystem-read")) == (name != "model.pth")

    @pytest.mark.parametrize("name", [".git/w.pth", "train.py"])
    def test_that_tools_left_lie_behind_the_walls_whoever_watches(
        self, box: Box, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The observer may be raced: another thread can exchange the path that it has read."""
        monkeypatch.setattr("harness.sandbox.outside.decisions.named_leftover", lambda path: None)
        inside = tmp_path / "model-0" if box.level == "B" else Path("/soundcheck/model")
        worker = box.worker("read", str(inside / name))
        (tmp_path / "model-0" / ".git").mkdir()
        (tmp_path / "model-0" / name).write_text("what nobody looked at", "utf-8")
        result = worker.start().versions["result"]
        assert result == ("PermissionError 13" if box.level == "B" else "FileNotFoundError 2")

    def test_of_the_machine_cannot_be_made_changed_or_removed(self, box: Box, tmp_path: Path) -> None:
        kept = tmp_path / "kept"
        kept.write_text("kept", "utf-8")
        assert box.does("write", str(tmp_path / "new")) == "PermissionError 13"
        assert box.does("write", str(kept)) == "PermissionError 13"
        assert box.does("unlink", str(kept)) == "PermissionError 13"
        assert kept.read_text("utf-8") == "kept"
        assert not (tmp_path / "new").exists()
        assert set(box.seen("filesystem-write")) == {"openat", "unlink"}

    def test_are_not_reached_through_symbolic_links(self, box: Box, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("hunter2", "utf-8")
        assert box.does("symlink", str(secret), "link") == "PermissionError 1"
        assert str(secret) in box.seen("filesystem-write")["symlink"].detail

    def test_of_other_processes_and_of_the_system_are_refused_by_name(self, best: Box) -> None:
        paths = ["/proc/self/environ", "/proc/1/environ", "/proc/self/root/etc/hosts", "/etc/shadow", "/proc/self/mem"]
        paths.append(f"/proc/{os.getpid()}/environ")
        assert best.does("reads", paths) == ",".join(["2"] * len(paths))
        told = {event.detail for event in best.log.events if event.kind == "filesystem-read"}
        assert told == set(paths)

    def test_larger_than_a_worker_may_write_are_not_written(self, best: Box) -> None:
        assert best.does("fill", 80 << 20) == "OSError 27"  # EFBIG: one file is bounded by RLIMIT_FSIZE

    @pytest.mark.parametrize("way", ["flock", "record", "asked", "description", "lease", "notify"])
    def test_that_others_have_open_are_not_locked_nor_watched(self, box: Box, tmp_path: Path, way: str) -> None:
        held = HERE / "tiny_engine.py"
        worker = box.worker("lock", str(held), way)
        assert worker.start().versions["result"] == "PermissionError 1"
        with held.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (event,) = box.log.events
        assert (event.kind, event.what) == ("filesystem-write", "flock" if way == "flock" else "fcntl")
        assert event.detail.startswith(f"{event.what}({held if way != 'notify' else HERE}, ")

    def test_of_its_own_it_may_lock(self, box: Box) -> None:
        assert box.does("own-locks") == "fine"
        assert box.log.events == ()


class TestModelOfTheDoor:
    """What the worker opens is what was read, whatever becomes of the folder."""

    def model(self, folder: Path, told: str) -> Path:
        model = folder / "models/model"
        (model / "deep").mkdir(parents=True)
        (model / "deep/told").write_text(told, "utf-8")
        return model

    def worker(self, box: Box, model: Path) -> Worker:
        seen = os.path.realpath(model) if box.level == "B" else MODEL
        order = {"deed": "tell", "arguments": [f"{seen}/deep/told"], "when": "go"}
        (model / "deed.json").write_text(json.dumps(order), "utf-8")
        return Worker(
            box.launcher, engine="tiny_engine:TinyEngine", model=model, files=files_of(model), device="cpu", threads=1,
            bounds=BOUNDS,
        )  # fmt: skip

    def exchange(self, way: str, model: Path) -> None:
        evil = model.parents[1] / "evil"
        if way == "folder":
            shutil.copytree(model, evil)
            (evil / "deep/told").write_text("evil", "utf-8")
            model.rename(model.parents[1] / "away")
            evil.rename(model)
        elif way == "parent":
            shutil.copytree(model.parent, evil)
            (evil / "model/deep/told").write_text("evil", "utf-8")
            model.parent.rename(model.parents[1] / "away")
            evil.rename(model.parent)
        elif way == "link":
            shutil.copytree(model, evil)
            (evil / "deep/told").write_text("evil", "utf-8")
            model.rename(model.parents[1] / "away")
            model.symlink_to(evil)
        elif way == "file":
            evil.write_text("evil", "utf-8")
            evil.rename(model / "deep/told")
        elif way == "gone":
            (model / "deep/told").unlink()
        else:
            about = (model / "deep/told").stat()
            (model / "deep/told").write_text("evil", "utf-8")
            os.utime(model / "deep/told", ns=(about.st_atime_ns, about.st_mtime_ns))

    @pytest.mark.parametrize("way", ["folder", "parent", "link", "file", "gone", "written"])
    def test_is_not_loaded_where_another_lies_in_its_place(self, box: Box, tmp_path: Path, way: str) -> None:
        worker = self.worker(box, self.model(tmp_path, "good"))
        self.exchange(way, tmp_path / "models/model")
        with pytest.raises(WorkerFault) as caught:
            worker.start()
        assert caught.value.rule == "worker.exchanged"
        assert caught.value.what.startswith("was not given the file that was admitted: ")

    @pytest.mark.parametrize("way", ["folder", "parent", "link", "file"])
    def test_stays_the_same_while_it_is_loaded(self, box: Box, tmp_path: Path, way: str) -> None:
        worker = self.worker(box, self.model(tmp_path, "good"))
        worker.start()
        self.exchange(way, tmp_path / "models/model")
        heard: list[str] = []

        def hear(_: int, speech: Speech) -> None:
            heard.append("".join(chr(round(float(sample) * 127)) for sample in speech.samples))

        with contextlib.suppress(WorkerFault):
            worker.render([("go", 1)], hear)
        worker.stop()
        assert "evil" not in heard
        assert heard == ["good"] or box.level == "B"  # there, what it asks for is another file: refused


class TestProcesses:
    @pytest.mark.parametrize("deed", [("exec", sys.executable), ("spawn", sys.executable), ("fork",)])
    def test_are_neither_made_nor_replaced(self, box: Box, deed: tuple[str, ...]) -> None:
        assert box.does(*deed).startswith("PermissionError")
        kind, what = {"exec": ("exec", "execve"), "spawn": ("process", "clone3"), "fork": ("process", "clone")}[deed[0]]
        event = box.seen(kind).get(what) or box.seen(kind)["clone"]
        assert event.is_allowed is False
        if deed[0] == "exec":
            assert "--version" in event.detail

    def test_cannot_be_signalled(self, box: Box) -> None:
        assert box.does("kill", os.getpid(), 0) == "PermissionError 1"
        assert box.seen("process")["kill"].detail == f"kill({os.getpid()}, 0)"

    def test_may_end_themselves(self, best: Box) -> None:
        with pytest.raises(WorkerFault, match="was killed by SIGTERM"):
            best.does("kill-self")
        assert best.log.events == ()

    def test_get_no_dangerous_call_through(self, best: Box) -> None:
        architecture = native()
        assert architecture is not None
        names = ("ptrace", "io_uring_setup", "userfaultfd", "bpf", "mount", "unshare", "setns", "keyctl", "init_module")
        results = best.does("syscalls", [architecture.numbers[name] for name in names]).split(",")
        assert set(results) <= {"-1 1", "-1 38"}
        assert len(results) == len(names)
        assert set(names) <= {event.what for event in best.log.events}

    def test_cannot_hide_their_memory(self, best: Box) -> None:
        architecture = native()
        assert architecture is not None
        assert best.does("syscall", architecture.numbers["prctl"], 4, 0) == "-1 1"  # PR_SET_DUMPABLE
        assert "prctl" in best.seen("process")

    def test_of_another_architecture_are_killed(self, best: Box) -> None:
        if sys.platform != "linux" or os.uname().machine != "x86_64":
            pytest.skip("int 0x80 is x86")
        with pytest.raises(WorkerFault, match=r"SIGSYS|SIGSEGV"):
            best.does("foreign")

    def test_that_call_an_unknown_number_are_told(self, best: Box) -> None:
        assert best.does("syscall", 999) == "-1 38"
        assert "syscall-999" in best.seen("process")

    def test_that_hide_their_arguments_are_told(self, best: Box) -> None:
        assert best.does("undecodable") == "-1 1"
        assert "undecodable" in best.seen("observer")

    def test_cannot_pass_files_over_the_sockets_they_hold(self, best: Box) -> None:
        best.does("escape")  # what it is told is not what happened: the reply would not have come otherwise
        assert "sendmsg" in best.seen("network")

    def test_with_too_many_threads_are_ended(self, best: Box) -> None:
        with pytest.raises(WorkerFault):
            best.does("many-threads", 400)
        assert "tasks" in best.seen("limits")


class TestSecrets:
    def test_read_from_home_are_bait_and_told(self, box: Box) -> None:
        assert "OPENSSH PRIVATE KEY" in box.does("home", "~/.ssh/id_rsa")
        events = [event for event in box.log.events if event.what == "bait-read"]
        assert {event.detail for event in events} == {"~/.ssh/id_rsa"}
        # By its system call, and by inotify, which a busy machine may tell after the loading is over.
        assert sum(event.count for event in events) >= 2

    def test_that_open_a_shared_store_stay_with_the_harness(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in (
            *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
            *("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_KEY"),
            *("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT_KEY", "SOUNDCHECK_STORE_KEY"),
        ):
            monkeypatch.setenv(name, f"{name}-of-the-store")
        assert box.does("environment", "-of-the-store") == "0 found"
        monkeypatch.setenv("LANG", "C-of-the-store")
        assert box.does("environment", "-of-the-store").startswith(("1 found LANG", "2 found LANG"))

    def test_removed_from_home_are_told(self, box: Box) -> None:
        assert box.does("unlink-home", "~/Documents/budget.csv") == "PermissionError 13"
        assert "bait-changed" in box.seen("secrets")

    def test_that_leave_in_a_reply_are_told(self, best: Box) -> None:
        best.does("variable", "AWS_SECRET_ACCESS_KEY")
        assert "its answer to loading" in best.seen("secrets")["canary-said"].detail

    def test_that_leave_in_the_output_are_told_whatever_their_spelling(self, best: Box) -> None:
        best.does("print", "HF_TOKEN")
        assert "printed" in best.seen("secrets")["canary-said"].detail

    def test_that_leave_as_samples_are_told_with_the_phrase(self, best: Box) -> None:
        worker = best.worker("say", "AWS_SECRET_ACCESS_KEY", when="go")
        worker.start()
        worker.render([("go", 1)], lambda *_: None)
        worker.stop()
        event = best.seen("secrets")["canary-said"]
        assert (event.when, event.phrases) == ("speaking", ("go",))


class TestCluster:
    """What a cluster's own processes have on the machine of a worker that one of its tasks started."""

    @pytest.fixture
    def sockets(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
        """Who answers at a socket: one below the folder for temporary files, as Ray's are, and one elsewhere."""
        with contextlib.ExitStack() as opened:
            found = {}
            for where, above in (("temporary", None), ("elsewhere", Path.home())):
                folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix=".ray-of-tests-", dir=above)))
                listener = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                listener.bind(str(folder / "raylet"))
                listener.listen()
                threading.Thread(target=_answer, args=(listener,), daemon=True).start()
                (folder / "auth_token").write_text("token-of-the-cluster", "utf-8")
                found[where] = folder / "raylet"
            yield found

    @pytest.mark.parametrize("where", ["temporary", "elsewhere"])
    def test_its_sockets_are_out_of_reach_and_trying_is_told(
        self, where: str, box: Box, sockets: dict[str, Path]
    ) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.connect(str(sockets[where]))
            assert sock.recv(1) == b"!"
        assert "b'!'" not in box.does("call", str(sockets[where]))
        assert "network" in box.kinds

    def test_its_token_and_environment_are_out_of_reach(
        self, box: Box, sockets: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("RAY_AUTH_TOKEN", "RAY_ADDRESS", "RAY_RAYLET_PID", "RAY_SESSION_DIR"):
            monkeypatch.setenv(name, f"{name}-of-the-cluster")
        assert box.does("environment", "-of-the-cluster") == "0 found"
        for socket_ in sockets.values():
            refused = box.does("read", str(socket_.with_name("auth_token")))
            assert refused.startswith(("FileNotFoundError", "PermissionError")), refused


def _answer(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            with listener.accept()[0] as connection:
                connection.sendall(b"!")


class TestEnd:
    def test_leaves_no_process_folder_or_group(self, box: Box) -> None:
        worker = box.worker("nothing")
        worker.start()
        process = worker._process
        assert isinstance(process, SandboxedProcess)
        folder, pid = process._folder.path, process.pid
        worker.stop()
        assert not folder.exists()
        assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text("utf-8")
        assert not [
            group for parent in cgroups.parents().values() for group in parent.glob(f"soundcheck-{os.getpid()}-*")
        ]

    @pytest.mark.parametrize("has_janitor", [True, False])
    def test_comes_with_a_killed_harness_and_nothing_is_left(
        self, best: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_janitor: bool
    ) -> None:
        model = tmp_path / "model"
        model.mkdir()
        (model / "deed.json").write_text('{"deed": "nothing"}', "utf-8")
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        code = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from harness.sandbox.outside.sandboxed import SandboxLauncher\n"
            "from harness.sandbox.outside.bounds import Bounds\n"
            "from harness.sandbox.outside.client import Worker\n"
            f"launcher = SandboxLauncher(level={best.level!r}, extra_paths=(Path({str(HERE)!r}),))\n"
            f"worker = Worker(launcher, engine='tiny_engine:TinyEngine', model=Path({str(model)!r}), device='cpu',\n"
            "    threads=1, bounds=Bounds())\n"
            "worker.start()\n"
            "from harness.sandbox.outside.janitor import JANITOR\n"
            "print(worker._process.pid, JANITOR._process.pid, flush=True)\n"
            "time.sleep(60)\n"
        )
        harness = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(temporary)}
        )
        assert harness.stdout is not None
        worker, janitor = map(int, harness.stdout.readline().split())
        watched, cleaning = os.pidfd_open(worker), os.pidfd_open(janitor)
        if not has_janitor:
            os.kill(janitor, signal.SIGKILL)
        harness.send_signal(signal.SIGKILL)
        harness.wait()
        harness.stdout.close()
        assert select.select([watched], [], [], 10)[0], "the worker outlived its harness"
        assert select.select([cleaning], [], [], 15)[0], "the janitor does not end"
        os.close(watched)
        os.close(cleaning)
        if not has_janitor:  # then the next harness sweeps
            assert list(temporary.iterdir())
            monkeypatch.setattr(tempfile, "tempdir", str(temporary))
            folders.sweep(temporary)
        assert list(temporary.iterdir()) == []
        assert not [g for parent in cgroups.parents().values() for g in parent.glob(f"soundcheck-{harness.pid}-*")]


class TestLostObserver:
    def test_ends_the_worker_and_is_told(self, best: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        def lose(*_: object) -> None:
            raise MemoryError("planted")

        monkeypatch.setattr("harness.sandbox.outside.observer.Policy.decide", lose)
        with pytest.raises(WorkerFault):
            best.does("threads")
        assert best.seen("observer")["lost"].detail == "MemoryError: planted"


class TestChoice:
    def test_takes_the_best_level_that_holds(self) -> None:
        choice = levels.choose()
        tried = [*choice.failures, *([choice.level] if choice.level else [])]
        assert tried == list(levels.LEVELS[: len(tried)])

    def test_without_any_level_stops_with_advice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(levels, "_proofs", dict.fromkeys(levels.LEVELS, ("planted",)))
        with pytest.raises(levels.MissingDependency, match=r"^no sandbox holds here \(A: planted; .*doctor"):
            levels.choose_launcher()
        assert levels.choose_launcher(allow_unsandboxed=True).isolation == "process"

    def test_never_falls_below_a_level_that_was_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(levels, "_proofs", {"A": ("planted",), "A-": (), "B": ()})
        assert levels.choose("auto").level == "A-"
        assert levels.choose("A").level == ""

    def test_a_wall_that_is_missing_is_found_by_attacking(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from harness.sandbox.outside import selftest

        if levels._prove("B"):
            pytest.skip("level B cannot be had here")
        from harness.sandbox.outside.decisions import CONTINUE, Decision, Policy

        # The observer lets everything through: Landlock alone stands.
        monkeypatch.setattr(Policy, "decide", lambda *_: Decision(answer=CONTINUE))
        wrong = selftest.prove("B")
        assert "fork succeeded" in wrong
        assert "an attack of kind network was not seen" in wrong
