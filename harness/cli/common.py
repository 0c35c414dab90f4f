"""What verbs share: talk on stderr, settings from a command line."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import BadInput
from harness.core.text import printable
from harness.run.settings import (
    DEFAULT_ASR,
    DEFAULT_MEMORY_GB,
    DEVICES,
    ISOLATIONS,
    SALT_VARIABLE,
    Settings,
    check,
    checked_salt,
    default_threads,
    default_workers,
    golden_folders,
    resolve_device,
)

if TYPE_CHECKING:
    from probes.family import Family


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(f"soundcheck: {line}", file=sys.stderr, flush=True)


def say_progress(line: str) -> None:
    """The same for news that replace each other: one line on a terminal, nothing elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\033[Ksoundcheck: {line}", end="", file=sys.stderr, flush=True)


def print_json(content: object) -> None:
    """Data for machines: one line of JSON, keys sorted, ASCII, so that no phrase reaches a terminal as it is."""
    print(json.dumps(content, sort_keys=True, allow_nan=False))


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


def add_golden_dir(parser: argparse.ArgumentParser) -> None:
    """Where goldens lie."""
    parser.add_argument(
        "--golden-dir",
        type=Path,
        default=Path("golden"),
        metavar="DIR",
        help="folder in which goldens are looked for by name (default: golden)",
    )


def add_running(parser: argparse.ArgumentParser) -> None:
    """Options of verbs that speak and listen."""
    parser.add_argument("--asr", default=DEFAULT_ASR, metavar="SPEC", help=f"transcriber (default: {DEFAULT_ASR})")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where voice and Whisper run")
    parser.add_argument(
        "--threads", type=int, default=0, metavar="N", help="CPU threads of the voice and of Whisper, each"
    )
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes of the voice that speak at a time"
    )
    parser.add_argument(
        "--timeout", type=float, default=60.0, metavar="S", help="seconds for a batch besides its length"
    )
    parser.add_argument("--isolation", choices=ISOLATIONS, default="auto", help="level of the sandbox that must hold")
    parser.add_argument("--allow-unsandboxed", action="store_true", help="go on where no sandbox holds")
    parser.add_argument(
        "--dir",
        type=Path,
        default=Path(".soundcheck"),
        metavar="DIR",
        help="folder of runs and renderings",
    )


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
    parser.add_argument(
        "--salt", metavar="TEXT", help=f"draw generated probes privately; only its sha256 is kept (or {SALT_VARIABLE})"
    )


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
    device = resolve_device(options.device)
    settings = Settings(
        model=model,
        model_name="candidate",
        golden="",
        golden_folders=golden_folders(Path("golden")),
        asr=options.asr,
        takes=takes,
        seed=seed,
        alpha=0.01,
        gate="ci",
        device=device,
        threads=options.threads or default_threads(),
        workers=options.workers or default_workers(device),
        folder=options.dir.absolute(),
        memory_gb=DEFAULT_MEMORY_GB,
        timeout=options.timeout,
        fresh=False,
        isolation=options.isolation,
        allow_unsandboxed=options.allow_unsandboxed,
        salt=checked_salt(getattr(options, "salt", None)),
    )
    check(settings)
    return settings


def password_of(path: Path | None) -> bytes | None:
    """The first line of a file that holds a key's password; None where none is named.

    Raises:
        BadInput: It cannot be read.
    """
    if path is None:
        return None
    try:
        return path.read_bytes().split(b"\n")[0].rstrip(b"\r")
    except OSError as error:
        raise BadInput(printable(f"{path}: cannot be read ({error.strerror})")) from None
