"""``soundcheck redteam score``: put manipulated and honest copies of a voice to the gate, and count what it catches."""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import (
    add_drawing,
    add_format,
    add_parted,
    add_running,
    in_parts,
    own_families,
    say,
    say_progress,
    settings_of,
    verb,
)
from harness.core.exits import EXIT_OF, Exit
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.core.types import Model
    from harness.goldens.folder import Golden
    from harness.run.settings import Settings

FOLDER = "redteam"
"""Below the folder of runs: copies, their renderings, and results."""
_BUDGET = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = verb(
        actions,
        "score",
        "make copies of a voice, manipulated and honest ones, gate each, and count what is caught",
        "soundcheck redteam score --model voices/joe --suite my.probes.yaml --golden joe --budget 30m --out power",
    )
    add_option(parser, "model", required=True, help="the clean voice that copies are made of")
    parser.add_argument(
        "--suite", required=True, action="append", type=Path, metavar="FILE", help="suite file; repeat for more"
    )
    add_option(parser, "golden", help="golden of this voice, by name or folder (default: the one there is)")
    parser.add_argument("--kinds", metavar="A,B", help="some kinds only, see: soundcheck redteam list")
    parser.add_argument("--copies", type=int, metavar="N", help="at most so many copies of each kind")
    parser.add_argument(
        "--part",
        choices=("test", "development"),
        default="test",
        help="half of the plan: the other one is for choosing settings by (default: test)",
    )
    parser.add_argument(
        "--budget", metavar="30m", help="begin no further copy after this time (1h30m, 45m, 90s); told what is left out"
    )
    add_option(parser, "seed", default=0, help="of the plan (default: 0)")
    add_option(parser, "takes")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write power.html and power.json there")
    parser.add_argument("--keep", action="store_true", help="leave the copies in the folder of runs")
    add_drawing(parser)
    add_option(parser, "golden-dir")
    add_option(parser, "policy", help="whose acceptances of the voice's files count, for its copies too (TOML)")
    add_running(parser)
    add_parted(parser, "make and gate a part of the copies")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Score.

    Returns:
        0 where audible kinds are detected and honest copies pass, 1 where either falls short, 4 where copies were left
        out, and for a part.
    """
    from harness.admission.checks.provenance import provenance_of
    from harness.admission.coqui.vocabulary import read_vocabulary
    from harness.admission.outcomes import Door
    from harness.core.errors import BadInput
    from harness.goldens.places import golden_folders
    from harness.models.fetching.local import local_model
    from harness.models.files import find_model, open_model
    from harness.models.project import find_project
    from harness.models.vocoder import with_vocoder
    from harness.models.voices import named_voice
    from harness.redteam.registry import kinds
    from harness.redteam.score.score import Scope, Target, score
    from harness.report.page import power as report
    from harness.run.suitechoices import chosen_by_suites
    from harness.run.tools import vocoder_provenance
    from harness.suites.expansion import Drawing
    from harness.suites.file import read_suite, said_by

    settings = settings_of(options, model=local_model(options.model, say), seed=1, takes=options.takes)
    settings = dataclasses.replace(settings, folder=settings.folder / FOLDER)
    scope = Scope(
        kinds=kinds(),
        part=options.part,
        seed=options.seed,
        wanted=tuple(name for name in (options.kinds or "").split(",") if name),
        most=options.copies,
        budget=seconds_of(options.budget) if options.budget else None,
        is_kept=options.keep,
    )
    drawing = Drawing(
        salt=settings.salt,
        vocabulary=lambda: read_vocabulary(find_model(settings.model)[1]),
        families=own_families(options.families_from),
    )
    suites = [read_suite(path, drawing) for path in options.suite]
    settings = chosen_by_suites(settings, suites)
    speakers = named_voice(settings.model, settings.voice)
    model = with_vocoder(open_model(settings.model, settings.voice), settings.vocoder)
    if refusal := Door(
        model,
        provenance_of(find_project(Path.cwd(), settings.model, settings.vocoder), settings.model, model.path),
        settings.policy,
        vocoder_provenance(settings, model),
    ).refusal:
        raise BadInput(f"{options.model}: {refusal}")
    golden = _golden(options, settings, model, golden_folders(options.golden_dir))
    if golden.manifest.speakers and speakers.speaker:
        golden = golden.of(speakers.speaker)
    suites = [said_by(content, speakers.speakers) for content in suites]
    in_parts(options, settings)
    target = Target(settings=settings, model=model, golden=golden, suites=suites)
    power = score(target, scope, tell=say, progress=say_progress)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if settings.shard:
        say(f"shard {settings.shard}: results: {len(power.results)}; the same command without --shard counts them")
        return Exit.UNDECIDED
    if options.out:
        _, page = report.write(power, options.out.absolute())
        say(f"the page: {page}")
    if options.format == "json":
        sys.stdout.write(report.to_json(power).decode())
    else:
        print(report.table(power))
    return EXIT_OF[power.verdict]


def seconds_of(budget: str) -> float:
    """Seconds of ``1h30m``, ``45m`` or ``90s``.

    Raises:
        BadInput: It is none of these.
    """
    from harness.core.errors import BadInput

    found = _BUDGET.fullmatch(budget)
    if found is None or not any(found.groups()):
        raise BadInput(f"--budget: expected a time such as 1h30m, 45m or 90s, got {budget!r}")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return 3600.0 * hours + 60.0 * minutes + seconds


def _golden(options: argparse.Namespace, settings: Settings, model: Model, folders: tuple[Path, ...]) -> Golden:
    """The golden that was named, else the one that was recorded from this voice.

    Raises:
        BadInput: There is none, with the command that records one.
    """
    from harness.core.errors import BadInput, SoundcheckError
    from harness.goldens.folder import find_golden, read_golden
    from harness.report.wording import shell_word

    if options.golden:
        return read_golden(find_golden(options.golden, folders))
    for folder in folders:
        for manifest in sorted(folder.glob("*/manifest.json")):
            try:
                golden = read_golden(manifest.parent)
            except SoundcheckError:
                continue  # not whole, or of another format: not the one that is looked for
            if golden.manifest.model_digest == model.digest:
                say(f"golden {golden.path} was recorded from this voice")
                return golden
    suites = " ".join(f"--suite {shell_word(str(path))}" for path in options.suite)
    raise BadInput(
        f"no golden was recorded from this voice ({model.digest[:12]}); record one with: soundcheck record "
        f"--model {shell_word(options.model)} {suites} --asr {shell_word(settings.asr)} "
        f"--out {shell_word(str(options.golden_dir / 'NAME'))} --reason WHY"
    )
