"""A fleet's table, file and page show what was found, escape what strangers wrote, and are the same each time."""

from __future__ import annotations

import json
import re

from harness.report.page.fleet import DATA_NAME, PAGE_NAME, conclusions, render, table, to_json, write
from tests.fleet_samples import HOSTILE, sample_fleet


class TestTable:
    def test_shows_the_worst_first_with_what_is_new(self) -> None:
        lines = table(sample_fleet()).splitlines()
        assert [line.split()[0] for line in lines[1:4]] == ["turned", "lost", "open"]
        assert "FAIL" in lines[1]
        assert "1 failed of 6" in lines[1]
        assert "was pass; the golden changed" in lines[1]
        assert re.search(r"good +PASS +all 6 +was pass?|good +PASS +all 6 +x\+", lines[4])

    def test_has_no_name_as_strangers_wrote_it(self) -> None:
        text = table(sample_fleet())
        assert all(line.isprintable() for line in text.splitlines())
        assert not any(line.startswith("::") for line in text.splitlines())

    def test_says_what_follows(self) -> None:
        told = conclusions(sample_fleet())
        assert told[0] == "5 models: 1 failed, 1 not judged (error), 1 inconclusive, 2 passed; exit code 1"
        assert told[1] == (
            "false failures to expect among 4 judged, were all of them honest: at most 0.04 "
            "(false-alarm rate of a verdict: 4 at 0.01)"
        )
        assert told[2].startswith("in the last audit, and listed no more: old, ")


class TestFile:
    def test_is_ascii_and_the_same_each_time(self) -> None:
        data = to_json(sample_fleet())
        assert data.isascii()
        assert data == to_json(sample_fleet())
        assert b"::" not in data

    def test_says_all_of_a_row(self) -> None:
        content = json.loads(to_json(sample_fleet()))
        assert (content["verdict"], content["exit_code"], content["audit"]) == ("fail", 1, 3)
        row = content["models"][1]
        assert (row["name"], row["changed"], row["history"]) == ("turned", ["the golden"], ["pass"])
        assert row["page"] == "runs/0123456789ab/report.html"
        assert content["models"][2]["page"] == ""
        assert content["models"][2]["is_new"] is True


class TestPage:
    def test_links_each_row_to_its_own_run(self) -> None:
        page = render(sample_fleet())
        assert page.count('<a href="../../runs/0123456789ab/report.html">0123456789ab</a>') == 4

    def test_runs_nothing_and_loads_nothing(self) -> None:
        page = render(sample_fleet())
        assert page.startswith("<!doctype html>")
        assert "<script" not in page
        assert "default-src &#39;none&#39;" in page
        assert "script-src" not in page
        assert HOSTILE not in page
        assert "\x1b" not in page
        assert "\u202e" not in page

    def test_is_written_beside_the_file(self, tmp_path) -> None:
        write(sample_fleet(), tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {DATA_NAME, PAGE_NAME}
