"""Voices for tests: model directories of the fake engine, and launchers that show what they started."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.sandbox.outside.launcher import ChildProcess, ProcessLauncher

if TYPE_CHECKING:
    from pathlib import Path

    from harness.core.identity import Files
    from harness.sandbox.outside.launcher import WorkerProcess

RATE = 16_000
"""Hz: what the fake engine speaks at."""


def fake_voice(folder: Path, *faults: dict[str, Any]) -> Path:
    """Write a model directory of the fake engine with planted faults."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"version": 1, "voice": "alto", "faults": list(faults)}
    (folder / "fake.json").write_text(json.dumps(content), "utf-8")
    return folder


@dataclass
class WatchedLauncher:
    """Starts real workers as :class:`ProcessLauncher` does, and keeps hold of each."""

    processes: list[ChildProcess] = field(default_factory=list)

    @property
    def isolation(self) -> str:
        return "process"

    @property
    def starts(self) -> int:
        return len(self.processes)

    def apart(self) -> ProcessLauncher:
        return ProcessLauncher()

    def start(
        self, *, model: Path, threads: int, device: str, is_tidy: bool = False, files: Files | None = None
    ) -> WorkerProcess:
        process = ProcessLauncher().start(model=model, threads=threads, device=device, is_tidy=is_tidy, files=files)
        assert isinstance(process, ChildProcess)
        self.processes.append(process)
        return process
