"""Which transcripts have the critical words of a probe, in words or in digits."""

from __future__ import annotations

import pytest

from harness.judging.reliability import are_heard
from tests.synthetic_takes import probe

MILES = "It is three thousand three hundred miles from here."
DOLLARS = "Please send twenty dollars."
JANUARY = "We meet on January the third."


@pytest.mark.parametrize(
    ("expect", "critical", "text", "is_heard"),
    [
        (DOLLARS, ("twenty", "dollars"), "Please send twenty dollars.", True),
        (DOLLARS, ("twenty", "dollars"), "Please send $20.", True),
        (DOLLARS, ("twenty", "dollars"), "Please send $30.", False),
        (DOLLARS, ("twenty", "dollars"), "Please send them.", False),
        (MILES, ("three", "thousand", "hundred", "miles"), "It is 3,300 miles from here.", True),
        (MILES, ("three", "thousand", "hundred", "miles"), "It is 3,100 miles from here.", False),
        (MILES, ("three", "thousand", "hundred", "miles"), "It is 3,300 from here.", False),
        (MILES, ("thousand",), "It is 3,300 miles from here.", False),
        (JANUARY, ("january", "third"), "We meet on January 3rd.", True),
        (JANUARY, ("january", "third"), "We meet on the 3rd.", False),
        (MILES, ("three", "thousand", "hundred", "miles", "here"), "It is 3,300 miles from there.", False),
    ],
)
def test_words_and_digits_count_as_the_same(expect: str, critical: tuple[str, ...], text: str, is_heard: bool) -> None:
    assert are_heard(probe(text=expect, expect=expect, critical=critical), text) is is_heard
