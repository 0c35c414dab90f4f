"""The last word of a session: which items were asked for and reported, and the exit code that follows.

Registered after every other plugin and ``conftest.py``, so that its wrapper around the whole session is the outermost
one: what others do to the exit code, in :func:`pytest_unconfigure` too, happens within. The decision itself is made in
:mod:`harness.core.ending`.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator, Sequence, Set
from typing import TYPE_CHECKING, Any

import pytest

from harness.core.errors import SoundcheckError
from harness.core.text import inert
from harness.pytest_plugin.stash import ENDING_LINE, GATE, RUN_ID, SUITE_WITHOUT_MODEL, is_gates, is_worker

if TYPE_CHECKING:
    from harness.core.ending import Standing
    from harness.core.verdict import RunResult

NAME = "soundcheck-ending"
RUN_PROPERTY = "tts_run"
"""Tells the process that was started which run its workers write, with the first item that one of them reports."""

End = Callable[[pytest.Config, Set[str]], "tuple[RunResult | None, str]"]
"""Ends the run of a session, in which items of these node ids were lost with the process that was to judge them.

Gives what is on record (None where no run began), and the gate that it is held to."""


class LastWord:
    """Watches a session and decides how it ends."""

    def __init__(self, end: End) -> None:
        self._end = end
        self._session: pytest.Session | None = None
        self._selected: set[str] = set()
        self._reported: set[str] = set()
        self._lost: set[str] = set()
        self._others_failed = False
        self._has_suites = False
        self._status: int | None = None
        """pytest's own exit code, once the session is over."""
        self._record: tuple[Standing, str, bool] | None = None
        """Where the candidate stands, under which gate, and whether all of the run's items are decided."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember whose end this will be."""
        self._session = session

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember what is to be judged."""
        self._has_suites |= GATE in session.config.stash and bool(session.config.stash[GATE].suites)
        self._selected |= {item.nodeid for item in session.items if is_gates(item.nodeid)}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """The same of xdist's processes: the one that was started collects nothing."""
        self._selected |= set(filter(is_gates, ids))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take down who has been judged, and let no report say otherwise than the verdict in it."""
        if not is_gates(report.nodeid):
            self._others_failed |= report.failed
            return
        properties = dict(report.user_properties)
        if "tts_verdict" not in properties:
            if report.failed:  # xdist says so of the item on which one of its processes died
                self._lost.add(report.nodeid)
            return
        self._reported.add(report.nodeid)
        if properties["tts_verdict"] == "fail" and report.when == "call" and report.outcome in ("passed", "skipped"):
            report.outcome = "failed"
        run_id = properties.get(RUN_PROPERTY)
        if self._session and run_id:
            self._session.config.stash.setdefault(RUN_ID, str(run_id))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test file that cannot be collected has failed as well."""
        self._others_failed |= report.failed and not is_gates(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Learn from a process of xdist which run it was, and whether there were suites."""
        told = getattr(node, "workeroutput", {})
        self._has_suites |= bool(told.get("soundcheck_has_suites"))
        if run_id := told.get("soundcheck_run_id", ""):
            node.config.stash[RUN_ID] = str(run_id)
        if suite := told.get("soundcheck_suite_without_model", ""):
            node.config.stash[SUITE_WITHOUT_MODEL] = str(suite)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """End the run; of xdist's processes, each tells the one that was started what it needs."""
        self._status = int(exitstatus)
        self._finish(session)
        if is_worker(session.config):
            self._tell(session.config)
        else:
            session.exitstatus = self._ending(session.config, int(session.exitstatus))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, Any, Any]:
        """Have the last word on the exit code."""
        try:
            status = yield
        except (pytest.UsageError, pytest.exit.Exception):
            raise
        except Exception:  # of any plugin; pytest would end with 1, the code of a failed model
            if self._session is None or is_worker(config) or not self._is_asked(config):
                raise
            traceback.print_exc()
            status = int(pytest.ExitCode.INTERNAL_ERROR)
        if self._session is None or is_worker(config):
            return status
        if self._status is None:  # another plugin's failure kept pytest from telling us
            self._status = int(self._session.exitstatus)
            self._finish(self._session)
        return self._ending(config, int(status or 0))

    def _finish(self, session: pytest.Session) -> None:
        from harness.core.ending import CI, Standing, standing_of

        config = session.config
        try:
            result, gate = self._end(config, self._lost)
        except SoundcheckError as error:
            self._record = Standing.ERROR, CI, False
            sys.stderr.write(f"soundcheck: {inert(str(error))}\n")
            return
        self._record = standing_of(result), gate, bool(result and result.complete)

    def _tell(self, config: pytest.Config) -> None:
        output = config.workeroutput  # type: ignore[attr-defined]
        output["soundcheck_run_id"] = config.stash.get(RUN_ID, "")
        output["soundcheck_has_suites"] = self._has_suites
        output["soundcheck_suite_without_model"] = config.stash.get(SUITE_WITHOUT_MODEL, "")

    def _ending(self, config: pytest.Config, changed: int) -> int:
        """The exit code, given what plugins have made of it by now."""
        if config.option.collectonly or self._record is None or self._status is None:
            return changed
        if SUITE_WITHOUT_MODEL in config.stash:
            return int(pytest.ExitCode.USAGE_ERROR)
        from harness.core.ending import Session, ending_of, explained

        standing, gate, is_complete = self._record
        session = Session(
            status=self._status,
            changed_status=changed,
            is_asked=self._is_asked(config),
            is_cut_short=not is_complete and bool(self._selected - self._reported),
            others_failed=self._others_failed,
        )
        ending = int(ending_of(standing, gate, session))
        config.stash[ENDING_LINE] = explained(standing, ending)
        return ending

    def _is_asked(self, config: pytest.Config) -> bool:
        from harness.pytest_plugin.asked import asking_words

        return self._has_suites or bool(self._selected) or RUN_ID in config.stash or bool(asking_words(config))
