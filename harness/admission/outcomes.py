"""The door: what admission says of one model, found out before it is loaded, and whether it is still the same after.

Between the checks (:mod:`harness.admission`) and the run; knows nothing of pytest, workers or probes. Every check runs
before the first byte of the model is loaded, whichever of them a user asked to see.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.admission.acceptances import Digests, proposal, require_acceptable, settled
from harness.admission.admit import checks, every_rule
from harness.admission.base import Check, Examination, Flaw
from harness.admission.checks.digests import Seal, seal
from harness.admission.checks.integrity import IntegrityCheck, Provenance
from harness.admission.tree import Tree
from harness.core.findings import Evidence, Finding, Outcome, Place
from harness.core.text import printable
from harness.core.types import Model, Verdict
from harness.engines.registry import ENGINES, FILE_CHECKS
from harness.policy.file import PolicyFile, today

PREFIX = "admission-"
UNCHANGED = "admission-unchanged"
"""Made at the end of a run: the files are still those that were admitted."""
CHECKS = tuple(f"{PREFIX}{name}" for name in ("checkpoint", *FILE_CHECKS, "directory", "integrity"))
"""Made first, in this order, whichever engine the model is for: its files have no say in what is looked at."""
NOT_ASKED = "voices have no such files"
MOST_FINDINGS = 50
"""Of one check, the worst ones; the others are counted."""


class Door:
    """One model's admission, examined at the first question."""

    def __init__(self, model: Model, provenance: Provenance, policy: PolicyFile | None = None) -> None:
        """Lay out what is known.

        Args:
            model: Whose files are examined.
            provenance: What is known about them from elsewhere.
            policy: Whose acceptances count.

        Raises:
            BadInput: The policy accepts what nobody can accept.
        """
        if policy and policy.policy.acceptances:
            require_acceptable(policy, every_rule())
        self._model = model
        self._provenance = provenance
        self._acceptances = policy.policy.acceptances if policy else ()
        self._proposals: dict[str, tuple[str, ...]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._seal: Seal | None = None

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What each check says, in the order of :data:`CHECKS`.

        Raises:
            BadInput: A file cannot be read, or a key or list that the user named is not there.
            MissingDependency: A signature cannot be checked with what is installed.
        """
        if not self._outcomes:
            known = self._model.files or None
            self._seal = seal(self._model.path, known)
            tree = Tree.of(self._model.path, may_have_gaps=True).of_known(known)
            every: tuple[Check, ...] = (*checks(ENGINES[self._model.engine]), IntegrityCheck(self._provenance))
            digests, day = Digests(tree, self._seal.digests), today()
            found = {
                f"{PREFIX}{check.name}": settled(check.examine(tree), check.rules, self._acceptances, digests, day)
                for check in every
            }
            for name in CHECKS:
                found.setdefault(name, Examination(check=name, facts={NOT_ASKED: self._model.engine}))
            self._proposals = {name: proposal(found[name].questions, digests, day) for name in CHECKS}
            self._outcomes = {name: outcome_of(name, found[name]) for name in CHECKS}
        return tuple(self._outcomes.values())

    @property
    def refusal(self) -> str | None:
        """Why the model must not be loaded, on one line; None where it may.

        It must not where a check failed, nor where one asks for a decision that nobody has made.
        """
        failed = [outcome for outcome in self.outcomes if outcome.verdict is Verdict.FAIL]
        if failed:
            title = next(finding.title for finding in failed[0].findings if not finding.accepted)
            return f"not loaded: {_names(failed)} failed ({title}); soundcheck scan tells more"
        undecided = [outcome for outcome in self.outcomes if outcome.verdict is Verdict.INCONCLUSIVE]
        if undecided:
            what = (undecided[0].reason or "").partition("; ")[0]
            return f"not loaded: {_names(undecided)} asks for a decision ({what}); soundcheck scan tells more"
        return None

    def proposal(self, check: str) -> tuple[str, ...]:
        """Lines for a policy that accept what a check asks; empty where it asks nothing that can be accepted."""
        return self._proposals.get(check, ())

    def outcome(self, check: str) -> Outcome:
        """What one check says; `check` is one of :data:`CHECKS` or :data:`UNCHANGED`."""
        if check == UNCHANGED:
            return self._still()
        return next(outcome for outcome in self.outcomes if outcome.subject == check)

    def _still(self) -> Outcome:
        _ = self.outcomes
        if self._seal is None:
            raise RuntimeError("the seal is set by the examination")
        return outcome_of(UNCHANGED, Examination(check=UNCHANGED, flaws=self._seal.changes()))


def outcome_of(subject: str, examination: Examination) -> Outcome:
    """An examination as the run records it."""
    hostile = [flaw for flaw in examination.flaws if flaw.rule.verdict is Verdict.FAIL]
    hostile.sort(key=lambda flaw: flaw.rule.order)
    accepted = [flaw for flaw in examination.flaws if flaw.accepted]
    questions = examination.questions
    notes = [printable(f"{value} {name}") for name, value in examination.facts.items()]
    notes += map(printable, examination.remarks)
    if len(hostile) > MOST_FINDINGS:
        notes.append(f"{len(hostile) - MOST_FINDINGS} more findings of this check are not shown")
    outcome = Outcome(
        subject=subject,
        verdict=examination.verdict,
        findings=tuple(finding_of(subject, flaw) for flaw in (*hostile[:MOST_FINDINGS], *accepted)),
        notes=(*notes, *(f"to decide: {_line(flaw)}" for flaw in questions[:MOST_FINDINGS])),
    )
    if examination.verdict is Verdict.INCONCLUSIVE:
        return dataclasses.replace(outcome, reason=_question(questions, examination.unasked))
    return outcome


def _names(outcomes: Sequence[Outcome]) -> str:
    return ", ".join(outcome.subject for outcome in outcomes)


def _question(flaws: Sequence[Flaw], unasked: int) -> str:
    if not flaws:
        return f"{unasked} more questions than can be told; leave in the folder what the voice needs"
    more = f" (and {len(flaws) - 1} more; soundcheck scan tells)" if len(flaws) > 1 else ""
    return f"{_line(flaws[0])}; {flaws[0].remedy or flaws[0].rule.help}{more}"


def finding_of(subject: str, flaw: Flaw) -> Finding:
    """A flaw as a finding of one check."""
    return Finding(
        rule=flaw.rule,
        severity=flaw.rule.severity,
        subject=subject,
        title=flaw.rule.title,
        place=_place(flaw),
        heard=printable(flaw.found),
        evidence=Evidence(words=printable(flaw.effect)),
        hint=printable(flaw.remedy or flaw.rule.help),
        accepted=printable(flaw.accepted),
    )


def _line(flaw: Flaw) -> str:
    title = "" if flaw.found.startswith(flaw.rule.title) else flaw.rule.title  # some say it in a sentence of their own
    return printable(": ".join(part for part in (_place(flaw).name, title, flaw.found) if part))


def _place(flaw: Flaw) -> Place:
    where = flaw.within
    return Place(
        file=printable(flaw.file),
        inside=tuple(map(printable, where.inside)),
        offset=where.offset,
        pointer=printable(where.pointer),
    )
