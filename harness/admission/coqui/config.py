"""The configuration check: every field that Coqui imports, opens, fetches or sizes a model by, read before Coqui does.

Follows :mod:`harness.admission.coqui.sinks`; what the table does not know is looked at as a possible reference all the
same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath

from harness.admission.base import Examination, Flaw
from harness.admission.coqui import configrules as rules
from harness.admission.coqui.configfields import Fields
from harness.admission.coqui.sidefiles import misplaced
from harness.admission.coqui.statsfile import Content
from harness.admission.tree import Entry, Tree
from harness.core.findings import Place
from harness.core.rules import Rule
from harness.core.strictjson import Document, Json, Malformed, Quirk, TooLong
from harness.core.text import printable
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, MAX_DATA_BYTES, YAML_SUFFIXES, read_config

MAX_FLAWS = 200
"""Of the whole directory; more say nothing new."""
MAX_TOTAL_BYTES = 64 * 1024 * 1024
"""Of JSON and YAML in one directory."""
YAML_COST = 32
"""How many bytes of JSON are read in the time of one of YAML."""
SUFFIXES = (".json", *YAML_SUFFIXES)

_TELLING = ("model_args", "generator_model", "model_params", "audio", "characters", "phonemizer", "text_cleaner")
_QUIRK_RULES = {Quirk.COMMENT: rules.NOT_PLAIN, Quirk.REPEATED: rules.NOT_PLAIN}


@dataclass(frozen=True, slots=True)
class ConfigCheck:
    """Reads each JSON and YAML file as Coqui's loader does, and as a strict reader does."""

    name: str = "config"
    rules: tuple[Rule, ...] = rules.RULES

    def examine(self, tree: Tree) -> Examination:
        """Look at every configuration and what it names, and at files that other loaders would pick up."""
        flaws: list[Flaw] = []
        models: list[str] = []
        trained: list[str] = []
        commented: list[str] = []
        read, left = 0, MAX_TOTAL_BYTES
        for entry in tree.files:
            if not entry.path.lower().endswith(SUFFIXES):
                continue
            left -= entry.size * (YAML_COST if entry.path.lower().endswith(YAML_SUFFIXES) else 1)
            if left < 0:
                flaws.append(Flaw(rule=rules.TOO_LONG, file=entry.path, found="more than is read of one directory"))
                break
            document = _read(tree, entry, flaws)
            if document is None:
                continue
            is_one = is_config(document.value, entry.path)
            commented += [entry.path for oddity in document.oddities if is_one and oddity.quirk is Quirk.COMMENT]
            flaws += _quirks(document, entry.path, is_config=is_one)
            if is_one and isinstance(document.value, dict):
                read += 1
                fields = Fields(tree=tree, file=entry.path, root=document.value)
                flaws += islice(fields.flaws(), MAX_FLAWS)
                trained += fields.trained
                models += [fields.model] if fields.model else []
            elif is_one:
                flaws.append(Flaw(rule=rules.UNREADABLE, file=entry.path, within=Place(pointer="$"), found="no object"))
            else:
                flaws += islice(_hidden_sinks(tree, entry, document.value), MAX_FLAWS)
            if len(flaws) > MAX_FLAWS:
                break
        flaws += misplaced(tree, models)
        facts = {"configurations": str(read)}
        if models:
            facts["model"] = printable(", ".join(sorted(set(models))))
        if commented:
            facts["read without their comments"] = printable(", ".join(commented[:8]))
        if trained:
            facts["places of the training machine"] = printable(", ".join(trained[:8]))
        flaws.sort(key=lambda flaw: flaw.file)
        return Examination(check=self.name, flaws=tuple(flaws[:MAX_FLAWS]), facts=facts)


def is_config(value: Json, path: str) -> bool:
    """Whether a file's content or name makes it a configuration for Coqui, rather than a vocabulary or a table."""
    name = PurePosixPath(path).name.lower()
    if name.startswith("config"):
        return True
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("model"), str) or any(isinstance(value.get(key), dict | str) for key in _TELLING)


def _read(tree: Tree, entry: Entry, flaws: list[Flaw]) -> Document | None:
    is_named_config = PurePosixPath(entry.path).name.lower().startswith("config")
    limit = MAX_CONFIG_BYTES if is_named_config else MAX_DATA_BYTES
    too_long = rules.BOMB if is_named_config else rules.TOO_LONG
    try:
        with tree.open(entry) as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            flaws.append(Flaw(rule=too_long, file=entry.path, found=f"more than {limit} bytes"))
            return None
        return read_config(data, entry.path)
    except TooLong as problem:
        flaws.append(Flaw(rule=too_long, file=entry.path, within=Place(pointer=str(problem))))
    except Malformed as problem:
        flaws.append(
            Flaw(
                rule=rules.UNREADABLE,
                file=entry.path,
                within=Place(pointer=str(problem)),
                effect="Coqui refuses to load it",
            )
        )
    except OSError as problem:
        flaws.append(Flaw(rule=rules.UNREADABLE, file=entry.path, found=str(problem.strerror or problem)))
    return None


def _quirks(document: Document, file: str, *, is_config: bool) -> Iterator[Flaw]:
    for oddity in document.oddities:
        if oddity.quirk is Quirk.COMMENT and is_config:
            continue  # cut as Coqui cuts it: who reads the rest reads the same, and who does not refuses it whole
        rule = _QUIRK_RULES.get(oddity.quirk, rules.READERS_DIFFER)
        if oddity.quirk is Quirk.CONSTANT and is_config:
            if oddity.found.lstrip("-.").lower().startswith("inf"):
                continue  # Coqui's own defaults are; elsewhere it is out of bounds, and reported as that
            rule = rules.BOMB
        yield Flaw(
            rule=rule,
            file=file,
            within=Place(pointer=oddity.place),
            found=oddity.found,
            effect=f"{oddity.quirk.value}: some readers refuse it, others take it as they like",
        )


def _hidden_sinks(tree: Tree, entry: Entry, value: Json) -> Iterator[Flaw]:
    """Yield what a table or vocabulary holds that would be a field of a configuration."""
    stack = [value]
    held: dict[str, Content] = {}
    while stack:
        found = stack.pop()
        if isinstance(found, dict):
            if isinstance(found.get("stats_path"), str) or isinstance(found.get("characters_class"), str):
                yield from Fields(tree=tree, file=entry.path, root=found, held=held).flaws()  # what lies below included
            else:
                stack += [one for one in found.values() if isinstance(one, dict | list)]
        elif isinstance(found, list):
            stack += [one for one in found if isinstance(one, dict | list)]
