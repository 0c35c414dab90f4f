"""Services under test: uploads by digest, fake gates, and a front on a port of its own."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.fleet.course import Way
from harness.fleet.looking import Terms
from harness.fleet.serving.answers import Answer, Reasons
from harness.fleet.serving.listening import Address, Listening, listening
from harness.fleet.serving.rules import Rules
from harness.fleet.serving.service import Service
from harness.models.files import digest_of_directory
from harness.placing.local import LocalPlaces
from harness.placing.tasks import Task
from harness.storage.leases import lock_alone
from tests.conftest import TWO_PHRASES
from tests.fake_gates import FakeGates

LIST = """\
version = 1
[defaults]
suites = ["two.probes.yaml"]
asr = "fake"
cost = "off"
[serve]
uploads = "uploads"
"""
UNKNOWN = "ab" * 32


def project(folder: Path, more: str = "") -> Path:
    """A list that only has uploads; its path."""
    (folder / "uploads").mkdir(parents=True, exist_ok=True)
    (folder / "two.probes.yaml").write_text(TWO_PHRASES, "utf-8")
    (folder / "fleet.toml").write_text(LIST + more, "utf-8")
    return folder / "fleet.toml"


def upload(folder: Path, mark: str, **content: Any) -> str:
    """A fake voice with files of its own among the uploads, in the folder of its digest; that digest."""
    made = folder / "uploads" / f"new-{mark}"
    made.mkdir(parents=True)
    (made / "fake.json").write_text(json.dumps({"version": 1, "faults": []} | content) + " " * len(mark), "utf-8")
    (made / "README.md").write_text(mark, "utf-8")
    digest = digest_of_directory(made)
    made.rename(made.with_name(digest))
    return digest


class SlowGates(LocalPlaces):
    """Gates of which nobody hears at the first two turns."""

    turns = 2

    def wait(self, seconds: float | None = None) -> tuple[Task, int] | None:
        if self.turns:
            self.turns -= 1
            return None
        return super().wait(seconds)


class Served:
    """A service with fake gates, in the current folder."""

    def __init__(self, folder: Path, gates: FakeGates | None = None, **about: Any) -> None:
        self.told: list[str] = []
        self.gates = gates or FakeGates()
        self.terms = Terms(folder=folder / ".soundcheck")
        jobs = about.pop("jobs", 1)
        self.way = Way(tell=self.told.append, progress=lambda _: None, now="", make=self.gates.make, jobs=jobs)
        self.rules = Rules(folder / "fleet.toml", self.terms, lambda _: None)
        shown = {"most": 100, "reasons": Reasons.ALL} | about
        self.service = Service(self.rules, self.terms, self.way, **shown)
        self.service.begin()

    def until_idle(self, place: type[LocalPlaces] = LocalPlaces, most: int = 50) -> list[Answer]:
        """Turn until nothing waits; what was answered."""
        found: list[Answer] = []
        with place() as gates:
            for _ in range(most):
                if not self.service.turn(gates, found.append):
                    return found
        raise AssertionError(f"not idle after {most} turns")

    def queue_names(self) -> list[str]:
        """Digests that wait."""
        return sorted(path.stem for path in self.service.queue_folder.glob("*.json"))

    @contextlib.contextmanager
    def front(self, **about: Any) -> Iterator[Listening]:
        """The service's front, on a free port of this machine."""
        address = Address(**({"host": "127.0.0.1", "port": 0} | about))
        lock = lock_alone(self.service.folder / "lock")
        assert lock is not None
        with listening(address, lock, self.service.places, 100) as front:
            yield front


def port_of(front: Listening) -> int:
    return int(front.address.rpartition(":")[2])


def sent(front: Listening, data: bytes, *, then: bytes = b"", seconds: float = 30) -> bytes:
    """Whatever comes back for some bytes, until the front closes."""
    with socket.create_connection(("127.0.0.1", port_of(front)), timeout=seconds) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(data)
            connection.sendall(then)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while more := connection.recv(65536):
                found += more
        return found


def asked(front: Listening, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, str]:
    """Status, content and head of what an ordinary client gets."""
    lines = {"Host": f"127.0.0.1:{port_of(front)}"}
    data = b""
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    found, _, content = sent(front, f"{head}\r\n".encode() + data).partition(b"\r\n\r\n")
    status = int(found.split()[1])
    return status, json.loads(content) if content else None, found.decode("latin-1")
