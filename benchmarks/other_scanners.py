"""Other scanners of models, each installed by uv below .venv-scanners in an environment of its own; what they say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.admission.checks.checkpoint import CheckpointCheck
from harness.admission.tree import Tree
from harness.core.types import Verdict

ROOT = Path(__file__).parent.parent
SCANNERS = Path(__file__).parent / "scanners"
HOMES = ROOT / ".venv-scanners"
SAMPLED = {"modelaudit": 8, "modelaudit-onnx": 8}
"""Scanners that take seconds for a small file -> one file in so many is shown to them."""


def shown_to(name: str, files: Iterable[Path]) -> list[Path]:
    """The files of one kind that a scanner is shown."""
    return list(files)[:: SAMPLED.get(name, 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a scanner says of the files of one kind that it was shown."""

    flagged: int
    errors: int
    open: int
    shown: int

    @staticmethod
    def of(files: Iterable[Path], found: Mapping[Path, str]) -> Counts:
        """Count."""
        words = [found[path] for path in files if path in found]
        flagged, errors, undecided = (words.count(word) for word in ("flagged", "error", "convert first"))
        return Counts(flagged=flagged, errors=errors, open=undecided, shown=len(words))

    @property
    def words(self) -> str:
        """Those that were flagged, of how many."""
        return f"{self.flagged} of {self.shown}"

    @property
    def stopped(self) -> str:
        """Those that were not called clean, of how many."""
        return f"{self.flagged + self.errors + self.open} of {self.shown}"


def installed(name: str) -> bool:
    """Whether a scanner is there, after trying to install it; one that cannot be is left out with a message."""
    home = HOMES / name
    if (home / ".ready").exists():
        return True
    uv = [str(Path(sys.executable).parent / "uv")]
    python = str(home / "bin/python")
    steps = (
        [*uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(home)],
        [*uv, "pip", "install", "--quiet", "--python", python, "-r", str(SCANNERS / f"{name}.txt")],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            print(f"{name}: left out, cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
            return False
    (home / ".ready").touch()
    return True


def foreign(name: str, files: list[Path], *, unread: str = "clean") -> dict[Path, str]:
    """What another scanner says of each file: ``clean``, ``flagged`` or ``error``.

    Args:
        name: Of the scanner.
        files: To be scanned.
        unread: What stands for a file that it says it did not look at.
    """
    home = HOMES / name.removesuffix("-strict")
    done = subprocess.run(
        [str(home / "bin/python"), str(SCANNERS / "drive.py"), name],
        input="".join(f"{file}\n" for file in files), capture_output=True, text=True,
    )  # fmt: skip
    told = {Path(line.rpartition(" ")[0]): line.rpartition(" ")[2] for line in done.stdout.splitlines()}
    return {file: unread if told.get(file) == "unread" else told.get(file, "error") for file in files}


def own(files: list[Path]) -> dict[Path, str]:
    """What Soundcheck says of each file."""
    names = {Verdict.PASS: "clean", Verdict.FAIL: "flagged", Verdict.INCONCLUSIVE: "convert first"}
    return {file: names[CheckpointCheck().examine(Tree.of(file)).verdict] for file in files}
