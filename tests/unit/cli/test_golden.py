"""``soundcheck golden`` and ``record --into`` as a person meets them, with a voice of tones."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.cli.golden_decide import CI_VARIABLES
from harness.cli.main import main
from harness.goldens.approvals import read_approvals
from harness.goldens.folder import read_golden
from harness.goldens.places import packaged_golden
from tests.conftest import SUITE

WHY = ("--reason", "listened to all of it", "--approver", "voice team")
MORE = SUITE.replace("last night", "this morning") + (
    "  - id: bird\n    family: carriers\n    text: A bird sat on the <b>wall</b>.\n    expect: a bird sat on the wall\n"
)


@pytest.fixture
def place(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a recorded golden, outside any pipeline."""
    for name in ("golden", "honest"):
        shutil.copytree(recorded / name, tmp_path / name)
    shutil.copy(recorded / "small.probes.yaml", tmp_path)
    shutil.copytree(recorded / "golden" / "small", tmp_path / "package" / "shipped")
    monkeypatch.setattr("harness.goldens.places.packaged_golden", lambda: tmp_path / "package")
    monkeypatch.chdir(tmp_path)
    for name in CI_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def proposed(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A proposal for the recorded golden, made once."""
    folder = tmp_path_factory.mktemp("proposed")
    for name in ("golden", "honest"):
        shutil.copytree(recorded / name, folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert propose(folder) == 0
    return folder


@pytest.fixture
def waiting(place: Path, proposed: Path) -> Callable[[], None]:
    """Lay the suite and the proposal into the project, as ``record --into`` does."""

    def lay() -> None:
        shutil.copy(proposed / "small.probes.yaml", place)
        shutil.copytree(proposed / "golden/.proposed", place / "golden/.proposed")

    return lay


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a verb prints; what it says is checked to be apart from it."""
    capsys.readouterr()
    assert main(list(arguments)) == status
    return capsys.readouterr().out


def data(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    return json.loads(told(capsys, *arguments, "--format", "json", status=status))


def propose(place: Path, suite: str = MORE, *extra: str) -> int:
    (place / "small.probes.yaml").write_text(suite, "utf-8")
    return main(
        [
            *("record", "--model", "honest", "--suite", "small.probes.yaml", "--into", "small"),
            *("--asr", "fake", "--no-cost", "--reason", "more phrases", *extra),
        ]
    )


class TestRecordInto:
    def test_proposes_what_is_new_beside_the_golden(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = read_golden(place / "golden" / "small")
        assert propose(place, MORE, "--format", "json") == 0
        out, err = capsys.readouterr()
        found = json.loads(out)
        assert (found["probes"], found["recorded"], found["taken over"]) == (7, 2, 5)
        assert found["proposed for"] == str(place / "golden" / "small")
        assert "this is a proposal" in err
        assert read_golden(place / "golden" / "small") == before
        proposal = read_golden(place / "golden" / ".proposed" / "small")
        assert set(proposal.records) == {*before.records, "bird"}
        assert proposal.records["window"].text == "Somebody opened the window this morning."
        assert proposal.records["door"] == before.records["door"]
        assert all(proposal.audio(record) for record in proposal.records.values())

    @pytest.mark.slow
    def test_hears_what_recording_it_all_hears(self, place: Path) -> None:
        assert propose(place) == 0
        arguments = ["--model", "honest", "--suite", "small.probes.yaml", "--out", "all/small", "--asr", "fake"]
        assert main(["record", *arguments, "--no-cost", "--reason", "more phrases"]) == 0
        whole, proposal = read_golden(place / "all" / "small"), read_golden(place / "golden" / ".proposed" / "small")
        assert whole.manifest.suites == proposal.manifest.suites
        assert whole.manifest.audio_sha256 == proposal.manifest.audio_sha256
        for name, record in whole.records.items():
            assert record.transcript == proposal.records[name].transcript
            assert [one.audio_sha256 for one in record.takes] == [
                one.audio_sha256 for one in proposal.records[name].takes
            ]
        assert proposal.prints.takes.keys() == whole.prints.takes.keys()
        old = read_golden(place / "golden" / "small").prints.basis
        assert (proposal.prints.basis.axes == old.axes).all(), "all prints of a golden have the same axes"

    def test_of_nothing_new_writes_nothing(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert propose(place, SUITE + "# the same\n", "--format", "json") == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["recorded"], found["proposed for"]) == (0, None)
        assert not (place / "golden" / ".proposed").exists()

    def test_with_another_voice_records_everything_and_says_so(
        self, place: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (place / "honest" / "fake.json").write_text('{"version": 1, "faults": [], "voice": "tenor"}', "utf-8")
        assert propose(place, SUITE.partition("  - id: crane")[0]) == 0
        err = capsys.readouterr().err
        assert "everything is recorded anew, for the model digest was" in err
        assert "2 probes that these suites do not name will be gone" in err

    def test_beside_a_waiting_proposal_is_refused(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert propose(place) == 0
        assert propose(place) == 2
        assert "a proposal waits already; decide with: soundcheck golden review small" in capsys.readouterr().err

    def test_a_golden_that_is_not_there_is_refused(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status = main(["record", "--model", "honest", "--suite", "small.probes.yaml", "--into", "no", *WHY[:2]])
        assert status == 2
        assert "no: no such golden" in capsys.readouterr().err


class TestList:
    def test_tells_state_and_last_approval(
        self, place: Path, waiting: Callable[[], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert "small                    unapproved   6 probes x 8  honest" in told(capsys, "golden", "list")
        assert main(["golden", "accept", "small", *WHY]) == 0
        assert re.search(r"approved .*\n +\S+ by voice team: listened to all of it", told(capsys, "golden", "list"))
        waiting()
        assert "a proposal waits: soundcheck golden review small" in told(capsys, "golden", "list")

    def test_of_what_ships_is_approved_by_its_release(
        self, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("harness.goldens.places.packaged_golden", packaged_golden)
        monkeypatch.chdir(place / "honest")  # no golden of anybody's here
        shipped = data(capsys, "golden", "list")["goldens"]
        assert shipped
        assert {entry["state"] for entry in shipped} == {"approved"}, "RELEASING.md: a release approves what it ships"

    def test_takes_nobodys_golden_for_approved_because_a_package_approved_the_same(
        self, place: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shutil.copytree(place / "golden" / "small", place / "package" / "small")
        assert main(["golden", "accept", "small", "--golden-dir", "package", *WHY]) == 0
        capsys.readouterr()
        entries = data(capsys, "golden", "list")["goldens"]
        states = {Path(entry["path"]).parent.name: entry["state"] for entry in entries if entry["name"] == "small"}
        assert states == {"golden": "unapproved", "package": "approved"}

    def test_of_one_that_was_changed_since_or_broken_fails(
        self, place: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        main(["golden", "accept", "small", *WHY])
        manifest = place / "golden" / "small" / "manifest.json"
        manifest.write_bytes(manifest.read_bytes().replace(b"made for tests", b"made for rests"))
        entry = data(capsys, "golden", "list", status=1)["goldens"][0]
        assert (entry["state"], entry["approval"]["approver"]) == ("changed", "voice team")
        (manifest.parent / "audio" / "door.opus").unlink()
        assert data(capsys, "golden", "list", status=1)["goldens"][0]["state"] == "broken"

    def test_with_a_changed_log_is_an_error(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        main(["golden", "accept", "small", *WHY])
        log = place / "golden" / "approvals.jsonl"
        log.write_bytes(log.read_bytes() * 2)
        assert told(capsys, "golden", "list", status=3) == ""

    def test_shows_hostile_names_and_reasons_spelled_out(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["golden", "accept", "small", "--reason", "\x1b[31mred\u202e", "--approver", "\x07me"]) == 0
        out = told(capsys, "golden", "list")
        assert "by ⟨U+0007⟩me: red⟨U+202E⟩" in out


class TestShow:
    def test_prints_what_it_holds(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = told(capsys, "golden", "show", "small", "door")
        assert "please close the door behind you." in out
        assert "osprey" not in out
        found = data(capsys, "golden", "show", "golden/small")
        assert [one["probe"] for one in found["probes"]] == sorted(one["probe"] for one in found["probes"])
        assert found["probes"][0]["agree"] == 8

    def test_of_no_such_probe_is_refused(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert told(capsys, "golden", "show", "small", "\x1b[31mx", status=2) == ""


class TestDiff:
    def test_with_the_proposal_tells_each_probe(
        self, place: Path, waiting: Callable[[], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        waiting()
        out = told(capsys, "golden", "diff", "small", status=1)
        assert "1 another phrase, 1 new, 5 the same" in out
        assert "opened the window [-last night.-] {+this morning.+}" in out
        assert re.search(r"reason: made for tests -> more phrases", out)

    def test_of_one_with_itself_is_empty(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        found = data(capsys, "golden", "diff", "small", "golden/small")
        assert {one["change"] for one in found["probes"]} == {"same"}
        assert found["conditions"] == []

    def test_without_a_proposal_says_how_to_make_one(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["golden", "diff", "small"]) == 2
        assert "record one with: soundcheck record --into small" in capsys.readouterr().err


class TestReview:
    def test_writes_one_page_and_asks_for_a_decision(
        self, place: Path, waiting: Callable[[], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        waiting()
        found = data(capsys, "golden", "review", "small", "--out", "out/review.html", status=4)
        assert found["page"] == "out/review.html"
        page = (place / "out" / "review.html").read_text("utf-8")
        assert page.count("<audio") == 3, "old and new of the changed one, new of the new one"
        assert "<ins>" in page or "<mark>" in page
        assert "bird sat on the &lt;b&gt;wall&lt;/b&gt;." in page
        assert f"--digest {found['new']['digest'][:12]}" in page
        assert "http" not in page.replace("http-equiv", "")
        assert "<script" not in page

    def test_names_its_page_after_the_proposal(
        self, place: Path, waiting: Callable[[], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        waiting()
        out = told(capsys, "golden", "review", "small", status=4)
        (page,) = (place / ".soundcheck" / "reviews").iterdir()
        assert f"listen   .soundcheck/reviews/{page.name}" in out

    def test_of_a_proposal_that_is_not_whole_is_an_error(
        self, place: Path, waiting: Callable[[], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        waiting()
        (place / "golden" / ".proposed" / "small" / "audio" / "door.opus").write_bytes(b"other")
        assert told(capsys, "golden", "review", "small", status=3) == ""


class TestAccept:
    def test_replaces_logs_and_says_where_the_old_one_lies(
        self, place: Path, waiting: Callable[[], None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        waiting()
        found = data(capsys, "golden", "accept", "small", *WHY)
        assert found["approval"]["reason"] == "listened to all of it"
        assert Path(found["previous"]).is_dir()
        assert "bird" in read_golden(place / "golden" / "small").records

    @pytest.mark.parametrize("name", CI_VARIABLES)
    def test_is_refused_in_a_pipeline(
        self,
        name: str,
        place: Path,
        waiting: Callable[[], None],
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        waiting()
        monkeypatch.setenv(name, "true")
        assert told(capsys, "golden", "accept", "small", *WHY, status=2) == ""
        assert "bird" not in read_golden(place / "golden" / "small").records
        assert read_approvals(place / "golden") == ()

    @pytest.mark.parametrize("value", ["", "0", "false", "False"])
    def test_is_not_refused_where_there_is_none(self, value: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", value)
        assert main(["golden", "accept", "small", *WHY]) == 0

    def test_names_whoever_is_logged_in(
        self, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("getpass.getuser", lambda: "joan")
        assert "approved by joan" in told(capsys, "golden", "accept", "small", "--reason", "listened")

    def test_without_a_name_asks_for_one(
        self, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nobody() -> str:
            raise OSError("no user")

        monkeypatch.setattr("getpass.getuser", nobody)
        assert main(["golden", "accept", "small", "--reason", "x"]) == 2
        assert "--approver: say who decides" in capsys.readouterr().err

    def test_does_not_touch_what_travels_with_the_package(
        self, place: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert told(capsys, "golden", "show", "shipped", "door")
        assert main(["golden", "accept", "shipped", *WHY]) == 2


class TestPrune:
    def test_lists_and_removes_only_when_told_to(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (place / "small.probes.yaml").write_text(SUITE.partition("  - id: crane")[0], "utf-8")
        assert told(capsys, "golden", "prune", status=4) == (
            "small: 2 probes that no suite names:\n  crane\n  window\n"
        )
        assert told(capsys, "golden", "prune", "small", "--yes", status=2) == "", "without a reason"
        assert len(read_golden(place / "golden" / "small").records) == 6
        found = data(capsys, "golden", "prune", "small", "--yes", *WHY)
        assert found["approval"]["action"] == "prune"
        assert len(read_golden(place / "golden" / "small").records) == 4
        assert data(capsys, "golden", "prune", "small")["unnamed"] == {"small": []}

    def test_is_refused_in_a_pipeline(
        self, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (place / "small.probes.yaml").write_text(SUITE.partition("  - id: crane")[0], "utf-8")
        monkeypatch.setenv("CI", "1")
        assert told(capsys, "golden", "prune", "small", "--yes", *WHY, status=2) == ""
        assert len(read_golden(place / "golden" / "small").records) == 6

    def test_of_all_at_once_is_refused(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert told(capsys, "golden", "prune", "--yes", *WHY, status=2) == ""

    def test_says_which_suite_it_did_not_find(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        shutil.move(place / "small.probes.yaml", place / "other.probes.yaml")
        assert main(["golden", "prune", "small"]) == 0
        assert "its suite small.probes.yaml was not found here" in capsys.readouterr().err

    def test_without_any_suite_is_refused(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (place / "small.probes.yaml").unlink()
        assert told(capsys, "golden", "prune", status=2) == ""
