"""What a user types for a model that is not on this disk, read into what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from harness.core.errors import BadInput
from harness.core.text import printable

_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_HUB: Final = re.compile(rf"hf://({_NAME})/({_NAME})(?:@(.*))?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_COQUI: Final = re.compile(r"(tts_models|vocoder_models|voice_conversion_models)/([\w-]+)/([\w.-]+)/([\w.-]+)")
_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*")
MAX_URL: Final = 4096


class SourceRefused(BadInput):
    """A source was not fetched: not allowed, not reachable, not what it should be. One line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """An ``https`` URL that means one thing to everybody."""

    text: str
    host: str
    port: int
    target: str
    """Path and query, as requested."""

    @property
    def shown(self) -> str:
        """Without the query, which may be a credential."""
        return self.text.partition("?")[0]

    @property
    def place(self) -> str:
        """``host``, or ``host:port`` where it is not 443: what a policy names."""
        return self.host if self.port == 443 else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubModel:
    """A model on a Hugging Face hub at one commit."""

    organisation: str
    name: str
    commit: str
    """40 hex digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoquiModel:
    """A name of Coqui's model manager, in its parts."""

    parts: tuple[str, str, str, str]
    """Kind, language, data set, model."""

    @property
    def name(self) -> str:
        """As Coqui writes it."""
        return "/".join(self.parts)


def is_remote(spec: str) -> bool:
    """Whether what was typed names something to fetch, rather than a folder."""
    return "://" in spec or _COQUI.fullmatch(spec) is not None


def read_spec(spec: str) -> Url | HubModel | CoquiModel:
    """Read a source.

    Raises:
        SourceRefused: It is of no kind that is fetched, or is not pinned.
    """
    if spec.startswith("hf://"):
        return _hub(spec)
    if match := _COQUI.fullmatch(spec):
        kind, language, data, model = match.groups()
        return CoquiModel(parts=(kind, language, data, model))
    return read_url(spec)


def read_url(text: str) -> Url:
    """Read an ``https`` URL.

    Raises:
        SourceRefused: Another scheme, a user name or password, odd characters, or a host that is no plain name.
    """
    shown = printable(text.partition("?")[0][:200])
    if len(text) > MAX_URL or not text.isascii() or not text.isprintable() or any(c in text for c in ' \\"<>^`{|}'):
        raise SourceRefused(f"{shown}: expected a URL of plain ASCII characters, got something else")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise SourceRefused(f"{shown}: expected a URL, got something else") from None
    if parts.scheme != "https":
        raise SourceRefused(f"{shown}: expected https, got {parts.scheme or 'no scheme'}; nothing else is fetched")
    if parts.username is not None or parts.password is not None:
        raise SourceRefused(f"https://{parts.hostname}: expected a URL without a user name, got one with; leave it out")
    host = (parts.hostname or "").rstrip(".")
    if not _HOST.fullmatch(host):
        raise SourceRefused(f"{shown}: expected a host name, got {host[:80]!a}")
    if parts.fragment:
        raise SourceRefused(f"{shown}: expected a URL without #, got one with")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Url(text=text, host=host, port=443 if port is None else port, target=target)


def _hub(spec: str) -> HubModel:
    match = _HUB.fullmatch(spec)
    if match is None:
        raise SourceRefused(f"{printable(spec[:200])}: expected hf://ORGANISATION/NAME@COMMIT")
    organisation, name, commit = match.groups()
    if commit is None or not _COMMIT.fullmatch(commit):
        got = "none" if commit is None else printable(commit[:60])
        raise SourceRefused(
            f"hf://{organisation}/{name}: expected a full commit hash after @ (40 hex digits), got {got}; "
            "a branch or tag can be moved"
        )
    return HubModel(organisation=organisation, name=name, commit=commit)
