"""Rules for tests: Soundcheck's own by their ids, and made-up ones."""

from __future__ import annotations

from harness.core.rules import Rule, undescribed
from harness.core.types import Severity
from harness.run.rules import every_rule

_KNOWN = {rule.id: rule for rule in every_rule()}


def rule(rule_id: str) -> Rule:
    """The rule of that id; for an id that nobody has, one without words."""
    return _KNOWN.get(rule_id) or undescribed(rule_id, Severity.HIGH)
