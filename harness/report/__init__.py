"""Writers over a finished run: terminal, JSON, JUnit, HTML. Each is a function of the run's records alone.

Every writer takes a :class:`~harness.core.verdict.RunResult` and returns text or bytes. None of them
measures, decides or reads the clock, so a report can be written again, years later, from the run directory.

    terminal.summary_lines     what pytest prints at the end
    terminal.failure_text      what pytest prints for one failed item
    page.html.render           the page for people: cards, page, pairs and timeline say what is on it, clips and spectra
                               make what is heard and seen
    formats.results.to_json    results.json, described by ``harness/schemas/results.schema.json``
    formats.junit.properties   properties of one JUnit test case
    formats.registry.FORMATS   everything else, by name: SARIF, GitHub, GitLab, CSV, Prometheus
    delivery.deliver           puts what ``--tts-report`` asks for where it belongs
"""

from pathlib import Path
from typing import Protocol

from harness.core.types import GoldenRecord


class AudioSource(Protocol):
    """Where a report finds sound. A missing file is not an error: the report then names the digest only."""

    def path(self, sha256: str) -> Path | None:
        """FLAC file of a candidate's rendering."""
        ...

    def golden_path(self, record: GoldenRecord) -> Path | None:
        """Opus-in-Ogg file of one typical golden repeat."""
        ...


def audio_name(sha256: str) -> str:
    """Name of a rendering below a run directory: short enough to read, long enough to be unique."""
    return f"audio/{sha256[:12]}.flac"
