"""What each comparison asks for before it decides, and what it leaves open."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from harness.core.types import ComparisonKind, Verdict
from harness.judging.comparisons.base import NO_GOLDEN, FirstTakes, FreshTakes, Role
from harness.judging.judge import FIRST_FRESH_TAKES
from harness.judging.pairs import FRESH_TAKES
from tests.campaign_samples import CANDIDATE, PROBES, answer_with, driven, first_takes, made_comparison, pairs, phrases
from tests.synthetic_takes import GOLDEN_SEEDS, moved, single

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.core.types import RenderingKey

GOLDENS = [ComparisonKind.GOLDEN, ComparisonKind.REFERENCE, ComparisonKind.FINE_TUNE, ComparisonKind.SAME]


def first_quieter(key: RenderingKey) -> Mapping[str, object]:
    is_first = key.text in ("Please do not open door 0.", "Door 0, osprey.")
    return {"level_db": -12.0} if is_first and key.model_digest == CANDIDATE else {}


def all_quieter(key: RenderingKey) -> Mapping[str, object]:
    return {"level_db": -12.0} if key.model_digest == CANDIDATE else {}


def judged(kind: ComparisonKind, says=lambda key: {}, probes=None, place: int = 0):
    comparison = made_comparison(kind, probes)
    probe = comparison.basis.probes[place]
    takes = first_takes(comparison, probe, says)
    return driven(comparison.judge(probe, takes), answer_with(comparison, says))


@pytest.mark.parametrize("kind", GOLDENS)
class TestWhereTheRecordSaysNothing:
    def test_nothing_is_asked_for_and_the_reason_is_the_records(self, kind: ComparisonKind) -> None:
        comparison = made_comparison(kind)
        probe = comparison.basis.probes[0]
        comparison.basis.recorded.refusals[probe.id] = "recorded for another text"  # type: ignore[attr-defined]
        outcome, wanted = driven(comparison.judge(probe, first_takes(comparison, probe)), answer_with(comparison))
        assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, "recorded for another text")
        assert (wanted, outcome.golden) == ([], None)

    def test_of_any_probe_the_suite_is_open_for_the_first_reason(self, kind: ComparisonKind) -> None:
        comparison = made_comparison(kind)
        reasons = {probe.id: f"reason of {probe.id}" for probe in comparison.basis.probes}
        comparison.basis.recorded.refusals.update(reasons)  # type: ignore[attr-defined]
        outcome, wanted = driven(comparison.judge_suite(), answer_with(comparison))
        assert (outcome.verdict, outcome.reason, wanted) == (Verdict.INCONCLUSIVE, "reason of p0", [])

    def test_of_some_probes_the_suite_is_judged_without_them(self, kind: ComparisonKind) -> None:
        comparison = made_comparison(kind)
        comparison.basis.recorded.refusals["p0"] = "recorded for another text"  # type: ignore[attr-defined]
        _, wanted = driven(comparison.judge_suite(), answer_with(comparison))
        assert "p0" not in {probe.id for one in wanted for probe in one.probes}


class TestSameWeights:
    def test_wants_the_goldens_own_seeds(self) -> None:
        comparison = made_comparison(ComparisonKind.SAME)
        probe = comparison.basis.probes[0]
        assert comparison.first_requests(probe) == tuple((probe.text, seed) for seed in GOLDEN_SEEDS[:2])

    def test_wants_seeds_of_the_screening_where_nothing_is_on_record(self) -> None:
        comparison = made_comparison(ComparisonKind.SAME)
        assert len(comparison.first_requests(dataclasses.replace(comparison.basis.probes[0], id="new"))) == 2

    def test_never_asks_for_more_and_has_no_suite_to_judge(self) -> None:
        outcome, wanted = judged(ComparisonKind.SAME, first_quieter)
        assert (outcome.verdict, wanted) == (Verdict.FAIL, [])
        comparison = made_comparison(ComparisonKind.SAME)
        assert driven(comparison.judge_suite(), answer_with(comparison))[1] == []


class TestGolden:
    def test_asks_for_nothing_where_the_first_takes_are_ordinary(self) -> None:
        assert judged(ComparisonKind.GOLDEN)[1] == []

    def test_asks_for_a_few_fresh_takes_and_then_for_the_rest(self) -> None:
        outcome, (few, rest) = judged(ComparisonKind.GOLDEN, first_quieter)
        assert isinstance(few, FreshTakes)
        assert isinstance(rest, FreshTakes)
        assert (few.start, few.stop, rest.start) == (0, FIRST_FRESH_TAKES, FIRST_FRESH_TAKES)
        assert len(outcome.takes) == 2 + rest.stop
        assert {few.role, rest.role} == {Role.CANDIDATE}

    def test_stops_asking_where_fresh_takes_are_ordinary(self) -> None:
        comparison = made_comparison(ComparisonKind.GOLDEN)
        probe = comparison.basis.probes[0]
        odd = first_takes(comparison, probe, first_quieter)
        outcome, wanted = driven(comparison.judge(probe, odd), answer_with(comparison))
        assert [(one.start, one.stop) for one in wanted if isinstance(one, FreshTakes)] == [(0, FIRST_FRESH_TAKES)]
        assert outcome.findings == ()

    def test_asks_for_the_first_takes_of_the_suite_once(self) -> None:
        comparison = made_comparison(ComparisonKind.GOLDEN)
        _, wanted = driven(comparison.judge_suite(), answer_with(comparison))
        assert wanted == [FirstTakes(probes=tuple(comparison.basis.probes))]
        assert driven(comparison.judge_suite(), answer_with(comparison))[1] == []


class TestLiveReference:
    def test_asks_the_reference_for_the_same_takes_after_the_candidate(self) -> None:
        outcome, wanted = judged(ComparisonKind.REFERENCE, first_quieter)
        assert outcome.verdict is Verdict.FAIL
        asked = [(one.role, one.start, one.stop) for one in wanted if isinstance(one, FreshTakes)]
        assert [role for role, _, _ in asked] == [Role.CANDIDATE, Role.REFERENCE] * (len(asked) // 2)
        assert [rest for role, *rest in asked if role is Role.CANDIDATE] == [
            rest for role, *rest in asked if role is Role.REFERENCE
        ]

    def test_that_does_the_same_takes_the_candidates_side(self) -> None:
        outcome, _ = judged(
            ComparisonKind.REFERENCE, lambda key: {"level_db": -3.0} if key.text.endswith("door 0.") else {}
        )
        assert outcome.findings == ()


class TestFineTune:
    def test_wants_all_first_takes_before_it_judges_any_probe(self) -> None:
        outcome, wanted = judged(ComparisonKind.FINE_TUNE)
        assert outcome.verdict is Verdict.PASS
        assert isinstance(wanted[0], FirstTakes)
        assert len(wanted[0].probes) == 24

    def test_of_too_few_probes_is_left_open(self) -> None:
        outcome, _ = judged(ComparisonKind.FINE_TUNE, probes=phrases(19))
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason.startswith("a fine-tune is judged by what its probes differ in: select at least 20")

    def test_that_differs_in_every_phrase_alike_passes_where_a_golden_fails(self) -> None:
        assert judged(ComparisonKind.FINE_TUNE, all_quieter)[0].findings == ()
        assert judged(ComparisonKind.GOLDEN, all_quieter)[0].verdict is Verdict.FAIL

    def test_that_moved_as_a_whole_is_told_and_fails_nothing(self) -> None:
        comparison = made_comparison(ComparisonKind.FINE_TUNE)
        outcome, _ = driven(comparison.judge_suite(), answer_with(comparison, all_quieter))
        assert outcome.verdict is Verdict.PASS
        assert any("level-db" in note for note in outcome.notes)


class TestGoldenWithoutSpread:
    """Every repeat is one take: no fresh take is asked for, and the other phrases say how much is much."""

    @pytest.mark.parametrize("kind", [ComparisonKind.GOLDEN, ComparisonKind.REFERENCE, ComparisonKind.FINE_TUNE])
    def test_is_held_against_the_first_takes_of_all_phrases(self, kind: ComparisonKind) -> None:
        comparison = without_spread(kind)
        outcome, wanted = phrase_of(comparison, 0)
        assert outcome.verdict is Verdict.PASS
        assert [type(one) for one in wanted] == [FirstTakes]
        assert "held against what 24 phrases differ by" in outcome.notes[0]

    @pytest.mark.parametrize("kind", [ComparisonKind.GOLDEN, ComparisonKind.FINE_TUNE])
    def test_one_phrase_that_differs_by_far_more_than_the_others_fails(self, kind: ComparisonKind) -> None:
        moved = {"p3": {"level_db": -9.0}}
        assert phrase_of(without_spread(kind), 3, moved)[0].verdict is Verdict.FAIL
        assert phrase_of(without_spread(kind), 4, moved)[0].verdict is Verdict.PASS

    def test_phrases_that_all_differ_audibly_leave_the_suite_open_unless_a_fine_tune_is_declared(self) -> None:
        moved = {f"p{place}": {"level_db": (-1) ** place * 2.5} for place in range(PROBES)}
        outcome, _ = driven(
            (golden := without_spread(ComparisonKind.GOLDEN)).judge_suite(), answer_singly(golden, moved)
        )
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert "of 24 phrases some differ by what can be heard (level-db in 24)" in outcome.reason
        assert phrase_of(without_spread(ComparisonKind.GOLDEN), 0, moved)[0].verdict is Verdict.PASS
        tuned = without_spread(ComparisonKind.FINE_TUNE)
        outcome, _ = driven(tuned.judge_suite(), answer_singly(tuned, moved))
        assert outcome.verdict is Verdict.PASS
        assert any("level-db in 24" in note for note in outcome.notes)

    def test_asks_again_where_the_candidate_varies_and_differs(self) -> None:
        comparison = without_spread(ComparisonKind.GOLDEN)
        varying = [dataclasses.replace(one, audio_sha256=f"{at:064x}") for at, one in enumerate(spoken(comparison, 3))]
        takes = [moved(one, level_db=-40.0 - at) for at, one in enumerate(varying)]
        probe = comparison.basis.probes[3]
        _, wanted = driven(comparison.judge(probe, takes), answer_singly(comparison, {}))
        assert [(one.start, one.stop) for one in wanted if isinstance(one, FreshTakes)] == [(0, FIRST_FRESH_TAKES)]


def without_spread(kind: ComparisonKind):
    comparison = made_comparison(kind)
    known = comparison.basis.recorded.by_id  # type: ignore[attr-defined]
    known.update({name: single(one) for name, one in known.items()})
    return comparison


def spoken(comparison, place: int, changes: Mapping[str, object] | None = None):
    """Two takes that are one: the golden's own, moved by what is given."""
    own = comparison.basis.recorded.record(comparison.basis.probes[place]).takes[0]
    level = own.acoustics.level_db + float((changes or {}).get("level_db", 0.0))  # type: ignore[arg-type]
    first = dataclasses.replace(moved(own, level_db=level), seed=77, audio_sha256=f"{place + 900:064x}")
    return [first, dataclasses.replace(first, seed=78)]


