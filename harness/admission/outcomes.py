"""The door: what admission says of one model, found out before it is loaded, and whether it is still the same after.

Between the checks (:mod:`harness.admission`) and the run; knows nothing of pytest, workers or probes. Every check runs
before the first byte of the model is loaded, whichever of them a user asked to see.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from harness.admission.acceptances import Digests, proposal, require_acceptable, settled
from harness.admission.admit import checks, every_rule
from harness.admission.base import Check, Examination, Flaw
from harness.admission.checks.digests import Seal, seal
from harness.admission.checks.integrity import IntegrityCheck, Provenance
from harness.admission.graphs import accepted_graphs
from harness.admission.tree import Tree
from harness.core.findings import Evidence, Finding, Outcome, Place
from harness.core.identity import Files
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
VOCODER = "vocoder"
"""Stands before the files of a vocoder that lies elsewhere."""
MOST_FINDINGS = 50
"""Of one check, the worst ones; the others are counted."""


class Door:
    """One model's admission, examined at the first question."""

    def __init__(
        self,
        model: Model,
        provenance: Provenance,
        policy: PolicyFile | None = None,
        beside: Provenance | None = None,
    ) -> None:
        """Lay out what is known.

        Args:
            model: Whose files are examined, and its vocoder's where that lies elsewhere.
            provenance: What is known about them from elsewhere.
            policy: Whose acceptances count.
            beside: What is known about the vocoder's.

        Raises:
            BadInput: The policy accepts what nobody can accept.
        """
        if policy and policy.policy.acceptances:
            require_acceptable(policy, every_rule())
        self._model = model
        self._provenance = provenance
        self._beside = beside
        self._acceptances = policy.policy.acceptances if policy else ()
        self._graphs = accepted_graphs(policy)
        self._proposals: dict[str, tuple[str, ...]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._seals: list[Seal] = []

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What each check says, in the order of :data:`CHECKS`.

        Raises:
            BadInput: A file cannot be read, or a key or list that the user named is not there.
            MissingDependency: A signature cannot be checked with what is installed.
        """
        if not self._outcomes:
            found = self._examined(self._model.path, self._model.files or None, self._provenance)
            if self._model.vocoder is not None:
                vocoder = self._model.vocoder
                known = self._beside or Provenance(model=vocoder.path)
                for name, one in self._examined(vocoder.path, vocoder.files, known).items():
                    found[name] = _together(found[name], one)
            self._outcomes = {name: outcome_of(name, found[name]) for name in CHECKS}
        return tuple(self._outcomes.values())

    def _examined(self, path: Path, known: Files | None, provenance: Provenance) -> dict[str, Examination]:
        """What each check says of one folder."""
        sealed = seal(path, known)
        self._seals.append(sealed)
        tree = Tree.of(path, may_have_gaps=True).of_known(known)
        every: tuple[Check, ...] = (
            *checks(ENGINES[self._model.engine], graphs=self._graphs),
            IntegrityCheck(provenance),
        )
        digests, day = Digests(tree, sealed.digests), today()
        found = {
            f"{PREFIX}{check.name}": settled(check.examine(tree), check.rules, self._acceptances, digests, day)
            for check in every
        }
        for name in CHECKS:
            found.setdefault(name, Examination(check=name, facts={NOT_ASKED: self._model.engine}))
            lines = proposal(found[name].questions, digests, day)
            self._proposals[name] = (*self._proposals.get(name, ()), *lines)
        return found

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
        flaws = tuple(flaw for sealed in self._seals for flaw in sealed.changes())
        return outcome_of(UNCHANGED, Examination(check=UNCHANGED, flaws=flaws))


def _together(model: Examination, vocoder: Examination) -> Examination:
    """What a check says of a model and of its vocoder; files and facts of the latter say so."""
    flaws = (dataclasses.replace(flaw, file=f"{VOCODER}/{flaw.file}") for flaw in vocoder.flaws)
    return dataclasses.replace(
        model,
        flaws=(*model.flaws, *flaws),
        facts={**model.facts, **{f"{name}, of the vocoder": fact for name, fact in vocoder.facts.items()}},
        unasked=model.unasked + vocoder.unasked,
        remarks=(*model.remarks, *(f"{VOCODER}: {line}" for line in vocoder.remarks)),
    )


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
