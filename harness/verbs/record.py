"""``soundcheck record``: record what a trusted voice does."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from harness.core.text import printable
from harness.verbs.common import (
    add_drawing,
    add_format,
    add_running,
    own_families,
    say,
    say_progress,
    settings_of,
    verb,
)

MAX_EVENTS = 20
"""Lines about what the reference was seen to do."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "record",
        "record a golden reference: what a trusted voice does with a suite, K times over",
        "soundcheck record --tts-model voices/joe --suite probes/suites/smoke.probes.yaml --out golden/joe-smoke "
        "--reason 'release 1.4, listened to by the voice team'",
    )
    parser.add_argument("--tts-model", required=True, metavar="DIR", help="the trusted reference")
    parser.add_argument(
        "--suite",
        required=True,
        action="append",
        type=Path,
        metavar="FILE",
        help="suite file; repeat for more",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="new folder, e.g. golden/NAME")
    parser.add_argument("--takes", type=int, default=8, metavar="K", help="repeats per probe (default: 8)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="base of the seeds (default: 0)")
    parser.add_argument("--reason", default="", help="why this reference is trusted; kept in the manifest")
    parser.add_argument(
        "--self-test",
        type=int,
        default=0,
        metavar="N",
        help="then run the reference against the golden N times on other seeds, and keep how often it failed; "
        "a golden that is there already is tested, not recorded",
    )
    parser.add_argument("--no-audio", action="store_true", help="keep no repeat to listen to")
    add_drawing(parser)
    add_running(parser)
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Record."""
    import msgspec

    from harness.admission.vocabulary import read_vocabulary
    from harness.calibration import keep_self_test, self_test
    from harness.core.errors import BadInput
    from harness.expansion import Drawing
    from harness.goldens import read_golden
    from harness.model import find_model
    from harness.recording import record_golden
    from harness.session import language_of, make_bench, read_suite
    from harness.source.local import local_model

    settings = settings_of(options, model=options.tts_model, seed=options.seed, takes=options.takes)
    drawing = Drawing(
        salt=settings.salt,
        vocabulary=lambda: read_vocabulary(find_model(local_model(settings.model, say))[1]),
        families=own_families(options.families_from),
    )
    suites = [read_suite(path, drawing) for path in options.suite]
    bench = make_bench(settings, tell=say, on_event=say, language=language_of(suites))
    if refusal := bench.door.refusal:
        raise BadInput(f"{options.tts_model}: {refusal}")
    out = options.out.absolute()
    try:
        known = read_golden(out) if options.self_test and (out / "manifest.json").is_file() else None
        if known and known.manifest.model_digest != bench.model.digest:
            raise BadInput(
                f"{options.out}: expected the golden of {options.tts_model} ({bench.model.digest[:12]}) to test, "
                f"got one of {known.manifest.model} ({known.manifest.model_digest[:12]})"
            )
        golden = known or record_golden(
            out,
            [(content.suite, content.sha256) for content in suites],
            bench.model,
            bench.renderer,
            bench.listener,
            bench.store,
            engine=bench.engine,
            takes=options.takes,
            seed=options.seed,
            reason=options.reason,
            with_audio=not options.no_audio,
            salt_digest=settings.salt_digest if any(content.suite.draws for content in suites) else "",
            progress=say_progress,
        )
        tested = None
        if options.self_test:
            tested = self_test(
                golden,
                [probe for content in suites for probe in content.suite.probes],
                bench.renderer,
                bench.listener,
                bench.store,
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
    if options.format == "json":
        content = {
            "golden": str(golden.path),
            "digest": golden.digest,
            "probes": len(golden.records),
            "self_test": msgspec.to_builtins(tested),
        }
        print(json.dumps(content, sort_keys=True))
    else:
        print(f"{golden.path}: {len(golden.records)} probes, {options.takes} takes each, digest {golden.digest[:12]}")
        if tested:
            print(tested.line())
    if bench.events.events:
        say("an honest voice does none of this: do not trust this golden before you know why")
        return 1
    return 0
