"""Sessions of pytest within a session of pytest: what they may do without, so that each costs little."""

from __future__ import annotations

import pytest
import soxr  # noqa: F401 - its extension aborts a process that imports it anew, as sessions within a session would

import harness.pytest_plugin.gate  # noqa: F401 - imported once, not by each session within this process


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own, whose sessions within this process load our plugin and no other package's.

    Each would else import hypothesis, anyio and typeguard anew. Those in a process of their own load what a user's do.
    """
    run = pytester.runpytest_inprocess

    def run_alone(*arguments: object, **named: object) -> pytest.RunResult:
        with monkeypatch.context() as patch:
            patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            return run("-p", "soundcheck", *arguments, **named)

    monkeypatch.setattr(pytester, "runpytest_inprocess", run_alone)
    return pytester
