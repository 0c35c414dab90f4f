"""Every finding that can be made is described for formats that carry words."""

from __future__ import annotations

import pytest

from harness.judging.detectors import DETECTORS, RULES
from harness.judging.pairs import MEASURES
from harness.report.rules import RULES as DESCRIBED

MADE = (
    *(rule for detector in DETECTORS for rule in detector.rules),
    *RULES,
    *("same.differs", "shift.suite", "shift.family", "contrast.word-lost"),
    *(f"contrast.{measure.name}" for measure in MEASURES),
    *(
        f"cost.{name}"
        for name in ("latency", "work", "phrase", "trigger", "spike", "memory", "leak", "drift", "scaling")
    ),
    *("cost.first-rendering", "cost.load"),
)


@pytest.mark.parametrize("rule", MADE)
def test_a_rule_has_words(rule: str) -> None:
    words = DESCRIBED[rule]
    assert all((words.title, words.text, words.advice))
    assert len(words.title) < 80
