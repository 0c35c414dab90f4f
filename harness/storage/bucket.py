"""Objects in object storage, S3's, Google's or Azure's, by obstore, which reads credentials from the environment.

What goes wrong is told in words of this module: obstore's own may name addresses that carry a signature.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import BadInput, StorageError
from harness.core.text import printable
from harness.core.thirdparty import require
from harness.storage.objects import KEPT, NAME, PREFIX, Listed, checked
from harness.storage.smallfile import TooLarge

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SECONDS: Final = 60.0
"""How long one request may take, and how long in all it is tried again."""
RETRIES: Final = 4
MOST_LISTED: Final = 5_000_000
"""Objects. Whoever lists more does not stop."""
CHUNK: Final = 1 << 20
SCHEMES: Final = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""Schemes, and what obstore reads their credentials from."""
_HTTP: Final = {"s3": "AWS_ALLOW_HTTP", "gs": "GOOGLE_ALLOW_HTTP", "az": "AZURE_ALLOW_HTTP"}
_STATUS: Final = re.compile(r"\b([45][0-9]{2}) (?:[A-Z][A-Za-z-]+)")
_FULL: Final = re.compile(r"QuotaExceeded|InsufficientStorage|StorageFull|XMinioStorageFull")


class BucketObjects:
    """Objects below a prefix of a bucket. Implements :class:`harness.storage.objects.Objects`."""

    def __init__(self, store: ObjectStore, place: str, *, credentials: str = "") -> None:
        """Remember; nothing is asked yet.

        Args:
            store: Any store of obstore's.
            place: Its address, for people.
            credentials: What they are read from, for whoever has none.
        """
        self._store = store
        self._place = place
        self._credentials = credentials

    @classmethod
    def at(cls, scheme: str, bucket: str, prefix: str, *, seconds: float = SECONDS) -> BucketObjects:
        """Those of a bucket.

        Args:
            scheme: One of :data:`SCHEMES`.
            bucket: Its name, or that of a container.
            prefix: What all names begin with, ``""`` for nothing.
            seconds: How long one request may take, and how long in all it is tried again.

        Raises:
            MissingDependency: obstore is not there.
            BadInput: The environment says something that obstore cannot read.
        """
        require("obstore", extra="store")
        from obstore.exceptions import BaseError
        from obstore.store import AzureStore, GCSStore, S3Store

        make: Any = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}[scheme]
        plain = os.environ.get(_HTTP[scheme], "").lower() in ("1", "true", "yes")
        options = {"timeout": timedelta(seconds=seconds), "connect_timeout": timedelta(seconds=min(10.0, seconds))}
        retries = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=seconds)}
        place = f"{scheme}://{bucket}{f'/{prefix}' if prefix else ''}"
        try:
            store = make(
                bucket,
                prefix=prefix or None,
                client_options={**options, "allow_http": plain},
                retry_config=retries,
            )
        except (BaseError, ValueError):
            wanted = SCHEMES[scheme]
            raise BadInput(f"{place}: expected {wanted} in the environment, got something else or nothing") from None
        return cls(store, place, credentials=SCHEMES[scheme])

    @property
    def place(self) -> str:
        """See :class:`harness.storage.objects.Objects`."""
        return self._place

    def get(self, name: str, most: int) -> bytes | None:
        """See :class:`harness.storage.objects.Objects`."""
        import obstore

        with self._telling("read"):
            try:
                found = obstore.get(self._store, checked(name))
                parts, size = [], 0
                for part in found.stream(min_chunk_size=CHUNK):
                    size += len(part)
                    if size > most:
                        raise TooLarge(f"at most {most} bytes, got more")
                    parts.append(bytes(part))
            except FileNotFoundError:
                return None
        return b"".join(parts)

    def put(self, name: str, data: bytes) -> bool:
        """See :class:`harness.storage.objects.Objects`."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._telling("written"):
            try:
                obstore.put(self._store, checked(name), data, mode="create", use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return False
        return True

    def list(self, prefix: str) -> Iterator[Listed]:
        """See :class:`harness.storage.objects.Objects`."""
        import obstore

        count = 0
        with self._telling("listed"):
            for chunk in obstore.list(self._store, checked(prefix, PREFIX)):
                for about in chunk:
                    count += 1
                    if count > MOST_LISTED:
                        raise StorageError(f"{self._place}: expected at most {MOST_LISTED:,} objects, got more")
                    if NAME.fullmatch(name := str(about["path"])):
                        yield Listed(name=name, bytes=int(about["size"]), modified=about["last_modified"].timestamp())

    @contextlib.contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError) as error:
            why = reason_of(error, self._credentials)
            raise StorageError(printable(f"{self._place}: cannot be {what} ({why}); {KEPT}")) from None


def reason_of(error: BaseException, credentials: str) -> str:
    """Why object storage did not do what it was asked, in words that hold nothing of what it said.

    Args:
        error: obstore's.
        credentials: What they are read from.
    """
    from obstore.exceptions import NotSupportedError, PermissionDeniedError, UnauthenticatedError

    text = str(error)
    status = _STATUS.search(text)
    code = f"HTTP {status[1]}" if status else ""
    if isinstance(error, FileNotFoundError):
        return "there is no such bucket"
    if isinstance(error, UnauthenticatedError | PermissionDeniedError) or code in ("HTTP 401", "HTTP 403"):
        return f"{code or 'access'} denied; credentials are read from {credentials or 'the environment'}"
    if code == "HTTP 507" or _FULL.search(text):
        return "it is full"
    if isinstance(error, NotSupportedError) or code == "HTTP 501":
        return f"{code or 'it'} does not know conditional writes, which are needed"
    if code:
        return f"{code}, tried {RETRIES + 1} times" if code.startswith("HTTP 5") else code
    lower = text.lower().replace("retry_timeout", "")
    if "badscheme" in lower:
        return f"its endpoint is no https, and {' or '.join(_HTTP.values())} does not allow that"
    if "timeout" in lower or "timed out" in lower:
        return "no answer in time"
    if "dns" in lower or "connect" in lower:
        return "nobody answers there"
    return "an answer that is none"
