"""From a gate that has ended to a verdict, or to why there is none.

The run on record decides, as it does for every report; the exit code has to agree with it. A gate that was stopped, or
that judged other files than were admitted, has given no verdict.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from harness.core.ending import Ending
from harness.core.errors import SoundcheckError
from harness.core.grades import Verdict
from harness.core.text import cut, printable
from harness.core.verdict import RunResult
from harness.fleet.basis import Material, form_of
from harness.fleet.verdicts import StoredVerdict
from harness.policy.file import PolicyFile
from harness.report.formats.results import MAX_BYTES
from harness.report.wording import NO_REASON, inconclusive_groups, one_line, tally, worst_first
from harness.storage import runseal
from harness.storage.rundirectory import RunDirectory
from harness.storage.smallfile import TooLarge, read_head, read_small
from harness.storage.store import UNREADABLE

REASON_LIMIT: Final = 300
LOG_BYTES: Final = 1 << 20
AGREES: Final[Mapping[Verdict, tuple[Ending, ...]]] = {
    Verdict.PASS: (Ending.PASSED,),
    Verdict.FAIL: (Ending.FAILED,),
    Verdict.INCONCLUSIVE: (Ending.PASSED, Ending.UNDECIDED),
}
"""Exit codes that a gate may have ended with where its run has such a verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a gate gave no verdict."""

    reason: str
    """In one line."""
    is_again: bool = False
    """Whether the same gate may be run again at once: it goes on where it was."""
    is_changed: bool = False
    """Whether the model is another one by now, and has to be looked at anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """A gate that was run: for what, and where it left what it found."""

    parts: Mapping[str, str]
    """All that its verdict depends on."""
    places: tuple[Path, ...]
    """Folders that it was to judge."""
    material: Material
    """What it is to be judged by."""
    policy: PolicyFile | None
    folder: Path
    """Folder of runs."""
    results: Path
    """Where it was to write its results."""
    log: Path


class _Info(msgspec.Struct):
    run_id: str
    model_digest: str


class _Results(msgspec.Struct):
    """As much of ``results.json`` as says which run it is of."""

    info: _Info


def read_ended(gated: Gated, status: int) -> StoredVerdict | Problem:
    """What came of a gate.

    Args:
        gated: The gate.
        status: Its exit code; negative: the signal that ended it.
    """
    if status < 0:
        return Problem(reason=f"its gate was ended by {_signal(-status)}", is_again=True)
    if status == Ending.INTERRUPTED:
        return Problem(reason="its gate was interrupted", is_again=True)
    try:
        found = msgspec.json.decode(read_small(gated.results, MAX_BYTES), type=_Results)
        directory = RunDirectory(gated.folder, found.info.run_id)
        result, head = directory.result(), runseal.head_of(directory.path)
    except (OSError, TooLarge, SoundcheckError, *UNREADABLE):
        return Problem(reason=f"its gate ended with {status} and no run: {_last_line(gated.log)}")
    if result.info.model_digest != gated.parts["model"] or not _has_form(gated):
        return Problem(reason="its files were changed after they were admitted", is_changed=True)
    if not gated.material.is_of(result.info, gated.policy):
        return Problem(reason="what it is judged by was changed while it was judged; give the same command again")
    if result.verdict is Verdict.ERROR or head is None:
        return Problem(reason=_why(result) or f"its gate ended with {status}: {_last_line(gated.log)}")
    if status not in AGREES[result.verdict]:
        return Problem(reason=f"its gate ended with {status}, though its run says {result.verdict.value}")
    return StoredVerdict(
        parts=dict(gated.parts),
        verdict=result.verdict,
        ending=status,
        reason=_why(result),
        counts={verdict: count for verdict, count in result.counts.items() if count},
        run_id=result.info.run_id,
        run_head=head,
        isolation=one_line(result.info.isolation),
    )


def _has_form(gated: Gated) -> bool:
    """Whether kinds and permissions of its files are what the key names: the gate admitted what it found."""
    try:
        return form_of(gated.places) == gated.parts["form"]
    except (OSError, SoundcheckError):
        return False


def _why(result: RunResult) -> str:
    """The verdict in words: how it went, and the worst that was found."""
    words = tally(result)
    failed = worst_first(result.outcomes)
    if failed:
        finding = next((one for one in failed[0].findings if not one.accepted), None)
        words = f"{words}; {failed[0].subject}: {finding.title if finding else failed[0].reason or NO_REASON}"
    elif broken := [one for one in result.outcomes if one.verdict is Verdict.ERROR]:
        words = f"{words}; {broken[0].reason or NO_REASON}"
    elif result.verdict is not Verdict.PASS and (groups := inconclusive_groups(result.outcomes)):
        words = f"{words}; {groups[0][0]}"
    return cut(printable(one_line(words)), REASON_LIMIT)


def _last_line(log: Path) -> str:
    """The end of what a gate has said, on one line."""
    try:
        text = read_head(log, LOG_BYTES).decode("utf-8", "replace")
    except OSError:
        return NO_REASON
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # What ended it stands in a line of its own; pytest's summary comes after it.
    told = [line for line in lines if line.startswith(("ERROR: ", "soundcheck: ", "!!!"))]
    return cut(printable((told or lines or [NO_REASON])[-1]), REASON_LIMIT)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
