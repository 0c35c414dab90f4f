"""The page for people: one file, opened from disk, years later, without a network. Owns rendering and safety.

The page runs nothing but its own script and loads nothing at all: a Content-Security-Policy names the hashes
of the one script and the one style sheet and allows sound and pictures from data URIs only. Every value is escaped by
jinja2, and every text has its control and bidirectional characters spelled out before it gets there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.core.text import counted
from harness.core.types import ComparisonKind, Verdict
from harness.report.hunted import hunt_lines
from harness.report.limits import limits, never_reached
from harness.report.page.cards import anchors
from harness.report.page.clips import Clips
from harness.report.page.page import coverage, failed_cards, families, rows, undecided
from harness.report.page.pages import content_security_policy, own_file, template
from harness.report.page.pairs import seconds_of_audio
from harness.report.page.plots import WIDTH
from harness.report.page.timeline import timeline
from harness.report.phrases import middle_cut
from harness.report.speakers import by_speaker
from harness.report.wording import (
    gate_options,
    headline,
    is_sandboxed,
    isolation_stamp,
    one_line,
    policy_stamp,
    shell_word,
    tally,
    trigger_pattern,
)
from harness.storage.store import write_atomically

if TYPE_CHECKING:
    from harness.core.verdict import RunInfo, RunResult
    from harness.report import AudioSource


HEAD_LIMIT: Final = 200
"""Characters of a name at the head of the page."""

SENTENCES: Final = {
    Verdict.PASS: "Nothing was found that speaks against shipping this model.",
    Verdict.FAIL: "This model must not ship.",
    Verdict.INCONCLUSIVE: "There is not enough evidence to ship this model.",
    Verdict.ERROR: "The harness could not do its work: nothing is decided about this model.",
}


def render(result: RunResult, audio: AudioSource, *, run_dir: Path) -> str:
    """The page as text.

    Args:
        result: The run.
        audio: Where to find sound. Clips are made only for items that did not pass, and within a budget.
        run_dir: The folder that the page will lie in: files are linked relative to it.
    """
    script, style = own_file("report.js"), own_file("report.css")

    clips = Clips(audio=audio, folder=run_dir)
    cards = failed_cards(result, clips)  # first: the findings' sound has the first right to the budget
    groups = undecided(result, clips)
    table = rows(result, [*cards, *(card for group in groups for card in group.cards)])
    return template("report.html.j2").render(
        # Our own files, not input: they must reach the page byte for byte, or their hashes do not hold.
        script=script,
        style=style,
        policy=content_security_policy(style, script),
        verdict=result.verdict.value,
        sentence=_sentence(result),
        headline=_short(headline(result)),
        tally=tally(result),
        pattern=trigger_pattern(result),
        isolation=_short(isolation_stamp(result.info)),
        is_sandboxed=is_sandboxed(result.info),
        info=result.info,
        subject=_short(result.info.model),
        golden=_short(result.info.golden or "none"),
        comparison=_comparison(result.info),
        listener=_short(result.info.asr.get("name", "none")),
        unreached=never_reached(result),
        failed=result.counts[Verdict.FAIL],
        cards=cards,
        phases=timeline(result),
        cost=seconds_of_audio(result),
        anchors=anchors(result),
        groups=groups,
        policy_stamp=_short(stamp) if (stamp := policy_stamp(result.info)) else None,
        accepted=[
            (one.severity.value, *map(_short, (outcome.subject, one.title, one.rule.id, one.accepted)))
            for outcome, one in result.accepted
        ],
        rows=table,
        families=families(table),
        speakers=by_speaker(result),
        hunted=hunt_lines(result.outcomes),
        covered=coverage(result.outcomes),
        limits=limits(result),
        provenance=_provenance(result.info),
        again=_whole_run(result.info),
        events=[one_line(event) for event in result.events],
        strip_width=WIDTH,
    )


def write(result: RunResult, audio: AudioSource, path: Path) -> None:
    """Render the page to `path`; a reader never sees half of it.

    Raises:
        StorageError: The folder cannot be written.
    """
    write_atomically(path, render(result, audio, run_dir=path.parent).encode("utf-8"))


def _sentence(result: RunResult) -> str:
    """What the verdict means for the release."""
    undecided = result.counts[Verdict.INCONCLUSIVE]
    if result.verdict is Verdict.PASS and result.accepted:
        return "Nothing speaks against shipping this model but what the policy accepts."
    if result.verdict is Verdict.PASS and undecided:
        return f"Nothing speaks against shipping this model, but {counted(undecided, 'item')} stayed undecided."
    return SENTENCES[result.verdict]


def _comparison(info: RunInfo) -> str:
    """What the candidate was held against, in words; runs of older versions do not say it."""
    if not info.comparison:
        return ComparisonKind.GOLDEN.words if info.golden else "with nothing"
    known = {kind.value: kind.words for kind in ComparisonKind}
    return known.get(info.comparison, _short(info.comparison))


def _short(text: str) -> str:
    """A name at the head of the page: the whole of it is in the provenance."""
    return middle_cut(one_line(text), HEAD_LIMIT)


def _provenance(info: RunInfo) -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything that the verdict depends on, in groups."""
    suites = [(suite.name, f"{suite.probes} probes, {suite.path}, sha256 {suite.sha256}") for suite in info.suites]
    return [
        (
            "Candidate",
            [
                ("path", info.model),
                ("digest", info.model_digest),
                ("voice", info.voice or "its only one"),
                *([("speakers", ", ".join(map(one_line, info.speakers)))] if len(info.speakers) > 1 else []),
                ("engine", info.engine),
                ("device", info.device),
            ],
        ),
        (
            "Golden",
            [
                ("name", info.golden or "none"),
                ("digest", info.golden_digest or "none"),
                ("recorded from", info.golden_model_digest or "none"),
                ("compared", _comparison(info)),
                ("live reference", info.reference_digest or "none"),
            ],
        ),
        ("Listener", list(info.asr.items())),
        ("Suites", suites),
        (
            "Decision",
            [
                ("run id", info.run_id),
                ("soundcheck", info.version),
                ("isolation", info.isolation),
                ("policy", info.policy or "none"),
                ("policy digest", info.policy_digest or "none"),
                ("false-alarm rate", f"{info.alpha:g} for the whole verdict"),
                ("measured", info.self_test or "nothing of this golden: soundcheck record --self-test"),
                ("first seed", str(info.seed)),
                ("first takes per probe", str(info.takes)),
            ],
        ),
        ("Versions", list(info.versions.items())),
    ]


def _whole_run(info: RunInfo) -> str:
    """The command that makes this run again."""
    paths = " ".join(shell_word(suite.path) for suite in info.suites)
    return f"pytest {paths} {gate_options(info)}"
