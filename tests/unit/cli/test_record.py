"""``soundcheck record`` from the outside: in parts, and with what was seen before."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.main import main
from harness.models.files import digest_of_directory
from tests.seen import SEEN, see


def command(recorded: Path, folder: Path, out: Path, *more: str) -> list[str]:
    return [
        *("record", "--model", str(recorded / "honest"), "--suite", str(recorded / "small.probes.yaml")),
        *("--out", str(out), "--asr", "fake", "--dir", str(folder), "--no-cost", "--reason", "made for tests", *more),
    ]


def renderings(folder: Path) -> set[str]:
    return {path.name for path in (folder / "renderings").glob("*/*.json")}


def content_of(golden: Path) -> dict[str, bytes]:
    return {str(path.relative_to(golden)): path.read_bytes() for path in golden.rglob("*") if path.is_file()}


def test_parts_speak_and_who_records_speaks_nothing_again(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, parts = tmp_path / "golden/small", []
    for number in (2, 1):
        before = renderings(tmp_path / "runs")
        assert main(command(recorded, tmp_path / "runs", out, "--shard", f"{number}/2")) == 4
        parts.append(renderings(tmp_path / "runs") - before)
        told = capsys.readouterr()
        assert told.out == ""
        assert f"shard {number}/2: 6 phrases spoken; the same command without --shard records" in told.err
        assert not out.exists()
    assert parts[0]
    assert parts[1]
    spoken = renderings(tmp_path / "runs")
    assert main(command(recorded, tmp_path / "runs", out)) == 0
    assert renderings(tmp_path / "runs") == spoken
    assert content_of(out) == content_of(recorded / "golden/small")


def test_on_processes_of_this_machine_gives_the_same_golden(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "golden/small"
    assert main(command(recorded, tmp_path / "runs", out, "--store", str(tmp_path))) == 0
    assert content_of(out) == content_of(recorded / "golden/small")
    assert list((tmp_path / "renderings").rglob("*"))


def test_what_an_earlier_session_saw_of_a_reference_is_told_again(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    see(tmp_path / "runs", digest_of_directory(recorded / "honest"))
    assert main(command(recorded, tmp_path / "runs", tmp_path / "golden/small")) == 1
    told = capsys.readouterr().err
    assert f"the reference was seen to {SEEN}" in told
    assert "do not trust this golden before you know why" in told
