"""Sessions of pytest within a session of pytest: what they may do without, so that each costs little."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import harness.pytest_plugin.gate  # noqa: F401 - imported once, not by each session within this process
from tests.conftest import WITHOUT_OTHERS


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for sessions that have no other, so that the walls are attacked by the first and not by each."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, shared_cache: Path) -> pytest.Pytester:
    """pytest's own, whose sessions do without the plugins of what our own tests need.

    Each would else import hypothesis, anyio and typeguard, for more than half a second. Those within this process load
    our plugin and no other package's; those in a process of their own whatever else is there. These have a home of
    their own, and share a cache unless a test gives them one.
    """
    run, run_apart = pytester.runpytest_inprocess, pytester.runpytest_subprocess

    def run_alone(*arguments: object, **named: object) -> pytest.RunResult:
        with monkeypatch.context() as patch:
            patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            return run("-p", "soundcheck", *arguments, **named)

    def run_without(*arguments: Any, **named: Any) -> pytest.RunResult:
        with monkeypatch.context() as patch:
            if "HOME" in os.environ and not {"SOUNDCHECK_CACHE", "XDG_CACHE_HOME"} & os.environ.keys():
                patch.setenv("SOUNDCHECK_CACHE", str(shared_cache))
            return run_apart(*WITHOUT_OTHERS, *arguments, **named)

    monkeypatch.setattr(pytester, "runpytest_inprocess", run_alone)
    monkeypatch.setattr(pytester, "runpytest_subprocess", run_without)
    return pytester
