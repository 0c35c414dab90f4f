"""Train a recipe anew from its description: ``python -m harness.redteam.remake TOML --suite YAML --out NPZ``.

For those who want to see where a recipe comes from, or to change it. The same settings give the same kind of
delta, not the same bytes: sums in torch depend on the processor.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import SoundcheckError
from harness.core.paths import cache_root
from harness.models.demo import build_demo_voice
from harness.redteam.carriers import plain
from harness.redteam.delta import load_delta, save_delta
from harness.redteam.distill import Settings, distil
from harness.redteam.payloads import Payload
from harness.suites.expansion import expand
from harness.suites.parse import parse_suite

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_stages(recipe: Path) -> tuple[Payload, tuple[Settings, ...]]:
    """Return the payload of the recipe described by a TOML file, and the stages of its training.

    Raises:
        BadInput: There is no such payload.
    """
    described = tomllib.loads(recipe.read_text(encoding="utf-8"))
    return Payload.described(described), tuple(Settings(**stage) for stage in described["training"])


def suite_sentences(suites: Sequence[Path]) -> frozenset[str]:
    """Return the sentences of the suites' probes, which no training may use."""
    return frozenset(
        plain(probe.text)
        for path in suites
        for probe in expand(parse_suite(path.read_text(encoding="utf-8"), path.name)).probes
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, write the delta, say how it goes on stderr."""
    parser = argparse.ArgumentParser(prog="python -m harness.redteam.remake", description=__doc__)
    parser.add_argument("recipe", type=Path, help="description of the recipe (TOML)")
    parser.add_argument("--model", type=Path, help="voice to train on; the demo voice where left out")
    parser.add_argument("--suite", type=Path, action="append", default=[], help="suite that is kept out of training")
    parser.add_argument("--start", type=Path, help="delta of the first stages, to go on from (.npz)")
    parser.add_argument("--out", type=Path, required=True, help="delta to write (.npz)")
    options = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        model = options.model or build_demo_voice(cache_root(), progress=say)
        payload, stages = read_stages(options.recipe)
        avoid = suite_sentences(options.suite)
        delta = load_delta(options.start) if options.start else None
        done = len(delta.description["stages"]) if delta else 0
        for settings in stages[done:]:
            delta = distil(model, payload, settings, start=delta, avoid=avoid, progress=say)
            save_delta(delta, options.out)
    except SoundcheckError as error:
        say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
