"""Which slot an order goes to: no worker is ended or started that need not be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.models.files import open_model
from harness.speaking.cache import RenderingCache
from harness.speaking.metering import Speak
from harness.speaking.pool import WorkerPool
from harness.speaking.renderer import Renderer
from harness.storage.store import Store
from tests.fake_voices import WatchedLauncher, fake_voice
from tests.unit.speaking.test_renderer import BOUNDS


@pytest.fixture
def renderer(tmp_path: Path) -> Iterator[Renderer]:
    """Of two slots, one of which has a worker."""
    model = open_model(str(fake_voice(tmp_path / "voice")))
    cache = RenderingCache(Store(tmp_path / "store"), model_digest=model.digest, engine_key="fake 1")
    made = Renderer(cache, WorkerPool(model, WatchedLauncher(), bounds=BOUNDS, workers=2))
    made.load()
    yield made
    made.close()


def asked(renderer: Renderer, **how: bool) -> int:
    """Number of the worker that is given an order."""

    def work(speak: Speak) -> int:
        return speak("a door", 1).worker

    return renderer.borrow(work, **how).result(30)


def test_a_new_worker_goes_where_none_is_and_ends_no_other(renderer: Renderer) -> None:
    assert asked(renderer) == 1
    assert asked(renderer, is_fresh=True) == 2
    assert asked(renderer) == 2  # the one that was left last
    assert asked(renderer, is_fresh=True) == 3  # in the place of the first
    assert asked(renderer) == 3


def test_who_comes_after_a_worker_of_ones_own_starts_none(renderer: Renderer) -> None:
    assert asked(renderer, is_tidy=True) == 2
    assert asked(renderer) == 1
    assert asked(renderer, is_tidy=True) == 3
    assert asked(renderer) == 1
    assert {one.worker for one in renderer.metered if one.is_tidy} == {2, 3}
