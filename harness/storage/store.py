"""What lasts: a content-addressed store of renderings and hearings.

Every file is written to a temporary name and renamed, and audio is named by its sha256 and checked when read, so a
reader never sees half a file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

import msgspec

from harness.core.errors import IntegrityError, StorageError
from harness.core.text import printable
from harness.core.thirdparty import require
from harness.core.types import Rendering, RenderingKey, SignalFacts, Take
from harness.storage.leases import lock_shared
from harness.storage.listing import LOCKS
from harness.storage.sealing import Spoken

if TYPE_CHECKING:
    from harness.core.types import Waveform
    from harness.storage.shared import SharedStore

Record = TypeVar("Record")
Asked = TypeVar("Asked")

AT_A_TIME = 8
"""Objects of a shared store that are fetched at once: each waits for a network."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
"""What msgspec raises for bytes that are no record: the latter where a string is no UTF-8 (msgspec 0.20)."""
MOST_SAMPLES = (256 << 20) // 4
"""Of one rendering: as many as a worker may send at once. A small file of a stranger's may stand for far more."""
RATES = (4000, 192_000)
"""Hz that a worker may speak with."""
LEASE = "model-"
"""How the names of locks begin that say which model's renderings a process uses."""
LOCKLESS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
"""What a file system says that has no locks."""
DAY_SECONDS = 86_400.0
"""What was used within a day need not be marked as used again."""


@contextlib.contextmanager
def writing(path: Path, option: str = "--tts-dir") -> Iterator[None]:
    """Turn a failed write into one clear line that names the option for another place."""
    try:
        yield
    except OSError as error:
        advice = {
            errno.ENOSPC: "free some space, then give the same command again: what was measured is kept",
            errno.EDQUOT: "free some space, then give the same command again: what was measured is kept",
            errno.EROFS: f"choose a writable folder with {option}",
            errno.EACCES: f"choose a writable folder with {option}",
        }.get(error.errno or 0, f"choose another folder with {option}")
        raise StorageError(f"{path}: cannot be written ({os.strerror(error.errno or 0)}); {advice}") from None


