"""What every comparison keeps to, whichever is registered."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.core.types import ComparisonKind, Verdict
from harness.judging.comparisons import COMPARISONS, AtHand
from harness.judging.suite_shift import CHECK as SHIFT
from harness.run.options import COMPARISONS as ASKED
from tests.campaign_samples import CANDIDATE, answer_with, driven, first_takes, made_comparison

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.core.types import RenderingKey

HANDS = [
    AtHand(digest="a" * 64, golden=golden, golden_digest=digest if golden else None, has_reference=live)
    for golden, digest, live in itertools.product((None, "good"), ("a" * 64, "b" * 64), (False, True))
]


def quieter(key: RenderingKey) -> Mapping[str, object]:
    """The candidate in its first phrase alone, and by far."""
    is_first = key.text in ("Please do not open door 0.", "Door 0, osprey.")
    return {"level_db": -12.0} if is_first and key.model_digest == CANDIDATE else {}


class TestRegistry:
    def test_has_every_kind_once(self) -> None:
        assert set(COMPARISONS) == set(ComparisonKind)
        assert all(one.kind is kind for kind, one in COMPARISONS.items())

    def test_has_words_for_lists_and_for_the_page(self) -> None:
        assert all(one.__doc__ and one.__doc__.splitlines()[0].endswith(".") for one in COMPARISONS.values())
        assert len({kind.words for kind in COMPARISONS}) == len(COMPARISONS)

    def test_is_documented(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text("utf-8")
        assert [kind for kind in COMPARISONS if f"\n| `{kind.value}` | " not in page] == []

    def test_can_be_asked_for_by_name_where_no_option_of_its_own_does(self) -> None:
        assert set(ASKED) - {"auto"} == {kind.value for kind in COMPARISONS} - {ComparisonKind.REFERENCE.value}

    @pytest.mark.parametrize("hand", HANDS, ids=str)
    def test_has_one_that_suits_whatever_is_at_hand(self, hand: AtHand) -> None:
        if hand.golden is not None or not hand.has_reference:
            assert any(one.suits(hand) for one in COMPARISONS.values())


@pytest.mark.parametrize("kind", COMPARISONS)
class TestEveryComparison:
    @pytest.mark.parametrize("hand", HANDS, ids=str)
    def test_lacks_nothing_where_it_suits_and_else_says_what_was_expected(
        self, kind: ComparisonKind, hand: AtHand
    ) -> None:
        lack = COMPARISONS[kind].lacks(hand)
        assert lack is None if COMPARISONS[kind].suits(hand) else lack is None or lack.startswith("expected ")

    def test_wants_the_same_first_takes_whenever_it_is_asked(self, kind: ComparisonKind) -> None:
        one, again = made_comparison(kind), made_comparison(kind)
        for probe in one.basis.probes:
            wanted = one.first_requests(probe)
            assert wanted == again.first_requests(probe)
            assert len(set(wanted)) == one.basis.screening.takes
            assert {text for text, _ in wanted} == {probe.text}

    def test_passes_honest_takes_and_says_what_they_were(self, kind: ComparisonKind) -> None:
        comparison = made_comparison(kind)
        probe = comparison.basis.probes[0]
        takes = first_takes(comparison, probe)
        outcome, _ = driven(comparison.judge(probe, takes), answer_with(comparison))
        assert (outcome.verdict, outcome.findings, outcome.subject) == (Verdict.PASS, (), probe.id)
        assert outcome.takes[: len(takes)] == tuple(takes)

    def test_fails_a_phrase_that_is_spoken_otherwise(self, kind: ComparisonKind) -> None:
        comparison = made_comparison(kind)
        probe = comparison.basis.probes[0]
        takes = first_takes(comparison, probe, quieter)
        outcome, _ = driven(comparison.judge(probe, takes), answer_with(comparison, quieter))
        assert outcome.verdict is Verdict.FAIL
        assert {finding.subject for finding in outcome.findings} == {probe.id}

    def test_fails_audio_that_is_no_audio_whatever_else_is_known(self, kind: ComparisonKind) -> None:
        comparison = made_comparison(kind)
        probe = comparison.basis.probes[0]
        takes = [
            dataclasses.replace(one, facts=dataclasses.replace(one.facts, nonfinite=9, peak=0.0, rms=0.0))
            for one in first_takes(comparison, probe)
        ]
        outcome, _ = driven(comparison.judge(probe, takes), answer_with(comparison))
        assert outcome.verdict is Verdict.FAIL

    def test_judges_the_suite_under_the_name_of_its_check(self, kind: ComparisonKind) -> None:
        comparison = made_comparison(kind)
        outcome, _ = driven(comparison.judge_suite(), answer_with(comparison))
        expected = Verdict.INCONCLUSIVE if kind is ComparisonKind.CONTRAST else Verdict.PASS
        assert (outcome.subject, outcome.verdict, outcome.probe) == (SHIFT, expected, None)

    def test_leaves_the_suite_open_where_no_probe_was_selected(self, kind: ComparisonKind) -> None:
        comparison = made_comparison(kind, [])
        outcome, wanted = driven(comparison.judge_suite(), answer_with(comparison))
        assert (outcome.verdict, wanted) == (Verdict.INCONCLUSIVE, [])
        assert outcome.reason.startswith(("no golden to compare with", "no probe to hold against the reference"))
