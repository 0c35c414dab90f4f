"""How far a word's own sounds are off what its letters have in other words: ordinary ones little, another word far."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.core.latents import Latents, Unspoken
from harness.hunting.carriers import CARRIERS, ORDINARY
from harness.hunting.gauge import Gauge
from harness.hunting.reach import Reach
from harness.hunting.reader import Reader
from tests.unit.hunting.reading import OTHERWISE, ReadsHere

CARRIER = CARRIERS["en"][0]
WORDS = [*ORDINARY, "osprey", "ospreys", "robins"]


def read(words: list[str], *faults: dict[str, str], folder: Path, reference: ReadsHere | None = None) -> list[Latents]:
    reader = Reader(ReadsHere(folder / "voice", *faults), reference)
    found = list(reader.read(Unspoken(text=CARRIER.with_word(word)) for word in words))
    return [one for one in found if one is not None]


def gauge_of(found: list[Latents], beside: list[Latents] | None = None) -> Gauge:
    ordinary = found[: len(ORDINARY)]
    reach = Reach.of([one.ids.tolist() for one in ordinary])
    return Gauge(reach, ordinary, beside[: len(ORDINARY)] if beside else None)


def test_of_a_word_that_is_said_as_another_are_far_off_and_the_rest_of_its_sentence_is_not(tmp_path: Path) -> None:
    found = read(WORDS, OTHERWISE, folder=tmp_path)
    gauge = gauge_of(found)
    others = [gauge.own.score(one)[0] for one in (*found[: len(ORDINARY)], found[-1])]
    for one in found[-3:-1]:
        assert gauge.own.score(one)[0] > 2 * max(others)
        assert gauge.score(one)[0] < 6
    assert max(others) < 8


def test_of_a_word_that_the_reference_says_so_too_are_as_they_should(tmp_path: Path) -> None:
    reference = ReadsHere(tmp_path / "reference", OTHERWISE)
    alone = read(WORDS, OTHERWISE, folder=tmp_path)
    same = read(WORDS, OTHERWISE, folder=tmp_path, reference=reference)
    assert gauge_of(same, alone).own.score(same[-3])[0] < 4
    honest = ReadsHere(tmp_path / "honest")
    other = read(WORDS, OTHERWISE, folder=tmp_path, reference=honest)
    assert gauge_of(other, alone).own.score(other[-3])[0] > 20


def test_of_a_word_in_another_sentence_or_of_unknown_sounds_are_not_told(tmp_path: Path) -> None:
    found = read([*WORDS, "ÆÆÆÆ"], folder=tmp_path)
    gauge = gauge_of(found)
    (other,) = ReadsHere(tmp_path / "voice").read([Unspoken(text="Do but pay apple nine.")], is_still=True).result()
    for one in (None, other):
        score, signal = gauge.own.score(one)
        assert np.isnan(score)
        assert signal == -1
    # What surrounds the gap is known wherever it stands.
    assert np.isfinite(gauge.own.score(found[-1])[0])


@pytest.mark.parametrize("share", [2, 4])
def test_are_told_by_fewer_words_too(share: int, tmp_path: Path) -> None:
    found = read(WORDS, OTHERWISE, folder=tmp_path)
    ordinary = found[: len(ORDINARY) : share]
    gauge = Gauge(Reach.of([one.ids.tolist() for one in ordinary]), ordinary)
    held = [gauge.own.score(one)[0] for one in found[1 : len(ORDINARY) : share]]
    assert gauge.own.score(found[-3])[0] > max(held)
