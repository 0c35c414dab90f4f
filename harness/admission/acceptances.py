"""Holds what admission asks against what its owners have accepted by digest, and proposes what could be accepted.

Knows flaws and policies, not engines, pytest or verbs. Nothing that fails is accepted here.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import PurePosixPath

from harness.admission.base import Examination, Flaw
from harness.admission.checks.digests import digests_of
from harness.admission.checks.directoryrules import CACHED
from harness.admission.checks.lineage import REFERENCE
from harness.admission.tree import Tree
from harness.core.errors import BadInput
from harness.core.paths import shown
from harness.core.rules import Rule
from harness.core.suggest import did_you_mean
from harness.core.text import printable
from harness.policy.acceptance import WHOLE, Acceptance
from harness.policy.file import PolicyFile
from harness.policy.text import MAX_BESIDE
from harness.storage.digests import listing_sha256

DAYS = 90
"""How long a proposed acceptance lasts."""
MOST_PROPOSED = 20


class Digests:
    """The sha256 of a model's files, and of all of them together; taken when somebody asks."""

    def __init__(self, tree: Tree, known: Mapping[str, str] | None = None, reference: Tree | None = None) -> None:
        """Of a tree.

        Args:
            tree: The files.
            known: Their digests, where they were taken already.
            reference: What the model is compared with.
        """
        self._tree = tree
        self._reference = Digests(reference) if reference is not None else None
        self._known = dict(known) if known is not None else None
        self._few: dict[str, str] = {}

    @property
    def is_of_one_file(self) -> bool:
        """Whether a single file was named, which may lie anywhere in a model."""
        return len(self._tree.entries) == 1 and not (self._tree.root / self._tree.entries[0].path).is_dir()

    def of(self, file: str) -> str:
        """Of a file, or of the model for all that is none; ``""`` where that has no digest."""
        if self._reference is not None and file.startswith(REFERENCE):
            return self._reference.of(file.removeprefix(REFERENCE))
        entry = next((entry for entry in self._tree.files if entry.path == file), None)
        if entry is None:
            return self._whole()
        if self._known is not None:
            return self._known.get(file, "")
        if file not in self._few:
            self._few |= digests_of(Tree(self._tree.root, (entry,)))
        return self._few[file]

    def _whole(self) -> str:
        is_plain = all(entry.is_file or entry.is_folder for entry in self._tree.entries)
        if not is_plain or self._tree.gaps or any("\n" in entry.path for entry in self._tree.files):
            return ""
        if self._known is None:
            self._known = digests_of(self._tree)
        return listing_sha256(self._known)


def require_acceptable(policy: PolicyFile, rules: Iterable[Rule]) -> None:
    """See that a policy accepts nothing that nobody can accept.

    Args:
        policy: It.
        rules: All rules of admission.

    Raises:
        BadInput: It does; the line where.
    """
    for line, problem in unacceptable(policy, rules):
        raise BadInput(f"{shown(policy.path)}:{line}: {problem}")


def unacceptable(policy: PolicyFile, rules: Iterable[Rule]) -> Iterator[tuple[int, str]]:
    """Acceptances that are refused: their lines, and why."""
    by_id = {rule.id: rule for rule in rules}
    for one in policy.policy.acceptances:
        rule = by_id.get(one.rule)
        if rule is None:
            hint = did_you_mean(one.rule, by_id, quoted=False)
            yield one.line, f"no rule of admission is called {one.rule}" + (f"; {hint}" if hint else "")
        elif why := rule.why_unacceptable:
            yield one.line, f"{one.rule} cannot be accepted: it {why}"


