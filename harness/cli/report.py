"""``soundcheck report``: write a run's reports again from its records."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import say, verb
from harness.core.errors import BadInput, SoundcheckError
from harness.core.exits import EXIT_OF
from harness.report.formats.registry import FORMATS, find_format

if TYPE_CHECKING:
    from harness.core.verdict import RunInfo
    from harness.goldens.folder import Golden

TEXT = "text"


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "report",
        "write the reports of a run again from its records, and print its verdict",
        "soundcheck report .soundcheck/runs/3f2a9c01d7e4 --format sarif --out results.sarif\n\n"
        "a run that was interrupted is reported as far as it came, and marked incomplete\n"
        "exit codes:\n  0 pass, 1 fail, 3 error, 4 inconclusive",
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="run directory")
    listed = "; ".join(f"{one.name}: {one.about.replace('%', '%%')}" for one in FORMATS.values())
    parser.add_argument(
        "--format",
        type=_format_name,
        default=TEXT,
        metavar="FORMAT",
        help=f"what stdout carries: {TEXT} (default), or one of: {listed}",
    )
    parser.add_argument("--out", type=Path, metavar="PATH", help="write the format to this file instead of stdout")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write and print.

    Raises:
        BadInput: ``--out`` without a format that can be written.
        SoundcheckError: No run lies there, or a report cannot be written.
    """
    import shutil

    from harness.report import terminal
    from harness.report.delivery import write_report
    from harness.report.formats import results
    from harness.report.page import html
    from harness.run.run import RunAudio
    from harness.storage.rundirectory import RunDirectory
    from harness.storage.store import Store, write_atomically

    if options.out and options.format == TEXT:
        raise BadInput(f"--out: say which format to write with --format, one of {', '.join(FORMATS)}")
    folder: Path = options.folder.absolute()
    store = Store(folder.parent.parent)
    result = RunDirectory(store.root, folder.name).result()
    chosen = FORMATS.get(options.format)
    if chosen and (options.out or chosen.name != "json"):
        data = chosen.write(result)
        if options.out:
            write_report(options.out, data)
            say(f"{result.verdict.upper()}; {chosen.name} written to {options.out}")
        else:
            _print(data)
        return EXIT_OF[result.verdict]
    data = results.to_json(result)
    write_atomically(folder / "results.json", data)
    html.write(result, RunAudio(store, _golden(result.info)), folder / "report.html")
    if chosen:
        _print(data)
    else:
        width = shutil.get_terminal_size().columns
        for line, _ in terminal.summary_lines(result, run_dir=str(options.folder), width=width):
            print(line)
    return EXIT_OF[result.verdict]


def _golden(info: RunInfo) -> Golden | None:
    """The golden that the run was compared with; since then, another of its name may have been accepted.

    Records hold everything but the sound, so a report without it is better than none.
    """
    from harness.goldens.folder import find_golden, read_golden
    from harness.goldens.lifecycle import kept_golden
    from harness.goldens.places import golden_folders

    if info.golden is None or info.golden_digest is None:
        return None
    try:
        path = find_golden(info.golden, golden_folders(Path("golden")))
        golden = read_golden(path)
    except SoundcheckError as error:
        say(f"without the golden's sound: {error}")
        return None
    if golden.digest == info.golden_digest:
        return golden
    kept = kept_golden(path, info.golden_digest)
    if kept is None:
        say(f"without the golden's sound: {path} is another golden than the run was compared with")
    return kept


def _format_name(text: str) -> str:
    """A name that is known; argparse would else list all of them without a suggestion."""
    if text == TEXT:
        return text
    try:
        return find_format(text, "--format").name
    except BadInput as error:
        raise argparse.ArgumentTypeError(str(error).partition(": ")[2]) from None


def _print(data: bytes) -> None:
    """To stdout byte for byte: a terminal's encoding or line ends must not change a file that is piped on."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
