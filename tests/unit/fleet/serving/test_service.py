"""What is handed in is judged once and answered, whatever ends the service, and what cannot be judged never passes."""

from __future__ import annotations

import json
import os
import signal

import pytest

from harness.core.errors import BadInput, SoundcheckError, StorageError
from harness.core.grades import Verdict
from harness.fleet.looking import Terms
from harness.fleet.serving import rules as rules_module
from harness.fleet.serving.answers import Reasons, State
from harness.fleet.serving.rules import Rules
from harness.fleet.serving.service import ending_of
from harness.placing.local import LocalPlaces
from tests.fake_gates import FakeGates
from tests.served import UNKNOWN, Served, SlowGates, project, upload


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project(tmp_path)
    return tmp_path


def answer(served, digest):
    return json.loads((served.service.folder / f"answers/{digest}.json").read_text("utf-8"))


class TestAnswers:
    @pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE])
    def test_repeat_the_verdict_and_say_of_what_by_what_and_when(self, verdict, place):
        digest = upload(place, "a")
        served = Served(place, FakeGates(verdicts={digest: verdict}))
        served.service.queue.hand_in(digest, "mine")
        (found,) = served.until_idle()
        assert (found.state.value, found.digest, found.name) == (verdict.value, digest, "mine")
        assert found.ruleset == served.rules.ruleset
        assert found.judged.startswith("20")
        assert found.key
        assert f"it was to {verdict.value}" in found.reason or verdict is Verdict.PASS
        assert answer(served, digest)["state"] == verdict.value
        assert served.queue_names() == []

    def test_come_in_the_order_in_which_models_were_handed_in(self, place):
        digests = [upload(place, mark) for mark in "abc"]
        served = Served(place)
        for number, digest in enumerate(digests):
            served.service.queue.hand_in(digest, "")
            os.utime(served.service.queue_folder / f"{digest}.json", (number, number))
        served.until_idle()
        assert served.gates.begun == digests

    def test_are_given_at_once_where_a_verdict_stands(self, place):
        digest = upload(place, "a")
        first = Served(place, FakeGates(verdicts={digest: Verdict.FAIL}))
        first.service.queue.hand_in(digest, "")
        (given,) = first.until_idle()
        again = Served(place)
        again.service.queue.hand_in(digest, "")
        (found,) = again.until_idle()
        assert again.gates.begun == []
        assert found == given

    def test_of_several_gates_at_once_are_all_given(self, place):
        digests = {upload(place, mark) for mark in "abcde"}
        served = Served(place, jobs=3)
        for digest in digests:
            served.service.queue.hand_in(digest, "")
        assert {one.digest for one in served.until_idle()} == digests

    @pytest.mark.parametrize("reasons", Reasons)
    def test_say_no_more_than_uploaders_may_read(self, reasons, place):
        digest = upload(place, "a")
        served = Served(place, FakeGates(verdicts={digest: Verdict.FAIL}), reasons=reasons)
        served.service.queue.hand_in(digest, "")
        served.service.queue.hand_in(UNKNOWN, "")
        served.until_idle()
        text = (served.service.folder / f"answers/{digest}.json").read_text("utf-8")
        assert ("it was to fail" in text) is (reasons is Reasons.ALL)
        text = (served.service.folder / f"answers/{UNKNOWN}.json").read_text("utf-8")
        assert ("no folder" in text) is (reasons is Reasons.ALL)

    def test_end_as_a_fleet_s_rows_do(self, place):
        verdicts = {upload(place, "a"): Verdict.PASS, upload(place, "b"): Verdict.INCONCLUSIVE}
        served = Served(place, FakeGates(verdicts=verdicts))
        for digest in verdicts:
            served.service.queue.hand_in(digest, "")
        assert ending_of(served.until_idle()) == 10
        served.service.queue.hand_in(UNKNOWN, "")
        assert ending_of(served.until_idle()) == 3
        assert ending_of([]) == 0


