"""The German side of strict tokens."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.strict import strict_difference, strict_tokens

SAME = [
    ("zwanzig Euro", "20 Euro"),
    ("zwanzig Euro", "20 €"),
    ("zwölftausendfünfhundert", "12.500"),
    ("zwei Millionen fünfhunderttausend", "2.500.000"),
    ("2 Millionen", "2.000.000"),
    ("neunzehnhundertvierundachtzig", "1984"),
    ("minus fünf Grad", "-5 Grad"),
    ("drei Komma fünf", "3,5"),
    ("null eins vier zwei", "0142"),
    ("sechs Uhr dreißig", "6:30 Uhr"),
    ("am einundzwanzigsten März", "am 21. März"),
    ("fünf Kilogramm", "5 kg"),
    ("keine Angst", "keinen Angst"),
    ("(nicht)", "nicht"),
    ("zwei Kilometer", "2 km"),
]
DIFFERENT = [
    ("Bitte nicht öffnen", "Bitte öffnen", ("nicht",), ()),
    ("Niemand kam", "Jemand kam", ("niemand",), ()),
    ("ohne Hilfe", "mit Hilfe", ("ohne",), ()),
    ("fünfzehn Euro", "fünfzig Euro", ("1",), ("0",)),
    ("fünf Euro", "fünf Dollar", ("euro",), ("dollar",)),
    ("minus drei Grad", "drei Grad", ("minus",), ()),
    ("er zahlte", "er zahlte nie", (), ("nie",)),
    ("3,5 Liter", "35 Liter", ("komma",), ()),
]


class TestGermanTokens:
    @pytest.mark.parametrize(("one", "other"), SAME)
    def test_spoken_and_written_forms_agree(self, one: str, other: str) -> None:
        assert strict_tokens(one, "de") == strict_tokens(other, "de")

    @pytest.mark.parametrize(("expected", "heard", "missing", "added"), DIFFERENT)
    def test_what_changes_the_meaning_differs(
        self, expected: str, heard: str, missing: tuple[str, ...], added: tuple[str, ...]
    ) -> None:
        found = strict_difference(expected, heard, "de")
        assert (found.missing, found.added) == (missing, added)

    def test_ordinary_words_have_none(self) -> None:
        assert not strict_tokens("Die Hundertschaft hat ein Auge auf den Tausendfüßler und die Achtung.", "de")
        assert not strict_tokens("Ein Mann und eine Frau, beide aus Tennessee.", "de")

    def test_english_words_mean_nothing_in_german_and_the_other_way_round(self) -> None:
        assert not strict_tokens("I do not have twenty of them", "de")
        assert strict_tokens("nicht zwanzig") == Counter()

    @settings(max_examples=200, deadline=None)
    @given(st.text(alphabet="0123456789.,-€ einszweihunderttausendmillion", max_size=200))
    def test_no_text_breaks_it(self, text: str) -> None:
        assert strict_difference(text, text, "de").missing == ()

    def test_a_hostile_compound_costs_nothing(self) -> None:
        assert not strict_tokens("hundert" * 3_000, "de")
