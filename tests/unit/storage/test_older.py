"""Records of older runs say the same as when they were written."""

from __future__ import annotations

import msgspec

from harness.core.findings import Evidence
from harness.core.types import Severity
from harness.storage.older import upgraded
from harness.storage.rundirectory import Line

OLD = {
    "rule": "speech.word-dropped",
    "severity": "critical",
    "subject": "a",
    "title": "drops a word",
    "heard": "please open",
    "evidence": "log-likelihood of the golden text -1.9, golden -0.4 (spread 0.06, -25.0 spreads), p < 1e-4",
}


class TestUpgraded:
    def test_keeps_the_evidence_of_a_finding_as_its_words_and_names_its_rule(self) -> None:
        line = {"outcome": {"subject": "a", "verdict": "fail", "findings": [OLD]}}
        read = msgspec.convert(upgraded(line), type=Line)
        assert read.outcome is not None
        (finding,) = read.outcome.findings
        assert finding.evidence == Evidence(words=OLD["evidence"])
        assert (finding.rule.id, finding.severity, finding.heard) == (OLD["rule"], Severity.CRITICAL, OLD["heard"])

    def test_leaves_what_is_no_record_as_it_is(self) -> None:
        for odd in (None, 3, [], {"event": "x"}, {"outcome": {"findings": 3}}):
            assert upgraded(odd) == odd
        assert upgraded({"outcome": {"findings": [None]}}) == {"outcome": {"findings": [None]}}
