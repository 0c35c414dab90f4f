"""Answers on disk, one for each digest that was handed in, and what makes an answer one of today.

An answer says no more of the reasons than whoever asks may read: what a file does not hold, nothing gives away. One
that was given by other rules, or says more or less than is to be said now, holds no verdict any more.
"""

from __future__ import annotations

import contextlib
import os
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from harness.core.ending import Ending
from harness.core.grades import Verdict
from harness.fleet.serving.queue import DIGEST
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import UNREADABLE, json_line, write_atomically

VERSION: Final = 1
FOLDER: Final = "answers"
NOW: Final = "now.json"
MAX_BYTES: Final = 1 << 20
Kind = TypeVar("Kind")


class State(StrEnum):
    """What is known of a digest."""

    QUEUED = "queued"
    RUNNING = "running"
    PASS = Verdict.PASS.value
    FAIL = Verdict.FAIL.value
    INCONCLUSIVE = Verdict.INCONCLUSIVE.value
    ERROR = Verdict.ERROR.value
    """It was looked at, and has no verdict; whoever hands it in again has it looked at again."""
    NONE = "none"
    """Nothing: nobody handed it in, or no such model lies among the uploads."""
    OUTDATED = "outdated"
    """It has an answer by rules that hold no more; whoever asks for it has it judged again."""


JUDGED: Final = (State.PASS, State.FAIL, State.INCONCLUSIVE)


class Reasons(StrEnum):
    """What an answer says beside the verdict."""

    NONE = "none"
    """Nothing."""
    RULES = "rules"
    """Which rules fired."""
    ALL = "all"
    """These, and why, in words."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is answered for one digest."""

    version: int = VERSION
    """See :data:`VERSION`."""
    digest: str
    """sha256 over the model's files: what was judged, wherever it lies by now."""
    name: str = ""
    """What whoever handed it in calls it."""
    state: State
    """Pass, fail or inconclusive where it was judged; none of these is said of what was not."""
    ruleset: str
    """Digest of all that it was judged by: rules, golden, suites, policy, options, what listens."""
    reasons: Reasons
    """What is said beside the verdict."""
    judged: str = ""
    """When its verdict was given (UTC), empty where it has none."""
    rules: tuple[str, ...] = ()
    """Ids of rules that fired, worst first."""
    reason: str = ""
    """Why, in one line."""
    ending: int = Ending.BROKEN
    """Exit code of its gate: what a pipeline would have got."""
    run_id: str = ""
    """The run that judged it, empty where none did."""
    key: str = ""
    """Digest of all that the verdict depends on, the model among it."""


class Now(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a service says of itself."""

    version: int = VERSION
    """See :data:`VERSION`."""
    ruleset: str
    """By which is judged now."""
    reasons: Reasons
    """What answers say beside the verdict."""
    running: tuple[str, ...] = ()
    """Digests that are being judged."""

    def is_of(self, answer: Answer) -> bool:
        """Whether an answer is one of today."""
        return answer.ruleset == self.ruleset and answer.reasons is self.reasons


class Answers:
    """Those of one service."""

    def __init__(self, folder: Path) -> None:
        """Look at nothing yet.

        Args:
            folder: The service's, below the folder of runs.
        """
        self._folder = folder

    def announce(self, now: Now) -> None:
        """Say by what is judged now, and who.

        Raises:
            StorageError: The folder cannot be written.
        """
        write_atomically(self._folder / NOW, json_line(now))

    def now(self) -> Now | None:
        """What was said last."""
        return _read(self._folder / NOW, Now)

    def keep(self, answer: Answer) -> None:
        """Answer.

        Raises:
            StorageError: The folder cannot be written.
        """
        write_atomically(self._path(answer.digest), json_line(answer))

    def of(self, digest: str) -> Answer | None:
        """The answer for a digest; one that was given by other rules is outdated, and says nothing else."""
        found, now = self._found(digest), self.now()
        if found is None:
            return None
        return found if now and now.is_of(found) else _outdated(found)

    def outdate(self) -> int:
        """Take the verdict from every answer that was given by other rules; how many there were.

        Raises:
            StorageError: The folder cannot be written.
        """
        count, now = 0, self.now()
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(self._folder / FOLDER):
                digest = entry.name.removesuffix(".json")
                if not DIGEST.fullmatch(digest) or entry.name == digest:
                    continue
                found = self._found(digest)
                if found and not (now and now.is_of(found)) and found.state is not State.OUTDATED:
                    self.keep(_outdated(found))
                    count += 1
        return count

    def _found(self, digest: str) -> Answer | None:
        found = _read(self._path(digest), Answer)
        return found if found and found.digest == digest and found.version == VERSION else None

    def _path(self, digest: str) -> Path:
        return self._folder / FOLDER / f"{digest}.json"


def _outdated(answer: Answer) -> Answer:
    return Answer(
        digest=answer.digest,
        name=answer.name,
        state=State.OUTDATED,
        ruleset=answer.ruleset,
        reasons=answer.reasons,
    )


def _read(path: Path, kind: type[Kind]) -> Kind | None:
    with contextlib.suppress(OSError, TooLarge, *UNREADABLE):
        return msgspec.json.decode(read_small(path, MAX_BYTES), type=kind)
    return None
