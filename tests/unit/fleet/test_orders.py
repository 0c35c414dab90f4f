"""An order holds ids and no more, and a node obeys it only where it has what the driver had. Ray is not needed."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import msgspec
import pytest

from harness.core.errors import BadInput
from harness.fleet import node
from harness.fleet.looking import Eye, Terms
from harness.fleet.members import members_of
from harness.fleet.orders import Order, order_task
from harness.placing.rays import MOST_BYTES
from harness.placing.tasks import REFUSED
from tests.fake_gates import FakeGates, fake_fleet


@pytest.fixture
def ordered(tmp_path, monkeypatch):
    """A task of one member, as a driver sends it; gates judge nothing."""
    monkeypatch.chdir(tmp_path)
    gates = FakeGates()
    monkeypatch.setattr(node, "gate_task", gates.make)
    fleet = fake_fleet(tmp_path, ["a"])
    terms = Terms(folder=tmp_path / ".soundcheck")
    (looked,) = (Eye(fleet, terms, lambda _: None).look(one) for one in members_of(fleet))
    return order_task(fleet, terms, looked, tmp_path / ".soundcheck/gates/a", 2), gates


def obey(data: bytes) -> int:
    return node.main(io.BytesIO(data))


def test_an_order_holds_ids_and_no_more(ordered, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    task, _ = ordered
    content = json.loads(task.order)
    assert set(content) == set(Order.__struct_fields__)
    assert len(task.order) < 1000
    assert b"secret" not in task.order
    assert task.environment == {}


def test_an_order_that_is_too_long_is_not_sent(ordered, tmp_path):
    fleet = fake_fleet(tmp_path, ["a"])
    terms = Terms(folder=tmp_path / ("x" * MOST_BYTES))
    (looked,) = (Eye(fleet, Terms(folder=tmp_path), lambda _: None).look(one) for one in members_of(fleet))
    with pytest.raises(BadInput, match="expected an order of at most 65536 bytes"):
        order_task(fleet, terms, looked, tmp_path / "a", 1)


def test_a_node_begins_the_gate_and_gives_its_exit_code(ordered):
    task, gates = ordered
    gates.statuses["a"] = [7, -9]
    assert obey(task.order) == 7
    assert obey(task.order) == -9
    assert gates.begun == ["a", "a"]


@pytest.mark.parametrize(
    "change", [{"key": "0" * 64}, {"member": "b"}, {"is_fresh": 1}, {"more": 1}, {"jobs": None}], ids=str
)
def test_an_order_of_something_else_is_refused(change, ordered):
    task, gates = ordered
    assert obey(msgspec.json.encode({**json.loads(task.order), **change})) == REFUSED
    assert gates.begun == []


def test_a_node_with_other_files_says_so(ordered, tmp_path):
    task, gates = ordered
    (tmp_path / "a/fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
    assert obey(task.order) == REFUSED
    assert gates.begun == []
    what = "has other files, another Soundcheck or other versions than the driver"
    assert task.log.read_text("utf-8") == f"soundcheck: node {os.uname().nodename} {what}\n"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"x" * (MOST_BYTES + 9), b"\x80\x04K\x01."], ids=repr)
def test_what_is_no_order_is_refused(data):
    assert obey(data) == REFUSED


def test_without_ray_says_what_installs_it(tmp_path, capsys, monkeypatch):
    from harness.cli.main import main

    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    fake_fleet(tmp_path, ["a"])
    assert main(["fleet", "run", str(tmp_path / "fleet.toml"), "--on", "ray"]) == 3
    assert "ray cannot be imported" in capsys.readouterr().err
    assert not Path(tmp_path / ".soundcheck/runs").exists()
