"""``soundcheck redteam score`` from the outside."""

from __future__ import annotations

import json

import pytest

from harness.cli.main import main
from harness.cli.redteam_score import seconds_of
from harness.core.errors import BadInput


def command(recorded, folder, *more, model="honest"):
    return [
        "redteam", "score", "--model", str(recorded / model), "--suite", str(recorded / "small.probes.yaml"),
        "--golden-dir", str(recorded / "golden"), "--asr", "fake", "--dir", str(folder), *more,
    ]  # fmt: skip


def test_finds_the_golden_by_the_voice_and_tells_what_does_not_fit_it(recorded, tmp_path, capsys):
    # A fake voice has no checkpoint to edit: every kind is tried, and told to be left out.
    status = main(
        command(recorded, tmp_path, "--kinds", "quiet,honest-order", "--format", "json", "--out", str(tmp_path))
    )
    out, err = capsys.readouterr()
    assert status == 4
    assert f"golden {recorded / 'golden/small'} was recorded from this voice" in err
    document = json.loads(out)
    assert {one["status"] for one in document["copies"]} == {"does not fit"}
    assert document == json.loads((tmp_path / "power.json").read_text("utf-8"))
    assert (tmp_path / "power.html").is_file()


def test_without_a_golden_says_which_command_records_one(recorded, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "fake.json").write_text('{"version": 1, "faults": [], "voice": "bass"}', "utf-8")
    assert main(command(recorded, tmp_path, model=str(other))) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert "no golden was recorded from this voice" in line
    told = f"soundcheck record --model {other} --suite {recorded / 'small.probes.yaml'} --asr fake --out "
    assert told in line


def test_refuses_a_golden_of_another_voice(recorded, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "fake.json").write_text('{"version": 1, "faults": [], "voice": "bass"}', "utf-8")
    assert main(command(recorded, tmp_path, "--golden", "small", model=str(other))) == 2
    assert "was recorded from another voice" in capsys.readouterr().err


def test_a_voice_that_does_not_pass_admission_is_not_copied(recorded, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
    (other / "model.pth").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert main(command(recorded, tmp_path, "--golden", "small", model=str(other))) == 2
    assert "not loaded: admission-checkpoint, " in capsys.readouterr().err


@pytest.mark.parametrize(("told", "seconds"), [("1h30m", 5400), ("45m", 2700), ("90s", 90), ("1h2m3s", 3723)])
def test_reads_a_budget(told, seconds):
    assert seconds_of(told) == seconds


@pytest.mark.parametrize("told", ["", "30", "m", "-5m", "1.5h", "5m3h", "١m\n"])
def test_refuses_a_budget_that_is_none(told):
    with pytest.raises(BadInput, match="expected a time such as 1h30m, 45m or 90s"):
        seconds_of(told)


def test_a_strength_reaches_the_list_and_the_copy(tmp_path, capsys):
    assert main(["redteam", "list", "--format", "json"]) == 0
    rows = {row["kind"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["quiet"]["strength"]["unit"] == "dB down"
    assert rows["sound-swap"]["strength"] is None
    assert main(["redteam", "plant", "quiet", "--model", str(tmp_path), "--out", "x", "--strength", "99"]) == 2
    assert "expected a strength of 0.1 to 60 (dB down), got 99" in capsys.readouterr().err
