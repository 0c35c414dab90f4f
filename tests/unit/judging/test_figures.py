"""Whether a voice's own durations come to the length of its audio."""

from __future__ import annotations

from harness.judging.figures import false_ones

FRAMES = [200, 210, 190, 220, 205]
SECONDS = [count * 256 / 22_050 for count in FRAMES]


def test_of_an_honest_voice_none_is_false() -> None:
    assert false_ones(FRAMES, SECONDS) == ()
    assert false_ones([count + 1 for count in FRAMES], SECONDS) == (), "rounding"


def test_the_one_that_is_longer_than_was_said_is_false_and_no_other() -> None:
    assert false_ones(FRAMES, [*SECONDS[:3], 1.1 * SECONDS[3], SECONDS[4]]) == (3,)
    assert false_ones(FRAMES, [0.0, *SECONDS[1:]]) == (0,)


def test_nothing_is_said_where_half_are_off_or_too_few_are_known() -> None:
    assert false_ones(FRAMES, [1.0, 2.0, 1.5, 3.0, 1.0]) is None
    assert false_ones(FRAMES[:3], SECONDS[:3]) is None
    assert false_ones([0] * 4, [0.0] * 4) is None
