"""When a golden says something about a probe, and what is said where it does not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from harness.run.comparable import ComparableGolden
from tests.synthetic_takes import probe, record

if TYPE_CHECKING:
    from collections.abc import Mapping

ASR = {"weights": "none", "language": "en", "precision": "", "windows": "", "decoding": "tones-2"}
SENSES = {"ear": "ear-3", "speaker": "weights a"}
RECORD = record(np.random.default_rng(1))
PROBE = probe()


def comparable(
    *,
    records=(RECORD,),
    asr: Mapping[str, str] = ASR,
    senses: Mapping[str, str] = SENSES,
    drawn: str = "",
    salt: str = "",
) -> ComparableGolden:
    golden = SimpleNamespace(
        name="good",
        manifest=SimpleNamespace(asr=ASR, senses=SENSES, salt_digest=drawn),
        records={one.probe_id: one for one in records},
        prints=SimpleNamespace(of=lambda probe_id: f"prints of {probe_id}"),
    )
    listener = SimpleNamespace(transcriber=SimpleNamespace(identity=asr), senses=senses)
    return ComparableGolden(golden, listener, salt_digest=salt)  # type: ignore[arg-type]


class TestRecord:
    def test_is_that_of_the_same_id_and_text(self) -> None:
        known = comparable()
        assert known.record(PROBE) is RECORD
        assert known.prints(PROBE) == "prints of door-not"
        assert known.refusal(PROBE) is None
        assert known.records == [RECORD]

    def test_of_another_text_is_none(self) -> None:
        known = comparable(records=(replace(RECORD, text="Please open the door."),))
        assert (known.record(PROBE), known.prints(PROBE)) == (None, None)
        assert known.refusal(PROBE) == (
            "golden good was recorded for another text; record the suite again with: soundcheck record"
        )


class TestRefusal:
    def test_of_a_probe_that_was_never_recorded(self) -> None:
        assert comparable().refusal(probe("window")) == (
            "golden good has no record of this probe; record the suite again with: soundcheck record"
        )

    def test_of_a_probe_that_was_drawn_with_another_salt(self) -> None:
        assert comparable(drawn="a" * 64).refusal(probe("window")) == (
            "golden good was drawn with the salt of sha256 aaaaaaaaaaaa, this run with no salt; "
            "give the golden's salt with --tts-salt, or record the suite with this one"
        )

    def test_of_another_transcriber_holds_no_take_against_its_prints(self) -> None:
        """They are on axes of that transcriber's own: another's features do not even have as many numbers."""
        known = comparable(asr={**ASR, "weights": "base"})
        assert "another transcriber" in (known.refusal(PROBE) or "")
        assert known.prints(PROBE) is None

    def test_is_none_where_salts_differ_and_the_probe_is_there(self) -> None:
        assert comparable(drawn="a" * 64, salt="b" * 64).refusal(PROBE) is None

    def test_of_too_few_repeats(self) -> None:
        few = comparable(records=(replace(RECORD, takes=RECORD.takes[:5]),))
        assert few.refusal(PROBE) == "golden good has too few repeats; record it with --takes 6 or more"

    def test_of_every_probe_where_another_transcriber_listens(self) -> None:
        other = comparable(asr={**ASR, "decoding": "tones-3"})
        assert other.refusal(PROBE) == other.refusal(probe("window"))
        assert str(other.refusal(PROBE)).startswith(
            "golden good was recorded with another transcriber (decoding 'tones-2' in the golden, 'tones-3' now)"
        )

    def test_of_every_probe_where_another_ear_measures(self) -> None:
        other = comparable(senses={**SENSES, "speaker": "weights b"})
        assert other.refusal(PROBE) == (
            "golden good was measured with another ear (speaker 'weights a' in the golden, 'weights b' now); "
            "record it again"
        )
