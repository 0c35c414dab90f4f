"""What GitHub Actions shows of a run: a step summary in Markdown, and annotations as workflow commands.

Both are made of texts that a suite or a model had a hand in. In the summary all characters that Markdown, HTML or
GitHub give a meaning are written as character references, which cannot form structure (CommonMark 0.31, section
2.5). GitHub looks for mentions, issue numbers and mail addresses after that, in the text of the page: it does not in
``<code>``, and elsewhere an empty comment keeps the sign apart from what follows. In annotations texts are escaped as
the runner unescapes them, and can neither end their line nor begin another command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from harness.core.text import counted
from harness.core.types import Severity
from harness.report.formats.issues import TEXT_LIMIT, IssueKind, cut, incomplete, issues, suite_paths, undecided
from harness.report.hunted import hunt_lines
from harness.report.limits import limits
from harness.report.speakers import speaker_lines
from harness.report.wording import headline, isolation_stamp, trigger_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.core.verdict import RunResult
    from harness.report.formats.issues import Issue

SUMMARY_BYTES: Final = 256 * 1024
"""Size of a summary. GitHub takes 1 MiB of a step in all and drops everything beyond it: others want room, too."""
STEP_LIMIT: Final = 1024 * 1024
"""Bytes of ``$GITHUB_STEP_SUMMARY`` that GitHub takes of one step."""
ROWS: Final = 100
"""Findings in the table."""
GROUPS: Final = 50
"""Reasons for undecided items."""
NAMES: Final = 12
"""Items named for each reason."""
EVENTS: Final = 20
"""Latest events."""

ANNOTATIONS: Final = 10
"""Errors, and as many warnings, that GitHub shows of one step."""
MESSAGE_LIMIT: Final = 1_000
"""Characters of an annotation."""

_AT, _HASH = "&#64;", "&#35;"
_MEANT: Final = re.compile(r"""[!"#$&()*+/:<=>@\[\\\]^_`{|}~]|\.(?=\S)|(?<=\d)\.|(?<!\w)-|-(?!\w)""")
"""Characters that Markdown, HTML, GitHub's autolinks, mentions, emoji or formulas could take for their own."""


def to_summary(result: RunResult) -> bytes:
    """The run in a page of Markdown, findings worst first; at most :data:`SUMMARY_BYTES`."""
    page = _Page(SUMMARY_BYTES)
    page.add(f"## Soundcheck: {result.verdict.upper()}", "")
    if result.complete:
        page.add(_prose(headline(result)), "")
    else:
        page.add(f"**Incomplete.** {_prose(headline(result))}", "")
    page.add(_prose(isolation_stamp(result.info)), "")
    if pattern := trigger_pattern(result):
        page.add(f"**{_prose(pattern)}**", "")
    if told := speaker_lines(result):
        page.add(
            f"### {counted(len(result.info.speakers), 'speaker')}", "", *(f"- {_prose(line)}" for line in told), ""
        )
    if told := hunt_lines(result.outcomes):
        page.add("### Hunt for triggers that no suite has", "", *(f"- {_prose(line)}" for line in told), "")
    listed = issues(result)
    _add_findings(page, [issue for issue in listed if issue.kind is IssueKind.FAIL])
    _add_errors(page, [issue for issue in listed if issue.kind is IssueKind.ERROR])
    _add_undecided(page, undecided(listed))
    _add_accepted(page, [issue for issue in listed if issue.kind is IssueKind.ACCEPTED])
    if result.events:
        page.add("### Events", "", *(f"- {_prose(event)}" for event in result.events[-EVENTS:]), "")
    page.add("### Not covered", "", *(f"- **{limit.title}.** {_prose(limit.text)}" for limit in limits(result)), "")
    page.add(*_provenance(result), "")
    return page.encoded()


class _Page:
    """Lines of Markdown within a budget of bytes: what no longer fits is left out and said to be."""

    NOTE: Final = "\n*The rest was left out to stay within the size of a step summary; see report.html.*\n"

    def __init__(self, limit: int) -> None:
        self._left = limit - len(self.NOTE)
        self._lines: list[str] = []
        self._is_cut = False

    def add(self, *lines: str) -> None:
        """Append lines as long as there is room."""
        for line in lines:
            size = len(line.encode("utf-8")) + 1
            if self._is_cut or size > self._left:
                self._is_cut = True
                return
            self._left -= size
            self._lines.append(line)

    def encoded(self) -> bytes:
        """All of it."""
        text = "\n".join(self._lines).rstrip("\n") + "\n"
        return (text + self.NOTE if self._is_cut else text).encode("utf-8")


def _add_findings(page: _Page, found: Sequence[Issue]) -> None:
    if not found:
        return
    page.add(f"### {counted(len(found), 'finding')}", "", "| severity | item | finding | where |", "|---|---|---|---|")
    for issue in found[:ROWS]:
        said = issue.message.removeprefix(f"{issue.subject}: ")
        cells = (
            _severity(issue),
            _code(issue.subject),
            f"{_code(issue.rule.id)}<br>{_prose(said)}",
            _code(_where(issue)),
        )
        page.add(f"| {' | '.join(cells)} |")
    if len(found) > ROWS:
        page.add("", f"… and {len(found) - ROWS:,} more in report.html.")
    page.add("")


def _add_errors(page: _Page, broken: Sequence[Issue]) -> None:
    if not broken:
        return
    page.add(f"### {counted(len(broken), 'error')}: the harness could not check", "")
    page.add(*(f"- {_code(issue.subject)}: {_prose(issue.reason)}" for issue in broken[:GROUPS]))
    if len(broken) > GROUPS:
        page.add(f"- … and {len(broken) - GROUPS:,} more in report.html.")
    page.add("")


