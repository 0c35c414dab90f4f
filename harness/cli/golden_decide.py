"""``soundcheck golden accept`` and ``prune``: what changes a golden. A person's word, on record, never a pipeline's."""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.cli.common import own_families, print_json, say
from harness.core.errors import BadInput
from harness.core.exits import Exit
from harness.core.speakers import plain_id
from harness.core.text import counted, printable

if TYPE_CHECKING:
    from harness.goldens.approvals import Approval, Decision
    from harness.goldens.lifecycle import Replacement

CI_VARIABLES: Final = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TF_BUILD", "TEAMCITY_VERSION", "BUILDKITE")
"""Set by services that run pipelines."""


def run_accept(options: argparse.Namespace) -> int:
    """Accept, and log it."""
    from harness.goldens.lifecycle import accept

    _refuse_in_pipeline("accept", os.environ)
    decision = _decision(options)
    done = accept(_place(options.golden, options), decision, digest=options.digest)
    _tell(done, decision, options)
    return Exit.DONE


def run_prune(options: argparse.Namespace) -> int:
    """List, and remove where that is asked for.

    Returns:
        4 where something is listed and stays.
    """
    from harness.goldens.folder import read_golden
    from harness.goldens.lifecycle import prune

    if options.yes and not options.golden:
        raise BadInput("golden prune: --yes removes from one golden; name it")
    paths = [_place(options.golden, options)] if options.golden else _all_places(options.golden_dir)
    suites, probes = _suites(options)
    stale = {}
    for path in paths:
        golden = read_golden(path)
        stale[path] = sorted(name for name in golden.records if plain_id(name) not in probes)
        for name in sorted(golden.manifest.suites.keys() - suites):
            say(printable(f"{path.name}: its suite {name} was not found here; name it with --suite if it still counts"))
    if options.yes and stale[paths[0]]:
        _refuse_in_pipeline("prune", os.environ)
        decision = _decision(options)
        done = prune(read_golden(paths[0]), stale[paths[0]], decision)
        _tell(done, decision, options)
        return Exit.DONE
    if options.format == "json":
        print_json({"version": 1, "unnamed": {path.name: names for path, names in stale.items()}})
    else:
        for path, names in stale.items():
            told = counted(len(names), "probe")
            print(printable(f"{path.name}: {told} that no suite names{':' if names else ''}"))
            for name in names:
                print(printable(f"  {name}"))
    return Exit.UNDECIDED if any(stale.values()) else Exit.DONE


def _suites(options: argparse.Namespace) -> tuple[set[str], set[str]]:
    """Names of the suites that count, and ids of their probes, written and drawn."""
    from harness.admission.coqui.vocabulary import read_vocabulary
    from harness.models.files import find_model
    from harness.run.settings import checked_salt
    from harness.suites.expansion import Drawing
    from harness.suites.file import read_suite

    model = find_model(options.model)[1] if options.model else None
    drawing = Drawing(
        salt=checked_salt(options.salt),
        vocabulary=lambda: read_vocabulary(model) if model else (),
        families=own_families(options.families_from),
    )
    paths = list(options.suite)
    if not paths:
        here = Path()
        found = sorted(here.rglob("*.probes.yaml"))
        paths = [path for path in found if not any(part.startswith(".") for part in path.parts)]
    if not paths:
        raise BadInput("golden prune: no *.probes.yaml below this folder; name the suites that count with --suite")
    contents = [read_suite(path, drawing).suite for path in paths]
    return {suite.name for suite in contents}, {probe.id for suite in contents for probe in suite.probes}


def _refuse_in_pipeline(action: str, environment: Mapping[str, str]) -> None:
    """Goldens never change in CI.

    Raises:
        BadInput: This is a pipeline.
    """
    for name in CI_VARIABLES:
        value = environment.get(name, "")
        if value.lower() not in ("", "0", "false"):
            what = f"{name}={printable(value[:40])}"
            raise BadInput(f"golden {action}: refused in a pipeline ({what}); goldens change by a person's word")


def _decision(options: argparse.Namespace) -> Decision:
    from harness.goldens.approvals import Decision

    approver = options.approver
    if approver is None:
        try:
            approver = getpass.getuser()
        except (KeyError, OSError):
            raise BadInput("--approver: say who decides; this machine has no name for you") from None
    made = Decision(at=datetime.now(UTC).isoformat(timespec="seconds"), reason=options.reason, approver=approver)
    made.check()
    return made


def _tell(done: Replacement, decision: Decision, options: argparse.Namespace) -> None:
    one = done.approval
    if (one.at, one.reason) != (decision.at, decision.reason):
        say(f"finished what was interrupted: {one.action} {one.golden}; if that is not all, give the command again")
    if options.format == "json":
        print_json({"approval": plain(one), "previous": str(done.kept) if done.kept else None})
    else:
        kept = f"; the one before lies in {done.kept}" if done.kept else ""
        print(printable(f"{one.golden}: {one.digest[:12]} approved by {one.approver}{kept}"))


def _place(name: str, options: argparse.Namespace) -> Path:
    """Folder of a golden that may be changed: what travels with the package is not looked at by name."""
    from harness.goldens.folder import find_golden
    from harness.goldens.lifecycle import is_interrupted

    if is_interrupted(options.golden_dir.absolute() / name):
        return Path(options.golden_dir.absolute() / name)
    return find_golden(name, [options.golden_dir])


def _all_places(folder: Path) -> list[Path]:
    return sorted(manifest.parent for manifest in folder.glob("[!.]*/manifest.json"))


def plain(one: Approval) -> dict[str, object]:
    """An approval as plain data."""
    import msgspec

    return dict(msgspec.structs.asdict(one))
