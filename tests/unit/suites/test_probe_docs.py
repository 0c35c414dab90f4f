"""``docs/probes.md`` says what the code does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from harness.cli.list import packaged_suites
from harness.pytest_plugin.hookspecs import pytest_tts_probes
from harness.suites.file import read_suite
from probes.registry import FAMILIES

PAGE = (Path(__file__).parents[3] / "docs/probes.md").read_text("utf-8")


@pytest.fixture(scope="module")
def counts() -> Counter[str]:
    (full,) = [path for path in packaged_suites() if path.name == "full.probes.yaml"]
    return Counter(probe.family for probe in read_suite(full).suite.probes)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_has_its_row(family, counts: Counter[str]) -> None:
    languages = ", ".join(family.languages)
    row = f"| `{family.name}` | {family.purpose} | {family.source} | {languages} | {counts[family.name]} |"
    assert row in PAGE.splitlines()
    assert f"- `{family.name}`: {family.blind}" in PAGE.splitlines() or not family.blind


def test_the_example_is_the_one_that_is_tested() -> None:
    code = (pytest_tts_probes.__doc__ or "").partition("# conftest.py\n")[2].partition("        # town")[0]
    assert "\n".join(line.removeprefix("        ") for line in code.strip("\n").splitlines()).strip() in PAGE
