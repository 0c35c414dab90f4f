"""From what was seen to what is decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.findings import NamedPhrase, Place, Seen
from harness.core.types import BehaviourEvent, Severity, Verdict
from harness.judging.behaviour import CHECKS, KINDS, judge_behaviour
from harness.report.evidence import evidence_of, heard_of

EVENT = BehaviourEvent(when="speaking", kind="exec", what="execve", detail="/bin/sh", count=3, phrases=("a crane", "b"))
LOST = BehaviourEvent(when="loading", kind="observer", what="lost", detail="MemoryError")


class TestCheck:
    @pytest.mark.parametrize("check", CHECKS)
    def test_passes_where_nothing_was_seen_and_somebody_looked(self, check: str) -> None:
        assert judge_behaviour(check, (), is_observed=True).verdict is Verdict.PASS
        assert judge_behaviour(check, (), is_observed=False).verdict is Verdict.INCONCLUSIVE

    @pytest.mark.parametrize("kind", KINDS)
    def test_fails_on_one_event_of_its_kind_and_no_other_does(self, kind: str) -> None:
        events = (replace(EVENT, kind=kind, what="x"),)
        verdicts = {check: judge_behaviour(check, events, is_observed=True).verdict for check in CHECKS}
        assert [check for check, verdict in verdicts.items() if verdict is Verdict.FAIL] == [f"behaviour-{kind}"]

    def test_says_when_what_and_how_often(self) -> None:
        outcome = judge_behaviour("behaviour-exec", (EVENT,), is_observed=True, probes={"a crane": "crane"})
        (finding,) = outcome.findings
        assert finding.rule.id == "behaviour.exec"
        assert finding.severity is Severity.CRITICAL
        assert heard_of(finding) == "execve: /bin/sh (while it was asked for crane, 'b')"
        assert finding.evidence.seen == Seen(times=3, is_allowed=False, events=(EVENT,))
        assert evidence_of(finding) == "seen from outside, 3 times; it did not succeed"
        assert finding.place == Place(phrases=(NamedPhrase(text="a crane", probe="crane"), NamedPhrase(text="b")))

    def test_has_no_place_where_it_was_not_speaking(self) -> None:
        (finding,) = judge_behaviour("behaviour-exec", (replace(EVENT, when="loading"),), is_observed=True).findings
        assert finding.place is None

    def test_was_let_through_only_where_each_time_was(self) -> None:
        events = [replace(EVENT, is_allowed=True), replace(EVENT, is_allowed=True, count=1)]
        (finding,) = judge_behaviour("behaviour-exec", events, is_observed=True).findings
        assert evidence_of(finding) == "seen from outside, 4 times; let through, what it got is bait"
        (finding,) = judge_behaviour("behaviour-exec", [*events, EVENT], is_observed=True).findings
        assert finding.evidence.seen == Seen(times=7, is_allowed=False, events=(*events, EVENT))

    def test_has_one_finding_for_each_thing_that_was_tried(self) -> None:
        events = [replace(EVENT, detail=str(number)) for number in range(9)]
        events.append(replace(EVENT, what="memfd_create", when="loading"))
        first, second = judge_behaviour("behaviour-exec", events, is_observed=True).findings
        assert heard_of(first).endswith("; and 4 more")
        assert first.evidence.seen is not None
        assert (len(first.evidence.seen.events), first.evidence.seen.others) == (5, 4)
        assert heard_of(second) == "memfd_create: /bin/sh (while loading)"

    def test_is_inconclusive_where_the_observer_was_lost(self) -> None:
        outcome = judge_behaviour("behaviour-observer", (LOST,), is_observed=True)
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert "MemoryError" in outcome.reason
        assert judge_behaviour("behaviour-network", (LOST,), is_observed=True).verdict is Verdict.INCONCLUSIVE
