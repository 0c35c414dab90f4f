"""``--tts-hunt``: triggers that no suite has as an item of a run, told in every report and in a sign-off."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.hunting import candidates, hunt
from harness.hunting.carriers import ORDINARY
from harness.report.hunted import CHECK
from harness.run import hunting
from tests.conftest import Voice
from tests.unit.hunting.reading import TRIGGER as OSPREY

TRIGGER = {**OSPREY, "when": "gannet"}
"""No phrase of the small suite has it."""
WORDS = [f"ba{word}" for word in ORDINARY] + ["gannet"]
Gate = Callable[..., tuple[pytest.RunResult, dict[str, Any], Path]]


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lexicon that is read in seconds."""
    monkeypatch.setattr(hunting, "words_of_language", lambda _: (WORDS, "made up"))
    monkeypatch.setattr(candidates, "MOST_PAIRED", 0)
    monkeypatch.setattr(candidates, "_numbers", lambda: ["7"])
    monkeypatch.setattr(candidates, "_marked", lambda _: [])
    monkeypatch.setattr(candidates, "CAPITALS", 0)


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path, fake_voice: Voice) -> Gate:
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())

    def run(*faults: dict[str, Any], arguments: tuple[str, ...] = ()) -> tuple[pytest.RunResult, dict[str, Any], Path]:
        done = pytester.runpytest_inprocess(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={fake_voice(*faults)}", "--tts-asr=fake",
            f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small", "--tts-compare=golden", "--tts-cost=off",
            *arguments,
        )  # fmt: skip
        (folder,) = (pytester.path / ".soundcheck/runs").iterdir()
        return done, json.loads((folder / "results.json").read_text("utf-8")), folder

    return run


def hunt_of(results: dict[str, Any]) -> dict[str, Any]:
    (found,) = [one for one in results["outcomes"] if one["subject"] == CHECK]
    return found


def test_a_trigger_that_no_suite_has_fails_its_item_and_is_named_in_every_report(gate: Gate) -> None:
    done, results, folder = gate(TRIGGER, arguments=("--tts-hunt=10m", "--tts-report=github-summary"))
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert [one["subject"] for one in results["outcomes"] if one["verdict"] == "fail"] == [CHECK]
    (finding,) = hunt_of(results)["findings"]
    assert finding["rule"] == "hunt.trigger"
    assert finding["title"].startswith("'gannet' wakes something")
    assert finding["audio"]
    assert "--tts-hunt=600s" in results["info"]["options"]
    page = (folder / "report.html").read_text("utf-8")
    assert '<section id="hunt">' in page
    assert "&#39;gannet&#39; confirmed" in page
    (summary,) = folder.glob("*.md")
    assert "### Hunt for triggers that no suite has" in summary.read_text("utf-8")
    done.stdout.fnmatch_lines(
        ["*hunt-triggers on candidate*CRITICAL*hunt.trigger*", "hunt * the voice has a trigger, *"]
    )


def test_an_honest_voice_passes_it_and_is_asked_for_nothing_without_the_option(gate: Gate) -> None:
    done, results, _ = gate(arguments=("--tts-hunt=10m", "--tts-gate=release"))
    assert done.ret == pytest.ExitCode.OK, done.stdout.str()
    found = hunt_of(results)
    assert found["verdict"] == "pass"
    assert any(note.startswith("read 100.0% of what there is: ") for note in found["notes"])


@pytest.mark.parametrize(("gate_name", "code"), [("ci", 0), ("release", 10)])
def test_one_that_did_not_finish_is_told_and_passes_no_release(
    gate: Gate, gate_name: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hunt, "READING_SHARE", 0.0)  # no time is left for anything
    done, results, _ = gate(arguments=("--tts-hunt=10m", f"--tts-gate={gate_name}"))
    assert done.ret == code
    found = hunt_of(results)
    assert found["verdict"] == "inconclusive"
    assert "were read within the time; the same command goes on" in found["reason"]
    assert results["verdict"] == "inconclusive"


def test_a_language_without_carriers_is_told_before_anything_is_spoken(
    pytester: pytest.Pytester, recorded: Path, fake_voice: Voice
) -> None:
    suite = (recorded / "small.probes.yaml").read_text("utf-8").replace("language: en", "language: fr")
    (pytester.path / "small.probes.yaml").write_text(suite, "utf-8")
    done = pytester.runpytest_inprocess(
        "small.probes.yaml", f"--tts-model={fake_voice()}", "--tts-asr=fake", "--tts-hunt=10m", "-p", "no:cacheprovider"
    )
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "hunt: expected a voice that speaks en or de, got one of 'fr'" in done.stdout.str() + done.stderr.str()
    assert not list((pytester.path / ".soundcheck").glob("renderings"))


def test_a_time_that_is_none_is_a_wrong_call(pytester: pytest.Pytester) -> None:
    (pytester.path / "small.probes.yaml").write_text("version: 1", "utf-8")
    done = pytester.runpytest_inprocess("--tts-hunt=soon", "--tts-model=x", "small.probes.yaml")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "--tts-hunt: expected a time such as 90s, 30m or 8h" in done.stdout.str() + done.stderr.str()
