"""``soundcheck fleet serve``: what was typed wrongly is one line, said before anything is read."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from harness.cli import fleet_serve
from harness.cli.main import main
from tests.fake_gates import fake_fleet
from tests.served import UNKNOWN, project


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--jobs", "0"), "--jobs: expected 1 to 64, got 0"),
        (("--most", "0"), "--most: expected 1 to 100000, got 0"),
        (("--once", "--http", "0"), "--once judges what waits and ends; leave --http out"),
        (("--name", "hub.example"), "--name and --token-file are for --http"),
        (("--token-file", "token"), "--name and --token-file are for --http"),
        (("--http", "0.0.0.0:80"), "0.0.0.0 is reached from elsewhere, which needs --token-file"),
        (("--http", "0", "--token-file", "none"), "none: cannot be read"),
        (("--http", "hub.example:80"), "--http: expected an IP address of this machine, got 'hub.example'"),
    ],
)
def test_what_cannot_be_is_one_line(
    options: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project(tmp_path)
    assert main(["fleet", "serve", str(path), *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert len(err.splitlines()) == 1


def test_a_list_without_uploads_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_fleet(tmp_path, ["a"])
    assert main(["fleet", "serve", str(tmp_path / "fleet.toml"), "--once"]) == 2
    assert "expected a table [serve] with uploads = 'FOLDER', got none" in capsys.readouterr().err


def test_once_ends_as_the_worst_of_what_it_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project(tmp_path)
    command = ["fleet", "serve", str(path), "--once"]
    assert main(command) == 0
    (tmp_path / f".soundcheck/serve/fleet/queue/{UNKNOWN}.json").write_text("{}", "utf-8")
    assert main(command) == 3
    out, err = capsys.readouterr()
    assert out == f"NONE          {UNKNOWN}  no folder among the uploads is called by this digest\n"
    assert f"{UNKNOWN}: ERROR" in err


@pytest.mark.parametrize(("once", "code"), [((), 0), (("--once",), 130)])
def test_a_service_that_is_to_end_ends_well_and_a_cut_judgement_does_not(
    once: tuple[str, ...],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = project(tmp_path)
    monkeypatch.setattr(fleet_serve, "_served", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    assert main(["fleet", "serve", str(path), *once]) == code
    assert signal.getsignal(signal.SIGTERM) is before
    assert "what waits goes on waiting" in capsys.readouterr().err
