"""Every registered format, whatever it is: pure, printable, honest about what is missing, safe with hostile text."""

from __future__ import annotations

import json
import math
import re
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import BadInput
from harness.core.findings import Evidence, Outcome
from harness.core.rules import Rule
from harness.core.types import Severity, Verdict
from harness.core.verdict import RunResult
from harness.report.formats.registry import FORMATS, Format, find_format
from tests.report_samples import (
    HOSTILE,
    INFO,
    LONG,
    calm_probes,
    dropped,
    hostile_probe,
    hostile_run,
    make_outcome,
    passing_run,
    sample_run,
)

DOCS = Path(__file__).parents[2] / "docs" / "formats.md"
PAGE = DOCS.parent / "extending" / "report-format.md"

NASTY = (
    HOSTILE,
    "=cmd|'/c calc'!A1",
    "+1+1;=2+2",
    "::error file=a,line=1::owned",
    "\r\n::stop-commands::x\n##[error]owned",
    "a\ud800b\udfffc",
    '"} 1\nsoundcheck_run_complete{model="x"} 1',
    "| a | b |\n|---|---|\n# h @everyone #1 https://example.invalid www.example.invalid [x](y) `z` $q$ :tada:",
    "[click](https://example.invalid)",
    "%0A%0D%25",
    "##vso[task.setvariable variable=x]owned",
    "a ##teamcity[buildStop] b",
    LONG,
    "",
)
"""Texts that break one format each."""


def broken(text: str) -> RunResult:
    """A run in which `text` stands wherever free text can stand, with every kind of verdict and odd numbers."""
    failed = dropped(hostile_probe())
    changes = dict.fromkeys(("id", "text", "expect", "family", "source", "trigger", "control"), text)
    probe = replace(hostile_probe(), line=-3, critical=(text,), **changes)
    words = dict.fromkeys(("title", "heard", "expected", "hint", "subject"), text)
    texts = {**words, "evidence": Evidence(words=text), "audio": (text,)}
    rule = Rule(id=text, severity=Severity.LOW, title=text, meaning=text, advice=text)
    findings = tuple(replace(failed.findings[0], rule=rule, severity=one, **texts) for one in Severity)
    findings += (replace(findings[0], accepted=text or "waived"),)
    odd = replace(failed.observations[0], statistic=text, value=math.nan, effect=math.inf, p_value=-math.inf)
    takes = tuple(
        replace(one, facts=replace(one.facts, seconds=math.nan), hearing=replace(one.hearing, text=text))
        for one in failed.takes
    )
    failed = replace(
        failed, subject=text, probe=probe, findings=findings, observations=(odd,), takes=takes, notes=(text,)
    )
    others = [replace(failed, verdict=verdict, reason=text, findings=()) for verdict in Verdict]
    check = Outcome(subject=text, verdict=Verdict.ERROR, reason=text)
    suite = replace(INFO.suites[0], name=text, path=f"../{text}", sha256=text)
    texts = ("run_id", "version", "model", "model_name", "model_digest", "golden", "golden_digest", "engine")
    texts += ("policy", "policy_digest")
    info = replace(
        INFO, **dict.fromkeys(texts, text), isolation=text, suites=(suite,), asr={"name": text}, versions={text: text}
    )
    return RunResult(info=info, outcomes=(check, failed, *others), planned=9, events=(text,))


def with_errors() -> RunResult:
    """A run that the harness itself spoiled."""
    outcomes = [Outcome(subject="engine-load", verdict=Verdict.PASS)]
    outcomes += [replace(make_outcome(one), verdict=Verdict.ERROR, reason="disk full") for one in calm_probes(3)]
    return RunResult(info=INFO, outcomes=tuple(outcomes), planned=4)


RUNS = {
    "fail": sample_run(),
    "pass": passing_run(),
    "hostile": hostile_run(),
    "errors": with_errors(),
    "incomplete": replace(sample_run(), planned=140),
    "empty": RunResult(info=INFO, outcomes=(), planned=0),
    "nothing-reached": RunResult(info=INFO, outcomes=(), planned=132),
    "no-suite": replace(with_errors(), info=replace(INFO, suites=(), asr={}, golden=None)),
    **{f"nasty-{at}": broken(text) for at, text in enumerate(NASTY)},
}


def of_the_page() -> Format:
    """The example that people start from, as its page has it."""
    (code,) = re.findall(r"^   ```python\n(.*?)^   ```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    made: dict[str, Any] = {}
    exec(textwrap.dedent(code), made)
    return Format(name="lines", write=made["to_lines"], file_name="issues.txt", about="one line for each issue")


EVERY = {**FORMATS, "lines": of_the_page()}

every_format = pytest.mark.parametrize("chosen", EVERY.values(), ids=EVERY)
every_run = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)


