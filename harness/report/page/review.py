"""The page on which a proposed golden is looked at and listened to, probe by probe, beside the one it is to replace.

One file, opened from disk, without a network. No script: the policy allows one style sheet by its hash and sound from
data URIs. Every value is escaped by jinja2, and has its control and bidirectional characters spelled out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from harness.core.changes import Change, ChangeKind
from harness.core.text import counted, printable
from harness.core.types import GoldenRecord
from harness.report import AudioSource
from harness.report.page.clips import Clip, Clips, Wanted
from harness.report.page.pages import content_security_policy, own_file, template
from harness.report.phrases import Piece, coded, diff_pieces, middle_cut

PHRASE_LIMIT: Final = 400
"""Characters of a phrase or transcript; of longer ones the middle is left out."""
AUDIO_BUDGET: Final = 10 * 1024 * 1024
"""Characters of data URIs for each of the two goldens."""
UNITS: Final = {"score": "nats per token", "worst": "nats, worst place", "seconds": "s", "level": "dB", "pitch": "Hz"}
SAID: Final = {
    ChangeKind.GONE: "will be gone",
    ChangeKind.NEW: "new",
    ChangeKind.TEXT: "another phrase",
    ChangeKind.WORDS: "other words",
    ChangeKind.MEASURED: "other takes",
    ChangeKind.SAME: "the same",
}
"""Kinds of change, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two goldens."""

    name: str
    digest: str
    reason: str
    audio: AudioSource


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """A probe that changed, as the template shows it."""

    probe_id: str
    kind: str
    said: str
    phrase: tuple[tuple[str, tuple[Piece, ...]], ...]
    """Label and pieces: one line, or two where the phrase changed."""
    heard: tuple[tuple[str, tuple[Piece, ...]], ...]
    clips: tuple[Clip, ...]
    numbers: tuple[tuple[str, str, str, str], ...]
    """Name, before, after, shift."""


def render(
    changes: Sequence[Change],
    conditions: Sequence[tuple[str, str, str]],
    old: Side,
    new: Side,
    *,
    command: str,
    folder: Path,
) -> str:
    """The page as text.

    Args:
        changes: Every probe of both goldens.
        conditions: What they were recorded with, where it differs: name, before, after.
        old: The golden that gates.
        new: The one that is to replace it.
        command: What accepts it.
        folder: The folder that the page will lie in: files are linked relative to it.
    """
    before = Clips(audio=old.audio, folder=folder, budget=AUDIO_BUDGET)
    after = Clips(audio=new.audio, folder=folder, budget=AUDIO_BUDGET)
    style = own_file("review.css")
    changed = [change for change in changes if change.kind is not ChangeKind.SAME]
    return template("review.html.j2").render(
        style=style,
        policy=content_security_policy(style),
        old=old,
        new=new,
        tally=tally(changes),
        conditions=[(name, middle_cut(was, 200), middle_cut(now, 200)) for name, was, now in conditions],
        cards=[_card(change, before, after) for change in changed],
        unchanged=f"unchanged: {counted(len(changes) - len(changed), 'probe')}",
        same=[change.probe_id for change in changes if change.kind is ChangeKind.SAME],
        command=command,
    )


def tally(changes: Sequence[Change]) -> str:
    """How many probes changed in which way, on one line."""
    counts = [(kind, sum(change.kind is kind for change in changes)) for kind in ChangeKind]
    return ", ".join(f"{count} {SAID[kind]}" for kind, count in counts if count) or "no probes"


def shown_shift(spreads: float | None) -> str:
    """A shift for people: ``+1.2 spreads``."""
    return "" if spreads is None else f"{spreads:+.1f} spreads"


def _card(change: Change, before: Clips, after: Clips) -> _Card:
    old, new = change.old, change.new
    texts = (old.text if old else None, new.text if new else None)
    heard = (old.transcript if old else None, new.transcript if new else None)
    clips = [*_clips(before, old, "accepted"), *_clips(after, new, "proposed")]
    return _Card(
        probe_id=change.probe_id,
        kind=change.kind.value,
        said=SAID[change.kind],
        phrase=_lines(*texts, one="phrase", two=("phrase, accepted", "phrase, proposed")),
        heard=_lines(*heard, one="heard", two=("heard, accepted", "heard, proposed")),
        clips=tuple(clips),
        numbers=tuple(
            (f"{one.name} ({UNITS[one.name]})", f"{one.old:.3f}", f"{one.new:.3f}", shown_shift(one.spreads))
            for one in change.shifts
        ),
    )


def _clips(clips: Clips, record: GoldenRecord | None, label: str) -> list[Clip]:
    """The repeat to listen to, where there is a record."""
    if record is None:
        return []
    exhibit = clips.exhibit(Wanted(sha256="", label="", span=None, golden=record))
    return [replace(clip, label=label) for clip in exhibit.clips]


def _lines(
    old: str | None, new: str | None, *, one: str, two: tuple[str, str]
) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    """One line where both sides say the same or there is one side only, else two with the differences marked."""
    if old is None or new is None or old == new:
        text = new if new is not None else old or ""
        return ((one, coded(middle_cut(printable(text), PHRASE_LIMIT))),)
    upper, lower = diff_pieces(old, new, PHRASE_LIMIT)
    return ((two[0], upper), (two[1], lower))
