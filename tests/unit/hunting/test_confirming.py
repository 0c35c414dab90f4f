"""Which suspects are spoken: the furthest, neighbours once, and not so many that no time is left."""

from __future__ import annotations

from harness.hunting.candidates import Candidate, Sort
from harness.hunting.carriers import CARRIERS
from harness.hunting.confirming import MOST_BEYOND, choose_suspects
from harness.hunting.scan import Odd


def odd(name: str, *, sort: Sort = Sort.WORD, is_beyond: bool = True) -> Odd:
    candidate = Candidate(sort=sort, text=name) if sort is not Sort.PAIR else Candidate(sort=sort, ids=(1, 2))
    return Odd(
        candidate=candidate, score=9.0, signal="whole", carrier=CARRIERS["en"][0], expected=0.1, is_beyond=is_beyond
    )


def letters(*names: str) -> list[tuple[int, ...]]:
    return [tuple(map(ord, name)) for name in names]


def test_what_sounds_like_a_suspect_is_its_neighbour() -> None:
    names = ("osprey", "ospreys", "walnut", "prey")
    found = choose_suspects([odd(name) for name in names], letters(*names), 2)
    assert [(one.name, one.neighbours) for one in found] == [("osprey", ("ospreys", "prey")), ("walnut", ())]


def test_words_next_to_the_threshold_fill_up_and_other_forms_do_not() -> None:
    found = choose_suspects(
        [
            odd("12:30", sort=Sort.NUMBER, is_beyond=False),
            odd("walnut", is_beyond=False),
            odd("stone", is_beyond=False),
        ],
        letters("12:30", "walnut", "bridge"),
        1,
    )
    assert [one.name for one in found] == ["walnut"]
    assert not found[0].is_wanted


def test_no_more_are_spoken_than_there_is_time_for_and_none_of_ids_alone() -> None:
    names = ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff", "gggg", "hhhh"]
    found = choose_suspects([odd("", sort=Sort.PAIR), *map(odd, names)], letters("zz", *names), 2)
    assert [one.name for one in found] == names[:MOST_BEYOND]
