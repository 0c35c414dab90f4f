"""``soundcheck list``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.list_pace import Pace
from harness.cli.main import main
from harness.core.types import Probe
from probes import registry

SUITE = """\
version: 1
title: Two phrases and a draw
language: en
probes:
  - {id: a, family: mine, text: Hello there.}
  - {id: b, family: mine, text: "Hi \\u202e!", expect: Hi!}
generate:
  - {family: numbers, count: 6}
"""
FAMILIES = """\
from probes.family import Family, Phrase


def draw(setting):
    yield (Phrase(text="Turn left into Elm Street."),)


def pytest_tts_probes():
    return [Family(name="streets", purpose="streets of our town", source="ours", draws={"en": draw})]
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "s.probes.yaml"
    path.write_text(SUITE, "utf-8")
    return path


class TestText:
    def test_a_suite_is_counted_by_family_with_its_cost_and_the_assumption(
        self, suite: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["list", str(suite)]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].endswith("s.probes.yaml   Two phrases and a draw   en")
        assert lines[1].startswith("  8 probes, 16 renderings, 29 s of speech; about 2 s to run, 8 s to record")
        assert [line.split()[:2] for line in lines[2:4]] == [["mine", "2"], ["numbers", "6"]]
        assert "of these 3 are controls" in lines[3]
        assert "two cores, a VITS voice, Whisper tiny.en" in lines[-1]

    def test_without_a_suite_it_shows_those_that_come_along(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["list"]) == 0
        out = capsys.readouterr().out
        assert all(name in out for name in ("full.probes.yaml", "german.probes.yaml", "smoke.probes.yaml"))

    def test_families_come_with_purpose_source_and_examples(
        self, suite: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["list", str(suite), "--families"]) == 0
        out = capsys.readouterr().out
        assert "\nnegation   en, de, es, fr, it, pt\n  a dropped or added negation turns a sentence round" in out
        assert "  source    TrojanClimb (arXiv 2507.08983)" in out
        assert "\u202e" not in out

    def test_families_of_a_file_are_shown_too(
        self, suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "conftest.py").write_text(FAMILIES, "utf-8")
        assert main(["list", str(suite), "--families", "--families-from", str(tmp_path / "conftest.py")]) == 0
        assert "\nstreets   en\n  streets of our town\n" in capsys.readouterr().out


class TestJson:
    def test_it_has_the_same_for_machines(self, suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["list", str(suite), "--families", "--format", "json"]) == 0
        content = json.loads(capsys.readouterr().out)
        assert content["suites"][0]["probes"] == 8
        assert content["suites"][0]["families"] == {"mine": 2, "numbers": 6}
        assert content["suites"][0]["cost"]["renderings"] == 16
        assert [one["name"] for one in content["families"]] == [family.name for family in registry.FAMILIES]
        assert all(family["examples"]["en"] for family in content["families"])

    def test_a_model_s_vocabulary_shapes_its_own_draw(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "config.json").write_text('{"model": "vits", "characters": {"characters": "\u0298"}}', "utf-8")
        suite = tmp_path / "r.probes.yaml"
        suite.write_text(SUITE.replace("numbers, count: 6", "rare-tokens, count: 99"), "utf-8")
        assert main(["list", str(suite)]) == 0
        assert main(["list", str(suite), "--model", str(tmp_path)]) == 2
        assert "family 'rare-tokens' has " in capsys.readouterr().err


class TestBadInput:
    def test_a_suite_that_is_not_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["list", "nowhere.probes.yaml"]) == 2
        assert (
            capsys.readouterr().err == "soundcheck: nowhere.probes.yaml: cannot be read (No such file or directory)\n"
        )

    @pytest.mark.parametrize(
        ("source", "what"),
        [
            ("x = 1", "expected a function pytest_tts_probes(), got none"),
            ("1 / 0", "cannot be executed (ZeroDivisionError: division by zero)"),
            ("def pytest_tts_probes(): return ['x']", "expected a list of probes.family.Family, got a str in it"),
        ],
    )
    def test_a_file_of_families_that_cannot_be_used(
        self, suite: Path, tmp_path: Path, source: str, what: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "mine.py").write_text(source, "utf-8")
        assert main(["list", str(suite), "--families-from", str(tmp_path / "mine.py")]) == 2
        assert what in capsys.readouterr().err

    def test_a_short_salt_is_refused_and_not_shown(self, suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["list", str(suite), "--salt", "hunter2"]) == 2
        assert capsys.readouterr().err == "soundcheck: --salt: expected 12 characters or more (or none), got 7\n"


class TestCost:
    def test_it_grows_with_the_texts(self) -> None:
        short = Probe(id="a", text="Hi.", family="f", expect="Hi.")
        long = Probe(id="b", text="Hi. " * 50, family="f", expect="Hi.")
        assert Pace().cost_of([]).renderings == 0
        assert Pace().cost_of([long]).speech_seconds > 10 * Pace().cost_of([short]).speech_seconds
        assert Pace().cost_of([long] * 100).golden_seconds == pytest.approx(
            4 * Pace().cost_of([long] * 100).run_seconds
        )


class TestBudget:
    def test_chooses_the_smallest_part_and_says_how_to_run_it(
        self, suite: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["list", str(suite), "--budget", "1s"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "2 probes of 8, about 0 s to run of 2 s"
        assert " ".join(lines[1].split()) == "mine 2 of 2 78% of such phrases could hide a trigger (95 %)"
        assert lines[2] == "  nothing fits of: numbers"
        assert lines[3].endswith("s.probes.yaml --budget 1s --format ids > part.txt")
        assert lines[4].split()[:2] == ["pytest", "@part.txt"]

    def test_its_items_are_those_that_pytest_knows(
        self, suite: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(suite.parent)
        assert main(["list", "s.probes.yaml", "--budget", "1s", "--format", "ids"]) == 0
        assert capsys.readouterr().out.splitlines() == ["s.probes.yaml::candidate::a", "s.probes.yaml::candidate::b"]

    def test_as_json(self, suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["list", str(suite), "--budget", "1m", "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["families"]["numbers"] == {"probes": 6, "of": 6, "miss_bound": 0.3930}
        assert len(told["ids"]) == 8

    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (["--budget", "0s"], "--budget: expected time for one family at least, got 0s; one probe takes 0.0"),
            (["--budget", "soon"], "--budget: expected a time such as 1h30m, 45m or 90s, got 'soon'"),
            (["--format", "ids"], "list: --format ids writes the items that a time was chosen for; add --budget"),
        ],
    )
    def test_a_time_that_holds_nothing_is_a_usage_line(
        self, suite: Path, words: list[str], line: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["list", str(suite), *words]) == 2
        assert line in capsys.readouterr().err


class TestPace:
    def test_of_a_golden_is_what_its_reference_took(self, recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
        words = ["list", str(recorded / "small.probes.yaml"), "--golden", str(recorded / "golden/small")]
        assert main(words) == 0
        assert "golden small" in capsys.readouterr().out.splitlines()[-1]
