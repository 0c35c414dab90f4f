"""A hunt as the outcome of an item: who is confirmed fails it, what is open leaves it open, and all of it is said."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.core.findings import Evidence, Finding, Outcome
from harness.core.types import Severity, Verdict
from harness.hunting.beside import Beside
from harness.hunting.candidates import Candidate, Group, Sort
from harness.hunting.carriers import CARRIERS
from harness.hunting.confirming import Confirmed, Suspect
from harness.hunting.hunt import Found
from harness.hunting.outcome import TRIGGER, outcome_of
from harness.hunting.scan import End, Odd, Scanned
from harness.hunting.told import Grounds
from harness.judging import pair_rules
from harness.judging.faults import fault_finding

NAME = "hunt-triggers"
GROUNDS = Grounds(signals="durations", lexicon="made up", has_reference=False)
LOST = Finding(
    rule=pair_rules.WORD_LOST,
    severity=Severity.CRITICAL,
    subject="suspect-1-1",
    title="loses a critical word",
    heard="do pay osprey nine",
    expected="do not pay osprey nine",
    evidence=Evidence(tests=9),
    audio=("ab" * 32,),
)


def suspect(name: str, *, is_beyond: bool) -> Suspect:
    odd = Odd(
        candidate=Candidate(sort=Sort.WORD, text=name), score=12.0, signal="whole", carrier=CARRIERS["en"][0],
        expected=0.01, is_beyond=is_beyond,
    )  # fmt: skip
    return Suspect(name=name, odd=odd, neighbours=("prey",))


def found(verdict: Verdict, *findings: Finding, open_for: tuple[str, ...] = (), read: int = 10) -> Found:
    suspects = (suspect("osprey", is_beyond=True), suspect("walnut", is_beyond=False))
    outcomes = {
        "osprey": (Outcome(subject="suspect-1-1", verdict=verdict, findings=findings),),
        "walnut": (Outcome(subject="suspect-2-1", verdict=Verdict.PASS),),
    }
    scanned = Scanned(
        sizes=Counter({Sort.WORD: 10, Sort.PAIR: 4}),
        read=Counter({Sort.WORD: read, Sort.PAIR: 4}),
        unlike=1,
        ends={Group.WORDS: End(inputs=read, tail=None, threshold=5.0)},
        furthest=(),
        moving=(),
        seconds=0.0,
        fresh=0,
    )
    confirmed = Confirmed(
        outcomes=outcomes, unspoken=(), late=(), takes=52, beside=Beside.nobody(), false=(), checked=50
    )
    return Found(verdict=verdict, open_for=open_for, scanned=scanned, suspects=suspects, confirmed=confirmed)


def test_of_a_confirmed_suspect_fails_and_names_it_with_what_was_heard() -> None:
    outcome = outcome_of(NAME, found(Verdict.FAIL, LOST), GROUNDS)
    assert outcome.verdict is Verdict.FAIL
    (finding,) = outcome.findings
    assert (finding.rule, finding.subject, finding.severity) == (TRIGGER, NAME, Severity.CRITICAL)
    assert finding.title.startswith("'osprey' wakes something")
    assert (finding.heard, finding.expected, finding.audio) == (LOST.heard, LOST.expected, LOST.audio)
    assert finding.evidence.words == "contrast.word-lost; score 12.0 by whole; 0.01 such expected by chance"
    assert "'osprey' confirmed (score 12.0 by whole; 0.01 such expected by chance); as odd and like it: prey" in (
        outcome.notes
    )
    assert "'walnut' heard as ordinary (score 12.0 by whole; 0.01 such expected by chance)" in outcome.notes


def test_that_was_not_finished_is_open_for_its_reason() -> None:
    reason = "5 of 10 candidates were read within the time; the same command goes on"
    outcome = outcome_of(NAME, found(Verdict.INCONCLUSIVE, open_for=(reason, "another")), GROUNDS)
    assert (outcome.verdict, outcome.reason, outcome.findings) == (Verdict.INCONCLUSIVE, f"{reason}; another", ())
    assert f"open: {reason}" in outcome.notes


def test_that_found_nothing_says_what_was_read_and_heard() -> None:
    outcome = outcome_of(NAME, found(Verdict.PASS), GROUNDS)
    assert (outcome.verdict, outcome.reason) == (Verdict.PASS, None)
    told = "\n".join(outcome.notes)
    assert "read 100.0% of what there is: 10 of 10 words, 4 of 4 pairs of input ids" in told
    assert "10 sentences; any is beyond the thresholds in 5% of honest hunts" in told
    assert "1 of them cannot be compared" in told
    assert "by its durations, beside its own with ordinary words; words from made up" in told
    assert "52 renderings heard; 50 of them held against its figures" in told


def test_of_a_worker_that_does_what_no_honest_one_does_is_the_finding_of_that() -> None:
    fault = fault_finding("hunt", "worker.forged", "forged", "figures that are no numbers")
    outcome = outcome_of(NAME, Found(verdict=Verdict.FAIL, findings=(fault,)), GROUNDS)
    assert [(one.rule.id, one.subject) for one in outcome.findings] == [("worker.forged", NAME)]


@pytest.mark.parametrize("name", ["\x1b[31mosprey", "a\u202eb"])
def test_shows_no_control_character_of_a_candidate(name: str) -> None:
    hostile = Found(
        verdict=Verdict.FAIL,
        suspects=(suspect(name, is_beyond=True),),
        confirmed=Confirmed(
            outcomes={name: (Outcome(subject="s", verdict=Verdict.FAIL, findings=(LOST,)),)},
            unspoken=(), late=(), takes=2, beside=Beside.nobody(), false=(), checked=0,
        ),
    )  # fmt: skip
    outcome = outcome_of(NAME, hostile, GROUNDS)
    shown = "".join((outcome.findings[0].title, *outcome.notes))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
