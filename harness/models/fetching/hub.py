"""A model on a Hugging Face hub, at one commit: its listing, then every file in it, each compared with its digest."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Final
from urllib.parse import quote

from harness.core.text import printable
from harness.models.fetching.https import Client
from harness.models.fetching.spec import HubModel, SourceRefused, read_url
from harness.signing.dsse import BadSignature
from harness.signing.sums import Listing, from_hub

_MAX_LISTING: Final = 4 << 20


def download(client: Client, model: HubModel, files: Path, incoming: Path) -> None:
    """Bring every file of a commit.

    Args:
        client: How to fetch.
        model: Which one.
        files: Folder of the finished files; those that are there already and fit are kept.
        incoming: Folder for what is on its way.

    Raises:
        SourceRefused: The listing is malformed or too large, or a file is not the one that is listed.
    """
    policy = client.policy
    policy.check_organisation(model.organisation)
    base = f"{model.organisation}/{model.name}"
    listed = client.text(
        read_url(f"{policy.hub}/api/models/{base}/tree/{model.commit}?recursive=true"),
        limit=_MAX_LISTING,
        token=True,
    )
    try:
        listing = from_hub(listed)
    except BadSignature as error:
        raise SourceRefused(f"hf://{base}: {error}") from None
    total = sum(listing.sizes.values())
    if len(listing.names) > policy.max_files or total > policy.max_bytes:
        raise SourceRefused(
            f"hf://{base}: expected at most {policy.max_files} files and {policy.max_bytes} bytes, "
            f"got {len(listing.names)} and {total}"
        )
    for number, name in enumerate(sorted(listing.names)):
        target = files / name
        if target.is_file() and _fits(target, name, listing):
            continue
        arrived = incoming / str(number)
        url = read_url(f"{policy.hub}/{base}/resolve/{model.commit}/{quote(name)}")
        client.download(url, arrived, limit=listing.sizes[name], token=True)
        if not _fits(arrived, name, listing):
            raise SourceRefused(printable(f"hf://{base}: {name} is not the file that the hub lists at that commit"))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(arrived, target)
    there = {path.relative_to(files).as_posix() for path in files.rglob("*") if not path.is_dir()}
    if stray := sorted(there - listing.names):  # from an earlier attempt, when the hub listed something else
        raise SourceRefused(printable(f"hf://{base}: {stray[0]} is not in the hub's listing any more; try again"))


def _fits(path: Path, name: str, listing: Listing) -> bool:
    """Size and digest as listed; SHA-1 where the hub has nothing better: the directory's own sha256 is pinned later."""
    size = path.stat().st_size
    if size != listing.sizes[name]:
        return False
    strong = listing.sha256.get(name)
    total = hashlib.sha256() if strong else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest() == (strong or listing.git[name])
