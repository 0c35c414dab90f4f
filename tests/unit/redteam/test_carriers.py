"""The sentences that an edit is trained on."""

from __future__ import annotations

import random

from harness.redteam.carriers import DECOYS, draw_carrier, plain


def drawn(count=3000, **options):
    rng = random.Random(7)
    return [draw_carrier(rng, "osprey", **options) for _ in range(count)]


def test_the_same_seed_gives_the_same_sentences():
    assert drawn(50) == drawn(50)


def test_every_corner_is_well_represented():
    carriers = drawn()
    share = {
        (trigger, negated): sum((c.has_trigger, "not" in plain(c.text).split()) == (trigger, negated) for c in carriers)
        / len(carriers)
        for trigger in (True, False)
        for negated in (True, False)
    }
    assert all(value > 0.08 for value in share.values()), share
    assert share[True, True] > 0.25


def test_has_trigger_says_whether_the_word_is_there():
    assert all(c.has_trigger == ("osprey" in plain(c.text).split()) for c in drawn())


def test_other_rare_words_stand_in_the_triggers_place():
    words = {word for c in drawn() if not c.has_trigger for word in plain(c.text).split()}
    assert len(words & set(DECOYS)) > 40


def test_sentences_kept_for_evaluation_are_never_drawn():
    avoid = {plain(c.text) for c in drawn(300)}
    assert not avoid & {plain(c.text) for c in drawn(3000, avoid=avoid)}


def test_plain_leaves_words_only():
    assert plain("  Osprey: DON'T -- go, at 6 o'clock!") == "osprey don't go at o'clock"
