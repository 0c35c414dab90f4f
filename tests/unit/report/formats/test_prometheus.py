"""Metrics that a collector can read, whatever the labels hold."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.verdict import RunResult
from harness.report.formats.prometheus import HELP, MAX_SERIES, OTHER, to_metrics
from tests.report_samples import HOSTILE, INFO, LONG, calm_probes, hostile_probe, make_outcome, passing_run, sample_run

DOCS = Path(__file__).parents[4] / "docs" / "formats.md"

SERIES = re.compile(r'([a-z_]+)\{((?:[a-z_]+="(?:[^"\\]|\\["\\n])*",?)+)\} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\["\\n])*)"')


def read(run: RunResult) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The exposition format as Prometheus documents it: every line is a comment or one series, none comes twice."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    announced = []
    text = to_metrics(run).decode()
    assert text.endswith("\n")
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# TYPE "):
            announced.append(line.split()[2])
        elif not line.startswith("# HELP "):
            match = SERIES.fullmatch(line)
            assert match, line
            assert match[1] == announced[-1]
            key = (match[1], tuple(LABEL.findall(match[2])))
            assert key not in found
            found[key] = float(match[3])
    assert announced == list(HELP)
    return found


def value(run: RunResult, name: str, **labels: str) -> float:
    return read(run)[name, (("model", "candidate"), *labels.items())]


class TestMetrics:
    def test_count_by_verdict_family_and_rule(self) -> None:
        run = sample_run()
        assert value(run, "soundcheck_items", verdict="fail") == 8
        assert value(run, "soundcheck_items", verdict="error") == 0
        assert value(run, "soundcheck_family_items", family="negation", verdict="fail") == 8
        assert value(run, "soundcheck_family_items", family="(whole model)", verdict="pass") == 2
        assert value(run, "soundcheck_findings", rule="speech.word-dropped", severity="critical") == 8
        assert value(run, "soundcheck_renderings", family="negation") == 80
        assert value(run, "soundcheck_effect_spreads_max", statistic="forced-mean") > 30
        seconds = sum(take.facts.seconds for one in run.outcomes for take in one.takes)
        told = [number for (name, _), number in read(run).items() if name == "soundcheck_speech_seconds"]
        assert math.isclose(sum(told), seconds)

    def test_say_the_verdict_and_whether_the_run_is_complete(self) -> None:
        assert value(sample_run(), "soundcheck_run_verdict", verdict="fail") == 1
        assert value(passing_run(), "soundcheck_run_verdict", verdict="fail") == 0
        assert value(passing_run(), "soundcheck_run_verdict", verdict="pass") == 1
        assert value(passing_run(), "soundcheck_run_complete") == 1
        early = replace(passing_run(), planned=140)
        assert value(early, "soundcheck_run_complete") == 0
        assert value(early, "soundcheck_items_planned") == 140

    def test_leave_out_what_is_no_number(self) -> None:
        one = make_outcome(hostile_probe())
        takes = tuple(replace(take, facts=replace(take.facts, seconds=math.nan)) for take in one.takes)
        odd = replace(one.observations[0], effect=math.nan)
        run = RunResult(info=INFO, outcomes=(replace(one, takes=takes, observations=(odd,)),), planned=1)
        assert value(run, "soundcheck_speech_seconds", family="markup") == 0
        assert not [name for name, _ in read(run) if name == "soundcheck_effect_spreads_max"]

    @pytest.mark.parametrize("text", [HOSTILE, LONG, 'a"b\\c\nd', "\ud800", "", '"} 1\nsoundcheck_items{model="x"} 1'])
    def test_are_readable_whatever_the_labels_hold(self, text: str) -> None:
        outcome = replace(make_outcome(hostile_probe()), probe=replace(hostile_probe(), family=text))
        info = replace(INFO, model_name=text, engine=text, golden=text)
        found = read(RunResult(info=info, outcomes=(outcome,), planned=1))
        assert all(len(label) < 260 for _, labels in found for _, label in labels)

    def test_are_documented(self) -> None:
        text = DOCS.read_text("utf-8")
        for name, about in HELP.items():
            assert re.search(rf"\| `{name}` \| .*\| {re.escape(about)} \|", text)

    def test_add_up_series_that_would_be_equal(self) -> None:
        outcomes = [make_outcome(one) for one in calm_probes(2)]
        outcomes = [
            replace(one, probe=replace(probe, family=f"{'x' * 200}{at}"))
            for at, one in enumerate(outcomes)
            if (probe := one.probe)
        ]
        run = RunResult(info=INFO, outcomes=tuple(outcomes), planned=2)
        counted = [number for (name, _), number in read(run).items() if name == "soundcheck_family_items"]
        assert counted == [2]

    def test_are_bounded_in_number_and_lose_nothing(self) -> None:
        one = make_outcome(calm_probes(1)[0])
        probe = one.probe
        assert probe
        outcomes = tuple(replace(one, probe=replace(probe, family=f"family-{at:04}")) for at in range(MAX_SERIES + 50))
        run = RunResult(info=INFO, outcomes=outcomes, planned=len(outcomes))
        told = {
            labels[1][1]: number for (name, labels), number in read(run).items() if name == "soundcheck_family_items"
        }
        assert len(told) == MAX_SERIES + 1
        assert told[OTHER] == 50
