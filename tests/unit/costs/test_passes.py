"""The metering pass on speakers that are played: who speaks when, what is left out, and what is lost on the way."""

from __future__ import annotations

from threading import Event

import pytest

from harness.core.types import Probe
from harness.costs import suspects
from harness.costs.passes import Lost, soak, speak_again, speak_ladder, speak_rounds
from harness.costs.sample import plan
from harness.costs.suspects import Allowance, calm_text, contrast_again, is_hungry, look_again, look_at_memory
from harness.sandbox.outside.fault import WorkerFault
from tests.metered_samples import MIB, order, suite


class Stage:
    """Two speakers and what they were asked for; texts in `costs` cost so much, those in `faults` end the worker."""

    def __init__(self, costs: dict[str, float] | None = None, faults: dict[str, str] | None = None) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self._costs, self._faults = costs or {}, faults or {}

    def speaker(self, who: str):
        def speak(text: str, seed: int):
            self.asked.append((who, text, seed))
            if rule := self._faults.get(text):
                raise WorkerFault(rule, "was lost")
            return order(text, call=len(self.asked), cpu=self._costs.get(text, 0.2), audio=2.0)

        return speak


def probe(name: str, text: str, *, trigger: str | None = None, control: str | None = None) -> Probe:
    return Probe(id=name, text=text, family="rare", expect=text, trigger=trigger, control=control)


class TestRounds:
    def test_are_spoken_in_turn_with_the_same_seed_on_both_sides(self) -> None:
        stage = Stage()
        sample = speak_rounds(["a", "b"], stage.speaker("own"), stage.speaker("other"), seed=1, seconds=9, lost=Lost())
        assert [who for who, _, _ in stage.asked] == ["own", "other", "other", "own"] * 13  # the first is a warm-up
        assert [one.text for one in sample.rounds] == ["a", "b"] * 6  # too few to compare: again with other seeds
        assert len({seed for _, text, seed in stage.asked if text == "b"}) == 6
        assert sample.calibration > 0

    def test_stop_when_their_time_is_over_but_not_before_there_are_enough(self) -> None:
        texts = [str(number) for number in range(20)]
        sample = speak_rounds(texts, Stage().speaker("own"), None, seed=1, seconds=0, lost=Lost(), least=8)
        assert len(sample.rounds) == 8

    def test_go_on_beside_a_reference_while_there_is_time(self) -> None:
        texts, stage = [str(number) for number in range(20)], Stage()
        sample = speak_rounds(texts, stage.speaker("own"), stage.speaker("other"), seed=1, seconds=600, lost=Lost())
        assert len(sample.rounds) == 60
        sample = speak_rounds(texts, stage.speaker("own"), None, seed=1, seconds=600, lost=Lost())
        assert len(sample.rounds) == 20

    def test_leave_out_what_loses_a_worker_and_stop_at_the_second(self) -> None:
        stage, lost = Stage(faults={"b": "worker.crashed", "d": "worker.hung"}), Lost()
        sample = speak_rounds(["a", "b", "c", "d", "e"], stage.speaker("own"), None, seed=1, seconds=9, lost=lost)
        assert [one.text for one in sample.rounds] == ["a", "c"]
        assert [text for text, _ in lost.faults] == ["b", "d"]

    def test_take_a_refused_phrase_for_no_loss(self) -> None:
        stage, lost = Stage(faults={"b": "worker.failed"}), Lost()
        speak_rounds(["a", "b", "c"], stage.speaker("own"), None, seed=1, seconds=9, lost=lost)
        assert lost.faults == []


class TestOtherParts:
    def test_a_ladder_is_spoken_upwards_its_last_rung_once(self) -> None:
        stage = Stage()
        speak_ladder(["a", "bb", "cccc"], stage.speaker("own"), None, seed=1, lost=Lost())
        assert [text for _, text, _ in stage.asked] == ["a", "bb", "cccc", "a", "bb"]
        assert len({seed for _, _, seed in stage.asked}) == 5

    def test_a_ladder_is_spoken_once_where_that_tells_enough(self) -> None:
        stage, seen = Stage(), []

        def is_enough(rounds) -> bool:
            seen.append([one.text for one in rounds])
            return True

        speak_ladder(["a", "bb", "cccc"], stage.speaker("own"), None, seed=1, lost=Lost(), is_enough=is_enough)
        assert [text for _, text, _ in stage.asked] == ["a", "bb", "cccc"]
        assert seen == [["a", "bb", "cccc"]]

    def test_repeats_have_one_seed(self) -> None:
        stage = Stage()
        assert len(speak_again("a", stage.speaker("own"), 5, seed=1, lost=Lost())) == 5
        assert len({seed for _, _, seed in stage.asked}) == 1

    def test_repeats_end_when_they_are_enough(self) -> None:
        own = Stage().speaker("own")
        assert len(speak_again("a", own, 9, seed=1, lost=Lost(), is_enough=lambda calls: len(calls) == 4)) == 4

    def test_a_soak_ends_when_it_is_told_to_with_what_it_has(self) -> None:
        stage, stop = Stage(), Event()
        speak = stage.speaker("own")

        def counted(text: str, seed: int):
            if len(stage.asked) == 6:
                stop.set()
            return speak(text, seed)

        calls = soak(["a", "b"], counted, seed=1, seconds=600, lost=Lost(), stop=stop, tell=lambda _: None)
        assert len(calls) == 7
        assert len({seed for _, _, seed in stage.asked}) == 7
        assert soak([], counted, seed=1, seconds=600, lost=Lost(), stop=Event(), tell=lambda _: None) == []