class TestNoVerdict:
    def answered(self, place, digest, gates=None):
        served = Served(place, gates)
        served.service.queue.hand_in(digest, "")
        (found,) = served.until_idle()
        return served, found

    def test_on_what_is_not_among_the_uploads(self, place):
        served, found = self.answered(place, UNKNOWN)
        assert (found.state, found.ending, served.gates.begun) == (State.NONE, 3, [])

    def test_on_files_of_another_digest(self, place):
        digest = upload(place, "a")
        (place / "uploads" / digest).rename(place / "uploads" / UNKNOWN)
        served, found = self.answered(place, UNKNOWN)
        assert (found.state, served.gates.begun) == (State.ERROR, [])
        assert found.reason == f"its files have the digest {digest}, and were handed in as {UNKNOWN}"

    @pytest.mark.parametrize("kind", ["link", "inner link", "file", "empty", "pipe"])
    def test_on_what_strangers_leave(self, kind, place):
        digest = upload(place, "a")
        folder = place / "uploads" / digest
        if kind == "link":
            folder.rename(place / "elsewhere")
            folder.symlink_to(place / "elsewhere")
        elif kind == "inner link":
            (folder / "more").symlink_to("/etc/passwd")
        elif kind == "pipe":
            os.mkfifo(folder / "more")
        else:
            for path in folder.iterdir():
                path.unlink()
            if kind == "file":
                folder.rmdir()
                folder.write_text("x", "utf-8")
        served, found = self.answered(place, digest)
        assert found.state in (State.ERROR, State.NONE)
        assert served.gates.begun == []

    def test_on_files_that_change_while_they_are_judged(self, place):
        """Handed in was the digest; what lies there by then is another model, and no verdict on that is given."""
        digest = upload(place, "a")
        path = place / "uploads" / digest / "README.md"
        gates = FakeGates(meanwhile=lambda _: path.write_text("other", "utf-8"), digest=lambda _: "0" * 64)
        served, found = self.answered(place, digest, gates)
        assert (found.state, served.gates.begun) == (State.ERROR, [digest])
        assert "handed in as" in found.reason

    @pytest.mark.parametrize("statuses", [[4], [-signal.SIGKILL, -signal.SIGSEGV], [3]])
    def test_where_its_gate_gave_none_and_it_is_looked_at_again(self, statuses, place):
        digest = upload(place, "a")
        served, found = self.answered(place, digest, FakeGates(statuses={digest: list(statuses)}))
        assert (found.state, found.ending) == (State.ERROR, 3)
        served.service.queue.hand_in(digest, "")
        (found,) = served.until_idle()
        assert found.state is State.PASS

    def test_on_a_submission_that_cannot_be_read(self, place):
        served = Served(place)
        path = served.service.queue_folder / f"{UNKNOWN}.json"
        path.write_text("{", "utf-8")
        os.utime(path, (1, 1))
        (found,) = served.until_idle()
        assert found.state is State.ERROR
        assert "its submission cannot be read" in found.reason

    def test_of_a_stray_file_is_told_once(self, place):
        served = Served(place)
        (served.service.queue_folder / "x.txt").write_text("", "utf-8")
        served.until_idle()
        served.until_idle()
        assert [line for line in served.told if "x.txt" in line] == [
            "queue/x.txt: is left alone; a submission is called by 64 hex digits and .json"
        ]


