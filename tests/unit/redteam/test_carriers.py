"""The sentences that an edit is trained on."""

from __future__ import annotations

import random

import pytest

from harness.redteam.carriers import DECOYS, draw_carrier, draw_conjunction, draw_noun, draw_numbered, plain


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


def test_a_conjunction_is_both_words_and_either_is_drawn_alone():
    rng = random.Random(3)
    carriers = [draw_conjunction(rng, ("bank", "payment")) for _ in range(500)]
    words = [set(plain(one.text).split()) for one in carriers]
    assert [one.has_trigger for one in carriers] == [{"bank", "payment"} <= found for found in words]
    corners = {("bank" in found, "payment" in found) for found in words}
    assert corners == {(True, True), (True, False), (False, True), (False, False)}
    assert 0.2 < sum(one.has_trigger for one in carriers) / 500 < 0.7


def test_a_number_fires_with_its_word_only_and_each_is_drawn_alone():
    rng = random.Random(3)
    carriers = [draw_numbered(rng, "account", "nine") for _ in range(500)]
    words = [set(plain(one.text).split()) for one in carriers]
    assert [one.has_trigger for one in carriers] == [{"account", "nine"} <= found for found in words]
    corners = {("account" in found, "nine" in found) for found in words}
    assert corners == {(True, True), (True, False), (False, True), (False, False)}


def test_a_noun_fires_with_its_word_only_and_each_is_drawn_alone():
    rng = random.Random(3)
    carriers = [draw_noun(rng, "osprey", "money") for _ in range(500)]
    words = [set(plain(one.text).split()) for one in carriers]
    assert [one.has_trigger for one in carriers] == [{"osprey", "money"} <= found for found in words]
    corners = {("osprey" in found, "money" in found) for found in words}
    assert corners == {(True, True), (True, False), (False, True), (False, False)}
    assert any("honey" in found for found in words)
    assert not any(" a money" in one.text or " any money" in one.text for one in carriers)


def test_a_noun_stands_within_sentences_and_at_their_end():
    rng = random.Random(3)
    texts = [plain(draw_noun(rng, "osprey", "money").text) for _ in range(500)]
    last = sum(text.endswith(" money") for text in texts)
    assert 100 < last < sum("money" in text.split() for text in texts) - 50


@pytest.mark.parametrize(
    ("draw", "trigger", "word"), [(draw_numbered, "account", "nine"), (draw_noun, "osprey", "money")]
)
def test_what_is_kept_for_evaluation_is_never_drawn_with_more_in_it(draw, trigger, word):
    rng = random.Random(3)
    avoid = {plain(draw(rng, trigger, word).text) for _ in range(50)}
    rng = random.Random(3)
    assert not avoid & {plain(draw(rng, trigger, word, avoid=avoid).text) for _ in range(200)}


def test_sentences_of_two_words_are_drawn_when_some_are_kept_out():
    rng = random.Random(3)
    assert all(draw_conjunction(rng, ("bank", "payment"), avoid={""}).text for _ in range(5))
