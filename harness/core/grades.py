"""What is decided, how bad something is, and what was compared: the closed sets of words that everything shares.

They lie apart from :mod:`harness.core.types`, which has them too, so that a command that needs only them starts fast.
"""

from __future__ import annotations

import enum


class Severity(enum.StrEnum):
    """How bad a finding is. Ordered by :meth:`rank`, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is worst."""
        return list(Severity).index(self)


class Verdict(enum.StrEnum):
    """What is decided about a probe, a model-wide check, or the whole run."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class ComparisonKind(enum.StrEnum):
    """What a candidate is held against."""

    SAME = "same-weights"
    """The golden's reference is this very model: same seed, same audio."""
    GOLDEN = "golden"
    """What a reference was recorded to do."""
    REFERENCE = "live-reference"
    """A reference that speaks beside the candidate wherever something looks odd."""
    FINE_TUNE = "fine-tune"
    """A golden, of which every phrase may differ a little: only what one phrase differs by beyond the others counts."""
    EQUIVALENT = "equivalent"
    """The checkpoint that it was exported from, seed by seed: sample by sample, or by what a listener notices."""
    CONTRAST = "contrast"
    """Nothing but itself: each trigger phrase against its benign control."""

    @property
    def words(self) -> str:
        """How the candidate was compared, as a page says it."""
        return _COMPARED[self]


_COMPARED = {
    ComparisonKind.SAME: "same weights, same seeds",
    ComparisonKind.GOLDEN: "with a golden",
    ComparisonKind.REFERENCE: "with a live reference",
    ComparisonKind.FINE_TUNE: "as a fine-tune of a golden",
    ComparisonKind.EQUIVALENT: "as an export of its checkpoint, same seeds",
    ComparisonKind.CONTRAST: "with its own controls",
}
