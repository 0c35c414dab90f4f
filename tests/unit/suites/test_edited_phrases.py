"""What the integrity benchmark has a voice say instead of what was drawn, in each language."""

from __future__ import annotations

import re

import pytest

from benchmarks.edited_phrases import DROP, KINDS, LANGUAGES, NEGATION, NUMBER, SWAP, heard_probes, phrases
from benchmarks.edited_phrases import without_negation as without
from harness.core.strict import strict_difference, strict_tokens

EACH = 10
each_language = pytest.mark.parametrize("language", LANGUAGES)


@each_language
def test_each_phrase_has_its_familys_edit_and_the_two_of_words(language: str) -> None:
    found = phrases(language, "test", EACH)
    assert [one.probe.family for one in found] == ["negation"] * EACH + ["numbers"] * EACH
    for one in found:
        assert set(one.texts) == {NEGATION if one.probe.family == "negation" else NUMBER, SWAP, DROP} < set(KINDS)
        for text in one.texts.values():
            assert text != one.probe.text
            assert re.match(r"[^\W_]", text) and text[0] == text[0].upper() and text[-1] in ".?!" and "  " not in text


@each_language
def test_an_edit_changes_what_it_says_and_nothing_else(language: str) -> None:
    for one in phrases(language, "test", EACH):
        words, left = one.probe.text.split(), one.texts[DROP].split()
        assert any(words[:place] + words[place + 1 :] == left for place in range(len(words)))
        if NEGATION in one.texts:
            lost = strict_difference(one.probe.text, one.texts[NEGATION], language)
            assert lost.missing and not lost.added, one
        if NUMBER in one.texts:
            tokens = [strict_tokens(text, language) for text in (one.probe.text, one.texts[NUMBER])]
            assert tokens[0] != tokens[1] or sorted(one.probe.text) == sorted(one.texts[NUMBER])


@each_language
def test_development_and_test_are_other_draws(language: str) -> None:
    parts = [{one.probe.text for one in phrases(language, part, EACH)} for part in ("development", "test")]
    assert not parts[0] & parts[1]
    assert {one.probe.text for one in phrases(language, "test", EACH)} == parts[1]
    heard = {probe.text for probe in heard_probes(language, "test", 4)}
    assert len(heard) >= 16


@pytest.mark.parametrize(
    ("language", "said", "left"),
    [
        ("en", "The pilot must not wash the van.", "The pilot must wash the van."),
        ("en", "The pilot won't come.", "The pilot will come."),
        ("es", "No hay que abrir la puerta.", "Hay que abrir la puerta."),
        ("fr", "Le peintre n'a pas ouvert la porte.", "Le peintre a ouvert la porte."),
        ("fr", "Il ne faut pas payer la note.", "Il faut payer la note."),
        ("fr", "Prière de ne jamais payer.", "Prière de payer."),
        ("it", "Non è vero.", "È vero."),
        ("pt", "O pintor não abriu a porta.", "O pintor abriu a porta."),
        ("pt", "Alguém abriu a porta.", ""),
    ],
)
def test_a_negation_is_left_out_with_all_that_belongs_to_it(language: str, said: str, left: str) -> None:
    assert without(said, language) == left
