"""What the files of a Kokoro voice do when it is loaded: NAME.onnx goes to the runtime, the style vectors are numbers.

The style vectors are read by the reader that the engine uses, and from one file: which of two would be spoken with is
nobody's to guess. Each network has to be one: what the engine hands to the runtime is what the checkpoint check has
read as ONNX.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from harness.admission.base import Examination, Flaw
from harness.admission.documented import documented_rule
from harness.admission.reading.bytesource import FileBytes
from harness.admission.reading.onnx.head import is_onnx
from harness.admission.tree import Entry, Tree
from harness.core.grades import Severity
from harness.core.rules import Rule
from harness.core.text import printable
from harness.engines.kokoro.layout import NETWORK
from harness.engines.kokoro.styles import PATTERN, speakers_of

MAX_NETWORKS: Final = 16
"""Of one folder; each is read whole by the checkpoint check."""

STYLES = documented_rule(
    "kokoro-styles",
    Severity.HIGH,
    "Style vectors of a Kokoro voice that are none",
    "The file is no plain archive of float32 rows, or there are several and it is open which speaks.",
    "Get voices*.bin again from where NAME.onnx comes from, and keep one.",
)
NETWORK_RULE = documented_rule(
    "kokoro-network",
    Severity.HIGH,
    "A Kokoro voice without its network",
    "NAME.onnx stands beside the style vectors, and the runtime is given it.",
    "Put NAME.onnx beside them, as it was exported, and no more than 16.",
)


@dataclass(frozen=True, slots=True)
class ConfigCheck:
    """Reads the style vectors, and looks whether there is a network."""

    name: str = "config"
    rules: tuple[Rule, ...] = (STYLES, NETWORK_RULE)

    def examine(self, tree: Tree) -> Examination:
        """See :class:`harness.admission.base.Check`."""
        files = [entry for entry in tree.files if "/" not in entry.path]
        styles = [entry for entry in files if PurePosixPath(entry.path).match(PATTERN)]
        networks = [entry for entry in files if PurePosixPath(entry.path).match(NETWORK)]
        flaws: list[Flaw] = []
        facts: dict[str, str] = {}
        if len(styles) > 1:
            flaws.append(Flaw(rule=STYLES, file=styles[1].path, found=f"{len(styles)} files {PATTERN}"))
        for entry in styles[:1]:
            speakers = _speakers(tree, entry)
            if isinstance(speakers, Flaw):
                flaws.append(speakers)
            else:
                facts["speakers"] = str(len(speakers))
        if not networks and styles:
            flaws.append(Flaw(rule=NETWORK_RULE, file=styles[0].path, found="no file NAME.onnx"))
        if len(networks) > MAX_NETWORKS:
            flaws.append(Flaw(rule=NETWORK_RULE, file=networks[-1].path, found=f"{len(networks)} files NAME.onnx"))
        flaws += [flaw for entry in networks for flaw in _network_flaws(tree, entry)]
        return Examination(check=self.name, flaws=tuple(flaws), facts=facts)


def _speakers(tree: Tree, entry: Entry) -> tuple[str, ...] | Flaw:
    try:
        with tree.open(entry) as file:
            return speakers_of(file)
    except OSError as error:
        return Flaw(rule=STYLES, file=entry.path, found=printable(f"cannot be read ({error.strerror or error})"))
    except ValueError as error:
        return Flaw(rule=STYLES, file=entry.path, found=printable(str(error))[:300])


def _network_flaws(tree: Tree, entry: Entry) -> Iterator[Flaw]:
    try:
        with tree.open(entry) as file:
            source = FileBytes(file.fileno(), os.fstat(file.fileno()).st_size)
            if not is_onnx(source):
                yield Flaw(rule=NETWORK_RULE, file=entry.path, found=f"no ONNX file: {source.read(0, 16)!r}")
    except OSError:
        return  # which the checkpoint check says
