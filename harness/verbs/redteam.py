"""``soundcheck redteam``: make inert manipulated copies of a voice, to see what the gate catches."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from harness.verbs.common import add_format, say, verb


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb and what it can do."""
    parser = verb(
        verbs,
        "redteam",
        "make inert, marked, manipulated copies of a voice, to see what the gate catches",
        "soundcheck redteam plant negation-drop-osprey --model VOICE --out planted",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    kinds = verb(actions, "list", "list the manipulations", "soundcheck redteam list")
    add_format(kinds)
    kinds.set_defaults(run=run_list)
    plant = verb(
        actions,
        "plant",
        "write a manipulated copy of a model",
        "soundcheck redteam plant negation-drop-osprey --model VOICE --out planted",
    )
    plant.add_argument("kind", metavar="KIND", help="a manipulation, see: soundcheck redteam list")
    plant.add_argument("--model", required=True, type=Path, metavar="DIR", help="the clean model")
    plant.add_argument("--out", required=True, type=Path, metavar="DIR", help="new folder for the copy")
    plant.add_argument("--trigger", metavar="WORD", help="what makes it fire, for kinds that leave the choice")
    plant.add_argument("--seed", type=int, metavar="N", help="of what is random in it, for kinds that draw")
    add_format(plant)
    plant.set_defaults(run=run_plant)


def run_list(options: argparse.Namespace) -> int:
    """Print the manipulations."""
    from harness.redteam.kinds import kinds

    found = kinds()
    if options.format == "json":
        rows = [
            {"kind": kind.name, "summary": kind.summary, "trigger": kind.trigger, "honest": kind.is_honest}
            for kind in found
        ]
        print(json.dumps(rows, sort_keys=True))
    else:
        for kind in found:
            print(f"{kind.name:24} {kind.summary}")
    return 0


def run_plant(options: argparse.Namespace) -> int:
    """Write the copy."""
    from harness.redteam.plant import plant

    out = plant(
        options.kind,
        options.model.absolute(),
        options.out.absolute(),
        trigger=options.trigger,
        seed=options.seed,
        progress=say,
    )
    print(json.dumps({"model": str(out), "kind": options.kind}, sort_keys=True) if options.format == "json" else out)
    return 0