def write_atomically(path: Path, data: bytes, *, option: str = "--tts-dir") -> None:
    """Write a file so that a reader sees the old content or the new one, never a part.

    Args:
        path: Where to.
        data: All of it.
        option: Which option chooses another place.

    Raises:
        StorageError: The disk is full, or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with writing(path, option):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def json_line(record: object) -> bytes:
    """A record as one line of JSON: sorted keys, a newline at the end. Equal records, equal bytes."""
    return msgspec.json.encode(record, order="sorted") + b"\n"


def json_page(record: object) -> bytes:
    """The same on a line for each field, for files that people review and version control compares."""
    return msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=1) + b"\n"


def digest_of(content: object) -> str:
    """sha256 (hex) over the canonical JSON of plain data: equal data, equal digest."""
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


class Store:
    """Renderings and what was heard in them, below one folder. Safe to share between processes.

    Beside a store that machines share the folder is a cache: what is not here is fetched, what is made here is sent.
    """

    def __init__(self, root: Path, shared: SharedStore | None = None) -> None:
        self.root = root
        self._shared = shared
        self._leased: set[str] = set()

    def use(self, model_digest: str) -> None:
        """Say for as long as this store is there that a model's renderings are in use: none is cleared away.

        Waits where they are being cleared away.

        Raises:
            StorageError: The folder cannot be written.
        """
        if model_digest in self._leased:
            return
        path = lease_path(self.root, model_digest)
        with writing(path):
            try:
                weakref.finalize(self, os.close, lock_shared(path))
            except OSError as error:
                if error.errno not in LOCKLESS:  # whoever clears away finds no locks there either, and does not
                    raise
        self._leased.add(model_digest)

    def rendering(self, key: RenderingKey) -> Rendering | None:
        """The rendering of that key, if it was made before and its audio is whole."""
        digest = digest_of(key)
        found = self._read("renderings", digest, Rendering)
        if found and found.key == key and self.audio_path(found.audio_sha256).is_file():
            self._send(digest, found)
            return found
        fetched = self.fetch_rendering(digest)
        return fetched if fetched and fetched.key == key else None

    def renderings(self, keys: Sequence[RenderingKey]) -> list[Rendering | None]:
        """Those of several keys, in their order; what has to be fetched is fetched at once."""
        return self._at_once(self.rendering, keys)

    def takes(self, asked: Sequence[tuple[Rendering, Mapping[str, str]]]) -> list[Take | None]:
        """The same for what was heard: see :meth:`take`."""
        return self._at_once(lambda one: self.take(*one), asked)

    def _at_once(self, find: Callable[[Asked], Record | None], asked: Sequence[Asked]) -> list[Record | None]:
        if self._shared is None or len(asked) < 2:
            return [find(one) for one in asked]
        with ThreadPoolExecutor(min(AT_A_TIME, len(asked))) as pool:
            return list(pool.map(find, asked))

    def keep(
        self, key: RenderingKey, samples: Waveform, rate: int, facts: SignalFacts, work: tuple[int, int]
    ) -> Rendering:
        """Store one rendering.

        Args:
            key: What it is a rendering of.
            samples: Cleaned audio (finite, within -1..1).
            rate: Hz.
            facts: What was measured before cleaning.
            work: Frames and tokens by the worker's word.
        """
        import numpy as np  # not needed by pytest --help

        # FLAC knows no empty stream; `facts` keeps the true length.
        data = _flac(samples if samples.size else np.zeros(1, np.float32), rate)
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.audio_path(sha256)
        _mark_used(path)  # audio that nobody named until now may be about to be cleared away
        made = Rendering(key=key, audio_sha256=sha256, sample_rate=rate, facts=facts, frames=work[0], tokens=work[1])
        if not path.is_file():
            write_atomically(path, data)
        self._write("renderings", digest_of(key), made)
        if not path.is_file():
            write_atomically(path, data)
        self._send(digest_of(key), made)
        return made

    def audio_path(self, sha256: str) -> Path:
        """Where the FLAC of that digest lies, whether it is there or not."""
        return self.root / "audio" / sha256[:2] / f"{sha256}.flac"

    def audio(self, sha256: str) -> tuple[Waveform, int]:
        """Samples and rate of a stored rendering.

        Raises:
            IntegrityError: The file is missing or its bytes are not what its name says.
        """
        path = self.audio_path(sha256)
        try:
            data = path.read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != sha256:
            path.unlink(missing_ok=True)
            raise IntegrityError(f"{path}: not the audio its name says; removed, run the same command again")
        try:
            return _unflac(data)
        except (RuntimeError, ValueError) as error:
            raise IntegrityError(
                printable(f"{path}: is no audio that a voice may have ({error}); who wrote it? remove what is stored")
            ) from None

    def take(self, rendering: Rendering, listening: Mapping[str, str]) -> Take | None:
        """What was heard in a rendering by a given transcriber for a given text, if it was heard before."""
        digest = digest_of([rendering.audio_sha256, rendering.key, listening])
        found = self._read("takes", digest, Take)
        if self._shared is None:
            return found
        if found is not None:
            self._shared.send_take(digest, found)
            return found
        fetched = self.fetch_take(digest)
        return fetched if fetched and fetched.audio_sha256 == rendering.audio_sha256 else None

    def keep_take(self, rendering: Rendering, listening: Mapping[str, str], take: Take) -> None:
        """Store what was heard."""
        digest = digest_of([rendering.audio_sha256, rendering.key, listening])
        self._write("takes", digest, take)
        if self._shared is not None:
            self._shared.send_take(digest, take)

    def has(self, kind: str, digest: str) -> bool:
        """Whether a rendering or a take of that name is here, whole or not."""
        return self._path(kind, digest).is_file()

    def fetch_rendering(self, digest: str) -> Rendering | None:
        """Bring a rendering here from what machines share; None where it is not there, or not whole.

        Args:
            digest: Of its key.

        Raises:
            StorageError: The shared store cannot be read.
        """
        fetched = self._shared.spoken(digest) if self._shared else None
        if fetched is None:
            return None
        write_atomically(self.audio_path(fetched.rendering.audio_sha256), fetched.flac)
        self._write("renderings", digest, fetched.rendering)
        return fetched.rendering

    def fetch_take(self, digest: str) -> Take | None:
        """The same for what was heard.

        Args:
            digest: Of what was asked.

        Raises:
            StorageError: The shared store cannot be read.
        """
        fetched = self._shared.take(digest) if self._shared else None
        if fetched is not None:
            self._write("takes", digest, fetched)
        return fetched

    def send_seen(self, model_digest: str) -> None:
        """Let other machines know what workers of a model were seen to do here.

        Raises:
            StorageError: The shared store cannot be written.
        """
        if self._shared is not None:
            self._shared.seen.send(model_digest)

    def bring_seen(self, model_digest: str) -> None:
        """Learn what workers of a model were seen to do on other machines.

        Raises:
            StorageError: The shared store cannot be read.
            IntegrityError: What is there is not whole.
        """
        if self._shared is not None:
            self._shared.seen.bring_all(model_digest)

    def try_lock(self, name: str) -> IO[bytes] | None:
        """Take a lock that ends with the process; None where another process holds it. Close the file to release."""
        path = self.root / LOCKS / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return None
            except OSError:  # a file system without locks: waiting for another process would never end
                file.close()
                raise
        return file

    def _send(self, digest: str, made: Rendering) -> None:
        def spoken(seen: str) -> Spoken | None:
            with contextlib.suppress(OSError):
                flac = self.audio_path(made.audio_sha256).read_bytes()
                if hashlib.sha256(flac).hexdigest() == made.audio_sha256:
                    return Spoken(rendering=made, flac=flac, seen=seen)
            return None

        if self._shared is not None:
            self._shared.send_spoken(digest, spoken, made.key.model_digest)

    def _path(self, kind: str, digest: str) -> Path:
        return self.root / kind / digest[:2] / f"{digest}.json"

    def _read(self, kind: str, digest: str, shape: type[Record]) -> Record | None:
        path = self._path(kind, digest)
        try:
            found = msgspec.json.decode(path.read_bytes(), type=shape)
        except (OSError, *UNREADABLE):
            return None
        _mark_used(path, older=DAY_SECONDS)
        return found

    def _write(self, kind: str, digest: str, record: object) -> None:
        write_atomically(self._path(kind, digest), json_line(record))


def lease_path(root: Path, model_digest: str) -> Path:
    """The file that whoever uses a model's renderings holds a lock on. It stays: see :mod:`harness.storage.leases`."""
    return root / LOCKS / f"{LEASE}{model_digest[:32]}"


def _mark_used(path: Path, older: float = 0.0) -> None:
    """Give a file the time of now where its own is older, for whoever clears away what nobody uses."""
    with contextlib.suppress(OSError):  # it is not there, or the folder is read only: nothing is cleared away there
        if time.time() - path.stat().st_mtime >= older:
            os.utime(path)


def _flac(samples: Waveform, rate: int) -> bytes:
    import io

    require("soundfile")
    import soundfile  # loads libsndfile: not needed by pytest --help

    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def _unflac(data: bytes) -> tuple[Waveform, int]:
    import io

    require("soundfile")
    import soundfile

    with soundfile.SoundFile(io.BytesIO(data)) as file:
        samples = file.read(MOST_SAMPLES + 1, dtype="float32")
    if samples.ndim != 1 or samples.size > MOST_SAMPLES:
        raise ValueError(f"expected one channel of at most {MOST_SAMPLES:,} samples, got more")
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise ValueError(f"expected {RATES[0]} to {RATES[1]} Hz, got {file.samplerate}")
    return samples, int(file.samplerate)
