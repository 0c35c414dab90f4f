"""The rules of ONNX files: what their reader may report, and what that means."""

from __future__ import annotations

from functools import partial

from harness.admission.documented import documented_rule
from harness.core.grades import Severity, Verdict
from harness.core.rules import RUNS_CODE, Rule


class Refused(Exception):
    """Something that no voice's file has; ``str`` says what."""

    def __init__(self, rule: Rule, what: str, at: int) -> None:
        """Say by which rule, and at which byte."""
        super().__init__(what)
        self.rule = rule
        self.at = at


_FORMAT = "onnx/onnx.proto and docs/IR.md of ONNX"
_rule = partial(documented_rule, source=_FORMAT)

BROKEN = _rule(
    "onnx-broken",
    Severity.HIGH,
    "An ONNX file breaks the format",
    "Readers differ about what stands there, or read past its end.",
    "Get the file again, or export it anew.",
)
EXTERNAL = _rule(
    "onnx-external",
    Severity.CRITICAL,
    "An ONNX file names other files as its tensors",
    "A runtime opens whatever path it names, wherever that leads, and nobody looked at what lies there.",
    "Save it with its tensors within: onnx.save(onnx.load(FILE), OUT).",
    source="CVE-2022-25882, CVE-2024-27318 and CVE-2024-5187 of onnx",
)
TENSOR = _rule(
    "onnx-tensor",
    Severity.HIGH,
    "An ONNX tensor is not what it says",
    "Its bytes are not as many as its type and sizes need, or it holds what no voice needs (texts, sparse tensors).",
    "Do not load it; export it anew.",
)
FUNCTION = _rule(
    "onnx-function",
    Severity.HIGH,
    "An ONNX file brings operators or settings of its own",
    "What an operator's name means, or how the runtime works, is then said by the file itself, beside the graph.",
    "Inline its functions (onnx.inliner), and leave training and the runtime's settings out.",
)
OPERATOR = _rule(
    "onnx-operator",
    Severity.CRITICAL,
    "An operator that the runtime itself does not have",
    "It needs a library of its publisher's, opens a file, or hands a compiled program to a device.",
    "Do not load it; export it with standard operators.",
    unacceptable=RUNS_CODE,
)
NAME = _rule(
    "onnx-name",
    Severity.HIGH,
    "A name in an ONNX file that no exporter gives",
    "Tools write tensors to files of their names: one that climbs leads elsewhere, one that is not seen hides.",
    "Do not load it.",
    source="CVE-2024-5187 of onnx",
)
BOMB = _rule(
    "onnx-bomb",
    Severity.HIGH,
    "An ONNX graph nests or grows beyond any voice",
    "Loading or running it would exhaust memory, time or the stack.",
    "Do not load it.",
)
CHANGED = _rule(
    "onnx-graph-changed",
    Severity.CRITICAL,
    "A known exporter's graph, changed",
    "Only the numbers of an export differ from voice to voice: whoever adds or changes nodes adds a program.",
    "Do not load it; export the voice anew.",
)
UNKNOWN = _rule(
    "onnx-graph-unknown",
    Severity.HIGH,
    "A graph that no known exporter writes",
    "A graph is a program: a trigger needs no more than a few of the operators that every voice has.",
    "Of your own exporter: look at what soundcheck scan --fingerprint OUT.json FILE writes, and accept it in a policy.",
    verdict=Verdict.INCONCLUSIVE,
)

RULES = (BROKEN, EXTERNAL, TENSOR, FUNCTION, OPERATOR, NAME, BOMB, CHANGED, UNKNOWN)
