"""Numbers in words, held against an independent speller where it is installed."""

from __future__ import annotations

import pytest

from harness.core.strict import strict_tokens
from probes import numerals
from probes import numerals_romance as romance

ENGLISH = {
    0: "zero",
    7: "seven",
    13: "thirteen",
    20: "twenty",
    21: "twenty-one",
    100: "one hundred",
    105: "one hundred five",
    999: "nine hundred ninety-nine",
    1_000: "one thousand",
    12_500: "twelve thousand five hundred",
    1_000_001: "one million one",
    -5: "minus five",
}
GERMAN = {
    0: "null",
    1: "eins",
    12: "zwölf",
    16: "sechzehn",
    21: "einundzwanzig",
    30: "dreißig",
    101: "einhunderteins",
    1_001: "eintausendeins",
    12_500: "zwölftausendfünfhundert",
    201_000: "zweihunderteintausend",
    1_000_000: "eine Million",
    2_000_017: "zwei Millionen siebzehn",
    -3: "minus drei",
}


class TestEnglish:
    @pytest.mark.parametrize(("number", "words"), ENGLISH.items())
    def test_cardinals(self, number: int, words: str) -> None:
        assert numerals.english(number) == words

    @pytest.mark.parametrize(
        ("number", "words", "suffix"),
        [
            (1, "first", "st"),
            (2, "second", "nd"),
            (12, "twelfth", "th"),
            (20, "twentieth", "th"),
            (21, "twenty-first", "st"),
            (113, "one hundred thirteenth", "th"),
            (103, "one hundred third", "rd"),
        ],
    )
    def test_ordinals(self, number: int, words: str, suffix: str) -> None:
        assert (numerals.english_ordinal(number), numerals.english_suffix(number)) == (words, suffix)

    @pytest.mark.parametrize(
        ("year", "words"),
        [
            (1984, "nineteen eighty-four"),
            (1900, "nineteen hundred"),
            (1905, "nineteen oh five"),
            (2000, "two thousand"),
            (2005, "two thousand five"),
            (2024, "twenty twenty-four"),
        ],
    )
    def test_years(self, year: int, words: str) -> None:
        assert numerals.english_year(year) == words

    def test_digits_one_by_one(self) -> None:
        assert numerals.english_digits("0142") == "zero one four two"

    def test_a_number_without_words_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at most 999999999"):
            numerals.english(10**9)

    def test_strict_tokens_read_every_spelling_back(self) -> None:
        for number in [*range(0, 1_200), *range(3_000, 999_999, 7_919)]:
            assert strict_tokens(numerals.english(number)) == strict_tokens(str(number)), number


class TestGerman:
    @pytest.mark.parametrize(("number", "words"), GERMAN.items())
    def test_cardinals(self, number: int, words: str) -> None:
        assert numerals.german(number) == words

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (1, "erste"),
            (3, "dritte"),
            (7, "siebte"),
            (8, "achte"),
            (19, "neunzehnte"),
            (20, "zwanzigste"),
            (21, "einundzwanzigste"),
            (103, "einhundertdritte"),
        ],
    )
    def test_ordinals(self, number: int, words: str) -> None:
        assert numerals.german_ordinal(number) == words

    def test_years(self) -> None:
        assert numerals.german_year(1984) == "neunzehnhundertvierundachtzig"
        assert numerals.german_year(2005) == "zweitausendfünf"

    def test_strict_tokens_read_every_spelling_back(self) -> None:
        for number in [*range(0, 1_200), *range(3_000, 999_999, 7_919), 2_000_017]:
            assert strict_tokens(numerals.german(number).lower(), "de") == strict_tokens(str(number), "de"), number


class TestAgainstAnotherSpeller:
    def test_english_and_german_agree(self) -> None:
        num2words = pytest.importorskip("num2words").num2words
        for number in [*range(0, 2_000), *range(3_000, 999_999, 5_003)]:
            plain = num2words(number).replace(" and ", " ").replace(",", "")
            assert numerals.english(number) == plain
            if number // 1_000 % 100 != 1:  # it writes "zweihunderteinstausend"
                assert numerals.german(number) == num2words(number, lang="de")


class TestRomance:
    @pytest.mark.parametrize(
        ("spell", "number", "words"),
        [
            (romance.spanish, 16, "dieciséis"),
            (romance.spanish, 31, "treinta y uno"),
            (romance.spanish, 101, "ciento uno"),
            (romance.spanish, 21_500, "veintiún mil quinientos"),
            (romance.spanish, 1_000_000, "un millón"),
            (romance.french, 71, "soixante et onze"),
            (romance.french, 81, "quatre-vingt-un"),
            (romance.french, 280, "deux cent quatre-vingts"),
            (romance.french, 80_200, "quatre-vingt mille deux cents"),
            (romance.italian, 23, "ventitré"),
            (romance.italian, 108, "centotto"),
            (romance.italian, 12_500, "dodicimilacinquecento"),
            (romance.italian, 2_000_000, "due milioni"),
            (romance.portuguese, 16, "dezesseis"),
            (romance.portuguese, 1_845, "mil oitocentos e quarenta e cinco"),
            (romance.portuguese, 12_500, "doze mil e quinhentos"),
        ],
    )
    def test_cardinals(self, spell: romance.Speller, number: int, words: str) -> None:
        assert spell(number) == words

    def test_a_number_without_words_is_refused(self) -> None:
        with pytest.raises(ValueError, match="0 to 999999999"):
            romance.french(-1)

    def test_another_speller_agrees(self) -> None:
        num2words = pytest.importorskip("num2words").num2words
        for number in [*range(0, 1_100), *range(3_000, 999_999, 5_003)]:
            if number // 1_000 % 10 != 1:  # it writes "veintiuno mil"
                assert romance.spanish(number) == num2words(number, lang="es")
            assert romance.french(number) == num2words(number, lang="fr")
            if number < 100:  # above, it writes "centodicotto"
                assert romance.italian(number) == num2words(number, lang="it")
            assert romance.portuguese(number) == num2words(number, lang="pt_BR").replace(",", "")
