"""Object storage over HTTP: what it answers is bounded, what goes wrong is a line, and no line holds a secret."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from harness.core.errors import BadInput, StorageError
from harness.storage.bucket import BucketObjects
from harness.storage.smallfile import TooLarge
from tests.s3_server import Handler, S3Server, serving

pytest.importorskip("obstore", reason="pip install '.[store]'")

SECRET = "hunter2hunter2"
NAME = f"takes/ab/{'ab' * 32}"
SECONDS = 0.5
"""How long a request may take here."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with serving() as made:
        credentials = {"ACCESS_KEY_ID": "somebody", "SECRET_ACCESS_KEY": SECRET}
        for name, value in {**credentials, "REGION": "eu-1", "ENDPOINT_URL": made.endpoint, "ALLOW_HTTP": "1"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        yield made


@pytest.fixture
def objects(server: S3Server) -> BucketObjects:
    return BucketObjects.at("s3", "bucket", "team/store", seconds=SECONDS)


def test_objects_lie_below_the_prefix_and_the_first_one_stays(objects: BucketObjects, server: S3Server) -> None:
    assert objects.get(NAME, 10) is None
    assert objects.put(NAME, b"first")
    assert not objects.put(NAME, b"second")
    assert objects.get(NAME, 10) == b"first"
    assert server.kept == {f"team/store/{NAME}": b"first"}
    assert [(one.name, one.bytes) for one in objects.list("takes")] == [(NAME, 5)]
    assert objects.place == "s3://bucket/team/store"


def answering(status: int, body: bytes = b"") -> object:
    def trouble(handler: Handler) -> bool:
        handler.answer(status, body)
        return True

    return trouble


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (503, b"<Error><Code>SlowDown</Code></Error>", "HTTP 503, tried 5 times"),
        (500, b"", "HTTP 500, tried 5 times"),
        (
            403,
            b"<Error><Code>AccessDenied</Code></Error>",
            "HTTP 403 denied; credentials are read from AWS_ACCESS_KEY_ID",
        ),
        (401, b"", "HTTP 401 denied; credentials are read from AWS_ACCESS_KEY_ID"),
        (507, b"<Error><Code>XMinioStorageFull</Code></Error>", "it is full"),
        (501, b"<Error><Code>NotImplemented</Code></Error>", "HTTP 501 does not know conditional writes"),
    ],
)
def test_an_answer_that_is_an_error_is_one_line(
    status: int, body: bytes, why: str, objects: BucketObjects, server: S3Server
) -> None:
    hostile = b"\x1b[31m\n::error::" + SECRET.encode() + b" 404 Not Found"
    server.trouble = answering(status, body + hostile)  # type: ignore[assignment]
    with pytest.raises(StorageError) as caught:
        objects.put(NAME, b"data")
    line = str(caught.value)
    assert line.startswith(f"s3://bucket/team/store: cannot be written ({why}")
    assert line.endswith("what was spoken and heard is kept in --tts-dir, and the same command goes on from there")
    assert SECRET not in line
    assert line.isprintable()
    assert "somebody" not in line


def test_what_passes_is_tried_again(objects: BucketObjects, server: S3Server) -> None:
    def at_first(handler: Handler) -> bool:
        if len(server.asked) < 3:
            handler.answer(503, b"")
            return True
        return False

    server.trouble = at_first
    assert objects.put(NAME, b"data")
    assert len(server.asked) == 3


def test_one_that_does_not_answer_is_given_up(objects: BucketObjects, server: S3Server) -> None:
    def hang(handler: Handler) -> bool:
        time.sleep(3 * SECONDS)
        return True

    server.trouble = hang
    began = time.monotonic()
    with pytest.raises(StorageError, match=r"cannot be read \(no answer in time\)"):
        objects.get(NAME, 10)
    assert time.monotonic() - began < 60, "bounded, whatever the machine is at"


