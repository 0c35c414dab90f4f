"""``soundcheck merge``: brings together what several machines have spoken and heard, so that one of them judges."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import add_format, print_json, say, say_progress, verb
from harness.core.exits import Exit
from harness.core.text import counted
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.storage.objects import Objects

EXAMPLES = """\
soundcheck gate my.probes.yaml --model voice --golden reference --shard 1/2 --dir one
  soundcheck gate my.probes.yaml --model voice --golden reference --shard 2/2 --dir two
  soundcheck merge one two
  soundcheck gate my.probes.yaml --model voice --golden reference

  soundcheck merge s3://bucket/voices --dir together"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(verbs, "merge", "bring together what the shards of a run have spoken and heard", EXAMPLES)
    parser.add_argument(
        "folders", nargs="+", metavar="FOLDER", help="a shard's folder of runs, or the URL of what shards have shared"
    )
    add_option(parser, "dir", help="folder that they are brought into (default: .soundcheck)")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Bring them together; a folder that is none ends it before anything is written."""
    from harness.core.errors import BadInput
    from harness.storage.address import is_address, read_address
    from harness.storage.merging import merge, merge_shared
    from harness.storage.sealed import store_key

    places: list[Path | Objects] = [
        read_address(word, name="merge").objects() if is_address(word) else Path(word) for word in options.folders
    ]
    if missing := next((place for place in places if isinstance(place, Path) and not place.is_dir()), None):
        raise BadInput(f"{missing}: expected a shard's folder of runs, got no folder")
    every = []
    for place in places:
        if isinstance(place, Path):
            made = merge(options.dir, place, say=say_progress)
        else:
            made = merge_shared(options.dir, place, tell=say, say=say_progress, key=store_key(os.environ))
        every.append(made)
        broken = f", {made.broken} left out as broken or half written" if made.broken else ""
        say(f"{made.folder}: {counted(made.brought, 'record')} brought, {made.known} known{broken}")
    if options.format == "json":
        print_json([asdict(one) for one in every])
    say(f"{options.dir}: give the gate's command without --shard, and it judges")
    return Exit.DONE
