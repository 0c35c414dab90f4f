"""One payload against one launcher: armed, spoken to, ended, judged."""

# Payloads and their judges mean system calls, not paths.
# ruff: noqa: PTH208

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from harness.core.errors import MachineShort
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.client import Worker
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.launcher import ChildProcess, worker_environment
from tests.attacks.forkserver import fork_server
from tests.attacks.payload import PHRASES, Payload
from tests.attacks.watch import Watch
from tests.attacks.world import World

if TYPE_CHECKING:
    import subprocess

    from harness.core.engine import Speech
    from harness.core.identity import Files
    from harness.sandbox.outside.launcher import Launcher, WorkerProcess

INSIDE = Path(__file__).parent / "inside"
ENGINE = "attack_engine:AttackEngine"
MEMORY_BYTES = 1 << 30
STARVED_MOST = 4
"""Times that a payload is run again which had no processor for its deadline."""
HIDDEN = (0.5, 0.25, -0.5, -0.25)


@dataclass(frozen=True, slots=True)
class OpenLauncher:
    """What ``ProcessLauncher`` gives, a child process without a sandbox, that can also import the attack engine."""

    modules: tuple[str, ...] = ("attack_engine",)
    """What is imported before a worker is forked."""

    def __post_init__(self) -> None:
        fork_server((INSIDE,), self.modules)  # there before anybody counts who is

    @property
    def isolation(self) -> str:
        return "process"

    def apart(self) -> OpenLauncher:
        return self

    def start(
        self, *, model: Path, threads: int, device: str, is_tidy: bool = False, files: Files | None = None
    ) -> WorkerProcess:
        ours, theirs = socket.socketpair()
        scratch = Path(tempfile.mkdtemp(prefix="soundcheck-worker-"))
        environment = worker_environment(scratch, threads, is_tidy=is_tidy)
        environment["GITHUB_TOKEN"] = os.environ.get("GITHUB_TOKEN", "")  # somebody always passes one on
        with theirs:
            process = fork_server((INSIDE,), self.modules).fork(theirs, scratch, environment)
        return ChildProcess(cast("subprocess.Popen[bytes]", process), ours, scratch)


@dataclass
class Held:
    """Keeps hold of what a launcher starts."""

    launcher: Launcher
    processes: list[WorkerProcess] = field(default_factory=list)

    @property
    def isolation(self) -> str:
        return self.launcher.isolation

    def apart(self) -> Launcher:
        return self.launcher.apart()

    def start(
        self, *, model: Path, threads: int, device: str, is_tidy: bool = False, files: Files | None = None
    ) -> WorkerProcess:
        process = self.launcher.start(model=model, threads=threads, device=device, is_tidy=is_tidy, files=files)
        self.processes.append(process)
        return self.processes[-1]


@dataclass
class Trial:
    """What was seen of one payload."""

    payload: Payload
    world: World
    faults: list[WorkerFault] = field(default_factory=list)
    speeches: list[Speech] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    output: str = ""
    """The end of what it printed."""
    backdoor: bytes = b""
    """What the port that it may have opened said, before it was ended."""
    watch: Watch | None = None
    survivors: list[int] = field(default_factory=list)
    files_opened: int = 0
    """Open files that this process gained."""
    scratch_files: int = 0
    """Files that it held on the host's disk before it was ended."""
    scratch_left: list[str] = field(default_factory=list)
    """What lies in the folder for scratch folders afterwards."""
    seconds: float = 0.0
    harm: str = ""
    """What it reached, as judged; empty: nothing."""
    life: str = ""
    """What shows that it ran."""

    @property
    def told(self) -> bytes:
        """What it hid in its audio."""
        for speech in self.speeches:
            samples = speech.samples
            if len(samples) >= 6 and tuple(map(float, samples[:4])) == HIDDEN:
                count = round(float(samples[4]) * 256) * 200 + round(float(samples[5]) * 256)
                return bytes(round(float(value) * 256) & 255 for value in samples[6 : 6 + count])
        return b""

    def number(self, name: str) -> int:
        """A number that it told as ``name=N``."""
        key, _, rest = self.told.decode("latin-1").partition("=")
        return int(rest) if key == name and rest.isdecimal() else 0

    @property
    def rules(self) -> list[str]:
        return [fault.rule for fault in self.faults]

    @property
    def words(self) -> str:
        """All text that reached the harness."""
        faults = [f"{fault.what}\n{fault.detail}" for fault in self.faults]
        return "\n".join([*faults, self.output, json.dumps(self.versions)])


