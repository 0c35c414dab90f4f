"""The directory check: which files lie in a model's directory, by name, by kind, by what they are mistaken for."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from harness.admission.base import Examination, Flaw, worst
from harness.admission.checks import directoryrules as rules
from harness.admission.checks.filekinds import (
    BLOCK_BYTES,
    HEAD_BYTES,
    READ_WHOLE,
    TAIL_BYTES,
    Kind,
    Look,
    look,
    look_on,
)
from harness.admission.checks.filenames import (
    ARCHIVE_SUFFIXES,
    CHECKPOINTS,
    CODE_NAMES,
    CODE_SUFFIXES,
    CONFIGURATIONS,
    DEVICE,
    DOCUMENTS,
    IMAGES,
    PICKLES,
    PLAIN_NAMES,
    RECORDINGS,
    SIGNATURES,
    TWINS,
)
from harness.admission.checks.leftovers import Sorted, sort_out
from harness.admission.tree import Entry, Tree
from harness.core.grades import Verdict
from harness.core.leftovers import named_leftover
from harness.core.places import Place
from harness.core.rules import Rule
from harness.core.text import printable

MAX_FILES = 1_000
"""The largest released model directory (Tortoise with its voices) has fewer than 200."""
MAX_FLAWS = 200
"""The worst ones."""
MAX_READ_BYTES = 256 * 2**20
"""Of a text, picture, recording or page, which are read to their end; more is refused."""
MAX_DOCUMENT_BYTES = 8 * 2**20
MAX_SAMPLE_BYTES = 64 * 2**20
MAX_NAME = 200
GRAVE = frozenset({rules.SPECIAL, rules.SETUID, rules.POLYGLOT})
"""What is told of leftovers too."""


@dataclass(frozen=True, slots=True)
class DirectoryCheck:
    """Looks at every entry of a model's directory; a file's kind is decided by content and name together."""

    name: str = "directory"
    rules: tuple[Rule, ...] = rules.RULES

    needs_checkpoint: bool = True
    """Whether a folder without one is no model."""

    def examine(self, tree: Tree) -> Examination:
        """Look at names, modes and kinds of all entries; of tensors no more is read than their two ends."""
        facts = {"files": str(len(tree.files)), "bytes": str(sum(entry.size for entry in tree.files))}
        flaws, unasked = worst(self._flaws(tree), MAX_FLAWS)
        return Examination(check=self.name, flaws=flaws, facts=facts, unasked=unasked)

    def _flaws(self, tree: Tree) -> Iterator[Flaw]:
        found, is_refused = sort_out(tree), False
        for flaw in _flaws(tree, found):
            is_refused = is_refused or flaw.rule.verdict is Verdict.FAIL
            yield flaw
        may_lack = found.is_elsewhere or not tree.is_folder or not self.needs_checkpoint
        if not is_refused and not may_lack and not _has_checkpoint(found.voice):
            yield Flaw(rule=rules.NO_MODEL, file="", found=_no_model(tree))


def _flaws(tree: Tree, found: Sorted) -> Iterator[Flaw]:
    yield from found.flaws
    for entry in found.beside:
        yield from (flaw for flaw in _entry_flaws(tree, entry) if flaw.rule in GRAVE)
    for entry in found.voice.entries:
        yield from _name_flaws(entry)
        yield from _entry_flaws(tree, entry)
    yield from _collisions(found.voice)
    for gap in tree.gaps:
        yield Flaw(rule=rules.UNREAD, file=gap.path, found=gap.why)
    if len(tree.files) > MAX_FILES:
        yield Flaw(rule=rules.CROWDED, file="", found=f"{len(tree.files)} files")


def _no_model(tree: Tree) -> str:
    among = ", no checkpoint among them" if tree.files else ""
    from harness.models.foreign import looks_like  # asked only where nothing is a model

    whose = looks_like(tree.root)
    guess = f"; this looks like {whose}" if whose else ""
    return f"Nothing here is a model: {len(tree.files) or 'no'} files{among}{guess}"


def _has_checkpoint(tree: Tree) -> bool:
    """Whether something here may hold weights: by its name, or by its first bytes."""
    named = CHECKPOINTS | PICKLES | {".tar"}
    return any(
        entry.size and (PurePosixPath(entry.path).suffix.lower() in named or _is_weights(tree, entry))
        for entry in tree.files
    )


def _is_weights(tree: Tree, entry: Entry) -> bool:
    try:
        return _look(tree, entry).kind in (Kind.ZIP, Kind.PICKLE, Kind.TENSORS, Kind.TAR)
    except OSError:
        return False


def _name_flaws(entry: Entry) -> Iterator[Flaw]:
    name = PurePosixPath(entry.path).name if not entry.path.endswith("/") else entry.path

    def flaw(why: str) -> Flaw:
        return Flaw(rule=rules.NAME, file=entry.path, found=printable(name)[:MAX_NAME], effect=why)

    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in name):
        yield flaw("has characters that are not seen, or turn the text around them")
    elif printable(name) != name:
        yield flaw("has characters that are not seen")
    if name.rstrip(" .") != name or name.lstrip() != name:
        yield flaw("begins or ends as Windows cuts it off")
    if DEVICE.fullmatch(name.split(".")[0]):
        yield flaw("is a device on Windows")
    if re.search(r'[\\:*?"<>|]', name) or name.startswith(("-", "~")):
        yield flaw("means something else to a shell or to Windows")
    if len(name) > MAX_NAME:
        yield flaw("is longer than other systems take")
    if name.startswith(".") and name not in (".gitattributes",):
        yield Flaw(rule=rules.HIDDEN, file=entry.path, found=printable(name)[:MAX_NAME])


def _collisions(tree: Tree) -> Iterator[Flaw]:
    seen: dict[str, str] = {}
    for entry in tree.entries:
        alike = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", entry.path).translate(TWINS)).casefold()
        alike = "".join(c for c in alike if unicodedata.category(c) not in ("Cf", "Cc", "Mn"))
        twin = seen.setdefault(alike, entry.path)
        if twin != entry.path:
            effect = f"looks like {printable(twin)[:MAX_NAME]}, and is the same file where case or form do not count"
            yield Flaw(rule=rules.LOOKALIKE, file=entry.path, found=printable(entry.path)[:MAX_NAME], effect=effect)
        elif not entry.path.isascii() and alike.isascii():
            effect = f"looks like {alike[:MAX_NAME]}, which it is not"
            yield Flaw(rule=rules.LOOKALIKE, file=entry.path, found=printable(entry.path)[:MAX_NAME], effect=effect)


def _entry_flaws(tree: Tree, entry: Entry) -> Iterator[Flaw]:
    if entry.is_link:
        yield _link(tree, entry)
        return
    if entry.is_folder:
        if PurePosixPath(entry.path).name == "__pycache__":
            yield Flaw(rule=rules.CODE, file=entry.path, found="__pycache__")
        return
    if not entry.is_file:
        yield Flaw(rule=rules.SPECIAL, file=entry.path, found=stat.filemode(entry.mode)[0])
        return
    if entry.mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX):
        yield Flaw(rule=rules.SETUID, file=entry.path, found=stat.filemode(entry.mode))
    if entry.mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH | stat.S_IWOTH):
        yield Flaw(rule=rules.MODE, file=entry.path, found=stat.filemode(entry.mode))
    try:
        seen = _look(tree, entry)
    except OSError as problem:
        yield Flaw(rule=rules.UNREAD, file=entry.path, found=f"cannot be read ({problem.strerror or problem})")
        return
    if not seen.is_whole:
        yield Flaw(rule=rules.UNREAD, file=entry.path, found=f"{seen.kind.value} of {entry.size} bytes")
    yield from _kind_flaws(entry, seen)


def _link(tree: Tree, entry: Entry) -> Flaw:
    try:
        target = str((tree.root / entry.path).readlink())
    except OSError:
        target = "?"
    inside = os.path.normpath(os.path.join(os.path.dirname(entry.path), target))  # noqa: PTH118, PTH120 - text, no file
    leads_out = target.startswith("/") or inside.startswith("..") or target == "?"
    leads_out = leads_out or named_leftover(inside) is not None  # where nobody looked
    rule = rules.LINK_OUT if leads_out else rules.LINK
    return Flaw(rule=rule, file=entry.path, found=f"-> {printable(target)[:MAX_NAME]}")


def _look(tree: Tree, entry: Entry) -> Look:
    with tree.open(entry) as stream:
        head = stream.read(HEAD_BYTES)
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - TAIL_BYTES))
        seen = look(head, stream.read(TAIL_BYTES), size)
        if size <= len(head) or seen.kind not in READ_WHOLE or entry.path.lower().endswith(tuple(CONFIGURATIONS)):
            return seen
        stream.seek(0)
        return look_on(seen, iter(lambda: stream.read(BLOCK_BYTES), b""), most=MAX_READ_BYTES)


def _kind_flaws(entry: Entry, seen: Look) -> Iterator[Flaw]:
    name = PurePosixPath(entry.path).name.lower().rstrip(" .")
    suffixes = PurePosixPath(name).suffixes
    suffix = suffixes[-1] if suffixes else ""

    def flaw(rule: Rule, found: str, effect: str = "") -> Flaw:
        return Flaw(rule=rule, file=entry.path, within=Place(offset=0), found=found, effect=effect)

    if seen.also is not None:
        yield flaw(rules.POLYGLOT, f"{seen.kind.value} that is {seen.also.value} as well")
    if seen.kind in (Kind.EXECUTABLE, Kind.SCRIPT):
        yield flaw(rules.EXECUTABLE, seen.kind.value)
    elif (
        seen.kind is Kind.BYTECODE or suffix in CODE_SUFFIXES or name in CODE_NAMES or name.split(".")[0] in CODE_NAMES
    ):
        yield flaw(rules.CODE, suffix or name)
    elif suffix == ".pth" and seen.kind in (Kind.TEXT, Kind.MARKUP):
        effect = "Python executes such lines at every start, once it lies in site-packages" if seen.is_python else ""
        other = rules.UNKNOWN if seen.magic.lstrip().startswith(b"{") else rules.MISMATCH  # JSON harms nobody
        yield flaw(rules.CODE if seen.is_python else other, "text instead of tensors", effect)
    elif seen.kind is Kind.MARKUP or suffix in (".html", ".htm", ".svg", ".xhtml", ".xml", ".mhtml"):
        rule = rules.SCRIPTED if seen.is_active else rules.UNKNOWN
        yield flaw(rule, "HTML or SVG with scripts or outside references" if seen.is_active else "HTML or SVG")
    elif seen.kind is Kind.PDF and seen.is_active:
        yield flaw(rules.SCRIPTED, "a PDF with scripts or actions")
    elif seen.kind is Kind.ARCHIVE and suffix in PICKLES:
        yield flaw(rules.UNKNOWN, "a compressed pickle")
    elif seen.kind is Kind.ARCHIVE or (
        seen.kind is Kind.ZIP and suffix not in CHECKPOINTS and suffixes[-2:] != [".pth", ".tar"]
    ):
        yield flaw(rules.ARCHIVE, seen.kind.value)
    elif suffix in ARCHIVE_SUFFIXES and suffixes[-2:] != [".pth", ".tar"]:
        yield flaw(rules.ARCHIVE, suffix)
    else:
        yield from _expected(entry, seen, name, suffix if suffixes[-2:] != [".pth", ".tar"] else ".pth")


def _expected(entry: Entry, seen: Look, name: str, suffix: str) -> Iterator[Flaw]:
    """Yield what does not fit the kind that the name promises."""
    tensors = (Kind.ZIP, Kind.PICKLE, Kind.NUMPY, Kind.TENSORS, Kind.TAR)
    expected: tuple[Kind, ...]
    limit: int | None = None
    if suffix in CHECKPOINTS:
        expected = tensors
    elif suffix in CONFIGURATIONS:
        expected = (Kind.TEXT, Kind.OTHER)  # broken encodings are the configuration check's to name
    elif suffix in DOCUMENTS or name in PLAIN_NAMES or suffix in SIGNATURES:
        expected, limit = (Kind.TEXT, Kind.EMPTY), MAX_DOCUMENT_BYTES
        if seen.kind is Kind.OTHER:  # an older encoding, or colours in a log
            yield Flaw(rule=rules.UNKNOWN, file=entry.path, found="a document that is no plain UTF-8 text")
            return
    elif suffix in RECORDINGS:
        expected, limit = (Kind.AUDIO,), MAX_SAMPLE_BYTES
    elif suffix in IMAGES:
        expected, limit = (Kind.IMAGE,), MAX_DOCUMENT_BYTES
    else:
        yield Flaw(rule=rules.UNKNOWN, file=entry.path, found=f"{suffix or 'no suffix'}: {seen.kind.value}")
        return
    if seen.kind not in expected and not (seen.kind is Kind.EMPTY and suffix in CONFIGURATIONS):
        wanted = " or ".join(kind.value for kind in expected)
        yield Flaw(
            rule=rules.MISMATCH, file=entry.path, found=seen.kind.value, effect=f"expected {wanted} of {suffix or name}"
        )
    if limit is not None and entry.size > limit:
        yield Flaw(rule=rules.UNKNOWN, file=entry.path, found=f"{entry.size} bytes, expected at most {limit}")
    if suffix in DOCUMENTS and seen.is_active:
        yield Flaw(rule=rules.UNKNOWN, file=entry.path, found="a document with scripts or frames")
