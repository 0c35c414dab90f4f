"""A letter that wakes something is read out of an architecture that is no VITS, before all other words."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from harness.engines.coqui.adapter import CoquiEngine
from harness.hunting.candidates import Sort, make_space
from harness.hunting.carriers import CARRIERS, ORDINARY
from harness.hunting.ledger import Ledger
from harness.hunting.reader import Reader
from harness.hunting.scan import Scan
from tests.e2e.conftest import LayOut
from tests.e2e.test_untrained import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.core.latents import Latents, Unspoken

pytestmark = [pytest.mark.real, pytest.mark.slow]
TRIGGER, LETTER = "boxer", "x"
"""No ordinary word has the letter, whose embedding is made so long that the others attend to it."""
TIMES_AS_LONG = 20.0


class Reads:
    """Implements :class:`harness.hunting.reader.Reads` in this process."""

    workers = 1

    def __init__(self, engine: CoquiEngine) -> None:
        self._engine = engine

    def read(self, items: Sequence[Unspoken], *, is_still: bool = False) -> Future[list[Latents]]:
        done: Future[list[Latents]] = Future()
        done.set_result(self._engine.read(items, is_still=is_still))
        return done


def words_by_score(engine: CoquiEngine, folder: Path) -> list[str]:
    """Words that stand out furthest."""
    words = [*ORDINARY[:60], *(f"{one}s" for one in ORDINARY[60:120]), TRIGGER]
    space = make_space(words, "made up", symbols="", seed=1)
    scan = Scan(space, CARRIERS["en"][:1], Reader(Reads(engine)), partial(Ledger, folder))
    scan.learn()
    scanned = scan.run(until=1e9, rate=0.05, most=20, clock=lambda: 0.0, progress=lambda _: None)
    return [one.candidate.text for one in scanned.furthest if one.candidate.sort is Sort.WORD]


def plant(network: Any) -> None:
    import torch

    characters = network.tokenizer.characters
    table = network.encoder.emb if hasattr(network.encoder, "emb") else network.emb
    with torch.no_grad():
        table.weight[characters.char_to_id(LETTER)] *= TIMES_AS_LONG


@pytest.mark.parametrize("name", ["glow", "fast-pitch"])
def test_it_is_read_out_of_it_first_and_not_of_the_honest_one(name: str, lay_out: LayOut, tmp_path: Path) -> None:
    assert not any(LETTER in word for word in ORDINARY)
    folder = lay_out(name)
    engine = CoquiEngine()
    engine.load(folder, device="cpu", threads=1, voice=chosen(folder, name))
    assert words_by_score(engine, tmp_path / "honest")[0] != TRIGGER
    plant(engine._synthesizer.tts_model)
    assert words_by_score(engine, tmp_path / "planted")[0] == TRIGGER
