"""Files against a list of digests: what changed, what is missing, what nobody listed. Knows no signatures."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Final

from harness.admission.base import Flaw
from harness.admission.tree import Entry, Tree
from harness.core.errors import BadInput
from harness.core.grades import Severity, Verdict
from harness.core.rules import Rule
from harness.core.text import printable
from harness.signing.sums import Listing

_SPEC: Final = "OpenSSF Model Signing 1.0"

CHANGED = Rule(
    id="admission.file-changed",
    severity=Severity.CRITICAL,
    title="A file is not the one that was vouched for",
    meaning="Its bytes differ from the signed or listed digest.",
    advice="Fetch the model again from its source; if it was changed on purpose, whoever changed it has to sign it.",
    source=_SPEC,
)
MISSING = Rule(
    id="admission.file-missing",
    severity=Severity.HIGH,
    title="A file that was vouched for is not there",
    meaning="A loader that misses a file may fall back to another or fetch one.",
    advice="Fetch the model again, whole.",
    source=_SPEC,
)
UNLISTED = Rule(
    id="admission.file-unlisted",
    severity=Severity.CRITICAL,
    title="Something is there that nobody vouched for",
    meaning="Loaders pick up files by name, hidden ones too.",
    advice="Remove it, or have the signer sign the model with it (the model_signing command leaves out .git* files "
    "unless told --no-ignore-git-paths).",
    source=_SPEC,
)
LINKED = Rule(
    id="admission.file-not-regular",
    severity=Severity.CRITICAL,
    title="A vouched-for model has a link or special file",
    meaning="What a link leads to can change after the check.",
    advice="Put the file itself in its place.",
)
WEAK = Rule(
    id="admission.digest-weak",
    severity=Severity.MEDIUM,
    title="Known by its SHA-1 only",
    meaning="Whoever makes a file can make two of them with one SHA-1.",
    advice="Pin the model's digest in pyproject.toml, or sign it once it was reviewed.",
    verdict=Verdict.INCONCLUSIVE,
    source="SHAttered (2017); Leurent and Peyrin, SHA-1 is a Shambles (2020)",
)


def compare(
    tree: Tree,
    digests: Mapping[str, str],
    expected: Mapping[str, str],
    inside: str | None,
    others: frozenset[str] = frozenset(),
) -> Iterator[Flaw]:
    """Compare every entry with a list.

    Args:
        tree: The entries.
        digests: Their sha256.
        expected: What they should be.
        inside: The signature or list itself, where it lies in the model: the one entry that is not compared.
        others: Names that are vouched for in another way.
    """
    listed = others | frozenset(expected)
    missing = sorted(name for name in listed if name not in digests)
    likeness = _Likeness.of(expected, missing)
    folders = {folder for name in listed for folder in _folders(name)}
    for entry in tree.entries:
        if entry.path == inside and inside not in listed:
            continue
        if entry.is_folder:
            if entry.path not in folders:
                yield Flaw(rule=UNLISTED, file=entry.path, found="a folder without any listed file")
        elif not entry.is_file:
            yield Flaw(rule=LINKED, file=entry.path, found="a link" if entry.is_link else "no regular file")
        elif entry.path not in listed:
            yield Flaw(rule=UNLISTED, file=entry.path, found=likeness.of_stranger(entry, digests[entry.path]))
        elif entry.path in expected and digests[entry.path] != expected[entry.path]:
            yield Flaw(rule=CHANGED, file=entry.path, found=likeness.of_changed(entry, digests[entry.path]))
    for name in missing:
        yield Flaw(rule=MISSING, file=name, found="listed, not there as a regular file")


def compare_weak(tree: Tree, listing: Listing) -> Iterator[Flaw]:
    """Compare sizes, and git's SHA-1 where a list has nothing better."""
    for entry in tree.files:
        size = listing.sizes.get(entry.path, entry.size)
        if size != entry.size:
            yield Flaw(rule=CHANGED, file=entry.path, found=f"{entry.size} bytes, listed with {size}")
        elif entry.path in listing.git:
            if _git_blob(tree, entry) != listing.git[entry.path]:
                yield Flaw(rule=CHANGED, file=entry.path, found="another git blob id than listed")
            else:
                yield Flaw(rule=WEAK, file=entry.path, found=f"git blob {listing.git[entry.path]}")


def _git_blob(tree: Tree, entry: Entry) -> str:
    total = hashlib.sha1(b"blob %d\0" % entry.size, usedforsecurity=False)  # git's own name of it, reported as weak
    with open_entry(tree, entry) as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class _Likeness:
    """What a file that is not as listed looks like: a renamed one, or one with a name that people take for another."""

    expected: Mapping[str, str]
    missing: Mapping[str, str]
    """sha256 -> name of a file that is not there."""
    by_digest: Mapping[str, str]
    by_look: Mapping[str, str]

    @staticmethod
    def of(expected: Mapping[str, str], missing: list[str]) -> _Likeness:
        return _Likeness(
            expected,
            {expected[name]: name for name in reversed(missing) if name in expected},
            {expected[name]: name for name in sorted(expected, reverse=True)},
            {_folded(name): name for name in sorted(expected, reverse=True)},
        )

    def of_stranger(self, entry: Entry, digest: str) -> str:
        if digest in self.missing:
            return printable(f"has the bytes of {self.missing[digest]}, which is missing: renamed")
        other = self.by_look.get(_folded(entry.path))
        if other:
            return printable(f"differs from {other} only in case or in the form of its characters")
        return f"{entry.size} bytes"

    def of_changed(self, entry: Entry, digest: str) -> str:
        if digest in self.by_digest:
            return printable(f"has the bytes of {self.by_digest[digest]}: swapped")
        return f"sha256 {digest[:16]}…, expected {self.expected[entry.path][:16]}…"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _folders(name: str) -> Iterator[str]:
    parts = name.split("/")[:-1]
    for count in range(1, len(parts) + 1):
        yield "/".join(parts[:count])


def open_entry(tree: Tree, entry: Entry) -> IO[bytes]:
    """Open a file of the model.

    Raises:
        BadInput: It cannot be opened, or is a link by now.
    """
    try:
        return tree.open(entry)
    except OSError as error:
        raise BadInput(printable(f"{tree.root / entry.path}: cannot be read ({error.strerror or error})")) from None
