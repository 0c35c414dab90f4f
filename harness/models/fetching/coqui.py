"""Coqui's model names, resolved through the list in the installed coqui-tts, read as data: none of its code runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from harness.core.installation import install_command
from harness.core.plainjson import NotStrict, loads
from harness.core.text import printable
from harness.models.fetching.spec import CoquiModel, SourceRefused, Url, read_url
from harness.storage.pinned import package_file
from harness.storage.smallfile import TooLarge, read_small

_MAX_BYTES: Final = 4 << 20


def installed_list() -> Path:
    """Coqui's own list of models.

    Raises:
        MissingDependency: coqui-tts is not installed.
    """
    return package_file("TTS", ".models.json", install=install_command("coqui"))


def resolve(model: CoquiModel, models: Path) -> Url:
    """Return the archive that a name stands for.

    Raises:
        SourceRefused: The list does not have it, or has only a hub's latest state for it.
    """
    try:
        found = loads(read_small(models, _MAX_BYTES, follow_links=True), max_bytes=_MAX_BYTES)
    except (OSError, TooLarge, NotStrict) as error:
        raise SourceRefused(printable(f"{models}: expected coqui-tts's list of models ({error})")) from None
    for part in model.parts:
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise SourceRefused(f"{model.name}: coqui-tts's list has no such model")
    archive, repository = found.get("github_rls_url"), found.get("repo_id")
    if isinstance(archive, str):
        return read_url(archive)
    if isinstance(repository, str):
        raise SourceRefused(
            printable(
                f"{model.name}: coqui-tts takes whatever {repository[:120]} holds on that day; "
                f"name a commit: hf://{repository[:120]}@COMMIT"
            )
        )
    raise SourceRefused(f"{model.name}: coqui-tts's list names no archive for it")
