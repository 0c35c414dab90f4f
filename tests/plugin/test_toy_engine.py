"""An engine that the harness does not have: one row, and it is recognised, admitted, walled in, gated and told of."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli import doctor
from harness.cli.main import main
from harness.engines import registry
from harness.engines.registry import ENGINES
from harness.models.files import find_model
from harness.run import tools
from harness.sandbox.outside import levels
from tests.conftest import SUITE
from tests.toy_engine.row import CLICK

TOY = Path(__file__).parents[1] / "toy_engine"
ROW = replace(CLICK, adapter="click_adapter:ClickEngine", checks=("tests.toy_engine.click_config:ConfigCheck",))
"""The page's, but for where its files lie."""


@pytest.fixture(autouse=True)
def with_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the row. An engine of ours lies in the package, which the walls let through; this one lies in tests."""
    monkeypatch.setitem(ENGINES, ROW.name, ROW)
    monkeypatch.setattr(tools, "choose_launcher", functools.partial(levels.choose_launcher, extra_paths=(TOY,)))


@pytest.fixture
def gate(pytester: pytest.Pytester):
    suite = SUITE.replace("    critical: [not]\n", "")  # clicks have no words
    (pytester.path / "small.probes.yaml").write_text(suite, "utf-8")

    def run(model: Path, *arguments: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake", "--tts-cost=off",
            "-rfs", *arguments,
        )  # fmt: skip

    return run


def voice(folder: Path, number: str = "0.5") -> Path:
    folder.mkdir()
    (folder / "click.txt").write_text(number, "utf-8")
    return folder


def results(folder: Path) -> dict:
    (path,) = (folder / ".soundcheck" / "runs").glob("*/results.json")
    return json.loads(path.read_text("utf-8"))


def test_is_recognised_by_its_file_and_by_its_name(tmp_path: Path) -> None:
    folder = voice(tmp_path / "voice")
    assert find_model(str(folder)) == ("click", folder)
    assert find_model(f"click:{folder}") == ("click", folder)


def test_does_not_take_the_folder_of_another(tmp_path: Path) -> None:
    folder = voice(tmp_path / "voice")
    (folder / "config.json").write_text('{"model": "vits"}', "utf-8")
    assert find_model(str(folder))[0] == "coqui"


@pytest.mark.slow
def test_is_gated_behind_the_walls(gate, pytester: pytest.Pytester, tmp_path: Path) -> None:
    if not levels.choose().level:
        pytest.skip("no sandbox can be had here")
    honest, louder = voice(tmp_path / "honest"), voice(tmp_path / "louder", "1.0")
    code = main(
        ["record", "--model", str(honest), "--suite", "small.probes.yaml", "--asr", "fake", "--reason", "a toy",
         "--out", "golden/small", "--no-cost", "--dir", str(tmp_path / "recording")]
    )  # fmt: skip
    assert code == 0
    (honest / "README.md").write_text("The same clicks.\n", "utf-8")  # another digest: compared by distribution
    gate(honest, "--tts-golden=small").assert_outcomes(passed=6 + 17)
    told = results(pytester.path)
    assert told["verdict"] == "pass"
    assert told["info"]["engine"] == "click adapter 1"
    assert told["info"]["isolation"].startswith(("A", "B"))
    done = gate(louder, "--tts-golden=small", "--tts-dir=.louder", "-k", "door")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["*door on candidate *"])


def test_is_not_loaded_where_its_own_check_finds_something(gate, pytester: pytest.Pytester, tmp_path: Path) -> None:
    done = gate(voice(tmp_path / "voice", "nan"), "-k", "config or engine-load")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["*admission-config on candidate   HIGH  admission.click-number"])
    done.stdout.fnmatch_lines(["*inconclusive: not loaded: admission-config failed*"])


def test_is_scanned_by_its_own_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(voice(tmp_path / "voice", "1" * 17))]) == 1
    assert "admission.click-number" in capsys.readouterr().out


def test_is_named_by_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "try_imports", lambda _: {})  # of packages of other engines, which takes seconds
    assert any(check.name == "engine click" for check in doctor.examine())


def test_stands_in_the_list_of_the_documentation() -> None:
    assert "| `click` | a click voice (click.txt) | `click.txt` | none |\n" in registry.table()
