"""How far long work is, by a played clock."""

from __future__ import annotations

import pytest

from harness.core.pace import Pace


class TestLine:
    @pytest.mark.parametrize(
        ("seconds", "done", "line"),
        [
            (0.5, 1, "recorded 1 of 40 probes"),  # too early to say
            (10.0, 0, "recorded 0 of 40 probes"),  # nothing to go by
            (10.0, 10, "recorded 10 of 40 probes, less than a minute left"),
            (60.0, 10, "recorded 10 of 40 probes, about 3 min left"),
            (3600.0, 10, "recorded 10 of 40 probes, about 3.0 h left"),
            (60.0, 40, "recorded 40 of 40 probes"),
        ],
    )
    def test_says_what_is_done_and_what_is_left(self, seconds: float, done: int, line: str) -> None:
        now = [100.0]
        pace = Pace("recorded", 40, "probe", clock=lambda: now[0])
        now[0] += seconds
        assert pace.line(done) == line

    def test_says_what_was_found_where_something_is_looked_for(self) -> None:
        pace = Pace("judged", 1300, "item", clock=lambda: 0.0)
        assert pace.line(1, findings=0) == "judged 1 of 1,300 items, no finding"
        assert pace.line(2, findings=1) == "judged 2 of 1,300 items, 1 finding"
