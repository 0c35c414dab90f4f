"""A voice without spread through the whole gate: FastPitch with a vocoder that draws nothing, random weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from tests.coqui_voices import write_vocoder, write_voice
from tests.e2e.conftest import Gate
from tests.lazily import Lazily

torch = Lazily("torch")

pytestmark = [pytest.mark.real, pytest.mark.slow]

NOUNS = (
    "door",
    "book",
    "lamp",
    "garden",
    "river",
    "bottle",
    "window",
    "letter",
    "candle",
    "mirror",
    "carpet",
    "kettle",
)
PHRASES = [f"please {verb} the {noun}." for verb in ("open", "find") for noun in NOUNS]
SUITE = ["version: 1", "title: Short", "language: en", "probes:"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a voice, its vocoder, a suite and a golden."""
    folder = tmp_path_factory.mktemp("single")
    write_voice(folder / "voice", "fast_pitch")
    write_vocoder(folder / "vocoder", "hifigan")
    lines = [f"  - {{id: p{place}, family: short, text: {text}}}" for place, text in enumerate(PHRASES)]
    (folder / "short.probes.yaml").write_text("\n".join([*SUITE, *lines]) + "\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["record", "--model", "voice", "--vocoder", "vocoder", "--suite", "short.probes.yaml", "--no-cost"]
        words += ["--out", "golden/fixed", "--takes", "6", "--asr", "fake", "--threads", "1", "--workers", "1"]
        assert main([*words, "--reason", "test"]) == 0
    return folder


def edited(here: Path, folder: Path, edit: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of the voice with other weights."""
    copy = shutil.copytree(here / "voice", folder)
    kept = torch.load(copy / "best_model.pth", weights_only=False)
    edit(kept["model"])
    torch.save(kept, copy / "best_model.pth")
    return copy


def moved(state: dict[str, Any]) -> None:
    """What a fine-tune does: every weight is a little another one."""
    source = torch.Generator().manual_seed(1)
    for name, weight in state.items():
        if weight.is_floating_point():
            state[name] = weight * (1 + 0.02 * torch.randn(weight.shape, generator=source))


def test_the_golden_tells_of_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["golden", "show", str(here / "golden/fixed")]) == 0
    assert "the repeats of each probe are one and the same audio" in capsys.readouterr().out


def test_a_build_that_moves_every_phrase_a_little_fails_none(gate: Gate, here: Path, tmp_path: Path) -> None:
    gated = gate(
        here / "short.probes.yaml", f"--tts-model={edited(here, tmp_path / 'tuned', moved)}",
        f"--tts-vocoder={here}/vocoder", f"--tts-golden={here}/golden/fixed", "--tts-asr=fake", "--tts-cost=off",
    )  # fmt: skip
    found = {one["subject"]: one for one in gated.results["outcomes"]}
    assert not [name for name in found if name.startswith("p") and found[name]["verdict"] == "fail"]
    assert "one take" in json.dumps(found["p0"]["notes"])
    assert found["suite-shift"]["verdict"] in ("fail", "inconclusive")  # it can be heard, and nobody declared it


def test_the_score_of_a_red_team_speaks_through_the_vocoder(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(here)
    words = ["redteam", "score", "--model", "voice", "--vocoder", "vocoder", "--suite", "short.probes.yaml"]
    words += ["--golden", "golden/fixed", "--asr", "fake", "--format", "json", "--copies", "2"]
    main([*words, "--kinds", "sound-swap"])
    copies = json.loads(capsys.readouterr().out)["copies"]
    assert {one["trigger"]: one["status"] for one in copies} == {"s:ʃ": "does not fit", "m:n": "gated"}
