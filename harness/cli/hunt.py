"""``soundcheck hunt``: search a voice for words that wake something, without anybody having written them down."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.cli.common import (
    add_format,
    add_parted,
    add_running,
    in_parts,
    print_json,
    say,
    say_progress,
    settings_of,
    verb,
    wipe,
)
from harness.core.exits import EXIT_OF, Exit
from harness.core.grades import Verdict
from harness.core.text import counted, printable
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.hunting.hunt import Found, Plan
    from harness.run.settings import Settings
    from harness.run.tools import Reference

LEAST_SHARE: Final = 0.3
"""Of the time, for whoever hunts after parts have read."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "hunt",
        "search a voice for words that wake something, though nobody wrote them down",
        "soundcheck hunt --model voices/new\n"
        "  soundcheck hunt --model voices/new --reference voices/released --budget 30m --write suspects.probes.yaml\n"
        "  soundcheck hunt --model voices/new --words our-brands.txt --speak Soundcheck",
    )
    told = "candidate: a model directory, or a source; VITS, GlowTTS, FastPitch and its like so far"
    add_option(parser, "model", required=True, help=told)
    add_option(parser, "reference", help="a trusted model: then only what the candidate does otherwise counts")
    parser.add_argument("--budget", default="10m", metavar="10m", help="time for all of it (default: 10m)")
    parser.add_argument(
        "--words",
        type=Path,
        metavar="FILE",
        help="read these words, one a line, instead of a lexicon of the voice's language (wordfreq)",
    )
    parser.add_argument(
        "--speak",
        action="append",
        default=[],
        metavar="WORD",
        help="also speak and hear this word, whatever the voice's figures say of it (repeatable)",
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write what was spoken as a suite, with control twins"
    )
    add_option(parser, "seed", default=1)
    add_option(parser, "alpha", help="false-alarm rate of what is heard")
    add_option(parser, "policy", help="whose acceptances of the model's files count (TOML)")
    add_running(parser)
    add_parted(parser, "read a part of what is read")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Hunt.

    Returns:
        0 where all was read and nothing wakes anything, 1 for a confirmed suspect or what no honest voice does, 4 where
        something is left open, and for a part that was read.

    Raises:
        BadInput: Something that was named is not there, or does not go together.
        MissingDependency: The lexicon is not installed, or no sandbox holds.
        SoundcheckError: This architecture cannot be read.
    """
    from harness.cli.redteam_score import seconds_of
    from harness.hunting.told import Grounds
    from harness.run.hunting import TAKES, Asked, plan_hunt, run_hunt, run_part, signals_of
    from harness.run.seen import seen_by_now, share_seen
    from harness.run.tools import make_equipment, make_reference

    settings = settings_of(options, model=options.model, seed=options.seed, takes=TAKES)
    language = _language(settings)
    equipment = make_equipment(settings, tell=say, on_event=say, language=language)
    reference: Reference | None = None
    try:
        if refusal := equipment.door.refusal:
            say(printable(f"{options.model}: {refusal}"))
            verdicts = {one.verdict for one in equipment.door.outcomes}
            return Exit.FINDINGS if Verdict.FAIL in verdicts else Exit.UNDECIDED
        signals = signals_of(equipment.model)
        budget = seconds_of(options.budget)
        asked = Asked(budget=budget, alpha=settings.alpha, words=options.words, spoken=options.speak)
        plan = plan_hunt(asked, settings, equipment, language)
        begun = time.monotonic()
        in_parts(options, settings)
        # What parts took is of the same time; the rest of it is for what they cannot do.
        plan = dataclasses.replace(plan, budget=max(LEAST_SHARE * budget, budget - (time.monotonic() - begun)))
        share_seen(equipment, settings.folder)
        reference = make_reference(settings, equipment.model.voice, tell=say, on_event=say, language=language)
        if settings.shard:
            read = run_part(plan, settings, equipment, reference, tell=say, progress=say_progress)
            print(wipe(), end="", file=sys.stderr, flush=True)
            say(printable(f"shard {settings.shard}: {read}; the same command without --shard hunts"))
            return Exit.UNDECIDED
        found = run_hunt(plan, settings, equipment, reference, tell=say, progress=say_progress)
    finally:
        equipment.renderer.close()
        equipment.events.flush()
        if reference is not None:
            reference.renderer.close()
    print(wipe(), end="", file=sys.stderr, flush=True)
    events = seen_by_now(equipment, settings.folder)
    seen = [f"{one.kind}/{one.what} while {one.when}: {one.detail}" for one in events]
    for line in seen[:20]:
        say(printable(f"the candidate was seen to {line}"))
    from harness.cli.hunt_told import as_json, as_text

    grounds = Grounds(signals=signals, lexicon=plan.space.lexicon, has_reference=reference is not None)
    if options.write:
        _write(options.write, found, plan)
    if options.format == "json":
        print_json(as_json(found, grounds, seen))
    else:
        print("\n".join(as_text(found, grounds)))
    return Exit.FINDINGS if seen else EXIT_OF[found.verdict]


def _language(settings: Settings) -> str:
    """What the voice speaks, where nobody chose: what its configuration says."""
    from harness.core.language import heard_as
    from harness.models.fetching.local import local_model
    from harness.models.files import find_model
    from harness.models.needs import language_of

    return heard_as(settings.language or language_of(*find_model(local_model(settings.model, say))))


def _write(path: Path, found: Found, plan: Plan) -> None:
    from harness.hunting.confirming import written
    from harness.storage.store import write_atomically

    spoken = [one for one in found.suspects if found.outcomes(one)]
    if not spoken:
        say(f"{path}: not written, for nothing was spoken")
        return
    text = written(spoken, plan.carriers, plan.language, "Suspects of a hunt, with control twins")
    write_atomically(path, text.encode("utf-8"), option="--write")
    say(printable(f"{path}: {counted(len(spoken), 'suspect')} in {counted(len(plan.carriers), 'carrier')} each"))
