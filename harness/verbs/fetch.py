"""``soundcheck fetch``: bring a model to this machine, as far as the project allows it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from harness.verbs.common import add_format, say, verb


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
    from harness.admission.provenance import pins
    from harness.core.paths import cache_root
    from harness.project import find_project
    from harness.source.fetch import Surroundings, fetch
    from harness.source.ledger import Ledger
    from harness.source.policy import read_policy

    root = find_project(Path.cwd())
    around = Surroundings(ledger=Ledger(root), pin=pins(root).get(options.source, ""), tell=say)
    path = fetch(options.source, read_policy(root), cache_root() / "sources", around)
    if options.format == "json":
        print(json.dumps({"path": str(path), "digest": f"sha256:{path.name}"}, sort_keys=True))
    else:
        print(path)
    return 0
