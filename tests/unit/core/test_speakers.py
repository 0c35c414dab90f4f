"""Ids of items that several speakers say."""

from __future__ import annotations

import pytest

from harness.core.speakers import is_said_by, item_path, plain_id, spoken_by, spoken_id, subject_at, token_of
from tests.synthetic_takes import probe

NAMES = [
    "p225",
    "Claribel Dervla",
    "Claribel_Dervla",
    "ED\n",
    "ED_",
    "a::b",
    "a[1]",
    "A",
    "a",
    "x" * 41,
    "x" * 42,
    "é",
    "",
]


class TestToken:
    def test_is_the_name_where_that_is_plain(self) -> None:
        assert [token_of(name) for name in ("p225", "en_GB-alan.low", "Zoë", "")] == [
            "p225",
            "en_GB-alan.low",
            "Zoë",
            "",
        ]

    def test_is_another_one_for_every_name(self) -> None:
        assert len({token_of(name) for name in NAMES}) == len(NAMES)

    @pytest.mark.parametrize("name", NAMES)
    def test_has_nothing_that_a_node_id_or_a_terminal_would_take_for_its_own(self, name: str) -> None:
        token = token_of(name)
        assert not set(token) & set("[]:@/*?\n\x1b ")
        assert len(token) <= 49


class TestId:
    @pytest.mark.parametrize("name", NAMES)
    def test_leads_to_the_item_and_back(self, name: str) -> None:
        subject = spoken_id("door", name)
        assert subject_at(item_path("candidate", subject)) == subject
        assert subject_at(f"suite.probes.yaml::{item_path('candidate', subject)}") == subject
        assert plain_id(subject) == "door"
        assert [one for one in NAMES if is_said_by(subject, one)] == [name]

    def test_of_the_only_speaker_is_the_suite_s(self) -> None:
        assert item_path("candidate", spoken_id("door", "")) == "candidate::door"
        assert item_path("candidate", spoken_id("door", "p225")) == "candidate@p225::door"


def test_probes_are_said_by_each_with_their_controls() -> None:
    suite = (probe("t", text="Open, osprey.", control="c"), probe("c", text="Open, sparrow."))
    assert spoken_by(suite, ()) == suite
    said = spoken_by(suite, ("amelie", "bruno"))
    assert [(one.id, one.control, one.speaker) for one in said] == [
        ("t@amelie", "c@amelie", "amelie"),
        ("c@amelie", None, "amelie"),
        ("t@bruno", "c@bruno", "bruno"),
        ("c@bruno", None, "bruno"),
    ]
