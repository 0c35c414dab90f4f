"""A fleet is read whole, gated where nothing is known, and told in one report, whatever happens to one of its gates."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from harness.core.errors import BadInput, StorageError
from harness.core.grades import Verdict
from harness.fleet import audit as module
from harness.fleet import course, holding
from harness.fleet.audit import audit
from harness.fleet.course import Way
from harness.fleet.looking import Terms
from harness.report.page import fleet as report
from harness.storage.leases import lock_alone
from tests.fake_gates import FakeGates, fake_fleet

NAMES = ("a", "b", "c")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Auditor:
    """Audits a fleet with fake gates, and keeps what was told."""

    def __init__(self, folder: Path) -> None:
        self.terms = Terms(folder=folder / ".soundcheck")
        self.told: list[str] = []

    def __call__(self, fleet, gates, *, jobs=1, terms=None):
        way = Way(tell=self.told.append, progress=lambda _: None, now="2026-11-30T00:00:00", jobs=jobs, make=gates.make)
        return audit(fleet, terms or self.terms, way, report.write)


@pytest.fixture
def run(project):
    return Auditor(project)


def verdicts(done):
    return {row.name: row.verdict for row in done.report.rows}


class TestAudit:
    def test_gates_all_and_reports_in_the_order_of_the_list(self, run, project):
        gates = FakeGates(verdicts={"b": Verdict.FAIL})
        done = run(fake_fleet(project, NAMES), gates)
        assert verdicts(done) == {"a": Verdict.PASS, "b": Verdict.FAIL, "c": Verdict.PASS}
        assert (done.judged, done.report.ending, done.report.number) == (3, 1, 1)
        content = json.loads((done.folder / "fleet.json").read_text("utf-8"))
        assert [one["name"] for one in content["models"]] == list(NAMES)
        assert [one["is_new"] for one in content["models"]] == [True] * 3
        assert "../../runs/" in (done.folder / "fleet.html").read_text("utf-8")

    def test_of_an_unchanged_fleet_gates_nothing(self, run, project):
        fleet = fake_fleet(project, NAMES)
        run(fleet, FakeGates(verdicts={"b": Verdict.FAIL, "c": Verdict.INCONCLUSIVE}))
        again = FakeGates()
        done = run(fleet, again)
        assert again.begun == []
        assert verdicts(done) == {"a": Verdict.PASS, "b": Verdict.FAIL, "c": Verdict.INCONCLUSIVE}
        assert [row.news for row in done.report.rows] == ["", "", ""]
        assert [row.history for row in done.report.rows] == [(one,) for one in verdicts(done).values()]

    def test_gates_what_changed_and_says_what(self, run, project):
        run(fake_fleet(project, NAMES), FakeGates())
        (project / "b/fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
        gates = FakeGates(verdicts={"b": Verdict.FAIL})
        done = run(fake_fleet(project, ["a", "c"], *(f"path = '{name}'" for name in NAMES)), gates)
        assert gates.begun == ["b"]
        assert [row.news for row in done.report.rows] == ["", "was pass; the model changed", ""]

    @pytest.mark.parametrize(
        ("defaults", "told"),
        [
            ("takes = 3", "options changed"),
            ("seed = 7", "options changed"),
            ("policy = 'p.toml'", "the policy changed"),
        ],
    )
    def test_gates_all_where_what_judges_changed(self, defaults, told, run, project):
        (project / "p.toml").write_text('version = 1\ntitle = "T"\nowner = "us"\n', "utf-8")
        run(fake_fleet(project, NAMES), FakeGates())
        gates = FakeGates()
        done = run(fake_fleet(project, NAMES, defaults=defaults), gates)
        assert len(gates.begun) == 3
        assert {row.news for row in done.report.rows} == {f"{told}, still pass"}

    def test_gates_one_of_several_that_are_the_same(self, run, project):
        fleet = fake_fleet(project, ["a"], "path = 'a'", "path = 'a'\nname = 'twin'")
        gates = FakeGates(verdicts={"a": Verdict.FAIL})
        done = run(fleet, gates)
        assert gates.begun == ["a"]
        assert verdicts(done) == {"a": Verdict.FAIL, "twin": Verdict.FAIL}

    def test_begins_with_the_highest_priority(self, run, project):
        tables = ("path = 'a'", "path = 'b'\npriority = -1", "path = 'c'\npriority = 5")
        gates = FakeGates()
        run(fake_fleet(project, NAMES, *tables), gates)
        assert gates.begun == ["c", "a", "b"]

    def test_reads_every_file_before_any_gate_begins(self, run, project, monkeypatch):
        happened: list[str] = []
        admit = module.Eye.admit
        monkeypatch.setattr(
            module.Eye, "admit", lambda eye, one: (happened.append(f"admit {one.member.name}"), admit(eye, one))[1]
        )
        run(fake_fleet(project, NAMES), FakeGates(meanwhile=lambda one: happened.append(f"gate {one.member.name}")))
        assert happened == [f"admit {name}" for name in NAMES] + [f"gate {name}" for name in NAMES]

    def test_asks_no_stored_verdict_where_all_is_to_be_new(self, run, project):
        fleet = fake_fleet(project, NAMES)
        run(fleet, FakeGates())
        gates = FakeGates()
        run(fleet, gates, terms=Terms(folder=run.terms.folder, is_fresh=True))
        assert len(gates.begun) == 3

    def test_names_what_is_listed_no_more(self, run, project):
        run(fake_fleet(project, NAMES), FakeGates())
        assert run(fake_fleet(project, ["a"]), FakeGates()).report.gone == ("b", "c")

    def test_keeps_twelve_audits(self, run, project):
        fleet = fake_fleet(project, ["a"])
        for _ in range(14):
            done = run(fleet, FakeGates())
        assert len(list(done.folder.glob("audits/*.json"))) == 12
        assert len(done.report.rows[0].history) == 12

    def test_runs_several_gates_at_once(self, run, project):
        gates = FakeGates()
        assert run(fake_fleet(project, NAMES), gates, jobs=3).judged == 3


class TestTrouble:
    def test_with_one_gate_does_not_stop_the_others(self, run, project):
        done = run(fake_fleet(project, NAMES), FakeGates(statuses={"b": [4]}))
        assert verdicts(done) == {"a": Verdict.PASS, "b": Verdict.ERROR, "c": Verdict.PASS}
        assert done.report.rows[1].reason == "its gate ended with 4 and no run: soundcheck: told by 4"
        assert done.report.ending == 3

    def test_is_no_verdict_and_the_next_audit_looks_again(self, run, project):
        fleet = fake_fleet(project, NAMES)
        run(fleet, FakeGates(verdicts={"b": Verdict.ERROR}))
        gates = FakeGates()
        assert verdicts(run(fleet, gates))["b"] is Verdict.PASS
        assert gates.begun == ["b"]

    def test_a_gate_that_is_killed_goes_on(self, run, project):
        gates = FakeGates(statuses={"b": [-signal.SIGKILL]})
        assert verdicts(run(fake_fleet(project, NAMES), gates))["b"] is Verdict.PASS
        assert gates.begun == ["a", "b", "b", "c"]
        assert "b: its gate was ended by SIGKILL; it goes on" in run.told

    def test_one_that_is_killed_again_has_no_verdict(self, run, project):
        gates = FakeGates(statuses={"b": [-signal.SIGKILL, -signal.SIGSEGV]})
        done = run(fake_fleet(project, NAMES), gates)
        assert done.report.rows[1].reason == "its gate was ended by SIGSEGV"
        assert verdicts(done)["c"] is Verdict.PASS

    @pytest.mark.parametrize(("verdict", "status"), [(Verdict.PASS, 1), (Verdict.FAIL, 0), (Verdict.FAIL, 10)])
    def test_an_exit_code_that_says_otherwise_than_the_run_is_no_verdict(self, verdict, status, run, project):
        done = run(fake_fleet(project, ["a"]), FakeGates(verdicts={"a": verdict}, statuses={"a": [status]}))
        assert verdicts(done) == {"a": Verdict.ERROR}
        assert done.report.rows[0].reason == f"its gate ended with {status}, though its run says {verdict.value}"

    @pytest.mark.parametrize(
        "otherwise",
        [{"golden_digest": "ab" * 32}, {"policy_digest": "ab" * 32}, {"suites": ()}, {"asr": {"name": "x"}}],
    )
    def test_a_verdict_by_something_else_is_none(self, otherwise, run, project):
        """What a path names may be another by the time at which a gate reads it."""
        done = run(fake_fleet(project, ["a"]), FakeGates(otherwise=otherwise))
        assert verdicts(done) == {"a": Verdict.ERROR}
        assert "what it is judged by was changed" in done.report.rows[0].reason

    def test_nor_is_one_by_a_suite_that_was_written_meanwhile(self, run, project):
        def change(_):
            with (project / "two.probes.yaml").open("a") as file:
                file.write("# more\n")

        assert verdicts(run(fake_fleet(project, ["a"]), FakeGates(meanwhile=change))) == {"a": Verdict.ERROR}

    def test_nor_is_one_by_another_soundcheck_than_its_key_names(self, run, project, monkeypatch):
        """An upgrade while a fleet is judged: what began since is of other rules."""
        monkeypatch.setattr(course, "code_now", lambda: "ab" * 32)
        done = run(fake_fleet(project, ["a"]), FakeGates())
        assert verdicts(done) == {"a": Verdict.ERROR}
        assert "Soundcheck was changed while it judged" in done.report.rows[0].reason

    def test_a_suite_that_is_not_there_ends_it_before_anything_is_read(self, run, project):
        fleet = fake_fleet(project, NAMES, "path = 'a'\nsuites = ['none.probes.yaml']")
        with pytest.raises(BadInput, match=r"none.probes.yaml: no such suite"):
            run(fleet, FakeGates())

    def test_two_at_a_time_are_one_too_many(self, run, project, monkeypatch):
        monkeypatch.setattr(holding, "WAIT_SECONDS", 0.0)
        fleet = fake_fleet(project, ["a"])
        assert lock_alone(run.terms.folder / "fleets/fleet/lock") is not None
        with pytest.raises(StorageError, match="another process works on this fleet"):
            run(fleet, FakeGates())


class TestStopped:
    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_it_goes_on_as_the_same_audit_with_the_same_bytes(self, place, project, tmp_path_factory):
        fleet = fake_fleet(project, NAMES)
        whole = Auditor(project)
        whole.terms = Terms(folder=tmp_path_factory.mktemp("whole"))
        cut = Auditor(project)
        cut.terms = Terms(folder=tmp_path_factory.mktemp("cut"))
        first = {"b": Verdict.FAIL}
        for auditor in (whole, cut):
            auditor(fleet, FakeGates(verdicts=first))
        fake_fleet(project, NAMES, defaults="takes = 3")
        fleet = fake_fleet(project, NAMES, defaults="takes = 3")

        def stop(looked):
            if looked.member.name == NAMES[place]:
                raise KeyboardInterrupt

        stopped, rest = FakeGates(meanwhile=stop), FakeGates()
        with pytest.raises(KeyboardInterrupt):
            cut(fleet, stopped)
        done, expected = cut(fleet, rest), whole(fleet, FakeGates())
        assert [*stopped.begun[:-1], *rest.begun] == list(NAMES), "nothing was judged twice"
        for name in ("fleet.json", "fleet.html"):
            assert (done.folder / name).read_bytes() == (expected.folder / name).read_bytes()
        assert done.report.number == 2

    def test_while_its_report_is_written_it_is_the_same_one_too(self, run, project, monkeypatch):
        fleet = fake_fleet(project, NAMES)

        def fail(*_):
            raise StorageError("full")

        with monkeypatch.context() as patch:
            patch.setattr(module.Audits, "end", fail)
            with pytest.raises(StorageError, match="full"):
                run(fleet, FakeGates())
        data = (run.terms.folder / "fleets/fleet/fleet.json").read_bytes()
        gates = FakeGates()
        done = run(fleet, gates)
        assert gates.begun == []
        assert (done.folder / "fleet.json").read_bytes() == data


class TestStrangers:
    def test_a_model_that_vanishes_is_an_error_of_its_own(self, run, project):
        fleet = fake_fleet(project, NAMES)

        def vanish(_):
            (project / "c/fake.json").unlink(missing_ok=True)

        done = run(fleet, FakeGates(meanwhile=vanish, statuses={"c": [4]}))
        assert verdicts(done)["c"] is Verdict.ERROR
        assert done.report.ending == 3

    def test_a_verdict_on_files_of_other_permissions_is_not_kept(self, run, project):
        """Contents are the same, and what the gate admitted is not what the key names."""
        fleet = fake_fleet(project, ["a"])
        modes = iter([0o644, 0o755])
        place = project / "a/fake.json"
        place.chmod(0o755)
        gates = FakeGates(meanwhile=lambda _: place.chmod(next(modes)))
        done = run(fleet, gates)
        assert gates.begun == ["a", "a"]
        assert verdicts(done) == {"a": Verdict.ERROR}, "it was changed twice"
        assert verdicts(run(fleet, FakeGates())) == {"a": Verdict.PASS}

    def test_one_that_changes_before_its_gate_is_read_and_admitted_anew(self, run, project):
        """The gate says of which files its verdict is; a verdict of others is none of the model that was admitted."""
        fleet = fake_fleet(project, NAMES)
        changed: list[str] = []

        def change(looked):
            if looked.member.name == "a" and not changed:
                (project / "c/fake.json").write_text('{"version": 1, "faults": [  ]}', "utf-8")
                changed.append("c")

        gates = FakeGates(meanwhile=change)
        gates.digest = lambda one: "0" * 64 if one.member.name == "c" and gates.begun.count("c") < 2 else one.digest
        done = run(fleet, gates)
        assert gates.begun == ["a", "b", "c", "c"]
        assert "c: its files were changed; they are read and admitted anew" in run.told
        assert verdicts(done)["c"] is Verdict.PASS

    def test_one_that_changes_each_time_has_no_verdict(self, run, project):
        gates = FakeGates(digest=lambda _: "0" * 64)
        done = run(fake_fleet(project, ["a"]), gates)
        assert gates.begun == ["a", "a"]
        assert done.report.rows[0].reason.startswith("its files were changed while they were looked at")

    def test_one_that_admission_refuses_is_gated_and_never_passed_by_the_scan(self, run, project):
        fleet = fake_fleet(project, NAMES)
        (project / "b/run.py").write_text("print()", "utf-8")
        done = run(fleet, FakeGates(verdicts={"b": Verdict.FAIL}))
        assert any(line.startswith("b: not loaded: admission-directory failed") for line in run.told)
        assert verdicts(done)["b"] is Verdict.FAIL

    def test_one_without_a_model_is_no_pass(self, run, project):
        fleet = fake_fleet(project, ["a"], "glob = 'up/*'")
        (project / "up/empty").mkdir(parents=True)
        (project / "up/linked").symlink_to(project / "a")
        done = run(fleet, gates := FakeGates())
        assert gates.begun == []
        assert set(verdicts(done).values()) == {Verdict.ERROR}
        assert done.report.ending == 3

    @pytest.mark.parametrize("target", ["/proc/kcore", "/etc/passwd", "../b/fake.json", "/nowhere"])
    def test_one_with_a_link_to_elsewhere_is_not_read(self, target, run, project):
        """What it leads to may be somebody's secret, or be read for ever; a person who names the path means it."""
        fake_fleet(project / "up", ["a", "b"])
        (project / "up/a/more.pth").symlink_to(target)
        done = run(fake_fleet(project, [], "glob = 'up/*'"), FakeGates())
        assert verdicts(done) == {"up/a": Verdict.ERROR, "up/b": Verdict.PASS}
        assert done.report.rows[0].reason.startswith("up/a/more.pth: is a link that leads out of the model")

    def test_one_that_is_larger_than_any_voice_is_not_read(self, run, project):
        fleet = fake_fleet(project, ["a", "b"])
        with (project / "a/model.pth").open("wb") as file:
            file.truncate(80 << 30)
        done = run(fleet, FakeGates())
        assert verdicts(done) == {"a": Verdict.ERROR, "b": Verdict.PASS}
        assert "expected files of at most 64 GB together, got 80 GB" in done.report.rows[0].reason

    @pytest.mark.parametrize("inside", ["dir", "suite", "list"])
    def test_none_may_say_how_it_is_judged(self, inside, run, project):
        terms, tables = run.terms, ["path = 'a'"]
        if inside == "dir":
            terms = Terms(folder=project / "a/.soundcheck")
        if inside == "suite":
            (project / "a/own.probes.yaml").write_bytes(
                (fake_fleet(project, ["a"]).folder / "two.probes.yaml").read_bytes()
            )
            tables = ["path = 'a'\nsuites = ['a/own.probes.yaml']"]
        if inside == "list":
            fleet = fake_fleet(project / "a", ["inner"], f"path = '{project}/a'")
            (project / "a/fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
        else:
            fleet = fake_fleet(project, ["a"], *tables)
        done = run(fleet, FakeGates(), terms=terms)
        assert set(verdicts(done).values()) == {Verdict.ERROR}
        assert "lies in the candidate" in done.report.rows[0].reason
