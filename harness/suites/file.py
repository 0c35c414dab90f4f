"""Suite files: read, parsed, and what they leave to be generated drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.speakers import spoken_by
from harness.storage.smallfile import read_input_text
from harness.storage.store import digest_of
from harness.suites.expansion import PUBLIC, Drawing, expand
from harness.suites.parse import Suite, parse_suite

MAX_SUITE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFileContent:
    """A suite that was read from disk."""

    suite: Suite
    path: Path
    sha256: str
    """Of the file; where probes are generated, of it and of all texts."""


def read_suite(path: Path, drawing: Drawing = PUBLIC) -> SuiteFileContent:
    """Read and parse a suite file, and draw what it leaves to be generated.

    Raises:
        BadInput: One line with ``path:line``.
    """
    source, data = read_input_text(path, MAX_SUITE_BYTES, "a suite", advice="split it")
    suite = expand(parse_suite(source, path.name), drawing)
    sha256 = hashlib.sha256(data).hexdigest()
    if suite.draws:  # the same file, other probes: another suite
        sha256 = digest_of([sha256, [probe.text for probe in suite.probes]])
    return SuiteFileContent(suite=suite, path=path, sha256=sha256)


def said_by(content: SuiteFileContent, speakers: Sequence[str]) -> SuiteFileContent:
    """A suite whose probes are said by each of several speakers; as it is where there are none."""
    probes = spoken_by(content.suite.probes, speakers)
    return replace(content, suite=replace(content.suite, probes=probes)) if speakers else content


def language_of(suites: Sequence[SuiteFileContent]) -> str:
    """The language that all probes share: Whisper listens for one.

    Raises:
        BadInput: There are several.
    """
    probes = [probe for content in suites for probe in content.suite.probes]
    other = next((probe for probe in probes if probe.language != probes[0].language), None)
    if other is None:
        return probes[0].language if probes else "en"
    raise BadInput(
        f"{other.source}:{other.line}: expected language {probes[0].language!r} as in {probes[0].source}, got "
        f"{other.language!r}; a run and a golden hear one language, so put the other into a suite and run of its own"
    )
