"""The configuration check: every field that Coqui imports, opens, fetches or sizes a model by, read before Coqui does.

Follows :mod:`harness.admission.coqui.sinks`; what the table does not know is looked at as a possible reference all the
same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from harness.admission.base import Examination, Flaw, worst
from harness.admission.checks.filenames import place_in_line
from harness.admission.checks.leftovers import sort_out
from harness.admission.coqui import configrules as rules
from harness.admission.coqui.configfields import Fields
from harness.admission.coqui.sidefiles import misplaced
from harness.admission.coqui.statsfile import Content
from harness.admission.coqui.strangers import BEYOND_ANY_LOADER, is_of_coqui, may_be_of_coqui
from harness.admission.tree import Entry, Tree
from harness.core.places import Place
from harness.core.rules import Rule
from harness.core.strictjson import Document, Json, Malformed, Quirk, TooLong
from harness.core.text import printable
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, MAX_DATA_BYTES, YAML_SUFFIXES, read_config
from harness.models.foreign import another_program

MAX_FLAWS = 200
"""Of the whole directory, the worst ones; more say nothing new."""
MAX_TOTAL_BYTES = 64 * 1024 * 1024
"""Of JSON and YAML in one directory."""
YAML_COST = 32
"""How many bytes of JSON are read in the time of one of YAML."""
SKIPPED = "skipped, no configuration of a Coqui model"
CONFIG = "config.json"
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
        learned = _Learned()
        flaws, unasked = worst(_flaws(sort_out(tree).voice, learned), MAX_FLAWS)
        facts = {"configurations": str(learned.read)}
        if learned.models:
            facts["model"] = printable(", ".join(sorted(set(learned.models))))
        if learned.skipped:
            facts[SKIPPED] = printable(", ".join(learned.skipped))
        if learned.commented:
            facts["read without their comments"] = printable(", ".join(learned.commented[:8]))
        if learned.beside:
            told = [f"{what}: {file} is used" for what, file in sorted(learned.beside.items())]
            facts["places of another machine whose file lies here"] = printable("; ".join(told[:8]))
        if learned.pickled:
            facts["statistics kept as a pickle, of arrays and numbers only"] = printable(", ".join(learned.pickled[:8]))
        if learned.trained:
            facts["places of the training machine"] = printable(", ".join(learned.trained[:8]))
        return Examination(check=self.name, flaws=flaws, facts=facts, unasked=unasked)


@dataclass(slots=True)
class _Learned:
    """What the files say that is no flaw."""

    read: int = 0
    """Configurations."""
    models: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """Configurations that name these models."""
    trained: list[str] = field(default_factory=list)
    """Places of the training machine."""
    beside: dict[str, str] = field(default_factory=dict)
    """Places of another machine -> the file beside the configuration that is opened instead."""
    pickled: list[str] = field(default_factory=list)
    """Files of statistics that are pickles, and hold arrays and numbers only."""
    skipped: list[str] = field(default_factory=list)
    """Files that are no configuration of Coqui's, where each stands for itself."""
    commented: list[str] = field(default_factory=list)
    """Configurations with comments, which are left out."""


def _flaws(tree: Tree, learned: _Learned) -> Iterator[Flaw]:
    """Yield what is wrong with any file: the model's own configuration first, then what there is time for."""
    left = MAX_TOTAL_BYTES
    files = [entry for entry in tree.files if entry.path.lower().endswith(SUFFIXES)]
    for entry in sorted(files, key=lambda entry: place_in_line(entry.path)):
        if not tree.is_folder and _is_unrelated(tree, entry):
            learned.skipped.append(entry.path)
            continue
        if (too_long := _too_long(entry)) is not None:
            yield too_long
            continue
        cost = entry.size * (YAML_COST if _is_costly(entry) else 1)
        if cost > left:
            yield Flaw(rule=rules.TOO_LONG, file=entry.path, found="more than is read of one directory")
            continue
        left -= cost
        document = _read(tree, entry)
        if isinstance(document, Flaw):
            yield document
        else:
            yield from _document(tree, entry, document, learned)
    yield from misplaced(tree, learned.models, learned.files)


