"""The table of docs/voices.md is that of the last ``make bench-voices``, and the folders are those that there are."""

from __future__ import annotations

from benchmarks import voices_table
from tests.coqui_layouts import BY_NAME


def test_the_page_has_the_table_of_the_results() -> None:
    text = voices_table.PAGE.read_text("utf-8")
    assert voices_table.BEGIN in text
    assert text == voices_table.page(text), "write it again: python -m benchmarks.voices_table"


def test_the_results_are_of_folders_that_the_tests_write() -> None:
    rows, seeds, plain = voices_table.results()
    assert len({row.name for row in rows}) == len(rows) > 0
    for row in rows:
        layout = BY_NAME[row.name]
        assert (row.architecture, row.what, row.voices) == (layout.architecture, layout.what, len(layout.voices))
    assert {*seeds, *plain} <= set(BY_NAME)


def test_a_folder_that_falls_short_is_named_below_the_table() -> None:
    rows, _, _ = voices_table.results()
    short = voices_table.shortcomings(rows)
    for row in rows:
        assert (f"`{row.name}`" in short) is not voices_table.is_as_it_should_be(row)
