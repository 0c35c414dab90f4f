"""The run loop: what a judgement wants is spoken, and a worker that is lost ends it. No worker runs here."""

from __future__ import annotations

import dataclasses
import math
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest

from harness.core.seeds import FRESH_PURPOSE, REFERENCE_PURPOSE, seed_for
from harness.core.types import ComparisonKind, Severity, Verdict
from harness.judging.comparisons import COMPARISONS
from harness.judging.judge import FIRST_FRESH_TAKES
from harness.run.campaign import LOAD
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.schedule import BATCH
from tests.campaign_samples import CANDIDATE, HANGS, DrawnVoice, made_comparison, phrases, staged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.core.seeds import Request
    from harness.core.types import Rendering, RenderingKey, Take
    from harness.hearing.listening import Expected
    from harness.speaking.voice import Made

ENDED = WorkerFault("worker.given-up", "not tried: 32 workers were lost before")


def golden(count: int = 24, kind: ComparisonKind = ComparisonKind.GOLDEN):
    return made_comparison(kind, phrases(count))


def all_quieter(key: RenderingKey) -> Mapping[str, object]:
    """The candidate is quieter in every phrase."""
    return {"level_db": -12.0} if key.model_digest == CANDIDATE else {}


def first_seeds_quieter(key: RenderingKey) -> Mapping[str, object]:
    """Only what the screening hears is quieter: chance, which a second look refutes."""
    fresh = {seed_for(FRESH_PURPOSE, 1, key.text, take) for take in range(64)}
    return {} if key.seed in fresh else {"level_db": -2.0}


class TestScreening:
    def test_an_honest_probe_costs_its_first_takes_and_no_more(self) -> None:
        stage = staged(golden())
        assert stage.judge("p0").verdict is Verdict.PASS
        assert not [text for text in stage.told if text.startswith("taking a second look")]
        assert not stage.reference.asked

    def test_what_was_spoken_ahead_is_not_asked_for_again(self) -> None:
        stage = staged(golden(4))
        for probe in stage.comparison.basis.probes:
            stage.campaign.judge(probe)
            stage.campaign.judge(probe)
        assert len(stage.voice.asked) == len(set(stage.voice.asked)) == 8

    def test_takes_are_heard_against_what_the_golden_was_heard_to_say(self) -> None:
        stage = staged(golden(2))
        stage.judge("p0")
        assert {one.text for one in stage.listener.expected} == {"Please do not open the door."}

    def test_probes_of_one_text_are_each_held_against_their_own_record(self) -> None:
        one, other = phrases(1)[0], dataclasses.replace(phrases(1)[0], id="twin")
        comparison = made_comparison(ComparisonKind.GOLDEN, [one, other])
        records = comparison.basis.recorded.by_id  # type: ignore[attr-defined]
        records["twin"] = dataclasses.replace(records["twin"], transcript="Please do not open this door.")
        stage = staged(comparison)
        stage.judge("p0")
        assert len(stage.voice.asked) == 2
        assert sorted(str(one.text) for one in stage.listener.expected) == [
            *["Please do not open the door."] * 2,
            *["Please do not open this door."] * 2,
        ]


class Unhurried(Future[dict["Request", "Made"]]):
    """Is not done before somebody waits for it."""

    is_awaited = False

    def done(self) -> bool:
        return self.is_awaited

    def result(self, timeout: float | None = None) -> dict[Request, Made]:
        self.is_awaited = True
        return super().result(timeout)


class BusyVoice(DrawnVoice):
    """Has orders at work until somebody waits for them."""

    def __init__(self, *, workers: int) -> None:
        super().__init__(workers=workers)
        self.orders: list[Sequence[Request]] = []

    def submit(self, requests: Sequence[Request], *, later: int = 0) -> Future[dict[Request, Made]]:
        self.orders.append(requests)
        future = Unhurried()
        future.set_result(super().submit(requests, later=later).result())
        return future