def _add_undecided(page: _Page, groups: Sequence[tuple[str, Sequence[Issue]]]) -> None:
    if not groups:
        return
    page.add(f"### {counted(sum(len(members) for _, members in groups), 'item')} could not be decided", "")
    for reason, members in groups[:GROUPS]:
        names = ", ".join(_code(one.subject) for one in members[:NAMES])
        more = f" and {len(members) - NAMES:,} more" if len(members) > NAMES else ""
        page.add(f"- **{len(members)}**: {_prose(reason)}<br>{names}{more}")
    if len(groups) > GROUPS:
        page.add(f"- … and {len(groups) - GROUPS:,} more reasons in report.html.")
    page.add("")


def _add_accepted(page: _Page, found: Sequence[Issue]) -> None:
    if not found:
        return
    page.add(f"### {counted(len(found), 'finding')} accepted by the policy", "")
    page.add(*(f"- {_code(one.subject)} {_code(one.rule.id)}: {_prose(one.reason)}" for one in found[:ROWS]))
    if len(found) > ROWS:
        page.add(f"- … and {len(found) - ROWS:,} more in report.html.")
    page.add("")


def _provenance(result: RunResult) -> list[str]:
    info = result.info
    suites = ", ".join(list(suite_paths(result).values())[:NAMES])
    rows = (
        ("run", info.run_id),
        ("model", info.model),
        ("model digest", info.model_digest),
        ("voice", info.voice or "its only one"),
        ("golden", info.golden or "none"),
        ("golden digest", info.golden_digest or "none"),
        ("suites", suites or "none"),
        ("policy", info.policy or "none"),
        ("policy digest", info.policy_digest or "none"),
        ("Soundcheck", info.version),
    )
    table = [f"| {name} | {_code(cut(text, TEXT_LIMIT))} |" for name, text in rows]
    return ["<details><summary>Provenance</summary>", "", "| | |", "|---|---|", *table, "", "</details>"]


def _severity(issue: Issue) -> str:
    return issue.severity.value if issue.severity else issue.kind.value


def _where(issue: Issue) -> str:
    return f"{issue.path}:{issue.line}" if issue.path else ""


def _code(text: str) -> str:
    """A name: inert, and shown as it is."""
    shown = _inert(text)
    return f"<code>{shown}</code>" if shown else ""


def _prose(text: str) -> str:
    """A sentence: inert, and shown as it is."""
    return _inert(text).replace(_AT, f"{_AT}<!-- -->").replace(_HASH, f"{_HASH}<!-- -->")


def _inert(text: str) -> str:
    return _MEANT.sub(lambda found: f"&#{ord(found.group())};", cut(text, MESSAGE_LIMIT))


def to_annotations(result: RunResult) -> bytes:
    """The run as workflow commands, one a line: a notice with the verdict, then errors, then warnings.

    GitHub shows ten errors and ten warnings of a step; what goes beyond that is counted in one more notice.
    """
    listed = issues(result)
    errors = [_command("error", issue) for issue in listed if _is_error(issue)]
    warnings = [_command("warning", early)] if (early := incomplete(result)) else []
    warnings += [
        _command("warning", issue) for issue in listed if issue.kind is IssueKind.FAIL and not _is_error(issue)
    ]
    warnings += [_group(reason, members) for reason, members in undecided(listed)]
    first = f"::notice title={_property(f'Soundcheck {result.verdict.upper()}')}::{_data(headline(result))}"
    lines = [first, *errors[:ANNOTATIONS], *warnings[:ANNOTATIONS]]
    accepted = sum(issue.kind is IssueKind.ACCEPTED for issue in listed)
    if accepted:
        text = f"{counted(accepted, 'finding')} accepted by policy {result.info.policy}; see report.html"
        lines.append(f"::notice title=Soundcheck::{_data(text)}")
    hidden = (len(errors[ANNOTATIONS:]), len(warnings[ANNOTATIONS:]))
    if any(hidden):
        text = f"{counted(hidden[0], 'more error')} and {counted(hidden[1], 'more warning')} in report.html"
        lines.append(f"::notice title=Soundcheck::{_data(text)}")
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _is_error(issue: Issue) -> bool:
    if issue.kind is IssueKind.FAIL:
        return issue.severity in (Severity.CRITICAL, Severity.HIGH)
    return issue.kind is IssueKind.ERROR


def _group(reason: str, members: Sequence[Issue]) -> str:
    """One warning for each reason, at the first item that it concerns."""
    text = f"{counted(len(members), 'item')} could not be decided: {reason}"
    return _command_line("warning", members[0], "inconclusive", text)


def _command(level: str, issue: Issue) -> str:
    return _command_line(level, issue, issue.rule.id, issue.message)


def _command_line(level: str, issue: Issue, title: str, message: str) -> str:
    properties = [("title", f"{title} {_severity(issue) if issue.severity else ''}".strip())]
    if issue.path:
        properties = [("file", issue.path), ("line", str(issue.line)), *properties]
    said = ",".join(f"{name}={_property(value)}" for name, value in properties)
    return f"::{level} {said}::{_data(message)}"


def _data(text: str) -> str:
    """A message as the runner reads it: printable, so without any line break, and with its percent signs escaped.

    The runner still obeys its older commands, ``##[name]``, wherever they stand in a line.
    """
    shown = cut(text, MESSAGE_LIMIT).replace("##[", "## [")
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property's value: in addition, without what ends it."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
