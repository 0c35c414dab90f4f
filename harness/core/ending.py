"""What a session of pytest ends with: from a run's verdict, its gate and what became of the session to an exit code.

Pure: one function decides, and it is the only one that does. Knows nothing of pytest but its exit codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from harness.core.grades import Verdict
from harness.core.verdict import RELEASE, RunResult

CI: Final = "ci"


class Ending(IntEnum):
    """Exit codes of a session: pytest's own, and one more."""

    PASSED = 0
    FAILED = 1
    INTERRUPTED = 2
    BROKEN = 3
    """The harness could not work."""
    USAGE = 4
    NOTHING_COLLECTED = 5
    UNDECIDED = 10
    """Not failed, and not passed either."""


EARLY: Final = (Ending.INTERRUPTED, Ending.BROKEN, Ending.USAGE)
"""How pytest says that it came to no end."""


class Standing(StrEnum):
    """What is known of a candidate when a session has ended."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    INCOMPLETE = "incomplete"
    ERROR = "error"
    NOTHING_JUDGED = "nothing judged"
    """Items were made, and no probe of them was decided."""
    NOTHING_COLLECTED = "nothing collected"
    """A gate was asked for, and none of its items was made."""


MATRIX: Final[Mapping[Standing, Mapping[str, Ending]]] = {
    Standing.PASS: {CI: Ending.PASSED, RELEASE: Ending.PASSED},
    Standing.FAIL: {CI: Ending.FAILED, RELEASE: Ending.FAILED},
    Standing.INCONCLUSIVE: {CI: Ending.PASSED, RELEASE: Ending.UNDECIDED},
    Standing.INCOMPLETE: {CI: Ending.PASSED, RELEASE: Ending.UNDECIDED},
    Standing.ERROR: {CI: Ending.BROKEN, RELEASE: Ending.BROKEN},
    Standing.NOTHING_JUDGED: {CI: Ending.UNDECIDED, RELEASE: Ending.UNDECIDED},
    Standing.NOTHING_COLLECTED: {CI: Ending.NOTHING_COLLECTED, RELEASE: Ending.NOTHING_COLLECTED},
}
"""What each standing ends with under each gate, where pytest came to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What became of a session of pytest, apart from what is on record about the candidate."""

    status: int
    """pytest's own exit code, from before any plugin changed it."""
    changed_status: int
    """What plugins made of it."""
    is_asked: bool
    """Whether a gate was asked for: by an option that judges, or by suites that were collected for a model."""
    is_cut_short: bool = False
    """Whether items that this session had selected were kept from being judged (a skip mark, an early end)."""
    others_failed: bool = False
    """Whether something failed that is none of the gate's items."""


def standing_of(result: RunResult | None) -> Standing:
    """Where a candidate stands by what is on record; None where no run began."""
    if result is None:
        return Standing.NOTHING_COLLECTED
    if result.verdict in (Verdict.FAIL, Verdict.ERROR):
        return Standing(result.verdict.value)
    if not result.has_decided:
        return Standing.NOTHING_JUDGED
    if not result.complete:
        return Standing.INCOMPLETE
    return Standing.PASS if result.verdict is Verdict.PASS else Standing.INCONCLUSIVE


def ending_of(standing: Standing, gate: str, session: Session) -> int:
    """The exit code.

    What is on record decides. A status that a plugin set is kept where it says more than the record, and never where it
    says that something passed which did not, or that a model failed which did not.

    Args:
        standing: By what is on record.
        gate: ``ci`` or ``release``.
        session: What became of it.
    """
    if not session.is_asked:
        return session.changed_status
    if session.status in EARLY:
        is_hidden = session.changed_status in (Ending.PASSED, Ending.FAILED)
        return session.status if is_hidden else session.changed_status
    ending = MATRIX[standing][gate]
    if ending is Ending.PASSED and standing is Standing.INCOMPLETE and session.is_cut_short:
        ending = Ending.UNDECIDED
    if ending is Ending.PASSED:
        return session.changed_status
    if ending in (Ending.UNDECIDED, Ending.NOTHING_COLLECTED) and session.others_failed:
        return session.changed_status or Ending.FAILED
    is_own_code = session.changed_status not in {int(one) for one in Ending}
    return session.changed_status if is_own_code and ending is not Ending.FAILED else ending


def explained(standing: Standing, ending: int) -> str:
    """Why a session ends so, in one line; ``""`` where the verdict's word says it."""
    if ending == Ending.INTERRUPTED:
        return (
            "exit code 2: pytest was ended early; what was rendered and decided is kept, and the same command goes on"
        )
    if ending == Ending.PASSED and standing is not Standing.PASS:
        return f"exit code 0: nothing failed; --tts-gate={CI} lets through what is open, --tts-gate={RELEASE} does not"
    if ending == Ending.UNDECIDED and standing is Standing.NOTHING_JUDGED:
        return "exit code 10: no probe was decided, so nothing is known of how the candidate speaks"
    if ending == Ending.UNDECIDED:
        return "exit code 10: nothing failed, and not everything that was asked for is decided"
    if ending == Ending.BROKEN:
        return "exit code 3: items ended for another reason than the model; mend that, then give the same command again"
    return ""
