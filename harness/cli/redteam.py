"""``soundcheck redteam``: make inert manipulated copies of a voice, to see what the gate catches."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli import redteam_score
from harness.cli.common import add_format, json_text, say, verb
from harness.core.exits import Exit
from harness.core.text import printable
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.redteam.kinds import Kind


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
    add_option(plant, "model", required=True, help="the clean model's directory")
    plant.add_argument("--out", required=True, type=Path, metavar="DIR", help="new folder for the copy")
    plant.add_argument("--trigger", metavar="WORD", help="what makes it fire, for kinds that leave the choice")
    add_option(plant, "seed", default=None, help="of what is random in it, for kinds that draw")
    plant.add_argument("--strength", type=float, metavar="X", help="how much of it, in the kind's own unit, see: list")
    plant.add_argument(
        "--any-voice", action="store_true", help="put a trained kind into another voice than its own, where it fits"
    )
    add_format(plant)
    plant.set_defaults(run=run_plant)
    redteam_score.add(actions)


def run_list(options: argparse.Namespace) -> int:
    """Print the manipulations."""
    from harness.redteam.registry import kinds

    found = kinds()
    if options.format == "json":
        rows = [
            {
                "kind": kind.name,
                "summary": kind.summary,
                "literature": kind.literature,
                "trigger": kind.trigger,
                "wakes": kind.wakes.value,
                "strength": dataclasses.asdict(kind.strength) if kind.strength else None,
                "honest": kind.is_honest,
                "heard": kind.is_heard,
            }
            for kind in found
        ]
        print(json_text(rows))
    else:
        for kind in found:
            print(f"{kind.name:24} {kind.summary}{_choice(kind)}")
    return Exit.DONE


def _choice(kind: Kind) -> str:
    """What can be chosen of a kind."""
    strength = kind.strength
    if strength is None:
        return ""
    return f" [--strength {strength.least:g} to {strength.most:g} {strength.unit}, {strength.default:.3g} if left out]"


def run_plant(options: argparse.Namespace) -> int:
    """Write the copy."""
    from harness.redteam.parts import Chosen
    from harness.redteam.plant import plant

    out = plant(
        options.kind,
        Path(options.model).absolute(),
        options.out.absolute(),
        Chosen(trigger=options.trigger, seed=options.seed, strength=options.strength),
        is_any_voice=options.any_voice,
        progress=say,
    )
    print(json_text({"model": str(out), "kind": options.kind}) if options.format == "json" else printable(str(out)))
    return Exit.DONE
