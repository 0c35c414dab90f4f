"""Hands model directories to Coqui itself and writes down what it did: run as a program, in a process of its own.

Usage: ``python config_proof.py DIRECTORY``. Every folder in DIRECTORY is a model. The reply is one JSON object on
standard output: for each folder what was marked, opened, asked of the loopback server, or thrown. Connections to
anywhere but the loopback are refused before they are made.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

seen: dict[str, list[str]] = {"opened": [], "asked": []}


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what is opened; refuse to leave the machine."""
    if event == "open" and isinstance(arguments[0], str):
        seen["opened"].append(arguments[0])
    elif event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in ("127.0.0.1", "::1"):
        raise PermissionError(f"no connection to {arguments[1][0]}")


class Server(http.server.BaseHTTPRequestHandler):
    """Answers every request with an empty JSON object."""

    def do_GET(self) -> None:
        seen["asked"].append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_HEAD(self) -> None:
        seen["asked"].append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def load(folder: Path) -> str:
    """Load a model as Coqui's synthesizer begins to; returns what was thrown."""
    from TTS.config import load_config
    from TTS.tts.layers.bark.load_model import load_model
    from TTS.tts.models import setup_model

    path = next(path for path in sorted(folder.iterdir()) if path.name in ("config.json", "config.yml"))
    try:
        config = load_config(str(path))
        if config.model == "bark":
            load_model(str(folder / "text_2.pt"), "cpu", config)
        setup_model(config)
    except Exception as error:  # noqa: BLE001 - whatever a hostile configuration makes it throw
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


def seconds(folder: Path, letters: int) -> float:
    """How long Coqui takes to refuse a comment that is never closed."""
    from TTS.config import read_json_with_comments

    path = folder / "unclosed.json"
    path.write_text("/*" + "n" * letters, "utf-8")
    begun = time.process_time()
    with contextlib.suppress(ValueError):
        read_json_with_comments(str(path))
    return time.process_time() - begun


def main(root: Path) -> None:
    """Load every folder and report."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    import TTS.tts.models.glow_tts
    import TTS.tts.models.vits  # noqa: F401 - loaded once, before anything is counted

    sys.addaudithook(watch)
    report: dict[str, Any] = {"growth": [seconds(root, 14), seconds(root, 20)]}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        for path in folder.glob("config*"):
            path.write_bytes(path.read_bytes().replace(b"http://127.0.0.1:9", base.encode()))
        marker = root / f"{folder.name}.marker"
        os.environ["SOUNDCHECK_MARKER"] = str(marker)
        os.chdir(folder)
        sys.path.insert(0, str(folder))  # what python -c and python -m do with the working directory
        seen["opened"], seen["asked"] = [], []
        with contextlib.redirect_stdout(sys.stderr):
            thrown = load(folder)
        sys.path.remove(str(folder))
        sys.modules.pop("payload", None)
        report[folder.name] = {
            "marked": marker.read_text("utf-8") if marker.exists() else "",
            "opened": [path for path in seen["opened"] if path.startswith(str(root))],
            "asked": seen["asked"],
            "thrown": thrown,
        }
    server.shutdown()
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
