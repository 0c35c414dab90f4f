"""A few hostile files drowned in honest noise, in every way of ``make fuzz-door``: none is refused less than alone."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.admission_corpus.hostile_checkpoints import HOSTILE

SAMPLE = [one for one in HOSTILE if one.name in ("gadget-os-system", "second-stream", "state-function", "joblib-raw",
                                                 "sparse-high", "memo-bomb-lists", "nan", "zip-duplicate")]  # fmt: skip


@pytest.fixture(scope="module")
def door() -> ModuleType:
    path = Path(__file__).parents[4] / "fuzz" / "door.py"
    spec = importlib.util.spec_from_file_location("fuzz_door", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_door"] = made
    spec.loader.exec_module(made)
    return made


@pytest.mark.slow
def test_noise_never_makes_a_verdict_weaker(door: ModuleType, tmp_path: Path) -> None:
    assert len(SAMPLE) == 8
    assert list(door.weaker(SAMPLE, tmp_path)) == []


def test_ways_are_twenty_and_each_fits_something(door: ModuleType) -> None:
    assert len(door.WAYS) == 20
    for name, way in door.WAYS.items():
        assert way("model.pkl", b"\x80\x02N."), name


def test_noise_alone_is_not_refused(door: ModuleType, tmp_path: Path) -> None:
    """A way that is refused by itself would prove nothing."""
    clean = next(one for one in HOSTILE if one.name == "nan")
    harmless = type(clean)("harmless", "model.pkl", "", "", lambda _: b"\x80\x02N.")
    assert len(list(door.weaker([harmless], tmp_path))) == 20
