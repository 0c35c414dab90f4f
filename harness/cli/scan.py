"""``soundcheck scan``: admission's checks on a model directory or a file, nothing executed, nothing loaded."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli import scan_graph
from harness.cli.common import json_text, say_progress, verb
from harness.core.errors import BadInput
from harness.core.exits import EXIT_OF, Exit
from harness.core.grades import Verdict
from harness.core.text import printable
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.admission.admit import Admission
    from harness.admission.base import Flaw
    from harness.admission.converting.convert import Conversion
    from harness.admission.converting.copying import Copy

TOLD_SHORTLY = frozenset(
    f"admission.{name}"
    for name in (
        *("directory-leftover", "directory-pointer", "directory-cached", "directory-no-model"),
        "config-other-program",
    )
)
"""Rules of what is told in one line: what it is, and what to do."""
VERSION = 1
"""Of the JSON that ``--format json`` writes."""
PASTE = "to accept what you have looked at, put this into a policy, with owner and reason, and name it: --policy FILE"


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "scan",
        "check a model's files without loading them: pickles, archives, tensors, configuration, directory",
        "soundcheck scan voices/candidate\n  soundcheck scan --format sarif model.pth > scan.sarif\n"
        "  soundcheck scan --reference voices/approved voices/candidate\n"
        "  soundcheck scan --policy policy.toml voices/candidate\n"
        "  soundcheck scan --convert new/model.pth old/model.pth\n"
        "  soundcheck scan --copy-voice voices/new runs/vits-March\n"
        "  soundcheck scan --fingerprint ours.json voice.onnx\n\n"
        "exit codes:\n  0 nothing found, 1 hostile or malformed, 2 usage, 3 the scan itself failed,\n"
        "  4 inconclusive: a decision is needed, e.g. an old pickle must be converted first, or accepted by its\n"
        "    digest: the lines for a policy are printed\n"
        "  with --convert: 0 written, and what was written is clean; 4 nothing there that can be converted\n"
        "  with --fingerprint: 0 written, 4 no ONNX file with a graph\n"
        "  with --copy-voice: what the copy is, or 1 where nothing was copied because the folder is hostile",
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="model directory or a single file")
    parser.add_argument(
        "--format", choices=("text", "json", "sarif"), default="text", help="what stdout carries (default: text)"
    )
    parser.add_argument(
        "--structure", action="store_true", help="structure only: skip checksums and the values of tensors"
    )
    add_option(parser, "reference", help="trusted model's directory: say how the weights differ from its own")
    add_option(parser, "policy", help="whose acceptances by digest count (TOML)")
    parser.add_argument(
        "--convert",
        type=Path,
        metavar="OUT",
        help="write the weights of one checkpoint to OUT, without loading it: .safetensors, or .pth for Coqui",
    )
    parser.add_argument(
        "--copy-voice",
        type=Path,
        metavar="OUT",
        help="copy what the voice needs of one folder (a trainer's run, a clone, a hub's cache) to the new folder OUT",
    )
    scan_graph.add(parser)
    add_option(parser, "checkpoint", help="with --copy-voice: which checkpoint is the voice's, where there are several")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Scan and print, and convert where that is asked for."""
    from harness.admission.admit import admit

    if options.convert is not None:
        _check_conversion(options)
    _check_copy(options)
    scan_graph.check(options)
    policy = None
    if options.policy:
        from harness.models.judged import Judged, refuse_inside
        from harness.policy.file import read_policy

        for path in filter(Path.is_dir, options.paths):
            refuse_inside(Judged.of(model=path), [("--policy", Path(options.policy))])
        policy = read_policy(options.policy)
    found = []
    for path in options.paths:
        found.append(
            admit(
                path,
                has_values=not options.structure,
                reference=Path(options.reference) if options.reference else None,
                policy=policy,
                say=lambda line: say_progress(f"scan: {line}"),
            )
        )
    converted = _convert(options, found[0]) if options.convert is not None else None
    printed = scan_graph.fingerprint(found[0], options.fingerprint) if options.fingerprint is not None else None
    copy = _copy(options, found) if options.copy_voice is not None else None
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)  # the progress line has done its work
    if options.format == "json":
        sys.stdout.write(_to_json(found, converted, copy, printed))
    elif options.format == "sarif":
        from harness import __version__
        from harness.cli.scan_sarif import to_sarif

        kinship = {printable(str(one.root)): about for one in found if (about := _lineage(one))}
        properties = {"soundcheck/lineage": kinship} if kinship else None
        sys.stdout.write(to_sarif(found, version=__version__, properties=properties).decode("ascii"))
    else:
        for place, one in enumerate(found):
            is_source = options.fingerprint is not None or (options.copy_voice is not None and not place)
            # whose questions the copy, or the fingerprint's acceptance, answers
            said = _lines(one, has_proposal=not is_source)
            for line in (*(_copy_lines(copy, one.verdict) if place else ()), *said):
                print(line)
        for line in (*_conversion_lines(converted), *(printed.lines if printed else ())):
            print(line)
    if converted is not None:
        return converted.exit_code
    if printed is not None:
        return printed.exit_code
    worst = {one.verdict for one in (found if copy is None else found[-1:])}
    return next(EXIT_OF[verdict] for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS) if verdict in worst)


