"""One audit of a fleet: all members are read, those without a verdict are gated, and a report is made of all.

Before the first gate starts, every file of every member was read. Each verdict is stored as soon as its gate has ended,
so that an audit that is killed goes on, judges nothing twice, and ends with the same report.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness import __version__
from harness.core.ending import Ending
from harness.core.fleet import NEW, FleetReport, FleetRow
from harness.core.grades import Verdict
from harness.core.text import counted, printable
from harness.fleet.audits import Audits, Past
from harness.fleet.basis import changed_parts
from harness.fleet.course import Course, State, Way
from harness.fleet.file import Fleet
from harness.fleet.holding import held
from harness.fleet.looking import Eye, Looked, Terms
from harness.fleet.members import members_of
from harness.fleet.verdicts import Verdicts

FOLDER: Final = "fleets"
"""Below the folder of runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What came of an audit."""

    report: FleetReport
    folder: Path
    """Where its report lies."""
    judged: int
    """Gates that gave a verdict just now; the other verdicts were stored."""


def fleet_folder(fleet: Fleet, terms: Terms) -> Path:
    """Where a fleet's audits and reports lie."""
    return terms.folder / FOLDER / fleet.name


def audit(fleet: Fleet, terms: Terms, way: Way, write: Callable[[FleetReport, Path], None]) -> Audit:
    """Audit a fleet. The current folder is the fleet's.

    Args:
        fleet: Which.
        terms: What holds for all members.
        way: How.
        write: Writes the report into a folder.

    Raises:
        SoundcheckError: It cannot begin or go on; what was judged is stored.
    """
    folder = fleet_folder(fleet, terms)
    with held(folder, way.tell) as lock:
        audits, verdicts = Audits(folder), Verdicts(terms.folder)
        audits.begin(way.now)
        eye = Eye(fleet, terms, way.tell)
        state = look_at_all(eye, fleet, verdicts, way, is_fresh=terms.is_fresh)
        judged = Course(eye, way, state, verdicts, folder).all_gates(lock)
        report = _report(fleet, state, audits)
        write(report, folder)
        audits.end(report, [one.parts or {} for one in state.looked])
    return Audit(report=report, folder=folder, judged=judged)


def look_at_all(eye: Eye, fleet: Fleet, verdicts: Verdicts, way: Way, *, is_fresh: bool) -> State:
    """Read all members' files, and look their verdicts up."""
    members = members_of(fleet)
    state = State(looked=[])
    for place, member in enumerate(members, 1):
        way.progress(f"reading {place} of {counted(len(members), 'model')}: {member.name}")
        looked = eye.look(member)
        state.looked.append(looked)
        if looked.flaw:
            state.flaws[member.name] = looked.flaw
        elif looked.parts and not is_fresh:
            known = verdicts.find(looked.parts)
            if known.verdict:
                state.verdicts[looked.key] = known.verdict
            elif known.why:
                way.tell(f"{member.name}: {known.why}; it is judged again")
    return state


def _report(fleet: Fleet, state: State, audits: Audits) -> FleetReport:
    rows = tuple(_row(one, state, audits.of(one.member.name)) for one in state.looked)
    return FleetReport(
        version=__version__,
        name=fleet.name,
        title=fleet.title,
        number=audits.number,
        rows=rows,
        gone=audits.gone([row.name for row in rows]),
    )


def _row(looked: Looked, state: State, past: Past) -> FleetRow:
    """A member's row; without a verdict it is an error, whatever was known of it before."""
    name = looked.member.name
    parts: Mapping[str, str] = looked.parts or {}
    before = past.last.parts if past.last else {}
    changed = changed_parts(before, parts) if before and parts else ()
    row = FleetRow(
        name=name,
        model=printable(looked.member.spec),
        model_digest=looked.digest,
        verdict=Verdict.ERROR,
        ending=int(Ending.BROKEN),
        reason=state.flaws.get(name, "no gate of it has ended"),
        key=looked.key,
        golden=printable(looked.material.golden) if looked.material else "",
        suites=tuple(one.suite.name for one in looked.material.suites) if looked.material else (),
        changed=changed if past.last else (NEW,),
        history=past.verdicts,
    )
    known = state.verdicts.get(looked.key)
    if known is None or name in state.flaws:
        return row
    return dataclasses.replace(
        row,
        verdict=known.verdict,
        ending=known.ending,
        reason=known.reason,
        counts=known.counts,
        run_id=known.run_id,
        isolation=known.isolation,
        alpha=looked.settings.alpha if looked.settings else 0.0,
    )
