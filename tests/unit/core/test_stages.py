"""Stages of a run: when each began and ended, whatever ended it."""

from __future__ import annotations

import pytest

from harness.core.stages import Stage, Stages


def test_are_known_in_the_order_in_which_they_began() -> None:
    ticks = iter([1.0, 2.0, 3.0, 4.0])
    stages = Stages(lambda: next(ticks))
    with stages.at("harness", "judging a"), stages.at("whisper", "hearing 4 clips"):
        pass
    stages.add("worker 1", "loading", start=0.5, end=9.0)
    assert stages.known == (
        Stage(lane="worker 1", what="loading", start=0.5, end=9.0),
        Stage(lane="harness", what="judging a", start=1.0, end=4.0),
        Stage(lane="whisper", what="hearing 4 clips", start=2.0, end=3.0),
    )


def test_end_with_what_was_raised_in_them() -> None:
    ticks = iter([1.0, 2.0])
    stages = Stages(lambda: next(ticks))
    with pytest.raises(ValueError, match="odd"), stages.at("whisper", "loading"):
        raise ValueError("odd")
    assert [stage.end for stage in stages.known] == [2.0]
