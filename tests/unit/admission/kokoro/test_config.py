"""``soundcheck scan`` of a Kokoro voice's folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.admission.admit import admit
from harness.admission.kokoro.config import MAX_NETWORKS
from harness.core.types import Verdict
from tests.admission_corpus.onnx_honest import ALONE
from tests.admission_corpus.onnx_hostile import HOSTILE
from tests.kokoro_voices import NAME, STYLES, archive, styles, write


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return write(tmp_path, "af_heart", "bm_george", data=ALONE)


def found(folder: Path) -> list[tuple[str, str]]:
    return [(flaw.rule.id.removeprefix("admission."), flaw.file) for flaw in admit(folder).flaws]


def test_an_honest_folder_passes(voice: Path) -> None:
    (voice / "README.md").write_text("A voice.\n", "utf-8")
    assert found(voice) == []
    assert admit(voice).verdict is Verdict.PASS
    assert {"speakers": "2"} in [dict(one.facts) for one in admit(voice).examinations]


def test_a_graph_that_nobody_knows_is_a_decision(tmp_path: Path) -> None:
    assert found(write(tmp_path)) == [("onnx-graph-unknown", NAME)]


@pytest.mark.parametrize(
    ("data", "rules"),
    [
        (b"nothing", {"kokoro-styles"}),
        (b"\x80\x02cposix\nsystem\nX\x01\0\0\0:\x85R.", {"kokoro-styles", "pickle-import"}),
        (archive({"af": np.zeros(3)}), {"kokoro-styles"}),
        (archive({"af": np.full((2, 1, 256), np.nan, np.float32)}), {"tensor-not-finite"}),
    ],
)
def test_style_vectors_that_are_none_are_refused(voice: Path, data: bytes, rules: set[str]) -> None:
    (voice / STYLES).write_bytes(data)
    assert rules <= {rule for rule, _ in found(voice)}
    assert admit(voice).verdict is Verdict.FAIL


def test_two_files_of_style_vectors_are_refused(voice: Path) -> None:
    (voice / "voices.bin").write_bytes(archive(styles("zoe")))
    assert ("kokoro-styles", "voices.bin") in found(voice)


def test_a_missing_network_is_refused(voice: Path) -> None:
    (voice / NAME).unlink()
    assert ("kokoro-network", STYLES) in found(voice)


def test_a_network_that_is_no_onnx_file_is_refused(voice: Path) -> None:
    (voice / NAME).write_bytes(b"a text\n")
    assert ("kokoro-network", NAME) in found(voice)


def test_a_hostile_network_is_refused_by_its_own_rule(voice: Path) -> None:
    (voice / NAME).write_bytes(HOSTILE["an operator a compiled program"][1])
    assert "onnx-operator" in {rule for rule, _ in found(voice)}


def test_more_networks_than_are_read_are_refused(voice: Path) -> None:
    for place in range(MAX_NETWORKS):
        shutil.copyfile(voice / NAME, voice / f"v{place:03}.onnx")
    assert "kokoro-network" in {rule for rule, _ in found(voice)}
