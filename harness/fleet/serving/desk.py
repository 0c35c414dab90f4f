"""What is said to whoever asks: a digest comes in, a status and a few words go out. Opens no socket.

Knows files by digest only: nothing that was asked is ever a part of a path before it was seen to be 64 hex digits.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec

from harness.core.errors import BadInput
from harness.fleet.serving.answers import JUDGED, Answer, Answers, State
from harness.fleet.serving.queue import DIGEST, Queue, named, parse

MODELS: Final = "/v1/models"
HEALTH: Final = "/v1/health"
AGAIN_SECONDS: Final = 10
"""When to ask again for what is judged."""
FULL_SECONDS: Final = 60
"""When to come again where too many wait."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is handed in."""

    digest: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said."""

    status: HTTPStatus
    content: Any
    """Plain data, for JSON."""
    headers: dict[str, str] = field(default_factory=dict)


class Desk:
    """Where a service is asked."""

    def __init__(self, queue: Queue, answers: Answers, uploads: Path) -> None:
        """Look at nothing yet.

        Args:
            queue: What waits.
            answers: What was answered.
            uploads: The folder that has a folder for each digest.
        """
        self._queue = queue
        self._answers = answers
        self._uploads = uploads
        self._alone = threading.Lock()  # who counts what waits and adds to it

    def reply(self, method: str, path: str, body: bytes) -> Reply:
        """What is said to a request that somebody may make."""
        if method == "GET" and path == HEALTH:
            return self._health()
        if method == "GET" and path.startswith(f"{MODELS}/"):
            return self._ask(path.removeprefix(f"{MODELS}/"))
        if method == "POST" and path == MODELS:
            try:
                asked = parse(body, Asked)
                return self._hand_in(asked.digest, named(asked.name))
            except BadInput as error:
                return refusal(HTTPStatus.BAD_REQUEST, str(error))
        if path in (HEALTH, MODELS) or path.startswith(f"{MODELS}/"):
            return refusal(HTTPStatus.METHOD_NOT_ALLOWED, "expected another method here")
        return refusal(HTTPStatus.NOT_FOUND, f"expected {MODELS}, {MODELS}/DIGEST or {HEALTH}")

    def _health(self) -> Reply:
        now = self._answers.now()
        content = {"version": 1, "queued": len(self._queue), "running": len(now.running) if now else 0}
        return Reply(status=HTTPStatus.OK, content=content | {"ruleset": now.ruleset if now else ""})

    def _ask(self, digest: str) -> Reply:
        if not DIGEST.fullmatch(digest):
            return _no_digest()
        if self._queue.has(digest):
            return self._waits(digest)
        found = self._answers.of(digest)
        if found is None:
            return _is_unknown(digest)
        if found.state is State.OUTDATED and self._added(digest, found.name):
            return self._waits(digest)
        return _answered(found)

    def _hand_in(self, digest: str, name: str) -> Reply:
        if not DIGEST.fullmatch(digest):
            return _no_digest()
        if self._queue.has(digest):
            return self._waits(digest)
        found = self._answers.of(digest)
        if found and found.state in JUDGED:
            return _answered(found)
        place = self._uploads / digest
        if place.is_symlink() or not place.is_dir():
            return _is_unknown(digest)
        if not self._added(digest, name):
            headers = {"Retry-After": str(FULL_SECONDS)}
            return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many models wait; come again later", headers)
        return self._waits(digest)

    def _added(self, digest: str, name: str) -> bool:
        with self._alone:
            return self._queue.hand_in(digest, name)

    def _waits(self, digest: str) -> Reply:
        now = self._answers.now()
        state = State.RUNNING if now and digest in now.running else State.QUEUED
        content = {"version": 1, "digest": digest, "state": state.value}
        return Reply(status=HTTPStatus.ACCEPTED, content=content, headers={"Retry-After": str(AGAIN_SECONDS)})


def refusal(status: HTTPStatus, why: str, headers: dict[str, str] | None = None) -> Reply:
    """What is said to a request that is none."""
    return Reply(status=status, content={"version": 1, "error": why}, headers=headers or {})


def _no_digest() -> Reply:
    return refusal(HTTPStatus.BAD_REQUEST, "digest: expected the 64 lower-case hex digits of a sha256")


def _is_unknown(digest: str) -> Reply:
    content = {"version": 1, "digest": digest, "state": State.NONE.value}
    return Reply(status=HTTPStatus.NOT_FOUND, content=content)


def _answered(answer: Answer) -> Reply:
    status = HTTPStatus.NOT_FOUND if answer.state is State.NONE else HTTPStatus.OK
    return Reply(status=status, content=msgspec.to_builtins(answer))
