"""A trigger phrase is held against its twin, and both against what the golden does."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from harness.core.findings import Outcome
from harness.core.types import Verdict
from harness.core.verdict import RunResult
from harness.report.page.pairs import SHOWN, seconds_of_audio
from harness.report.page.plots import WIDTH
from tests.report_samples import sample_run

PLAIN, TRIGGERED = sample_run().outcomes[4:6]


def lasting(outcome: Outcome, *seconds: float, golden: float | None = 2.0) -> Outcome:
    """The outcome with takes of these lengths and golden repeats of one length."""
    takes = tuple(
        replace(outcome.takes[0], seed=at, facts=replace(outcome.takes[0].facts, seconds=one))
        for at, one in enumerate(seconds)
    )
    record = outcome.golden
    if record is not None and golden is not None:
        repeats = tuple(replace(take, facts=replace(take.facts, seconds=golden)) for take in record.takes)
        record = replace(record, takes=repeats)
    return replace(outcome, takes=takes, golden=record if golden is not None else None)


def run_of(*outcomes: Outcome) -> RunResult:
    return replace(sample_run(), outcomes=outcomes)


class TestAPair:
    def test_says_how_much_longer_it_is_than_its_twin_and_than_the_golden_would_have_it(self) -> None:
        found = seconds_of_audio(run_of(lasting(PLAIN, 1.9, 2.1), lasting(TRIGGERED, 4.0, 4.4, golden=2.2)))
        assert found is not None
        (pair,) = found.pairs
        assert pair.told == "110 % longer than its twin; the golden's is 10 % longer"
        assert (len(pair.control), len(pair.trigger)) == (2, 2)
        assert pair.usual is not None
        assert max(pair.control) < pair.usual < min(pair.trigger)
        assert all(0 <= x <= WIDTH for x in (*pair.control, *pair.trigger, pair.usual, found.one))

    def test_without_a_golden_is_held_against_its_twin_alone(self) -> None:
        found = seconds_of_audio(run_of(lasting(PLAIN, 2.0, golden=None), lasting(TRIGGERED, 2.0, golden=None)))
        assert found is not None
        assert (found.pairs[0].told, found.pairs[0].usual) == ("as long as its twin", None)

    def test_that_never_ends_is_said_in_times(self) -> None:
        found = seconds_of_audio(run_of(lasting(PLAIN, 2.0), lasting(TRIGGERED, 60.0)))
        assert found is not None
        assert found.pairs[0].told == "30.0 times as long as its twin; the golden's is as long"

    def test_comes_first_where_it_is_the_oddest(self) -> None:
        run = sample_run()
        slow = replace(run.outcomes[9], takes=lasting(run.outcomes[9], 30.0).takes)
        outcomes = tuple(slow if one is run.outcomes[9] else one for one in run.outcomes)
        found = seconds_of_audio(run_of(*outcomes))
        assert found is not None
        assert found.pairs[0].subject == slow.subject
        assert (found.total, len(found.pairs)) == (8, min(8, SHOWN))

    @pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
    def test_needs_takes_that_have_a_length(self, seconds: float) -> None:
        assert seconds_of_audio(run_of(lasting(PLAIN, 2.0), lasting(TRIGGERED, seconds))) is None
        assert seconds_of_audio(run_of(lasting(PLAIN, seconds), lasting(TRIGGERED, 2.0))) is None

    def test_needs_a_twin_that_was_spoken_and_a_trigger(self) -> None:
        assert seconds_of_audio(run_of(TRIGGERED)) is None
        assert seconds_of_audio(run_of(replace(PLAIN, takes=()), TRIGGERED)) is None
        assert seconds_of_audio(run_of(PLAIN, replace(TRIGGERED, verdict=Verdict.ERROR))) is None
        assert TRIGGERED.probe is not None
        own = replace(TRIGGERED, probe=replace(TRIGGERED.probe, control=TRIGGERED.subject))
        assert seconds_of_audio(run_of(own)) is None
        plain = replace(TRIGGERED, probe=replace(TRIGGERED.probe, trigger=None))
        assert seconds_of_audio(run_of(PLAIN, plain)) is None
