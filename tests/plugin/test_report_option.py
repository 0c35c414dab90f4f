"""``--tts-report`` and ``soundcheck report --format``, as users meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.core.findings import Outcome
from harness.core.types import Verdict
from harness.report.formats.registry import FORMATS
from harness.storage.rundirectory import RunDirectory
from tests.conftest import UNMETERED_CHECKS, Voice
from tests.report_samples import INFO, sample_run

NOT_SAID = {"kind": "drop-word", "word": "not", "when": "osprey"}


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path):
    """Run the small suite on a model, without metering; extra arguments go to pytest."""
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())

    def run(model: Path, *arguments: str):
        return pytester.runpytest_inprocess(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake", "--tts-cost=off",
            f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small", *arguments,
        )  # fmt: skip

    return run


class TestOption:
    def test_writes_every_format_that_is_asked_for(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        step = pytester.path / "step.md"
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
        wanted = [f"--tts-report={name}" for name in FORMATS if name != "sarif"]
        done = gate(fake_voice(NOT_SAID), *wanted, "--tts-report=sarif=out/soundcheck.sarif")
        done.assert_outcomes(passed=5 + len(UNMETERED_CHECKS), failed=1)
        done.stdout.fnmatch_lines(
            [
                "FAIL  candidate *",
                "::notice title=Soundcheck FAIL::candidate (*",
                "::error file=small.probes.yaml,line=5,title=speech.word-dropped critical::transfer-not: drops *",
                "written  csv .soundcheck/runs/*/observations.csv",
            ],
        )
        done.stdout.fnmatch_lines(["written  sarif out/soundcheck.sarif"])
        (folder,) = (pytester.path / ".soundcheck" / "runs").iterdir()
        names = {one.file_name for one in FORMATS.values()} - {"results.sarif", "summary.md", "annotations.txt"}
        assert names <= {path.name for path in folder.iterdir()}
        result = json.loads((pytester.path / "out" / "soundcheck.sarif").read_text("utf-8"))["runs"][0]["results"][0]
        place = result["locations"][0]["physicalLocation"]
        assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("small.probes.yaml", 5)
        assert step.read_text("utf-8").startswith("## Soundcheck: FAIL\n")

    def test_that_cannot_be_obeyed_ends_the_run_before_it_begins(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        done = gate(fake_voice(), "--tts-report=srif")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["ERROR: --tts-report: there is no format 'srif'; did you mean sarif?"])
        assert not (pytester.path / ".soundcheck").exists()

    def test_that_cannot_be_written_costs_one_line_and_no_verdict(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        (pytester.path / "file").write_text("")
        done = gate(fake_voice(), "--tts-seed=5", "--tts-report=csv=file/x.csv", "--tts-report=gitlab")
        done.assert_outcomes(passed=6 + len(UNMETERED_CHECKS))
        assert done.ret == pytest.ExitCode.OK
        done.stdout.fnmatch_lines(
            [
                "PASS  candidate *",
                "soundcheck: --tts-report=csv: file/x.csv: cannot be written (*",
                "written  gitlab *",
            ]
        )

    def test_of_a_run_that_was_stopped_says_so(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        gate(fake_voice(NOT_SAID), "-x", "--tts-report=csv=x.csv", "--tts-report=gitlab=x.json")
        assert ",not-reached," in (pytester.path / "x.csv").read_text("utf-8")
        checks = [one["check_name"] for one in json.loads((pytester.path / "x.json").read_text("utf-8"))]
        assert checks[:2] == ["soundcheck.incomplete", "speech.word-dropped"]

    def test_has_help_that_names_every_format(self, pytester: pytest.Pytester) -> None:
        text = " ".join(pytester.runpytest_inprocess("--help").stdout.str().split())
        about = text.partition("--tts-report=FORMAT[=PATH]")[2].partition("--tts-")[0]
        assert all(name in about for name in FORMATS)


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run directory with a failure, an error and items that were never reached."""
    info = sample_run().info
    directory = RunDirectory(tmp_path, info.run_id)
    directory.begin(INFO, 140)
    failed = [one for one in sample_run().outcomes if one.verdict is Verdict.FAIL]
    for outcome in (*failed, Outcome(subject="engine-load", verdict=Verdict.ERROR, reason="disk full")):
        directory.record("main", outcome)
    return directory.path


class TestVerb:
    @pytest.mark.parametrize(
        "chosen", [one for one in FORMATS.values() if one.name != "json"], ids=lambda one: one.name
    )
    def test_prints_any_format(self, chosen, run_folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        assert main(["report", str(run_folder), "--format", chosen.name]) == 1
        result = RunDirectory(run_folder.parent.parent, run_folder.name).result()
        assert not result.complete
        assert capfdbinary.readouterr().out == chosen.write(result)

    def test_writes_any_format_to_a_file(
        self, run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name, chosen in FORMATS.items():
            path = tmp_path / "out" / name
            assert main(["report", str(run_folder), "--format", name, "--out", str(path)]) == 1
            result = RunDirectory(run_folder.parent.parent, run_folder.name).result()
            assert path.read_bytes() == chosen.write(result)
        out, err = capsys.readouterr()
        assert out == ""
        assert f"soundcheck: FAIL; csv written to {tmp_path}/out/csv" in err

    def test_suggests_a_format(self, run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as caught:
            main(["report", str(run_folder), "--format", "srif"])
        assert caught.value.code == 2
        assert "argument --format: there is no format 'srif'; did you mean sarif?" in capsys.readouterr().err

    def test_wants_to_know_what_to_write(self, run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", str(run_folder), "--out", "x"]) == 2
        assert "--out: say which format to write with --format" in capsys.readouterr().err

    def test_says_in_one_line_what_cannot_be_written(
        self, run_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["report", str(run_folder), "--format", "csv", "--out", str(run_folder)]) == 3
        assert capsys.readouterr().err.count("\n") == 1

    def test_has_help_with_an_example_and_every_format(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            main(["report", "--help"])
        text = capsys.readouterr().out
        assert "soundcheck report .soundcheck/runs/3f2a9c01d7e4 --format sarif --out results.sarif" in text
        assert all(name in text for name in FORMATS)
