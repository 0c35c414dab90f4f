"""Suite files: read, parsed, and what they leave to be generated drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.language import heard_as
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


def speakers_of(suites: Sequence[SuiteFileContent]) -> tuple[str, ...]:
    """Who is to say all probes, where suites choose: names, ``all`` or ``sample:N``; nobody where none does.

    Raises:
        BadInput: They choose otherwise than each other.
    """
    chosen = {content.suite.speakers: content.suite.name for content in suites if content.suite.speakers}
    if len(chosen) < 2:
        return next(iter(chosen), ())
    (first, name), (other, where) = list(chosen.items())[:2]
    raise BadInput(
        f"{where}: expected speaker {', '.join(first)} as in {name}, got {', '.join(other)}; gate each suite on its "
        "own, or choose with --tts-speaker"
    )


def language_of(suites: Sequence[SuiteFileContent]) -> str:
    """The language that all probes share: Whisper listens for one, and a voice speaks one region of it.

    Returns:
        With its region where a suite names one (``pt-br``).

    Raises:
        BadInput: There are several.
    """
    probes = [probe for content in suites for probe in content.suite.probes]
    other = next((probe for probe in probes if probe.language != probes[0].language), None)
    if other is None:
        return _region_of(suites) or (probes[0].language if probes else "en")
    raise BadInput(
        f"{other.source}:{other.line}: expected language {probes[0].language!r} as in {probes[0].source}, got "
        f"{other.language!r}; a run and a golden hear one language, so put the other into a suite and run of its own"
    )


def _region_of(suites: Sequence[SuiteFileContent]) -> str:
    """The only tag with a region among the suites; ``""`` for none."""
    named = [content for content in suites if content.suite.language != heard_as(content.suite.language)]
    other = next((one for one in named if one.suite.language != named[0].suite.language), None)
    if other is not None:
        raise BadInput(
            f"{other.path}: expected language {named[0].suite.language!r} as in {named[0].path}, got "
            f"{other.suite.language!r}; a run speaks one region of a language, so gate each on its own"
        )
    return named[0].suite.language if named else ""
