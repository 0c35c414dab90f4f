"""Sessions of pytest within a session of pytest: what they may do without, so that each costs little."""

from __future__ import annotations

from typing import Any

import pytest
import soxr  # noqa: F401 - its extension aborts a process that imports it anew, as sessions within a session would

import harness.pytest_plugin.gate  # noqa: F401 - imported once, not by each session within this process
from tests.conftest import WITHOUT_OTHERS


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own, whose sessions do without the plugins of what our own tests need.

    Each would else import hypothesis, anyio and typeguard, for more than half a second. Those within this process load
    our plugin and no other package's; those in a process of their own whatever else is there.
    """
    run, run_apart = pytester.runpytest_inprocess, pytester.runpytest_subprocess

    def run_alone(*arguments: object, **named: object) -> pytest.RunResult:
        with monkeypatch.context() as patch:
            patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            return run("-p", "soundcheck", *arguments, **named)

    def run_without(*arguments: Any, **named: Any) -> pytest.RunResult:
        return run_apart(*WITHOUT_OTHERS, *arguments, **named)

    monkeypatch.setattr(pytester, "runpytest_inprocess", run_alone)
    monkeypatch.setattr(pytester, "runpytest_subprocess", run_without)
    return pytester
