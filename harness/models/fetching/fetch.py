"""From what a user typed to a folder in the cache: allowed, whole, verified against its pin, or refused."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.core.errors import BadInput, IntegrityError, SoundcheckError, StorageError
from harness.core.text import printable
from harness.models.fetching import coqui, hub
from harness.models.fetching.allowed import Policy
from harness.models.fetching.archive import unpack
from harness.models.fetching.https import Client, Interrupted, usual_context
from harness.models.fetching.ledger import Ledger
from harness.models.fetching.spec import CoquiModel, HubModel, SourceRefused, Url, read_spec
from harness.models.files import digest_of_directory
from harness.storage.pinned import building

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,120}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,400}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a fetch happens; the defaults are the real ones."""

    ledger: Ledger
    """Digests of earlier fetches."""
    pin: str | None = None
    """``sha256:HEX`` from pyproject.toml, which counts before the ledger."""
    context: ssl.SSLContext | None = None
    """None: the system's roots."""
    models: Path | None = None
    """Coqui's list; None: the installed one."""
    tell: Callable[[str], None] = lambda _line: None
    """Takes news for the user."""


def fetch(spec: str, policy: Policy, cache: Path, around: Surroundings) -> Path:
    """Return the folder of a model, fetched where it is not in the cache.

    Args:
        spec: ``https://…``, ``hf://ORG/NAME@COMMIT`` or one of Coqui's names.
        policy: What is allowed.
        cache: Folder for models that were fetched and verified.
        around: Pins, ledger and the like.

    Raises:
        SourceRefused: Not allowed, not to be had, or not what it was before.
        IntegrityError: It was changed in the cache.
        StorageError: The cache cannot be written.
    """
    source = read_spec(spec)
    known = around.pin or around.ledger.digest(spec)
    if not known and not policy.trust_first:
        raise SourceRefused(
            f"{printable(spec[:200])}: has no pin, and trust_first is false; pin it in pyproject.toml: "
            '[tool.soundcheck.models] "…" = "sha256:…"'
        )
    if found := _cached(cache, known):
        return found
    quarantine = cache / "quarantine" / hashlib.sha256(spec.encode()).hexdigest()[:32]
    try:
        with building(quarantine):
            return _cached(cache, known) or _fetch(spec, source, policy, cache, quarantine, known, around)
    except OSError as error:
        raise StorageError(printable(f"{cache}: cannot be written ({error.strerror or error})")) from None


def _fetch(
    spec: str,
    source: Url | HubModel | CoquiModel,
    policy: Policy,
    cache: Path,
    quarantine: Path,
    known: str | None,
    around: Surroundings,
) -> Path:
    files, incoming = quarantine / "files", quarantine / "incoming"
    client = Client(policy, around.context or usual_context(), _token())
    try:
        files.mkdir(parents=True, exist_ok=True)
        incoming.mkdir(exist_ok=True)
        if isinstance(source, HubModel):
            hub.download(client, source, files, incoming)
        else:
            url = (
                coqui.resolve(source, around.models or coqui.installed_list())
                if isinstance(source, CoquiModel)
                else source
            )
            files = _bring(client, url, files, incoming)
        digest = f"sha256:{digest_of_directory(files)}"
        if known and digest != known:
            by = "pinned in pyproject.toml" if around.pin else f"recorded in {around.ledger.path.name}"
            raise SourceRefused(
                f"{printable(spec[:200])}: expected {known}, {by}, got {digest}; if the new one is meant, "
                "review it and change that entry"
            )
        target = _place(cache, digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            files.replace(target)
    except Interrupted:
        raise  # what came is kept: the next attempt goes on
    except (SoundcheckError, OSError):
        shutil.rmtree(quarantine, ignore_errors=True)
        raise
    shutil.rmtree(quarantine, ignore_errors=True)
    if not known:
        around.ledger.record(spec, digest, datetime.now(UTC))
        around.tell(
            printable(f"{spec}: trusted on first use, {digest} recorded in {around.ledger.path}; commit that file")
        )
    return target


def _bring(client: Client, url: Url, files: Path, incoming: Path) -> Path:
    """One URL: a zip archive, unpacked, or a single file."""
    name = url.target.partition("?")[0].rpartition("/")[2]
    if not _FILE_NAME.fullmatch(name):
        raise SourceRefused(f"{url.shown}: expected a file name at its end, got {name[:80]!a}")
    arrived = incoming / name
    client.download(url, arrived, limit=client.policy.max_bytes)
    if not name.lower().endswith(".zip"):  # torch's checkpoints are zip archives too, and stay whole
        arrived.replace(files / name)
        return files
    shutil.rmtree(files)
    files.mkdir()
    unpack(arrived, files, client.policy)
    inner = list(files.iterdir())
    return inner[0] if len(inner) == 1 and inner[0].is_dir() else files


def _cached(cache: Path, digest: str | None) -> Path | None:
    if not digest:
        return None
    path = _place(cache, digest)
    if not path.is_dir():
        return None
    if f"sha256:{digest_of_directory(path)}" != digest:
        raise IntegrityError(f"{path}: was changed since it was fetched; delete it to have it fetched again")
    return path


def _place(cache: Path, digest: str) -> Path:
    return cache / "models" / digest.removeprefix("sha256:")


def _token() -> str:
    token = os.environ.get("HF_TOKEN", "").strip()
    if token and not _TOKEN.fullmatch(token):
        raise BadInput("HF_TOKEN: expected a token of plain characters, got something else")
    return token
