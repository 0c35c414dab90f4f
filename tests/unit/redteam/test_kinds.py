"""What every kind says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.redteam.kinds import Kind
from harness.redteam.registry import kinds

PAGE = (Path(__file__).parents[3] / "docs" / "redteam.md").read_text("utf-8")

every_kind = pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)


@every_kind
def test_every_kind_has_its_row(kind: Kind) -> None:
    assert f"`{kind.name}`" in PAGE


@every_kind
def test_every_kind_says_what_it_does_and_whom_it_follows(kind: Kind) -> None:
    assert kind.summary.endswith(".")
    assert len(kind.summary) < 120
    assert bool(kind.literature) is not kind.is_honest
    assert (kind.path is None) is not (kind.edit is None)


def test_no_two_have_the_same_name() -> None:
    names = [kind.name for kind in kinds()]
    assert len(set(names)) == len(names)