def arm(payload: Payload, world: World) -> Path:
    """Make the candidate: a model folder with its plan and its code."""
    (world.model / "attack.json").write_text(json.dumps(told_to_engine(payload, world)), "utf-8")
    code = world.model / "code"  # beside the voice a script is a leftover, which no worker may open
    code.mkdir(exist_ok=True)
    for path in INSIDE.glob("attack_*.py"):
        if path.stem != "attack_engine":
            shutil.copyfile(path, code / path.name)
    return world.model


def told_to_engine(payload: Payload, world: World) -> dict[str, Any]:
    """The plan, as ``attack.json`` has it."""
    return {"action": payload.action, "wakes": payload.wakes, "way": payload.way, "world": world.told_to_payload()}


@contextlib.contextmanager
def scratch_below(folder: Path) -> Any:
    """Have launchers make their scratch folders here."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def attempt(payload: Payload, launcher: Launcher, *, engine: str = ENGINE, world: World | None = None) -> Trial:
    """Run a payload from start to end, then judge. Leaves nothing behind.

    One that a busy machine starves within its short deadline shows nothing, and is run again in a world of its own.

    Args:
        payload: The attack.
        launcher: What is to keep it apart.
        engine: The engine that loads it.
        world: Its outside, armed by the caller; a fresh one for the tiny engine by default.
    """
    for _ in range(STARVED_MOST if world is None else 0):
        with contextlib.suppress(MachineShort):
            return _attempt(payload, launcher, engine, None)
    return _attempt(payload, launcher, engine, world)


def _attempt(payload: Payload, launcher: Launcher, engine: str, world: World | None) -> Trial:
    started = time.monotonic()
    if world is None:
        world = World()
        arm(payload, world)
    trial = Trial(payload=payload, world=world)
    held = Held(launcher)
    # Coqui imports for 5 s on a calm machine, and for 20 on a busy one.
    loading = 60.0 if payload.family == "coqui" else 20.0
    bounds = Bounds(load_seconds=loading, batch_seconds=payload.deadline_seconds, seconds_per_character=0)
    files_before = len(os.listdir("/proc/self/fd"))
    if payload.is_watched:
        trial.watch = Watch()
    try:
        with scratch_below(world.scratch):
            worker = Worker(held, engine=engine, model=world.model, device="cpu", threads=1, bounds=bounds)
            try:
                trial.versions = dict(worker.start().versions)
                for _ in range(payload.renders):
                    _speak(worker, trial)
            except WorkerFault as fault:
                trial.faults.append(fault)
            trial.backdoor = _knock(world) if payload.action.endswith(":listen") else b""
            trial.scratch_files = sum(len(files) for _, _, files in os.walk(world.scratch))
            worker.stop()
            for process in held.processes:
                process.kill()
                trial.output += process.last_words()
        trial.survivors = world.survivors()
        trial.files_opened = len(os.listdir("/proc/self/fd")) - files_before
        trial.scratch_left = sorted(path.name for path in world.scratch.iterdir())
        trial.harm = payload.harmed(trial)
        trial.life = payload.lived(trial) if payload.lived else trial.harm
    finally:
        if trial.watch:
            trial.watch.close()
        world.close()
    trial.seconds = time.monotonic() - started
    return trial


def _speak(worker: Worker, trial: Trial) -> None:
    """One batch; an ordinary failure does not end the worker."""
    try:
        worker.render([(phrase, 1) for phrase in PHRASES], lambda _, speech: trial.speeches.append(speech))
    except WorkerFault as fault:
        trial.faults.append(fault)
        if fault.rule != "worker.failed":
            raise
        worker.render([(phrase, 2) for phrase in PHRASES], lambda _, speech: trial.speeches.append(speech))


def _knock(world: World) -> bytes:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", world.backdoor), 1) as sock:
        sock.settimeout(1)
        return sock.recv(100)
    return b""
