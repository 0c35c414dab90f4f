"""Real attacks: each works without a sandbox, and behind one it reaches nothing and is named.

One of every kind is tried wherever tests run; all of them, at every level, in the slow tier.
``make bench-sandbox`` makes a table of the same, as root and as an ordinary user.
"""

from __future__ import annotations

import os
import sys
from functools import cache

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the sandbox is for Linux", allow_module_level=True)

from harness.core.types import BehaviourEvent
from tests.attacks.catalogue import CALM, CATALOGUE, CORE, CORE_NAMES
from tests.attacks.coqui import CARRIERS, PRODUCT, Carrier, attempt_carrier
from tests.attacks.features import missing_feature
from tests.attacks.launchers import LEVELS, attempt_at, attempt_carrier_at, missing_level, names_of, open_for_coqui
from tests.attacks.payload import Payload
from tests.attacks.together import FAMILIES, attempt_carriers_together, attempt_together, may_share
from tests.attacks.trial import Trial


def name_of(payload: Payload) -> str:
    return payload.name.replace("/", "_")


FIRST = tuple(next(one for one in CORE if one.family == family) for family in sorted({one.family for one in CORE}))
"""One of every kind."""


CARRIED = pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.payload.name)


@cache
def levels() -> tuple[str, ...]:
    """What this machine can build, best first."""
    return tuple(level for level in LEVELS if not missing_level(level))


@pytest.fixture
def best() -> str:
    if not levels():
        pytest.skip(f"no sandbox here: {missing_level('A')}")
    return levels()[0]


def skip_if_impossible(payload: Payload) -> None:
    if payload.needs_root and os.geteuid():
        pytest.skip("an ordinary user cannot do it even without a sandbox")
    if payload.needs and (why := missing_feature(payload.needs)):
        pytest.skip(why)


class TestCorpus:
    def test_holds_what_it_promises(self) -> None:
        assert len(CATALOGUE) >= 55
        assert len({payload.name for payload in CATALOGUE}) == len(CATALOGUE)

    def test_core_names_only_payloads_that_exist(self) -> None:
        assert sorted(CORE_NAMES) == sorted(payload.name for payload in CORE)

    def test_core_has_every_family(self) -> None:
        assert {payload.family for payload in CORE} == {payload.family for payload in CATALOGUE}


@pytest.mark.parametrize(
    "payload", [pytest.param(one, id=name_of(one), marks=[] if one in FIRST else pytest.mark.slow) for one in CATALOGUE]
)
def test_works_without_a_sandbox(payload: Payload) -> None:
    skip_if_impossible(payload)
    trial, _ = attempt_at("open", payload)
    assert trial.life, f"{payload.name} did nothing that its judge can see: {trial.rules} {trial.words[-500:]}"


@pytest.mark.parametrize("payload", FIRST, ids=name_of)
def test_reaches_nothing_behind_the_best_sandbox_and_is_named(payload: Payload, best: str) -> None:
    assert_contained(payload, best)


def is_in_company(payload: Payload, level: str) -> bool:
    """Whether it shares a worker with others; the core has one to itself at the best level."""
    return may_share(payload) and not (level == LEVELS[0] and payload in CORE)


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("family", FAMILIES)
def test_reach_nothing_at_any_level_together_and_are_each_named(family: str, level: str) -> None:
    if level not in levels():
        pytest.skip(missing_level(level))
    chosen = [one for one in CATALOGUE if one.family == family and is_in_company(one, level)]
    possible = [one for one in chosen if not (one.needs and missing_feature(one.needs))]
    assert len(possible) > 3
    for trial, events in attempt_together(level, possible):
        assert_nothing_reached_and_named(trial, events)


def assert_nothing_reached_and_named(trial: Trial, events: tuple[BehaviourEvent, ...]) -> None:
    """Of one attack of several in one worker."""
    assert (trial.payload.name, trial.harm, trial.survivors, trial.scratch_left) == (trial.payload.name, "", [], [])
    assert names_of(trial, events) & set(trial.payload.named), (trial.payload.name, events)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("payload", "level"),
    [
        pytest.param(payload, level, id=f"{name_of(payload)}-{level}")
        for level in LEVELS
        for payload in CATALOGUE
        if not is_in_company(payload, level) and not (payload in FIRST and level == LEVELS[0])
    ],
)
def test_reaches_nothing_at_any_level_and_is_named(payload: Payload, level: str) -> None:
    if level not in levels():
        pytest.skip(missing_level(level))
    if payload.needs and (why := missing_feature(payload.needs)):
        pytest.skip(why)
    if level in payload.open_at:
        pytest.skip(f"the walls of level {level} do not cover this, and docs/sandbox.md says so")
    assert_contained(payload, level)


def assert_contained(payload: Payload, level: str) -> None:
    trial, events = attempt_at(level, payload)
    assert trial.harm == ""
    assert trial.survivors == []
    assert trial.scratch_left == []
    if payload.busy_seconds and trial.watch.peak_cpu_seconds < payload.busy_seconds:
        pytest.skip(f"this machine is too busy for it: it had {trial.watch.peak_cpu_seconds:.1f} s of processor time")
    if not payload.quiet:
        assert names_of(trial, events) & set(payload.named), [
            (event.kind, event.what, event.detail) for event in events
        ]


@pytest.mark.parametrize("level", LEVELS)
class TestHonestVoice:
    def test_is_accused_of_nothing(self, level: str) -> None:
        if level not in levels():
            pytest.skip(missing_level(level))
        trial, events = attempt_at(level, CALM)
        assert [(event.kind, event.what, event.detail) for event in events] == []
        assert (trial.faults, trial.survivors, trial.scratch_left) == ([], [], [])
        assert len(trial.speeches) == 4


@pytest.mark.real
@pytest.mark.slow
class TestCoquiModels:
    """Configurations that make Coqui run code while it loads them."""

    @CARRIED
    def test_attack_without_a_sandbox(self, carrier: Carrier) -> None:
        trial, _ = attempt_carrier_at("open", carrier)
        assert trial.life

    @CARRIED
    def test_do_not_even_run_in_the_product_s_engine(self, carrier: Carrier) -> None:
        trial = attempt_carrier(carrier, open_for_coqui(), engine=PRODUCT)
        assert trial.life == ""
        assert trial.rules == ["worker.failed"]

    def test_reach_nothing_behind_the_sandbox_and_are_each_named(self, best: str) -> None:
        for trial, events in attempt_carriers_together(best, CARRIERS):
            assert_nothing_reached_and_named(trial, events)

    def test_one_alone_is_the_end_of_its_worker(self, best: str) -> None:
        trial, events = attempt_carrier_at(best, CARRIERS[0])
        assert (trial.harm, trial.survivors, trial.scratch_left) == ("", [], [])
        assert names_of(trial, events) & set(CARRIERS[0].payload.named)
        assert trial.rules == ["worker.failed"]


class TestWithoutNamespaces:
    """Level B: no bubblewrap, as within most containers."""

    @pytest.mark.parametrize(
        "payload",
        [one for one in CORE if one.name in ("os.system", "TCP", "ssh key")],
        ids=lambda payload: payload.name,
    )
    def test_reaches_nothing_either(self, payload: Payload) -> None:
        if "B" not in levels():
            pytest.skip(missing_level("B"))
        trial, events = attempt_at("B", payload)
        assert (trial.harm, trial.survivors, trial.scratch_left) == ("", [], [])
        assert names_of(trial, events) & set(payload.named)