def _lines(admission: Admission, *, has_proposal: bool) -> list[str]:
    lines: list[str] = []
    for flaw in admission.flaws:
        at = f"{flaw.file}: {flaw.place}" if flaw.place else flaw.file
        mark = "ACCEPTED" if flaw.accepted else flaw.rule.severity.upper()
        if flaw.rule.id in TOLD_SHORTLY and not flaw.accepted:
            head = f"{at or admission.root}   {mark}  {flaw.rule.id}"
            lines.append(printable(f"{head}: {flaw.found or flaw.rule.title}. {flaw.remedy or flaw.rule.help}"))
            continue
        lines.append(printable(f"{at or '.'}   {mark}  {flaw.rule.id}"))
        shown = (
            ("is", flaw.rule.title),
            ("found", flaw.found),
            ("effect", flaw.effect),
            ("do", "" if flaw.accepted else flaw.remedy or flaw.rule.help),
            ("by", flaw.accepted),
        )
        lines += [printable(f"  {name:<7} {text}") for name, text in shown if text]
    for one in admission.examinations:
        lines += [printable(f"{files}: {fact}") for fact, files in one.facts.items() if fact.startswith("skipped")]
    facts = ", ".join(
        f"{value} {name}"
        for one in admission.examinations
        if one.check == "checkpoint"
        for name, value in one.facts.items()
    )
    lines += map(printable, admission.remarks)
    told = _tally(admission)
    lines += [f"lineage of {path}: {told}" for path, told in _lineage(admission).items()]
    lines.append(printable(f"{admission.root}: {admission.verdict.upper()} ({told}{facts})"))
    if admission.proposal and has_proposal:
        lines += ["", PASTE, "", *map(printable, admission.proposal)]
    return lines


def _tally(admission: Admission) -> str:
    if not admission.flaws:
        return ""
    accepted = sum(bool(flaw.accepted) for flaw in admission.flaws)
    hostile = sum(flaw.rule.verdict is Verdict.FAIL for flaw in admission.flaws)
    unasked = sum(one.unasked for one in admission.examinations)
    decisions = len(admission.flaws) - hostile - accepted + unasked
    said = f"{hostile} hostile or malformed, {decisions} to decide"
    return f"{said}, {accepted} accepted; " if accepted else f"{said}; "


def _lineage(admission: Admission) -> dict[str, str]:
    """How each checkpoint is related to the reference's, where there is one."""
    return {path: told for one in admission.examinations if one.check == "lineage" for path, told in one.facts.items()}


def _check_conversion(options: argparse.Namespace) -> None:
    """See, before anything is read, whether the options go together.

    Raises:
        BadInput: They do not.
    """
    from harness.admission.converting.convert import check_target

    if len(options.paths) != 1 or not options.paths[0].is_file():
        raise BadInput("scan: --convert takes exactly one checkpoint file")
    if options.structure or options.reference is not None:
        raise BadInput("scan: --convert goes with neither --structure nor --reference; scan what was written")
    check_target(options.convert)


