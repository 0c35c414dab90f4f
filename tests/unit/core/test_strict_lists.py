"""Negations of languages without a reader of their own: each list finds what turns a sentence round, and no more."""

from __future__ import annotations

import unicodedata

import pytest

from harness.core.strict import lacks, strict_difference, strict_tokens
from harness.core.strict_lists import LANGUAGES, NEGATIONS, SIGNS, WRITTEN_SIGNS, listed_tokens

# (language, a sentence, the same without its negation, what is lost)
TURNED = [
    ("es", "El medicamento no es seguro.", "El medicamento es seguro.", "no"),
    ("es", "Ninguna puerta está abierta.", "Una puerta está abierta.", "ninguno"),
    ("fr", "Il ne faut pas ouvrir la vanne.", "Il faut ouvrir la vanne.", "pas"),
    ("fr", "Personne n'a ouvert la porte.", "Quelqu'un a ouvert la porte.", "personne"),
    ("fr", "Sans ordonnance.", "Avec ordonnance.", "sans"),
    ("it", "Non aprire la porta.", "Aprire la porta.", "non"),
    ("it", "Nessun’uscita.", "Una uscita.", "nessuno"),
    ("pt", "Não transfira o dinheiro.", "Transfira o dinheiro.", "não"),
    ("nl", "Open de deur niet.", "Open de deur.", "niet"),
    ("pl", "Nie otwieraj drzwi.", "Otwieraj drzwi.", "nie"),
    ("ru", "Не открывайте дверь.", "Открывайте дверь.", "не"),
    ("ru", "Никому не говорите.", "Никому говорите.", "не"),
    ("ar", "لا تفتح الباب", "تفتح الباب", "لا"),
    ("ar", "لَا تَفْتَحِ الْبَابَ", "تَفْتَحِ الْبَابَ", "لا"),
    ("ar", "ولم يصل القطار", "وصل القطار", "لم"),
    ("hi", "दरवाज़ा मत खोलो", "दरवाज़ा खोलो", "मत"),
    ("hi", "यह दवा सुरक्षित नहीं है", "यह दवा सुरक्षित है", "नहीं"),
    ("zh", "请不要打开门", "请要打开门", "不"),
    ("zh", "他没有钱", "他有钱", "没"),
    ("ja", "ドアを開けません", "ドアを開けます", "ない"),
    ("ja", "この薬は安全ではない", "この薬は安全である", "ない"),
]
# (language, a text that only looks as if it denied something)
NOT_TURNED = [
    ("zh", "不过他非常特别"),
    ("zh", "别人是否能去"),
    ("ja", "すみません、まもなく着きます"),
    ("ja", "水が少ないのは危ない"),
    ("es", "El nombre de la nave es Sinope"),
    ("it", "Il nonno mangia una noce"),
    ("ru", "Неделя началась"),
    ("fr", "Le passage est large"),
    ("fr", "Une personne attend, la même personne qu'hier"),
]


@pytest.mark.parametrize(("language", "said", "turned", "lost"), TURNED)
def test_a_lost_negation_is_missing(language: str, said: str, turned: str, lost: str) -> None:
    found = strict_difference(said, turned, language)
    assert (found.missing, found.added) == ((lost,), ())
    assert strict_difference(turned, said, language).added == (lost,)
    decomposed = unicodedata.normalize("NFD", said)
    assert not strict_difference(said, decomposed, language)


@pytest.mark.parametrize(("language", "said"), NOT_TURNED)
def test_a_word_that_only_looks_like_one_counts_as_none(language: str, said: str) -> None:
    assert list(listed_tokens(said, language)) == []


@pytest.mark.parametrize(
    ("language", "spoken", "written"),
    [
        ("fr", "moins 5 degrés, 20 pour cent", "-5 degrés, 20 %"),
        ("pt", "menos 5 graus, 20 por cento", "-5 graus, 20%"),
        ("ru", "минус 5 градусов, 20 процентов", "-5 градусов, 20%"),
        ("hi", "माइनस 5 डिग्री, 20 प्रतिशत", "-५ डिग्री, २०%"),
        ("ja", "マイナス 5 度、20 パーセント", "-5 度、20%"),
    ],
)
def test_spoken_signs_count_as_written_ones(language: str, spoken: str, written: str) -> None:
    assert strict_tokens(spoken, language) == strict_tokens(written, language)


def test_short_units_count_in_every_language_and_english_words_only_in_english() -> None:
    assert strict_tokens("Tome 5 mg, no 50 mg", "es") == strict_tokens("5 mg 50 mg", "en") + strict_tokens("no", "es")
    assert not strict_tokens("never without a pound", "fr")
    assert not strict_tokens("pas un dollar", "fi")


def test_every_list_reads_its_own_words() -> None:
    for language in LANGUAGES:
        for spelling, counted in (NEGATIONS[language] | SIGNS[language]).items():
            assert list(listed_tokens(spelling, language)) == ([counted] if counted else []), (language, spelling)
        assert set(SIGNS[language].values()) <= WRITTEN_SIGNS


def test_what_a_language_lacks_is_said() -> None:
    assert lacks("en") == lacks("de") == ""
    assert lacks("hi") == "numbers in words and units are compared as words"
    assert lacks("tr") == "no list of negations, and numbers in words and units are compared as words"
    assert {"en", "de"} | LANGUAGES >= {"en", "de", "es", "fr", "it", "pt", "hi", "zh", "ja", "ru", "ar"}
