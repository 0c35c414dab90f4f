"""Where formatted runs go: ``--tts-report=FORMAT[=PATH]``, read before the run and obeyed after it.

Owns files; knows nothing of what is in them. A report that cannot be written costs one line and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.core.errors import BadInput, StorageError
from harness.core.paths import shown
from harness.report.formats.github import STEP_LIMIT
from harness.report.formats.registry import Format, find_format
from harness.storage.store import write_atomically, writing

if TYPE_CHECKING:
    from harness.core.verdict import RunResult

OPTION: Final = "--tts-report"
PRINTED: Final = "github-annotations"
"""The format that is read from a step's output."""
APPENDED: Final = "github-summary"
"""The format that other tools of the same step write to as well."""
STEP_SUMMARY: Final = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One ``--tts-report``."""

    format: Format
    path: Path | None
    """As typed; None for the format's own place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of one request."""

    printed: str = ""
    """Lines to print as they are, for a machine that reads along."""
    told: str = ""
    """One line for people: where the report lies."""
    problem: str = ""
    """One line for people: why there is no report."""


def read_requests(texts: Iterable[str]) -> tuple[Request, ...]:
    """What was asked for, checked before anything is rendered: a typing error must not show after an hour.

    Raises:
        BadInput: A format is unknown, a path is empty, or two reports would share a file.
    """
    requests = [_request(text) for text in texts]
    taken: set[tuple[str, Path | None]] = set()
    for one in requests:
        place = ("", one.path.absolute()) if one.path else (one.format.name, None)
        if place in taken:
            where = shown(one.path) if one.path else one.format.name
            raise BadInput(f"{OPTION}: {where} is asked for twice; name a path of its own for each report")
        taken.add(place)
    return tuple(requests)


def _request(text: str) -> Request:
    name, equals, path = text.partition("=")
    if equals and not path.strip():
        raise BadInput(f"{OPTION}: expected FORMAT or FORMAT=PATH, got {text[:80]!r}")
    return Request(format=find_format(name.strip(), OPTION), path=Path(path) if equals else None)


def deliver(
    requests: Iterable[Request], result: RunResult, *, folder: Path, environment: Mapping[str, str]
) -> list[Delivery]:
    """Write every report that was asked for, each regardless of what became of the others.

    Args:
        requests: What was asked for.
        result: The run.
        folder: The run directory: a report without a path goes there.
        environment: Names the step summary, where there is one.
    """
    done = []
    for request in requests:
        data = request.format.write(result)
        try:
            done.append(_put(request, data, folder, environment))
        except StorageError as error:
            done.append(Delivery(problem=f"{OPTION}={request.format.name}: {error}"))
    return done


def _put(request: Request, data: bytes, folder: Path, environment: Mapping[str, str]) -> Delivery:
    name, path = request.format.name, request.path
    if path is None and name == PRINTED:
        return Delivery(printed=data.decode("utf-8"))
    if path is None and name == APPENDED and environment.get(STEP_SUMMARY):
        step = Path(environment[STEP_SUMMARY])
        append_summary(step, data)
        return Delivery(told=f"{name} appended to ${STEP_SUMMARY}")
    path = folder / request.format.file_name if path is None else path
    write_report(path, data)
    return Delivery(told=f"{name} {shown(path.absolute())}")


def write_report(path: Path, data: bytes) -> None:
    """Write a report so that a reader (a collector, say) sees the old one or the new one.

    The new file takes the place of the old one, so what is no plain file is refused: as root, the place of
    ``/dev/stdout`` could be taken as well.

    Raises:
        StorageError: It cannot be written.
    """
    with writing(path, OPTION):
        is_free = not path.is_symlink() and (path.is_file() or not path.exists())
    if not is_free:
        raise StorageError(f"{path}: expected a new path or a plain file, got a folder, a link or a device")
    write_atomically(path, data, option=OPTION)


def append_summary(path: Path, data: bytes) -> None:
    """Append to a step summary, unless GitHub would then drop all of it.

    Raises:
        StorageError: It cannot be written, or has no room left.
    """
    with writing(path, OPTION):
        size = path.stat().st_size if path.exists() else 0
        if size + len(data) > STEP_LIMIT:
            raise StorageError(f"{path}: the step summary has no room left ({size} of {STEP_LIMIT} bytes are taken)")
        with path.open("ab") as file:
            file.write(b"\n" + data if size else data)
