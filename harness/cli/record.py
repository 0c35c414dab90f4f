"""``soundcheck record``: record what a trusted voice does."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import (
    add_drawing,
    add_format,
    add_parted,
    add_running,
    in_parts,
    own_families,
    print_json,
    say,
    say_progress,
    settings_of,
    verb,
    wipe,
)
from harness.core.exits import Exit
from harness.core.text import counted, printable
from harness.run.options import add_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.core.types import Probe
    from harness.goldens.folder import Golden
    from harness.goldens.reuse import Reused
    from harness.run.recording import Recording
    from harness.run.self_test import SelfTest
    from harness.run.settings import Settings
    from harness.run.tools import Equipment
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
    add_option(parser, "policy", help="whose acceptances of the model's files count (TOML)")
    add_running(parser)
    add_parted(parser, "speak a part of what is recorded")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Record.

    Returns:
        0 recorded, 1 where the reference was seen to do what no honest voice does, 4 for a part that was spoken.

    Raises:
        BadInput: Something that was named is not there, or does not go together.
    """
    from harness.run.seen import seen_by_now, share_seen

    session = _prepare(options)
    equipment, known = session.equipment, session.known
    kept = _kept(session) if session.base and not known else None
    if session.base and kept and all(probe.id in kept.records for probe in session.probes):
        equipment.renderer.close()
        return _nothing_new(options, session.base)
    if not known:
        in_parts(options, session.settings)
    share_seen(equipment, session.settings.folder)
    try:
        if session.settings.shard and not known:
            return _speak_part(session, kept)
        golden = known or _record(session, kept)
        tested = _self_test(session, golden) if options.self_test else None
    finally:
        equipment.renderer.close()
        equipment.events.flush()
    seen = seen_by_now(equipment, session.settings.folder)
    for event in seen[:MAX_EVENTS]:
        say(printable(f"the reference was seen to {event.kind}/{event.what} while {event.when}: {event.detail}"))
    print(wipe(), end="", file=sys.stderr, flush=True)
    _tell(session, golden, len(kept.records) if kept else 0, tested)
    if seen:
        say("an honest voice does none of this: do not trust this golden before you know why")
        return Exit.FINDINGS
    return Exit.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """What is to be done, and the tools for it."""

    options: argparse.Namespace
    settings: Settings
    suites: Sequence[SuiteFileContent]
    equipment: Equipment
    out: Path
    """Where the golden goes: a new folder, or that of the proposal."""
    base: Golden | None
    """The golden that is extended, if one is."""
    known: Golden | None
    """The golden that lies there already, and is to be tested only."""

    @property
    def probes(self) -> list[Probe]:
        return [probe for content in self.suites for probe in content.suite.probes]


def _prepare(options: argparse.Namespace) -> _Session:
    """Read everything that was named, and lay out the tools; nothing is spoken yet."""
    from harness.admission.coqui.vocabulary import read_vocabulary
    from harness.core.errors import BadInput
    from harness.goldens.folder import find_golden, read_golden
    from harness.goldens.lifecycle import proposal_path
    from harness.goldens.places import golden_folders
    from harness.models.fetching.local import local_model
    from harness.models.files import find_model
    from harness.models.voices import named_voice
    from harness.run.suitechoices import chosen_by_suites
    from harness.run.tools import make_equipment
    from harness.suites.expansion import Drawing
    from harness.suites.file import language_of, read_suite, said_by

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
    settings = chosen_by_suites(settings, suites)
    speakers = named_voice(settings.model, settings.voice).speakers
    suites = [said_by(content, speakers) for content in suites]
    equipment = make_equipment(settings, tell=say, on_event=say, language=language_of(suites))
    if refusal := equipment.door.refusal:
        raise BadInput(f"{options.model}: {refusal}")
    known = read_golden(out) if options.self_test and (out / "manifest.json").is_file() else None
    if known and known.manifest.model_digest != equipment.model.digest:
        raise BadInput(
            f"{out}: expected the golden of {options.model} ({equipment.model.digest[:12]}) to test, "
            f"got one of {known.manifest.model} ({known.manifest.model_digest[:12]})"
        )
    return _Session(
        options=options, settings=settings, suites=suites, equipment=equipment, out=out, base=base, known=known
    )


def _recording(session: _Session, kept: Reused | None) -> Recording:
    from harness.goldens.reuse import Reused
    from harness.run.recording import Recording

    options, settings = session.options, session.settings
    drawn = settings.salt_digest if any(content.suite.draws for content in session.suites) else ""
    return Recording(
        out=session.out,
        suites=[(content.suite, content.sha256) for content in session.suites],
        takes=settings.takes,
        seed=settings.seed,
        reason=options.reason,
        with_audio=not options.no_audio,
        salt_digest=drawn or (session.base.manifest.salt_digest if session.base else ""),
        kept=kept or Reused(),
    )


