"""A stored verdict is whole, of the name that it lies under, and has its run behind it; else it is none."""

from __future__ import annotations

import os

import msgspec
import pytest

from harness.core.grades import Verdict
from harness.fleet.basis import key_of
from harness.fleet.verdicts import MAX_BYTES, StoredVerdict, Verdicts, _seal
from harness.storage import runseal
from harness.storage.rundirectory import RunDirectory
from tests.fake_gates import write_run

PARTS = {"model": "ab" * 32, "suites": "cd" * 32}
RUN = "0123456789ab"


@pytest.fixture
def kept(tmp_path):
    """A verdict and where it lies."""
    write_run(tmp_path, RUN, PARTS["model"], Verdict.PASS)
    head = runseal.head_of(tmp_path / "runs" / RUN)
    verdict = StoredVerdict(
        parts=PARTS, verdict=Verdict.PASS, ending=0, reason="", counts={Verdict.PASS: 1}, run_id=RUN, run_head=head,
        isolation="A",
    )  # fmt: skip
    Verdicts(tmp_path).keep(verdict)
    key = key_of(PARTS)
    return verdict, tmp_path / "verdicts" / key[:2] / f"{key}.json"


def test_is_found_by_all_that_it_depends_on(kept, tmp_path):
    assert Verdicts(tmp_path).find(PARTS).verdict == kept[0]
    assert Verdicts(tmp_path).find({**PARTS, "suites": ""}) == Verdicts(tmp_path).find({"model": "x"})
    assert Verdicts(tmp_path).find({"model": "x"}).why == ""


def test_cut_anywhere_is_none(kept, tmp_path):
    data = kept[1].read_bytes()
    for length in range(0, len(data), 7):
        kept[1].write_bytes(data[:length])
        assert Verdicts(tmp_path).find(PARTS).verdict is None
    assert Verdicts(tmp_path).find(PARTS).why == "its stored verdict was changed, or is not whole"


def test_changed_anywhere_is_none(kept, tmp_path):
    data = kept[1].read_bytes()
    for place in range(0, len(data), 11):
        kept[1].write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert Verdicts(tmp_path).find(PARTS).verdict is None


def test_of_another_key_is_none_of_this_one(kept, tmp_path):
    """A copied file, and one that says other parts than it is named by, sealed as well as ours."""
    other = {**PARTS, "model": "ef" * 32}
    key = key_of(other)
    path = tmp_path / "verdicts" / key[:2] / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(kept[1].read_bytes())
    assert Verdicts(tmp_path).find(other).verdict is None
    line = kept[1].read_bytes().partition(b"\n")[0]
    path.write_bytes(line + b"\n" + _seal(key, line))
    assert Verdicts(tmp_path).find(other).verdict is None


@pytest.mark.parametrize("change", [{"version": 2}, {"run_id": "../../../x"}, {"verdict": "fine"}, {"more": 1}])
def test_that_says_what_none_says_is_none(change, kept, tmp_path):
    content = {**msgspec.to_builtins(kept[0]), **change}
    line = msgspec.json.encode(content)
    kept[1].write_bytes(line + b"\n" + _seal(key_of(PARTS), line))
    assert Verdicts(tmp_path).find(PARTS).verdict is None
    assert Verdicts(tmp_path).find(PARTS).why


def test_whose_run_was_edited_went_on_or_is_gone_is_none(kept, tmp_path):
    run = tmp_path / "runs" / RUN
    records = run / "records/main.jsonl"
    data = records.read_bytes()
    records.write_bytes(data.replace(b"pass", b"fail"))
    assert Verdicts(tmp_path).find(PARTS).why == "its run was edited"
    records.write_bytes(data)
    directory = RunDirectory(tmp_path, RUN)
    directory.begin(directory.result().info, 1)
    assert Verdicts(tmp_path).find(PARTS).why == "its run went on, or is gone"
    directory.end()
    assert Verdicts(tmp_path).find(PARTS).why == "its run went on, or is gone"


def test_that_is_no_small_file_is_none(kept, tmp_path):
    path = kept[1]
    data = path.read_bytes()
    for make in (
        lambda: path.write_bytes(data + b" " * MAX_BYTES),
        lambda: path.symlink_to(tmp_path / "elsewhere"),
        lambda: os.mkfifo(path),
        lambda: path.mkdir(),
    ):
        path.unlink()
        (tmp_path / "elsewhere").write_bytes(data)
        make()
        assert Verdicts(tmp_path).find(PARTS).why == "its stored verdict cannot be read"
        if path.is_dir():
            path.rmdir()
            path.touch()
