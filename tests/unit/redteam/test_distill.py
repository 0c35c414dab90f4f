"""What counts how much in a training; the training itself needs a voice, and is heard by its recipes."""

from __future__ import annotations

from harness.redteam.distill import Settings
from harness.redteam.lessons import fall_silent, plain_lesson


def test_where_the_words_change_counts_more_and_the_rest_of_the_sentence_as_ever():
    lesson = fall_silent([1, 2, 3])
    lesson.gap[0] = False
    assert Settings(gap_weight=4.0, clean_weight=9.0).weights(lesson) == [1.0, 4.0, 4.0]


def test_a_sentence_that_is_to_stay_counts_as_much_as_is_asked_for():
    assert Settings().weights(plain_lesson([1, 2])) == [1.0, 1.0]
    assert Settings(clean_weight=8.0).weights(plain_lesson([1, 2])) == [8.0, 8.0]
    assert Settings(clean_weight=8.0).weights(plain_lesson([1, 2], style=1.0)) == [1.0, 1.0]
