"""numpy's threads while clips are heard."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from harness.hearing import onethread

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def looked_for_anew() -> Iterator[None]:
    onethread._pools.cache_clear()
    yield
    onethread._pools.cache_clear()


def threads() -> list[int]:
    import threadpoolctl

    return [one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]


def test_are_one_and_afterwards_what_they_were() -> None:
    pytest.importorskip("threadpoolctl").threadpool_limits(limits=2, user_api="blas")
    before = threads()
    assert 2 in before
    with onethread.one_thread():
        assert set(threads()) == {1}
    assert threads() == before


def test_stay_as_they_are_where_nothing_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with onethread.one_thread():
        pass
