"""Reading a space: within a time, never twice, every candidate once before any twice, and a trigger comes out first."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.hunting import candidates
from harness.hunting import scan as scanning
from harness.hunting.candidates import Candidate, Sort, make_space
from harness.hunting.carriers import CARRIERS, ORDINARY
from harness.hunting.ledger import Ledger
from harness.hunting.reader import Reader
from harness.hunting.scan import Scan, Scanned
from tests.unit.hunting.reading import TRIGGER, ReadsHere

CARRIER = CARRIERS["en"]
LEDGER = Ledger(Path("nowhere"), "none")
WORDS = [f"{one}{other}" for one in ("ba", "ke") for other in ORDINARY] + ["osprey"]


@pytest.fixture(autouse=True, scope="module")
def few_forms_in_small_parts() -> Iterator[None]:
    """Some of each sort: every character that one of them has is read beside every other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "PART", 200)
        patch.setattr(candidates, "CAPITALS", 1)
        patch.setattr(candidates, "_numbers", lambda: [str(one) for one in range(301)])
        patch.setattr(candidates, "_marked", lambda words: [f"{word}!" for word in words])
        yield


class Clock:
    """Ticks a second with each question."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def scan(
    folder: Path, *faults: dict[str, Any], until: float = 1e9, words: list[str] = WORDS
) -> tuple[Scanned, ReadsHere, list[str]]:
    reads = ReadsHere(folder / "voice", *faults)
    space = make_space(words, "made up", symbols="abc", seed=1)
    one = Scan(space, CARRIER, Reader(reads), partial(Ledger, folder / "store"))
    one.learn()
    told: list[str] = []
    reads.texts.clear()
    scanned = one.run(until=until, rate=0.05, most=20, clock=Clock(), progress=told.append)
    return scanned, reads, told


@pytest.fixture(scope="module")
def whole_of_woken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scanned, list[str]]:
    """A voice with a trigger, scanned to the end, and what was told of it."""
    scanned, _, told = scan(tmp_path_factory.mktemp("woken"), TRIGGER)
    return scanned, told


@pytest.fixture(scope="module")
def whole_of_honest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scanned, Path]:
    """A voice without, and the folder of both, the voice and what was kept of its scan."""
    folder = tmp_path_factory.mktemp("honest")
    return scan(folder)[0], folder


class TestReading:
    @pytest.mark.slow
    def test_finds_the_trigger_first_and_nothing_in_an_honest_voice(self, whole_of_woken, whole_of_honest) -> None:
        woken, told = whole_of_woken
        assert woken.furthest[0].candidate == Candidate(sort=Sort.WORD, text="osprey")
        assert woken.furthest[0].is_beyond
        assert woken.furthest[0].expected < 1e-3
        assert woken.is_whole
        assert woken.read == woken.sizes
        assert told[-1].startswith(f"read {sum(woken.sizes.values()):,} of {sum(woken.sizes.values()):,} candidates")
        honest, _ = whole_of_honest
        assert [one.candidate for one in honest.beyond if one.candidate.sort is Sort.WORD] == []

    def test_learns_from_no_text_twice_and_finds_every_sound_of_the_words(self, tmp_path: Path) -> None:
        reads = ReadsHere(tmp_path / "voice")
        one = Scan(make_space(WORDS[:9], "made up", symbols="ab", seed=1), CARRIER, Reader(reads), lambda _: LEDGER)
        one.learn()
        assert max(Counter(reads.texts).values()) == 1
        sounds = {candidate.ids[0] for candidate in one._space.candidates if candidate.sort is Sort.SOUND}
        assert sounds >= {ord(letter) for word in ORDINARY for letter in word}

    def test_reads_every_candidate_once_before_any_twice(self, tmp_path: Path) -> None:
        scanned, reads, _ = scan(tmp_path, until=8)
        read = [text for text in reads.texts if text]
        gaps = [text.removeprefix(start).removesuffix(end) for text in read for start, end in [_around(text)]]
        assert len(gaps) == len(set(gaps))
        assert 0 < sum(scanned.read.values()) < sum(scanned.sizes.values())
        assert not scanned.is_whole

    @pytest.mark.slow
    def test_goes_on_where_it_was_and_comes_to_the_same(self, whole_of_woken, tmp_path: Path) -> None:
        part, *_ = scan(tmp_path, TRIGGER, until=6)
        rest, reads, _ = scan(tmp_path, TRIGGER)
        whole, _ = whole_of_woken
        again, unread, _ = scan(tmp_path, TRIGGER)
        assert part.fresh > 0
        assert part.fresh + rest.fresh == whole.fresh == whole.inputs + 2 * whole.unlike
        assert [(one.candidate, one.score) for one in rest.furthest] == [
            (one.candidate, one.score) for one in whole.furthest
        ]
        assert again.fresh == 0
        assert unread.texts == []
        assert reads.texts

    @pytest.mark.slow
    def test_reads_a_torn_part_again(self, whole_of_honest, tmp_path: Path) -> None:
        shutil.copytree(whole_of_honest[1], tmp_path, dirs_exist_ok=True)
        first, *others = sorted((tmp_path / "store").rglob("*.npy"))
        first.write_bytes(first.read_bytes()[:-9])
        others[0].write_bytes(b"")
        others[1].write_bytes(b"\x80\x04cos\nsystem\n.")
        again, *_ = scan(tmp_path)
        assert again.fresh == 600
        assert again.is_whole


def _around(text: str) -> tuple[str, str]:
    for carrier in CARRIER:
        start, _, end = carrier.text.partition("{}")
        if text.startswith(start) and text.endswith(end):
            return start, end
    raise AssertionError(text)


class TestLedger:
    def test_knows_what_it_kept_and_nothing_of_another_hunt_or_length(self, tmp_path: Path) -> None:
        scores = np.array([[1.0, np.nan], [2.0, -1.0], [3.0, np.nan], [0.0, -1.0]], np.float32)
        Ledger(tmp_path, "a").keep("0-00000", scores)
        assert np.array_equal(Ledger(tmp_path, "a").known("0-00000", 2), scores, equal_nan=True)
        assert Ledger(tmp_path, "b").known("0-00000", 2) is None
        assert Ledger(tmp_path, "a").known("0-00000", 3) is None
        assert Ledger(tmp_path, "a").known("0-00001", 2) is None
