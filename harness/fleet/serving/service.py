"""The service: takes digests from the queue, has them judged as an audit does, and answers.

All that survives it are verdicts, answers and the queue; a digest leaves the queue when its answer is written. So going
on after ``kill -9`` is the same as beginning, and what has a verdict is not judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from harness.core.ending import Ending
from harness.core.errors import BadInput, SoundcheckError
from harness.core.fleet import worst_ending
from harness.core.text import cut, printable
from harness.fleet.course import Course, Way
from harness.fleet.course import State as Course_State
from harness.fleet.ended import REASON_LIMIT
from harness.fleet.looking import Looked, Terms
from harness.fleet.members import NOT_THERE, submitted
from harness.fleet.serving.answers import Answer, Answers, Now, Reasons, State
from harness.fleet.serving.queue import Queue
from harness.fleet.serving.rules import Rules
from harness.fleet.verdicts import StoredVerdict, Verdicts
from harness.placing.tasks import Places
from harness.report.wording import by_severity, worst_first
from harness.storage.rundirectory import RunDirectory

FOLDER: Final = "serve"
"""Below the folder of runs."""
QUEUE: Final = "queue"
TURN_SECONDS: Final = 0.5
"""How often the queue is looked at."""
MOST_RULES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A digest that is on its way."""

    name: str
    ruleset: str
    """By which it was looked at."""


