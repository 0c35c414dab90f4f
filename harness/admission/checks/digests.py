"""The sha256 of every file of a model, and a seal that says whether anything changed since it was taken.

SHA-256 of one file is one chain of blocks: reading ahead in a thread was slower than reading and hashing in turn
(``docs/signing.md`` has the figures), so threads take whole files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.admission.base import Flaw
from harness.admission.tree import Entry, Tree
from harness.core.errors import BadInput
from harness.core.grades import Severity, Verdict
from harness.core.identity import Files
from harness.core.rules import Rule
from harness.core.text import printable

CHANGED = Rule(
    id="admission.changed-during-run",
    severity=Severity.CRITICAL,
    title="The model's files changed while it was being judged",
    meaning="The verdict is about other bytes than those that lie there now.",
    advice="Find out who writes there; give the run a copy that the worker cannot write to (Coqui's XTTS rewrites "
    "model.pth when it loads it).",
)
TOUCHED = Rule(
    id="admission.touched-during-run",
    severity=Severity.MEDIUM,
    title="The model's files were written to while it was being judged",
    meaning="The bytes are the same as before, but what lay there in between is not known.",
    advice="Run again with nothing else writing to the model.",
    verdict=Verdict.INCONCLUSIVE,
    unacceptable="is about a moment, not about a file",
)
RULES = (
    CHANGED,
    TOUCHED,
)
_BUFFER_BYTES = 1 << 20


def digests_of(tree: Tree) -> dict[str, str]:
    """Return path -> sha256 (hex) of every regular file of a tree. Memory is a buffer per core, whatever the sizes.

    Raises:
        BadInput: A file cannot be read, or is no regular file any more.
    """
    workers = min(len(os.sched_getaffinity(0)), len(tree.files)) or 1
    largest_first = sorted(tree.files, key=lambda entry: -entry.size)
    with ThreadPoolExecutor(workers) as pool:
        digests = dict(zip(largest_first, pool.map(lambda entry: _digest(tree, entry), largest_first), strict=True))
    return {entry.path: digests[entry] for entry in tree.files}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a model was when it was admitted."""

    path: Path
    states: Mapping[str, tuple[int, ...]]
    """Path -> type and permissions, size, device, inode, times of last change of content and of inode (ns)."""
    digests: Mapping[str, str]
    """Path -> sha256 (hex) of every regular file."""

    def changes(self) -> tuple[Flaw, ...]:
        """Say what is not as it was: every byte is read again, for times can be set back."""
        try:
            tree = Tree.of(self.path, may_have_gaps=True)
            states, digests = _states(tree), digests_of(tree)
        except (BadInput, OSError) as error:
            return (Flaw(rule=CHANGED, file="", found=printable(str(error))),)
        flaws = []
        for name in sorted({*self.states, *states}):
            before, now = self.states.get(name), states.get(name)
            if before is None:
                flaws.append(Flaw(rule=CHANGED, file=name, found="was not there before"))
            elif now is None:
                flaws.append(Flaw(rule=CHANGED, file=name, found="is there no more"))
            elif self.digests.get(name) != digests.get(name) or before[0] != now[0]:
                flaws.append(Flaw(rule=CHANGED, file=name, found=_difference(before, now)))
            elif name in self.digests and before != now:
                flaws.append(Flaw(rule=TOUCHED, file=name, found=_difference(before, now)))
        return tuple(flaws)


def seal(path: Path, known: Files | None = None) -> Seal:
    """Remember a model as it is now. Costs one reading of every file.

    Args:
        path: Its directory or file.
        known: Which files they must be, where they were read before.

    Raises:
        BadInput: It cannot be read.
    """
    tree = Tree.of(path, may_have_gaps=True).of_known(known)
    # States first: a change while the digests are taken leaves a later time behind.
    states = _states(tree)
    return Seal(path=path, states=states, digests=digests_of(tree))


def _states(tree: Tree) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for entry in tree.entries:
        try:
            about = os.lstat(tree.root / entry.path)
        except OSError as error:
            raise BadInput(printable(f"{tree.root / entry.path}: cannot be read ({error.strerror})")) from None
        found[entry.path] = (
            about.st_mode,
            about.st_size,
            about.st_dev,
            about.st_ino,
            about.st_mtime_ns,
            about.st_ctime_ns,
        )
    return found


def _difference(before: tuple[int, ...], now: tuple[int, ...]) -> str:
    if before[0] != now[0]:
        return f"mode {before[0]:o} before, {now[0]:o} now"
    if before[1] != now[1]:
        return f"{before[1]} bytes before, {now[1]} now"
    if before[2:4] != now[2:4]:
        return "is another file than before, put in its place"
    return "was written to" if before[4] != now[4] else "was written to and its time set back, or was renamed or linked"


def _digest(tree: Tree, entry: Entry) -> str:
    total = hashlib.sha256()
    buffer = bytearray(_BUFFER_BYTES)
    view = memoryview(buffer)
    try:
        # The size is bounded by what was listed: a file that grows for ever must not keep us.
        left = entry.size
        with tree.open(entry) as file:
            while left >= 0 and (count := os.readv(file.fileno(), [view])):
                total.update(view[:count])
                left -= count
    except OSError as error:
        raise BadInput(printable(f"{tree.root / entry.path}: cannot be read ({error.strerror or error})")) from None
    if left:
        raise BadInput(printable(f"{tree.root / entry.path}: changed its size while it was being read"))
    return total.hexdigest()
