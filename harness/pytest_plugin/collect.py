"""Suites as pytest sees them: file > model > item. Each probe is an item with its own source line.

Items are :class:`pytest.Function`, so that fixtures, marks, ``-k``, ``--lf`` and JUnit work on them as on any test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from harness.core.errors import SoundcheckError
from harness.core.paths import shown
from harness.core.speakers import plain_id, spoken_id
from harness.core.text import printable
from harness.core.thirdparty import own_filters
from harness.core.types import Probe, Verdict
from harness.pytest_plugin.ending import RUN_PROPERTY
from harness.report.formats.junit import properties
from harness.report.wording import NO_REASON, one_line
from harness.run.checks.base import ModelCheck, When
from harness.run.checks.registry import checks_of
from harness.suites.expansion import registered
from harness.suites.file import SuiteFileContent, read_suite, said_by

if TYPE_CHECKING:
    from harness.pytest_plugin.gate import Gate


DOING: Final = {"setup": "being set up", "call": "being judged", "teardown": "being torn down"}
"""What was done with an item, by pytest's word for it."""


class VerdictFailure(Exception):
    """A failed item. Its text is the failure as users read it; pytest shows it without a traceback."""


class SuiteFile(pytest.File):
    """A suite file."""

    content: SuiteFileContent
    speakers: tuple[str, ...]
    gate: Gate

    @classmethod
    def create(cls, parent: pytest.Collector, path: Path, gate: Gate) -> SuiteFile:
        """Make the node; the file is read when it is collected."""
        # Outside its root directory pytest calls a file that was named by nothing at all: whose items were they?
        own: dict[str, Any] = {} if path.is_relative_to(parent.config.rootpath) else {"nodeid": path.as_posix()}
        node: SuiteFile = cls.from_parent(parent, path=path, **own)
        node.gate = gate
        return node

    def collect(self) -> Iterable[pytest.Collector]:
        """A node for the model, and one for each speaker where several say the suite."""
        try:
            families = registered(self.ihook.pytest_tts_probes())
            content = read_suite(self.path, self.gate.drawing(families))
            self.speakers = self.gate.speakers(content)
            self.content = said_by(content, self.speakers)
        except SoundcheckError as error:
            # The parser names the file as its author knows it; a terminal wants the path.
            line = str(error).replace(self.path.name, shown(self.path), 1)
            raise self.CollectError(line) from None
        self.gate.suites[self.path] = self.content
        for speaker in ("", *self.speakers):
            yield ModelNode.create(self, self.gate, speaker)


class ModelNode(pytest.Collector):
    """The candidate within a suite, or one of its speakers."""

    gate: Gate
    speaker: str

    @classmethod
    def create(cls, parent: SuiteFile, gate: Gate, speaker: str) -> ModelNode:
        """Make the node, named as the user names the model."""
        node: ModelNode = cls.from_parent(parent, name=spoken_id(gate.settings.model_name, speaker))
        node.gate, node.speaker = gate, speaker
        return node

    @property
    def obj(self) -> None:
        """Nothing: what fixtures look for on a module or class."""
        return None

    def collect(self) -> Iterable[pytest.Item]:
        """What its files are and that it loads, the probes in the suite's order, then how it behaved meanwhile."""
        if not isinstance(self.parent, SuiteFile):
            raise TypeError(f"expected a suite above {self.name}, got {self.parent}")
        checks = () if self.speaker else checks_of(self.gate.settings)
        first = [check for check in checks if check.when is When.FIRST]
        last = [check for check in checks if check.when is not When.FIRST]
        probes = [probe for probe in self.parent.content.suite.probes if probe.speaker == self.speaker]
        items: tuple[Probe | ModelCheck, ...] = (*first, *probes, *last)
        for asked in items:
            yield ProbeItem.create(self, self.gate, asked)