def _speak_part(session: _Session, kept: Reused | None) -> int:
    """Speak what one of several machines does of a recording."""
    from harness.run.recording import speak_part

    shard = session.settings.shard
    assert shard is not None
    count = speak_part(_recording(session, kept), shard, session.equipment.renderer, progress=say_progress)
    print(wipe(), end="", file=sys.stderr, flush=True)
    say(f"shard {shard}: {counted(count, 'phrase')} spoken; the same command without --shard records")
    return Exit.UNDECIDED


def _record(session: _Session, kept: Reused | None) -> Golden:
    """Record the golden, and beside it what the reference costs this machine."""
    from harness.costs.profile import keep_profile
    from harness.costs.profiling import measure_profile
    from harness.run.recording import record_golden
    from harness.run.tools import metered_engine

    options, settings, equipment = session.options, session.settings, session.equipment
    recording = _recording(session, kept)
    fresh = sum(probe.id not in recording.kept.records for probe in session.probes)
    say(
        f"recording {counted(fresh, 'probe')}, {counted(settings.takes, 'take')} each, as {equipment.model.path.name} "
        "speaks them; if it is stopped, the same command goes on from what it has"
    )
    golden = record_golden(
        recording,
        equipment.model,
        equipment.renderer,
        equipment.listener,
        equipment.store,
        engine=equipment.engine,
        progress=say_progress,
    )
    if not options.no_cost:
        speaker = next(iter(equipment.model.voice.speakers), "")  # one set of weights speaks for all
        profile = measure_profile(
            golden,
            [probe for probe in session.probes if probe.speaker == speaker],
            equipment.renderer.as_speaker(speaker),
            engine=metered_engine(settings, equipment.engine),
            device=settings.device,
            seed=settings.seed,
            progress=say_progress,
        )
        if profile is not None:
            keep_profile(golden, profile)
    return golden


def _self_test(session: _Session, golden: Golden) -> SelfTest:
    from harness.run.self_test import keep_self_test, self_test

    tested = self_test(
        golden,
        session.probes,
        session.equipment.beside(),
        runs=session.options.self_test,
        takes=2,
        alpha=session.settings.alpha,
        progress=say_progress,
    )
    keep_self_test(golden, tested)
    return tested


def _kept(session: _Session) -> Reused | None:
    """What need not be recorded again; says so where that is nothing."""
    from harness.goldens.reuse import Conditions, reusable
    from harness.hearing.asr.normaliser import identity

    base, equipment = session.base, session.equipment
    if base is None:
        return None
    conditions = Conditions(
        model_digest=equipment.model.digest,
        voice=equipment.model.voice.identity,
        engine=equipment.engine,
        asr=equipment.listener.transcriber.identity,
        senses=equipment.listener.senses,
        normaliser=identity(),
        seed=session.settings.seed,
        takes=session.settings.takes,
    )
    suites = [content.suite for content in session.suites]
    kept = reusable(base, suites, conditions, with_audio=not session.options.no_audio)
    if kept.reason:
        gone = len(base.records.keys() - {probe.id for probe in session.probes})
        told = f"; {gone} probes that these suites do not name will be gone" if gone else ""
        say(printable(f"everything is recorded anew, for the {kept.reason}{told}"))
    return kept


def _tell(session: _Session, golden: Golden, taken: int, tested: SelfTest | None) -> None:
    """Print what was recorded."""
    import msgspec

    from harness.goldens.folder import without_spread

    base = session.base
    if session.options.format == "json":
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
        takes = session.settings.takes
        line = f"{golden.path}: {len(golden.records)} probes{told}, {takes} takes each, digest {golden.digest[:12]}"
        print(printable(line))
        if told := without_spread(golden):
            print(told)
        if tested:
            print(tested.line())
    if base:
        say(f"this is a proposal, and {base.path} is as it was; decide with: soundcheck golden review {base.path.name}")


def _nothing_new(options: argparse.Namespace, base: Golden) -> int:
    """The golden has all of it."""
    if options.format == "json":
        probes = {"probes": len(base.records), "recorded": 0, "taken over": len(base.records)}
        print_json({"golden": str(base.path), "digest": base.digest, "proposed for": None, **probes})
    else:
        print(printable(f"{base.path}: has every probe of these suites as it is; nothing was recorded"))
    return Exit.DONE
