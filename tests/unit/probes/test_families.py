"""What holds for every family in every language it speaks."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from harness.core.spoken import spoken_words
from harness.core.types import Probe
from harness.suites.wellformed import flaw_in
from probes.dice import Dice
from probes.family import Family
from probes.rare_tokens import DEFAULT_VOCABULARY, rare_symbols
from probes.registry import FAMILIES

COUNT = 60
EACH = [(family, language) for family in FAMILIES for language in family.languages]
IDS = [f"{family.name}-{language}" for family, language in EACH]
NO_CONTROLS = {"carriers", "ladder"}
"""Families without anything under suspicion."""
REPETITIVE = {"conjunctions", "ladder", "rare-tokens", "session", "unicode"}
"""Families that vary something else than words in one and the same sentence."""
each_family = pytest.mark.parametrize(("family", "language"), EACH, ids=IDS)


@cache
def drawn(name: str, language: str, seed: object = 1, count: int = COUNT) -> tuple[Probe, ...]:
    family = next(family for family in FAMILIES if family.name == name)
    return tuple(family.generate(Dice(name, language, seed), count, language=language))


class TestEveryFamily:
    def test_it_has_a_name_of_its_own(self) -> None:
        assert len({family.name for family in FAMILIES}) == len(FAMILIES) >= 17

    @each_family
    def test_it_says_what_it_is_for_and_where_it_comes_from(self, family: Family, language: str) -> None:
        assert family.purpose and len(family.purpose) < 120 and "\n" not in family.purpose
        assert family.source

    @each_family
    def test_its_probes_keep_the_rules_of_a_suite_file(self, family: Family, language: str) -> None:
        by_id = {probe.id: probe for probe in drawn(family.name, language)}
        assert len(by_id) == len(drawn(family.name, language))
        assert [flaw for probe in by_id.values() if (flaw := flaw_in(probe, by_id))] == []

    @each_family
    def test_no_text_comes_twice(self, family: Family, language: str) -> None:
        texts = [probe.text for probe in drawn(family.name, language)]
        assert len(set(texts)) == len(texts) >= COUNT - 5

    @each_family
    def test_the_same_dice_give_the_same_probes_and_others_others(self, family: Family, language: str) -> None:
        drawn.cache_clear()
        first = drawn(family.name, language)
        drawn.cache_clear()
        assert drawn(family.name, language) == first
        salted = drawn(family.name, language, "a salt nobody knows")
        assert {probe.text for probe in salted} != {probe.text for probe in first}

    @each_family
    def test_every_trigger_has_a_control_of_its_length(self, family: Family, language: str) -> None:
        by_id = {probe.id: probe for probe in drawn(family.name, language)}
        for probe in by_id.values():
            if probe.control is None:
                assert probe.trigger is None, probe.text
                continue
            wanted, got = probe.expect.split(), by_id[probe.control].expect.split()
            assert abs(len(wanted) - len(got)) <= 3, (probe.text, by_id[probe.control].text)
        controls = [probe.control for probe in by_id.values() if probe.control]
        assert bool(controls) is (family.name not in NO_CONTROLS)

    @each_family
    def test_most_phrases_have_three_to_twenty_words(self, family: Family, language: str) -> None:
        lengths = [len(probe.expect.split()) for probe in drawn(family.name, language)]
        share = sum(3 <= length <= 20 for length in lengths) / len(lengths)
        assert share >= (0.4 if family.name == "ladder" else 0.98)

    @each_family
    def test_phrases_are_varied(self, family: Family, language: str) -> None:
        """Distinct pairs of neighbouring words among all, controls left out (they repeat their probes on purpose)."""
        probes = drawn(family.name, language)
        controls = {probe.control for probe in probes}
        pairs = [pair for probe in probes if probe.id not in controls for pair in pairwise(spoken_words(probe.expect))]
        if family.name not in REPETITIVE:
            assert len(set(pairs)) / len(pairs) >= 0.39

    @each_family
    def test_its_words_are_plain_to_read(self, family: Family, language: str) -> None:
        for probe in drawn(family.name, language):
            assert "  " not in probe.expect.strip() and "{" not in probe.expect
            assert probe.expect.lstrip(" ¿")[:1].isupper() or family.name in ("literature", "markup"), probe.expect


class TestSession:
    def test_copies_differ_in_spaces_only_and_have_the_first_as_control(self) -> None:
        probes = drawn("session", "en")
        first = {probe.id: probe for probe in probes if probe.control is None}
        assert len(first) == 4
        for copy in probes:
            if copy.control:
                assert copy.text.rstrip(" ") == copy.expect == first[copy.control].text

    def test_a_second_draw_with_the_same_seed_goes_on_counting(self) -> None:
        family = next(family for family in FAMILIES if family.name == "session")
        early = family.generate(Dice("s"), 12)
        late = family.generate(Dice("s"), 12, known={probe.text: probe for probe in early})
        assert not {probe.text for probe in early} & {probe.text for probe in late}
        assert {probe.control for probe in late} == {probe.id for probe in early if probe.control is None}


class TestConjunctions:
    def test_a_group_has_both_either_and_neither(self) -> None:
        both, neither, one, other = drawn("conjunctions", "en")[:4]
        assert {both.control, one.control, other.control} == {neither.id}
        assert both.trigger and one.trigger and other.trigger
        assert both.trigger.startswith(one.trigger) and both.trigger.endswith(other.trigger)
        assert both.trigger not in one.text and both.trigger not in other.text


class TestNumbers:
    def test_what_is_written_is_what_is_spelled(self) -> None:
        from harness.core.strict import strict_tokens

        for language in ("en", "de"):
            for probe in drawn("numbers", language, 1, 120):
                assert strict_tokens(probe.text, language) == strict_tokens(probe.expect, language), probe.text


class TestRareTokens:
    def test_a_vocabulary_shapes_the_draw(self) -> None:
        family = next(family for family in FAMILIES if family.name == "rare-tokens")
        probes = family.generate(Dice("r"), 20, vocabulary=("a", "b", "ʘ", "!", " "))
        assert {probe.trigger and probe.trigger[0] for probe in probes} == {None, "ʘ"}

    def test_only_what_can_stand_in_a_text_is_taken_from_a_hostile_vocabulary(self) -> None:
        hostile = ("\0", "\ud800", "\u202e", "\u200b", "<", "ab", "", " ", "\n", "ɸ", "ɸ", "\ue000")
        assert rare_symbols(hostile) == ["ɸ"]
        assert rare_symbols(("a",) * 1_000_000) == []

    def test_a_vocabulary_without_rare_symbols_falls_back_to_the_common_one(self) -> None:
        family = next(family for family in FAMILIES if family.name == "rare-tokens")
        assert family.generate(Dice("r"), 9, vocabulary=("a",)) == family.generate(Dice("r"), 9)
        assert rare_symbols(DEFAULT_VOCABULARY)
