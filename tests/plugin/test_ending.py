"""Printed verdict, exit code and reports say the same, whatever pytest is told.

The matrix itself is tested in ``unit/core/test_ending.py``, cell by cell.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("cryptography")

from harness.cli.main import main
from harness.core.exits import EXIT_OF
from harness.core.types import Verdict
from tests.conftest import MODEL_CHECKS, TWO_PHRASES, Voice
from tests.signoff_samples import make_keys

NOT_SAID = {"kind": "drop-word", "word": "not", "when": "osprey"}
NAN = {"kind": "nan", "when": "door"}
PROBES = 2
ITEMS = PROBES + sum(not name.startswith("cost-") for name in MODEL_CHECKS)
Gate = Callable[..., pytest.RunResult]


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path) -> Gate:
    """Run two phrases on a model, without metering; the word behind the golden's is empty for none."""
    (pytester.path / "two.probes.yaml").write_text(TWO_PHRASES, "utf-8")

    def run(
        model: Path, *arguments: str, golden: str = "small", what: str = "two.probes.yaml", apart: bool = False,
        cost: str = "off",
    ) -> pytest.RunResult:  # fmt: skip
        start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return start(
            what, "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake", f"--tts-cost={cost}",
            f"-otts_golden_dir={recorded / 'golden'}", *([f"--tts-golden={golden}"] if golden else []), *arguments,
        )  # fmt: skip

    return run


def run_folder(pytester: pytest.Pytester) -> Path:
    (folder,) = (pytester.path / ".soundcheck" / "runs").iterdir()
    return folder


def results(pytester: pytest.Pytester) -> dict:
    return dict(json.loads((run_folder(pytester) / "results.json").read_text("utf-8")))


def printed(done: pytest.RunResult) -> str:
    """The verdict's word, as a person reads it."""
    words = {one.value.upper(): one.value for one in Verdict}
    (found,) = [
        words[line.split("  ")[0]] for line in done.outlines if line.split("  ")[0] in words and "candidate" in line
    ]
    return found


