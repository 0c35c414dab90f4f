"""What ``soundcheck gate`` starts: pytest with everything said that it would else look for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness.cli import gate
from harness.cli.main import main
from harness.models.judged import Judged
from harness.run.options import OPTIONS

NOBODY = Judged(names={})


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Command lines that would have been started."""
    lines: list[list[str]] = []
    (tmp_path / "a.probes.yaml").touch()
    (tmp_path / "voice").mkdir()
    monkeypatch.chdir(tmp_path)

    def note(program: str, command: list[str]) -> None:
        assert program == sys.executable
        lines.append(command)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", note)
    return lines


def words_of(started: list[list[str]], *words: str) -> list[str]:
    with pytest.raises(SystemExit):
        main(["gate", *words])
    return started[-1][1:]


class TestCommand:
    def test_is_pinned_to_the_project_and_has_nothing_else(self, started, tmp_path: Path) -> None:
        (tmp_path / "tox.ini").write_text("[pytest]\n", "utf-8")
        assert words_of(started, "a.probes.yaml", "--model", "voice") == [
            *("-P", "-m", "pytest", "-p", "soundcheck", f"--rootdir={tmp_path}", f"--confcutdir={tmp_path}"),
            *("-c", str(tmp_path / "tox.ini"), "./a.probes.yaml", "--tts-model=voice"),
        ]

    def test_has_an_empty_ini_file_where_the_project_has_none(self, started, monkeypatch) -> None:
        monkeypatch.setattr(gate, "find_ini", lambda start, judged: None)
        words = words_of(started, "a.probes.yaml")
        assert words[words.index("-c") + 1] == "/dev/null"

    def test_has_every_option_of_the_table_that_was_typed(self, started) -> None:
        typed, expected = [], []
        for option in OPTIONS:
            value = "8" if option.type in (int, float) else (*option.choices, "word")[0]
            typed += [option.verb_flag] if option.type is bool else [option.verb_flag, value]
            value = "8.0" if option.type is float else value
            expected += [option.flag if option.type is bool else f"{option.flag}={value}"]
        words = words_of(started, "a.probes.yaml", *typed)
        assert sorted(word for word in words if word.startswith("--tts")) == sorted(expected)

    def test_hands_on_what_stands_behind_two_hyphens(self, started) -> None:
        words = words_of(started, "a.probes.yaml", "--report=csv", "--report=json=x", "--", "-k", "a or b", "--", "x")
        assert words[-6:] == ["--tts-report=csv", "--tts-report=json=x", "-k", "a or b", "--", "x"]

    def test_takes_no_suite_for_an_option_or_a_file_of_arguments(self, started, tmp_path: Path) -> None:
        (tmp_path / "@args").touch()
        assert "./@args" in words_of(started, "@args")
        item = f"{tmp_path}/a.probes.yaml::candidate::x"
        assert item in words_of(started, item)

    @pytest.mark.parametrize("words", [["gone.probes.yaml"], ["::x"], ["a.probes.yaml", "--takes", "many"], []])
    def test_that_is_wrong_ends_as_pytest_s_does(self, words: list[str], started, capsys) -> None:
        try:
            status = main(["gate", *words])
        except SystemExit as end:
            status = int(end.code or 0)
        assert status == 4
        assert len(capsys.readouterr().err.splitlines()) == 1
        assert started == []


class TestIniFile:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("pytest.ini", ""),
            (".pytest.ini", ""),
            ("pytest.toml", ""),
            (".pytest.toml", ""),
            ("pyproject.toml", "[tool.pytest.ini_options]"),
            ("pyproject.toml", "[tool.pytest]\nx = 1"),
            ("tox.ini", "[tox]\n[pytest]\n"),
            ("setup.cfg", "[tool:pytest]"),
        ],
    )
    def test_is_the_nearest_that_configures_pytest(self, name: str, text: str, tmp_path: Path) -> None:
        (tmp_path / name).write_text(text, "utf-8")
        (tmp_path / "below/model").mkdir(parents=True)
        for other, content in (("pyproject.toml", "[tool.ruff]"), ("tox.ini", "[tox]"), ("setup.cfg", "[metadata]")):
            (tmp_path / "below" / other).write_text(content, "utf-8")
        assert gate.find_ini(tmp_path / "below", NOBODY) == tmp_path / name

    def test_is_none_of_the_candidate_s_also_by_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "pytest.ini").touch()
        (tmp_path / "below/model").mkdir(parents=True)
        (tmp_path / "below/model/pytest.ini").touch()
        (tmp_path / "below/pytest.ini").symlink_to("model/pytest.ini")
        judged = Judged.of(candidate=str(tmp_path / "below/model"))
        assert gate.find_ini(tmp_path / "below", judged) == tmp_path / "pytest.ini"

    def test_that_cannot_be_read_is_told_on_one_line(self, started, tmp_path: Path, capsys) -> None:
        (tmp_path / "pyproject.toml").write_text("[tool", "utf-8")
        assert main(["gate", "a.probes.yaml"]) == 4
        assert capsys.readouterr().err.startswith("soundcheck: pyproject.toml: expected TOML: ")
