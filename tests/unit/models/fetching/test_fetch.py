"""Fetching from a server that misbehaves: every misbehaviour is one clear line, and leaves nothing in the cache."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import time
import zipfile
from pathlib import Path

import pytest

from harness.core.errors import IntegrityError
from harness.models.fetching.fetch import fetch
from harness.models.fetching.https import Interrupted
from harness.models.fetching.ledger import NAME
from harness.models.fetching.spec import SourceRefused
from harness.models.files import digest_of_directory
from tests.tls_server import Handler, Net

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def refusal(net: Net, source: str, **changes: object) -> str:
    """The one line that a fetch ends with; nothing of it may be in the cache."""
    with pytest.raises(SourceRefused) as caught:
        fetch(source, net.policy(**changes), net.folder / "cache", net.around())
    assert not list((net.folder / "cache").glob("models/*"))
    assert not (net.folder / NAME).exists()
    line = str(caught.value)
    assert "\n" not in line
    return line.replace(net.server.place, "HOST").replace(net.other.place, "OTHER")


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return kept.getvalue()


class TestFetching:
    def test_an_archive_becomes_a_folder_named_by_its_digest(self, net: Net) -> None:
        url = net.server.serve("/voice.zip", zipped(("voice/config.json", b"{}"), ("voice/model.pth", b"weights")))
        said: list[str] = []
        path = fetch(url, net.policy(), net.folder / "cache", net.around(tell=said.append))
        assert sorted(one.name for one in path.iterdir()) == ["config.json", "model.pth"]
        assert path.name == digest_of_directory(path)
        assert not (net.folder / "cache" / "quarantine").joinpath("files").exists()
        recorded = json.loads((net.folder / NAME).read_text("utf-8"))
        assert recorded["sources"][url]["digest"] == f"sha256:{path.name}"
        assert "trusted on first use" in said[0]

    def test_a_single_file_becomes_a_folder_with_it(self, net: Net) -> None:
        url = net.server.serve("/model.safetensors", b"weights")
        path = fetch(url, net.policy(), net.folder / "cache", net.around())
        assert (path / "model.safetensors").read_bytes() == b"weights"

    def test_what_was_fetched_is_not_fetched_again(self, net: Net) -> None:
        url = net.server.serve("/model.pth", b"weights")
        first = fetch(url, net.policy(), net.folder / "cache", net.around())
        net.server.routes.clear()
        assert fetch(url, net.policy(), net.folder / "cache", net.around()) == first
        assert len(net.server.asked) == 1

    def test_a_change_in_the_cache_is_refused(self, net: Net) -> None:
        url = net.server.serve("/model.pth", b"weights")
        path = fetch(url, net.policy(), net.folder / "cache", net.around())
        (path / "model.pth").write_bytes(b"others!")
        with pytest.raises(IntegrityError, match="was changed since it was fetched; delete it"):
            fetch(url, net.policy(), net.folder / "cache", net.around())

    def test_a_redirect_to_an_allowed_host_is_followed(self, net: Net) -> None:
        target = net.other.serve("/cdn", b"weights")
        url = net.server.redirect("/model.pth", f"{target}?signature=abc")
        allowed = frozenset({net.server.place, net.other.place})
        path = fetch(url, net.policy(hosts=allowed), net.folder / "cache", net.around())
        assert (path / "model.pth").read_bytes() == b"weights"

    def test_a_pin_that_fits_needs_no_ledger(self, net: Net) -> None:
        url = net.server.serve("/model.pth", b"weights")
        line = f"{hashlib.sha256(b'weights').hexdigest()}  model.pth\n"
        pin = f"sha256:{hashlib.sha256(line.encode()).hexdigest()}"
        path = fetch(url, net.policy(trust_first=False), net.folder / "cache", net.around(pin=pin))
        assert f"sha256:{path.name}" == pin
        assert not (net.folder / NAME).exists()


class TestRefusing:
    def test_a_host_that_nobody_allowed(self, net: Net) -> None:
        url = net.server.serve("/model.pth", b"weights")
        assert refusal(net, url, hosts=frozenset()) == (
            "https://HOST/model.pth: host HOST is not allowed; to allow it, add it to hosts in pyproject.toml: "
            '[tool.soundcheck.sources] hosts = ["HOST"]'
        )
        assert net.server.asked == []

    def test_redirects_in_a_loop(self, net: Net) -> None:
        net.server.redirect("/b.pth", "/a.pth")
        url = net.server.redirect("/a.pth", "/b.pth")
        assert refusal(net, url) == "https://HOST/a.pth: redirects in a loop"

    def test_too_many_redirects(self, net: Net) -> None:
        for number in range(9):
            net.server.redirect(f"/{number}", f"/{number + 1}")
        url = net.server.redirect("/model.pth", "/0")
        assert refusal(net, url, max_redirects=3) == "https://HOST/3: expected at most 3 redirects, got more"

    def test_a_redirect_to_another_host(self, net: Net) -> None:
        url = net.server.redirect("/model.pth", net.other.serve("/model.pth", b"weights"))
        assert "host OTHER is not allowed" in refusal(net, url)
        assert net.other.asked == []

    @pytest.mark.parametrize("target", ["http://localhost/model.pth", "file:///etc/passwd", "ftp://localhost/x"])
    def test_a_redirect_away_from_https(self, net: Net, target: str) -> None:
        url = net.server.redirect("/model.pth", target)
        scheme = target.partition(":")[0]
        assert refusal(net, url) == (
            f"https://HOST/model.pth: redirects to {target}: expected https, got {scheme}; nothing else is fetched"
        )

    def test_a_redirect_to_nowhere(self, net: Net) -> None:
        assert refusal(net, net.server.redirect("/model.pth", "")) == "https://HOST/model.pth: redirects to nowhere"

    def test_a_certificate_of_another_host(self, net: Net) -> None:
        line = refusal(net, net.wrong.serve("/model.pth", b"weights"))
        assert "the server's certificate is not good (Hostname mismatch" in line

    def test_an_expired_certificate(self, net: Net) -> None:
        line = refusal(net, net.expired.serve("/model.pth", b"weights"))
        assert "the server's certificate is not good (certificate has expired)" in line

    def test_an_authority_that_nobody_knows(self, net: Net) -> None:
        url = net.server.serve("/model.pth", b"weights")
        with pytest.raises(SourceRefused, match="certificate is not good"):
            fetch(url, net.policy(), net.folder / "cache", net.around(context=None))

    def test_nothing_there(self, net: Net) -> None:
        assert refusal(net, f"{net.server.url}/model.pth") == (
            "https://HOST/model.pth: the server says 404 Not Found; is the name right?"
        )

    def test_a_server_that_is_not_there(self, net: Net) -> None:
        assert "cannot be reached" in refusal(net, "https://localhost:1/model.pth", hosts=frozenset({"localhost:1"}))

    def test_a_body_that_breaks_off(self, net: Net) -> None:
        def route(handler: Handler) -> None:
            handler.send(200, b"half", Content_Length="8")
            handler.close_connection = True

        net.server.routes["/model.pth"] = route
        assert refusal(net, f"{net.server.url}/model.pth") == (
            "https://HOST/model.pth: the body broke off at byte 4 of 8; the same command goes on from there"
        )

    def test_a_body_without_end(self, net: Net) -> None:
        def route(handler: Handler) -> None:
            handler.send(200, b"", Content_Length="", Connection="close")
            while not handler.server.stopping.is_set():
                handler.wfile.write(bytes(1 << 16))

        net.server.routes["/model.pth"] = route
        assert "expected at most 100000 bytes more, the server sends on" in refusal(
            net, f"{net.server.url}/model.pth", max_bytes=100_000
        )

    def test_a_body_declared_too_large(self, net: Net) -> None:
        url = net.server.serve("/model.pth", b"", Content_Length=str(10**12))
        assert "expected at most 1048576 bytes, the server declares 1000000000000" in refusal(net, url)

    @pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "\u0662"])
    def test_a_length_that_is_none(self, net: Net, length: str) -> None:
        def route(handler: Handler) -> None:
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            handler.wfile.write(head.encode() + b"weights")
            handler.close_connection = True

        net.server.routes["/model.pth"] = route
        assert "expected one length of the body, got contradicting ones" in refusal(net, f"{net.server.url}/model.pth")

    def test_two_lengths(self, net: Net) -> None:
        def route(handler: Handler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 7\r\n\r\nweights")
            handler.close_connection = True

        net.server.routes["/model.pth"] = route
        assert "expected one length of the body" in refusal(net, f"{net.server.url}/model.pth")

    def test_a_body_that_hides_its_size(self, net: Net) -> None:
        url = net.server.serve("/model.pth", gzip.compress(bytes(1 << 20)), Content_Encoding="gzip")
        assert refusal(net, url) == (
            "https://HOST/model.pth: expected the file as it is, got it encoded as gzip, which hides its size"
        )

    def test_a_slow_drip_ends_at_the_deadline(self, net: Net) -> None:
        def route(handler: Handler) -> None:
            handler.send(200, b"", Content_Length="1000")
            while not handler.server.stopping.wait(0.05):
                handler.wfile.write(b"x")

        net.server.routes["/model.pth"] = route
        begun = time.monotonic()
        line = refusal(net, f"{net.server.url}/model.pth", total_seconds=0.5)
        assert "expected the whole of it within 0.5 s, got it slower" in line
        assert time.monotonic() - begun < 30  # all of it would take 50

    def test_a_slow_drip_of_headers_ends_at_the_deadline(self, net: Net) -> None:
        def route(handler: Handler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not handler.server.stopping.wait(0.05):
                handler.wfile.write(b"x")

        net.server.routes["/model.pth"] = route
        begun = time.monotonic()
        line = refusal(net, f"{net.server.url}/model.pth", total_seconds=0.5)
        assert "expected the whole of it within 0.5 s" in line
        assert time.monotonic() - begun < 30  # all of it would take 50

    def test_silence(self, net: Net) -> None:
        net.server.routes["/model.pth"] = lambda handler: handler.server.stopping.wait(4) and None
        line = refusal(net, f"{net.server.url}/model.pth", idle_seconds=0.2)
        assert "expected a byte within 0.2 s, got none" in line

    def test_no_http(self, net: Net) -> None:
        net.server.routes["/model.pth"] = lambda handler: handler.wfile.write(b"\x7fELF" * 100) and None
        assert "expected an HTTP answer, got something else" in refusal(net, f"{net.server.url}/model.pth")

    def test_content_that_changed_since_it_was_first_fetched(self, net: Net) -> None:
        url = net.server.serve("/model.pth", b"weights")
        first = fetch(url, net.policy(), net.folder / "cache", net.around())
        (first / "model.pth").unlink()
        first.rmdir()
        net.server.serve("/model.pth", b"others!")
        with pytest.raises(SourceRefused, match=f"expected sha256:{first.name}, recorded in {NAME}, got sha256:"):
            fetch(url, net.policy(), net.folder / "cache", net.around())
        assert not list((net.folder / "cache" / "models").iterdir())

    def test_content_that_is_not_the_pinned_one(self, net: Net) -> None:
        url = net.server.serve("/model.pth", b"weights")
        with pytest.raises(SourceRefused, match=r"pinned in pyproject\.toml, got"):
            fetch(url, net.policy(), net.folder / "cache", net.around(pin="sha256:" + "0" * 64))

    def test_what_has_no_pin_where_pins_are_asked_for(self, net: Net) -> None:
        url = net.server.serve("/model.pth", b"weights")
        assert "has no pin, and trust_first is false" in refusal(net, url, trust_first=False)
        assert net.server.asked == []

    def test_a_url_without_a_file_name(self, net: Net) -> None:
        assert "expected a file name at its end, got ''" in refusal(net, f"{net.server.url}/")


class TestResuming:
    def broken_off(self, net: Net, body: bytes, at: int, **headers: str) -> str:
        """Serve `body`, the first time only its beginning; later requests may ask for the rest."""

        def route(handler: Handler) -> None:
            wanted = handler.headers.get("Range")
            if len(net.server.asked) == 1:
                handler.send(200, body[:at], Content_Length=str(len(body)), **headers)
                handler.close_connection = True
            elif wanted and handler.headers.get("If-Range") == headers.get("ETag"):
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                handler.send(206, body[start:], Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}", **headers)
            else:
                handler.send(200, body, **headers)

        net.server.routes["/model.pth"] = route
        url = f"{net.server.url}/model.pth"
        with pytest.raises(Interrupted):
            fetch(url, net.policy(), net.folder / "cache", net.around())
        return url

    def test_goes_on_where_it_broke_off(self, net: Net) -> None:
        url = self.broken_off(net, b"0123456789", 4, ETag='"one"')
        path = fetch(url, net.policy(), net.folder / "cache", net.around())
        assert (path / "model.pth").read_bytes() == b"0123456789"
        assert net.server.asked[1][1]["Range"] == "bytes=4-"

    @pytest.mark.parametrize("tag", ["", 'W/"one"', "one"])
    def test_begins_anew_without_a_strong_validator(self, net: Net, tag: str) -> None:
        url = self.broken_off(net, b"0123456789", 4, ETag=tag)
        path = fetch(url, net.policy(), net.folder / "cache", net.around())
        assert (path / "model.pth").read_bytes() == b"0123456789"
        assert "Range" not in net.server.asked[1][1]

    def test_begins_anew_where_the_file_changed(self, net: Net) -> None:
        url = self.broken_off(net, b"0123456789", 4, ETag='"one"')
        net.server.serve("/model.pth", b"abcdefghij", ETag='"two"')
        path = fetch(url, net.policy(), net.folder / "cache", net.around())
        assert (path / "model.pth").read_bytes() == b"abcdefghij"

    def test_files_that_arrived_are_not_fetched_again_when_the_server_was_busy(self, net: Net) -> None:
        spec = TestHub().publish(net, {"a.pth": b"weights", "b.pth": b"more"})
        place = f"/acme/voice/resolve/{COMMIT}/b.pth"
        whole = net.server.routes[place]
        net.server.routes[place] = lambda handler: handler.send(503, b"")
        with pytest.raises(Interrupted, match="the server says 503 Service Unavailable"):
            fetch(spec, net.policy(), net.folder / "cache", net.around())
        net.server.routes[place] = whole
        fetch(spec, net.policy(), net.folder / "cache", net.around())
        assert [path for path, _ in net.server.asked].count(f"/acme/voice/resolve/{COMMIT}/a.pth") == 1

    @pytest.mark.parametrize("answer", ["bytes 0-9/10", "bytes 4-8/10", "bytes 5-9/10", "nonsense"])
    def test_begins_anew_where_another_part_comes(self, net: Net, answer: str) -> None:
        url = self.broken_off(net, b"0123456789", 4, ETag='"one"')

        def route(handler: Handler) -> None:
            if "Range" in handler.headers:
                handler.send(206, b"xxxxxx", Content_Range=answer)
            else:
                handler.send(200, b"0123456789")

        net.server.routes["/model.pth"] = route
        path = fetch(url, net.policy(), net.folder / "cache", net.around())
        assert (path / "model.pth").read_bytes() == b"0123456789"


class TestHub:
    def publish(self, net: Net, files: dict[str, bytes], **lies: object) -> str:
        base = "/acme/voice"
        entries = []
        for name, data in files.items():
            git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            entry: dict[str, object] = {"type": "file", "path": name, "size": len(data), "oid": git}
            if name.endswith(".pth"):
                entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
            entries.append({**entry, **lies})
            net.server.serve(f"{base}/resolve/{COMMIT}/{name}", data)
        listing = json.dumps([{"type": "directory", "path": "speakers", "size": 0, "oid": "0" * 40}, *entries])
        net.server.serve(f"/api/models{base}/tree/{COMMIT}", listing.encode())
        return f"hf:/{base}@{COMMIT}"

    def test_every_file_of_a_commit_arrives(self, net: Net) -> None:
        spec = self.publish(net, {"config.json": b"{}", "model.pth": b"weights", "speakers/a.json": b"[]"})
        path = fetch(spec, net.policy(), net.folder / "cache", net.around())
        assert (path / "speakers" / "a.json").read_bytes() == b"[]"
        assert (path / "model.pth").read_bytes() == b"weights"

    @pytest.mark.parametrize("name", ["model.pth", "config.json"])
    def test_a_file_that_is_not_the_listed_one(self, net: Net, name: str) -> None:
        spec = self.publish(net, {"config.json": b"{}     ", "model.pth": b"weights"})
        net.server.serve(f"/acme/voice/resolve/{COMMIT}/{name}", b"others!")
        assert refusal(net, spec) == (f"hf://acme/voice: {name} is not the file that the hub lists at that commit")

    def test_an_organisation_that_nobody_allowed(self, net: Net) -> None:
        spec = self.publish(net, {"config.json": b"{}"})
        assert "organisation acme is not allowed" in refusal(net, spec, organisations=frozenset())
        assert net.server.asked == []

    @pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a//b", "a\\b"])
    def test_a_name_that_leads_outside(self, net: Net, name: str) -> None:
        spec = self.publish(net, {"config.json": b"{}"}, path=name)
        assert "expected a p" in refusal(net, spec)

    def test_too_much(self, net: Net) -> None:
        spec = self.publish(net, {f"{number}.json": b"{}" for number in range(21)})
        assert "expected at most 20 files and 1048576 bytes, got 21 and 42" in refusal(net, spec)

    def test_the_first_page_of_a_listing_is_not_taken_for_the_whole(self, net: Net) -> None:
        spec = self.publish(net, {"config.json": b"{}"})
        place = f"/api/models/acme/voice/tree/{COMMIT}"
        net.server.serve(place, b"[]", Link=f'<{net.server.url}{place}?cursor=x>; rel="next"')
        assert "expected all of it, got the first page of several" in refusal(net, spec)

    @pytest.mark.parametrize("listing", [b"", b"{}", b"[]", b"<html>", b"[" * 9999, b'[{"type": "file", "path": 1}]'])
    def test_a_listing_that_is_none(self, net: Net, listing: bytes) -> None:
        spec = self.publish(net, {"config.json": b"{}"})
        net.server.serve(f"/api/models/acme/voice/tree/{COMMIT}", listing)
        assert refusal(net, spec).startswith("hf://acme/voice: ")

    def test_the_token_goes_to_the_hub_and_over_no_redirect(self, net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        spec = self.publish(net, {"model.pth": b"weights"})
        target = net.other.serve("/cdn", b"weights")
        net.server.redirect(f"/acme/voice/resolve/{COMMIT}/model.pth", target)
        allowed = frozenset({net.server.place, net.other.place})
        fetch(spec, net.policy(hosts=allowed), net.folder / "cache", net.around())
        assert [headers.get("Authorization") for _, headers in net.server.asked] == ["Bearer hf_secret"] * 2
        assert [headers.get("Authorization") for _, headers in net.other.asked] == [None]

    def test_the_token_goes_to_no_other_host(self, net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        fetch(net.server.serve("/model.pth", b"x"), net.policy(), net.folder / "cache", net.around())
        assert "Authorization" not in net.server.asked[0][1]


class TestCoqui:
    def models(self, net: Net, **entry: object) -> Path:
        path = net.folder / "models.json"
        path.write_text(json.dumps({"tts_models": {"en": {"ljspeech": {"vits": entry}}}}), "utf-8")
        return path

    def test_a_name_becomes_its_archive(self, net: Net) -> None:
        url = net.server.serve("/vits.zip", zipped(("tts--vits/config.json", b"{}"), ("tts--vits/model.pth", b"w")))
        around = net.around(models=self.models(net, github_rls_url=url))
        path = fetch("tts_models/en/ljspeech/vits", net.policy(), net.folder / "cache", around)
        assert (path / "model.pth").read_bytes() == b"w"

    def test_a_name_for_whatever_a_hub_has_today_is_refused(self, net: Net) -> None:
        around = net.around(models=self.models(net, repo_id="acme/voice"))
        with pytest.raises(SourceRefused, match="name a commit: hf://acme/voice@COMMIT"):
            fetch("tts_models/en/ljspeech/vits", net.policy(), net.folder / "cache", around)

    def test_an_unknown_name(self, net: Net) -> None:
        around = net.around(models=self.models(net))
        with pytest.raises(SourceRefused, match="has no such model"):
            fetch("tts_models/en/ljspeech/nothing", net.policy(), net.folder / "cache", around)
