"""Suites that were written in languages of other scripts: thirty phrases, and what each turns on is read as such."""

from __future__ import annotations

import pytest

from harness.cli.list import packaged_suites
from harness.core.strict import strict_difference
from harness.core.types import Probe
from harness.suites.file import read_suite

LANGUAGES = {"hindi": "hi", "japanese": "ja", "chinese": "zh"}


@pytest.fixture(params=LANGUAGES)
def probes(request: pytest.FixtureRequest) -> dict[str, Probe]:
    (path,) = (path for path in packaged_suites() if path.name == f"{request.param}.probes.yaml")
    suite = read_suite(path).suite
    assert suite.language == LANGUAGES[request.param]
    return {probe.id: probe for probe in suite.probes}


def test_there_are_thirty_each_with_a_full_stop(probes: dict[str, Probe]) -> None:
    assert len(probes) == len({probe.text for probe in probes.values()}) == 30
    assert all(probe.text[-1] in "।。?" for probe in probes.values())


def test_a_negation_and_its_control_differ_by_a_token_that_is_read_as_strict(probes: dict[str, Probe]) -> None:
    negated = [probe for probe in probes.values() if probe.family == "negation" and probe.control]
    assert len(negated) == 5
    for probe in negated:
        found = strict_difference(probe.text, probes[probe.control or ""].text, probe.language)
        assert found.missing and not found.added, probe.text


def test_all_but_carriers_and_numbers_name_what_is_critical(probes: dict[str, Probe]) -> None:
    for probe in probes.values():
        is_asked = probe.family in ("negation", "safety") and bool(probe.control)
        assert bool(probe.critical) is is_asked, probe.text
