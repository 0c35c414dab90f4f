"""A worker that the machine had no memory left for, told from one that used up its own."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from harness.core.errors import MachineShort
from harness.sandbox.inside.protocol import Render
from harness.sandbox.outside.cgroups import Group
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.shortage import killed_for_memory
from tests.unit.sandbox.inside.test_worker import WireLauncher, WireProcess, loading, spoken_by, worker_of

if TYPE_CHECKING:
    from pathlib import Path

    from harness.sandbox.inside.protocol import Channel

V2 = "low 0\nhigh 0\nmax 3\noom {own}\noom_kill {killed}\noom_group_kill 0\n"
V1 = "oom_kill_disable 0\nunder_oom 0\noom_kill {killed}\n"


@pytest.mark.parametrize(
    ("own", "killed", "refused", "lost"),
    [(0, 0, False, False), (1, 1, True, True), (0, 1, False, True), (5, 0, False, False)],
)
class TestGroup:
    def test_of_version_2_knows_whose_limit_was_reached(
        self, own: int, killed: int, refused: bool, lost: bool, tmp_path: Path
    ) -> None:
        (tmp_path / "memory.events").write_text(V2.format(own=own, killed=killed))
        group = Group(folders={"memory": tmp_path})
        assert (group.refused_memory(), group.lost_to_memory()) == (refused, lost)

    def test_of_version_1_knows_whose_limit_was_reached(
        self, own: int, killed: int, refused: bool, lost: bool, tmp_path: Path
    ) -> None:
        (tmp_path / "memory.oom_control").write_text(V1.format(killed=killed))
        (tmp_path / "memory.failcnt").write_text(f"{own}\n")
        group = Group(folders={"memory": tmp_path})
        assert (group.refused_memory(), group.lost_to_memory()) == (refused, lost)


@pytest.mark.parametrize(("text", "count"), [("pgfault 7\noom_kill 12\n", 12), ("pgfault 7\n", 0), ("oom_kill x\n", 0)])
def test_the_machines_own_count_is_read(text: str, count: int, tmp_path: Path) -> None:
    (tmp_path / "vmstat").write_text(text)
    assert killed_for_memory(tmp_path / "vmstat") == count
    assert killed_for_memory(tmp_path / "gone") == 0


class KilledLauncher(WireLauncher):
    """Its worker loads, and is gone when it is asked to speak."""

    def __init__(self, *, is_victim: bool, status: int) -> None:
        super().__init__(_vanish)
        self.is_victim, self.status = is_victim, status

    def start(self, **_: object) -> WireProcess:
        process = WireProcess(self._script)
        process.exit_status = lambda seconds: self.status
        process.is_victim = lambda: self.is_victim
        self.started.append(process)
        return process


def _vanish(channel: Channel) -> None:
    loading(channel)
    assert isinstance(channel.receive()[0], Render)


class TestKilledWorker:
    def spoken(self, folder: Path, *, is_victim: bool, status: int = -signal.SIGKILL) -> None:
        worker = worker_of(KilledLauncher(is_victim=is_victim, status=status), folder)
        worker.start()
        spoken_by(worker, [("open", 1)])

    def test_for_want_of_the_machines_memory_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(MachineShort, match="ran out of memory while the model was speaking"):
            self.spoken(tmp_path, is_victim=True)

    def test_for_anything_else_has_crashed(self, tmp_path: Path) -> None:
        with pytest.raises(WorkerFault, match="was killed by SIGKILL while speaking"):
            self.spoken(tmp_path, is_victim=False)

    def test_that_ended_itself_meanwhile_has_crashed(self, tmp_path: Path) -> None:
        with pytest.raises(WorkerFault, match="was killed by SIGSEGV"):
            self.spoken(tmp_path, is_victim=True, status=-signal.SIGSEGV)
