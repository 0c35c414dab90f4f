"""The Spanish, French, Italian and Portuguese side of strict tokens."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.strict import lacks, strict_difference, strict_tokens
from harness.core.strict_romance import LANGUAGES
from probes import numerals_romance as spelled

SPELLERS = {"es": spelled.spanish, "fr": spelled.french, "it": spelled.italian, "pt": spelled.portuguese}
SAME = [
    ("es", "veinte euros", "20 €"),
    ("es", "doce mil quinientos", "12.500"),
    ("es", "doce mil quinientos", "12 500"),
    ("es", "dos coma cinco millones de euros", "2,5 millones de euros"),
    ("es", "mil ochocientos cuarenta y cinco", "1845"),
    ("es", "menos cinco grados", "-5°"),
    ("es", "treinta por ciento", "30 %"),
    ("es", "tres mil millones", "3.000.000.000"),
    ("es", "el tres, el cuatro y el cinco", "el 3, el 4 y el 5"),
    ("es", "tres coma cinco litros", "3.5 litros"),
    ("fr", "quatre-vingt-dix-sept kilomètres", "97 km"),
    ("fr", "soixante et onze", "71"),
    ("fr", "mille neuf cent quatre-vingt-quatre", "1984"),
    ("fr", "deux cent quatre-vingts euros", "280 euros"),
    ("fr", "deux mille cinq cents", "2\u202f500"),
    ("fr", "vingt pourcents", "20 pour cent"),
    ("fr", "deux euros cinquante", "2,50 €"),
    ("fr", "zéro six, quarante-deux, quatre-vingts", "06 42 80"),
    ("fr", "trois virgule cinq", "3,5"),
    ("fr", "quinze heures trente", "15 heures 30"),
    ("it", "milleottocentoquarantacinque", "1845"),
    ("it", "ventotto chilometri", "28 km"),
    ("it", "duemila cinquecento", "2.500"),
    ("it", "centottanta grammi", "180 g"),
    ("it", "dodici mila euro", "12.000 euro"),
    ("it", "alle quindici e trenta", "alle 15.30"),
    ("it", "tre milioni di persone", "3.000.000 di persone"),
    ("it", "meno cinque gradi", "-5 gradi"),
    ("pt", "mil oitocentos e quarenta e cinco", "1845"),
    ("pt", "doze mil e quinhentos reais", "12.500 reais"),
    ("pt", "12 mil e 500 reais", "12.500 reais"),
    ("pt", "dezesseis por cento", "16%"),
    ("pt", "três vírgula cinco litros", "3,5 litros"),
    ("pt", "dois milhões de pessoas", "2.000.000 de pessoas"),
    ("pt", "duas e vinte", "2:20"),
]
DIFFERENT = [
    ("es", "quince euros", "cincuenta euros", ("1",), ("0",)),
    ("es", "cinco euros", "cinco dólares", ("euro",), ("dollar",)),
    ("es", "menos tres grados", "tres grados", ("minus",), ()),
    ("es", "3,5 litros", "35 litros", ("point",), ()),
    ("fr", "treize euros", "trois euros", ("1",), ()),
    ("fr", "cinq milligrammes", "cinq grammes", ("milligram",), ("gram",)),
    ("it", "sessanta gradi", "settanta gradi", ("6",), ("7",)),
    ("it", "non duecento", "cento", ("2", "non"), ("1",)),
    ("pt", "sessenta quilos", "setenta quilos", ("6",), ("7",)),
    ("pt", "não são dez por cento", "são dez por cento", ("não",), ()),
]
PIECES = ["cent", "vingt", "quatre", "mil", "mille", "e", "et", "4", "20", "1.000", "mila", "millones", "coma"]
ORDINARY = [
    ("es", "Un hombre y una mujer, uno de ellos con la ciudad entera."),
    ("fr", "Un homme et une femme, le centre et la milliardaire."),
    ("it", "Un uomo e una donna, uno studente al centro, il millesimo."),
    ("pt", "Um homem e uma mulher no centro."),
]


class TestRomanceTokens:
    @pytest.mark.parametrize(("language", "one", "other"), SAME)
    def test_spoken_and_written_forms_agree(self, language: str, one: str, other: str) -> None:
        assert strict_tokens(one, language) == strict_tokens(other, language)

    @pytest.mark.parametrize(("language", "expected", "heard", "missing", "added"), DIFFERENT)
    def test_what_changes_the_meaning_differs(
        self, language: str, expected: str, heard: str, missing: tuple[str, ...], added: tuple[str, ...]
    ) -> None:
        found = strict_difference(expected, heard, language)
        assert (found.missing, found.added) == (missing, added)

    @pytest.mark.parametrize(("language", "text"), ORDINARY)
    def test_ordinary_words_and_articles_have_none(self, language: str, text: str) -> None:
        assert not strict_tokens(text, language)

    @pytest.mark.parametrize("language", sorted(LANGUAGES))
    def test_every_spelling_is_read_back(self, language: str) -> None:
        spell = SPELLERS[language]
        for number in [0, *range(2, 1_200), *range(3_000, 999_999, 7_919), 2_000_017, 21_500_000]:
            assert strict_tokens(spell(number), language) == strict_tokens(str(number), language), spell(number)

    def test_nothing_of_these_languages_is_missing(self) -> None:
        assert {lacks(language) for language in LANGUAGES} == {""}

    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from(sorted(LANGUAGES)),
        st.text(alphabet="0123456789.,-€ centmilvingtquatrey", max_size=120)
        | st.lists(st.sampled_from(PIECES)).map(" ".join),
    )
    def test_no_text_breaks_it(self, language: str, text: str) -> None:
        assert not strict_difference(text, text, language)
        assert all(count > 0 for count in strict_tokens(text, language).values())

    def test_a_flood_of_numbers_costs_nothing(self) -> None:
        for flood in ("mille " * 3_000, "millions " * 2_000, "cent" * 4_000, "mila" * 4_000, "9" * 19_000):
            for language in LANGUAGES:
                assert sum(strict_tokens(flood, language).values()) < 40_000
