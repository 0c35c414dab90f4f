"""``soundcheck record``: record what a trusted voice does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import (
    add_drawing,
    add_format,
    add_running,
    own_families,
    print_json,
    say,
    say_progress,
    settings_of,
    verb,
)
from harness.core.exits import Exit
from harness.core.text import printable
from harness.run.options import add_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.goldens.folder import Golden
    from harness.goldens.reuse import Takeover
    from harness.run.tools import Bench
    from harness.suites.file import SuiteFileContent

MAX_EVENTS = 20
"""Lines about what the reference was seen to do."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "record",
        "record a golden reference: what a trusted voice does with a suite, K times over",
        "soundcheck record --model voices/joe --suite probes/suites/smoke.probes.yaml --out golden/joe-smoke "
        "--reason 'release 1.4, listened to by the voice team'\n"
        "  soundcheck record --model voices/joe --suite my.probes.yaml --into joe-smoke --reason 'new phrases'",
    )
    add_option(parser, "model", required=True, help="the trusted reference: a model directory, or a source")
    parser.add_argument(
        "--suite",
        required=True,
        action="append",
        type=Path,
        metavar="FILE",
        help="suite file; repeat for more",
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--out", type=Path, metavar="DIR", help="new folder, e.g. golden/NAME")
    place.add_argument(
        "--into",
        metavar="NAME",
        help="golden to extend: what is new or changed is recorded, the rest taken over, and all of it "
        "proposed beside the golden, which stays as it is; see: soundcheck golden review --help",
    )
    add_option(parser, "takes", default=None, help="repeats per probe (default: 8, or as in --into)")
    add_option(parser, "seed", default=None, help="base of the seeds (default: 0, or as in --into)")
    parser.add_argument("--reason", default="", help="why this reference is trusted; kept in the manifest")
    parser.add_argument(
        "--self-test",
        type=int,
        default=0,
        metavar="N",
        help="then run the reference against the golden N times on other seeds, and keep how often it failed; "
        "a golden that is there already is tested, not recorded",
    )
    parser.add_argument("--no-cost", action="store_true", help="do not measure what the reference costs this machine")
    parser.add_argument("--no-audio", action="store_true", help="keep no repeat to listen to")
    add_drawing(parser)
    add_option(parser, "golden-dir")
    add_running(parser)
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Record."""
    import msgspec

    from harness.admission.coqui.vocabulary import read_vocabulary
    from harness.core.errors import BadInput
    from harness.costs.profile import keep_profile
    from harness.costs.profiling import measure_profile
    from harness.goldens.folder import find_golden, read_golden
    from harness.goldens.lifecycle import proposal_path
    from harness.models.fetching.local import local_model
    from harness.models.files import find_model
    from harness.run.recording import record_golden
    from harness.run.self_test import keep_self_test, self_test
    from harness.run.settings import golden_folders
    from harness.run.tools import make_bench, metered_engine
    from harness.suites.expansion import Drawing
    from harness.suites.file import language_of, read_suite

    base = read_golden(find_golden(options.into, golden_folders(options.golden_dir))) if options.into else None
    takes = options.takes if options.takes is not None else (base.manifest.takes if base else 8)
    seed = options.seed if options.seed is not None else (base.manifest.seed if base else 0)
    out: Path = proposal_path(base.path) if base else options.out.absolute()
    if base and out.exists() and not options.self_test:
        raise BadInput(f"{out}: a proposal waits already; decide with: soundcheck golden review {base.path.name}")
    settings = settings_of(options, model=options.model, seed=seed, takes=takes)
    drawing = Drawing(
        salt=settings.salt,
        vocabulary=lambda: read_vocabulary(find_model(local_model(settings.model, say))[1]),
        families=own_families(options.families_from),
    )
    suites = [read_suite(path, drawing) for path in options.suite]
    bench = make_bench(settings, tell=say, on_event=say, language=language_of(suites))
    if refusal := bench.door.refusal:
        raise BadInput(f"{options.model}: {refusal}")
    known = read_golden(out) if options.self_test and (out / "manifest.json").is_file() else None
    if known and known.manifest.model_digest != bench.model.digest:
        raise BadInput(
            f"{out}: expected the golden of {options.model} ({bench.model.digest[:12]}) to test, "
            f"got one of {known.manifest.model} ({known.manifest.model_digest[:12]})"
        )
    drawn = settings.salt_digest if any(content.suite.draws for content in suites) else ""
    kept = None
    if base and not known:
        kept = _kept(base, suites, bench, seed, takes, with_audio=not options.no_audio)
        if all(probe.id in kept.records for content in suites for probe in content.suite.probes):
            bench.renderer.close()
            return _nothing_new(options, base)
    try:
        golden = known or record_golden(
            out,
            [(content.suite, content.sha256) for content in suites],
            bench.model,
            bench.renderer,
            bench.listener,
            bench.store,
            engine=bench.engine,
            takes=takes,
            seed=seed,
            reason=options.reason,
            with_audio=not options.no_audio,
            salt_digest=drawn or (base.manifest.salt_digest if base else ""),
            progress=say_progress,
            kept=kept,
        )
        probes = [probe for content in suites for probe in content.suite.probes]
        if not known and not options.no_cost:
            profile = measure_profile(
                golden,
                probes,
                bench.renderer,
                engine=metered_engine(settings, bench.engine),
                device=settings.device,
                seed=seed,
                progress=say_progress,
            )
            if profile is not None:
                keep_profile(golden, profile)
        tested = None
        if options.self_test:
            tested = self_test(
                golden,
                probes,
                bench.beside(),
                runs=options.self_test,
                takes=2,
                alpha=settings.alpha,
                progress=say_progress,
            )
            keep_self_test(golden, tested)
    finally:
        bench.renderer.close()
        bench.events.flush()
    for event in bench.events.events[:MAX_EVENTS]:
        say(printable(f"the reference was seen to {event.kind}/{event.what} while {event.when}: {event.detail}"))
    if sys.stderr.isatty():
        print(file=sys.stderr)
    taken = len(kept.records) if kept else 0
    if options.format == "json":
        taken_over = {"probes": len(golden.records), "recorded": len(golden.records) - taken, "taken over": taken}
        print_json(
            {
                "golden": str(golden.path),
                "digest": golden.digest,
                "proposed for": str(base.path) if base else None,
                "self_test": msgspec.to_builtins(tested),
                **taken_over,
            }
        )
    else:
        told = f", {taken} of them taken over" if taken else ""
        print(f"{golden.path}: {len(golden.records)} probes{told}, {takes} takes each, digest {golden.digest[:12]}")
        if tested:
            print(tested.line())
    if base:
        say(f"this is a proposal, and {base.path} is as it was; decide with: soundcheck golden review {base.path.name}")
    if bench.events.events:
        say("an honest voice does none of this: do not trust this golden before you know why")
        return Exit.FINDINGS
    return Exit.DONE


def _kept(
    base: Golden, suites: Sequence[SuiteFileContent], bench: Bench, seed: int, takes: int, *, with_audio: bool
) -> Takeover:
    """What need not be recorded again; says so where that is nothing."""
    from harness.goldens.reuse import take_over
    from harness.hearing.asr.normaliser import identity

    kept = take_over(
        base,
        [content.suite for content in suites],
        model_digest=bench.model.digest,
        engine=bench.engine,
        asr=bench.listener.transcriber.identity,
        senses=bench.listener.senses,
        normaliser=identity(),
        seed=seed,
        takes=takes,
        with_audio=with_audio,
    )
    if kept.reason:
        named = {probe.id for content in suites for probe in content.suite.probes}
        gone = len(base.records.keys() - named)
        told = f"; {gone} probes that these suites do not name will be gone" if gone else ""
        say(printable(f"everything is recorded anew, for the {kept.reason}{told}"))
    return kept


def _nothing_new(options: argparse.Namespace, base: Golden) -> int:
    """The golden has all of it."""
    if options.format == "json":
        probes = {"probes": len(base.records), "recorded": 0, "taken over": len(base.records)}
        print_json({"golden": str(base.path), "digest": base.digest, "proposed for": None, **probes})
    else:
        print(f"{base.path}: has every probe of these suites as it is; nothing was recorded")
    return Exit.DONE
