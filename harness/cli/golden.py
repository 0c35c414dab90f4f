"""``soundcheck golden``: look at goldens, compare them, and decide about proposed ones."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import add_drawing, add_format, print_json, say, verb
from harness.cli.golden_decide import plain, run_accept, run_prune
from harness.core.errors import BadInput, IntegrityError
from harness.core.exits import Exit
from harness.core.text import printable
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.core.types import GoldenRecord
    from harness.goldens.folder import Golden


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb and what it can do."""
    parser = verb(
        verbs,
        "golden",
        "look at goldens, compare them, and decide about proposed ones",
        "soundcheck golden review joe-smoke",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    one = verb(actions, "list", "list the goldens, with the last approval of each", "soundcheck golden list")
    one.set_defaults(run=run_list)
    _finish(one)

    one = verb(actions, "show", "show what a golden holds", "soundcheck golden show joe-smoke transfer-not")
    one.add_argument("golden", metavar="GOLDEN", help="name or folder")
    one.add_argument("probes", nargs="*", metavar="PROBE", help="probes to show (default: all)")
    one.set_defaults(run=run_show)
    _finish(one)

    one = verb(
        actions,
        "diff",
        "compare two goldens probe by probe: new, gone, other text, other words, other takes",
        "soundcheck golden diff joe-smoke\n  soundcheck golden diff golden/joe-smoke golden/anna-smoke\n\n"
        "exit codes:\n  0 every probe is the same, 1 they differ, 2 usage, 3 a golden is not whole",
    )
    one.add_argument("old", metavar="A", help="name or folder")
    one.add_argument("new", nargs="?", metavar="B", help="name or folder (default: the proposal for A)")
    one.set_defaults(run=run_diff)
    _finish(one)

    one = verb(
        actions,
        "review",
        "write a page with the proposal beside the golden: words, numbers, and both to listen to",
        "soundcheck golden review joe-smoke --out review.html",
    )
    one.add_argument("golden", metavar="NAME", help="golden that a proposal waits for")
    one.add_argument(
        "--out", type=Path, metavar="FILE", help="the page (default: .soundcheck/reviews/NAME-DIGEST.html)"
    )
    one.set_defaults(run=run_review)
    _finish(one)

    one = verb(
        actions,
        "accept",
        "put the proposal in the golden's place, and log who did so and why; never in a pipeline",
        "soundcheck golden accept joe-smoke --reason 'new phrases, listened to all of them'\n\n"
        "without a proposal, the golden as it lies there is approved",
    )
    one.add_argument("golden", metavar="NAME", help="golden to decide about")
    one.add_argument("--digest", default="", metavar="HEX", help="first digits of the digest that was reviewed")
    _add_decision(one, is_required=True)
    one.set_defaults(run=run_accept)
    _finish(one)

    one = verb(
        actions,
        "prune",
        "list the probes of goldens that no suite names any more; with --yes remove them from one golden",
        "soundcheck golden prune\n"
        "  soundcheck golden prune joe-smoke --yes --reason 'the phrases moved to payments.probes.yaml'\n\n"
        "exit codes:\n  0 nothing to remove, or removed, 4 there is something to decide about, 2 usage",
    )
    one.add_argument("golden", nargs="?", metavar="NAME", help="golden (default: list for all)")
    one.add_argument(
        "--suite",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="suite that counts; repeat for more (default: every *.probes.yaml below this folder)",
    )
    add_option(one, "model", help="draw generated probes for this model's vocabulary")
    add_drawing(one)
    one.add_argument("--yes", action="store_true", help="remove what is listed")
    _add_decision(one, is_required=False)
    one.set_defaults(run=run_prune)
    _finish(one)


def _finish(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "golden-dir")
    add_format(parser)


def _add_decision(parser: argparse.ArgumentParser, *, is_required: bool) -> None:
    parser.add_argument("--reason", required=is_required, default="", help="why; kept in the log of approvals")
    parser.add_argument("--approver", metavar="NAME", help="who decides (default: the name you are logged in with)")


def run_list(options: argparse.Namespace) -> int:
    """Print the goldens of the folder and those that travel with the package.

    Returns:
        1 where one is broken, or not the one that was approved.
    """
    from harness.goldens.places import golden_folders

    found = [
        _entry(path)
        for folder in _distinct(golden_folders(options.golden_dir))
        for path in sorted(manifest.parent for manifest in folder.glob("[!.]*/manifest.json"))
    ]
    if options.format == "json":
        print_json({"version": 1, "goldens": found})
    else:
        for entry in found:
            told = f"{entry['probes']} probes x {entry['takes']}  {entry['model']}" if entry["digest"] else ""
            print(printable(f"{entry['name']!s:24} {entry['state']!s:12} {told}"))
            for line in (entry["problem"], entry["approved"], entry["waits"]):
                if line:
                    print(printable(f"{'':24} {line}"))
        if not found:
            say(f"no goldens in {options.golden_dir}; record one with: soundcheck record --help")
    is_wrong = any(entry["state"] in ("broken", "changed") for entry in found)
    return Exit.FINDINGS if is_wrong else Exit.DONE


def _distinct(folders: Sequence[Path]) -> list[Path]:
    return list({folder.resolve(): folder for folder in folders}.values())


def _entry(path: Path) -> dict[str, object]:
    """One golden for a list: plain data."""
    from harness.goldens.approvals import last_approval, read_approvals
    from harness.goldens.folder import check_files, read_golden
    from harness.goldens.lifecycle import is_interrupted, proposal_path

    last = last_approval(read_approvals(path.parent), path.name)
    entry: dict[str, object] = {
        "name": path.name,
        "path": str(path),
        "digest": "",
        "probes": 0,
        "takes": 0,
        "model": "",
        "problem": "",
        "approved": f"{last.at} by {last.approver}: {last.reason}" if last else "",
        "approval": plain(last) if last else None,
        "waits": "",
    }
    if proposal_path(path).is_dir():
        entry["waits"] = f"a proposal waits: soundcheck golden review {path.name}"
    if is_interrupted(path):
        entry["waits"] = "a replacement was interrupted: give the same command again"
    try:
        golden = read_golden(path)
        check_files(golden)
    except IntegrityError as error:
        return entry | {"state": "broken", "problem": str(error)}
    state = "unapproved" if last is None else "approved"
    problem = ""
    if last is not None and last.digest != golden.digest:
        state = "changed"
        problem = f"approved was {last.digest[:12]}, here lies {golden.digest[:12]}"
    about = golden.manifest
    return entry | {
        "digest": golden.digest,
        "probes": len(golden.records),
        "takes": about.takes,
        "model": about.model,
        "state": state,
        "problem": problem,
    }


def run_show(options: argparse.Namespace) -> int:
    """Print a golden's manifest and records."""
    from harness.goldens.folder import without_spread

    golden = _read(options.golden, options)
    wanted = options.probes or sorted(golden.records)
    if missing := [name for name in wanted if name not in golden.records]:
        raise BadInput(printable(f"{golden.path}: holds no probe {missing[0]!r}; see: soundcheck golden show NAME"))
    records = [golden.records[name] for name in wanted]
    about = golden.manifest
    if options.format == "json":
        print_json(
            {
                "version": 1,
                "name": golden.name,
                "path": str(golden.path),
                "digest": golden.digest,
                "model": about.model,
                "model digest": about.model_digest,
                "engine": about.engine,
                "transcriber": about.asr,
                "suites": about.suites,
                "seed": about.seed,
                "takes": about.takes,
                "without spread": list(golden.fixed),
                "reason": about.reason,
                "probes": [_numbers(record) for record in records],
            }
        )
        return Exit.DONE
    for name, told in (
        ("golden", f"{golden.path}, digest {golden.digest[:12]}"),
        ("model", f"{about.model}, digest {about.model_digest[:12]}"),
        ("engine", about.engine),
        ("transcriber", f"{about.asr.get('name', '')}, weights {about.asr.get('weights', '')[:12]}"),
        ("suites", ", ".join(about.suites)),
        ("reason", about.reason),
        *((("spread", fixed),) if (fixed := without_spread(golden)) else ()),
    ):
        print(printable(f"{name:12} {told}"))
    for record in records:
        number = _numbers(record)
        shown = "  ".join(f"{name} {number[name]:.2f}" for name in ("score", "seconds") if number[name] is not None)
        print(printable(f"{record.probe_id:28} {number['agree']} of {len(record.takes)}  {shown}  {record.transcript}"))
    return Exit.DONE


def _numbers(record: GoldenRecord) -> dict[str, object]:
    from harness.core.changes import NUMBERS, mean_of

    means = {name: mean_of(name, record) for name in NUMBERS}
    agree = sum(take.hearing.text == record.transcript for take in record.takes)
    return {"probe": record.probe_id, "text": record.text, "transcript": record.transcript, "agree": agree, **means}


def run_diff(options: argparse.Namespace) -> int:
    """Print what differs."""
    from harness.cli.golden_tables import difference, print_difference
    from harness.core.changes import ChangeKind, compare
    from harness.goldens.lifecycle import differing_conditions

    old = _read(options.old, options)
    new = _read(options.new, options) if options.new else _proposal(old)
    changes = compare(old.records, new.records)
    conditions = differing_conditions(old.manifest, new.manifest)
    if options.format == "json":
        print_json(difference(old, new, changes, conditions))
    else:
        print_difference(old, new, changes, conditions)
    return Exit.FINDINGS if any(change.kind is not ChangeKind.SAME for change in changes) else Exit.DONE


def run_review(options: argparse.Namespace) -> int:
    """Write the page, print the table.

    Returns:
        4: a decision is needed.
    """
    from harness.cli.golden_tables import difference, print_difference
    from harness.core.changes import compare
    from harness.goldens.folder import GoldenAudio, check_files
    from harness.goldens.lifecycle import differing_conditions
    from harness.report.page.review import Side, render
    from harness.report.wording import shell_word
    from harness.storage.store import write_atomically

    old = _read(options.golden, options)
    new = _proposal(old)
    check_files(new)
    changes = compare(old.records, new.records)
    conditions = differing_conditions(old.manifest, new.manifest)
    command = f"soundcheck golden accept {shell_word(options.golden)} --digest {new.digest[:12]}"
    if options.golden_dir != Path("golden"):
        command += f" --golden-dir {shell_word(str(options.golden_dir))}"
    path: Path = options.out or Path(".soundcheck") / "reviews" / f"{old.path.name}-{new.digest[:12]}.html"
    page = render(
        changes,
        conditions,
        *(
            Side(name=one.name, digest=one.digest, reason=one.manifest.reason, audio=GoldenAudio(one))
            for one in (old, new)
        ),
        command=f"{command} --reason '...'",
        folder=path.absolute().parent,
    )
    write_atomically(path, page.encode("utf-8"), option="--out")
    if options.format == "json":
        print_json(difference(old, new, changes, conditions) | {"page": str(path)})
    else:
        print_difference(old, new, changes, conditions)
        print()
        print(printable(f"listen   {path}"))
        print(printable(f"accept   {command} --reason '...'"))
    return Exit.UNDECIDED


def _read(name: str, options: argparse.Namespace) -> Golden:
    from harness.goldens.folder import find_golden, read_golden
    from harness.goldens.places import golden_folders

    return read_golden(find_golden(name, golden_folders(options.golden_dir)))


def _proposal(golden: Golden) -> Golden:
    from harness.goldens.folder import read_golden
    from harness.goldens.lifecycle import proposal_path

    path = proposal_path(golden.path)
    if not path.is_dir():
        raise BadInput(
            f"{golden.path}: no proposal waits for it; record one with: soundcheck record --into {golden.path.name}"
        )
    return read_golden(path)
