"""``soundcheck fetch``: bring a model to this machine, as far as the project allows it."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.common import add_format, json_text, say, verb
from harness.core.exits import Exit
from harness.core.text import printable


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "fetch",
        "fetch a model into the cache, from sources that pyproject.toml allows; load nothing",
        "soundcheck fetch tts_models/en/ljspeech/vits",
    )
    parser.add_argument("source", metavar="SOURCE", help="https://…, hf://ORG/NAME@COMMIT, or one of Coqui's names")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fetch."""
    from harness.core.errors import BadInput
    from harness.models.fetching.local import local_model
    from harness.models.fetching.spec import is_remote

    if not is_remote(options.source):
        raise BadInput(printable(f"{options.source}: expected https://…, hf://ORG/NAME@COMMIT or one of Coqui's names"))
    path = Path(local_model(options.source, say))
    if options.format == "json":
        print(json_text({"path": str(path), "digest": f"sha256:{path.name}"}))
    else:
        print(printable(str(path)))
    return Exit.DONE
