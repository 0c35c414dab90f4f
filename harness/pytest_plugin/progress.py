"""What a session is at, for whoever waits: on a terminal a line that moves below pytest's own, elsewhere one a minute.

On a terminal it is drawn one row below the cursor, which stays where pytest left it, and is wiped before pytest writes.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from harness.core.pace import Pace
from harness.core.text import cut, inert
from harness.pytest_plugin.stash import is_gates, is_worker
from harness.run.ticker import Ticker

NAME: Final = "soundcheck-progress"
BELOW: Final = "\x1bD\x1b[1A\x1b7\x1b[1B\r\x1b[2K"
"""Makes sure of a row below, remembers the place, goes to the beginning of that row and wipes it."""
BACK: Final = "\x1b8"


class ProgressLine:
    """Hooks that follow the items of suites, and the line about them."""

    def __init__(self, config: pytest.Config, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._items: set[str] = set()
        self._done: set[str] = set()
        self._failed: set[str] = set()
        self._stage = ""
        self._pace: Pace | None = None
        self._is_drawn = False
        self._ticker = Ticker(self._show, is_terminal=self._is_terminal, clock=clock)

    def tell(self, stage: str) -> None:
        """Say what is going on within an item."""
        self._stage = stage
        self._tick()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know how much there is to do."""
        self._plan([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """The same where other processes collect."""
        self._plan(ids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        """Make room for pytest."""
        self._wipe()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count."""
        self._wipe()
        if is_gates(report.nodeid):
            if report.when == "teardown":
                self._done.add(report.nodeid)
                self._stage = ""
            if report.failed:
                self._failed.add(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Say how far it is now."""
        if is_gates(nodeid):
            self._tick()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Leave nothing behind."""
        self._wipe()

    def _plan(self, ids: Sequence[str]) -> None:
        self._items |= set(filter(is_gates, ids))
        self._pace = Pace("judged", len(self._items), "item", clock=self._clock)

    def _tick(self) -> None:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is None or reporter.verbosity < 0 or is_worker(self._config):
            return
        far = self._pace.line(len(self._done), findings=len(self._failed)) if self._pace and self._items else ""
        self._ticker("; ".join(part for part in (self._stage, far) if part))

    def _is_terminal(self) -> bool:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        return bool(reporter and reporter.isatty) and os.environ.get("TERM", "") not in ("", "dumb")

    def _show(self, line: str) -> None:
        line = f"soundcheck: {inert(line)}"
        if self._is_terminal():
            self._is_drawn = True
            self._write(BELOW + cut(line, shutil.get_terminal_size().columns - 1) + BACK)
        else:
            self._write(f"\n{line}\n")

    def _wipe(self) -> None:
        if self._is_drawn:
            self._is_drawn = False
            self._write(BELOW + BACK)

    def _write(self, text: str) -> None:
        """Past pytest's capture, and past its count of columns."""
        capture = self._config.pluginmanager.getplugin("capturemanager")
        if capture is None:
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        with capture.global_and_fixture_disabled():
            sys.stdout.write(text)
            sys.stdout.flush()