def test_nobody_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as gone:
        endpoint = gone.endpoint
    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": SECRET, "ALLOW_HTTP": "1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    objects = BucketObjects.at("s3", "bucket", "", seconds=SECONDS)
    with pytest.raises(StorageError, match=r"s3://bucket: cannot be listed \(nobody answers there\)"):
        list(objects.list("takes"))


def test_plain_http_is_refused_unless_the_environment_allows_it(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    objects = BucketObjects.at("s3", "bucket", "", seconds=SECONDS)
    with pytest.raises(StorageError, match="its endpoint is no https, and AWS_ALLOW_HTTP"):
        objects.put(NAME, b"data")
    assert server.asked == []


def test_more_than_was_asked_for_is_not_read(objects: BucketObjects, server: S3Server) -> None:
    server.kept[f"team/store/{NAME}"] = bytes(5 << 20)
    with pytest.raises(TooLarge):
        objects.get(NAME, 1000)


@pytest.mark.parametrize("length", [10**15, 100])
def test_a_length_that_lies_is_no_object(length: int, objects: BucketObjects, server: S3Server) -> None:
    def lie(handler: Handler) -> bool:
        handler.answer(200, b"half", length=length)
        return True

    server.trouble = lie
    with pytest.raises((StorageError, TooLarge)):
        objects.get(NAME, 1 << 20)


def test_names_that_lead_elsewhere_are_not_listed(objects: BucketObjects, server: S3Server) -> None:
    def lie(handler: Handler) -> bool:
        names = [f"team/store/{NAME}", "team/store/takes/../../etc/passwd", f"other/{NAME}", f"team/store/{NAME}/x"]
        names += [f"team/store/takes/AB/{'AB' * 32}", f"team/store/takes/ab/{'ab' * 31}", "team/store/takes/ab/\u202e"]
        handler.answer(200, handler.list_of(dict.fromkeys(names, 1)))
        return True

    server.trouble = lie
    try:
        assert [one.name for one in objects.list("takes")] == [NAME]
    except StorageError as error:  # obstore refuses some by itself
        assert str(error).startswith("s3://bucket/team/store: cannot be listed (")


def test_a_list_without_end_is_ended(objects: BucketObjects, server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.storage.bucket.MOST_LISTED", 100)

    def endless(handler: Handler) -> bool:
        names = {f"team/store/takes/ab/{len(server.asked):032x}{number:032x}": 1 for number in range(50)}
        more = b"<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"
        handler.answer(200, handler.list_of(names).replace(b"<IsTruncated>false</IsTruncated>", more))
        return True

    server.trouble = endless
    with pytest.raises(StorageError, match="expected at most 100 objects, got more"):
        list(objects.list("takes"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"<ListBucketResult>" + b"<a>" * 5000])
def test_a_list_that_is_none_is_one_line(body: bytes, objects: BucketObjects, server: S3Server) -> None:
    server.trouble = answering(200, body)  # type: ignore[assignment]
    with pytest.raises(StorageError, match=r"s3://bucket/team/store: cannot be listed \("):
        list(objects.list("takes"))


def test_a_redirect_takes_no_signature_elsewhere(objects: BucketObjects, server: S3Server) -> None:
    with serving() as elsewhere:

        def redirect(handler: Handler) -> bool:
            handler.send_response(307)
            handler.send_header("Location", f"{elsewhere.endpoint}/bucket/team/store/{NAME}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return True

        server.trouble = redirect
        assert objects.get(NAME, 10) is None
        assert elsewhere.asked == [f"GET /bucket/team/store/{NAME}"]
        told = "\n".join(f"{name}: {value}" for name, value in elsewhere.headers).lower()
        assert "authorization" not in told
        assert SECRET not in told


def test_what_the_environment_says_wrongly_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCOUNT_NAME", "ACCOUNT_KEY", "STORAGE_ACCOUNT_NAME", "STORAGE_ACCOUNT_KEY"):
        monkeypatch.delenv(f"AZURE_{name}", raising=False)
    with pytest.raises(BadInput, match="expected AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY in the env"):
        BucketObjects.at("az", "container", "prefix")