def _check_copy(options: argparse.Namespace) -> None:
    """See, before anything is read, whether a copy can be made.

    Raises:
        BadInput: It cannot.
    """
    if options.copy_voice is None:
        if options.checkpoint:
            raise BadInput("scan: --checkpoint goes with --copy-voice only; a scan reads every checkpoint")
        return
    from harness.admission.converting.copying import check_folder

    if len(options.paths) != 1 or not options.paths[0].is_dir():
        raise BadInput("scan: --copy-voice takes exactly one folder")
    if options.convert is not None or options.structure or options.reference is not None:
        raise BadInput("scan: --copy-voice goes with none of --convert, --structure, --reference; scan the copy")
    check_folder(options.copy_voice)


def _copy(options: argparse.Namespace, found: list[Admission]) -> Copy | None:
    """Copy where nothing hostile was found, and look at the copy; None where nothing was copied."""
    from harness.admission.admit import admit
    from harness.admission.converting.copying import copy_voice

    if found[0].verdict is Verdict.FAIL:
        return None
    say_progress("scan: copying")
    made = copy_voice(options.paths[0], options.copy_voice, checkpoint=options.checkpoint or "")
    found.append(admit(made.path, say=lambda line: say_progress(f"scan: {line}")))
    if found[-1].verdict is Verdict.FAIL:  # a cache's blobs are first looked at here
        shutil.rmtree(made.path)
    return made


def _copy_lines(copy: Copy | None, verdict: Verdict) -> list[str]:
    if copy is None:
        return []
    if verdict is Verdict.FAIL:
        return [printable(f"{copy.path}: removed again, because it is hostile or malformed")]
    return [printable(f"{copy.path}: written, {len(copy.files)} files; {len(copy.left)} were left where they are")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Converted:
    """What came of a conversion."""

    made: Conversion | None
    reason: str = ""
    """Why nothing was written."""
    exit_code: Exit = Exit.DONE


def _convert(options: argparse.Namespace, source: Admission) -> _Converted:
    from harness.admission.checks.weights import Unreadable
    from harness.admission.converting.convert import convert

    if source.verdict is Verdict.FAIL:
        return _Converted(made=None, reason="hostile or malformed", exit_code=Exit.FINDINGS)
    say_progress("scan: converting")
    try:
        return _Converted(made=convert(source.root, options.convert))
    except Unreadable as error:
        return _Converted(made=None, reason=str(error), exit_code=Exit.UNDECIDED)


def _conversion_lines(converted: _Converted | None) -> list[str]:
    if converted is None:
        return []
    made = converted.made
    if made is None:
        return [printable(f"not converted: {converted.reason}")]
    dropped = [f"  dropped {one}" for one in made.dropped]
    told = f"{made.path}: written, {made.tensors} tensors, {made.size_bytes} bytes, sha256 {made.sha256}"
    return [printable(line) for line in (told, *dropped)]


def _to_json(
    found: list[Admission],
    converted: _Converted | None,
    copy: Copy | None,
    printed: scan_graph.Fingerprinted | None,
) -> str:
    scans = [
        {
            "path": printable(str(one.root)),
            "verdict": one.verdict.value,
            "facts": {examination.check: dict(examination.facts) for examination in one.examinations},
            "findings": [_flaw(flaw) for flaw in one.flaws],
            "not_accepted": list(map(printable, one.remarks)),
            "proposal": list(map(printable, one.proposal)),
        }
        for one in found
    ]
    told: dict[str, object] = {"version": VERSION, "scans": scans}
    if copy is not None:
        files, left = (list(map(printable, one)) for one in (copy.files, copy.left))
        told["copy"] = {"path": printable(str(copy.path)), "files": files, "left": left}
    if printed is not None:
        told["fingerprint"] = printed.record
    if converted is not None:
        made = converted.made
        told["conversion"] = {
            "path": printable(str(made.path)) if made else None,
            "sha256": made.sha256 if made else None,
            "bytes": made.size_bytes if made else None,
            "tensors": made.tensors if made else None,
            "dropped": list(made.dropped) if made else [],
            "refused": printable(converted.reason),
        }
    return json_text(told, indent=2) + "\n"


def _flaw(flaw: Flaw) -> dict[str, str]:
    return {
        "rule": flaw.rule.id,
        "severity": flaw.rule.severity.value,
        "verdict": flaw.rule.verdict.value,
        "title": flaw.rule.title,
        "file": printable(flaw.file),
        "place": printable(flaw.place),
        "found": printable(flaw.found),
        "effect": printable(flaw.effect),
        "remedy": printable(flaw.remedy or flaw.rule.help),
        "accepted": printable(flaw.accepted),
    }