def settled(
    examination: Examination,
    rules: Sequence[Rule],
    acceptances: Sequence[Acceptance],
    digests: Digests,
    today: str,
) -> Examination:
    """What a check found, with what is accepted marked so, and a line for each acceptance that does not hold.

    Args:
        examination: As the check left it.
        rules: The check's own: whose acceptances are said to be of no use.
        acceptances: The policy's.
        digests: Of the files that were examined.
        today: ISO date (UTC).
    """
    own = {rule.id for rule in rules}
    mine = [one for one in acceptances if one.rule in own]
    if not mine:
        return examination
    remarks: dict[str, None] = {}
    met: set[Acceptance] = set()
    flaws = []
    for flaw in examination.flaws:
        about = [] if flaw.rule.why_unacceptable else [one for one in mine if _is_about(one, flaw, digests)]
        met.update(about)
        met.update(one for one in mine if one.graph and flaw.accepted == one.words)  # as the reader knows it
        for one in about:
            why = _why_not(one, flaw, digests, today)
            if why:
                remarks[f"not accepted: the {one.name} (line {one.line} of the policy) {why}"] = None
            elif not flaw.accepted:
                flaw = dataclasses.replace(flaw, accepted=one.words)
        flaws.append(flaw)
    for one in mine:
        if one.graph and not one.holds(today):
            remarks[f"not accepted: the {one.name} (line {one.line} of the policy) ended on {one.expires}"] = None
        elif one not in met:
            remarks[f"the {one.name} (line {one.line} of the policy) has nothing to accept here"] = None
    return dataclasses.replace(examination, flaws=tuple(flaws), remarks=tuple(remarks))


def _is_about(one: Acceptance, flaw: Flaw, digests: Digests) -> bool:
    file = flaw.file or WHOLE
    if one.graph or one.rule != flaw.rule.id:
        return False
    return one.file == file or (digests.is_of_one_file and PurePosixPath(one.file).name == file)


def _why_not(one: Acceptance, flaw: Flaw, digests: Digests, today: str) -> str:
    digest = digests.of(flaw.file)
    if not digest:
        return "is of what has no digest"
    if one.sha256 != digest:
        return f"is of another digest: expected {one.sha256[:12]}, got {digest[:12]}"
    accepted, now = dict(one.beside), dict(_beside(flaw, digests))
    for file in sorted({*accepted, *now}):
        if file not in now:
            return f"is about {file} as well, which the question is not"
        if file not in accepted:
            return f"says nothing about {file}, which the question is about as well"
        if accepted[file] != now[file]:
            return f"is of another digest of {file}: expected {accepted[file][:12]}, got {now[file][:12] or 'none'}"
    return "" if one.holds(today) else f"ended on {one.expires}"


def _beside(flaw: Flaw, digests: Digests) -> tuple[tuple[str, str], ...]:
    """What else a question is about; the model as a whole, where that are too many files to name."""
    files = sorted({file for file in flaw.beside if file != flaw.file})
    names = files if len(files) <= MAX_BESIDE else [""]
    return tuple((file or WHOLE, digests.of(file)) for file in names)


def proposal(flaws: Iterable[Flaw], digests: Digests, today: str) -> tuple[str, ...]:
    """Lines for a policy that accept what is to be decided; who answers, and why, is left to be filled in.

    Empty where there is nothing that somebody could accept. A cache of links is copied, not accepted.
    """
    asked = {(flaw.rule.id, flaw.file, flaw.beside): flaw for flaw in flaws if _may_be_accepted(flaw)}
    ends = (date.fromisoformat(today) + timedelta(days=DAYS)).isoformat()
    lines: list[str] = []
    for flaw in list(asked.values())[:MOST_PROPOSED]:
        digest, beside = digests.of(flaw.file), _beside(flaw, digests)
        if not digest or not all(its for _, its in beside):
            continue
        if any(printable(file) != file for file in (flaw.file, *(file for file, _ in beside))):
            continue
        one = Acceptance(
            rule=flaw.rule.id, file=flaw.file or WHOLE, sha256=digest, beside=beside, owner="", reason="", expires=ends
        )
        lines += (*lines_of(one), "")
    return tuple(lines[:-1])


def lines_of(one: Acceptance) -> tuple[str, ...]:
    """An acceptance as it stands in a policy."""
    beside = ", ".join(f'{_quoted(file)} = "{sha256}"' for file, sha256 in one.beside)
    return (
        "[[accept]]",
        f'rule = "{one.rule}"',
        f"graph = {_quoted(one.graph)}" if one.graph else f"file = {_quoted(one.file)}",
        f'sha256 = "{one.sha256}"',
        *([f"beside = {{ {beside} }}"] if beside else []),
        f"owner = {_quoted(one.owner)}",
        f"reason = {_quoted(one.reason)}",
        f"expires = {one.expires}",
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _may_be_accepted(flaw: Flaw) -> bool:
    return not flaw.accepted and not flaw.rule.why_unacceptable and flaw.rule is not CACHED
