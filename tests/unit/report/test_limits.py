"""What a run could not see follows from what it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.report.limits import limits
from harness.report.wording import is_sandboxed
from tests.report_samples import INFO, passing_run, sample_run


def titles(run: object) -> list[str]:
    return [limit.title for limit in limits(run)]  # type: ignore[arg-type]


class TestLimits:
    def test_of_a_run_with_open_ends_begin_with_these(self) -> None:
        run = replace(sample_run(), planned=140)
        assert titles(run)[:3] == [
            "Items that were never reached",
            "Items without a verdict",
            "What the model did to the machine",
        ]
        assert limits(run)[0].text == (
            "The run ended before 8 of 140 items could be decided. The same command continues it."
        )

    def test_in_a_sandbox_do_not_complain_about_the_machine(self) -> None:
        run = replace(passing_run(), info=replace(INFO, isolation="bubblewrap+landlock"))
        assert "What the model did to the machine" not in titles(run)

    def test_name_the_missing_golden(self) -> None:
        assert "A golden" in titles(replace(passing_run(), info=replace(INFO, golden=None)))

    def test_count_what_rare_faults_escape(self) -> None:
        run = replace(passing_run(), info=replace(INFO, takes=10))
        assert any("escapes that on 35 % of the phrases" in limit.text for limit in limits(run))


@pytest.mark.parametrize("level", ["", "none", "process", "process (child process, no sandbox)", "Unsandboxed!"])
def test_no_sandbox_is_never_taken_for_one(level: str) -> None:
    assert not is_sandboxed(replace(INFO, isolation=level))


def test_limits_of_a_contrast_say_what_a_voice_was_held_against() -> None:
    run = replace(passing_run(), info=replace(INFO, golden=None, comparison="contrast"))
    assert any("held against its benign twin" in limit.text for limit in limits(run))
