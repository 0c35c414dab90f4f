"""One download over HTTPS, hop by hop, into a file: bounded in bytes, time and redirects, resumed where that is safe.

Written on ``http.client`` and ``ssl``: every hop, header and byte is decided here. Libraries follow redirects, keep
cookies, read ``.netrc``, decode bodies and use proxies unless each is turned off. ``HTTPS_PROXY`` is not honoured;
``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are, by OpenSSL itself.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import urljoin

from harness import __version__
from harness.core.text import printable
from harness.models.fetching.allowed import Policy
from harness.models.fetching.spec import SourceRefused, Url, read_url
from harness.storage.smallfile import read_head

_REDIRECTS: Final = {301, 302, 303, 307, 308}
_BLOCK: Final = 1 << 18
_STRONG_TAG: Final = re.compile(r'"[\x21\x23-\x7e]{1,200}"')
_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


class Interrupted(SourceRefused):
    """The transfer broke off, or did not begin; what came so far is kept, and the same command goes on from there."""


class _NoSuchPart(SourceRefused):
    """The server cannot go on from where an earlier attempt ended."""


@dataclass(frozen=True, slots=True)
class Client:
    """What every request has in common."""

    policy: Policy
    context: ssl.SSLContext
    token: str = ""
    """Sent to the first host of a chain where that is the hub, never after a redirect."""

    def download(self, url: Url, into: Path, *, limit: int, token: bool = False) -> None:
        """Fetch a URL into a file, going on from ``into.part`` where the server confirms that it is the same file.

        Args:
            url: Where from.
            into: The file to write; appears when whole.
            limit: Bytes that it may have.
            token: Whether the first request carries the token.

        Raises:
            SourceRefused: Not allowed, another length than declared, too large, too slow, or an error of the server.
        """
        part, note = into.with_name(f"{into.name}.part"), into.with_name(f"{into.name}.part.json")
        begun, tag = _begun(part, note, url)
        try:
            self._download(url, part, note, limit=limit, token=token, begun=begun, tag=tag)
        except _NoSuchPart:  # what we have is not a beginning of what is there now
            self._download(url, part, note, limit=limit, token=token, begun=0, tag="")
        part.replace(into)
        note.unlink(missing_ok=True)

    def _download(self, url: Url, part: Path, note: Path, *, limit: int, token: bool, begun: int, tag: str) -> None:
        with self._following(url, token=token, begun=begun, tag=tag) as (answer, end):
            start, total = _place(answer, begun, url)
            if total is not None and total > limit:
                raise SourceRefused(f"{url.shown}: expected at most {limit} bytes, the server declares {total}")
            note.write_text(json.dumps({"url": url.text, "tag": answer.getheader("ETag") or ""}), "utf-8")
            with part.open("r+b" if start else "wb") as file:
                file.seek(start)
                file.truncate()
                got = start + self._body(answer, file, url, limit=limit - start, end=end)
        if total is not None and got != total:
            raise Interrupted(
                f"{url.shown}: the body broke off at byte {got} of {total}; the same command goes on from there"
            )

    def text(self, url: Url, *, limit: int, token: bool = False) -> bytes:
        """Fetch a small document.

        Raises:
            SourceRefused: As in :meth:`download`; also where it is only the first page of several.
        """
        import io

        kept = io.BytesIO()
        with self._following(url, token=token, begun=0, tag="") as (answer, end):
            if 'rel="next"' in (answer.getheader("Link") or ""):
                raise SourceRefused(f"{url.shown}: expected all of it, got the first page of several")
            _, total = _place(answer, 0, url)
            got = self._body(answer, kept, url, limit=limit, end=end)
        if total is not None and got != total:
            raise SourceRefused(f"{url.shown}: the body broke off at byte {got} of {total}")
        return kept.getvalue()

    def _body(self, answer: http.client.HTTPResponse, file: IO[bytes], url: Url, *, limit: int, end: float) -> int:
        got = 0
        try:
            while block := answer.read1(_BLOCK):
                got += len(block)
                if got > limit:
                    raise SourceRefused(f"{url.shown}: expected at most {limit} bytes more, the server sends on")
                if time.monotonic() > end:
                    raise TimeoutError
                file.write(block)
        except http.client.IncompleteRead:
            raise Interrupted(f"{url.shown}: the body broke off; the same command goes on from there") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Interrupted(f"{url.shown}: {self._why(error, end)}") from None
        if time.monotonic() > end:  # the watchdog's cut looks like the end of the body
            raise Interrupted(f"{url.shown}: {self._why(TimeoutError(), end)}")
        return got

    @contextlib.contextmanager
    def _following(
        self, url: Url, *, token: bool, begun: int, tag: str
    ) -> Iterator[tuple[http.client.HTTPResponse, float]]:
        """Follow redirects to the answer that has the body; every hop is checked as if it had been typed."""
        end = time.monotonic() + self.policy.total_seconds
        seen: set[str] = set()
        for hop in range(self.policy.max_redirects + 1):
            self.policy.check(url)
            if url.text in seen:
                raise SourceRefused(f"{url.shown}: redirects in a loop")
            seen.add(url.text)
            with self._asking(url, token=token and hop == 0, begun=begun, tag=tag, end=end) as answer:
                if answer.status not in _REDIRECTS:
                    yield answer, end
                    return
                target = answer.getheader("Location") or ""
            if not target:
                raise SourceRefused(f"{url.shown}: redirects to nowhere")
            try:
                url = read_url(urljoin(url.text, target))
            except (SourceRefused, ValueError) as error:
                raise SourceRefused(f"{url.shown}: redirects to {error}") from None
        raise SourceRefused(f"{url.shown}: expected at most {self.policy.max_redirects} redirects, got more")

    @contextlib.contextmanager
    def _asking(self, url: Url, *, token: bool, begun: int, tag: str, end: float) -> Iterator[http.client.HTTPResponse]:
        headers = {
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": f"soundcheck/{__version__}",
        }
        if token and self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if begun and tag:
            headers |= {"Range": f"bytes={begun}-", "If-Range": tag}
        connection = http.client.HTTPSConnection(url.host, url.port)
        with contextlib.closing(connection), contextlib.ExitStack() as stack:
            try:
                # Connected here, so that a watchdog can cut the line: a time limit per byte alone ends no slow drip.
                left = max(0.001, min(self.policy.idle_seconds, end - time.monotonic()))
                raw = socket.create_connection((url.host, url.port), timeout=left)
                stack.callback(raw.close)
                stack.enter_context(_cut_at(raw, end))
                connection.sock = stack.enter_context(self.context.wrap_socket(raw, server_hostname=url.host))
                connection.request("GET", url.target, headers=headers)
                answer = stack.enter_context(connection.getresponse())
            except ssl.SSLCertVerificationError as error:
                raise SourceRefused(f"{url.shown}: {self._why(error, end)}") from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise Interrupted(f"{url.shown}: {self._why(error, end)}") from None
            _check_answer(answer, url)
            yield answer

    def _why(self, error: BaseException, end: float) -> str:
        if time.monotonic() > end:
            return f"expected the whole of it within {self.policy.total_seconds:g} s, got it slower"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the server's certificate is not good ({printable(error.verify_message)})"
        if isinstance(error, TimeoutError):
            return f"expected a byte within {self.policy.idle_seconds:g} s, got none"
        if isinstance(error, http.client.HTTPException):
            return f"expected an HTTP answer, got something else ({type(error).__name__})"
        text = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return f"cannot be reached ({printable(str(text)[:120])})"


def usual_context() -> ssl.SSLContext:
    """TLS 1.2 or newer, host names checked, the system's roots."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _check_answer(answer: http.client.HTTPResponse, url: Url) -> None:
    if answer.status in _REDIRECTS:
        return
    if answer.status == 416:
        raise _NoSuchPart(f"{url.shown}: the server cannot go on from where an earlier attempt ended")
    if answer.status not in (200, 206):
        hint = {
            401: "; is HF_TOKEN set, and may it read this?",
            403: "; is HF_TOKEN set, and may it read this?",
            404: "; is the name right?",
        }.get(answer.status, "")
        kind = Interrupted if answer.status == 429 or answer.status >= 500 else SourceRefused
        raise kind(f"{url.shown}: the server says {answer.status} {printable(answer.reason[:60])}{hint}")
    coding = answer.getheader("Content-Encoding", "identity").strip().lower()
    if coding != "identity":
        raise SourceRefused(
            f"{url.shown}: expected the file as it is, got it encoded as {printable(coding[:40])}, which hides its size"
        )
    lengths = set(answer.headers.get_all("Content-Length", []))
    chunked = answer.getheader("Transfer-Encoding")
    plain = all(one.isascii() and one.isdigit() and len(one) < 19 for one in lengths)
    if len(lengths) > 1 or not plain or (lengths and chunked):
        raise SourceRefused(f"{url.shown}: expected one length of the body, got contradicting ones")


