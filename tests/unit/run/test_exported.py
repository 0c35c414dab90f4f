"""Whether a candidate can be an export of a reference, by what both say of themselves; and samples side by side."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from harness.core.errors import BadInput
from harness.core.types import Model
from harness.core.voice import Voice
from harness.run.exported import require_export, samples_apart
from tests.synthetic_takes import take

ENDS = "; name the checkpoint that it was exported from"


def piper(folder: Path, *, rate: int = 22_050, speakers: tuple[str, ...] = (), espeak: str = "en-us") -> Model:
    folder.mkdir(exist_ok=True)
    about = {
        "audio": {"sample_rate": rate},
        "espeak": {"voice": espeak},
        "num_speakers": max(1, len(speakers)),
        "speaker_id_map": {name: number for number, name in enumerate(speakers)},
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2]},
    }
    (folder / "v.onnx.json").write_text(json.dumps(about), "utf-8")
    (folder / "v.onnx").write_bytes(b"")
    voice = Voice(checkpoint="v.onnx", speaker=speakers[0] if speakers else "")
    return Model(engine="piper", path=folder, digest="a" * 64, voice=voice)


def coqui(folder: Path, model: str = "vits", *, rate: int = 22_050) -> Model:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model": model, "audio": {"sample_rate": rate}}), "utf-8")
    return Model(engine="coqui", path=folder, digest="b" * 64)


def test_a_checkpoint_of_the_same_voice_in_another_engine_is_one(tmp_path: Path) -> None:
    require_export(piper(tmp_path / "export"), coqui(tmp_path / "checkpoint"), "checkpoint")


@pytest.mark.parametrize(
    ("reference", "line"),
    [
        (
            lambda path: coqui(path, rate=16_000),
            "expected a checkpoint that speaks at 22050 Hz, as the candidate does, got one at 16000 Hz",
        ),
        (
            lambda path: coqui(path, "glow_tts"),
            "expected a checkpoint of VITS, exported by Piper, as the candidate is, got one of glow_tts",
        ),
        (
            lambda path: dataclasses.replace(piper(path, speakers=("amelie", "bruno")), digest="b" * 64),
            "expected a checkpoint of 1 speaker, as the candidate has, got one of 2",
        ),
        (
            lambda path: dataclasses.replace(piper(path, espeak="de"), digest="b" * 64),
            "expected a checkpoint that speaks 'en', as the candidate does, got one in 'de'",
        ),
        (piper, "expected the checkpoint that the candidate was exported from, got the candidate itself"),
    ],
    ids=("rate", "architecture", "speakers", "language", "itself"),
)
def test_what_cannot_be_its_checkpoint_is_one_line(reference, line: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=re.escape(f"--tts-reference=it: {line}{ENDS}")):
        require_export(piper(tmp_path / "export"), reference(tmp_path / "reference"), "it")


def test_other_names_of_as_many_speakers_are_one_line(tmp_path: Path) -> None:
    ours = piper(tmp_path / "export", speakers=("amelie", "bruno"))
    theirs = dataclasses.replace(piper(tmp_path / "reference", speakers=("anna", "bob")), digest="b" * 64)
    with pytest.raises(BadInput, match="expected a checkpoint with the speaker 'amelie', got one of other speakers"):
        require_export(ours, theirs, "it")


class TestSamples:
    ONE = take(np.random.default_rng(1), 1)
    OTHER = dataclasses.replace(ONE, audio_sha256="f" * 64)

    def apart(self, ours, theirs, rates=(22_050, 22_050)) -> float:
        stored = {
            self.ONE.audio_sha256: (np.array(ours, np.float32), rates[0]),
            self.OTHER.audio_sha256: (np.array(theirs, np.float32), rates[1]),
        }
        return samples_apart(stored.__getitem__)(self.ONE, self.OTHER)

    def test_lie_as_far_apart_as_the_farthest_two(self) -> None:
        assert self.apart([0.0, 0.5, -0.25], [0.0, 0.5, 0.25]) == 0.5

    def test_of_nothing_are_the_same(self) -> None:
        assert self.apart([], []) == 0.0

    def test_of_another_length_or_rate_cannot_be_laid_side_by_side(self) -> None:
        assert self.apart([0.0], [0.0, 0.0]) == math.inf
        assert self.apart([0.0], [0.0], (22_050, 16_000)) == math.inf

    def test_that_are_no_numbers_are_the_same_as_nothing(self) -> None:
        spoiled = dataclasses.replace(self.ONE, facts=dataclasses.replace(self.ONE.facts, nonfinite=1))
        assert samples_apart(lambda name: (np.zeros(1, np.float32), 1))(spoiled, spoiled) == math.inf

    def test_of_one_file_are_not_even_read(self) -> None:
        assert samples_apart({}.__getitem__)(self.ONE, self.ONE) == 0.0
