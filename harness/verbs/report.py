"""``soundcheck report``: write a run's reports again from its records."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.verbs.common import add_format, verb

EXIT_CODES = {"pass": 0, "fail": 1, "error": 3, "inconclusive": 4}


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "report",
        "write the reports of a run again from its records, and print its verdict",
        "soundcheck report .soundcheck/runs/3f2a9c01d7e4",
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="run directory")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write and print."""
    import shutil

    from harness.goldens import find_golden, read_golden
    from harness.options import golden_folders
    from harness.report import html, results, terminal
    from harness.session import RunAudio
    from harness.store import RunDirectory, Store, write_atomically

    folder: Path = options.folder.absolute()
    store = Store(folder.parent.parent)
    result = RunDirectory(store.root, folder.name).result()
    name = result.info.golden
    golden = read_golden(find_golden(name, golden_folders(Path("golden")))) if name else None
    data = results.to_json(result)
    write_atomically(folder / "results.json", data)
    html.write(result, RunAudio(store, golden), folder / "report.html")
    if options.format == "json":
        sys.stdout.write(data.decode("utf-8"))
    else:
        width = shutil.get_terminal_size().columns
        for line, _ in terminal.summary_lines(result, run_dir=str(options.folder), width=width):
            print(line)
    return EXIT_CODES[result.verdict.value]
