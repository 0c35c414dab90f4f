"""What verbs share: talk on stderr, settings from a command line."""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import BadInput
from harness.core.exits import Exit
from harness.core.text import cut, inert, inert_json
from harness.run.options import BY_STEM, PARTED, RUNNING, add_option
from harness.run.ticker import Ticker

if TYPE_CHECKING:
    from harness.run.settings import Settings
    from probes.family import Family

MAX_PASSWORD_BYTES = 64 << 10


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(f"{wipe()}soundcheck: {inert(line)}", file=sys.stderr, flush=True)


def wipe() -> str:
    """What takes a line that moves from a terminal."""
    return "\r\033[K" if sys.stderr.isatty() else ""


def _show(line: str) -> None:
    room = shutil.get_terminal_size().columns - 1
    text = cut(f"soundcheck: {inert(line)}", room) if sys.stderr.isatty() else f"soundcheck: {inert(line)}\n"
    print(f"{wipe()}{text}", end="", file=sys.stderr, flush=True)


say_progress = Ticker(_show, is_terminal=lambda: sys.stderr.isatty(), clock=time.monotonic)
"""The same for news that replace each other: one line that moves on a terminal, a line a minute elsewhere."""


def print_json(content: object) -> None:
    """Data for machines: one line of JSON, keys sorted, ASCII, so that no phrase reaches a terminal as it is."""
    print(json_text(content))


def json_text(content: object, indent: int | None = None) -> str:
    """The same as a text, in which no name or phrase is a command to a pipeline that shows it."""
    return inert_json(json.dumps(content, indent=indent, sort_keys=True, allow_nan=False))


def verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, example: str
) -> argparse.ArgumentParser:
    """A verb's parser, with an example in its help."""
    return verbs.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_format(parser: argparse.ArgumentParser, *more: str) -> None:
    """``--format text|json``, and what else a verb writes."""
    parser.add_argument(
        "--format", choices=("text", "json", *more), default="text", help="what stdout carries (default: text)"
    )


def add_running(parser: argparse.ArgumentParser) -> None:
    """Options of verbs that speak and listen."""
    for stem in RUNNING:
        add_option(parser, stem)


def add_parted(parser: argparse.ArgumentParser, what: str) -> None:
    """Options of verbs whose work can be done in parts.

    Args:
        parser: The verb's.
        what: What a part does, for its help.
    """
    add_option(
        parser, "shard", help=f"only {what}, the I-th of N parts, and leave the rest to the same command without"
    )
    add_option(parser, "on")
    add_option(parser, "shards", help="how many parts are made for --on (default: two here, else one for each node)")
    add_option(parser, "store")


def in_parts(options: argparse.Namespace, settings: Settings) -> None:
    """Have the parts of this command done, where somebody asked for that.

    Raises:
        SoundcheckError: They cannot be placed.
    """
    if not settings.on:
        return
    from harness.run.part import COMMAND, Given
    from harness.run.parts import done_in_parts

    given = Given(module=COMMAND, arguments=options.typed, ending=Exit.UNDECIDED)
    done_in_parts(given, settings, tell=say, progress=say_progress)


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Where gates run that are not processes of this driver."""
    told = "place gates by Ray: ray (a cluster of this machine), ray:3 (of three nodes here), or a cluster's address"
    add_option(parser, "on", metavar="CLUSTER", help=f"{told} (extra ray; default: here, by the driver itself)")


def add_drawing(parser: argparse.ArgumentParser) -> None:
    """Options that shape generated probes."""
    parser.add_argument(
        "--families-from",
        action="append",
        default=[],
        type=Path,
        metavar="FILE.py",
        help="also take families from pytest_tts_probes() in this file, which is executed: your own conftest.py",
    )
    add_option(parser, "salt")


def own_families(files: Sequence[Path]) -> tuple[Family, ...]:
    """The families that Python files of the user's register.

    Raises:
        BadInput: A file cannot be executed or has no ``pytest_tts_probes``.
    """
    from harness.suites.expansion import registered

    results: list[object] = []
    for file in files:
        spec = importlib.util.spec_from_file_location(f"_soundcheck_families_{len(results)}", file)
        if not file.is_file() or spec is None or spec.loader is None:
            raise BadInput(f"{file}: expected a Python file with pytest_tts_probes(), got none")
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # noqa: BLE001 - the user's own code may raise anything
            raise BadInput(f"{file}: cannot be executed ({type(error).__name__}: {error})") from None
        if not callable(register := getattr(module, "pytest_tts_probes", None)):
            raise BadInput(f"{file}: expected a function pytest_tts_probes(), got none")
        results.append(register())
    return registered(results)


def settings_of(options: argparse.Namespace, *, model: str, seed: int, takes: int) -> Settings:
    """Settings from a parsed command line.

    Raises:
        BadInput: A value is out of range.
    """
    from harness.run.choices import Choice, Choices  # a verb that reads files needs none
    from harness.run.settings import make_settings

    chosen = {
        stem: value
        for stem in (*RUNNING, *PARTED, "salt", "policy", "reference", "alpha")
        if (value := getattr(options, stem.replace("-", "_"), None)) is not None
    }
    chosen |= {"model": model, "seed": seed, "takes": takes}
    by_stem = {stem: Choice(value=value, name=BY_STEM[stem].flag) for stem, value in chosen.items()}
    from harness.models.judged import Judged, refuse_inside

    asked = [("--families-from", path) for path in getattr(options, "families_from", ())]
    asked += [("--suite", path) for path in getattr(options, "suite", None) or ()]
    asked += [("--words", path) for path in (getattr(options, "words", None),) if path is not None]
    judged = {"model": model} | ({"reference": named} if (named := getattr(options, "reference", None)) else {})
    refuse_inside(Judged.of(**judged), asked)
    return make_settings(Choices(by_stem=by_stem, project=Path.cwd(), here=Path.cwd()))


def password_of(path: Path | None) -> bytes | None:
    """The first line of a file that holds a key's password; None where none is named.

    Raises:
        BadInput: It cannot be read.
    """
    if path is None:
        return None
    from harness.storage.smallfile import read_input

    return read_input(path, MAX_PASSWORD_BYTES, "a password").split(b"\n")[0].rstrip(b"\r")