class ProbeItem(pytest.Function):
    """One probe, or (without one) a check of the whole model."""

    gate: Gate
    asked: Probe | ModelCheck

    @classmethod
    def create(cls, parent: ModelNode, gate: Gate, asked: Probe | ModelCheck) -> ProbeItem:
        """Make the item with what marks and keywords it has."""
        name = asked.name if isinstance(asked, ModelCheck) else plain_id(asked.id)
        item: ProbeItem = cls.from_parent(parent, name=name, callobj=_nothing)
        item.gate, item.asked = gate, asked
        if item.probe:
            item.extra_keyword_matches.add(item.probe.family)
            item.keywords[item.probe.family] = True
        return item

    @property
    def probe(self) -> Probe | None:
        """The probe, None for a check of the whole model."""
        return None if isinstance(self.asked, ModelCheck) else self.asked

    def runtest(self) -> None:
        """Judge, with the fixtures of the item set up by pytest as for any function."""
        self.ihook.pytest_pyfunc_call(pyfuncitem=self)
        try:
            with own_filters():
                left = self.gate.leave(self.asked)
                outcome = None if left else self.gate.ask(self.asked)
        except SoundcheckError as error:
            self.gate.break_off(self.asked, str(error))
            pytest.exit(f"soundcheck: {error}", returncode=int(pytest.ExitCode.INTERNAL_ERROR))
        if outcome is None:
            pytest.skip(printable(left or NO_REASON))
        self._say(properties(outcome, self.gate.policy_digest))
        has_to_be_decided = isinstance(self.asked, ModelCheck) and self.asked.has_to_be_decided
        if outcome.verdict is Verdict.INCONCLUSIVE and self.gate.settings.gate == "ci" and not has_to_be_decided:
            pytest.skip(f"inconclusive: {printable(outcome.reason or NO_REASON)}")
        if outcome.verdict is not Verdict.PASS:
            raise VerdictFailure(self.gate.failure_text(outcome, self.path))

    def settle(self, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        """Let a report be what the verdict says.

        ``xfail`` changes nothing: an item that somebody expects to fail stays in the verdict, and a policy's waiver is
        the way to accept it. What ends an item for another reason than the model is an error, and none of its failures.
        """
        raised = call.excinfo.value if call.excinfo else None
        if isinstance(raised, pytest.skip.Exception | pytest.xfail.Exception):
            return
        is_xfail = hasattr(report, "wasxfail")
        if raised is None:
            if call.when == "call" and (is_xfail or report.failed):
                report.outcome, report.longrepr = "passed", None
        else:
            report.outcome = "failed"
            if not isinstance(raised, VerdictFailure):
                reason = f"ended by {type(raised).__name__} while it was {DOING[call.when]}: {_first_line(raised)}"
                self.gate.break_off(self.asked, reason)
                if ("tts_verdict", "fail") not in self.user_properties:
                    self._say([("tts_verdict", "error"), ("tts_reason", one_line(reason))])
                report.user_properties = list(self.user_properties)
        if is_xfail:
            del report.wasxfail

    def _say(self, properties: Sequence[tuple[str, object]]) -> None:
        """What its reports carry; what was said before (it may be run again) is replaced."""
        others = [(name, value) for name, value in self.user_properties if not name.startswith("tts_")]
        self.user_properties[:] = [*others, *properties, (RUN_PROPERTY, self.gate.run_id)]

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where in the suite file this probe stands."""
        line = self.probe.line - 1 if self.probe else 0
        return self.path, line, f"{self.parent.name if self.parent else ''}::{self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ARG002 - pytest passes it
        """A verdict is its own text; anything else is pytest's business."""
        if isinstance(excinfo.value, VerdictFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


def _first_line(raised: BaseException) -> str:
    return next(iter(printable(str(raised)).splitlines()), "")[:200]


def _nothing() -> None:
    """What pytest looks at for fixtures and marks; the judging is in :meth:`ProbeItem.runtest`."""


def is_late(item: pytest.Item) -> bool:
    """Whether an item judges what happened while the others ran, and so belongs after them."""
    return isinstance(item, ProbeItem) and isinstance(item.asked, ModelCheck) and item.asked.when is not When.FIRST


def probes_of(items: Sequence[pytest.Item]) -> list[Probe]:
    """The probes among the items, in order."""
    return [item.probe for item in items if isinstance(item, ProbeItem) and item.probe is not None]


def checks_in(items: Sequence[pytest.Item]) -> set[str]:
    """Names of the checks of the whole model among the items."""
    return {item.asked.name for item in items if isinstance(item, ProbeItem) and isinstance(item.asked, ModelCheck)}
