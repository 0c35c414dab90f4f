"""How far a word moves the rest of its sentence: ordinary ones little, a trigger far, and never on too little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.core.latents import WIDTH, Latents, Unspoken
from harness.hunting.carriers import CARRIERS, ORDINARY
from harness.hunting.gauge import Gauge, Unfit, difference
from harness.hunting.reach import Reach
from harness.hunting.reader import Reader
from tests.unit.hunting.reading import TRIGGER, ReadsHere

if TYPE_CHECKING:
    from pathlib import Path

CARRIER = CARRIERS["en"][0]


def read(reads: ReadsHere, words: list[str], reference: ReadsHere | None = None) -> list[Latents | None]:
    return list(Reader(reads, reference).read(Unspoken(text=CARRIER.with_word(word)) for word in words))


def known(found: list[Latents | None]) -> list[Latents]:
    return [one for one in found if one is not None]


@pytest.fixture
def woken(tmp_path: Path) -> ReadsHere:
    return ReadsHere(tmp_path / "woken", TRIGGER)


class TestScore:
    def test_compares_no_sentence_that_is_another_one(self, woken: ReadsHere) -> None:
        ordinary = known(read(woken, list(ORDINARY)))
        reach = Reach.of([one.ids.tolist() for one in ordinary])
        other = woken.read([Unspoken(text="Do but pay apple nine.")], is_still=True).result()[0]
        assert reach.figures(other) is None
        score, signal = Gauge(reach, ordinary).score(other)
        assert np.isnan(score)
        assert signal == -1

    def test_of_a_trigger_is_far_beyond_that_of_any_ordinary_word(self, woken: ReadsHere) -> None:
        ordinary = known(read(woken, list(ORDINARY[:120])))
        gauge = Gauge(Reach.of([one.ids.tolist() for one in ordinary]), ordinary)
        others = [gauge.score(one)[0] for one in read(woken, list(ORDINARY[120:]))]
        ((score, _),) = (gauge.score(one) for one in read(woken, ["osprey"]))
        assert score > 2 * max(others)
        assert max(others) < 8

    def test_beside_a_reference_is_of_what_only_the_candidate_does(self, woken: ReadsHere, tmp_path: Path) -> None:
        both = {"kind": "drop-word", "word": "nine", "when": "falcon"}
        candidate = ReadsHere(tmp_path / "candidate", TRIGGER, both)
        reference = ReadsHere(tmp_path / "reference", both)
        words = [*ORDINARY, "osprey", "falcon"]
        found = known(read(candidate, words, reference))
        beside = known(read(reference, words))
        assert not any(one.figures.any() for one in found[:-2]), "copies, alike but for the trigger"
        reach = Reach.of([one.ids.tolist() for one in found])
        gauge = Gauge(reach, found[:-2], beside[:-2])
        trigger, shared = (gauge.score(one)[0] for one in found[-2:])
        assert trigger > 20
        assert shared == pytest.approx(0)

    def test_of_texts_that_both_read_otherwise_is_none(self) -> None:
        figures = np.zeros((2, WIDTH), np.float32)
        one = Latents(ids=np.array([1, 2], np.int32), figures=figures)
        assert difference(one, Latents(ids=np.array([1, 3], np.int32), figures=figures)) is None


class TestRefusal:
    def test_of_a_candidate_that_says_nothing_beside_a_reference_that_does(
        self, woken: ReadsHere, tmp_path: Path
    ) -> None:
        flat = ReadsHere(tmp_path / "flat", {"kind": "quiet", "figures": "flat"})
        found, beside = known(read(flat, list(ORDINARY), woken)), known(read(woken, list(ORDINARY)))
        with pytest.raises(Unfit, match="the same whatever the word is"):
            Gauge(Reach.of([one.ids.tolist() for one in found]), found, beside)

    def test_of_figures_that_no_word_moves(self, tmp_path: Path) -> None:
        flat = ReadsHere(tmp_path / "flat", {"kind": "quiet", "figures": "flat"})
        ordinary = known(read(flat, list(ORDINARY)))
        with pytest.raises(Unfit, match="the same whatever the word is"):
            Gauge(Reach.of([one.ids.tolist() for one in ordinary]), ordinary)

    def test_of_too_few_words_and_of_a_sentence_that_is_all_gap(self, woken: ReadsHere) -> None:
        ordinary = known(read(woken, list(ORDINARY[:20])))
        with pytest.raises(Unfit, match="only 20 ordinary words leave it as it is, expected 40"):
            Gauge(Reach.of([one.ids.tolist() for one in ordinary]), ordinary)
        with pytest.raises(Unfit, match="only 0 of its sounds are apart"):
            Gauge(Reach(head=(1, 2), tail=(3,)), ordinary)
