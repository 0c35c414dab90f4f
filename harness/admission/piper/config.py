"""What the files of a Piper voice do when it is loaded: NAME.onnx goes to the runtime, NAME.onnx.json is data.

The configuration is read by the reader that the engine uses. Each has to belong to a network that is one: what the
engine hands to the runtime is what the checkpoint check has read as ONNX.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from harness.admission.base import Examination, Flaw
from harness.admission.documented import documented_rule
from harness.admission.reading.bytesource import FileBytes
from harness.admission.reading.onnx.head import is_onnx
from harness.admission.tree import Entry, Tree
from harness.core.grades import Severity
from harness.core.places import Place
from harness.core.rules import Rule
from harness.core.text import printable
from harness.engines.piper.configfile import MAX_BYTES, SUFFIX, PiperConfig, read_config

MAX_VOICES: Final = 64
"""Of one folder."""

CONFIG = documented_rule(
    "piper-config",
    Severity.HIGH,
    "A Piper configuration that is none",
    "Readers differ about it, or a value in it is one that no voice has.",
    "Get NAME.onnx.json again from where NAME.onnx comes from.",
)
NETWORK = documented_rule(
    "piper-network",
    Severity.HIGH,
    "A Piper configuration without its network",
    "NAME.onnx.json stands beside NAME.onnx, which the runtime is given.",
    "Put NAME.onnx beside it, as Piper exported it, or remove the configuration.",
)
CROWDED = documented_rule(
    "piper-crowded",
    Severity.HIGH,
    "More Piper voices than are read",
    "Nothing is known about the rest, so it is refused.",
    "Name a folder with one voice.",
)


@dataclass(frozen=True, slots=True)
class ConfigCheck:
    """Reads the configuration of each voice in a folder, and looks whether its network is there."""

    name: str = "config"
    rules: tuple[Rule, ...] = (CONFIG, NETWORK, CROWDED)

    def examine(self, tree: Tree) -> Examination:
        """See :class:`harness.admission.base.Check`."""
        found = [entry for entry in tree.files if entry.path.endswith(SUFFIX)]
        facts = {"configurations": str(len(found))}
        flaws: list[Flaw] = []
        for entry in found[:MAX_VOICES]:
            config = _read(tree, entry)
            if isinstance(config, Flaw):
                flaws.append(config)
            else:
                facts["espeak voice"] = printable(config.espeak_voice)
            flaws += _network_flaws(tree, entry)
        if len(found) > MAX_VOICES:
            flaws.append(Flaw(rule=CROWDED, file=found[MAX_VOICES].path, found=f"{len(found)} voices"))
        return Examination(check=self.name, flaws=tuple(flaws), facts=facts)


def _read(tree: Tree, entry: Entry) -> PiperConfig | Flaw:
    try:
        with tree.open(entry) as file:
            return read_config(file.read(MAX_BYTES + 1))
    except OSError as error:
        return Flaw(rule=CONFIG, file=entry.path, found=printable(f"cannot be read ({error.strerror or error})"))
    except ValueError as error:
        pointer, _, found = str(error).partition(": ")
        return Flaw(
            rule=CONFIG, file=entry.path, within=Place(pointer=printable(pointer)), found=printable(found)[:300]
        )


def _network_flaws(tree: Tree, config: Entry) -> Iterator[Flaw]:
    name = re.sub(r"\.json\Z", "", config.path)
    network = next((entry for entry in tree.files if entry.path == name), None)
    if network is None:
        yield Flaw(rule=NETWORK, file=config.path, found=printable(f"no file {name}")[:200])
        return
    try:
        with tree.open(network) as file:
            source = FileBytes(file.fileno(), os.fstat(file.fileno()).st_size)
            if not is_onnx(source):
                yield Flaw(rule=NETWORK, file=name, found=f"no ONNX file: {source.read(0, 16)!r}")
    except OSError:
        return  # which the checkpoint check says
