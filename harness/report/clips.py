"""Sound for the page: small Opus clips as data URIs within a budget, links to files beyond it."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from harness.opus import encode

if TYPE_CHECKING:
    from pathlib import Path

    from harness.core.types import GoldenRecord
    from harness.report import AudioSource

LONGEST_SECONDS: Final = 60
"""A longer file is linked: a model that does not stop speaking must not hold up its own report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Something to listen to."""

    label: str
    """Who speaks, for people."""
    source: str = ""
    """Data URI, or ``""`` where only a link is offered."""
    link: str = ""
    """URL of the file relative to the page, or ``""`` where there is no file."""
    note: str = ""
    """Why there is no player, or ``""``."""


@dataclass(slots=True, kw_only=True)
class Clips:
    """Makes clips until the budget is spent. The caller asks for the most important ones first."""

    audio: AudioSource
    folder: Path
    """Folder that the page lies in: links are relative to it."""
    budget: int = 20 * 1024 * 1024
    """Characters of data URIs that the page may still take."""
    _made: dict[Path, tuple[str, str]] = field(default_factory=dict)

    def candidate(self, sha256: str, label: str) -> Clip:
        """A rendering of the candidate."""
        return self._clip(self.audio.path(sha256), label, f"no file for {sha256[:12]}")

    def golden(self, record: GoldenRecord, label: str) -> Clip:
        """The typical repeat of the golden."""
        return self._clip(self.audio.golden_path(record), label, "the golden holds no audio for it")

    def _clip(self, path: Path | None, label: str, absent: str) -> Clip:
        if path is None:
            return Clip(label=label, note=absent)
        link = quote(os.path.relpath(path, self.folder))
        if path not in self._made:
            self._made[path] = self._source(path)
        source, note = self._made[path]
        return Clip(label=label, source=source, link=link, note=note)

    def _source(self, path: Path) -> tuple[str, str]:
        """Data URI, or why there is none."""
        if self.budget <= 0:
            return "", "not embedded: the page is large enough"
        try:
            data = _opus(path)
        except (OSError, RuntimeError, ValueError) as error:  # soundfile's errors are RuntimeErrors
            return "", f"cannot be read: {error}"
        if data is None:
            return "", f"not embedded: longer than {LONGEST_SECONDS} s"
        source = "data:audio/ogg;base64," + base64.b64encode(data).decode("ascii")
        if len(source) > self.budget:
            return "", "not embedded: the page is large enough"
        self.budget -= len(source)
        return source, ""


def _opus(path: Path) -> bytes | None:
    """The file as Opus in Ogg, mono; None where it is too long."""
    # Here, because a run that needs no page need not load libsndfile.
    import soundfile

    found = soundfile.info(str(path))
    if found.duration > LONGEST_SECONDS:
        return None
    if found.format == "OGG" and found.subtype == "OPUS":
        return path.read_bytes()
    samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    return encode(samples.mean(axis=1), rate)
