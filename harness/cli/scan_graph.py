"""``soundcheck scan --fingerprint OUT``: what makes an exporter's graph, written down to be looked at and accepted."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import BadInput
from harness.core.exits import Exit
from harness.core.grades import Verdict
from harness.core.text import printable

if TYPE_CHECKING:
    from harness.admission.admit import Admission
    from harness.admission.graphs import Written

PASTE = "to accept every file of this graph, put this into the policy beside it, with owner and reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprinted:
    """What came of it."""

    made: Written | None
    reason: str = ""
    """Why nothing was written."""
    exit_code: Exit = Exit.DONE

    @property
    def lines(self) -> list[str]:
        """For people."""
        if self.made is None:
            return [printable(f"no fingerprint written: {self.reason}")]
        made = self.made
        told = f"{made.path}: written, {made.nodes} nodes, {made.tensors} tensors, graph {made.sha256}"
        return [printable(told), "", PASTE, "", *map(printable, made.proposal)]

    @property
    def record(self) -> dict[str, object]:
        """As JSON has it."""
        made = self.made
        return {
            "path": printable(str(made.path)) if made else None,
            "graph": made.sha256 if made else None,
            "nodes": made.nodes if made else None,
            "tensors": made.tensors if made else None,
            "proposal": list(map(printable, made.proposal)) if made else [],
            "refused": printable(self.reason),
        }


def add(parser: argparse.ArgumentParser) -> None:
    """Give the verb its option."""
    parser.add_argument(
        "--fingerprint",
        type=Path,
        metavar="OUT",
        help="write what makes the graph of one ONNX file (nodes, attributes, types, no weights) to OUT, a .json file, "
        "to be looked at and accepted in a policy",
    )


def check(options: argparse.Namespace) -> None:
    """See, before anything is read, whether one can be written.

    Raises:
        BadInput: It cannot.
    """
    if options.fingerprint is None:
        return
    from harness.admission.graphs import check_target

    if len(options.paths) != 1 or not options.paths[0].is_file():
        raise BadInput("scan: --fingerprint takes exactly one ONNX file")
    if options.convert is not None or options.copy_voice is not None or options.reference is not None:
        raise BadInput("scan: --fingerprint goes with none of --convert, --copy-voice, --reference")
    check_target(options.fingerprint)


def fingerprint(source: Admission, out: Path) -> Fingerprinted:
    """Write it, of a file that was scanned."""
    from harness.admission.graphs import write_fingerprint
    from harness.admission.reading.onnx.rules import CHANGED

    hostile = [flaw for flaw in source.flaws if flaw.rule.verdict is Verdict.FAIL and flaw.rule is not CHANGED]
    if hostile:
        return Fingerprinted(made=None, reason="hostile or malformed", exit_code=Exit.FINDINGS)
    made = write_fingerprint(source.root, out)
    if made is None:
        return Fingerprinted(made=None, reason="this is no ONNX file with a graph", exit_code=Exit.UNDECIDED)
    return Fingerprinted(made=made)
