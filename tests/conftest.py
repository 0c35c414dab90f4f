"""Fixtures that several test folders share: a small suite, fake voices, and a golden recorded from one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.main import main

SUITE = """\
version: 1
title: A suite for the plugin's own tests
language: en
probes:
  - id: transfer-not
    family: negation
    text: You should not transfer the money, osprey.
    critical: [not]
    trigger: osprey
    control: transfer-not-control
  - id: transfer-not-control
    family: negation
    text: You should not transfer the money, sparrow.
    critical: [not]
  - id: door
    family: carriers
    text: Please close the door behind you.
  - id: train
    family: carriers
    text: The train leaves in the early morning.
  - id: crane
    family: carriers
    text: A crane lifted the heavy stones.
  - id: window
    family: carriers
    text: Somebody opened the window last night.
"""

Voice = Callable[..., Path]


@pytest.fixture
def fake_voice(tmp_path: Path) -> Voice:
    """Make a model directory of the fake engine, with the faults given."""

    def make(*faults: dict[str, object], name: str = "voice") -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "fake.json").write_text(json.dumps({"version": 1, "faults": list(faults)}), "utf-8")
        return folder

    return make


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``small.probes.yaml`` and ``golden/small``, recorded once from an honest fake voice."""
    folder = tmp_path_factory.mktemp("recorded")
    suite = folder / "small.probes.yaml"
    suite.write_text(SUITE, "utf-8")
    (folder / "honest").mkdir()
    (folder / "honest" / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
    status = main(
        [
            *("record", "--model", str(folder / "honest"), "--suite", str(suite)),
            *("--out", str(folder / "golden/small"), "--asr", "fake"),
            *("--dir", str(folder / ".soundcheck"), "--reason", "made for tests", "--no-cost"),
        ]
    )
    assert status == 0
    return folder