@every_format
@every_run
class TestEveryFormat:
    def test_is_pure(self, chosen: Format, run: RunResult) -> None:
        assert chosen.write(run) == chosen.write(replace(run))

    def test_is_text_that_no_reader_can_be_fooled_by(self, chosen: Format, run: RunResult) -> None:
        """UTF-8, a line end at the end, and nothing that a terminal would act on or that is drawn as nothing."""
        text = chosen.write(run).decode("utf-8")
        assert text.endswith("\n")
        assert "\x1b" not in text
        odd = {one for one in text if not one.isprintable()} - {"\n", "\r"}
        assert odd == set()
        assert chosen.name == "csv" or "\r" not in text

    def test_hides_nothing_of_that_kind_in_escapes(self, chosen: Format, run: RunResult) -> None:
        """Half a surrogate pair, escaped, is ASCII, and many a JSON parser refuses the whole file for it."""
        text = chosen.write(run).decode("utf-8")
        if text.startswith(("{", "[")) and chosen.name != "json":  # results.json keeps texts as they are
            spelled = json.dumps(json.loads(text), ensure_ascii=False)
            assert {one for one in spelled if not one.isprintable()} == set()

    def test_holds_no_number_that_is_none(self, chosen: Format, run: RunResult) -> None:
        text = chosen.write(run).decode("utf-8")
        assert not re.search(r"\b(NaN|nan|Infinity|inf)\b", text)

    def test_keeps_its_size_whatever_it_is_told(self, chosen: Format, run: RunResult) -> None:
        if chosen.name != "json":  # which leaves nothing out
            assert len(chosen.write(run)) < 200_000

    def test_says_that_a_run_is_incomplete(self, chosen: Format, run: RunResult) -> None:
        marks = {
            "json": r'"complete": false',
            "sarif": r'"complete": false',
            "csv": r",not-reached,",
            "prometheus": r"(?m)^soundcheck_run_complete\{.*\} 0$",
        }
        text = chosen.write(run).decode("utf-8")
        assert bool(re.search(marks.get(chosen.name, "[Ii]ncomplete"), text)) is not run.complete


class TestWhatAPolicyAccepts:
    @every_format
    def test_is_told_and_is_no_failure(self, chosen: Format) -> None:
        waived = "waived by voice team until 2999-12-31: known"
        failed = dropped(calm_probes(1)[0])
        findings = tuple(replace(one, accepted=waived) for one in failed.findings)
        passed = replace(failed, verdict=Verdict.PASS, findings=findings)
        info = replace(INFO, policy="policy.toml", policy_digest="ab" * 32)
        text = chosen.write(RunResult(info=info, outcomes=(passed,), planned=1)).decode("utf-8")
        marks = {
            "csv": r",speech\.word-dropped,abab",
            "prometheus": r"soundcheck_accepted_findings\{.*rule=\"speech.word-dropped\".*\} 1",
            "github-annotations": r"1 finding accepted by policy policy.toml",
            "github-summary": r"1 finding accepted by the policy",
        }
        assert re.search(marks.get(chosen.name, re.escape(waived)), text)
        assert not re.search(r"(?m)^::error|^soundcheck_findings|\"level\": \"error\", \"message|blocker", text)
        if chosen.name not in ("gitlab", "github-annotations"):  # which have no place for it
            assert "ab" * 32 in text


class TestTheRegistry:
    def test_names_each_format_after_itself_and_gives_each_a_file_of_its_own(self) -> None:
        assert [one.name for one in FORMATS.values()] == list(FORMATS)
        assert len({one.file_name for one in FORMATS.values()}) == len(FORMATS)

    def test_is_documented(self) -> None:
        text = DOCS.read_text("utf-8")
        for one in FORMATS.values():
            assert f"## `{one.name}`" in text
            assert f"`{one.file_name}`" in text

    @pytest.mark.parametrize(
        ("typed", "line"),
        [
            ("sarf", "--x: there is no format 'sarf'; did you mean sarif?"),
            ("zzz", f"--x: there is no format 'zzz'; expected one of {', '.join(FORMATS)}"),
            ("sarif\u202e", "--x: there is no format 'sarif⟨U+202E⟩'; did you mean sarif?"),
        ],
    )
    def test_suggests_what_may_have_been_meant(self, typed: str, line: str) -> None:
        with pytest.raises(BadInput) as caught:
            find_format(typed, "--x")
        assert str(caught.value) == line


def large_run(probes: int) -> RunResult:
    """Every tenth probe fails, every tenth is undecided."""
    outcomes = []
    for at, probe in enumerate(calm_probes(probes)):
        outcome = dropped(probe) if at % 10 == 0 else make_outcome(probe)
        if at % 10 == 1:
            outcome = replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=f"reason {at % 7}")
        outcomes.append(outcome)
    return RunResult(info=INFO, outcomes=tuple(outcomes), planned=probes)


class TestSpeed:
    def test_thirteen_hundred_probes_take_each_format_less_than_two_seconds(self) -> None:
        run = large_run(1_300)
        for one in FORMATS.values():
            begun = time.process_time()
            data = one.write(run)
            assert time.process_time() - begun < 2, one.name
            assert len(data) > 1_000

    def test_the_run_is_as_large_as_it_says(self) -> None:
        counts = json.loads(FORMATS["json"].write(large_run(1_300)))["counts"]
        assert counts == {"pass": 1_040, "fail": 130, "inconclusive": 130, "error": 0}


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("name", EVERY)
def test_no_format_says_anything_that_a_pipeline_obeys(name: str, text: str) -> None:
    """But for annotations, which are commands: our own, of which none of the texts makes another."""
    shown = EVERY[name].write(broken(text)).decode("utf-8")
    own = re.compile(r"::(error|warning|notice) [^:]*::") if name == "github-annotations" else None
    lines = [line for line in shown.splitlines() if not (own and own.match(line))]
    assert [line for line in lines if re.match(r"\s*::", line)] == []
    assert re.findall(r"##\w*\[", shown) == []
