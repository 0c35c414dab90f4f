"""The registry of formats: every writer that needs nothing but a :class:`~harness.core.verdict.RunResult`.

``report.html`` is not among them, for it needs the sound; nor is JUnit, which pytest itself writes. A writer is a
pure function from a result to bytes: no clock, no environment, no disk. Where the bytes go is the business of
:mod:`harness.report.delivery`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.errors import BadInput
from harness.core.suggest import did_you_mean
from harness.report.formats.github import to_annotations, to_summary
from harness.report.formats.gitlab import to_code_quality
from harness.report.formats.prometheus import to_metrics
from harness.report.formats.results import to_json
from harness.report.formats.sarif_run import to_sarif
from harness.report.formats.table import to_csv
from harness.report.wording import one_line

if TYPE_CHECKING:
    from harness.core.verdict import RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format in which a run can be written."""

    name: str
    """What the user types."""
    write: Callable[[RunResult], bytes]
    """Pure: equal results give equal bytes. Text is UTF-8 without control or bidirectional characters."""
    file_name: str
    """Name in the run directory, where no path is given."""
    about: str
    """One line for lists and help."""


_ALL: Final = (
    Format(name="json", write=to_json, file_name="results.json", about="everything, described by a JSON Schema"),
    Format(name="sarif", write=to_sarif, file_name="results.sarif", about="SARIF 2.1.0 for code scanning"),
    Format(
        name="github-summary",
        write=to_summary,
        file_name="summary.md",
        about="Markdown; without a path appended to $GITHUB_STEP_SUMMARY",
    ),
    Format(
        name="github-annotations",
        write=to_annotations,
        file_name="annotations.txt",
        about="workflow commands; without a path printed, for the runner to read",
    ),
    Format(
        name="gitlab",
        write=to_code_quality,
        file_name="gl-code-quality-report.json",
        about="GitLab's Code Quality report",
    ),
    Format(name="csv", write=to_csv, file_name="observations.csv", about="one row for each probe and statistic"),
    Format(name="prometheus", write=to_metrics, file_name="soundcheck.prom", about="metrics for a textfile collector"),
)

FORMATS: Final[dict[str, Format]] = {one.name: one for one in _ALL}
"""Every format by its name, in the order in which help lists them."""


def find_format(name: str, option: str) -> Format:
    """The format of that name.

    Raises:
        BadInput: There is none; the line suggests what may have been meant.
    """
    if found := FORMATS.get(name):
        return found
    hint = did_you_mean(name, FORMATS, quoted=False) or f"expected one of {', '.join(FORMATS)}"
    raise BadInput(f"{option}: there is no format {one_line(name[:40])!r}; {hint}")
