"""The phrases of the integrity benchmark: enough of each kind, apart from each other and from the suite."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest

from harness.suites.parse import parse_suite

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def written():
    spec = importlib.util.spec_from_file_location("integrity_phrases", ROOT / "benchmarks" / "integrity_phrases.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_every_text_edit_has_thirty_phrases_for_test(written):
    found = written.phrases(written.TEST, "test")
    counts = Counter(kind for phrase in found for kind in phrase.edited)
    assert set(counts) == set(written.KINDS.values())
    assert min(counts.values()) >= 30, counts
    assert all(3 <= len(phrase.text.split()) <= 16 for phrase in found)


def test_an_edit_changes_the_sentence_and_leaves_no_mark_of_it(written):
    for phrase in [*written.phrases(written.TEST, "a"), *written.phrases(written.DEVELOPMENT, "b")]:
        for text in (phrase.text, *phrase.edited.values()):
            assert not set("{}|") & set(text)
            assert "  " not in text
            assert text[-1] in ".?!"
        assert all(text != phrase.text for text in phrase.edited.values())


def test_development_test_and_suite_share_no_sentence(written):
    test = {text for p in written.phrases(written.TEST, "a") for text in (p.text, *p.edited.values())}
    development = {text for p in written.phrases(written.DEVELOPMENT, "b") for text in (p.text, *p.edited.values())}
    path = ROOT / "probes" / "suites" / "smoke.probes.yaml"
    suite = {probe.text for probe in parse_suite(path.read_text("utf-8"), path.name).probes}
    assert not test & development
    assert not (test | development) & suite