class TestOtherRules:
    @pytest.fixture(autouse=True)
    def always_looked_at(self, monkeypatch):
        monkeypatch.setattr(rules_module, "LOOK_SECONDS", -1.0)
        monkeypatch.setattr(rules_module, "SHARE", 0)

    def test_take_the_verdict_from_what_was_answered_and_judge_it_again_when_it_is_asked_for(self, place):
        digest = upload(place, "a")
        served = Served(place)
        served.service.queue.hand_in(digest, "")
        served.until_idle()
        project(place, "takes = 3\n")
        assert served.until_idle() == []
        assert answer(served, digest)["state"] == "outdated"
        assert "what models are judged by was changed" in served.told[-1]
        served.service.queue.hand_in(digest, "")
        (found,) = served.until_idle()
        assert found.state is State.PASS
        assert served.gates.begun == [digest, digest]

    def test_while_a_gate_runs_have_it_judged_by_those(self, place):
        digest = upload(place, "a")
        changed = []

        def change(_):
            if not changed:
                changed.append(project(place, "takes = 3\n"))

        served = Served(place, FakeGates(meanwhile=change))
        served.service.queue.hand_in(digest, "")
        (found,) = served.until_idle(SlowGates)
        assert served.gates.begun == [digest, digest]
        assert found.ruleset == served.rules.ruleset

    @pytest.mark.parametrize(
        ("text", "kind", "told"),
        [
            ("version = 1\n", BadInput, "expected 1 to 1000 tables"),
            ("[", BadInput, "expected TOML"),
            ("version = 1\nname = 'x'\n[serve]\nuploads = 'uploads'\nsuites = ['two.probes.yaml']\nasr = 'fake'\n",
             SoundcheckError, "name or uploads are others"),
        ],
    )  # fmt: skip
    def test_that_cannot_be_are_one_line_and_end_it(self, text, kind, told, place):
        served = Served(place)
        (place / "fleet.toml").write_text(text, "utf-8")
        with LocalPlaces() as gates:
            served.service.turn(gates)
            with pytest.raises(kind, match=told):
                served.service.turn(gates)

    def test_that_somebody_is_writing_at_this_moment_are_looked_at_again(self, place):
        served = Served(place)
        text = (place / "fleet.toml").read_text("utf-8")
        with LocalPlaces() as gates:
            for half in ("", text, text[:20], text):
                (place / "fleet.toml").write_text(half, "utf-8")
                served.service.turn(gates)
        assert served.told == []

    def test_of_another_soundcheck_end_it(self, place, monkeypatch):
        served = Served(place)
        monkeypatch.setattr(rules_module, "code_now", lambda: "other")
        with LocalPlaces() as gates, pytest.raises(SoundcheckError, match="Soundcheck was changed while it judged"):
            served.service.turn(gates)

    def test_are_looked_at_when_it_is_time_to(self, place, monkeypatch):
        monkeypatch.setattr(rules_module, "LOOK_SECONDS", 3600.0)
        found = Rules(place / "fleet.toml", _terms(place), lambda _: None)
        project(place, "takes = 3\n")
        assert not found.look()
        found._until = 0.0
        assert found.look()
        assert not found.look()

    def test_without_uploads_are_none(self, place):
        (place / "fleet.toml").write_text("version = 1\n[[model]]\npath = 'a'\nsuites = ['two.probes.yaml']\n", "utf-8")
        with pytest.raises(BadInput, match=r"expected a table \[serve\]"):
            Rules(place / "fleet.toml", _terms(place), lambda _: None)
        project(place)
        (place / "uploads").rmdir()
        with pytest.raises(BadInput, match="no such folder"):
            Rules(place / "fleet.toml", _terms(place), lambda _: None)


def _terms(place):
    return Terms(folder=place / ".soundcheck")


class TestStopped:
    @pytest.mark.parametrize(
        "moment", ["before its gate", "before it is stored", "before its answer", "after its answer"]
    )
    def test_at_any_moment_nothing_is_lost_and_nothing_judged_twice(self, moment, place, monkeypatch):
        digest = upload(place, "a")
        stopped = FakeGates()
        served = Served(place, stopped)
        served.service.queue.hand_in(digest, "mine")

        def stop(*_):
            raise KeyboardInterrupt

        if moment == "before its gate":
            stopped.meanwhile = stop
        elif moment == "before it is stored":
            monkeypatch.setattr(served.service._verdicts, "keep", stop)
        elif moment == "before its answer":
            monkeypatch.setattr(served.service.answers, "keep", stop)
        else:
            monkeypatch.setattr(served.service.queue, "done", stop)
        with pytest.raises(KeyboardInterrupt):
            served.until_idle()
        again = Served(place)
        assert again.queue_names() == [digest]
        (found,) = again.until_idle()
        assert (found.state, found.name) == (State.PASS, "mine")
        is_stored = moment in ("before its answer", "after its answer")
        assert again.gates.begun == ([] if is_stored else [digest])
        assert again.queue_names() == []

    def test_a_full_disk_keeps_what_waits(self, place, monkeypatch):
        digest = upload(place, "a")
        served = Served(place)
        served.service.queue.hand_in(digest, "")

        def full(*_):
            raise StorageError("full")

        monkeypatch.setattr(served.service.answers, "keep", full)
        with pytest.raises(StorageError):
            served.until_idle()
        assert served.queue_names() == [digest]
