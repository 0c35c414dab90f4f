"""What was handed in waits as a file: in its order, bounded, and no file of another kind is one."""

from __future__ import annotations

import os

import pytest

from harness.core.errors import BadInput
from harness.fleet.serving import queue as module
from harness.fleet.serving.queue import Queue

ONE, TWO, THREE = ("a" * 64, "b" * 64, "c" * 64)


@pytest.fixture
def queue(tmp_path):
    made = Queue(tmp_path / "queue", most=2)
    made.begin()
    return made


@pytest.fixture
def place(tmp_path, queue):
    return tmp_path / "queue"


def test_what_has_waited_longest_comes_first_whoever_wrote_it(queue, place):
    assert queue.hand_in(TWO, "two")
    (place / f"{ONE}.json").write_text('{"version": 1, "name": "one"}', "utf-8")
    os.utime(place / f"{ONE}.json", (1, 1))
    assert queue.waiting(5, ()) == [ONE, TWO]
    assert queue.waiting(1, ()) == [ONE]
    assert queue.waiting(5, {ONE}) == [TWO]
    assert queue.read(ONE).name == "one"


def test_handed_in_again_it_is_the_same(queue, place):
    assert queue.hand_in(ONE, "first")
    data = (place / f"{ONE}.json").read_bytes()
    assert queue.hand_in(ONE, "second")
    assert (place / f"{ONE}.json").read_bytes() == data
    assert len(queue) == 1


def test_when_as_many_wait_as_may_no_more_are_taken(queue):
    assert queue.hand_in(ONE, "")
    assert queue.hand_in(TWO, "")
    assert not queue.hand_in(THREE, "")
    assert queue.hand_in(ONE, ""), "it waits already"
    queue.done(ONE)
    assert queue.hand_in(THREE, "")


def test_what_was_being_written_when_a_service_was_killed_goes(queue, place):
    (place / f".{ONE}.json.123.0a1b2c3d").write_text("half", "utf-8")
    (place / ".hub-writes-this").write_text("half", "utf-8")
    queue.begin()
    assert [path.name for path in place.iterdir()] == [".hub-writes-this"]


def test_other_names_are_told_and_never_waited_for(queue, place):
    for name in (f"{ONE.upper()}.json", f"{ONE}.txt", "x.json", f"{ONE}.json.json"):
        (place / name).write_text("{}", "utf-8")
    (place / f"{TWO}.json").mkdir()
    assert queue.waiting(9, ()) == []
    assert len(queue) == 0
    assert len(queue.strays()) == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected JSON"),
        ("[]", "expected JSON"),
        ('{"version": 2}', "expected version 1, got 2"),
        ('{"version": 1, "path": "/etc"}', "unknown field"),
        ('{"version": 1, "name": "a", "name": "b"}', "duplicate key"),
        ('{"name": NaN}', "expected plain JSON, got a number"),
        ('{"name": 3}', "Expected `str`"),
        ('{"name": "' + "x" * 201 + '"}', "at most 200 characters, got 201"),
        ('{"name": "' + "x" * 5000 + '"}', "at most 4096 bytes"),
        ('{"name": "\ud800"}', "expected JSON"),
        ("[" * 3000, "expected JSON"),
    ],
)
def test_one_that_is_none_is_one_line(text, told, queue, place, monkeypatch):
    monkeypatch.setattr(module, "SETTLE_SECONDS", -1.0)
    (place / f"{ONE}.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(BadInput, match="its submission cannot be read") as caught:
        queue.read(ONE)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_that_is_being_written_has_time_to_become_whole(queue, place):
    (place / f"{ONE}.json").write_text('{"vers', "utf-8")
    assert queue.read(ONE) is None
    os.utime(place / f"{ONE}.json", (1, 1))
    with pytest.raises(BadInput):
        queue.read(ONE)
    assert queue.read(TWO) is None, "it was taken back"


@pytest.mark.parametrize("kind", ["link", "pipe", "dangling"])
def test_a_link_or_a_pipe_is_read_by_nobody(kind, queue, place, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SETTLE_SECONDS", -1.0)
    (tmp_path / "secret").write_text("{}", "utf-8")
    path = place / f"{ONE}.json"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path / ("secret" if kind == "link" else "none"))
    assert queue.waiting(1, ()) == [ONE]
    with pytest.raises(BadInput, match="expected a regular file"):
        queue.read(ONE)
    queue.done(ONE)
    assert not queue.has(ONE)
    assert (tmp_path / "secret").exists()


def test_names_of_models_are_shown_and_nothing_else(queue, place):
    (place / f"{ONE}.json").write_text('{"name": "../../etc\\u001b[31m"}', "utf-8")
    assert queue.read(ONE).name == "../../etc"
