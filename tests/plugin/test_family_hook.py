"""Generated probes as users meet them: families of their own, private draws, languages."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.pytest_plugin.hookspecs import pytest_tts_probes
from tests.conftest import Voice

pytestmark = pytest.mark.usefixtures("recorded")
"""Recording imports numpy, which cannot be loaded again once pytester has unloaded it: it must come first."""

SALT = "correct horse battery staple"
SUITE = """\
version: 1
title: drawn
language: en
generate:
  - {family: negation, count: 4}
  - {family: carriers, count: 2}
"""
DRAWN = 6


@pytest.fixture
def gate(pytester: pytest.Pytester, fake_voice: Voice):
    """Run a suite on an honest fake voice, without metering."""

    def run(*arguments: str, golden: str = "", suite: str = "drawn.probes.yaml"):
        return pytester.runpytest_inprocess(
            suite, "-p", "no:cacheprovider", f"--tts-model={fake_voice()}", "--tts-asr=fake", "--tts-cost=off", "-rs",
            *([f"--tts-golden={golden}"] if golden else []), *arguments,
        )  # fmt: skip

    return run


@pytest.fixture
def record(pytester: pytest.Pytester, fake_voice: Voice):
    def run(
        name: str, *arguments: str, suite: str = "drawn.probes.yaml", cost: tuple[str, ...] = ("--no-cost",)
    ) -> int:
        return main(
            ["record", f"--model={fake_voice()}", f"--suite={suite}", f"--out=golden/{name}", "--asr=fake",
             "--reason=test", "--no-audio", "--takes=6", *cost, *arguments]
        )  # fmt: skip

    (pytester.path / "drawn.probes.yaml").write_text(SUITE, "utf-8")
    return run


def info(pytester: pytest.Pytester) -> dict:
    found = (pytester.path / ".soundcheck" / "runs").glob("*/results.json")
    newest = max(found, key=lambda path: path.stat().st_mtime_ns)
    return json.loads(newest.read_text("utf-8"))["info"]


def everything_written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


class TestGeneratedProbes:
    def test_they_are_recorded_and_judged_like_written_ones(self, gate, record) -> None:
        assert record("plain") == 0
        done = gate("-k", "negation or carriers", golden="plain")
        assert done.parseoutcomes()["passed"] == DRAWN

    def test_a_family_is_a_keyword(self, gate, record) -> None:
        done = gate("-k", "carriers", "--collect-only", "-q")
        assert sum("::carriers-" in line for line in done.outlines) == 2
        assert not any("::negation-" in line for line in done.outlines)

    def test_a_mistake_in_the_plan_gets_one_line(self, gate, pytester: pytest.Pytester) -> None:
        (pytester.path / "drawn.probes.yaml").write_text(SUITE.replace("carriers", "carrier"), "utf-8")
        done = gate()
        done.stdout.fnmatch_lines(["drawn.probes.yaml:6: unknown family 'carrier'; did you mean 'carriers'?"])
        assert done.ret == pytest.ExitCode.INTERRUPTED


class TestSalt:
    @pytest.mark.slow
    def test_a_golden_of_the_same_salt_serves(self, gate, record, pytester: pytest.Pytester) -> None:
        assert record("private", f"--salt={SALT}") == 0
        done = gate(f"--tts-salt={SALT}", "-k", "negation or carriers", golden="private")
        assert done.parseoutcomes()["passed"] == DRAWN
        assert info(pytester)["salt_digest"] == hashlib.sha256(SALT.encode()).hexdigest()

    @pytest.mark.slow
    def test_the_salt_is_written_nowhere(
        self, gate, record, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SOUNDCHECK_SALT", SALT)
        assert record("private", cost=()) == 0
        done = gate("--tts-cost=auto", "--tts-report=sarif", "--junitxml=junit.xml", "-v", golden="private")
        assert SALT.encode() not in everything_written(pytester.path)
        assert SALT not in done.stdout.str() + done.stderr.str()

    @pytest.mark.slow
    def test_a_golden_of_another_salt_is_inconclusive_and_names_it(self, gate, record) -> None:
        assert record("public") == 0
        done = gate(f"--tts-salt={SALT}", golden="public")
        assert done.parseoutcomes()["skipped"] == DRAWN + 1  # and the suite as a whole
        digest = hashlib.sha256(SALT.encode()).hexdigest()[:12]
        done.stdout.fnmatch_lines(
            [f"*inconclusive: golden public was drawn with no salt, this run with the salt of sha256 {digest}; give *"]
        )

    def test_the_command_that_repeats_an_item_asks_for_the_salt(self, gate, pytester: pytest.Pytester, record) -> None:
        done = gate(f"--tts-salt={SALT}", "--tts-gate=release", "-k", "carriers")
        done.stdout.fnmatch_lines(['  re-run    pytest *--tts-salt="$SOUNDCHECK_SALT"*'])

    def test_a_short_salt_is_refused_and_not_shown(self, gate, record) -> None:
        done = gate("--tts-salt=hunter2")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["ERROR: --tts-salt: expected 12 characters or more (or none), got 7"])
        assert "hunter2" not in done.stdout.str() + done.stderr.str()

    def test_a_suite_without_draws_knows_no_salt(self, gate, pytester: pytest.Pytester, recorded: Path) -> None:
        (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
        done = gate(f"--tts-salt={SALT}", golden=str(recorded / "golden/small"), suite="small.probes.yaml")
        assert "skipped" not in done.parseoutcomes()
        assert info(pytester)["salt_digest"] == ""


class TestFamiliesOfTheUser:
    @pytest.fixture
    def example(self, pytester: pytest.Pytester) -> str:
        """The example of the hook's documentation, as it stands there."""
        lines = (pytest_tts_probes.__doc__ or "").partition("Example::\n")[2].splitlines()
        code = "\n".join(line.removeprefix("        ") for line in lines)
        pytester.makeconftest(code)
        plan = [line.strip().removeprefix("#   ") for line in lines if line.strip().startswith("#   ")]
        (pytester.path / "town.probes.yaml").write_text(
            "version: 1\ntitle: town\nlanguage: en\n" + "\n".join(plan) + "\n", "utf-8"
        )
        return "town.probes.yaml"

    def test_the_documented_example_runs_from_record_to_verdict(
        self, gate, record, example: str, pytester: pytest.Pytester
    ) -> None:
        assert record("town", "--families-from=conftest.py", suite=example) == 0
        done = gate("-k", "streets", golden="town", suite=example)
        assert done.parseoutcomes()["passed"] == 4

    def test_a_conftest_that_returns_nonsense_gets_one_line(
        self, gate, pytester: pytest.Pytester, example: str
    ) -> None:
        pytester.makeconftest("def pytest_tts_probes():\n    return [42]\n")
        done = gate(suite=example)
        done.stdout.fnmatch_lines(["pytest_tts_probes: expected a list of probes.family.Family, got a int in it"])

    def test_without_a_conftest_the_family_is_unknown(self, gate, pytester: pytest.Pytester, example: str) -> None:
        pytester.makeconftest("")
        done = gate(suite=example)
        done.stdout.fnmatch_lines(["town.probes.yaml:5: unknown family 'streets'; *"])


class TestLanguages:
    @pytest.mark.slow
    def test_a_german_suite_runs_by_german_rules(self, gate, record, pytester: pytest.Pytester) -> None:
        german = SUITE.replace("language: en", "language: de")
        (pytester.path / "drawn.probes.yaml").write_text(german, "utf-8")
        assert record("deutsch") == 0
        done = gate("-k", "negation or carriers", golden="deutsch")
        assert done.parseoutcomes()["passed"] == DRAWN

    def test_two_languages_in_one_run_are_refused_in_one_line(self, gate, record, pytester: pytest.Pytester) -> None:
        mixed = SUITE.replace("count: 2}", "count: 2, language: de}")
        (pytester.path / "drawn.probes.yaml").write_text(mixed, "utf-8")
        line = (
            "drawn.probes.yaml:6: expected language 'en' as in drawn.probes.yaml, got 'de'; a run and a golden hear "
            "one language, so put the other into a suite and run of its own"
        )
        done = gate()
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([f"ERROR: {line}"])
        assert record("mixed") == 2
