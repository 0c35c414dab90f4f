"""JUnit properties are strings, and few enough to read."""

from __future__ import annotations

from harness.core.findings import Outcome
from harness.core.types import Verdict
from harness.report.formats.junit import properties
from tests.report_samples import hostile_run, sample_run


class TestProperties:
    def test_of_a_failure_name_verdict_rules_effects_and_audio(self) -> None:
        outcome = next(one for one in sample_run().outcomes if one.subject == "not-take-pills-osprey")
        found = properties(outcome)
        assert found[:5] == [
            ("tts_verdict", "fail"),
            ("tts_family", "negation"),
            ("tts_trigger", "osprey"),
            ("tts_finding", "critical speech.word-dropped"),
            ("tts_finding", "high timing.slow"),
        ]
        assert found[5][0] == "tts_effect"
        assert found[5][1].startswith("forced-mean -")
        assert found[5][1].endswith(" spreads, p=0.0002, confirm, n=8")
        assert found[-1] == ("tts_audio", " ".join(take.audio_sha256 for take in outcome.takes))

    def test_of_a_bare_outcome_are_its_verdict(self) -> None:
        assert properties(Outcome(subject="engine-load", verdict=Verdict.PASS)) == [("tts_verdict", "pass")]

    def test_are_strings_of_printable_characters_only(self) -> None:
        for run in (sample_run(), hostile_run()):
            for outcome in run.outcomes:
                for name, value in properties(outcome):
                    assert type(name) is str
                    assert type(value) is str
                    assert value.isprintable()
