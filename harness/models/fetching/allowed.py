"""What the project allows to be fetched: nothing, until ``[tool.soundcheck.sources]`` says what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.models.fetching.spec import SourceRefused, Url, read_url
from harness.models.project import table

HUB: Final = "https://huggingface.co"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Hosts, organisations and bounds."""

    hosts: frozenset[str] = frozenset()
    """``host`` or ``host:port``, exactly; redirects lead to no other."""
    organisations: frozenset[str] = frozenset()
    """Of a hub, exactly as the hub writes them."""
    hub: str = HUB
    max_bytes: int = 4 << 30
    """Of one model, as sent and unpacked."""
    max_files: int = 500
    max_redirects: int = 4
    max_ratio: float = 100.0
    """Unpacked bytes per byte of an archive's member. Weights hardly compress."""
    total_seconds: float = 3600.0
    """For one file, whatever the server does."""
    idle_seconds: float = 30.0
    """Without a byte."""
    trust_first: bool = True
    """Record the digest of what was never fetched before, instead of refusing what has no pin."""

    def check(self, url: Url) -> None:
        """Refuse a host that is not allowed.

        Raises:
            SourceRefused: With the line that would allow it.
        """
        if url.place not in self.hosts:
            raise SourceRefused(
                f"{url.shown}: host {url.place} is not allowed; to allow it, add it to hosts in pyproject.toml: "
                f'[tool.soundcheck.sources] hosts = ["{url.place}"]'
            )

    def check_organisation(self, organisation: str) -> None:
        """Refuse an organisation that is not allowed.

        Raises:
            SourceRefused: With the line that would allow it.
        """
        if organisation not in self.organisations:
            raise SourceRefused(
                f"hf://{organisation}: organisation {organisation} is not allowed; to allow it, add it to "
                f'organisations in pyproject.toml: [tool.soundcheck.sources] organisations = ["{organisation}"]'
            )


def read_policy(root: Path) -> Policy:
    """Read ``[tool.soundcheck.sources]``.

    Raises:
        BadInput: A key is unknown, or a value is of another kind or out of bounds.
    """
    sources = table(root, "sources")
    sources.only(
        *("hosts", "organisations", "hub", "max_gigabytes", "max_files", "max_redirects", "max_ratio"),
        *("total_seconds", "idle_seconds", "trust_first"),
    )
    usual = Policy()
    hub = read_url(sources.text("hub", usual.hub))
    hosts = sources.texts("hosts")
    for host in hosts:
        if host != host.lower() or "/" in host or "*" in host:
            raise sources.error("hosts", f"hosts: expected host or host:port in lower case, got {host[:80]!a}")
    return Policy(
        hosts=frozenset(hosts),
        organisations=frozenset(sources.texts("organisations")),
        hub=hub.text.rstrip("/"),
        max_bytes=int(sources.number("max_gigabytes", usual.max_bytes / 1e9, least=0.001, most=1000) * 1e9),
        max_files=int(sources.number("max_files", usual.max_files, least=1, most=2000)),
        max_redirects=int(sources.number("max_redirects", usual.max_redirects, least=0, most=20)),
        max_ratio=sources.number("max_ratio", usual.max_ratio, least=1, most=1032),
        total_seconds=sources.number("total_seconds", usual.total_seconds, least=1, most=86400),
        idle_seconds=sources.number("idle_seconds", usual.idle_seconds, least=1, most=600),
        trust_first=sources.flag("trust_first", usual.trust_first),
    )