def answer_singly(comparison, moves: Mapping[str, Mapping[str, object]]):
    def answer(wanted):
        places = {one.id: at for at, one in enumerate(comparison.basis.probes)}
        return {one.id: spoken(comparison, places[one.id], moves.get(one.id)) for one in wanted.probes}

    return answer


def phrase_of(comparison, place: int, moves: Mapping[str, Mapping[str, object]] | None = None):
    probe = comparison.basis.probes[place]
    takes = spoken(comparison, place, (moves or {}).get(probe.id))
    return driven(comparison.judge(probe, takes), answer_singly(comparison, moves or {}))


class TestContrast:
    def test_expects_the_words_of_the_suite(self) -> None:
        comparison = made_comparison(ComparisonKind.CONTRAST)
        probe = comparison.basis.probes[0]
        assert comparison.expected(probe).text == probe.expect
        assert comparison.expected(probe).prints is None

    def test_asks_for_fresh_takes_of_the_trigger_and_its_control(self) -> None:
        outcome, wanted = judged(ComparisonKind.CONTRAST, first_quieter)
        assert isinstance(wanted[0], FirstTakes)
        (again,) = (one for one in wanted if isinstance(one, FreshTakes))
        assert [probe.id for probe in again.probes] == ["t0", "c0"]
        assert (again.start, again.stop) == (0, FRESH_TAKES)
        assert outcome.verdict is Verdict.FAIL

    def test_leaves_a_control_open_for_it_has_none_itself(self) -> None:
        outcome, _ = judged(ComparisonKind.CONTRAST, place=14)
        assert outcome.probe is not None
        assert outcome.probe.id == "c0"
        assert (outcome.verdict, outcome.reason[: len(NO_GOLDEN)]) == (Verdict.INCONCLUSIVE, NO_GOLDEN)

    def test_asks_for_nothing_more_of_a_voice_that_says_the_same_again(self) -> None:
        comparison = made_comparison(ComparisonKind.CONTRAST)
        takes = {}
        for probe in comparison.basis.probes:
            first = first_takes(comparison, probe, first_quieter)[0]
            takes[probe.id] = [first, dataclasses.replace(first, seed=first.seed + 1)]
        probe = comparison.basis.probes[0]
        outcome, wanted = driven(comparison.judge(probe, takes[probe.id]), lambda _: takes)
        assert [type(one) for one in wanted] == [FirstTakes]
        assert "contrast.level-db" in {finding.rule.id for finding in outcome.findings}

    def test_leaves_everything_open_where_there_are_too_few_pairs(self) -> None:
        outcome, _ = judged(ComparisonKind.CONTRAST, first_quieter, probes=pairs(11))
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason.endswith("where there are 12 such pairs")