def _place(answer: http.client.HTTPResponse, begun: int, url: Url) -> tuple[int, int | None]:
    """Where the body begins in the file, and how long the file is by the server's word."""
    length = answer.getheader("Content-Length")
    if answer.status == 200:
        return 0, None if length is None else int(length)
    match = _RANGE.fullmatch(answer.getheader("Content-Range") or "")
    if not begun or match is None or int(match[1]) != begun or int(match[2]) + 1 != int(match[3]):
        raise _NoSuchPart(f"{url.shown}: expected the file from byte {begun}, got another part")
    return begun, int(match[3])


def _begun(part: Path, note: Path, url: Url) -> tuple[int, str]:
    """Bytes of an earlier attempt and the strong validator they came with; ``(0, "")`` to begin anew."""
    try:
        content = json.loads(read_head(note, 20_000))
        size = part.stat().st_size
    except (OSError, ValueError, RecursionError):
        return 0, ""
    tag = content.get("tag") if isinstance(content, dict) and content.get("url") == url.text else None
    if not isinstance(tag, str) or not _STRONG_TAG.fullmatch(tag):
        return 0, ""
    return size, tag


@contextlib.contextmanager
def _cut_at(line: socket.socket, end: float) -> Iterator[None]:
    """Cut a connection at a time, whatever it is doing."""
    twin = socket.socket(fileno=os.dup(line.fileno()))

    def cut() -> None:
        with contextlib.suppress(OSError):
            twin.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, end - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        twin.close()
