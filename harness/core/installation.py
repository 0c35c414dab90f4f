"""How this installation is completed: the command that adds one of its extras.

The distribution's name is in no package registry, and whoever took it there would decide what passes. So no command
gives the name alone: it says where this installation came from (PEP 610), or else names the packages of the extra.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

DISTRIBUTION: Final = "pytest-soundcheck"
_OF_EXTRA: Final = re.compile(r"""\bextra\s*==\s*['"]([a-z]+)['"]""")


def install_command(extra: str) -> str:
    """The command that adds an extra to the installation at hand, for a shell.

    Args:
        extra: Name of the extra in ``pyproject.toml``, e.g. ``coqui``.
    """
    import importlib.metadata  # 80 ms, and only somebody who lacks something asks
    import json

    origin: Mapping[str, Any] = {}
    requires: Sequence[str] = ()
    try:
        found = importlib.metadata.distribution(DISTRIBUTION)
        requires = found.requires or ()
        origin = json.loads(found.read_text("direct_url.json") or "{}")
    except (importlib.metadata.PackageNotFoundError, OSError, ValueError):
        pass  # a copy that nobody installed, or one without a record of where it came from
    words = source_of(origin, extra) or packages_of(extra, requires) or [f".[{extra}]"]
    return f"pip install {shlex.join(words)}"


def install_advice(extra: str) -> str:
    """The same as the end of an error's line."""
    return f"install it with: {install_command(extra)}"


def source_of(origin: Mapping[str, Any], extra: str) -> list[str]:
    """What pip is given to install the same with an extra; empty where the record does not say.

    Args:
        origin: Content of ``direct_url.json`` (PEP 610), from which installers leave credentials out.
        extra: Name of the extra.
    """
    url, folder, commit = origin.get("url"), origin.get("dir_info"), origin.get("vcs_info")
    if not isinstance(url, str):
        return []
    if isinstance(folder, dict):
        from urllib.parse import unquote

        named = f"{unquote(url.removeprefix('file://'))}[{extra}]"
        return ["-e", named] if folder.get("editable") else [named]
    if isinstance(commit, dict):
        url = f"{commit.get('vcs')}+{url}@{commit.get('commit_id')}"
    return [f"{DISTRIBUTION}[{extra}] @ {url}"]


def packages_of(extra: str, requires: Sequence[str]) -> list[str]:
    """The packages of an extra, with their bounds.

    Args:
        extra: Name of the extra.
        requires: ``Requires-Dist`` of the distribution, in which extras that name others of ours are written out.
    """
    cut = [requirement.partition(";") for requirement in requires]
    return [wanted.strip() for wanted, _, marker in cut if extra in _OF_EXTRA.findall(marker)]
