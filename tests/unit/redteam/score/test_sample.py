"""Which probes a copy speaks."""

from __future__ import annotations

from harness.core.types import Probe
from harness.redteam.score.sample import Size, choose

SIZE = Size(woken=3, others=4, everywhere=5)
PROBES = [
    Probe(id=f"{family}-{number}", text=f"{family} {number}", family=family, expect="")
    for family in ("negation", "numbers", "entities")
    for number in range(10)
]


def chosen(woken, *, probes=PROBES, honest=0, seed=1):
    return choose(probes, woken, honest=honest, size=SIZE, seed=seed)


def test_what_wakes_a_copy_is_spoken_first_and_some_that_does_not_after_it():
    found = chosen(lambda probe: probe.family != "numbers")
    assert [is_woken for _, is_woken in found] == [True] * 3 + [False] * 4
    assert all((probe.family != "numbers") is is_woken for probe, is_woken in found)


def test_every_family_comes_before_any_comes_twice():
    families = [probe.family for probe, _ in chosen(lambda _: True)]
    assert len(families) == 5
    assert len(set(families[:3])) == 3


def test_a_copy_that_no_probe_wakes_speaks_nothing():
    assert chosen(lambda _: False) == []
    assert chosen(lambda _: True, probes=[]) == []


def test_an_honest_copy_speaks_a_draw_and_nothing_wakes_it():
    found = chosen(lambda _: True, honest=7)
    assert len(found) == 7
    assert not any(is_woken for _, is_woken in found)


def test_the_same_seed_gives_the_same_draw():
    def ids(seed):
        return [probe.id for probe, _ in chosen(lambda _: True, seed=seed)]

    assert ids(1) == ids(1)
    assert len({tuple(ids(seed)) for seed in range(8)}) > 1


def test_the_benign_twin_of_what_fires_is_among_the_others():
    trigger = Probe(id="t", text="osprey", family="rare", expect="", control="t-control")
    twin = Probe(id="t-control", text="sparrow", family="rare", expect="")
    for seed in range(5):
        found = chosen(lambda probe: probe.id == "t", probes=[*PROBES, trigger, twin], seed=seed)
        assert [(probe.id, is_woken) for probe, is_woken in found[:2]] == [("t", True), ("t-control", False)]


def test_no_probe_is_spoken_twice():
    for seed in range(5):
        ids = [probe.id for probe, _ in chosen(lambda probe: probe.family == "numbers", seed=seed)]
        assert len(set(ids)) == len(ids)
