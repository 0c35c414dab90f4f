"""What honest tools leave beside a model, known by its name: macOS, Windows, git, hub clients, trainers, editors.

Nothing of it is part of a voice. Admission tells it for what it is, and no worker may open it: a file that only has
such a name gains nothing by it. Data and names; opens nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One kind of thing that is left."""

    name: str
    """Short, for tests and tables."""
    what: str
    """What it is, in a few words that follow a count."""
    remedy: str
    """What to do."""
    pattern: re.Pattern[str]
    """Of whole paths below the model's folder, POSIX separators."""
    is_unread: bool = False
    """Whether admission does not look into it either: its files are whatever the tool needs."""


def _kind(name: str, what: str, remedy: str, pattern: str, *, is_unread: bool = False) -> Leftover:
    return Leftover(
        name=name, what=what, remedy=remedy, pattern=re.compile(pattern, re.DOTALL), is_unread=is_unread
    )  # fmt: skip


_COPY = "soundcheck scan --copy-voice OUT DIR copies what the voice needs"

REPOSITORY = _kind(
    "repository",
    "a repository with its history",
    f"judge a copy without it: {_COPY}",
    r"\.(git|hg|svn)(/.*)?",
    is_unread=True,
)
DOWNLOAD = _kind(
    "download",
    "what a hub's client notes about its downloads",
    "remove it: rm -r .cache",
    r"\.cache|\.(cache/huggingface|huggingface)(/.*)?",
    is_unread=True,
)
MACOS = _kind(
    "macos",
    "what macOS leaves on other disks",
    "remove it: dot_clean -m DIR, or delete ._* and .DS_Store",
    r"(.*/)?(\._[^/]+|\.DS_Store|Icon\r|__MACOSX|\.AppleDouble)|(.*/)?__MACOSX/.*",
)
WINDOWS = _kind(
    "windows",
    "what Windows and Office note about files and folders",
    "remove it: delete *:Zone.Identifier, Thumbs.db, desktop.ini and ~$*",
    "(.*/)?([^/]+[:.\uf03a]Zone\\.Identifier(:\\$DATA)?|[Tt]humbs\\.db|[Dd]esktop\\.ini|~\\$[^/]+\\.(doc|xls|ppt)[xm]?)",
)
NOTES = _kind(
    "notes",
    "what git is told about these files",
    "remove it where it is no part of the model",
    r"(.*/)?\.(gitignore|gitmodules|gitkeep|keep|lfsconfig)",
)
EDITOR = _kind(
    "editor",
    "what an editor or a file server left",
    "remove it",
    r"(.*/)?(\.[^/]+\.sw[a-p]|[^/]+~|#[^/]+#|\.nfs[0-9a-f]+|\.directory)|(.*/)?\.ipynb_checkpoints(/.*)?",
)
TRAINER = _kind(
    "trainer",
    "a trainer's run: its script, event files and logs",
    f"copy config.json and best_model.pth: {_COPY}",
    r"(.*/)?events\.out\.tfevents\.[^/]+|trainer_\d+_log\.txt|[^/]+\.py",
)
FETCHED = _kind(
    "fetched",
    "what Coqui's model manager notes about its download",
    "remove it",
    r"(.*/)?hash\.md5",
)

LEFTOVERS = (REPOSITORY, DOWNLOAD, MACOS, WINDOWS, NOTES, EDITOR, TRAINER, FETCHED)
"""Every kind, in the order in which they are told."""


def named_leftover(path: str) -> Leftover | None:
    """The kind whose name a path has; whether its content is that kind's too is for admission to see.

    Args:
        path: Below the model's folder.
    """
    return next((kind for kind in LEFTOVERS if kind.pattern.fullmatch(path)), None)