def _document(tree: Tree, entry: Entry, document: Document, learned: _Learned) -> Iterator[Flaw]:
    is_one = is_config(document.value, entry.path)
    learned.commented += [entry.path for oddity in document.oddities if is_one and oddity.quirk is Quirk.COMMENT]
    yield from _quirks(document, entry.path, is_config=is_one)
    if is_one and isinstance(document.value, dict):
        learned.read += 1
        fields = Fields(tree=tree, file=entry.path, root=document.value)
        program = another_program(document.value) if entry.path == CONFIG else None
        if program is not None:
            yield Flaw(rule=rules.OTHER_PROGRAM, file=entry.path, found=f"No Coqui model; this looks like {program}")
        yield from (flaw for flaw in fields.flaws() if program is None or flaw.rule in BEYOND_ANY_LOADER)
        learned.trained += fields.trained
        learned.beside |= fields.beside
        if fields.model:
            learned.models.append(fields.model)
            learned.files.append(entry.path)
        learned.pickled += [path for path, held in fields.held.items() if held.is_plain_pickle]
    elif is_one:
        yield Flaw(rule=rules.UNREADABLE, file=entry.path, within=Place(pointer="$"), found="no object")
    else:
        yield from _hidden_sinks(tree, entry, document.value)


def _is_unrelated(tree: Tree, entry: Entry) -> bool:
    """Whether a file that stands for itself, as in a commit, is some other program's: a web application's, say."""
    name = PurePosixPath(entry.path).name.lower()
    if entry.size > MAX_CONFIG_BYTES or not (name.startswith("config") or name.endswith(YAML_SUFFIXES)):
        return False
    try:
        with tree.open(entry) as stream:
            data = stream.read(MAX_CONFIG_BYTES)
    except OSError:
        return False
    try:
        return not is_of_coqui(read_config(data, entry.path).value)
    except (Malformed, TooLong):
        return not may_be_of_coqui(data)


def _is_costly(entry: Entry) -> bool:
    """Whether it is YAML that is read: a longer one is refused for that."""
    if not entry.path.lower().endswith(YAML_SUFFIXES):
        return False
    from harness.core.plainyaml import MAX_BYTES  # as in reading one

    return entry.size <= MAX_BYTES


def is_config(value: Json, path: str) -> bool:
    """Whether a file's content or name makes it a configuration for Coqui, rather than a vocabulary or a table."""
    name = PurePosixPath(path).name.lower()
    if name.startswith("config"):
        return True
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("model"), str) or any(isinstance(value.get(key), dict | str) for key in _TELLING)


def _bounds(entry: Entry) -> tuple[Rule, int]:
    """How many bytes of it are read, and what it is where it has more."""
    is_named_config = PurePosixPath(entry.path).name.lower().startswith("config")
    return (rules.BOMB, MAX_CONFIG_BYTES) if is_named_config else (rules.TOO_LONG, MAX_DATA_BYTES)


def _too_long(entry: Entry) -> Flaw | None:
    rule, limit = _bounds(entry)
    return Flaw(rule=rule, file=entry.path, found=f"more than {limit} bytes") if entry.size > limit else None


def _read(tree: Tree, entry: Entry) -> Document | Flaw:
    try:
        with tree.open(entry) as stream:
            data = stream.read(entry.size + 1)
        if len(data) != entry.size:
            return Flaw(rule=rules.UNREADABLE, file=entry.path, found="its size changed while it was read")
        return read_config(data, entry.path)
    except TooLong as problem:
        return Flaw(rule=_bounds(entry)[0], file=entry.path, within=Place(pointer=str(problem)))
    except Malformed as problem:
        effect = "Coqui refuses to load it"
        return Flaw(rule=rules.UNREADABLE, file=entry.path, within=Place(pointer=str(problem)), effect=effect)
    except OSError as problem:
        return Flaw(rule=rules.UNREADABLE, file=entry.path, found=str(problem.strerror or problem))


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
