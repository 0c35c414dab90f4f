"""What Coqui's adapter does without a model: who speaks."""

from __future__ import annotations

from harness.engines.coqui.adapter import CoquiEngine


def test_somebody_may_be_named_whoever_was_loaded() -> None:
    engine = CoquiEngine()
    for speaker in ("joe", "jim"):
        engine.speak_as(speaker)
        assert engine._voice.speaker == speaker
