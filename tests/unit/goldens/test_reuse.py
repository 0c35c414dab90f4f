"""What a golden recorded anew takes over: only what would come out the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from harness.goldens.folder import Golden, write_golden
from harness.goldens.reuse import Conditions, Reused, reusable
from harness.suites.parse import Suite, parse_suite
from tests.unit.goldens.test_folder import ASR, AUDIO, MANIFEST, PRINTS, RECORDS

SUITE = """\
version: 1
title: two
language: en
probes:
  - {id: a, family: carriers, text: do not}
  - {id: c, family: carriers, text: something new}
"""
SAME = Conditions(
    model_digest=MANIFEST.model_digest,
    engine=MANIFEST.engine,
    asr=ASR,
    senses=MANIFEST.senses,
    normaliser=MANIFEST.normaliser,
    seed=MANIFEST.seed,
    takes=MANIFEST.takes,
)


@pytest.fixture
def golden(tmp_path: Path) -> Golden:
    return write_golden(tmp_path / "joe", MANIFEST, RECORDS, PRINTS, AUDIO)


def suite(source: str = SUITE) -> list[Suite]:
    return [parse_suite(source, "two.probes.yaml")]


def test_keeps_what_did_not_change_and_what_the_suites_do_not_name(golden: Golden) -> None:
    kept = reusable(golden, suite(), SAME, with_audio=True)
    assert kept.records == {"a": RECORDS[1], "b": RECORDS[0]}
    assert kept.audio == AUDIO
    assert kept.suites == MANIFEST.suites
    assert kept.reason is None


def test_leaves_out_a_probe_whose_phrase_changed(golden: Golden) -> None:
    kept = reusable(golden, suite(SUITE.replace("do not", "do")), SAME, with_audio=True)
    assert set(kept.records) == {"b"}
    assert set(kept.audio) == {"b.opus"}
    assert kept.prints is not None
    assert set(kept.prints.takes) == {"b"}
    assert kept.prints.basis is golden.prints.basis


def test_records_again_what_has_no_prints(tmp_path: Path) -> None:
    golden = write_golden(tmp_path / "joe", MANIFEST, RECORDS, PRINTS.without({"a", "b"} - {"b"}), AUDIO)
    assert set(reusable(golden, suite(), SAME, with_audio=True).records) == {"b"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model_digest": "ef" * 32}, "model digest was abababababab…, is efefefefefef…"),
        ({"engine": "coqui"}, "engine was fake, is coqui"),
        ({"normaliser": "other"}, "normaliser was openai-whisper 20250625, is other"),
        ({"seed": 7}, "seed was 0, is 7"),
        ({"takes": 8}, "number of takes was 2, is 8"),
        ({"senses": {"senses": "4"}}, "senses of the ear was 3, is 4"),
        ({"asr": {**ASR, "weights": "x"}}, "transcriber's weights was none, is x"),
        ({"asr": {**ASR, "torch": "3"}}, "transcriber's torch was None, is 3"),
    ],
)
def test_is_nothing_where_it_would_not_come_out_the_same(change: dict[str, Any], told: str, golden: Golden) -> None:
    kept = reusable(golden, suite(), dataclasses.replace(SAME, **change), with_audio=True)
    assert kept.reason.startswith(told)
    assert kept == Reused(reason=kept.reason)


def test_does_not_mind_where_the_same_weights_came_from(golden: Golden) -> None:
    asr = {**ASR, "name": "whisper:file.pt", "source": "elsewhere"}
    assert reusable(golden, suite(), dataclasses.replace(SAME, asr=asr), with_audio=True).records


@pytest.mark.parametrize("is_lost", [True, False], ids=["lost", "changed"])
def test_records_again_what_cannot_be_listened_to(is_lost: bool, golden: Golden) -> None:
    for name in ("a.opus", "b.opus"):
        path = golden.path / "audio" / name
        path.unlink() if is_lost else path.write_bytes(b"other")
    assert set(reusable(golden, suite(), SAME, with_audio=True).records) == {"b"}, (
        "b is no longer named: there is no voice to ask"
    )
    assert set(reusable(golden, suite(), SAME, with_audio=False).records) == {"a", "b"}
