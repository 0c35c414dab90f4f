"""What lasts: a content-addressed store of renderings and hearings, and the run directory.

Every file is written to a temporary name and renamed, and audio is named by its sha256 and checked when read, so a
reader never sees half a file. A run's records are appended line by line by each process on its own; a torn last line
(``kill -9``, full disk) is ignored, and whatever it said is measured again by the next run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import os
import secrets
import time
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec

from harness.core.errors import BadInput, IntegrityError, StorageError
from harness.core.findings import Outcome
from harness.core.text import printable
from harness.core.thirdparty import require
from harness.core.types import BehaviourEvent, Rendering, RenderingKey, SignalFacts, Take
from harness.core.verdict import RunInfo, RunResult
from harness.storage import runseal
from harness.storage.leases import lock_shared
from harness.storage.listing import LOCKS
from harness.storage.older import upgraded
from harness.storage.versions import UnknownVersion, require_version

if TYPE_CHECKING:
    from harness.core.types import Waveform

Record = TypeVar("Record")

VERSION = 2
"""Of a run directory: ``run.json``, ``records/`` and ``behaviour/``. Raised when a field of what lies there changes its
meaning, goes, or comes without a default: records that cannot be decoded are passed over as torn ones are."""
AFTER = ".after"
"""While a run that had ended goes on: the head of its last list of digests."""
OLDER = (1,)
"""Read as well, see :mod:`harness.storage.older`."""
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
"""What msgspec raises for bytes that are no record: the latter where a string is no UTF-8 (msgspec 0.20)."""
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
    """Renderings and what was heard in them, below one folder. Safe to share between processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
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
        found = self._read("renderings", digest_of(key), Rendering)
        return found if found and found.key == key and self.audio_path(found.audio_sha256).is_file() else None

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
        return _unflac(data)

    def take(self, rendering: Rendering, listening: Mapping[str, str]) -> Take | None:
        """What was heard in a rendering by a given transcriber for a given text, if it was heard before."""
        return self._read("takes", digest_of([rendering.audio_sha256, rendering.key, listening]), Take)

    def keep_take(self, rendering: Rendering, listening: Mapping[str, str], take: Take) -> None:
        """Store what was heard."""
        self._write("takes", digest_of([rendering.audio_sha256, rendering.key, listening]), take)

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


