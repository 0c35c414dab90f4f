"""Where a service listens, to whom, and the life of the process that does: it ends with the service."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from harness.core.errors import BadInput, SoundcheckError
from harness.core.text import cut, printable
from harness.fleet.serving.front import Orders
from harness.storage.smallfile import read_input

LOOPBACK: Final = "127.0.0.1"
BACKLOG: Final = 64
TOKEN_BYTES: Final = 32
"""At least so many, for nobody counts how often somebody guesses."""
MAX_TOKEN_BYTES: Final = 4 << 10
NEEDED: Final = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "VIRTUAL_ENV")
"""Variables that the front gets: no key of a store, no salt, nobody's credentials."""
END_SECONDS: Final = 5.0
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen, and who may come."""

    host: str
    """An address of this machine."""
    port: int
    """0 for any that is free."""
    names: tuple[str, ...] = ()
    """What else this machine may be called by whoever asks."""
    token: str = ""
    """What has to be known, ``""`` for nothing."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.host).is_loopback


def read_address(typed: str, names: Sequence[str], token: Path | None) -> Address:
    """An address as it was typed: a port, or an IP address and a port.

    Args:
        typed: ``8321``, ``10.0.0.7:8321``, ``[::1]:8321``.
        names: Names by which it may be asked for.
        token: A file whose first line has to be known.

    Raises:
        BadInput: It is none; or it reaches beyond this machine, and nothing has to be known.
    """
    host, colon, port = typed.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535 or (colon and not host):
        raise BadInput(printable(f"--http: expected PORT or ADDRESS:PORT, got {cut(typed, 60)!r}"))
    try:
        place = ipaddress.ip_address(host.removeprefix("[").removesuffix("]") or LOOPBACK)
    except ValueError:
        raise BadInput(printable(f"--http: expected an IP address of this machine, got {cut(host, 60)!r}")) from None
    if wrong := [name for name in names if not _NAME.fullmatch(name.lower())]:
        raise BadInput(printable(f"--name: expected a host's name, got {cut(wrong[0], 60)!r}"))
    if not place.is_loopback and token is None:
        raise BadInput(f"--http: {place} is reached from elsewhere, which needs --token-file")
    if place.is_unspecified and not names:
        raise BadInput(f"--http: {place} is every address of this machine: say with --name by which name it is asked")
    known = tuple(name.lower() for name in names)
    return Address(host=str(place), port=int(port), names=known, token=_token(token) if token else "")


def _token(path: Path) -> str:
    line = read_input(path, MAX_TOKEN_BYTES, "a token").split(b"\n")[0].rstrip(b"\r")
    if len(line) < TOKEN_BYTES or not re.fullmatch(rb"[!-~]+", line):
        what = f"expected a line of at least {TOKEN_BYTES} characters without spaces (openssl rand -hex 32)"
        raise BadInput(printable(f"--token-file: {path}: {what}"))
    return line.decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A front that listens, or none."""

    address: str = ""
    """Where, for people."""
    process: subprocess.Popen[bytes] | None = None

    def require(self) -> None:
        """See that it still does.

        Raises:
            SoundcheckError: It has ended.
        """
        if self.process and self.process.poll() is not None:
            code = self.process.returncode
            raise SoundcheckError(f"what listens at {self.address} has ended ({code}); what waits is kept")


@contextlib.contextmanager
def listening(address: Address | None, lock: int, about: dict[str, str], most: int) -> Iterator[Listening]:
    """Listen, for as long as the context is open; to nobody where no address is given.

    Args:
        address: Where.
        lock: Held by the front too: a service that begins anew waits for its port.
        about: Where queue, answers and uploads lie, by the names of :class:`Orders`.
        most: How many may wait.

    Raises:
        SoundcheckError: Nobody can listen there.
    """
    if address is None:
        yield Listening()
        return
    with _bound(address) as bound:
        host, port = bound.getsockname()[:2]
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        orders = Orders(
            above=os.getpid(),
            descriptor=bound.fileno(),
            most=most,
            hosts=(shown, *([f"localhost:{port}"] if address.is_loopback else [])),
            names=address.names,
            token=address.token,
            **about,
        )
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.fleet.serving.front"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the service, which ends it
            pass_fds=(bound.fileno(), lock),
            env={name: value for name, value in os.environ.items() if name in NEEDED},
        )
    try:
        assert process.stdin
        with contextlib.suppress(OSError), process.stdin as stdin:
            stdin.write(msgspec.json.encode(orders))
        yield Listening(address=f"http://{shown}", process=process)
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _bound(address: Address) -> socket.socket:
    kind = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(kind, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address.host, address.port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        where = f"{address.host}:{address.port}"
        raise SoundcheckError(f"--http: {where}: cannot listen there ({os.strerror(error.errno or 0)})") from None
    return made
