"""A whole hunt by real workers: what wakes something is found and heard, and whoever lies is found or left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.core.findings import Finding
from harness.core.screening import Screening
from harness.core.shard import Shard
from harness.core.types import Verdict
from harness.hearing.asr.fake import ToneTranscriber
from harness.hearing.listener import Listener
from harness.hunting import candidates
from harness.hunting import hunt as hunting
from harness.hunting.candidates import make_space
from harness.hunting.carriers import CARRIERS, ORDINARY
from harness.hunting.confirming import control_of, written
from harness.hunting.gauge import Unfit
from harness.hunting.hunt import Found, Hands, Plan, Suspect, hunt, read_part
from harness.hunting.ledger import Ledger, Lost
from harness.hunting.reader import ReferenceLost
from harness.run.exported import samples_apart
from harness.run.hunting import Hearing
from harness.run.takes import Tools
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.fault import WorkerFault
from harness.suites.parse import parse_suite
from tests.rule_samples import rule
from tests.unit.hunting.reading import OTHERWISE, TRIGGER
from tests.unit.speaking.test_renderer import Bench

if TYPE_CHECKING:
    from pathlib import Path


def finding(rule_id: str) -> Finding:
    one = rule(rule_id)
    return Finding(rule=one, severity=one.severity, subject="a pair", title=one.title)


WORDS = [f"ba{other}" for other in ORDINARY] + ["osprey"]


@pytest.fixture(autouse=True)
def few_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sounds in pairs and forms of all sorts are for the tests of a scan."""
    monkeypatch.setattr(candidates, "MOST_PAIRED", 0)
    monkeypatch.setattr(candidates, "_numbers", lambda: ["7"])
    monkeypatch.setattr(candidates, "_marked", lambda words: [])
    monkeypatch.setattr(candidates, "CAPITALS", 0)


def hunted(
    folder: Path,
    *faults: dict[str, Any],
    spoken: tuple[str, ...] = (),
    budget: float = 600,
    bounds: Bounds | None = None,
    reference: Bench | None = None,
    shard: Shard | None = None,
    conjoined: int = 0,
) -> Found:
    bounds = bounds or Bounds(load_seconds=20, seconds_per_character=0)
    with Bench(folder, *faults, bounds=bounds, store=reference.store if reference else None) as bench:
        plan = Plan(
            space=make_space(WORDS, "made up", symbols="", seed=1),
            carriers=CARRIERS["en"],
            language="en",
            spoken=spoken,
            budget=budget,
            screening=Screening(takes=2, seed=1, alpha=0.01, suite_probes=0),
            identity=(str(faults),),
            conjoined=conjoined,
        )
        listener = Listener(bench.store, ToneTranscriber)
        beside = reference.renderer if reference else None
        tools = Tools(candidate=bench.renderer, reference=beside, listener=listener, store=bench.store)
        apart = samples_apart(bench.store.audio) if reference else None
        hands = Hands(candidate=bench.renderer, reference=beside, hears=Hearing(tools, apart), root=folder / "kept")
        if shard:
            read_part(plan, hands, shard, progress=lambda _: None)
        return hunt(plan, hands, progress=lambda _: None)


