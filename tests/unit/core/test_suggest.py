"""A word that is not known gets the nearest one that is, or nothing."""

from __future__ import annotations

from harness.core.suggest import did_you_mean

KNOWN = ("severity", "family", "coverage")


class TestDidYouMean:
    def test_names_the_nearest_word(self) -> None:
        assert did_you_mean("famly", KNOWN) == "did you mean 'family'?"
        assert did_you_mean("famly", KNOWN, quoted=False) == "did you mean family?"

    def test_says_nothing_where_none_is_near(self) -> None:
        assert did_you_mean("owner", KNOWN) is None
        assert did_you_mean("", KNOWN) is None
        assert did_you_mean("family", ()) is None

    def test_takes_any_iterable(self) -> None:
        assert did_you_mean("severty", iter(KNOWN)) == "did you mean 'severity'?"

    def test_looks_at_the_beginning_of_a_long_word_only(self) -> None:

        assert did_you_mean("x" * 10_000_000, KNOWN) is None
        assert did_you_mean("family" + "\0" * 1_000_000, KNOWN) is None