class TestSecondLook:
    def test_has_each_suspect_speak_in_turn_with_a_phrase_that_nobody_suspects(self) -> None:
        stage, orders = Stage({"osprey": 0.9}), suite()
        found = look_again(["osprey", "door"], orders, stage.speaker("own"), seed=1, lost=Lost())
        assert [one.cpu_seconds for one, _ in found["osprey"]] == [0.9] * 3
        assert [calm.cpu_seconds for _, calm in found["osprey"]] == [0.2] * 3
        assert {calm.texts[0][:6] for turns in found.values() for _, calm in turns} == {"phrase"}
        assert [text for _, text, _ in stage.asked[:6]].count("osprey") == 3

    def test_ends_with_the_worker(self) -> None:
        stage, orders, lost = Stage(faults={"osprey": "worker.hung"}), suite(), Lost()
        assert look_again(["osprey"], orders, stage.speaker("own"), seed=1, lost=lost) == {}
        assert len(lost.faults) == 1

    def test_of_memory_wants_a_rise_over_calm_phrases(self) -> None:
        def speak(text: str, seed: int):
            return order(text, peak_bytes=(2000 if text == "osprey" else 320) * MIB)

        found = look_at_memory(["osprey", "door"], suite(), speak, seed=1, lost=Lost())
        assert found["osprey"] == (2000 * MIB, 428 * MIB)
        assert [is_hungry(peaks) for peaks in found.values()] == [True, False]

    @pytest.mark.parametrize(("per_second", "is_found"), [(80, False), (150, False), (400, True)])
    def test_of_memory_lets_more_audio_have_more(self, per_second: int, is_found: bool) -> None:
        def speak(text: str, seed: int):
            audio, rate = (12.0, per_second) if text == "long" else (2.0, 80)
            return order(text, audio=audio, base_bytes=300 * MIB, peak_bytes=int(300 + rate * audio) * MIB)

        assert is_hungry(look_at_memory(["long"], suite(), speak, seed=1, lost=Lost())["long"]) is is_found

    def test_ends_when_its_time_is_over_and_leaves_out_what_it_did_not_finish(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now, stage = [0.0], Stage()

        def slow(text: str, seed: int):
            now[0] += 50.0
            return stage.speaker("own")(text, seed)

        monkeypatch.setattr(suspects.time, "monotonic", lambda: now[0])
        allowance = Allowance()
        now[0] = 500.0
        own = allowance.counted(slow)
        texts = ["osprey", "door"]
        assert look_again(texts, suite(), own, seed=1, lost=Lost()).keys() == {"osprey"}
        assert len(stage.asked) == 11  # 550 s of 1050: the last was begun when there was still time
        assert look_at_memory(texts, suite(), own, seed=1, lost=Lost()) == {}
        now[0] += 500.0
        assert not allowance.is_spent

    def test_takes_turns_of_all_pairs_of_a_trigger(self) -> None:
        stage = Stage()
        pairs = [(probe(f"t{n}", f"t{n}"), probe(f"c{n}", f"c{n}")) for n in range(3)]
        turns = contrast_again(pairs, stage.speaker("own"), seed=1, lost=Lost())
        assert len(turns) == 16
        assert {one.texts[0] for one, _ in turns} == {"t0", "t1", "t2"}
        assert all(one.texts[0][1] == control.texts[0][1] for one, control in turns)

    def test_needs_somebody_calm(self) -> None:
        assert calm_text("osprey", [], ()) is None
        assert calm_text("phrase 33", suite(), ("phrase 30",)) == "phrase 10"


class TestPlan:
    def probes(self) -> list[Probe]:
        made = [probe(f"p{n}", "word " * (n + 1)) for n in range(60)]
        made += [probe(f"c{n}", f"a sparrow {n}") for n in range(12)]
        return [*made, *(probe(f"t{n}", f"an osprey {n}", trigger="osprey", control=f"c{n}") for n in range(12))]

    def test_has_triggers_with_their_controls_and_all_lengths(self) -> None:
        chosen = plan(self.probes())
        assert chosen is not None
        assert len(chosen.phrases) == 24
        assert len(chosen.contrasts) == 8
        assert all(one.text in chosen.phrases and control.text in chosen.phrases for one, control in chosen.contrasts)
        lengths = [len(text) for text in chosen.phrases]
        assert min(lengths) < 20 < 200 < max(lengths)

    def test_is_the_same_each_time_and_knows_what_to_leave_out(self) -> None:
        assert plan(self.probes()) == plan(self.probes())
        without = plan(self.probes(), ["a sparrow 0"])
        assert without is not None
        assert "a sparrow 0" not in without.phrases

    def test_has_a_ladder_of_one_sentence(self) -> None:
        chosen = plan([probe("a", "Please close the door!")])
        assert chosen is not None
        assert chosen.rungs[1] == "Please close the door, Please close the door."
        assert chosen.repeated == "Please close the door!"

    def test_of_nothing_is_none(self) -> None:
        assert plan([]) is None
        assert plan([probe("a", " ")]) is None
