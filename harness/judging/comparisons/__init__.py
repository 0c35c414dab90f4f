"""What a candidate is held against: one module per comparison, and the registry that all of them are in.

same_weights    the golden's own model: the same seed must give the same audio
golden          what a reference was recorded to do, by statistics
live_reference  the same, and a reference that speaks now decides wherever something looks odd
fine_tune       a golden, of which every phrase may differ a little
equivalent      the checkpoint that it was exported from, with the same seeds
contrast        no golden: trigger phrases against their benign controls

A new one is a module here and a row below.
"""

from collections.abc import Mapping

from harness.core.types import ComparisonKind
from harness.judging.comparisons.base import AtHand, Basis, Comparison
from harness.judging.comparisons.contrast import ContrastComparison
from harness.judging.comparisons.equivalent import EquivalentComparison
from harness.judging.comparisons.fine_tune import FineTuneComparison
from harness.judging.comparisons.golden import GoldenComparison
from harness.judging.comparisons.live_reference import LiveReferenceComparison
from harness.judging.comparisons.same_weights import SameWeightsComparison

COMPARISONS: Mapping[ComparisonKind, type[Comparison]] = {
    one.kind: one
    for one in (
        LiveReferenceComparison,
        SameWeightsComparison,
        GoldenComparison,
        FineTuneComparison,
        EquivalentComparison,
        ContrastComparison,
    )
}
"""Every comparison. Where nobody names one, the first that suits is made."""

__all__ = ["COMPARISONS", "AtHand", "Basis", "Comparison"]
