"""From what a user typed as the model to a folder on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.core.paths import cache_root
from harness.models.fetching.spec import is_remote


def local_model(spec: str, tell: Callable[[str], None] = lambda _: None) -> str:
    """Fetch a model that is named by a source, as far as the project at the working directory allows it.

    Args:
        spec: ``https://…``, ``hf://ORG/NAME@COMMIT``, one of Coqui's names, or anything else.
        tell: Told what is going on.

    Returns:
        Its folder in the cache; anything else as it was typed.

    Raises:
        SourceRefused: Not allowed, not to be had, or not what it was before.
        IntegrityError: It was changed in the cache.
        StorageError: The cache cannot be written.
    """
    if not is_remote(spec):
        return spec
    from harness.models.fetching.allowed import read_policy
    from harness.models.fetching.fetch import Surroundings, fetch
    from harness.models.fetching.ledger import Ledger
    from harness.models.pins import pins
    from harness.models.project import find_project

    root = find_project(Path.cwd(), spec)
    around = Surroundings(ledger=Ledger(root), pin=pins(root).get(spec), tell=tell)
    return str(fetch(spec, read_policy(root), cache_root() / "sources", around))
