import sys

import pytest
import yaml

from harness.core.errors import BadInput
from harness.suites.parse import parse_suite
from harness.suites.proposal import MOST_CHARACTERS, proposed_expect

SUITE = """version: 1
title: Numbers
language: {language}
probes:
  - id: a
    family: numbers
    text: {text}
"""


@pytest.mark.parametrize(
    ("language", "text", "expect"),
    [
        ("en", "Please transfer $20 to account 9.", "Please transfer twenty dollars to account nine."),
        ("en", "It costs £12.50, or €3.", "It costs twelve pounds sterling, fifty pence, or three euro."),
        (
            "en",
            "In 1999 it had 3.5% of 1,000,000.",
            "In nineteen ninety-nine it had three point five percent of one million.",
        ),
        ("en", "On the 21st at 9:05, or 10:00.", "On the twenty-first at nine oh five, or ten o'clock."),
        ("en", "It is -5 degrees.", "It is minus five degrees."),
        ("en", "Dial 0049 now.", "Dial zero zero four nine now."),
        ("en", "Take B12, 3D and COVID-19.", "Take B twelve, three D and COVID nineteen."),
        (
            "de",
            "Das sind 3,5 % von 1.250 Euro.",
            "Das sind drei Komma fünf Prozent von eintausendzweihundertfünfzig Euro.",
        ),
        ("fr", "Ça coûte 12,50 €.", "Ça coûte douze euros et cinquante centimes."),
        ("it", "Sono 3,5 metri.", "Sono tre virgola cinque metri."),
        ("ru", "Это стоит 20 рублей.", "Это стоит двадцать рублей."),
    ],
)
def test_a_number_that_stands_alone_is_proposed_in_words_of_its_language(language, text, expect):
    assert proposed_expect(text, language) == expect


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "no digits & a sign"),
        ("en", "5-7 people"),
        ("en", "1/2 cup"),
        ("en", "version 1.2.3"),
        ("en", "room 5x"),
        ("en", "20 <b>dollars</b>"),
        ("de", "um 9:30 Uhr"),
        ("de", "3.5 ist Englisch"),
        ("hi", "मेरे पास 20 रुपये"),
        ("xx", "number 2"),
        ("en", "9" * 41),
        ("en", "Pay 5. " + "x" * MOST_CHARACTERS),
    ],
)
def test_nothing_is_proposed_where_it_would_be_a_guess(language, text):
    assert proposed_expect(text, language) is None


def test_nothing_is_proposed_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "num2words", None)
    assert proposed_expect("Pay 5.", "en") is None


@pytest.mark.parametrize(("language", "text"), [("en", "Pay $20 by the 3rd."), ("de", "Zahlen Sie 20 €.")])
def test_what_an_error_proposes_can_be_pasted_below_the_text(language, text):
    source = SUITE.format(language=language, text=text)
    with pytest.raises(BadInput) as error:
        parse_suite(source, "my.probes.yaml")
    line = str(error.value)
    assert "\n" not in line
    proposal = line[line.index("expect: ") :]
    assert (
        parse_suite(f"{source}    {proposal}\n", "my.probes.yaml").probes[0].expect
        == yaml.safe_load(proposal)["expect"]
    )
