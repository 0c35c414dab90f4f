"""Runs every check of admission over one tree of files. Knows the checks, not pytest and not the command line."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.admission.base import Check, Examination, Flaw
from harness.admission.tree import Tree
from harness.core.types import Verdict

CHECKS = (
    "harness.admission.checks.checkpoint.CheckpointCheck",
    "harness.admission.coqui.config.ConfigCheck",
    "harness.admission.coqui.architecture.ArchitectureCheck",
    "harness.admission.checks.directory.DirectoryCheck",
)
"""What looks at a model, in the order of the report; imported when it runs, so that a scan starts fast."""

_CONFIGURATIONS = (".json", ".yml", ".yaml")
"""A single file of another name costs no import of the configuration check, which would not look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What all checks found in one tree."""

    root: Path
    """The directory or file that was looked at."""
    examinations: tuple[Examination, ...]
    """One per check, in the order of :data:`CHECKS`."""

    @property
    def verdict(self) -> Verdict:
        """Fail where any check fails, inconclusive where one is, else pass."""
        verdicts = {examination.verdict for examination in self.examinations}
        if Verdict.FAIL in verdicts:
            return Verdict.FAIL
        return Verdict.INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts else Verdict.PASS

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """Every flaw, worst first, then by file and place."""
        found = [flaw for examination in self.examinations for flaw in examination.flaws]
        return tuple(sorted(found, key=lambda flaw: (flaw.rule.verdict is not Verdict.FAIL, flaw.rule.severity.rank)))


def checks(*, has_values: bool = True, has_configuration: bool = True) -> tuple[Check, ...]:
    """The checks, imported as they are needed.

    Args:
        has_values: Whether checksums and tensors' values are looked at.
        has_configuration: Whether the configuration check is among them.
    """
    made: list[Check] = []
    for path in CHECKS:
        module, _, name = path.rpartition(".")
        if name == "ConfigCheck" and not has_configuration:
            continue
        kind: Callable[..., Check] = getattr(importlib.import_module(module), name)
        made.append(kind(has_values=has_values) if name == "CheckpointCheck" else kind())
    return tuple(made)


def admit(
    path: Path,
    *,
    has_values: bool = True,
    reference: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Admission:
    """Examine a model directory or a single file. Nothing in it is executed.

    Args:
        path: The directory or file.
        has_values: Whether checksums and tensors' values are looked at.
        reference: A trusted model, or its checkpoint, to compare the weights with.
        say: Told which check runs.

    Raises:
        BadInput: A path cannot be read.
    """
    tree = Tree.of(path)
    is_other = path.is_file() and not path.name.lower().endswith(_CONFIGURATIONS)
    which = checks(has_values=has_values, has_configuration=not is_other)
    if reference is not None:
        from harness.admission.checks.lineage import LineageCheck

        which = (*which, LineageCheck(Tree.of(reference)))
    return Admission(root=path, examinations=tuple(_examine(tree, which, say)))


def _examine(tree: Tree, which: Iterable[Check], say: Callable[[str], None]) -> Iterable[Examination]:
    for check in which:
        say(f"{check.name}: {len(tree.files)} files")
        yield check.examine(tree)
