"""A run that is stopped anywhere leaves a truthful partial report, marked incomplete, in every format."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.goldens.approvals import Decision
from harness.goldens.folder import read_golden
from harness.goldens.lifecycle import accept, proposal_path
from harness.report.formats.registry import FORMATS
from harness.storage.rundirectory import RunDirectory
from tests.conftest import SUITE, UNMETERED_CHECKS, WITHOUT_OTHERS
from tests.report_samples import sample_run

NOT_SAID = {"kind": "drop-word", "word": "not", "when": "osprey"}
ITEMS = len(UNMETERED_CHECKS) + SUITE.count("- id:")
STOPPED = """
import os, pytest, signal
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if item.name == {name!r}:
        {stop}
"""
STOPS = {
    "Ctrl-C": "raise KeyboardInterrupt",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "exit": "pytest.exit('enough', returncode=7)",
}
SPEAKING = ("Ctrl-C", "exit")
"""After which pytest writes reports by itself; ``pytest.exit``, after which it has no summary, is how the harness ends
where it cannot go on."""


def begun(project: Path, recorded: Path, stop: str, name: str, *faults: dict[str, object]) -> list[str]:
    """Words for pytest, to gate a voice of a project without metering until an item of that name."""
    (project / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
    (project / "conftest.py").write_text(STOPPED.format(name=name, stop=STOPS[stop]), "utf-8")
    (project / "voice").mkdir()
    (project / "voice/fake.json").write_text(json.dumps({"version": 1, "faults": list(faults)}), "utf-8")
    return [
        *("small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={project / 'voice'}", "--tts-asr=fake"),
        *(f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small", "--tts-cost=off"),
    ]


def run_of(project: Path) -> Path:
    (folder,) = (project / ".soundcheck" / "runs").iterdir()
    return folder


@pytest.fixture
def stopped(pytester: pytest.Pytester, recorded: Path) -> Callable[..., Path]:
    """Run the gate in a process of its own until an item of that name; the run's folder."""

    def run(stop: str, name: str = "door", extra: tuple[str, ...] = ()) -> Path:
        done = pytester.runpytest_subprocess(*begun(pytester.path, recorded, stop, name), *extra)
        assert done.ret not in (0, 1)
        return run_of(pytester.path)

    return run


