"""What was tried is told in its order, bounded, with unseen characters shown."""

from __future__ import annotations

from dataclasses import replace

from harness.core.types import BehaviourEvent
from harness.report.page.timeline import SHOWN, timeline
from tests.report_samples import HOSTILE, LONG, sample_run


def event(when: str = "speaking", **more: object) -> BehaviourEvent:
    return replace(BehaviourEvent(when=when, kind="network", what="connect"), **more)  # type: ignore[arg-type]


class TestTheTimeline:
    def test_goes_from_loading_to_ending_whatever_was_seen_first(self) -> None:
        run = replace(sample_run(), behaviour=(event("ending"), event("loading"), event("speaking")))
        assert [phase.title for phase in timeline(run)] == [
            "While the model was loaded",
            "While it spoke",
            "While it was ended",
        ]

    def test_names_probes_where_phrases_are_known(self) -> None:
        probe = sample_run().outcomes[3].probe
        assert probe is not None
        run = replace(sample_run(), behaviour=(event(phrases=(probe.text, "never heard of")),))
        assert timeline(run)[0].moments[0].probes == (probe.id, "“never heard of”")

    def test_of_an_honest_model_is_empty(self) -> None:
        assert timeline(sample_run()) == ()

    def test_of_a_flood_is_counted_beyond_what_is_shown(self) -> None:
        run = replace(sample_run(), behaviour=tuple(event(detail=str(at)) for at in range(SHOWN + 7)))
        (phase,) = timeline(run)
        assert (len(phase.moments), phase.more) == (SHOWN, 7)

    def test_shows_hostile_text_spelled_out_and_cut(self) -> None:
        run = replace(sample_run(), behaviour=(event(HOSTILE, kind=HOSTILE, detail=HOSTILE + LONG, phrases=(LONG,)),))
        (phase,) = timeline(run)
        (moment,) = phase.moments
        shown = phase.title + moment.kind + "".join(piece.text for piece in moment.detail) + moment.probes[0]
        assert "\u202e" not in shown
        assert "\x1b" not in shown
        assert "⟨U+202E⟩" in shown
        assert len(shown) < 1_000
