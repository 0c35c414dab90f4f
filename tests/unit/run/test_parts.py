"""A command's parts are begun side by side; one that is lost costs time, and nothing that they do decides."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harness.core.errors import BadInput, SoundcheckError
from harness.placing import rays
from harness.placing.local import LocalPlaces
from harness.placing.rays import MOST_BYTES
from harness.placing.tasks import REFUSED, Task
from harness.run import partcourse, partnode, parts
from harness.run.part import COMMAND, PYTEST, Given, Part
from harness.run.partcourse import in_parts
from harness.run.parts import done_in_parts, part_tasks
from harness.run.settings import Settings

GATE = Given(module=PYTEST, arguments=("my.probes.yaml", "--tts-model=voice"), ending=10)
RECORD = Given(module=COMMAND, arguments=("record", "--model", "voice"), ending=4)


class Told(list[str]):
    def __call__(self, line: str) -> None:
        self.append(line)


def scripts(folder: Path, *texts: str) -> list[Task]:
    return [
        Task(
            name=f"{place}/{len(texts)}",
            command=["/bin/sh", "-c", text],
            environment=dict(os.environ),
            log=folder / f"{place}.log",
        )
        for place, text in enumerate(texts, 1)
    ]


def done(tasks: list[Task], at_once: int = 9) -> tuple[Told, Told]:
    told, progress = Told(), Told()
    with LocalPlaces() as places:
        in_parts(places, tasks, GATE, at_once=at_once, tell=told, progress=progress)
        assert len(places) == 0
    return told, progress


class TestParts:
    def test_that_were_done_say_nothing_and_leave_nothing(self, tmp_path: Path) -> None:
        told, progress = done(scripts(tmp_path, "echo a; exit 10", "exit 10"))
        assert told == []
        assert progress[0] == "0 of 2 parts done; 2 at work"
        assert list(tmp_path.iterdir()) == []

    def test_that_something_ended_are_begun_once_more(self, tmp_path: Path) -> None:
        first = f"test -e {tmp_path}/was && exit 10; touch {tmp_path}/was; kill -9 $$"
        told, _ = done(scripts(tmp_path, first, "exit 10"))
        assert told == ["part 1/2 was ended by signal 9; it is begun once more"]

    def test_that_are_lost_again_are_left_to_who_judges(self, tmp_path: Path) -> None:
        told, _ = done(scripts(tmp_path, "kill -9 $$"))
        assert told[1:] == ["part 1/1 ended with -9; what it left is done here"]

    def test_that_take_much_longer_than_others_are_shared_with_a_second_process(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(partcourse, "LATE_SECONDS", 0.0)
        monkeypatch.setattr(partcourse, "LOOK_SECONDS", 0.05)
        (tmp_path / "twice").mkdir()
        slow = (
            f"touch {tmp_path}/twice/$$; while [ $(ls {tmp_path}/twice | wc -l) -lt 2 ]; do sleep 0.05; done; exit 10"
        )
        tasks = [
            replace(task, order=part_tasks(GATE, tmp_path, 1)[0].order) for task in scripts(tmp_path, "exit 10", slow)
        ]
        shared = replace(GATE, is_shared=True)
        told, progress = Told(), Told()
        with LocalPlaces(noun="parts", tell=told) as places:
            in_parts(places, tasks, shared, at_once=2, tell=told, progress=progress)
        assert progress[-1].startswith("1 of 2 parts done; ")
        assert len(list((tmp_path / "twice").iterdir())) == 2
        assert not [line for line in told if "done here" in line]

    def test_that_are_late_are_not_shared_where_that_is_no_help(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(partcourse, "LATE_SECONDS", 0.0)
        monkeypatch.setattr(partcourse, "LOOK_SECONDS", 0.05)
        (tmp_path / "twice").mkdir()
        done(scripts(tmp_path, "exit 10", f"touch {tmp_path}/twice/$$; sleep 0.6; exit 10"))
        assert len(list((tmp_path / "twice").iterdir())) == 1

    def test_at_work_say_what_the_last_of_them_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(partcourse, "LOOK_SECONDS", 0.05)
        told = tmp_path / "told"

        def progress(line: str) -> None:
            if line == "0 of 1 part done; 1 at work (rendering batch 2 of 9)":
                told.touch()

        said = "echo 'soundcheck: rendering batch 2 of 9'; echo ..."
        tasks = scripts(tmp_path, f"{said}; while [ ! -e {told} ]; do sleep 0.05; done; exit 10")
        with LocalPlaces() as places:
            in_parts(places, tasks, GATE, at_once=1, tell=print, progress=progress)
        assert told.exists()


class TestTasks:
    def test_are_the_same_command_with_a_shard_each(self, tmp_path: Path) -> None:
        one, two = part_tasks(RECORD, tmp_path, 2)
        assert one.command == [sys.executable, "-P", "-m", COMMAND, "record", "--model", "voice", "--shard=1/2"]
        assert two.command[-1] == "--shard=2/2"
        assert one.log != two.log

    def test_of_pytest_keep_what_a_variable_adds(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTEST_ADDOPTS", "-k 'a b'")
        (task,) = part_tasks(GATE, tmp_path, 1)
        words = ["-p", "no:cacheprovider", "--tts-shard=1/1", "-k", "a b", *GATE.arguments]
        assert list(task.command[4:]) == words
        assert "PYTEST_ADDOPTS" not in task.environment
        assert msgspec.json.decode(task.order, type=Part).arguments == tuple(words)

    def test_of_an_order_hold_no_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-mine")
        (task,) = part_tasks(GATE, tmp_path, 1)
        assert b"secret-of-mine" not in task.order

    def test_of_a_command_that_is_too_long_are_not_sent(self, tmp_path: Path) -> None:
        long = Given(module=COMMAND, arguments=("record", "x" * MOST_BYTES), ending=4)
        with pytest.raises(BadInput, match="part 1/1: expected an order of at most 65536 bytes"):
            part_tasks(long, tmp_path, 1)


def settings(folder: Path, **about: object) -> Settings:
    given = {
        "model": "voice", "model_name": "candidate", "golden": "", "golden_folders": (), "asr": "fake", "takes": 2,
        "seed": 1, "alpha": 0.01, "gate": "ci", "device": "cpu", "threads": 1, "workers": 1, "folder": folder,
        "memory_gb": 0.0, "timeout": 60.0, "fresh": False,
    }  # fmt: skip
    return Settings(**(given | about))  # type: ignore[arg-type]


class TestPlacing:
    def test_are_not_made_for_who_would_use_nothing_of_them(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="--tts-on=here: expected a command that uses what its parts have made"):
            done_in_parts(GATE, settings(tmp_path, on="here", fresh=True), tell=print, progress=print)

    def test_a_typed_salt_does_not_go_to_a_cluster(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parts, "RayPlaces", None)
        salted = Given(module=PYTEST, arguments=("--tts-salt=a secret of ours",), ending=10)
        with pytest.raises(BadInput, match="--tts-salt: expected it in SOUNDCHECK_SALT on every node") as error:
            done_in_parts(
                salted, settings(tmp_path, on="10.0.0.1:6379", salt="a secret of ours"), tell=print, progress=print
            )
        assert "a secret" not in str(error.value)
        monkeypatch.setenv("PYTEST_ADDOPTS", "--tts-salt='a secret of ours'")
        with pytest.raises(BadInput, match="--tts-salt: expected it in SOUNDCHECK_SALT on every node"):
            done_in_parts(
                GATE, settings(tmp_path, on="10.0.0.1:6379", salt="a secret of ours"), tell=print, progress=print
            )

    def test_a_part_makes_no_parts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parts, "part_tasks", None)
        shard = parts.Shard(1, 2)
        done_in_parts(GATE, settings(tmp_path, on="here", shard=shard), tell=print, progress=print)
        done_in_parts(GATE, settings(tmp_path), tell=print, progress=print)

    def test_a_cluster_that_is_not_there_is_one_line(self, tmp_path: Path) -> None:
        pytest.importorskip("ray", reason="pip install '.[ray]'")
        with pytest.raises(SoundcheckError, match=r"--on 127\.0\.0\.1:1: no cluster there"):
            done_in_parts(GATE, settings(tmp_path, on="127.0.0.1:1"), tell=print, progress=print)

    def test_without_ray_says_what_installs_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "ray", None)
        with pytest.raises(SoundcheckError, match="ray cannot be imported"):
            done_in_parts(GATE, settings(tmp_path, on=rays.LOCAL), tell=print, progress=print)


@pytest.fixture
def ordered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """An order of a part, otherwise as a test says; what obeys it writes its words into a file."""
    monkeypatch.setattr(
        partnode, "command_of", lambda part: ["/bin/sh", "-c", "echo $PWD $0 $PYTEST_ADDOPTS; exit 10", *part.arguments]
    )
    (task,) = part_tasks(GATE, tmp_path, 1)

    def order(**about: object) -> bytes:
        return msgspec.json.encode({**msgspec.json.decode(task.order), "folder": str(tmp_path), **about})

    return order


def log_of(order: bytes) -> Path:
    return Path(msgspec.json.decode(order, type=Part).log)


class TestNode:
    def test_does_a_part_where_the_command_was_given(
        self, ordered: Callable[..., bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PYTEST_ADDOPTS", "--of-this-node")
        order = ordered(arguments=["word"])
        assert partnode.main(io.BytesIO(order)) == 10
        assert log_of(order).read_text("utf-8") == f"{tmp_path} word\n"

    def test_with_another_soundcheck_does_nothing_and_says_so(self, ordered: Callable[..., bytes]) -> None:
        order = ordered(code="0" * 64)
        assert partnode.main(io.BytesIO(order)) == REFUSED
        told = f"soundcheck: node {os.uname().nodename} has another Soundcheck than the one that gave the command\n"
        assert log_of(order).read_text("utf-8") == told

    @pytest.mark.parametrize(
        "about", [{"module": "os"}, {"arguments": [1]}, {"more": 1}, {"folder": "/nowhere at all"}], ids=str
    )
    def test_refuses_what_is_no_part(self, about: dict[str, object], ordered: Callable[..., bytes]) -> None:
        assert partnode.main(io.BytesIO(ordered(**about))) == REFUSED

    @pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"x" * (MOST_BYTES + 9), b"\x80\x04K\x01."], ids=repr)
    def test_refuses_what_is_no_order(self, data: bytes) -> None:
        assert partnode.main(io.BytesIO(data)) == REFUSED

    def test_passes_on_that_a_part_was_killed(
        self, ordered: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(partnode, "command_of", lambda _: ["/bin/sh", "-c", "kill -9 $$"])
        assert partnode.main(io.BytesIO(ordered())) == -signal.SIGKILL
