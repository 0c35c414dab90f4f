"""A suite's region: what the voice speaks by it, and what is compared without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.suites.file import language_of, read_suite
from harness.suites.parse import parse_suite

SUITE = """\
version: 1
title: T
language: {}
probes:
  - id: {}
    family: warning
    text: "Não abra a porta."
    critical: [não]
"""


def suites(folder: Path, *tags: str):
    for number, tag in enumerate(tags):
        path = folder / f"s{number}.probes.yaml"
        path.write_text(SUITE.format(tag, f"door-{number}"), "utf-8")
        yield read_suite(path)


def test_is_the_suite_s_and_its_probes_are_of_the_language() -> None:
    suite = parse_suite(SUITE.format("pt-br", "door"), "s.probes.yaml")
    assert (suite.language, suite.probes[0].language) == ("pt-br", "pt")


@pytest.mark.parametrize(("tags", "spoken"), [(["pt"], "pt"), (["pt-br"], "pt-br"), (["pt", "pt-br"], "pt-br")])
def test_is_what_a_run_speaks(tags: list[str], spoken: str, tmp_path: Path) -> None:
    assert language_of(list(suites(tmp_path, *tags))) == spoken


def test_is_one_per_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected language 'pt-br' as in .*s0.*, got 'pt-pt'; a run speaks one region"):
        language_of(list(suites(tmp_path, "pt-br", "pt-pt")))
