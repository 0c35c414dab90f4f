"""Runs every check of admission over one tree of files. Knows the checks, not pytest and not the command line."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.admission.base import Check, Examination, Flaw
from harness.admission.tree import Tree
from harness.core.grades import Verdict
from harness.core.rules import Rule
from harness.engines.registry import COQUI, ENGINES, EngineSpec, recognise

if TYPE_CHECKING:
    from harness.admission.reading.onnx.fingerprint import KnownGraph
    from harness.policy.file import PolicyFile

CHECKPOINT = "harness.admission.checks.checkpoint:CheckpointCheck"
DIRECTORY = "harness.admission.checks.directory:DirectoryCheck"
"""What looks at any model, before and after what its engine asks; imported when it runs, so that a scan starts fast."""

_CONFIGURATIONS = (".json", ".yml", ".yaml")
"""A single file of another name costs no import of the configuration check, which would not look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What all checks found in one tree."""

    root: Path
    """The directory or file that was looked at."""
    examinations: tuple[Examination, ...]
    """One per check, in the order in which they were made."""
    proposal: tuple[str, ...] = ()
    """Lines for a policy that accept what is to be decided; empty where nothing is, or it would not help."""

    @property
    def verdict(self) -> Verdict:
        """Fail where any check fails, inconclusive where one is, else pass."""
        verdicts = {examination.verdict for examination in self.examinations}
        if Verdict.FAIL in verdicts:
            return Verdict.FAIL
        return Verdict.INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts else Verdict.PASS

    @property
    def remarks(self) -> tuple[str, ...]:
        """One line for each acceptance that does not hold."""
        return tuple(line for one in self.examinations for line in one.remarks)

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """Every flaw, worst first, then by file and place."""
        return tuple(flaw for _, flaw in self.checked_flaws)

    @property
    def checked_flaws(self) -> tuple[tuple[str, Flaw], ...]:
        """The same, each with the name of its check."""
        found = [(one.check, flaw) for one in self.examinations for flaw in one.flaws]
        return tuple(sorted(found, key=lambda pair: pair[1].rule.order))


def checks(
    engine: EngineSpec,
    *,
    has_values: bool = True,
    has_configuration: bool = True,
    graphs: tuple[KnownGraph, ...] = (),
) -> tuple[Check, ...]:
    """The checks of an engine's models, imported as they are needed.

    Args:
        engine: Who would load the files.
        has_values: Whether checksums and tensors' values are looked at.
        has_configuration: Whether the configuration check is among them.
        graphs: Graphs of ONNX files that a policy accepts.
    """
    made: list[Check] = []
    for path in (CHECKPOINT, *engine.checks, DIRECTORY):
        module, _, name = path.partition(":")
        if path == engine.checks[0] and not has_configuration:
            continue
        kind: Callable[..., Check] = getattr(importlib.import_module(module), name)
        options: dict[str, dict[str, object]] = {CHECKPOINT: {"has_values": has_values, "graphs": graphs}}
        options[DIRECTORY] = {"needs_checkpoint": engine.has_checkpoint}
        made.append(kind(**options.get(path, {})))
    return tuple(made)


def every_check() -> tuple[Check, ...]:
    """The checks of all engines' models, each once: whose rules there are."""
    found = {type(check): check for engine in ENGINES.values() for check in checks(engine)}
    return tuple(found.values())


def admit(
    path: Path,
    *,
    has_values: bool = True,
    reference: Path | None = None,
    policy: PolicyFile | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Admission:
    """Examine a model directory or a single file. Nothing in it is executed.

    Args:
        path: The directory or file. A directory is for the engine that would load it, all else for Coqui.
        has_values: Whether checksums and tensors' values are looked at.
        reference: A trusted model, or its checkpoint, to compare the weights with.
        policy: Whose acceptances count.
        say: Told which check runs.

    Raises:
        BadInput: A path cannot be read.
    """
    tree = Tree.of(path, may_have_gaps=True)
    is_other = path.is_file() and not path.name.lower().endswith(_CONFIGURATIONS)
    graphs = _graphs_of(policy)
    which = checks(recognise(path) or COQUI, has_values=has_values, has_configuration=not is_other, graphs=graphs)
    trusted = Tree.of(reference) if reference is not None else None
    if trusted is not None:
        from harness.admission.checks.lineage import LineageCheck

        which = (*which, LineageCheck(trusted))
    if policy and policy.policy.acceptances:
        from harness.admission.acceptances import require_acceptable

        require_acceptable(policy, every_rule())
    found = []
    for check in which:
        say(f"{check.name}: {len(tree.files)} files")
        found.append(check.examine(tree))
    made = Admission(root=path, examinations=tuple(found))
    is_asked = made.verdict is Verdict.INCONCLUSIVE or (policy is not None and bool(policy.policy.acceptances))
    return _decided(made, which, policy, (tree, trusted)) if is_asked else made


def _graphs_of(policy: PolicyFile | None) -> tuple[KnownGraph, ...]:
    """The graphs that a policy accepts, where it accepts something."""
    if policy is None or not policy.policy.acceptances:
        return ()
    from harness.admission.graphs import accepted_graphs

    return accepted_graphs(policy)


def _decided(
    made: Admission, which: Sequence[Check], policy: PolicyFile | None, trees: tuple[Tree, Tree | None]
) -> Admission:
    """The same with what the policy accepts, and with lines for what it could accept."""
    from harness.admission.acceptances import Digests, proposal, settled  # a scan without questions starts fast
    from harness.policy.file import today

    tree, reference = trees
    digests, day = Digests(tree, reference=reference), today()
    accepted = policy.policy.acceptances if policy else ()
    found = tuple(
        settled(examination, check.rules, accepted, digests, day)
        for examination, check in zip(made.examinations, which, strict=True)
    )
    made = dataclasses.replace(made, examinations=found)
    if made.verdict is not Verdict.INCONCLUSIVE:
        return made
    return dataclasses.replace(made, proposal=proposal([flaw for one in found for flaw in one.questions], digests, day))


def every_rule() -> tuple[Rule, ...]:
    """The rules of whatever may be asked of a model's files before it is loaded."""
    from harness.admission.checks.integrity import IntegrityCheck
    from harness.admission.checks.lineage import LineageCheck

    return (*(rule for check in every_check() for rule in check.rules), *IntegrityCheck.rules, *LineageCheck.rules)
