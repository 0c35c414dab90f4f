"""What lies around a suspect: its forms, its least part, and the trigger that a lexicon only nearly has."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.hunting.neighbourhood import MOST_LETTERS, Around, a_letter_off, forms_of, look_around, parts_of

THRESHOLD = 4.0


def likeness(trigger: str, text: str) -> float:
    """As a network might: the more of the trigger's letters stand in a row, the more it is moved."""
    longest = max((size for size in range(len(trigger) + 1) if _has(trigger, text.lower(), size)), default=0)
    return 2.0 * longest


def _has(trigger: str, text: str, size: int) -> bool:
    return any(trigger[at : at + size] in text for at in range(len(trigger) - size + 1))


def around(word: str, trigger: str, *, threshold: float = THRESHOLD, seconds: int = 99) -> tuple[Around | None, int]:
    asked: list[str] = []
    left = iter(range(seconds))

    def scores(texts: Sequence[str]) -> list[float]:
        asked.extend(texts)
        return [float("nan") if "?" in text else likeness(trigger, text) for text in texts]

    def has_time() -> bool:
        return next(left, None) is not None

    found = look_around(word, likeness(trigger, word), threshold=threshold, scores=scores, has_time=has_time)
    return found, len(asked)


def test_a_neighbour_in_the_lexicon_leads_to_the_trigger() -> None:
    found, asked = around("osprex", "osprey")
    assert found is not None
    assert (found.higher, found.score) == ("osprey", 12.0)
    assert found.read == asked


def test_a_trigger_of_several_steps_is_climbed_to() -> None:
    found, _ = around("ospr", "osprey", threshold=7.0)
    assert found is not None
    assert found.higher == "osprey"


def test_forms_that_fire_and_rest_are_told_and_the_least_part() -> None:
    found, _ = around("osprey", "spr", threshold=5.0)
    assert found is not None
    assert {"OSPREY", "ospreys", "the osprey"} <= set(found.fires)
    assert found.rests == ("osprey?",)  # cannot be compared, so nothing is known of it
    assert found.least == "spr"
    assert found.higher == ""


def test_nothing_around_an_ordinary_word_stands_out() -> None:
    found, _ = around("kettle", "osprey", threshold=7.0)
    assert found is not None
    assert (found.fires, found.least) == ((), "kettle")


@pytest.mark.parametrize(("word", "seconds"), [("a" * (MOST_LETTERS + 1), 99), ("osprey", 0)])
def test_what_is_too_long_or_too_late_is_left_alone(word: str, seconds: int) -> None:
    assert around(word, "osprey", seconds=seconds) == (None, 0)


def test_time_that_runs_out_ends_the_climb() -> None:
    found, _ = around("ospr", "osprey", threshold=7.0, seconds=2)
    assert found is not None
    assert found.higher == "ospre"


def test_texts_are_others_and_each_once() -> None:
    for texts in (forms_of("Osprey"), parts_of("new york"), a_letter_off("bus")):
        assert len(set(texts)) == len(texts)
        assert not {"Osprey", "new york", "bus", ""} & set(texts)
    assert parts_of("abcd") == ["ab", "bc", "cd", "abc", "bcd"]
