"""A headless Chromium on a leash: two pipes, the DevTools protocol as JSON, nothing to install besides the browser.

Pages are opened from disk, as people open them. Everything that the page complains about is kept: messages of its
console, exceptions, and what its Content-Security-Policy refused.
"""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEADLINE = 60.0
"""Seconds for one answer: a busy machine is slow, a dead browser closes its pipe."""
COMPLAINTS = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Audits.issueAdded")


def find_chromium() -> str | None:
    """Path of a Chromium, from ``SOUNDCHECK_CHROMIUM`` or the search path; None where there is none."""
    return next(filter(None, map(shutil.which, (os.environ.get("SOUNDCHECK_CHROMIUM", ""), *NAMES))), None)


@dataclass
class Browser:
    """The protocol: numbered commands out, their answers and events in, each ended by a zero byte."""

    commands: int
    answers: int
    complaints: list[str] = field(default_factory=list)
    _session: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _rest: bytes = b""

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Give one command and wait for its answer."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": arguments}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data) :]
        until = time.monotonic() + DEADLINE
        while True:
            heard = self._next(until)
            if heard.get("id") == number:
                assert "error" not in heard, f"{method}: {heard['error']}"
                return dict(heard["result"])
            if heard.get("method") in COMPLAINTS:
                self.complaints.append(json.dumps(heard["params"])[:2000])

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self.answers], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"the browser gave no answer within {DEADLINE:g} s"
            more = os.read(self.answers, 1 << 20)
            assert more, "the browser is gone"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def open(
        self, page: Path, *, width: int = 1440, height: int = 900, scheme: str = "light", script: bool = True
    ) -> None:
        """Open a file in a fresh tab and wait until it is there; complaints begin anew."""
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.complaints.clear()
        for domain in ("Page", "Runtime", "Log", "Audits"):
            self.call(f"{domain}.enable")
        self.look(width=width, height=height, scheme=scheme)
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url=page.absolute().as_uri())
        until = time.monotonic() + DEADLINE
        while self.run("document.readyState + location.protocol") != "completefile:":
            assert time.monotonic() < until, f"{page}: not loaded within {DEADLINE:g} s"

    def look(self, *, width: int = 1440, height: int = 900, scheme: str = "light", media: str = "") -> None:
        """Change the window, the colour scheme, or the medium (``print``)."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def run(self, expression: str) -> Any:
        """Value of an expression in the page; promises are waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press and release one key."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Picture of the window, or of the whole page, as PNG."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def browsing(program: str, folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own below `folder`, ended with everything that it started."""
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    # Chromium wants 3 and 4. Moved out of the way first: where one of them is 3 already, nothing would be duplicated.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]
    arguments = [
        *(program, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run"),
        *(
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--mute-audio",
            "--hide-scrollbars",
            "--no-default-browser-check",
        ),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--log-level=3"),
        *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses to start as root otherwise
        "about:blank",
    ]
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, end, place) for place, end in enumerate(ends, start=3)]
    actions += [(os.POSIX_SPAWN_DUP2, null, place) for place in range(3)]
    process = os.posix_spawn(program, arguments, dict(os.environ), file_actions=actions, setpgroup=0)
    for end in (*ends, theirs_in, theirs_out, null):
        os.close(end)
    try:
        yield Browser(commands=ours_out, answers=ours_in)
    finally:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(ours_in)
        os.close(ours_out)
