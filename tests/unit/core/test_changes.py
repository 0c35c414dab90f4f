"""Two goldens beside each other: each probe has the gravest thing that happened to it, and its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.changes import ChangeKind, compare
from harness.core.types import Acoustics, ForcedScore, GoldenRecord, Hearing, SignalFacts, Take


def take(seconds: float, text: str = "do not", score: float | None = -0.1) -> Take:
    forced = None if score is None else ForcedScore(text=text, pieces=("a", ""), logprobs=(score, score))
    return Take(
        seed=1,
        audio_sha256="ab" * 32,
        facts=SignalFacts(seconds=seconds, peak=0.5, rms=0.1, dc=0.0, clipped_share=0.0, nonfinite=0),
        hearing=Hearing(text=text, tokens=2, avg_logprob=-0.1, no_speech=0.0, truncated=False, forced=forced),
        acoustics=Acoustics(
            seconds=seconds,
            leading_silence=0.0,
            trailing_silence=0.0,
            longest_silence=0.0,
            level_db=-20.0,
            f0_hz=120.0,
            timbre=(0.0,) * 24,
        ),
    )


def record(*takes: Take, text: str = "Do not.", transcript: str = "Do not.") -> GoldenRecord:
    return GoldenRecord(probe_id="p", text=text, transcript=transcript, takes=takes, audio="p.opus")


OLD = record(take(1.0), take(1.2))


class TestKind:
    @pytest.mark.parametrize(
        ("new", "kind"),
        [
            (OLD, ChangeKind.SAME),
            (replace(OLD, audio="elsewhere.opus"), ChangeKind.SAME),
            (replace(OLD, text="Do it."), ChangeKind.TEXT),
            (replace(OLD, text="Do it.", transcript="Do it."), ChangeKind.TEXT),
            (replace(OLD, transcript="Do."), ChangeKind.WORDS),
            (replace(OLD, transcript="do not"), ChangeKind.MEASURED),
            (record(take(1.0), take(1.3)), ChangeKind.MEASURED),
            (record(take(1.0)), ChangeKind.MEASURED),
        ],
    )
    def test_is_the_gravest_that_applies(self, new: GoldenRecord, kind: ChangeKind) -> None:
        assert [change.kind for change in compare({"p": OLD}, {"p": new})] == [kind]

    def test_of_one_side_only_is_new_or_gone(self) -> None:
        changes = compare({"a": OLD, "p": OLD}, {"b": OLD, "p": OLD})
        assert [(change.probe_id, change.kind.value) for change in changes] == [
            ("a", "gone"),
            ("b", "new"),
            ("p", "same"),
        ]
        assert changes[0].new is None
        assert changes[1].old is None

    def test_of_nothing_is_nothing(self) -> None:
        assert compare({}, {}) == ()

    @pytest.mark.parametrize("hostile", ["\u202eDo not.", "Do <b>not</b>.", "Do\x00 not.", "ｄo not"])
    def test_sees_words_that_only_look_the_same(self, hostile: str) -> None:
        (change,) = compare({"p": OLD}, {"p": replace(OLD, transcript=hostile)})
        assert change.kind in (ChangeKind.WORDS, ChangeKind.MEASURED)


class TestShift:
    def test_is_in_spreads_of_the_old_repeats(self) -> None:
        (change,) = compare({"p": OLD}, {"p": record(take(1.3), take(1.5))})
        seconds = next(shift for shift in change.shifts if shift.name == "seconds")
        assert (seconds.old, seconds.new) == (pytest.approx(1.1), pytest.approx(1.4))
        assert seconds.spreads == pytest.approx(0.3 / 0.1414, abs=0.01)

    def test_of_what_did_not_vary_has_no_size(self) -> None:
        (change,) = compare({"p": record(take(1.0))}, {"p": record(take(2.0))})
        assert {shift.spreads for shift in change.shifts} == {None}

    def test_of_what_was_not_scored_is_left_out(self) -> None:
        (change,) = compare({"p": OLD}, {"p": record(take(1.0, score=None))})
        assert [shift.name for shift in change.shifts] == ["seconds", "level", "pitch"]

    def test_of_the_same_takes_is_not_computed(self) -> None:
        (change,) = compare({"p": OLD}, {"p": OLD})
        assert change.shifts == ()

    def test_of_no_takes_at_all_is_none(self) -> None:
        (change,) = compare({"p": record()}, {"p": OLD})
        assert change.shifts == ()
