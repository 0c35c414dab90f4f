"""The quota of a benchmark: what is asked for, how it is set in either version, and who cannot set one."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.throttle import NoQuota, asked_share, throttled


@pytest.mark.parametrize(("said", "share"), [("0.5", 0.5), ("1", 1.0), ("", 1.0)])
def test_a_share_is_read(monkeypatch: pytest.MonkeyPatch, said: str, share: float) -> None:
    monkeypatch.setenv("THROTTLE", said)
    assert asked_share() == share


@pytest.mark.parametrize("said", ["0", "-1", "2", "half", "nan"])
def test_what_is_no_share_is_refused(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("THROTTLE", said)
    with pytest.raises(NoQuota, match=r"expected a share of the processors above 0 and up to 1, such as 0\.5"):
        asked_share()


def test_no_quota_needs_nothing(tmp_path: Path) -> None:
    with throttled(1.0, tmp_path / "nowhere"):
        pass


def test_where_none_can_be_set_that_is_said_with_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(NoQuota, match=r"^THROTTLE=0\.5: no quota can be set at .*; run as root"),
        throttled(0.5, tmp_path / "nowhere"),
    ):
        pass


@pytest.mark.parametrize("version", ["cpu", ""])
def test_all_runs_within_it_and_leaves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    mount = tmp_path / version
    mount.mkdir(exist_ok=True)
    (mount / "cgroup.procs").write_text("", "ascii")
    monkeypatch.setattr("benchmarks.throttle.os.sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr("benchmarks.throttle._parent", lambda _: mount)
    monkeypatch.setattr("benchmarks.throttle.REMOVALS", 1)  # these folders have files, which no kernel takes away
    with throttled(0.5, tmp_path):
        (group,) = mount.glob("soundcheck-throttle-*")
        assert (group / "cgroup.procs").read_text("ascii").isdigit()
        quota = {path.name: path.read_text("ascii") for path in group.iterdir() if path.name.startswith("cpu.")}
    one = {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "100000"}
    assert quota == (one if version else {"cpu.max": "100000 100000"})
    assert (mount / "cgroup.procs").read_text("ascii").isdigit()
