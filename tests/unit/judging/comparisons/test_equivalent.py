"""An export beside its checkpoint, seed by seed: what is the same, what is not, and what nobody can tell."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.core.findings import Against, Count
from harness.core.stats import signs_needed
from harness.core.types import ComparisonKind, Probe, Verdict
from harness.judging.comparisons import COMPARISONS, Basis
from harness.judging.comparisons.base import FirstTakes, FreshTakes, NothingRecorded, Role
from harness.judging.comparisons.equivalent import DIFFERS, NOT_SPOKEN, SUITE
from harness.judging.judge import FIRST_FRESH_TAKES, PROBES_SHARE, count_tests
from harness.report.evidence import evidence_of, heard_of
from tests.campaign_samples import (
    CANDIDATE,
    PROBES,
    REFERENCE,
    SCREENING,
    answer_with,
    apart,
    driven,
    first_takes,
    honest,
    phrases,
    staged,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.core.findings import Outcome
    from harness.core.types import RenderingKey
    from harness.judging.comparisons import Comparison
    from harness.judging.comparisons.base import Wanted

PAIRS = signs_needed(PROBES * (count_tests(1) + 1), SCREENING.alpha * PROBES_SHARE)
Says = "Callable[[RenderingKey], Mapping[str, object]]"
FIRST = "Please do not open door 0."
UNHEARD = {"level_db": 0.3}
"""In decibels: a listener notices 1."""


def comparison(probes: Sequence[Probe] | None = None) -> Comparison:
    """Without a golden."""
    chosen = phrases() if probes is None else probes
    screening = dataclasses.replace(SCREENING, suite_probes=len(chosen))
    return COMPARISONS[ComparisonKind.EQUIVALENT](
        Basis(probes=chosen, screening=screening, recorded=NothingRecorded(), apart=apart)
    )


def judged(says: Says = honest, place: int = 0, probes: Sequence[Probe] | None = None) -> tuple[Outcome, list[Wanted]]:
    one = comparison(probes)
    probe = one.basis.probes[place]
    return driven(one.judge(probe, first_takes(one, probe, says)), answer_with(one, says))


def first_only(**moves: object) -> Says:
    """One phrase of the candidate is moved, whatever the seed."""
    return lambda key: moves if key.model_digest == CANDIDATE and key.text == FIRST else {}


def one_rendering(place: int, **moves: object) -> Says:
    """One of the first two renderings of one phrase is moved."""
    one = comparison()
    seed = one.first_requests(one.basis.probes[0])[place][1]
    return lambda key: moves if (key.model_digest, key.text, key.seed) == (CANDIDATE, FIRST, seed) else {}


def narrower(scatter: float = 0.2, of_first: Mapping[str, object] | None = None, share: float = 1.0) -> Says:
    """Every rendering of the candidate is a little off, each by another amount; one phrase is moved beside that."""

    def says(key: RenderingKey) -> Mapping[str, object]:
        if key.model_digest != CANDIDATE:
            return {}
        rng = np.random.default_rng([key.seed, 77])
        off = {"level_db": scatter * float(rng.standard_normal())}
        fires = key.text == FIRST and float(rng.random()) < share
        return {**off, **(of_first or {})} if fires else off

    return says


class TestTheSameArithmetic:
    def test_what_is_the_same_passes_at_once(self) -> None:
        outcome, wanted = judged()
        assert (outcome.verdict, outcome.findings) == (Verdict.PASS, ())
        assert wanted == [FirstTakes(probes=(phrases()[0],), role=Role.REFERENCE)]
        assert outcome.notes == ("2 of 2 renderings equal to the reference's sample by sample, within 0.001",)

    def test_a_phrase_that_never_is_fails_though_nobody_would_hear_it(self) -> None:
        outcome, wanted = judged(first_only(**UNHEARD))
        (finding,) = outcome.findings
        assert (outcome.verdict, finding.rule) == (Verdict.FAIL, DIFFERS)
        assert finding.evidence.count == Count(count=PAIRS, of=PAIRS)
        assert evidence_of(finding) == f"{PAIRS} of {PAIRS} renderings: samples up to 1 of full scale apart"
        roles = [(one.start, one.stop, one.role) for one in wanted if isinstance(one, FreshTakes)]
        assert roles == [
            (0, FIRST_FRESH_TAKES, Role.CANDIDATE),
            (0, FIRST_FRESH_TAKES, Role.REFERENCE),
            (FIRST_FRESH_TAKES, PAIRS, Role.CANDIDATE),
            (FIRST_FRESH_TAKES, PAIRS, Role.REFERENCE),
        ]

    def test_the_other_phrases_pass_beside_it(self) -> None:
        assert judged(first_only(**UNHEARD), place=1)[0].verdict is Verdict.PASS

    def test_other_words_are_told_as_such(self) -> None:
        outcome, _ = judged(first_only(text="Please do open the door.", forced=-4.0, level_db=0.3))
        assert [finding.rule.id for finding in outcome.findings] == ["speech.word-dropped", "equivalent.samples-differ"]
        assert outcome.findings[0].severity.value == "critical"

    @pytest.mark.parametrize("place", [0, 1])
    def test_a_rounding_that_moves_one_rendering_passes_where_nobody_hears_it(self, place: int) -> None:
        outcome, wanted = judged(one_rendering(place, **UNHEARD))
        assert outcome.verdict is Verdict.PASS
        assert sum(isinstance(one, FreshTakes) for one in wanted) == 2
        assert outcome.notes == ("5 of 6 renderings equal to the reference's sample by sample, within 0.001",)

    def test_one_rendering_that_is_heard_to_differ_is_left_open(self) -> None:
        outcome, _ = judged(one_rendering(0, level_db=-12.0))
        assert (outcome.verdict, outcome.findings) == (Verdict.INCONCLUSIVE, ())
        assert outcome.reason is not None
        assert outcome.reason.startswith(
            "1 of 6 renderings differ audibly in level-db from the reference's of the same"
        )

    def test_of_one_speaker_is_known_whatever_another_does(self) -> None:
        anna = [dataclasses.replace(one, id=f"{one.id}@anna", speaker="anna") for one in phrases(8)]
        bob = [
            dataclasses.replace(one, id=f"{one.id}@bob", speaker="bob", text=f"Shut gate {at}.")
            for at, one in enumerate(phrases(8))
        ]

        def says(key: RenderingKey) -> Mapping[str, object]:
            return UNHEARD if key.model_digest == CANDIDATE and ("door" in key.text or "gate 0" in key.text) else {}

        probes = [*anna, *bob]
        assert judged(says, 0, probes)[0].verdict is Verdict.PASS
        outcome, _ = judged(says, 8, probes)
        assert [finding.rule for finding in outcome.findings] == [DIFFERS]

    def test_the_suite_passes_and_says_how_much_is_the_same(self) -> None:
        one = comparison()
        outcome, _ = driven(one.judge_suite(), answer_with(one, first_only(**UNHEARD)))
        assert outcome.verdict is Verdict.PASS
        assert outcome.notes == ("46 of 48 renderings are equal to the reference's sample by sample, within 0.001",)


class TestNarrowerArithmetic:
    def test_passes_where_nobody_would_notice(self) -> None:
        outcome, wanted = judged(narrower())
        assert (outcome.verdict, outcome.findings) == (Verdict.PASS, ())
        assert not any(isinstance(one, FreshTakes) for one in wanted)

    def test_one_phrase_that_most_seeds_say_otherwise_fails(self) -> None:
        outcome, _ = judged(narrower(of_first={"level_db": -3.0}))
        (finding,) = outcome.findings
        assert (outcome.verdict, finding.rule.family) == (Verdict.FAIL, "voice")
        (measured,) = finding.evidence.measurements
        assert (measured.against, measured.takes) == (Against.REFERENCE, PAIRS)
        assert "with the same seeds (-3.0 times what a listener notices), p < 1e-6; one of" in evidence_of(finding)
        assert judged(narrower(of_first={"level_db": -3.0}), place=1)[0].verdict is Verdict.PASS

    def test_a_dropped_word_fails(self) -> None:
        outcome, _ = judged(narrower(of_first={"text": "Please do open the door.", "forced": -4.0}))
        assert outcome.verdict is Verdict.FAIL
        assert outcome.findings[0].rule.id == "speech.word-dropped"

    def test_what_fires_in_a_share_of_the_renderings_is_no_pass(self) -> None:
        outcome, _ = judged(narrower(of_first={"text": "Please do open the door.", "forced": -4.0}, share=0.7))
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason is not None
        assert "listen to them" in outcome.reason

    def test_scatter_that_is_heard_but_has_no_direction_fails_nothing(self) -> None:
        verdicts = [judged(narrower(scatter=2.0), place)[0].verdict for place in range(24)]
        assert Verdict.FAIL not in verdicts
        assert verdicts.count(Verdict.PASS) >= 18

    def test_words_that_the_reference_is_not_heard_to_say_are_no_pass(self) -> None:
        def says(key: RenderingKey) -> Mapping[str, object]:
            return {"text": "Please open the door.", "level_db": 0.3 if key.model_digest == CANDIDATE else 0.0}

        outcome, _ = judged(says)
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason is not None
        assert outcome.reason.startswith("Whisper does not hear a critical word even in the reference")

    def test_a_suite_that_is_quieter_throughout_fails(self) -> None:
        def says(key: RenderingKey) -> Mapping[str, object]:
            return {"level_db": -1.5} if key.model_digest == CANDIDATE else {}

        one = comparison()
        outcome, _ = driven(one.judge_suite(), answer_with(one, says))
        (finding,) = outcome.findings
        assert (outcome.verdict, finding.rule) == (Verdict.FAIL, SUITE)
        assert heard_of(finding) == "24 of 24 phrases: level-db -1.5"

    def test_of_too_few_phrases_it_is_left_open(self) -> None:
        def says(key: RenderingKey) -> Mapping[str, object]:
            return {"level_db": -1.5} if key.model_digest == CANDIDATE else {}

        one = comparison(phrases(5))
        outcome, _ = driven(one.judge_suite(), answer_with(one, says))
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason is not None
        assert "level-db in 5 of 5" in outcome.reason


class TestWhatCannotBeHeld:
    def test_against_a_reference_that_cannot_speak_it_is_left_open(self) -> None:
        one = comparison()
        probe = one.basis.probes[0]
        outcome, _ = driven(one.judge(probe, first_takes(one, probe)), lambda wanted: {})
        assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, NOT_SPOKEN)

    def test_a_single_take_gets_company_before_anything_is_said(self) -> None:
        one = comparison()
        one = type(one)(dataclasses.replace(one.basis, screening=dataclasses.replace(one.basis.screening, takes=1)))
        probe = one.basis.probes[0]
        says = narrower(of_first={"level_db": -3.0})
        outcome, wanted = driven(one.judge(probe, first_takes(one, probe, says)), answer_with(one, says))
        assert outcome.verdict is Verdict.FAIL
        spans = [(ask.start, ask.stop) for ask in wanted if isinstance(ask, FreshTakes) and ask.role is Role.CANDIDATE]
        assert spans == [(0, 2), (2, 6), (6, 2 + PAIRS)]

    def test_without_a_golden_the_suites_own_words_are_weighed(self) -> None:
        one = comparison()
        assert one.expected(one.basis.probes[0]).text == "please do not open the door"


class TestCampaign:
    def test_has_the_reference_speak_the_candidates_own_seeds(self) -> None:
        one = comparison()
        campaign = staged(one, first_only(level_db=-3.0))
        assert campaign.judge("p0").verdict is Verdict.FAIL
        assert campaign.judge("p1").verdict is Verdict.PASS
        assert set(campaign.voice.asked) == set(campaign.reference.asked)
        assert campaign.reference.name == REFERENCE
