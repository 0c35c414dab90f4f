"""What the files of a click voice can do: nothing, where ``click.txt`` is one number. Opens and runs nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.admission.base import Examination, Flaw
from harness.admission.tree import Tree
from harness.core.rules import Rule
from harness.core.types import Severity

NO_NUMBER = Rule(
    id="admission.click-number",
    severity=Severity.HIGH,
    title="The loudness is no plain number",
    meaning="The adapter reads it with float(), which takes nan and digits without end.",
    advice="Write it as 0.5.",
)
MOST_BYTES = 16


@dataclass(frozen=True, slots=True)
class ConfigCheck:
    """Implements :class:`harness.admission.base.Check`."""

    name: str = "config"
    rules: tuple[Rule, ...] = (NO_NUMBER,)

    def examine(self, tree: Tree) -> Examination:
        """Read the number as strictly as it can be read."""
        flaws = []
        for entry in tree.files:
            if entry.path == "click.txt":
                with tree.open(entry) as file:
                    data = file.read(MOST_BYTES + 1)
                if not re.fullmatch(rb"[01]\.[0-9]{1,6}\n?", data):
                    flaws.append(Flaw(rule=NO_NUMBER, file=entry.path, found=repr(data[:MOST_BYTES])))
        return Examination(check=self.name, flaws=tuple(flaws))