@pytest.fixture(scope="module")
def killed(recorded: Path, shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose gate was killed after a failure, once for all who look at copies of it."""
    project = tmp_path_factory.mktemp("killed")
    words = begun(project, recorded, "SIGKILL", "train", NOT_SAID)
    command = [sys.executable, "-m", "pytest", *WITHOUT_OTHERS, *words]
    environment = {**os.environ, "SOUNDCHECK_CACHE": str(shared_cache)}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stdout.decode()
    return project


@pytest.fixture
def failed(killed: Path, tmp_path: Path) -> Path:
    """The folder of a run that was killed after a failure."""
    project = tmp_path / "project"
    shutil.copytree(killed, project)
    return run_of(project)


def is_marked(name: str, data: bytes) -> bool:
    """Whether a report says by itself, in its own way, that it is incomplete."""
    text = data.decode("utf-8")
    if name == "json":
        found = json.loads(text)
        return found["complete"] is False and found["verdict"] != "pass"
    if name == "sarif":
        (run,) = json.loads(text)["runs"]
        return run["invocations"][0]["executionSuccessful"] is False and run["properties"]["complete"] is False
    if name == "github-summary":
        return "**Incomplete.**" in text
    if name == "github-annotations":
        return "The run is incomplete" in text
    if name == "gitlab":
        return json.loads(text)[0]["check_name"] == "soundcheck.incomplete"
    if name == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        return rows[-1]["verdict"] == "not-reached" and {row["run_complete"] for row in rows} == {"false"}
    if name == "prometheus":
        return bool(re.search(r"^soundcheck_run_complete\{.*\} 0$", text, re.MULTILINE))
    raise AssertionError(f"say here how {name} marks a run as incomplete")


def written(name: str, folder: Path, capture: pytest.CaptureFixture[bytes], status: int = 4) -> bytes:
    """A run in a format, as the verb prints it."""
    capture.readouterr()
    assert main(["report", str(folder), "--format", name]) == status
    return capture.readouterr().out


def test_marks_are_not_seen_in_a_complete_run() -> None:
    result = sample_run()
    assert result.complete
    assert [name for name, one in FORMATS.items() if is_marked(name, one.write(result))] == []


class TestStopped:
    @pytest.mark.parametrize(
        "stop",
        ["SIGKILL", "Ctrl-C", *(pytest.param(stop, marks=pytest.mark.slow) for stop in ("SIGTERM", "exit"))],
    )
    def test_by_anything_reports_what_was_decided(
        self, stop: str, stopped: Callable[..., Path], capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        wanted = [(name, f"out/{name}") for name in FORMATS]
        folder = stopped(stop, extra=tuple(f"--tts-report={name}={path}" for name, path in wanted))
        if stop in SPEAKING:
            assert is_marked("json", (folder / "results.json").read_bytes())
            here = folder.parents[2]
            assert [name for name, path in wanted if not is_marked(name, (here / path).read_bytes())] == []
        found = json.loads(written("json", folder, capfdbinary))
        assert (found["complete"], found["verdict"], found["planned"]) == (False, "inconclusive", ITEMS)
        decided = [outcome["subject"] for outcome in found["outcomes"]]
        assert decided[-2:] == ["transfer-not", "transfer-not-control"], "and nothing after that"
        assert json.loads((folder / "results.json").read_text("utf-8")) == found
        page = (folder / "report.html").read_text("utf-8")
        assert f"incomplete ({len(decided)} of {ITEMS} items decided)" in page
        assert "Nothing was found that speaks against" not in page

    def test_after_a_failure_says_both(self, failed: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        for name in FORMATS:
            assert is_marked(name, written(name, failed, capfdbinary, status=1)), name
        assert main(["report", str(failed)]) == 1
        out = capfdbinary.readouterr().out.decode()
        assert "FAIL" in out
        assert "incomplete" in out

    def test_before_the_first_item_reports_that_nothing_was_decided(
        self, stopped: Callable[..., Path], capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        folder = stopped("SIGKILL", "admission-checkpoint")
        for name in FORMATS:
            assert is_marked(name, written(name, folder, capfdbinary)), name
        assert f"incomplete (0 of {ITEMS} items decided)" in _page(folder)

    @pytest.mark.slow
    def test_and_given_again_becomes_complete(
        self, stopped: Callable[..., Path], pytester: pytest.Pytester, recorded: Path
    ) -> None:
        folder = stopped("SIGKILL")
        (pytester.path / "conftest.py").unlink()
        done = pytester.runpytest_subprocess(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={_model(folder)}", "--tts-asr=fake",
            f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small", "--tts-cost=off",
        )  # fmt: skip
        assert done.ret == 0
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]
        assert json.loads((folder / "results.json").read_text("utf-8"))["complete"] is True


def _model(folder: Path) -> str:
    return str(RunDirectory(folder.parents[1], folder.name).result().info.model)


def _page(folder: Path) -> str:
    assert main(["report", str(folder)]) == 4
    return (folder / "report.html").read_text("utf-8")


@pytest.fixture
def half(tmp_path: Path) -> RunDirectory:
    """A run of which half was recorded."""
    whole = sample_run()
    directory = RunDirectory(tmp_path / ".soundcheck", whole.info.run_id)
    directory.begin(whole.info, whole.planned)
    for outcome in [one for one in whole.outcomes if one.verdict.value == "pass"][:20]:
        directory.record("main", outcome)
    return directory


class TestRecords:
    @pytest.mark.parametrize(
        "junk",
        [b'{"at": 1, "outcome": {"subj', b"\x00" * 4096, b"\xff\xfe\n", b"[]\n{}\n", b'{"outcome": {"subject": 1}}\n'],
        ids=["torn", "zeroes", "no text", "other", "wrong type"],
    )
    def test_that_are_torn_or_filled_with_junk_count_for_what_is_whole(
        self, junk: bytes, half: RunDirectory, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        before = half.result()
        with (half.path / "records" / "main.jsonl").open("ab") as file:
            file.write(junk)
        assert half.result() == before
        for name in FORMATS:
            assert is_marked(name, written(name, half.path, capfdbinary)), name

    def test_of_a_run_that_never_began_are_an_error(
        self, half: RunDirectory, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (half.path / "run.json").unlink()
        assert main(["report", str(half.path)]) == 3
        assert capsys.readouterr().err.count("\n") == 1
        assert not (half.path / "results.json").exists()


class TestGolden:
    """Reports are written long after the run: the golden of that name may be another one by then."""

    @pytest.fixture
    def place(self, failed: Path, recorded: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
        project = failed.parents[2]
        shutil.copytree(recorded / "golden", project / "golden")
        monkeypatch.chdir(project)
        return failed, project / "golden" / "small"

    def test_that_was_replaced_since_is_heard_as_it_was(
        self, place: tuple[Path, Path], recorded: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder, golden = place
        main(["report", str(folder)])
        heard = re.findall(r'src="data:audio[^"]*"', (folder / "report.html").read_text("utf-8"))
        shutil.copytree(golden, proposal_path(golden))
        manifest = proposal_path(golden) / "manifest.json"
        manifest.write_bytes(manifest.read_bytes().replace(b"made for tests", b"made again    "))
        accept(golden, Decision(at="2026-11-25", reason="x", approver="y"))
        main(["report", str(folder)])
        assert re.findall(r'src="data:audio[^"]*"', (folder / "report.html").read_text("utf-8")) == heard
        assert "without the golden's sound" not in capsys.readouterr().err
        shutil.rmtree(golden.parent / ".previous")
        main(["report", str(folder)])
        assert "another golden than the run was compared with" in capsys.readouterr().err
        assert len(re.findall(r'src="data:audio', (folder / "report.html").read_text("utf-8"))) < len(heard)

    def test_that_is_gone_costs_its_sound_and_no_verdict(
        self, place: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder, golden = place
        digest = read_golden(golden).digest
        golden.rename(golden.with_name("elsewhere"))
        assert main(["report", str(folder)]) == 1
        assert "without the golden's sound: small: no such golden" in capsys.readouterr().err
        assert digest in (folder / "report.html").read_text("utf-8")