class TestSecondLook:
    def test_confirms_with_seeds_that_no_screening_has_seen(self) -> None:
        stage = staged(golden(), all_quieter)
        outcome = stage.judge("p3")
        assert outcome.verdict is Verdict.FAIL
        assert "taking a second look at p3" in stage.told
        text = stage.comparison.basis.probes[3].text
        fresh = [seed for asked, seed in stage.voice.asked if asked == text][2:]
        assert fresh == [seed_for(FRESH_PURPOSE, 1, text, take) for take in range(len(fresh))]
        assert len(fresh) > FIRST_FRESH_TAKES

    def test_stops_after_the_first_fresh_takes_where_nothing_can_be_confirmed_any_more(self) -> None:
        stage = staged(golden(), first_seeds_quieter)
        outcome = stage.judge("p3")
        assert (outcome.verdict, outcome.findings) == (Verdict.PASS, ())
        assert outcome.notes[0].startswith("looked odd at first (")
        assert len(outcome.takes) == 2 + FIRST_FRESH_TAKES

    def test_speaks_the_next_while_it_hears_and_nothing_twice(self) -> None:
        stage = staged(golden(), all_quieter)
        text = stage.comparison.basis.probes[3].text
        begun: list[int] = []
        takes = stage.listener.takes

        def listening(renderings: Sequence[Rendering], expected: Sequence[Expected]) -> list[Take]:
            begun.append(sum(asked == text for asked, _ in stage.voice.asked))
            return takes(renderings, expected)

        stage.listener.takes = listening  # type: ignore[method-assign]
        outcome = stage.judge("p3")
        first, *later, last = begun[-1 - math.ceil((len(outcome.takes) - 2) / BATCH) :]
        assert first == 2
        assert all(spoken > 2 + BATCH * (place + 1) for place, spoken in enumerate(later))
        assert last == len(outcome.takes)
        assert len(set(stage.voice.asked)) == len(stage.voice.asked)

    def test_asks_for_nothing_that_is_not_wanted_in_the_end(self) -> None:
        stage = staged(golden(), first_seeds_quieter)
        stage.judge("p3")
        text = stage.comparison.basis.probes[3].text
        fresh = [request for request in stage.voice.asked if request[0] == text][2:]
        assert FIRST_FRESH_TAKES < len(fresh) <= FIRST_FRESH_TAKES + BATCH

    def test_is_shared_out_among_the_workers(self) -> None:
        voice = BusyVoice(workers=2)
        stage = staged(golden(), all_quieter, voice)
        outcome = stage.judge("p3")
        text = stage.comparison.basis.probes[3].text
        sizes = [sum(one[0] == text for one in order) for order in voice.orders]
        assert [size for size in sizes if size][1:3] == [FIRST_FRESH_TAKES // 2] * 2
        assert max(sizes) <= BATCH
        assert sum(sizes) == len(outcome.takes)

    def test_speaks_no_more_of_the_suspect_while_first_takes_keep_the_workers_busy(self) -> None:
        voice = BusyVoice(workers=2)
        stage = staged(golden(), first_seeds_quieter, voice)
        stage.judge("p3")
        text = stage.comparison.basis.probes[3].text
        assert sum(one[0] == text for order in voice.orders for one in order) == 2 + FIRST_FRESH_TAKES

    def test_asks_a_live_reference_for_as_many(self) -> None:
        stage = staged(golden(kind=ComparisonKind.REFERENCE), all_quieter)
        outcome = stage.judge("p3")
        assert outcome.verdict is Verdict.FAIL
        text = stage.comparison.basis.probes[3].text
        spoken = [seed_for(REFERENCE_PURPOSE, 1, text, take) for take in range(len(outcome.takes) - 2)]
        assert stage.reference.asked == [(text, seed) for seed in spoken]


class TestGivingUp:
    def test_leaves_later_suspicions_open_once_enough_probes_failed(self) -> None:
        stage = staged(golden(), all_quieter, most=2)
        assert [stage.judge(f"p{place}").verdict for place in range(2)] == [Verdict.FAIL] * 2
        asked = len(stage.voice.asked)
        outcome = stage.judge("p2")
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason == "looks odd and was not looked at again: 2 probes of this run failed before it"
        assert outcome.golden == stage.comparison.basis.recorded.records[2]
        fresh = {seed_for(FRESH_PURPOSE, 1, stage.comparison.basis.probes[2].text, take) for take in range(64)}
        assert not fresh & {seed for _, seed in stage.voice.asked[asked:]}

    def test_looks_again_at_what_stands_out_of_all_that_differ(self) -> None:
        def slower(key: RenderingKey) -> Mapping[str, object]:
            return {"log_seconds": 0.6 if key.text.endswith(" 20.") else 0.2}

        stage = staged(golden(), slower, most=2)
        outcomes = {f"p{place}": stage.judge(f"p{place}") for place in range(22)}
        failed = [subject for subject, outcome in outcomes.items() if outcome.verdict is Verdict.FAIL]
        assert failed == ["p0", "p1", "p20"]
        assert "timing.slow" in {finding.rule.id for finding in outcomes["p20"].findings}
        told = stage.campaign.check_shift().notes[0]
        assert told.startswith("beyond what all probes differ by: p20 (log-seconds +0.4")

    def test_still_passes_what_does_not_look_odd(self) -> None:
        def some(key: RenderingKey) -> Mapping[str, object]:
            return all_quieter(key) if key.text.endswith(("0.", "1.")) else {}

        stage = staged(golden(), some, most=2)
        verdicts = [stage.judge(f"p{place}").verdict for place in range(3)]
        assert verdicts == [Verdict.FAIL, Verdict.FAIL, Verdict.PASS]

    def test_does_not_count_findings_that_a_policy_accepts(self) -> None:
        stage = staged(golden(), all_quieter, most=1)
        stage.campaign.without_findings(dataclasses.replace(stage.judge("p0"), verdict=Verdict.PASS))
        assert stage.judge("p1").verdict is Verdict.FAIL

    @pytest.mark.parametrize("kind", [kind for kind, one in COMPARISONS.items() if not one.gives_up])
    def test_is_not_for_comparisons_that_need_every_answer(self, kind: ComparisonKind) -> None:
        stage = staged(made_comparison(kind), all_quieter, most=0)
        assert "not looked at again" not in stage.campaign.judge(stage.comparison.basis.probes[0]).reason


class TestFaults:
    def test_of_the_first_takes_are_findings_on_the_phrase(self) -> None:
        stage = staged(golden(), voice=DrawnVoice(faults={"Please do not open door 1.": HANGS}))
        outcome = stage.judge("p1")
        (finding,) = outcome.findings
        assert (outcome.verdict, finding.rule.id, finding.severity) == (Verdict.FAIL, "worker.hung", Severity.HIGH)
        assert finding.heard == "the worker said nothing for 60 s"
        assert finding.evidence.words == "it printed last: tick"
        assert stage.judge("p0").verdict is Verdict.PASS

    def test_of_a_second_look_end_it(self) -> None:
        class Dying(DrawnVoice):
            def submit(self, requests, *, later=0):
                done = super().submit(requests)
                fresh = {seed_for(FRESH_PURPOSE, 1, text, take) for text, _ in requests for take in range(64)}
                for request in done.result():
                    if request[1] in fresh:
                        done.result()[request] = HANGS
                return done

        stage = staged(golden(), all_quieter, Dying())
        outcome = stage.judge("p1")
        assert [finding.rule.id for finding in outcome.findings] == ["worker.hung"]
        assert len(outcome.takes) == 2

    def test_of_a_live_reference_leave_the_suspicion_open_and_blame_nobody(self) -> None:
        stage = staged(golden(kind=ComparisonKind.REFERENCE), all_quieter)
        stage.reference.faults["Please do not open door 1."] = HANGS
        outcome = stage.judge("p1")
        assert (outcome.verdict, outcome.findings) == (Verdict.INCONCLUSIVE, ())
        assert outcome.reason == (
            "looks odd, and the live reference was lost when it was asked for fresh takes (said nothing for 60 s); "
            "run the same command again"
        )
        assert outcome.golden == stage.comparison.basis.recorded.records[1]
        assert len(outcome.takes) == 2
        assert stage.judge("p2").verdict is Verdict.FAIL

    def test_of_a_voice_that_never_loaded_leave_every_probe_open(self) -> None:
        stage = staged(golden(), voice=DrawnVoice(load_fault=HANGS))
        outcome = stage.judge("p0")
        assert (outcome.verdict, outcome.findings) == (Verdict.INCONCLUSIVE, ())
        assert outcome.reason.startswith("the candidate could not be asked")

    def test_of_a_worker_that_was_lost_too_often_say_nothing_of_a_phrase(self) -> None:
        stage = staged(golden(), voice=DrawnVoice(faults={"Please do not open door 1.": ENDED}))
        assert stage.judge("p1").verdict is Verdict.INCONCLUSIVE

    def test_that_a_fresh_worker_recovered_from_are_no_pass(self) -> None:
        voice = DrawnVoice(recovered={"Please do not open door 1."})
        stage = staged(golden(), voice=voice)
        outcome = stage.judge("p1")
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason.startswith("the worker died once while this was spoken")
        assert voice.told == ["Please do not open door 1."]
        assert stage.judge("p0").verdict is Verdict.PASS

    def test_of_one_probe_leave_it_out_of_the_suite(self) -> None:
        stage = staged(golden(), voice=DrawnVoice(faults={"Please do not open door 1.": HANGS}))
        assert stage.campaign.check_shift().verdict is Verdict.PASS

    @pytest.mark.parametrize("kind", COMPARISONS)
    def test_of_every_phrase_pass_none_in_any_comparison(self, kind: ComparisonKind) -> None:
        comparison = made_comparison(kind)
        faults = {probe.text: HANGS for probe in comparison.basis.probes}
        stage = staged(comparison, voice=DrawnVoice(faults=faults))
        assert {stage.campaign.judge(probe).verdict for probe in comparison.basis.probes} == {Verdict.FAIL}


class TestAcceptedFindings:
    def test_leave_a_probe_open_whose_words_nobody_can_hear(self) -> None:
        stage = staged(golden(1), all_quieter)
        outcome = stage.judge("p0")
        deaf = dataclasses.replace(stage.comparison.basis.probes[0], critical=("unheard",))
        accepted = dataclasses.replace(outcome, verdict=Verdict.PASS, probe=deaf)
        left = stage.campaign.without_findings(accepted)
        assert left.verdict is Verdict.INCONCLUSIVE
        assert left.reason.startswith("Whisper does not hear a critical word")


class TestSuite:
    def test_that_moved_as_a_whole_is_found(self) -> None:
        stage = staged(golden(), lambda key: {"log_seconds": 0.06} if key.model_digest == CANDIDATE else {})
        outcome = stage.campaign.check_shift()
        assert outcome.verdict is Verdict.FAIL
        assert outcome.findings[0].rule.id == "shift.suite"

    def test_is_made_of_first_takes_alone(self) -> None:
        stage = staged(golden())
        stage.campaign.check_shift()
        assert len(stage.voice.asked) == 2 * 24


class TestLoading:
    def test_is_a_check_of_its_own(self) -> None:
        stage = staged(golden())
        assert stage.campaign.check_load().notes == ("drawn, 16000 Hz",)
        failed = staged(golden(), voice=DrawnVoice(load_fault=HANGS)).campaign.check_load()
        assert (failed.subject, failed.verdict, failed.findings[0].rule.id) == (LOAD, Verdict.FAIL, "worker.hung")

    def test_is_tried_once(self) -> None:
        loaded = staged(golden())
        assert loaded.campaign.try_load() is None
        loaded.voice.load_fault = HANGS
        assert loaded.campaign.try_load() is None
        assert staged(golden(), voice=DrawnVoice(load_fault=HANGS)).campaign.try_load() is HANGS

    def test_has_what_listens_loaded_beside_it_where_anything_will_have_to_be_heard(self) -> None:
        stage = staged(golden())
        stage.campaign.check_load()
        assert stage.listener.readied == 1
        stage.judge(next(iter(stage.comparison.basis.probes)).id)
        assert stage.listener.readied == 1  # it is loaded

    def test_has_nothing_loaded_where_all_was_heard_before(self) -> None:
        comparison = golden()
        kept = {one for probe in comparison.basis.probes for one in comparison.first_requests(probe)}
        stage = staged(comparison, voice=DrawnVoice(kept=kept))
        stage.campaign.check_load()
        assert stage.listener.readied == 0

    def test_ends_with_the_campaign(self) -> None:
        stage = staged(golden())
        stage.campaign.close()
        assert (stage.voice.is_closed, stage.reference.is_closed) == (True, True)
