"""What GitHub reads: a summary that forms no structure but its own, and annotations that are one command each."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from harness.core.findings import Evidence, Outcome
from harness.core.types import Severity, Verdict
from harness.core.verdict import RunResult
from harness.report.formats import github
from harness.report.formats.github import SUMMARY_BYTES, to_annotations, to_summary
from tests.report_samples import HOSTILE, INFO, LONG, calm_probes, dropped, hostile_run, passing_run, sample_run
from tests.rule_samples import rule

OURS = re.compile(r"</?code>|<br>|</?details>|</?summary>|<!-- -->")
"""All the HTML that the summary may hold."""

MARKUP = (
    HOSTILE,
    "| a | b |",
    "# heading",
    "- list",
    "1. list",
    "> quote",
    "```\ncode",
    "    code",
    "[x](https://example.invalid)",
    "![x](https://example.invalid)",
    "<https://example.invalid>",
    "**bold** _it_ ~~gone~~ `code`",
    "<img src=x onerror=alert(1)>",
    "</code></details>",
    "<!-- hidden",
    "\\",
    "&lt;b&gt;",
    "---",
)


def failed(text: str, severity: Severity = Severity.CRITICAL) -> Outcome:
    one = dropped(calm_probes(1)[0])
    words = {**dict.fromkeys(("title", "heard", "expected", "hint"), text), "evidence": Evidence(words=text)}
    return replace(one, subject=text, findings=(replace(one.findings[0], rule=rule(text), severity=severity, **words),))


def saying(text: str) -> RunResult:
    unsure = Outcome(subject=text, verdict=Verdict.INCONCLUSIVE, reason=text)
    error = Outcome(subject=text, verdict=Verdict.ERROR, reason=text)
    info = replace(
        INFO, golden=text, model=text, isolation=f"sandbox {text}", suites=(replace(INFO.suites[0], path=text),)
    )
    return RunResult(info=info, outcomes=(failed(text), unsure, error), planned=3, events=(text,))


def structure(summary: bytes) -> list[str]:
    """Everything in the page but its text, as a CommonMark parser with tables sees it."""
    seen = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(summary.decode()):
        if token.type == "inline":
            inline = [child for child in token.children or () if child.type not in ("text", "text_special")]
            seen += [f"{child.type} {child.content}" for child in inline if child.content != "<!-- -->"]
        else:
            seen.append(f"{token.type} {token.content}")
    return seen


class TestSummary:
    def test_begins_with_the_verdict_and_lists_findings_worst_first(self) -> None:
        text = to_summary(sample_run()).decode()
        assert text.startswith(
            "## Soundcheck: FAIL\n\ncandidate &#40;9f3c51a2&#41; against golden demo-smoke&#58; 8 of 130"
        )
        rows = [line for line in text.splitlines() if line.startswith(("| critical", "| high"))]
        assert [row.split(" |")[0] for row in rows] == ["| critical"] * 8 + ["| high"]
        assert "8 of 8 probes with the trigger &#34;osprey&#34; failed" in text

    def test_groups_what_was_not_decided(self) -> None:
        assert "- **2**: the golden's repeats disagree too much" in to_summary(sample_run()).decode()

    def test_of_a_passing_run_has_no_table_of_findings(self) -> None:
        text = to_summary(passing_run()).decode()
        assert text.startswith("## Soundcheck: PASS\n")
        assert "severity" not in text

    @pytest.mark.parametrize("text", MARKUP)
    def test_has_the_same_structure_whatever_it_is_told(self, text: str) -> None:
        assert structure(to_summary(saying(text))) == structure(to_summary(saying("plain")))

    def test_would_be_seen_to_have_another_structure(self) -> None:
        page = to_summary(saying("plain")).replace(b"plain", b"**bold**", 1)
        assert structure(page) != structure(to_summary(saying("plain")))

    def test_holds_no_html_but_its_own(self) -> None:
        for run in (hostile_run(), *map(saying, MARKUP)):
            assert "<" not in OURS.sub("", to_summary(run).decode())

    def test_mentions_nobody(self) -> None:
        text = to_summary(
            saying("@everyone a@example.invalid #12 https://example.invalid www.example.invalid")
        ).decode()
        prose = re.sub(r"<code>.*?</code>", "", text)
        assert not re.search(r"@|&#64;(?!<!-- -->)|&#35;(?!<!-- -->)|://|www\.", prose)

    def test_stays_within_its_size(self) -> None:
        outcomes = tuple(failed(f"{at}|" + "|" * 2_000) for at in range(400))
        outcomes += tuple(
            Outcome(subject=f"s{at}" + "|" * 2_000, verdict=Verdict.INCONCLUSIVE, reason=f"r{at}" + "|" * 2_000)
            for at in range(400)
        )
        data = to_summary(RunResult(info=INFO, outcomes=outcomes, planned=800))
        assert len(data) <= SUMMARY_BYTES
        assert b"The rest was left out" in data
        assert b"and 300 more in report.html" in data or len(data) > SUMMARY_BYTES * 0.9


class TestAnnotations:
    def test_are_commands_at_lines_of_the_suite(self) -> None:
        lines = to_annotations(sample_run()).decode().splitlines()
        assert lines[0] == (
            "::notice title=Soundcheck FAIL::candidate (9f3c51a2) against golden demo-smoke: "
            "8 of 130 probes failed, 3 inconclusive"
        )
        assert lines[1].startswith(
            "::error file=probes/suites/smoke.probes.yaml,line=79,title=speech.word-dropped critical::not-call-number"
        )
        assert [line.split()[0] for line in lines] == ["::notice", *["::error"] * 9, *["::warning"] * 2]
        assert "2 items could not be decided" in lines[-2]

    def test_are_ten_of_a_kind_and_the_rest_is_counted(self) -> None:
        outcomes = [replace(failed("x"), subject=f"e{at}") for at in range(13)]
        outcomes += [replace(failed("x", Severity.MEDIUM), subject=f"w{at}") for at in range(12)]
        lines = to_annotations(RunResult(info=INFO, outcomes=tuple(outcomes), planned=25)).decode().splitlines()
        kinds = [line.split()[0] for line in lines]
        assert (kinds.count("::error"), kinds.count("::warning")) == (10, 10)
        assert lines[-1] == "::notice title=Soundcheck::3 more errors and 2 more warnings in report.html"

    def test_of_a_passing_run_are_one_notice(self) -> None:
        assert len(to_annotations(passing_run()).decode().splitlines()) == 1

    @pytest.mark.parametrize(
        "text", [*MARKUP, "a\n::error::x", "a\r::set-output name=x::y", "##[error]x", "a,b:c%0Ad::e", LONG]
    )
    def test_are_one_command_a_line_whatever_they_are_told(self, text: str) -> None:
        lines = to_annotations(saying(text)).decode().split("\n")
        assert lines.pop() == ""
        assert len(lines) == len(to_annotations(saying("plain")).decode().splitlines())
        for line in lines:
            assert re.match(r"::(notice|error|warning) (\w+=[^,:]*,?)+::[^\r]*$", line)
            assert "##[" not in line
            assert len(line) < 3_000

    def test_give_the_runner_back_what_they_were_told(self) -> None:
        line = next(line for line in to_annotations(saying("50%,a:b")).decode().splitlines() if "::error" in line)
        properties, _, message = line.removeprefix("::error ").partition("::")
        values = dict(pair.split("=", 1) for pair in properties.split(","))
        decoded = values["title"].replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
        assert decoded == "50%,a:b critical"
        assert message.replace("%25", "%").startswith("50%,a:b: 50%,a:b.")


class TestLimits:
    def test_of_the_summary_leave_room_for_others(self) -> None:
        assert SUMMARY_BYTES * 4 <= github.STEP_LIMIT == 1 << 20