class Service:
    """One service, in its fleet's folder: that is the current one."""

    def __init__(self, rules: Rules, terms: Terms, way: Way, *, most: int, reasons: Reasons) -> None:
        """Look at nothing yet.

        Args:
            rules: By what is judged.
            terms: What holds for all models.
            way: How it is judged.
            most: How many digests may wait.
            reasons: What answers say beside the verdict.
        """
        self.folder = service_folder(rules, terms)
        self.queue_folder = self.folder / QUEUE
        self.queue = Queue(self.queue_folder, most)
        self.answers = Answers(self.folder)
        self._rules = rules
        self._terms = terms
        self._way = way
        self._reasons = reasons
        self._known = Course_State(looked=[])
        self._verdicts = Verdicts(terms.folder)
        self._course = Course(rules.eye, way, self._known, self._verdicts, self.folder)
        self._taken: dict[str, _Taken] = {}
        self._told: set[str] = set()
        self._said: Now | None = None

    @property
    def places(self) -> dict[str, str]:
        """Where queue, answers and uploads lie."""
        uploads = self._rules.fleet.folder / self._rules.entry.spec
        return {"queue": str(self.queue_folder), "folder": str(self.folder), "uploads": str(uploads)}

    def begin(self) -> None:
        """Make the folder, and have no answer there that is not one of today.

        Raises:
            StorageError: It cannot be written.
        """
        self.queue.begin()
        self._announce()
        self.answers.outdate()

    def turn(self, gates: Places, hears: Callable[[Answer], None] = lambda _: None) -> bool:
        """Take at most one digest, and wait for a gate to end, for a moment.

        Args:
            gates: Where gates run.
            hears: Told each answer.

        Returns:
            Whether something waits or is on its way.

        Raises:
            SoundcheckError: It cannot go on: what was judged is stored, and what waits goes on waiting.
        """
        if self._rules.look():
            self._renew()
        is_taken = self._take(hears)
        self._settle(hears)
        self._announce()
        self._course.step(gates, 0 if is_taken else TURN_SECONDS)
        self._settle(hears)
        self._announce()
        return bool(self._taken) or len(self.queue) > 0

    def _renew(self) -> None:
        """Go on by other rules."""
        self._way.tell("what models are judged by was changed; from now on they are judged by that")
        self._course.renew(self._rules.eye)
        for digest in set(self._taken).difference(self._course.running):
            self._let_go(digest)
        self._announce()
        self.answers.outdate()

    def _take(self, hears: Callable[[Answer], None]) -> bool:
        """Look at the digest that has waited longest, and have it admitted; whether there was one."""
        for name in self.queue.strays():
            if name not in self._told and len(self._told) < 1000:
                self._way.tell(f"{QUEUE}/{name}: is left alone; a submission is called by 64 hex digits and .json")
                self._told.add(name)
        if self._course.waiting >= self._way.jobs:
            return False  # enough is admitted ahead
        for digest in self.queue.waiting(2 * self._way.jobs + 1, self._taken):
            try:
                submission = self.queue.read(digest)
            except BadInput as error:
                self._answer(self._without_verdict(digest, "", str(error)), hears)
                return True
            if submission:
                self._taken[digest] = _Taken(name=submission.name, ruleset=self._rules.ruleset)
                self._look(digest)
                return True
        return False

    def _look(self, digest: str) -> None:
        member = submitted(self._rules.entry, self._rules.fleet.folder, digest)
        try:
            looked = self._rules.eye.look(member)
        except SoundcheckError as error:  # what the list says is right, so it is this model that it does not suit
            looked = Looked(member=member, flaw=printable(str(error)))
        self._known.looked.append(looked)
        known = self._verdicts.find(looked.parts) if looked.parts else None
        if looked.flaw:
            self._known.flaws[digest] = looked.flaw
            self._way.tell(f"{digest}: ERROR, {looked.flaw}")
        elif known and known.verdict:
            self._known.verdicts[looked.key] = known.verdict
        else:
            if known and known.why:
                self._way.tell(f"{digest}: {known.why}; it is judged again")
            self._course.offer(looked)

    def _settle(self, hears: Callable[[Answer], None]) -> None:
        """Answer for every digest of which by now is known what there is to know."""
        for looked in list(self._known.looked):
            digest = looked.member.name
            verdict = self._known.verdicts.get(looked.key)
            flaw = self._known.flaws.get(digest)
            taken = self._taken[digest]
            if flaw is None and verdict is None:
                continue
            if taken.ruleset != self._rules.ruleset:
                self._let_go(digest)  # it waits still, and is judged by what holds now
            elif flaw is not None or verdict is None:
                self._answer(self._without_verdict(digest, taken.name, flaw or ""), hears)
            else:
                self._answer(self._judged(digest, taken.name, verdict), hears)

    def _answer(self, answer: Answer, hears: Callable[[Answer], None]) -> None:
        self.answers.keep(answer)
        self.queue.done(answer.digest)
        self._let_go(answer.digest)
        hears(answer)

    def _let_go(self, digest: str) -> None:
        self._course.forget(digest)
        self._taken.pop(digest, None)

    def _without_verdict(self, digest: str, name: str, why: str) -> Answer:
        return Answer(
            digest=digest,
            name=name,
            state=State.NONE if why == NOT_THERE else State.ERROR,
            ruleset=self._rules.ruleset,
            reasons=self._reasons,
            reason=cut(why, REASON_LIMIT) if self._reasons is Reasons.ALL else "",
        )

    def _judged(self, digest: str, name: str, verdict: StoredVerdict) -> Answer:
        given = datetime.fromtimestamp(self._verdicts.given_at(verdict), UTC)
        return Answer(
            digest=digest,
            name=name,
            state=State(verdict.verdict.value),
            ruleset=self._rules.ruleset,
            reasons=self._reasons,
            judged=given.isoformat(timespec="seconds"),
            rules=() if self._reasons is Reasons.NONE else rules_of(self._terms.folder, verdict.run_id),
            reason=verdict.reason if self._reasons is Reasons.ALL else "",
            ending=verdict.ending,
            run_id=verdict.run_id,
            key=verdict.key,
        )

    def _announce(self) -> None:
        now = Now(ruleset=self._rules.ruleset, reasons=self._reasons, running=tuple(sorted(self._course.running)))
        if now != self._said:
            self.answers.announce(now)
            self._said = now


def service_folder(rules: Rules, terms: Terms) -> Path:
    """Where a service's queue and answers lie."""
    return terms.folder / FOLDER / rules.fleet.name


def rules_of(folder: Path, run_id: str) -> tuple[str, ...]:
    """Ids of the rules that fired in a run, worst first; what a policy accepts did not fire.

    Args:
        folder: Folder of runs.
        run_id: The run.
    """
    result = RunDirectory(folder, run_id).result()
    found = (
        one.rule.id for outcome in worst_first(result.outcomes) for one in by_severity(outcome) if not one.accepted
    )
    return tuple(dict.fromkeys(found))[:MOST_RULES]


def ending_of(answers: Sequence[Answer]) -> int:
    """The worst ending of these answers, as of an audit's rows; 0 where there are none."""
    return worst_ending({one.ending for one in answers}) if answers else Ending.PASSED
