"""The search for garbage is put off while something is imported, and goes on afterwards as it did before."""

from __future__ import annotations

import gc
import threading

import pytest

from harness.core.garbage import uncollected


@pytest.fixture(autouse=True)
def _as_before():
    yield
    gc.enable()


def test_is_off_within_and_on_again_whatever_is_raised() -> None:
    with pytest.raises(ImportError), uncollected():
        assert not gc.isenabled()
        raise ImportError
    assert gc.isenabled()


def test_stays_off_until_the_outermost_ends() -> None:
    with uncollected():
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_stays_off_for_whoever_turned_it_off() -> None:
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


def test_is_on_when_threads_that_began_after_each_other_ended_in_any_order() -> None:
    began, may_end = threading.Event(), threading.Event()

    def first() -> None:
        with uncollected():
            began.set()
            may_end.wait(20)

    thread = threading.Thread(target=first)
    thread.start()
    began.wait(20)
    with uncollected():
        may_end.set()
        thread.join()
    assert gc.isenabled()
