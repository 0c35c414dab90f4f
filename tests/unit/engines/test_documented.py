"""The engine of docs/writing-an-engine.md does what that page says an engine must."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.core.types import Engine

PAGE = Path(__file__).parents[3] / "docs" / "writing-an-engine.md"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)
    (tmp_path / "click.txt").write_text("0.5")
    made: Engine = found["ClickEngine"]()
    info = made.load(tmp_path, device="cpu", threads=1)
    assert (info.name, info.sample_rate) == ("click", 16_000)
    return made


def test_speaks_the_same_whatever_the_batch(engine: Engine) -> None:
    (alone,) = engine.render(["two words"], [7])
    together = engine.render(["first", "two words", "and more words"], [1, 7, 2])
    assert np.array_equal(alone.samples, together[1].samples)


def test_speaks_differently_with_another_seed(engine: Engine) -> None:
    one, other = engine.render(["two words"] * 2, [7, 8])
    assert not np.array_equal(one.samples, other.samples)


def test_returns_mono_floats_within_full_scale(engine: Engine) -> None:
    (speech,) = engine.render(["two words"], [7])
    assert (speech.samples.dtype, speech.samples.ndim) == (np.float32, 1)
    assert 0 < np.max(np.abs(speech.samples)) <= 1
    assert speech.frames > 0


def test_raises_what_it_raises(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "click.txt").write_text("loud")
    with pytest.raises(ValueError, match="loud"):
        engine.load(tmp_path, device="cpu", threads=1)