class RunDirectory:
    """Everything about one run: what it is about, and outcomes and events as they came."""

    def __init__(self, root: Path, run_id: str) -> None:
        self.path = root / "runs" / run_id

    @classmethod
    def at(cls, folder: Path) -> RunDirectory:
        """The run that lies in a folder, wherever that was brought."""
        directory = cls(folder.parent, folder.name)
        directory.path = folder
        return directory

    def begin(self, info: RunInfo, planned: int) -> None:
        """Say what the run is about. The same inputs continue the same run.

        Raises:
            IntegrityError: It had ended, and was edited since.
        """
        if head := runseal.head_of(self.path):
            write_atomically(self.path / AFTER, head.encode())
            (self.path / runseal.NAME).unlink(missing_ok=True)
        content: dict[str, Any] = {"version": VERSION, "info": info, "planned": planned}
        write_atomically(self.path / "run.json", json_line(content))

    def end(self) -> None:
        """Take the digests of all files, when every process has ended: what is edited later shows."""
        after = self.path / AFTER
        head = after.read_text("ascii") if after.is_file() else ""
        data = runseal.listing(self.path, *([head] if head else [])).encode()
        write_atomically(self.path / runseal.NAME, data)
        after.unlink(missing_ok=True)

    def record(self, writer: str, outcome: Outcome) -> None:
        """Append what was decided about one item."""
        self._append(writer, {"outcome": outcome})

    def event(self, writer: str, line: str) -> None:
        """Append something that happened on the way."""
        self._append(writer, {"event": line})

    def result(self) -> RunResult:
        """Everything recorded so far; of several outcomes for one item the latest counts.

        Raises:
            IntegrityError: This is no run directory, one of another version, or was edited after its end.
        """
        runseal.head_of(self.path)
        try:
            data = (self.path / "run.json").read_bytes()
            require_version(
                data,
                "a run",
                reads=VERSION,
                also=OLDER,
                older="run again, or use the Soundcheck that made it",
            )
            begun = msgspec.json.decode(data, type=Begun)
        except UnknownVersion as error:
            raise IntegrityError(printable(f"{self.path / 'run.json'}: {error}")) from None
        except (OSError, *UNREADABLE) as error:
            raise IntegrityError(f"{self.path}: no run lies here ({error})") from None
        outcomes: dict[tuple[str, str], Outcome] = {}
        events: list[str] = []
        for line in self._lines():
            if line.outcome is not None:
                suite = line.outcome.probe.source if line.outcome.probe else ""
                outcomes[suite, line.outcome.subject] = line.outcome
            if line.event is not None and line.event not in events:
                events.append(line.event)
        ordered = sorted(outcomes.values(), key=_place)
        return RunResult(
            info=begun.info,
            outcomes=tuple(ordered),
            planned=begun.planned,
            events=tuple(events),
            behaviour=self._behaviour(),
        )

    def _behaviour(self) -> tuple[BehaviourEvent, ...]:
        """What the workers were seen to try, from the observers' own files; repeats are added up."""
        found: dict[tuple[str, str, str, str], BehaviourEvent] = {}
        for file in sorted((self.path / "behaviour").glob("*.jsonl")):
            for line in file.read_bytes().split(b"\n"):
                with contextlib.suppress(*UNREADABLE):
                    event = msgspec.json.decode(line, type=BehaviourEvent)
                    key = (event.when, event.kind, event.what, event.detail)
                    count = event.count + (found[key].count if key in found else 0)
                    found[key] = dataclasses.replace(found.get(key, event), count=count)
        return tuple(found.values())

    def moments(self) -> tuple[int, ...]:
        """When each record was written: nanoseconds of that machine's clock, oldest first."""
        return tuple(line.at for line in self._lines() if line.at)

    def _append(self, writer: str, record: dict[str, object]) -> None:
        path = self.path / "records" / f"{writer}.jsonl"
        data = json_line({"at": time.time_ns(), **record})
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                # A torn line of an earlier process must not swallow this one.
                file.write(b"\n" + data)

    def _lines(self) -> list[Line]:
        """All records of all writers, oldest first."""
        lines = []
        for file in sorted((self.path / "records").glob("*.jsonl")):
            for line in file.read_bytes().split(b"\n"):
                with contextlib.suppress(*UNREADABLE):
                    if line:
                        lines.append(_line(line))
        return sorted(lines, key=lambda line: line.at)


def read_run(folder: Path) -> RunResult:
    """Everything that a run recorded.

    Args:
        folder: The run directory, e.g. ``.soundcheck/runs/3f2a9c01d7e4``, or a copy of it.

    Raises:
        BadInput: There is no run.
        IntegrityError: Its records are not whole.
    """
    if not (folder / "run.json").is_file():
        raise BadInput(printable(f"{folder}: expected a run directory, such as .soundcheck/runs/ID, got no run there"))
    return RunDirectory.at(folder).result()


class Begun(msgspec.Struct):
    """What ``run.json`` holds."""

    version: int
    """See :data:`VERSION`."""
    info: RunInfo
    """What the run is about."""
    planned: int
    """Items that a complete run has."""


class Line(msgspec.Struct):
    """What a line of ``records/*.jsonl`` holds: an outcome or an event."""

    at: int = 0
    """When it was written: nanoseconds of this machine's clock."""
    outcome: Outcome | None = None
    """What was decided about an item."""
    event: str | None = None
    """Something that happened on the way, in one line."""


def _line(data: bytes) -> Line:
    """One record.

    Raises:
        msgspec.DecodeError: It is none, of this version or an older one.
    """
    try:
        return msgspec.json.decode(data, type=Line)
    except msgspec.ValidationError:
        return msgspec.convert(upgraded(msgspec.json.decode(data)), type=Line)


def _place(outcome: Outcome) -> tuple[int, str, int, str]:
    """Model-wide checks first, then probes by suite and line."""
    if outcome.probe is None:
        return 0, "", 0, outcome.subject
    return 1, outcome.probe.source, outcome.probe.line, outcome.subject


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

    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    return samples, int(rate)
