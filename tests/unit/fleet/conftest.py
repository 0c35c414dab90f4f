"""Audits and services whose gates judge nothing."""

from __future__ import annotations

import pytest

from harness.fleet import course
from harness.fleet.basis import code_at_first
from harness.fleet.serving import rules


@pytest.fixture(autouse=True)
def code_that_nobody_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the package is otherwise read anew when each gate ends, for longer than such a gate takes."""
    for module in (course, rules):
        monkeypatch.setattr(module, "code_now", code_at_first)
