"""Which members would be judged again, and why: what an audit would find to do, with nothing done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.core.grades import Verdict
from harness.core.text import counted
from harness.fleet.audit import fleet_folder
from harness.fleet.audits import Audits
from harness.fleet.basis import changed_parts
from harness.fleet.file import Fleet
from harness.fleet.looking import Eye, Terms
from harness.fleet.members import members_of
from harness.fleet.verdicts import Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One member."""

    name: str
    verdict: Verdict | None = None
    """What is stored for it as it is now; None where nothing is."""
    run_id: str = ""
    why: str = ""
    """Why it would be judged again, or cannot be; ``""`` where it would not be looked at."""


def standings(
    fleet: Fleet, terms: Terms, *, tell: Callable[[str], None], progress: Callable[[str], None]
) -> list[Standing]:
    """Look at every member, in the order of the list. The current folder is the fleet's.

    Raises:
        SoundcheckError: What the fleet file says cannot be.
    """
    eye, verdicts, audits = Eye(fleet, terms, tell), Verdicts(terms.folder), Audits(fleet_folder(fleet, terms))
    members = members_of(fleet)
    found = []
    for place, member in enumerate(members, 1):
        progress(f"reading {place} of {counted(len(members), 'model')}: {member.name}")
        looked = eye.look(member)
        if looked.flaw or not looked.parts:
            found.append(Standing(name=member.name, why=looked.flaw))
            continue
        known = verdicts.find(looked.parts)
        if known.verdict:
            found.append(Standing(name=member.name, verdict=known.verdict.verdict, run_id=known.verdict.run_id))
            continue
        last = audits.of(member.name).last
        changed = changed_parts(last.parts, looked.parts) if last and last.parts else ()
        why = known.why or (f"{', '.join(changed)} changed" if changed else "it has no verdict yet")
        found.append(Standing(name=member.name, why=why))
    return found
