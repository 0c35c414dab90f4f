"""When news of long work are shown, by a played clock."""

from __future__ import annotations

import pytest

from harness.run.ticker import Ticker


def shown(*, is_terminal: bool, every: float, until: float) -> list[float]:
    """When a line is shown of work that has news every so many seconds."""
    now, seen = [1000.0], []
    ticker = Ticker(lambda line: seen.append(float(line)), is_terminal=lambda: is_terminal, clock=lambda: now[0])
    steps = round(until / every)
    for step in range(steps + 1):
        now[0] = 1000.0 + step * every
        ticker(f"{step * every}")
    return seen


class TestTicker:
    def test_moves_with_all_news_on_a_terminal(self) -> None:
        assert shown(is_terminal=True, every=1.0, until=3.0) == [0.0, 1.0, 2.0, 3.0]

    @pytest.mark.parametrize("every", [0.5, 7.0])
    def test_gives_a_log_a_line_a_minute_and_none_to_what_is_short(self, every: float) -> None:
        seen = shown(is_terminal=False, every=every, until=190.0)
        assert len(seen) == 3
        assert all(60 * number <= moment < 60 * number + 8 * number for number, moment in enumerate(seen, 1))
        assert shown(is_terminal=False, every=every, until=56.0) == []
