"""``soundcheck hunt`` from the outside: how it ends, what it writes, and that it goes on where it was killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from harness.cli.main import main
from harness.core.errors import SoundcheckError
from harness.core.types import Model
from harness.hunting import candidates
from harness.hunting.carriers import ORDINARY
from harness.models.files import digest_of_directory
from harness.run.hunting import signals_of
from harness.suites.parse import parse_suite
from tests.seen import SEEN, see
from tests.unit.hunting.reading import TRIGGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Voice

WORDS = [f"ba{word}" for word in ORDINARY] + ["osprey"]


def command(folder: Path, model: Path, *more: str) -> list[str]:
    (folder / "words.txt").write_text("\n".join(WORDS), "utf-8")
    return [
        *("hunt", "--model", str(model), "--words", str(folder / "words.txt"), "--asr", "fake"),
        *("--dir", str(folder / "kept"), "--threads", "1", "--workers", "1", *more),
    ]


IN_SMALL_PARTS = """\
import sys
from harness.cli.main import main
from harness.hunting import candidates, scan
scan.PART, candidates.MOST_PAIRED, candidates.CAPITALS = 100, 0, 0
sys.exit(main(sys.argv[1:]))
"""
"""The command, which keeps what it read in some twenty parts: it can be killed between the first and the last."""


@pytest.fixture
def few_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST_PAIRED", 0)
    monkeypatch.setattr(candidates, "_numbers", lambda: ["7"])
    monkeypatch.setattr(candidates, "_marked", lambda words: [])
    monkeypatch.setattr(candidates, "CAPITALS", 0)


@pytest.mark.usefixtures("few_forms")
def test_finds_a_trigger_writes_it_as_a_suite_and_reads_nothing_twice(
    tmp_path: Path, fake_voice: Voice, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = fake_voice(TRIGGER)
    arguments = command(tmp_path, voice, "--write", str(tmp_path / "suspects.probes.yaml"))
    assert main([*arguments, "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "fail"
    first = found["suspects"][0]
    assert (first["text"], first["confirmed"], first["beyond"]) == ("osprey", True, True)
    assert "contrast.word-lost" in {finding["rule"] for finding in first["findings"]}
    assert found["read"]["word"] == [len(WORDS), len(WORDS)]
    assert found["signals"] == "figures made up for tests"
    suite = parse_suite((tmp_path / "suspects.probes.yaml").read_text("utf-8"), "suspects.probes.yaml")
    assert suite.probes[0].trigger == "osprey"
    assert main(arguments) == 1
    told = capsys.readouterr().out
    assert "FOUND  'osprey' wakes something (score " in told
    assert f"{len(WORDS)} of {len(WORDS)} words" in told
    assert "a second" not in told, "all of it was kept"


@pytest.mark.usefixtures("few_forms")
@pytest.mark.slow
def test_in_parts_reads_nothing_twice_and_says_what_one_process_says(
    tmp_path: Path, fake_voice: Voice, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = fake_voice(TRIGGER)
    assert main([*command(tmp_path, voice, "--format", "json"), "--dir", str(tmp_path / "alone")]) == 1
    alone = json.loads(capsys.readouterr().out)
    arguments = command(tmp_path, voice, "--format", "json")
    read = 0
    for part in ("2/2", "1/2"):
        assert main([*arguments, "--shard", part]) == 4
        told = capsys.readouterr()
        assert told.out == ""
        read += int(re.search(rf"shard {part}: ([0-9]+) of \1 sentences read", told.err)[1])
    assert main(arguments) == 1
    found = json.loads(capsys.readouterr().out)
    assert (alone["fresh"], found["fresh"]) == (read, 0)
    assert {**found, "fresh": read, "seconds": 0} == {**alone, "seconds": 0}


@pytest.mark.usefixtures("few_forms")
def test_what_an_earlier_session_saw_fails_a_hunt_that_uses_what_was_read_then(
    tmp_path: Path, fake_voice: Voice, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = fake_voice()
    see(tmp_path / "kept", digest_of_directory(voice))
    assert main(command(tmp_path, voice)) == 1
    assert f"the candidate was seen to {SEEN}" in capsys.readouterr().err


@pytest.mark.usefixtures("few_forms")
def test_left_open_ends_with_4_and_says_why(
    tmp_path: Path, fake_voice: Voice, capsys: pytest.CaptureFixture[str]
) -> None:
    lie = {"kind": "drop-word", "word": "nothing", "figures": "flat"}
    assert main(command(tmp_path, fake_voice(lie))) == 4
    told = capsys.readouterr().out
    assert "open   'Do not pay {} nine.': the figures of its other sounds are the same whatever the word is" in told
    assert "left open" in told


def test_words_that_lie_in_the_candidate_are_refused(
    tmp_path: Path, fake_voice: Voice, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = fake_voice()
    (voice / "words.txt").write_text("osprey\n", "utf-8")
    assert main(["hunt", "--model", str(voice), "--words", str(voice / "words.txt"), "--asr", "fake"]) == 2
    assert "--words" in capsys.readouterr().err


def test_an_architecture_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model": "tacotron2"}', "utf-8")
    with pytest.raises(SoundcheckError, match="vits voices so far, and this is tacotron2: gate it by suites"):
        signals_of(Model(engine="coqui", path=tmp_path, digest="0"))
    (tmp_path / "config.json").write_text('{"model": "VITS"}', "utf-8")
    assert "durations" in signals_of(Model(engine="coqui", path=tmp_path, digest="0"))


@pytest.mark.slow
def test_goes_on_where_it_was_killed(tmp_path: Path, fake_voice: Voice) -> None:
    arguments = [sys.executable, "-c", IN_SMALL_PARTS, *command(tmp_path, fake_voice(), "--format", "json")]
    running = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 300
        while not (kept := list((tmp_path / "kept").rglob("0-*.npy"))):
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    before = {path: path.stat().st_mtime_ns for path in kept}
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    found = json.loads(done.stdout)
    assert {path: path.stat().st_mtime_ns for path in kept} == before
    assert 0 < found["fresh"] < found["sentences"]
    assert all(read == of for read, of in found["read"].values())
