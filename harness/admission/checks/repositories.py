"""What the settings and hooks of a repository start for whoever works in it, in a folder or below it.

Git reads them in ``.git``, and in every folder that looks like one: a bare repository, or one that a file names. Which
settings start nothing is :mod:`harness.admission.checks.gitsettings`'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from harness.admission.base import Flaw
from harness.admission.checks import directoryrules as rules
from harness.admission.checks.gitsettings import Unreadable, read_settings, starts_nothing
from harness.admission.tree import Entry, Tree
from harness.core.text import printable

MAX_GIT_CONFIGURATION = 64 << 10
"""Bytes of a repository's configuration that are read; a clone's has hundreds, and a longer one hides something."""
MAX_HOOK = 4 << 10
"""Bytes of git-lfs's hooks, which have hundreds."""
MAX_PATH = 120
"""How much of a setting's name is shown."""

MAX_LINES = 200
MAX_LINE = 1_000
"""Of Mercurial's settings."""

_REMEDY = "Judge a copy without the repository: soundcheck scan --copy-voice OUT DIR; or remove the setting or hook."
_ANYWHERE = frozenset({"config.worktree", ".gitmodules", ".gitconfig"})
"""Names of settings that git reads wherever they lie."""
_PARTS = frozenset({"head", "objects", "refs", "commondir"})
"""What beside ``config`` makes a folder a repository."""
_LFS_HOOK = re.compile(
    rb"#!/bin/sh\s*\n"
    rb"(command -v git-lfs >/dev/null 2>&1 \|\| \{ (echo|printf) >&2( \"(?:[^\"$`\\\n]|\\n)*\")+; exit 2; \}\s*\n)?"
    rb"git lfs (post-checkout|post-commit|post-merge|pre-push) (\"\$@\"|\$\*)\s*"
)
"""The hooks that git-lfs writes into a clone, in its versions."""
_MERCURIAL = re.compile(
    r"\s*([#;].*)?|\[(paths|phases|ui)\]|(publish|username|verbose)\s*=[^\0-\x1f]*"
    r"|default(-push|:pushurl)?\s*=\s*(?!.*//-)(?!-)((https?|ssh|file)://|[./~\w])[^\0-\x1f]*"
)
"""Lines of ``.hg/hgrc`` that a clone has; extensions and hooks are programs."""


def find_programs(tree: Tree) -> Iterator[Flaw]:
    """What the repositories in a folder start, each with what to do about it."""
    folded = frozenset(entry.path.casefold() for entry in tree.entries)
    for entry in tree.files:
        path = PurePosixPath(entry.path.casefold())
        folder = path.parent
        if path.name in _ANYWHERE or (path.name == "config" and _is_repository(folder, folded)):
            yield from _settings(tree, entry)
        elif folder.name == "hooks" and path.suffix != ".sample" and _is_repository(folder.parent, folded):
            yield from _hook(tree, entry)
        elif path.parts[-2:] in ((".hg", "hgrc"), (".hg", "hgrc-not-shared")):
            yield from _mercurial(tree, entry)


def _is_repository(folder: PurePosixPath, folded: frozenset[str]) -> bool:
    """Whether git may take a folder for a repository; file systems that ignore case do so for other spellings too."""
    return folder.name == ".git" or any(str(folder / part) in folded for part in _PARTS)


def _settings(tree: Tree, entry: Entry) -> Iterator[Flaw]:
    if (content := _content(tree, entry, MAX_GIT_CONFIGURATION)) is None:
        return
    if len(content) > MAX_GIT_CONFIGURATION:
        yield _flaw(entry, "beyond what is read")
        return
    folder = str(PurePosixPath(entry.path).parent)
    try:
        settings = list(read_settings(content.decode("utf-8", "surrogateescape")))
    except Unreadable as problem:
        yield _flaw(entry, f"that git does not read, on {problem}")
        return
    odd = {setting.path: setting.line for setting in reversed(settings) if not starts_nothing(setting, folder)}
    if odd:
        *others, first = odd
        more = f", and {len(others)} others" if others else ""
        yield _flaw(entry, f"{printable(first)[:MAX_PATH]} on line {odd[first]}{more}")


def _hook(tree: Tree, entry: Entry) -> Iterator[Flaw]:
    content = _content(tree, entry, MAX_HOOK)
    if content is not None and not _LFS_HOOK.fullmatch(content):
        effect = "git runs it for whoever works in this folder"
        yield Flaw(rule=rules.CODE, file=entry.path, found="a repository's hook", effect=effect, remedy=_REMEDY)


def _mercurial(tree: Tree, entry: Entry) -> Iterator[Flaw]:
    content = _content(tree, entry, MAX_GIT_CONFIGURATION)
    lines = (content or b"").decode("utf-8", "surrogateescape").split("\n")
    for number, line in enumerate(lines, 1):
        if number > MAX_LINES or len(line) > MAX_LINE or not _MERCURIAL.fullmatch(line):
            yield _flaw(entry, f"on line {number}")
            return


def _flaw(entry: Entry, setting: str) -> Flaw:
    return Flaw(
        rule=rules.CODE,
        file=entry.path,
        found=f"a repository's setting {setting}",
        effect="no clone carries it, and a program may be started by it for whoever works in this folder",
        remedy=_REMEDY,
    )


def _content(tree: Tree, entry: Entry, most: int) -> bytes | None:
    """What stands in a file, to one byte beyond a bound; None where it cannot be read, which is told elsewhere."""
    try:
        with tree.open(entry) as file:
            return file.read(most + 1)
    except OSError:
        return None
