"""``soundcheck merge``: brings the folders of several machines together, so that one of them judges."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from harness.cli.common import add_format, print_json, say, say_progress, verb
from harness.core.exits import Exit
from harness.core.text import counted
from harness.run.options import add_option

EXAMPLES = """\
soundcheck gate my.probes.yaml --model voice --golden reference --shard 1/2 --dir one
  soundcheck gate my.probes.yaml --model voice --golden reference --shard 2/2 --dir two
  soundcheck merge one two
  soundcheck gate my.probes.yaml --model voice --golden reference"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(verbs, "merge", "bring together what the shards of a run have spoken and heard", EXAMPLES)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="a shard's folder of runs")
    add_option(parser, "dir", help="folder that they are brought into (default: .soundcheck)")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Bring them together; a folder that is none ends it before anything is written."""
    from harness.core.errors import BadInput
    from harness.storage.merging import merge

    if missing := next((folder for folder in options.folders if not folder.is_dir()), None):
        raise BadInput(f"{missing}: expected a shard's folder of runs, got no folder")
    every = []
    for folder in options.folders:
        made = merge(options.dir, folder, say=say_progress)
        every.append(made)
        broken = f", {made.broken} left out as broken or half written" if made.broken else ""
        say(f"{folder}: {counted(made.brought, 'record')} brought, {made.known} known{broken}")
    if options.format == "json":
        print_json([{**asdict(one), "folder": str(one.folder)} for one in every])
    say(f"{options.dir}: give the gate's command without --shard, and it judges")
    return Exit.DONE
