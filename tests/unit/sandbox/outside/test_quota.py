"""A container's quota: where its meter lies in each version of control groups, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.sandbox.outside import quota

VERSION_1 = "nr_periods 79\nnr_throttled 79\nthrottled_time 3400000000\n"
VERSION_2 = "usage_usec 9\nnr_periods 5\nnr_throttled 4\nthrottled_usec 1500000\n"


def told(folder: Path, lines: list[str]) -> float:
    """Seconds, in all files that are there."""
    return sum(quota._throttled(path) for path in dict.fromkeys(quota._candidates(lines, folder)))


@pytest.mark.parametrize(
    ("files", "lines", "seconds"),
    [
        ({"cpu/ci/job/cpu.stat": VERSION_1}, ["4:memory:/x", "1:cpu:/ci/job"], 3.4),
        ({"cpu,cpuacct/ci/cpu.stat": VERSION_1}, ["3:cpu,cpuacct:/ci/job"], 3.4),
        ({"cpu/cpu.stat": VERSION_1}, ["1:cpu:/docker/0123"], 3.4),  # shown its own files only
        ({"cpu.stat": VERSION_2, "ci/cpu.stat": VERSION_2}, ["0::/ci/job"], 3.0),
        ({"cpuacct/cpu.stat": VERSION_1}, ["2:cpuacct:/"], 0.0),
        ({"cpu.stat": "usage_usec 9\n"}, ["0::/"], 0.0),
        ({"cpu.stat": "throttled_usec many\n"}, ["0::/"], 0.0),
    ],
)
def test_of_a_container_is_read_in_its_group_and_above(
    tmp_path: Path, files: dict[str, str], lines: list[str], seconds: float
) -> None:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "ascii")
    assert told(tmp_path, lines) == pytest.approx(seconds)


def test_never_falls_and_is_no_error_where_nobody_tells() -> None:
    before = quota.throttled_seconds()
    assert 0.0 <= before <= quota.throttled_seconds()
