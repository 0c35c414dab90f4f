"""``soundcheck scan`` of a Piper voice's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.admission.admit import admit
from harness.admission.piper.config import MAX_VOICES, ConfigCheck
from harness.admission.tree import Tree
from harness.core.types import Verdict
from tests.admission_corpus.onnx_honest import ALONE
from tests.admission_corpus.onnx_hostile import HOSTILE
from tests.unit.engines.piper.test_configfile import HONEST


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    (tmp_path / "joe.onnx").write_bytes(ALONE)
    (tmp_path / "joe.onnx.json").write_text(json.dumps(HONEST), "utf-8")
    return tmp_path


def found(folder: Path) -> list[tuple[str, str, str]]:
    return [(flaw.rule.id.removeprefix("admission."), flaw.file, flaw.place) for flaw in admit(folder).flaws]


def test_an_honest_folder_passes(voice: Path) -> None:
    (voice / "MODEL_CARD").write_text("A voice.\n", "utf-8")
    assert found(voice) == []
    assert admit(voice).verdict is Verdict.PASS


def test_a_bad_value_is_refused_with_its_place(voice: Path) -> None:
    content = HONEST | {"espeak": {"voice": "../../x"}}
    (voice / "joe.onnx.json").write_text(json.dumps(content), "utf-8")
    assert found(voice) == [("piper-config", "joe.onnx.json", "$.espeak.voice")]


def test_a_configuration_that_could_be_read_in_two_ways_is_refused(voice: Path) -> None:
    text = json.dumps(HONEST)
    (voice / "joe.onnx.json").write_text(text[:-1] + ', "phoneme_type": "text"}', "utf-8")
    assert ("piper-config", "joe.onnx.json", "$") in found(voice)


def test_a_missing_network_is_refused(voice: Path) -> None:
    (voice / "joe.onnx").unlink()
    assert ("piper-network", "joe.onnx.json", "") in found(voice)


@pytest.mark.parametrize("data", [b"PK\3\4", b"\x80\x02N.", b"a text\n"])
def test_a_network_that_is_no_onnx_file_is_refused(voice: Path, data: bytes) -> None:
    (voice / "joe.onnx").write_bytes(data)
    assert ("piper-network", "joe.onnx", "") in found(voice)


def test_a_hostile_network_is_refused_by_its_own_rule(voice: Path) -> None:
    (voice / "joe.onnx").write_bytes(HOSTILE["an operator a compiled program"][1])
    assert "onnx-operator" in {rule for rule, _, _ in found(voice)}


def test_more_voices_than_are_read_are_refused(tmp_path: Path) -> None:
    for place in range(MAX_VOICES + 1):
        (tmp_path / f"v{place:03}.onnx").write_bytes(ALONE)
        (tmp_path / f"v{place:03}.onnx.json").write_text(json.dumps(HONEST), "utf-8")
    rules = {flaw.rule.id for flaw in ConfigCheck().examine(Tree.of(tmp_path)).flaws}
    assert rules == {"admission.piper-crowded"}