class TestAgreement:
    """One session for each kind of verdict."""

    @pytest.mark.parametrize(
        ("faults", "arguments", "golden", "conftest", "verdict", "status"),
        [
            ([], ("--tts-gate=release",), "small", "", "pass", 0),
            ([NAN], ("--tts-gate=release",), "small", "", "fail", 1),
            ([], ("--tts-gate=release",), "", "", "inconclusive", 10),
            ([], ("--tts-gate=release", "-k", "not door"), "small", "", "inconclusive", 10),
            ([], (), "small", "raise RuntimeError('no such table')", "error", 3),
            ([], (), "", "", "inconclusive", 10),
        ],
        ids=["pass", "fail", "inconclusive", "incomplete", "error", "nothing judged"],
    )
    def test_of_all_that_says_a_verdict(
        self, faults: list[dict], arguments: tuple[str, ...], golden: str, conftest: str, verdict: str, status: int,
        gate: Gate, fake_voice: Voice, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        if conftest:
            pytester.makeconftest(
                "import pytest\n@pytest.fixture(autouse=True)\ndef database(request):\n"
                f"    if request.node.name == 'train':\n        {conftest}\n"
            )
        done = gate(
            fake_voice(*faults), *arguments, "--junitxml=junit.xml", "--tts-report=sarif=s.sarif",
            "--tts-report=github-annotations=a.txt", "--tts-report=csv=t.csv", golden=golden,
            cost="auto" if verdict == "pass" else "off",  # a sign-off wants the cost of what passed
        )  # fmt: skip
        assert done.ret == status
        assert printed(done) == verdict
        found = results(pytester)
        assert found["verdict"] == verdict
        (sarif,) = json.loads((pytester.path / "s.sarif").read_text("utf-8"))["runs"]
        assert sarif["invocations"][0]["exitCode"] == status
        assert sarif["invocations"][0]["exitCodeDescription"] == verdict
        assert f"Soundcheck {verdict.upper()}" in (pytester.path / "a.txt").read_text("utf-8")
        assert f",{verdict}," in (pytester.path / "t.csv").read_text("utf-8")
        self.assert_junit_agrees(pytester, found, is_release="--tts-gate=release" in arguments)
        capsys.readouterr()
        wanted = EXIT_OF[Verdict(verdict)]
        assert main(["report", str(run_folder(pytester))]) == wanted
        assert main(["signoff", str(run_folder(pytester)), "--key", str(make_keys(pytester.path).private)]) == wanted

    def assert_junit_agrees(self, pytester: pytest.Pytester, found: dict, *, is_release: bool) -> None:
        """Each case has its item's verdict as a property, and is red where the gate is."""
        red = {"fail", "error"} | ({"inconclusive"} if is_release else set())
        wanted = {one["subject"]: one["verdict"] for one in found["outcomes"]}
        run_id = found["info"]["run_id"]
        seen = {}
        for case in ElementTree.parse(pytester.path / "junit.xml").iter("testcase"):
            properties = {one.get("name"): one.get("value") for one in case.iter("property")}
            seen[case.get("name")] = properties["tts_verdict"]
            is_red = case.find("failure") is not None or case.find("error") is not None
            assert is_red == (properties["tts_verdict"] in red)
            assert properties["tts_run"] == run_id
        assert seen.items() <= wanted.items()
        assert found["complete"] is (seen == wanted and len(seen) == found["planned"])


XFAIL = """\
import pytest
def pytest_collection_modifyitems(items):
    for item in items:
        if item.name == {name!r}:
            item.add_marker(pytest.mark.{mark})
"""
MARKS = {
    "xfail": ("xfail(reason='known')", 1),
    "xfail strict": ("xfail(strict=True)", 1),
    "xfail raises": ("xfail(raises=Exception)", 1),
    "xfail not run": ("xfail(run=False)", 10),
    "skip": ("skip(reason='flaky')", 10),
    "skipif": ("skipif(True, reason='flaky')", 10),
}
SETS_0 = {
    "sessionfinish, last": "@pytest.hookimpl(trylast=True)\ndef pytest_sessionfinish(session): session.exitstatus = 0",
    "sessionfinish, around": """\
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    result = yield
    session.exitstatus = 0
    return result
""",
    "unconfigure": """\
def pytest_sessionstart(session): session.config.kept = session
@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config): config.kept.exitstatus = 0
""",
    "main, around": """\
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    yield
    return 0
""",
    "report": """\
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.outcome = "passed"
    return report
""",
    "nothing": "@pytest.hookimpl(trylast=True)\ndef pytest_collection_finish(session): session.items[:] = []",
}


class TestQuarantine:
    """What the user's own tests set aside stays in the verdict."""

    @pytest.mark.parametrize("gate_name", ["ci", pytest.param("release", marks=pytest.mark.slow)])
    @pytest.mark.parametrize("mark", ["xfail", *(pytest.param(one, marks=pytest.mark.slow) for one in list(MARKS)[1:])])
    def test_by_a_mark_is_no_way_to_accept_a_failure(
        self, mark: str, gate_name: str, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        text, status = MARKS[mark]
        pytester.makeconftest(XFAIL.format(name="door", mark=text))
        done = gate(fake_voice(NAN), f"--tts-gate={gate_name}")
        assert done.ret == status
        assert printed(done) == ("fail" if status == 1 else "inconclusive")
        assert done.parseoutcomes().get("xfailed", 0) == (1 if mark == "xfail not run" else 0)

    @pytest.mark.slow
    def test_a_probe_that_passes_is_not_failed_by_a_strict_xfail(
        self, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        pytester.makeconftest(XFAIL.format(name="door", mark="xfail(strict=True)"))
        done = gate(fake_voice(), "--tts-gate=release")
        assert (done.ret, printed(done)) == (0, "pass")
        done.assert_outcomes(passed=ITEMS)

    @pytest.mark.parametrize(
        ("selection", "status"),
        [
            (("--deselect=two.probes.yaml::candidate::door",), 0),
            (("--deselect=two.probes.yaml::candidate::door", "--tts-gate=release"), 10),
            (("-k", "not door", "--tts-gate=release"), 10),
            (("-k", "admission"), 10),
            (("-k", "no_such_item"), 5),
        ],
    )
    @pytest.mark.slow
    def test_by_selection_leaves_the_verdict_open(
        self, selection: tuple[str, ...], status: int, gate: Gate, fake_voice: Voice
    ) -> None:
        done = gate(fake_voice(NAN), *selection)
        assert done.ret == status
        if status != 5:
            assert printed(done) == "inconclusive"

    def test_after_a_run_that_failed_nothing_in_the_same_folder_passes(
        self, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        voice = fake_voice(NAN)
        assert gate(voice).ret == 1
        for words in (("-k", "train"), ("--deselect=two.probes.yaml::candidate::door",)):
            done = gate(voice, *words)
            assert (done.ret, printed(done)) == (1, "fail")
        pytester.makeconftest(XFAIL.format(name="door", mark="skip"))
        assert gate(voice).ret == 1


class TestOtherPlugins:
    @pytest.mark.parametrize("name", ["unconfigure", *(pytest.param(one, marks=pytest.mark.slow) for one in SETS_0)])
    def test_cannot_set_another_exit_code(
        self, name: str, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        pytester.makeconftest(f"import pytest\n{SETS_0[name]}")
        done = gate(fake_voice(NAN))
        assert done.ret == (10 if name == "nothing" else 1)

    @pytest.mark.slow
    def test_that_break_at_the_end_do_not_make_it_a_failed_model(
        self, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        pytester.makeconftest("def pytest_sessionfinish(session): raise RuntimeError('no such server')")
        done = gate(fake_voice(), apart=True)
        assert done.ret == 3
        assert "no such server" in done.stderr.str()
        pytester.makeconftest("def pytest_sessionfinish(session): raise RuntimeError('no such server')")
        assert gate(fake_voice(NAN, name="other"), apart=True).ret == 1

    @pytest.mark.slow
    def test_a_session_that_somebody_ends_is_no_pass(
        self, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        text = "import pytest\ndef pytest_runtest_setup(item):\n    if item.name == 'train': "
        for stop in ("pytest.exit('enough', returncode=0)", "item.session.shouldfail = 'enough'"):
            pytester.makeconftest(text + stop)
            done = gate(fake_voice(name=stop[:8]))
            assert (done.ret, stop) == (10, stop)

    @pytest.mark.slow
    def test_without_pytest_s_terminal_the_verdict_is_still_said(
        self, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        done = gate(fake_voice(), "-p", "no:terminal", golden="", apart=True)
        assert (done.ret, printed(done)) == (10, "inconclusive")
        assert results(pytester)["verdict"] == "inconclusive"

    @pytest.mark.parametrize("failing", ["assert 0", "pass"])
    @pytest.mark.slow
    def test_tests_of_one_s_own_count_as_ever(
        self, failing: str, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        pytester.makepyfile(test_own=f"def test_own(): {failing}")
        done = gate(fake_voice(), what=".")
        assert (done.ret, printed(done)) == (int(failing == "assert 0"), "pass")


class TestShared:
    """What comes of it where all goes well is tested in ``test_other_plugins.py``, mode by mode."""

    @pytest.mark.slow
    def test_the_first_failure_that_ends_all_of_them_is_still_reported(
        self, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        done = gate(fake_voice(NAN), "-n2", "--maxfail=1", apart=True)
        assert done.ret in (1, 2)
        assert printed(done) == "fail"
        assert results(pytester)["verdict"] == "fail"

    @pytest.mark.slow
    def test_one_that_dies_is_no_failed_model(self, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        pytester.makeconftest("import os\ndef pytest_runtest_setup(item):\n    if item.name == 'train': os._exit(1)")
        done = gate(fake_voice(), "-n1", apart=True)
        assert (done.ret, printed(done)) == (10, "inconclusive")

    @pytest.mark.slow
    def test_one_that_dies_on_what_passed_before_is_an_error(
        self, gate: Gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        voice = fake_voice()
        assert gate(voice).ret == 0
        pytester.makeconftest("import os\ndef pytest_runtest_setup(item):\n    if item.name == 'train': os._exit(1)")
        done = gate(voice, "-n1", apart=True)
        assert (done.ret, printed(done), results(pytester)["verdict"]) == (3, "error", "error")
        (pytester.path / "conftest.py").unlink()
        assert gate(voice).ret == 0


class TestNobodyToJudge:
    """Which model? Said whenever something asks for a verdict, and by a usage error."""

    @pytest.fixture
    def project(self, pytester: pytest.Pytester) -> pytest.Pytester:
        folder = pytester.mkdir("tests")
        (folder / "two.probes.yaml").write_text(TWO_PHRASES, "utf-8")
        (folder / "test_unit.py").write_text("def test_unit(): pass\n", "utf-8")
        return pytester

    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (("tests",), "ERROR: tests/two.probes.yaml: which model? Add --tts-model=DIR*--ignore-glob*"),
            (("tests", "--tts-golden=ref"), "ERROR: --tts-golden=ref: which model? Add --tts-model=DIR*"),
            (("tests/test_unit.py", "--tts-gate=release"), "ERROR: --tts-gate=release: which model?*"),
            (("tests", "--tts-policy=p.toml"), "ERROR: *p.toml: *"),
            (("tests", "--tts-compare=golden"), "ERROR: --tts-compare=golden: which model?*"),
            (("tests", "--tts-model="), "ERROR: --tts-model: expected DIR, got an empty word; is a variable unset?"),
            (("tests", "--tts-model", ""), "ERROR: --tts-model *"),
            (("tests", "--tts-model=v", "--tts-golden="), "ERROR: --tts-golden: expected NAME, got an empty word*"),
        ],
    )
    def test_is_a_usage_error(self, words: tuple[str, ...], line: str, project: pytest.Pytester) -> None:
        done = project.runpytest_inprocess(*words, "-p", "no:cacheprovider")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([line])
        assert "passed" not in done.stdout.str()

    @pytest.mark.slow
    def test_is_one_for_several_processes_too(self, project: pytest.Pytester) -> None:
        done = project.runpytest_subprocess("tests", "-n2", "-p", "no:cacheprovider")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["ERROR: *two.probes.yaml: which model? *"])

    def test_what_an_ini_file_says_asks_for_nothing(self, project: pytest.Pytester) -> None:
        project.makeini("[pytest]\ntts_golden = ref\ntts_gate = release\naddopts = --tts-alpha=0.01\n")
        project.runpytest_inprocess("tests/test_unit.py", "-p", "no:cacheprovider").assert_outcomes(passed=1)

    def test_a_model_without_any_suite_is_nothing_collected(self, project: pytest.Pytester, fake_voice: Voice) -> None:
        done = project.runpytest_inprocess(
            "tests/test_unit.py", f"--tts-model={fake_voice()}", "-p", "no:cacheprovider"
        )
        assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED

    def test_a_list_needs_nobody(self, project: pytest.Pytester) -> None:
        done = project.runpytest_inprocess("tests", "--collect-only", "-q", "-p", "no:cacheprovider")
        assert done.ret == 0


class TestSuiteElsewhere:
    """A suite that lies outside pytest's root directory: what is said of it is said by the same rules."""

    @pytest.mark.parametrize(
        ("arguments", "golden", "status"),
        [(("--tts-gate=release",), "", 10), (("--tts-gate=release", "-k", "not door"), "small", 10), ((), "small", 0)],
        ids=["inconclusive", "incomplete", "pass"],
    )
    def test_ends_as_one_within(
        self, arguments: tuple[str, ...], golden: str, status: int, gate: Gate, fake_voice: Voice,
        pytester: pytest.Pytester, tmp_path: Path,
    ) -> None:  # fmt: skip
        root = tmp_path / "root"
        root.mkdir()
        done = gate(
            fake_voice(), *arguments, f"--rootdir={root}", golden=golden, what=str(pytester.path / "two.probes.yaml")
        )
        assert done.ret == status
