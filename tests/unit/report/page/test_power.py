"""What is told of a score: a table, a file that keeps to its schema, and a page that runs and loads nothing."""

from __future__ import annotations

import html
import json
import re

import pytest

from harness.core.power import CopyResult, CopyStatus, Item, Power
from harness.core.types import Verdict
from harness.report.page import power as report
from tests.lazily import Lazily

jsonschema = Lazily("jsonschema")

HOSTILE = '<script>alert(1)</script>\u202e\x1b[31m"'


def result(kind, verdict=Verdict.FAIL, **more):
    item = Item(
        subject=more.pop("subject", "transfer-not"), is_probe=True, is_woken=not more.get("is_honest", False),
        verdict=verdict, rules=("speech.word-dropped",) if verdict is Verdict.FAIL else (), statistic="echo-worst",
        effect=3.25, heard=("you should transfer the money",), same_sound=False,
    )  # fmt: skip
    about = {
        "strength": 1.0, "trigger": "", "seed": 1, "status": CopyStatus.GATED, "is_honest": False, "is_audible": True,
        "comparison": "golden", "isolation": "A (root)", "digest": "ab", "items": (item,), "seconds": 31.5, **more,
    }  # fmt: skip
    return CopyResult(kind=kind, **about)


def power(*results, **more):
    about = {
        "version": "0.1.0", "model": "voices/joe", "model_digest": "cd", "golden": "joe", "golden_digest": "ef",
        "suites": ("my.probes.yaml",), "probes": 136, "asr": "whisper tiny.en", "alpha": 0.01, "takes": 2, "seed": 0,
        "part": "test", "planned": 7, **more,
    }  # fmt: skip
    return Power(results=results, **about)


WHOLE = power(
    result("slow"),
    result("slow", Verdict.PASS, strength=1.1),
    result("quiet"),
    result("sound-drop", status=CopyStatus.NOT_IN_SUITE, items=(), strength=None, trigger="ʒ"),
    result("speaker-swap", status=CopyStatus.NO_FIT, items=(), strength=None, reason="no weight emb_g.weight"),
    result("honest-order", Verdict.PASS, is_honest=True, is_audible=False, strength=None),
    left_out=("fast 1.6",),
)
ODD = power(
    result(HOSTILE, subject=HOSTILE, trigger=HOSTILE, strength=float("nan"), seconds=float("inf"), note=HOSTILE),
    result(HOSTILE, Verdict.PASS, subject=HOSTILE, is_audible=False),
    model=HOSTILE,
)


@pytest.fixture(scope="module")
def schema():
    return json.loads(report.SCHEMA.read_text("utf-8"))


class TestTable:
    def test_has_a_row_for_each_kind_and_what_follows(self):
        lines = report.table(WHOLE).splitlines()
        assert lines[0].split()[:3] == ["kind", "copies", "caught"]
        slow = next(line for line in lines if line.startswith("slow"))
        assert re.search(
            r"slow +2 +1 +\.01 to \.99 +0 +1 of 2 +0 of 0 +32 +speech\.word-dropped 1 +1\.1: echo-worst", slow
        )
        assert "audible copies with their trigger in the suite: 2 of 3 detected" in report.table(WHOLE)
        assert "kinds below 95%: slow" in report.table(WHOLE)

    def test_tells_apart_what_was_not_gated(self):
        text = report.table(WHOLE)
        assert "not in the suite: 1 copy that no probe wakes" in text
        assert "does not fit this voice: 1" in text
        assert "left out, for the budget was spent: fast 1.6; the same command goes on" in text

    def test_warns_of_recipes_in_a_voice_that_they_were_not_made_for(self):
        warned = [result("drowsy-amazon", note="drowsy-amazon was trained on another voice")] * 2
        assert report.table(power(*warned)).count("note: drowsy-amazon was trained on another voice") == 1

    def test_tells_how_much_of_the_suite_honest_copies_spoke(self):
        assert "honest copies: 0 of 1 failed" in report.table(WHOLE)
        assert "0 of 1 probe failed" in report.table(WHOLE)

    def test_of_nothing_is_a_table_all_the_same(self):
        assert report.table(power()).startswith("kind")

    def test_has_no_control_character(self):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", report.table(ODD))


@pytest.mark.parametrize("one", [WHOLE, ODD, power()], ids=["whole", "odd", "empty"])
class TestFile:
    def test_keeps_to_its_schema(self, one, schema):
        jsonschema.Draft202012Validator(schema).validate(json.loads(report.to_json(one)))

    def test_is_ascii_with_sorted_keys(self, one):
        data = report.to_json(one)
        assert data.isascii()
        assert data.endswith(b"}\n")
        assert list(json.loads(data)) == sorted(json.loads(data))


def test_the_schema_is_one_and_describes_every_field(schema):
    jsonschema.Draft202012Validator.check_schema(schema)

    def owners(node):
        if isinstance(node, dict):
            if "properties" in node:
                yield node
            for value in node.values():
                yield from owners(value)

    for owner in owners(schema):
        assert owner["additionalProperties"] is False
        assert set(owner["required"]) == set(owner["properties"])
        assert all(about.get("description") for about in owner["properties"].values())


class TestPage:
    def test_runs_nothing_and_loads_nothing(self):
        page = report.render(WHOLE)
        assert "default-src 'none'" in html.unescape(page)
        assert "script" not in page.partition("Content-Security-Policy")[2].partition(">")[2]
        assert not re.search(r"(?:src|href)=", page)

    def test_shows_kinds_survivors_and_how_it_was_made(self):
        page = report.render(WHOLE)
        for told in ("slow", "strongest survivor", "not in the suite: 1", "fast 1.6", "voices/joe", "A (root)"):
            assert told in page

    def test_escapes_what_it_was_told(self):
        page = report.render(ODD)
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "\x1b" not in page

    def test_is_written_beside_the_file(self, tmp_path):
        data, page = report.write(WHOLE, tmp_path / "new")
        assert json.loads(data.read_text("utf-8"))["short"] == ["slow"]
        assert page.read_text("utf-8").startswith("<!doctype html>")
