"""Whoever asks gets one of the states, and pass only for what passed by the rules of today."""

from __future__ import annotations

import json
from http import HTTPStatus

import pytest

from harness.fleet.serving.answers import Answer, Answers, Now, Reasons, State
from harness.fleet.serving.desk import Desk
from harness.fleet.serving.queue import Queue

DIGEST, OTHER = "a" * 64, "b" * 64


class Asking:
    """A desk, and what lies beside it."""

    def __init__(self, folder, most=2):
        self.queue, self.answers = Queue(folder / "queue", most), Answers(folder)
        self.queue.begin()
        self.answers.announce(Now(ruleset="r", reasons=Reasons.ALL))
        for digest in (DIGEST, OTHER):
            (folder / "uploads" / digest).mkdir(parents=True)
        self.uploads = folder / "uploads"
        self._desk = Desk(self.queue, self.answers, self.uploads)

    def answer(self, state, digest=DIGEST, ruleset="r"):
        self.answers.keep(Answer(digest=digest, name="mine", state=state, ruleset=ruleset, reasons=Reasons.ALL))

    def get(self, digest=DIGEST):
        return self._said(self._desk.reply("GET", f"/v1/models/{digest}", b""))

    def post(self, digest=DIGEST, **more):
        return self._said(self._desk.reply("POST", "/v1/models", json.dumps({"digest": digest} | more).encode()))

    def raw(self, method, path, body=b""):
        return self._desk.reply(method, path, body)

    @staticmethod
    def _said(reply):
        return int(reply.status), reply.content.get("state", reply.content.get("error"))


@pytest.fixture
def desk(tmp_path):
    return Asking(tmp_path)


def test_what_nobody_handed_in_is_unknown_and_asking_hands_nothing_in(desk):
    assert desk.get() == (404, "none")
    assert len(desk.queue) == 0


def test_what_is_handed_in_waits_and_then_runs(desk):
    assert desk.post(name="mine") == (202, "queued")
    assert desk.post() == desk.get() == (202, "queued")
    assert len(desk.queue) == 1
    desk.answers.announce(Now(ruleset="r", reasons=Reasons.ALL, running=(DIGEST,)))
    assert desk.post() == desk.get() == (202, "running")


@pytest.mark.parametrize("state", [State.PASS, State.FAIL, State.INCONCLUSIVE])
def test_what_was_judged_is_answered_at_once_and_not_judged_again(state, desk):
    desk.answer(state)
    assert desk.get() == desk.post() == (200, state.value)
    assert len(desk.queue) == 0


@pytest.mark.parametrize(("state", "status"), [(State.ERROR, 200), (State.NONE, 404)])
def test_what_has_no_verdict_is_looked_at_again_where_it_is_handed_in_again(state, status, desk):
    desk.answer(state)
    assert desk.get() == (status, state.value)
    assert desk.post() == (202, "queued")


def test_what_other_rules_judged_is_judged_again_when_somebody_asks(desk):
    desk.answer(State.PASS, ruleset="older")
    assert desk.get() == (202, "queued")
    assert desk.queue.read(DIGEST).name == "mine"


def test_where_too_many_wait_it_is_said_and_never_passed(desk):
    third = "c" * 64
    (desk.uploads / third).mkdir()
    desk.answer(State.PASS, third, ruleset="older")
    desk.post()
    desk.post(OTHER)
    assert desk.get(third) == (200, "outdated")
    reply = desk.raw("POST", "/v1/models", json.dumps({"digest": third}).encode())
    assert reply.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert reply.headers["Retry-After"] == "60"


@pytest.mark.parametrize("kind", ["nothing", "link", "file"])
def test_what_is_no_folder_among_the_uploads_is_unknown(kind, desk):
    place = desk.uploads / DIGEST
    place.rmdir()
    if kind == "link":
        place.symlink_to(desk.uploads / OTHER)
    elif kind == "file":
        place.write_text("x", "utf-8")
    assert desk.post() == (404, "none")
    assert len(desk.queue) == 0


@pytest.mark.parametrize(
    "digest", ["", "A" * 64, "a" * 63, "../" + "a" * 61, "a" * 64 + "/", "%61" * 64, "a" * 64 + "\n"]
)
def test_a_digest_that_is_none_is_no_path(digest, desk):
    wanted = "digest: expected the 64 lower-case hex digits of a sha256"
    assert desk.get(digest) == desk.post(digest) == (400, wanted)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"digest": 1}', b'{"digest": "a", "digest": "b"}', b"\xff", b'{"digest":"a","x":1}']
)
def test_a_body_that_is_none_is_refused(body, desk):
    assert desk.raw("POST", "/v1/models", body).status is HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", f"/v1/models/{DIGEST}", 405), ("PUT", "/v1/models", 405), ("POST", f"/v1/models/{DIGEST}", 405),
        ("POST", "/v1/health", 405), ("GET", "/", 404), ("GET", f"/v1/models/{DIGEST}?x=1", 400), ("GET", "/v1", 404),
        ("GET", "/v1/health", 200), ("GET", "http://elsewhere/v1/health", 404),
    ],
)  # fmt: skip
def test_other_requests_are_refused(method, path, status, desk):
    assert desk.raw(method, path).status == status
