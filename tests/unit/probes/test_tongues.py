"""Spanish, French, Italian and Portuguese phrases: whatever the dice give is well formed."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise

import pytest

from harness.core.spoken import spoken_words
from harness.core.strict import strict_tokens
from harness.core.types import Probe
from probes.dice import Dice
from probes.registry import FAMILIES
from probes.tongues import TONGUES

COUNTS = {"carriers": 240, "negation": 240, "numbers": 240, "entities": 120, "safety": 240}
LANGUAGES = tuple(tongue.language for tongue in TONGUES)
MELTED = {
    "es": r"\b(?:a|de) el\b",
    "fr": r"\b(?:de|à) les?\b|\b(?:[cdjlmnst]|qu)e (?!onze)[aeiouâéèêîôœ]|\bsi ils?\b|\bla [aeiouéè]",
    "it": r"\b(?:a|da|di|in|su) (?:(?:il|lo|la|i|gli|le)\b|l')|\b(?:lo|la|una|dello|della) [aeiou]"
    r"|\b(?:il|dal|nel) (?:[aeiou]|s[bcdfglmnpqrtvz]|z)",
    "pt": r"\b(?:de|em|por|a) (?:o|os)\b|\b(?:de|em|por|a) as? [^\d]",
}
"""Language -> what melts into one word or is elided, and so must never stand apart."""
each_tongue = pytest.mark.parametrize("language", LANGUAGES)


@cache
def drawn(name: str, language: str) -> tuple[Probe, ...]:
    family = next(family for family in FAMILIES if family.name == name)
    return tuple(family.generate(Dice("tongues", name, language), COUNTS[name], language=language))


def all_of(language: str) -> list[Probe]:
    return [probe for name in COUNTS for probe in drawn(name, language)]


@each_tongue
class TestEveryDraw:
    def test_begins_with_a_capital_and_ends_as_a_sentence(self, language: str) -> None:
        for probe in all_of(language):
            assert re.match(r"¿?[^\W_]", probe.text), probe.text
            first = probe.text.lstrip("¿")[0]
            assert first.isupper() or first.isdigit(), probe.text
            assert probe.text[-1] in ".?!" and probe.text.count("¿") == (language == "es") * probe.text.count("?")

    def test_has_no_word_twice_in_a_row_and_no_slot_left(self, language: str) -> None:
        for probe in all_of(language):
            words = spoken_words(probe.expect)
            assert not [one for one, other in pairwise(words) if one == other], probe.expect
            assert not set("{}_|") & set(probe.text) and "  " not in probe.text

    def test_nothing_stands_apart_that_melts_or_is_elided(self, language: str) -> None:
        for probe in all_of(language):
            assert not re.search(MELTED[language], probe.expect.lower()), probe.expect

    def test_critical_words_and_triggers_stand_in_it_once(self, language: str) -> None:
        for probe in all_of(language):
            spoken = Counter(spoken_words(probe.expect))
            if probe.family != "numbers":  # a date beside a day's number may say a word again
                assert all(spoken[word.lower()] == 1 for word in probe.critical), (probe.critical, probe.expect)
            assert probe.trigger is None or probe.text.count(probe.trigger) == 1, probe.text

    def test_a_number_is_spelled_as_it_is_written(self, language: str) -> None:
        for probe in drawn("numbers", language):
            assert strict_tokens(probe.text, language) == strict_tokens(probe.expect, language), probe

    def test_a_negated_sentence_and_its_control_differ_by_what_is_read_as_strict(self, language: str) -> None:
        by_id = {probe.id: probe for probe in drawn("negation", language)}
        turned = [probe for probe in by_id.values() if probe.control]
        strict = [
            probe
            for probe in turned
            if strict_tokens(probe.text, language) != strict_tokens(by_id[probe.control or ""].text, language)
        ]
        assert len(strict) >= 0.85 * len(turned)  # "refused" is a word like any other

    def test_numbers_and_safety_never_say_one_which_agrees_with_its_noun(self, language: str) -> None:
        for probe in (*drawn("numbers", language), *drawn("safety", language)):
            ones = re.findall(r"\b\w*[1]\b", probe.text)
            assert all(number.endswith("11") for number in ones), probe.text


def test_every_tongue_fills_each_slot_that_it_names() -> None:
    for tongue in TONGUES:
        for sentence in (
            *tongue.carriers,
            *(text for pair in (*tongue.negations, *tongue.safety) for text in pair[:2]),
        ):
            words = tongue.drawn(Dice("slots", sentence))
            assert sentence.format(**words)
        for sentence, _, critical in (*tongue.negations, *tongue.safety):
            named = set(re.findall(r"\{(\w+)\}", sentence))
            assert all(word in named or word in sentence for word in critical), (sentence, critical)


def test_names_and_their_controls_have_as_many_syllables() -> None:
    for tongue in TONGUES:
        for chosen, plain, _ in tongue.entities:
            assert set(chosen) <= set(plain)
