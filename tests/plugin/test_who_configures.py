"""Nobody but its owner configures the gate: no ini file, conftest.py or suite of what is judged counts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.run.option import Option
from harness.run.options import OPTIONS
from tests.conftest import WITHOUT_OTHERS
from tests.ordinary_user import USERS, started, with_users

INI_FILES = {
    "pytest.ini": "[pytest]\n{}",
    ".pytest.ini": "[pytest]\n{}",
    "pytest.toml": "[pytest]\n{}",
    ".pytest.toml": "[pytest]\n{}",
    "pyproject.toml": "[tool.pytest.ini_options]\n{}",
    "tox.ini": "[pytest]\n{}",
    "setup.cfg": "[tool:pytest]\n{}",
}


@pytest.fixture
def project(pytester: pytest.Pytester, recorded: Path) -> Path:
    """A folder with a suite, ``ini`` with a file of its own, and a candidate below it that would run code."""
    folder = pytester.path / "project"
    candidate = folder / "voices/candidate"
    candidate.mkdir(parents=True)
    (candidate / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
    shutil.copy(recorded / "small.probes.yaml", folder)
    shutil.copytree(recorded / "golden", folder / "golden")
    return folder


def payload(folder: Path) -> str:
    """Python that leaves a marker beside the project."""
    return f"from pathlib import Path\nPath({str(folder / 'ran')!r}).touch()\n"


def start(
    folder: Path, *words: str, user: int | None = None, program: tuple[str, ...] = (), at: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A process of its own, as only there pytest reads configuration as it does for a user."""
    # -P: only python -m adds the current folder to where modules are found, pytest's own command does not.
    begin = program or (sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", *WITHOUT_OTHERS)
    return started(folder, *begin, *words, user=user, at=at)


GATE = ("small.probes.yaml", "--tts-asr=fake", "--tts-golden=small", "--tts-seed=5", "--tts-cost=off")


class TestSpace:
    @pytest.mark.parametrize("option", [one for one in OPTIONS if one.type is not bool], ids=lambda one: one.stem)
    def test_before_a_value_is_refused_on_one_line(self, option: Option, pytester: pytest.Pytester) -> None:
        flag, value = option.flag, "8" if option.type in (int, float) else (*option.choices, "voices/candidate")[0]
        done = pytester.runpytest_inprocess(flag, value)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        assert done.errlines[0] == (
            f"ERROR: {flag} {value}: write {flag}={value}; after a space pytest takes it for a path of its own "
            "and reads the configuration that lies there"
        )
        assert len([line for line in done.errlines if line]) == 1

    @pytest.mark.parametrize(("name", "user"), with_users(INI_FILES))
    def test_finds_an_ini_file_whose_conftest_never_runs(self, name: str, user: int | None, project: Path) -> None:
        candidate = project / "voices/candidate"
        (candidate / name).write_text(INI_FILES[name].format(""), "utf-8")
        (candidate / "conftest.py").write_text(payload(project), "utf-8")
        done = start(project, "small.probes.yaml", "--tts-model", "voices/candidate", user=user)
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert "write --tts-model=voices/candidate" in done.stderr
        assert not (project / "ran").exists()


class TestIniFileOfTheCandidate:
    @pytest.mark.parametrize(("name", "user"), with_users(INI_FILES))
    def test_is_refused_however_it_was_found(self, name: str, user: int | None, project: Path) -> None:
        self.assert_refused(name, user, "model", project)

    @pytest.mark.slow
    @pytest.mark.parametrize(("name", "user"), with_users(["pytest.ini", "pyproject.toml"], most=1))
    @pytest.mark.parametrize("option", ["reference", "vocoder"])
    def test_is_refused_whatever_is_judged_with_it(
        self, name: str, user: int | None, option: str, project: Path
    ) -> None:
        self.assert_refused(name, user, option, project)

    def assert_refused(self, name: str, user: int | None, option: str, project: Path) -> None:
        candidate = project / "voices/candidate"
        (candidate / name).write_text(INI_FILES[name].format(""), "utf-8")
        done = start(project, "voices/candidate", f"--tts-{option}=voices/candidate", user=user)
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        owner = "candidate" if option == "model" else option
        assert done.stderr.splitlines()[0] == (
            f"ERROR: voices/candidate/{name}: pytest's configuration lies in the {owner}, which it judges; "
            "start pytest in your own project"
        )

    @pytest.mark.parametrize(("way", "user"), with_users(["inside", "link", "-c", "rootdir"]))
    def test_is_refused_by_each_way_to_it(self, way: str, user: int | None, project: Path) -> None:
        candidate = project / "voices/candidate"
        (candidate / "pytest.ini").write_text("[pytest]\n", "utf-8")
        words = ["--tts-model=voices/candidate", *GATE]
        if way == "-c":
            words += ["-c", "voices/candidate/pytest.ini"]
        elif way == "link":
            (project / "pytest.ini").symlink_to("voices/candidate/pytest.ini")
        elif way == "rootdir":
            words += ["--rootdir=voices/candidate"]
        else:
            words = ["../../small.probes.yaml", "--tts-model=."]
        done = start(project, *words, user=user, at=candidate if way == "inside" else None)
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert "lies in the candidate, which it judges" in done.stderr
        assert not (candidate / ".soundcheck").exists()

    @pytest.mark.parametrize("user", USERS)
    def test_does_not_count_where_the_equals_sign_is_written(self, user: int | None, project: Path) -> None:
        candidate = project / "voices/candidate"
        (project / "golden.txt").touch()
        (candidate / "pytest.ini").write_text("[pytest]\naddopts = -p harm\npythonpath = .\n", "utf-8")
        (candidate / "harm.py").write_text(payload(project), "utf-8")
        done = start(project, *GATE, "--tts-model=voices/candidate", "--collect-only", "-q", user=user)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not (project / "ran").exists()


class TestCodeOfTheCandidate:
    @pytest.mark.parametrize(("own", "user"), with_users(["no ini file", "pytest.ini"], most=1))
    def test_is_not_collected_without_a_suite(self, own: str, user: int | None, project: Path) -> None:
        candidate = project / "voices/candidate"
        if own == "pytest.ini":
            (project / own).write_text("[pytest]\n", "utf-8")
        for name in ("conftest.py", "test_harm.py", "deeper/conftest.py", "deeper/test_more.py"):
            (candidate / name).parent.mkdir(exist_ok=True)
            (candidate / name).write_text(payload(project), "utf-8")
        shutil.copy(project / "small.probes.yaml", candidate / "own.probes.yaml")
        (project / "voices/linked").symlink_to("candidate")
        done = start(project, "--tts-model=voices/candidate", "--collect-only", "-q", user=user)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "small.probes.yaml::" in done.stdout
        assert "own.probes.yaml" not in done.stdout
        assert "test_harm" not in done.stdout
        assert not (project / "ran").exists()

    @pytest.mark.parametrize("way", ["below", "link", "named", "reference"])
    def test_is_refused_where_pytest_would_run_it_before_it_asks(self, way: str, project: Path) -> None:
        candidate = project / "voices/candidate"
        (candidate / "conftest.py").write_text(payload(project), "utf-8")
        words = ["--tts-model=voices/candidate"]
        if way == "below":
            (project / "voices/candidate").rename(project / "test_voice")
            words = ["--tts-model=test_voice"]
        elif way == "link":
            (project / "conftest.py").symlink_to("voices/candidate/conftest.py")
        elif way == "named":
            words.append("voices/candidate")
            (project / "pytest.ini").write_text("[pytest]\n", "utf-8")
        else:
            (project / "voices/candidate").rename(project / "tests")
            words = ["--tts-reference=tests"]
        done = start(project, *words)
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert len(done.stderr.strip().splitlines()) == 1
        assert "lies in the " in done.stderr
        assert not (project / "ran").exists()

    @pytest.mark.parametrize("name", ["colorama", "linked"])
    def test_is_no_package_that_whatever_imports_its_name_would_run(self, name: str, project: Path) -> None:
        """pytest puts the folder of a conftest.py where Python looks for modules, before those that are installed."""
        (project / "conftest.py").touch()
        (project / "voices/candidate").rename(project / name)
        (project / name / "__init__.py").write_text(payload(project), "utf-8")
        done = start(project, *GATE, f"--tts-model={name}")
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert [line for line in done.stderr.splitlines() if line] == [
            f"ERROR: {name}/__init__.py: the candidate is a Python package, which whatever imports {name} would run; "
            "take it out of there"
        ]
        assert not (project / "ran").exists()

    def test_that_a_conftest_of_the_project_imports_ends_the_run(self, project: Path) -> None:
        (project / "voices/candidate/harm.py").touch()
        (project / "conftest.py").write_text("import sys\nsys.path.append('voices/candidate')\nimport harm\n", "utf-8")
        done = start(project, *GATE, "--tts-model=voices/candidate")
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert "voices/candidate/harm.py: lies in the candidate, and pytest has run it" in done.stderr

    def test_as_a_plugin_ends_the_run(self, project: Path) -> None:
        (project / "voices/candidate/harm.py").write_text("", "utf-8")
        (project / "pytest.ini").write_text("[pytest]\npythonpath = voices/candidate\naddopts = -p harm\n", "utf-8")
        done = start(project, *GATE, "--tts-model=voices/candidate")
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert "voices/candidate/harm.py: lies in the candidate, and pytest has run it" in done.stderr

    def test_of_another_folder_is_the_project_s_own(self, project: Path) -> None:
        (project / "conftest.py").write_text(payload(project), "utf-8")
        done = start(project, *GATE, "--tts-model=voices/candidate", "--collect-only", "-q")
        assert done.returncode == 0
        assert (project / "ran").exists()

    def test_a_suite_of_the_candidate_s_own_is_refused(self, project: Path) -> None:
        shutil.copy(project / "small.probes.yaml", project / "voices/candidate/own.probes.yaml")
        done = start(project, "voices/candidate/own.probes.yaml::candidate::door", "--tts-model=voices/candidate")
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert "lies in the candidate" in done.stderr


class TestGateVerb:
    """``soundcheck gate``: pytest without anything left for it to find."""

    def gate(self, folder: Path, *words: str, user: int | None = None):
        return start(folder, *words, user=user, program=(sys.executable, "-P", "-m", "harness.cli.main", "gate"))

    @pytest.mark.parametrize(
        ("name", "user"),
        [*with_users(["pyproject.toml"]), pytest.param("pytest.ini", None, marks=pytest.mark.slow)],
    )
    def test_reads_no_ini_file_of_the_candidate(self, name: str, user: int | None, project: Path) -> None:
        candidate = project / "voices/candidate"
        lines = 'addopts = ["-p", "harm"]\npythonpath = ["."]\n' if name.endswith("toml") else (
            "addopts = -p harm\npythonpath = .\n"
        )  # fmt: skip
        (candidate / name).write_text(INI_FILES[name].format(lines), "utf-8")
        for file in ("harm.py", "conftest.py"):
            (candidate / file).write_text(payload(project), "utf-8")
        words = ("small.probes.yaml", "--model", "voices/candidate", "--asr", "fake", "--", "--collect-only", "-q")
        done = self.gate(project, *words, *WITHOUT_OTHERS, user=user)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "small.probes.yaml::candidate::door" in done.stdout
        assert not (project / "ran").exists()

    @pytest.mark.slow
    def test_ends_as_pytest_does(self, project: Path) -> None:
        (project / "pytest.ini").write_text(
            "[pytest]\ntts_asr = fake\ntts_golden = small\ntts_seed = 5\ntts_cost = off\n", "utf-8"
        )
        fault = {"version": 1, "faults": [{"kind": "drop-word", "word": "not", "when": "osprey"}]}
        (project / "voices/bad").mkdir()
        (project / "voices/bad/fake.json").write_text(json.dumps(fault), "utf-8")
        chosen = ("--", *WITHOUT_OTHERS, "-k", "transfer-not")
        assert self.gate(project, "small.probes.yaml", "--model=voices/candidate", *chosen).returncode == 0
        assert self.gate(project, "small.probes.yaml", "--model", "voices/bad", *chosen).returncode == 1
        assert self.gate(project, "small.probes.yaml", "--model=voices/none").returncode == 4
        assert self.gate(project, "small.probes.yaml", "--model=voices/bad", *chosen[:-1], "nothing").returncode == 5

    def test_is_not_started_from_within_the_candidate(self, project: Path) -> None:
        done = self.gate(project / "voices/candidate", "../../small.probes.yaml", "--model", ".")
        assert done.returncode == 4
        assert "this folder lies in the candidate; start from your own project" in done.stderr
        assert len(done.stderr.splitlines()) == 1


class TestVerifyVerb:
    @pytest.mark.parametrize("user", USERS)
    def test_trusts_no_project_file_of_what_it_verifies(self, user: int | None, project: Path) -> None:
        candidate = project / "voices/candidate"
        wrong = f'[tool.soundcheck.models]\n"{{}}" = "sha256:{"0" * 64}"\n'
        program = (sys.executable, "-P", "-m", "harness.cli.main", "verify", ".")
        (candidate / "pyproject.toml").write_text(wrong.format("."), "utf-8")
        done = start(project, program=program, user=user, at=candidate)
        assert done.returncode == 2
        assert "verify: nothing to compare with" in done.stderr
        (project / "pyproject.toml").write_text(wrong.format("voices/candidate"), "utf-8")
        done = start(project, program=program, user=user, at=candidate)
        assert done.returncode == 1, done.stdout + done.stderr


class TestPathsOfAnIniFile:
    @pytest.fixture
    def voices(self, project: Path) -> Callable[..., str]:
        """Two voices of one relative path: an honest one beside the ini file, a faulty one a folder up; or the like."""
        fault = {"version": 1, "faults": [{"kind": "drop-word", "word": "not", "when": "osprey"}]}
        above = project.parent / "voices/candidate"
        above.mkdir(parents=True)
        (project / "voices/candidate/fake.json").write_text(json.dumps(fault), "utf-8")
        (above / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
        return lambda *lines: (project / "pytest.ini").write_text("\n".join(("[pytest]", *lines)), "utf-8")

    @pytest.mark.slow
    @pytest.mark.parametrize("model", ["voices/candidate", "fake:voices/candidate"])
    def test_mean_one_folder_wherever_pytest_is_started(self, model: str, voices, project: Path) -> None:
        voices(f"tts_model = {model}", "tts_golden = small", "tts_asr = fake", "tts_seed = 5", "tts_cost = off")
        for folder, suite in ((project, "small.probes.yaml"), (project.parent, "project/small.probes.yaml")):
            done = start(folder, suite, "-k", "transfer-not")
            assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
            assert "speech.word-dropped" in done.stdout

    @pytest.mark.slow
    def test_that_are_typed_begin_in_the_current_folder(self, voices, project: Path) -> None:
        voices("tts_model = nowhere", "tts_golden = small", "tts_asr = fake", "tts_seed = 5", "tts_cost = off")
        words = ("-k", "transfer-not", "--tts-model=voices/candidate")
        assert start(project, "small.probes.yaml", *words).returncode == pytest.ExitCode.TESTS_FAILED
        above = start(project.parent, "project/small.probes.yaml", *words)
        assert above.returncode == pytest.ExitCode.OK, above.stdout + above.stderr

    def test_of_a_golden_and_a_reference_are_no_exception(self, voices, project: Path) -> None:
        voices("tts_model = voices/candidate", "tts_golden = golden/small", "tts_reference = voices/none")
        shutil.copytree(project / "golden", project.parent / "golden")
        (project.parent / "golden/small/manifest.json").write_text("{}", "utf-8")
        (project.parent / "voices/none").mkdir()
        done = start(project.parent, "project/small.probes.yaml", "--tts-asr=fake", "-k", "transfer-not", "-x")
        assert "project/voices/none: no such model directory" in done.stdout + done.stderr