class TestHunt:
    def test_finds_a_trigger_that_nobody_wrote_down_and_hears_what_it_wakes(self, tmp_path: Path) -> None:
        found = hunted(tmp_path, TRIGGER)
        assert found.verdict is Verdict.FAIL
        first = found.suspects[0]
        assert first.name == "osprey"
        assert found.is_confirmed(first)
        assert {one.rule.id for outcome in found.outcomes(first) for one in outcome.findings} >= {"contrast.word-lost"}
        assert not any(found.is_confirmed(other) for other in found.suspects[1:])
        assert first.around is not None
        assert "osprey" not in first.around.rests
        assert first.around.read > 300

    def test_passes_an_honest_voice_and_says_what_was_heard(self, tmp_path: Path) -> None:
        found = hunted(tmp_path)
        assert found.verdict is Verdict.PASS, found.open_for
        assert found.scanned is not None
        assert found.scanned.is_whole
        assert found.confirmed is not None
        assert found.confirmed.takes >= 2 * (12 + len(found.suspects))
        assert found.confirmed.checked > 0

    @pytest.mark.parametrize(
        ("rule_id", "verdict"), [("worker.crashed", Verdict.FAIL), ("worker.given-up", Verdict.PASS)]
    )
    def test_of_which_a_part_lost_the_worker_fails_though_it_never_happens_again(
        self, rule_id: str, verdict: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lost(*_: object, **__: object) -> None:
            raise WorkerFault(rule_id, "was killed by SIGSEGV while reading")

        with monkeypatch.context() as patch:
            patch.setattr(hunting.Scan, "read_part", lost)
            with pytest.raises(WorkerFault):
                hunted(tmp_path / "part", shard=Shard(1, 2))
        found = hunted(tmp_path / "part")
        assert found.verdict is verdict
        told = [(one.rule.id, one.title) for one in found.findings]
        assert [rule for rule, _ in told] == ([rule_id] if verdict is Verdict.FAIL else [])

    def test_whose_record_of_a_lost_worker_is_torn_fails_all_the_same(self, tmp_path: Path) -> None:
        ledger = Ledger(tmp_path, "0" * 64)
        ledger.keep_fault(Lost(rule="worker.hung", what="gave no answer"))
        assert ledger.faults() == [Lost(rule="worker.hung", what="gave no answer")]
        (path,) = tmp_path.rglob("fault-*.json")
        path.write_bytes(path.read_bytes()[:9])
        assert [one.rule for one in ledger.faults()] == ["worker.crashed"]

    def test_that_ran_out_of_time_is_left_open(self, tmp_path: Path) -> None:
        found = hunted(tmp_path, budget=0.0)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "were read within the time; the same command goes on" in found.open_for[0]

    def test_of_a_word_that_is_read_as_odd_and_heard_as_ordinary_fails_nothing(self, tmp_path: Path) -> None:
        # Said in full all the same: a word that is not in the carriers is what it would drop.
        found = hunted(tmp_path, {"kind": "drop-word", "word": "nowhere", "when": "osprey"})
        assert found.suspects[0].name == "osprey"
        assert found.suspects[0].odd is not None
        assert found.suspects[0].odd.is_beyond
        assert found.verdict is Verdict.PASS, found.open_for

    def test_speaks_what_was_asked_for_although_it_stands_out_as_well(self, tmp_path: Path) -> None:
        stands_out = {"kind": "drop-word", "word": "nowhere", "when": "osprey"}
        found = hunted(tmp_path, stands_out, spoken=("osprey", "walnut"))
        (first, *others) = [one for one in found.suspects if one.name in ("osprey", "walnut")]
        assert (first.name, first.is_asked) == ("osprey", True)
        assert first.odd is not None
        assert [(one.name, one.odd, one.is_wanted) for one in others] == [("walnut", None, True)]


class TestReference:
    @pytest.mark.slow
    def test_that_does_the_same_takes_a_word_from_the_suspects(self, tmp_path: Path) -> None:
        both = {"kind": "drop-word", "word": "nowhere", "when": "bawalnut"}
        with Bench(tmp_path / "reference", both) as reference:
            alone = hunted(tmp_path / "alone", TRIGGER, both)
            beside = hunted(tmp_path / "beside", TRIGGER, both, reference=reference)
        odd = [{one.candidate.name for one in found.scanned.beyond} for found in (alone, beside) if found.scanned]
        assert odd == [{"osprey", "bawalnut"}, {"osprey"}]
        assert beside.verdict is Verdict.FAIL
        assert beside.is_confirmed(beside.suspects[0])

    def test_that_is_the_same_voice_leaves_nothing_odd(self, tmp_path: Path) -> None:
        with Bench(tmp_path / "reference") as reference:
            found = hunted(tmp_path / "copy", reference=reference)
        assert found.verdict is Verdict.PASS, found.open_for
        assert found.scanned is not None
        assert found.scanned.beyond == []

    def test_that_cannot_be_read_is_no_fault_of_the_candidate(self, tmp_path: Path) -> None:
        with (
            Bench(tmp_path / "reference", {"kind": "quiet", "when": "osprey", "figures": "nan"}) as reference,
            pytest.raises(ReferenceLost, match="the reference could not be read: its worker broke the protocol"),
        ):
            hunted(tmp_path / "copy", reference=reference)


class TestOwnSounds:
    """Of a word that is asked for: on some hundred words hardly anything lies beyond the threshold."""

    def test_that_are_others_leave_a_hunt_open_where_nobody_says_how_they_should_be(self, tmp_path: Path) -> None:
        found = hunted(tmp_path, OTHERWISE, spoken=("osprey",))
        assert found.suspects[0].name == "osprey"
        assert found.suspects[0].odd is not None
        assert found.suspects[0].odd.is_own
        assert found.suspects[0].is_wanted
        assert found.verdict is Verdict.INCONCLUSIVE
        assert any(reason.endswith("than their letters have elsewhere; listen: osprey") for reason in found.open_for)

    @pytest.mark.slow
    def test_that_the_reference_does_not_say_are_found(self, tmp_path: Path) -> None:
        with Bench(tmp_path / "reference") as reference:
            found = hunted(tmp_path / "candidate", OTHERWISE, reference=reference)
        assert found.verdict is Verdict.FAIL
        first = found.suspects[0]
        assert (first.name, found.is_confirmed(first)) == ("osprey", True)
        assert {one.rule.id for one in found.findings_of(first)} >= {"equivalent.samples-differ"}

    def test_that_the_reference_says_too_pass(self, tmp_path: Path) -> None:
        """Read as odd, for whatever reason, and said as the reference says it."""
        with Bench(tmp_path / "reference") as reference:
            found = hunted(
                tmp_path / "candidate", {**OTHERWISE, "word": "nowhere"}, reference=reference, spoken=("osprey",)
            )
        assert found.suspects[0].name == "osprey"
        assert found.suspects[0].is_wanted
        assert found.verdict is Verdict.PASS, found.open_for


TOGETHER = {"kind": "drop-word", "word": "not", "when": "osprey", "and": "bawalnut"}
"""Two words that wake something, of which neither does."""


class TestConjunctions:
    def test_of_two_words_are_found_and_heard(self, tmp_path: Path) -> None:
        found = hunted(tmp_path, TOGETHER, spoken=("osprey", "bawalnut"), conjoined=50)
        assert found.verdict is Verdict.FAIL
        (first,) = [one for one in found.suspects if found.is_confirmed(one)]
        assert set(first.name.split()) == {"osprey", "bawalnut"}
        assert found.silent == ()
        assert found.conjoined is not None
        assert found.conjoined.scanned.is_whole

    @pytest.mark.slow
    def test_are_ordinary_in_an_honest_voice(self, tmp_path: Path) -> None:
        found = hunted(tmp_path, conjoined=50)
        assert found.verdict is Verdict.PASS, found.open_for
        assert found.conjoined is not None
        assert (found.conjoined.words, found.conjoined.pairs, found.conjoined.whole) == (50, [], [])

    def test_of_which_the_figures_say_nothing_leave_a_hunt_open(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def flat(*_: object, **__: object) -> None:
            raise Unfit("'Do not pay {} nine.': the figures are the same whatever the word is")

        monkeypatch.setattr(hunting, "read_conjunctions", flat)
        found = hunted(tmp_path, conjoined=50)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert found.open_for[0].startswith("words could not be read together: 'Do not pay")
        assert found.confirmed is not None

    def test_that_are_not_looked_for_are_not_found(self, tmp_path: Path) -> None:
        assert hunted(tmp_path, TOGETHER, spoken=("osprey",)).verdict is Verdict.PASS

    @pytest.mark.slow
    def test_for_which_there_was_no_time_leave_a_hunt_open(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hunting, "CONJOINED_SHARE", 0.0)
        found = hunted(tmp_path, conjoined=50)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert any("rows of words were read within the time" in reason for reason in found.open_for)


class TestHiding:
    @pytest.mark.slow
    def test_behind_ordinary_words_that_differ_as_well_leaves_a_hunt_open(self, tmp_path: Path) -> None:
        """Carriers and ordinary words are known to whoever hides: what all of them do must not make it pass."""
        everywhere = {"kind": "quiet"}
        with Bench(tmp_path / "reference") as reference:
            found = hunted(tmp_path / "candidate", everywhere, reference=reference, spoken=("osprey",))
        assert found.verdict is Verdict.INCONCLUSIVE
        assert any("in one carrier, or as ordinary words do too; listen: osprey" in one for one in found.open_for)


class TestLiar:
    """Each is found or left open, and none passes."""

    def test_whose_figures_are_the_same_for_every_word_is_left_open(self, tmp_path: Path) -> None:
        found = hunted(tmp_path, {**TRIGGER, "when": "", "word": "never", "figures": "flat"})
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "the same whatever the word is" in found.open_for[0]

    def test_whose_figures_are_no_numbers_for_its_trigger_fails(self, tmp_path: Path) -> None:
        found = hunted(tmp_path, {**TRIGGER, "figures": "nan"})
        assert found.verdict is Verdict.FAIL
        assert [one.rule.id for one in found.findings] == ["worker.forged"]

    def test_that_answers_late_fails(self, tmp_path: Path) -> None:
        bounds = Bounds(load_seconds=20, batch_seconds=1.0, seconds_per_character=0)
        found = hunted(tmp_path, {**TRIGGER, "figures": "late"}, bounds=bounds)
        assert found.verdict is Verdict.FAIL
        assert [one.rule.id for one in found.findings] == ["worker.hung"]

    def test_whose_figures_look_clean_is_found_where_its_trigger_is_spoken(self, tmp_path: Path) -> None:
        found = hunted(tmp_path, {**TRIGGER, "figures": "clean"}, spoken=("osprey",))
        assert found.verdict is Verdict.FAIL
        (asked,) = [one for one in found.suspects if one.odd is None]
        assert asked.name == "osprey"
        assert found.is_confirmed(asked)

    def test_whose_audio_is_longer_than_its_clean_figures_say_is_left_open_at_least(self, tmp_path: Path) -> None:
        """Too little to be heard as slow, and told all the same: the figures are not of this voice."""
        found = hunted(
            tmp_path, {"kind": "slow", "seconds": 0.08, "when": "osprey", "figures": "clean"}, spoken=("osprey",)
        )
        assert found.verdict is not Verdict.PASS
        assert any(reason.startswith("hunt.figures-false: 2 phrases") for reason in found.open_for)


class TestWritten:
    def test_is_a_suite_of_suspects_with_twins(self) -> None:
        suspects = [Suspect(name="osprey", odd=None), Suspect(name="two words", odd=None)]
        suite = parse_suite(written(suspects, CARRIERS["en"], "en", "Suspects"), "suspects.probes.yaml")
        assert len(suite.probes) == 2 * 2 * 2
        twins = {probe.id: probe for probe in suite.probes}
        for probe in suite.probes:
            if probe.control:
                assert probe.trigger in probe.text
                assert probe.trigger not in twins[probe.control].text

    @pytest.mark.parametrize("word", ["apple", "osprey", "x" * 60, "42"])
    def test_controls_are_ordinary_words_and_always_the_same(self, word: str) -> None:
        assert control_of(word) in ORDINARY
        assert control_of(word) == control_of(word) != word


LOST, OFF, PACE, LEVEL = "contrast.word-lost", "contrast.words-off", "contrast.pace", "contrast.level-db"


@pytest.mark.parametrize(
    ("found", "is_confirming"),
    [
        ([[LOST], [LOST]], True),
        ([[LOST], [PACE]], True),
        ([[LOST], []], False),
        ([[LOST], [OFF]], False),
        ([[PACE], [PACE, OFF]], True),
        ([[PACE], [LEVEL]], False),
        ([[OFF], [OFF]], False),
        ([[], ["signal.clipped"]], True),
        ([[], []], False),
        ([], False),
    ],
)
def test_what_one_carrier_says_alone_confirms_nothing_but_a_broken_signal(
    found: list[list[str]], is_confirming: bool
) -> None:
    heard = [[finding(rule_id) for rule_id in ids] for ids in found]
    assert hunting.are_confirming(heard) is is_confirming


def test_spends_most_of_its_time_on_reading() -> None:
    assert 0.5 < hunting.READING_SHARE < 1
