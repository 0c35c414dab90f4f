"""Every architecture that Coqui's own classes write speaks by the engine, as the law of engines has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.admission.coqui.config import ConfigCheck
from harness.admission.tree import Tree
from harness.core.voice import ONLY_VOICE, Voice
from harness.engines.coqui.adapter import CoquiEngine
from harness.models.voices import choices_of
from tests.coqui_voices import ARCHITECTURES, write_voice

QUICK = ("glow_tts",)
NAMES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ARCHITECTURES]

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def _one_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch lets the threads between operations be set once in a process, and a worker loads one model."""
    import torch

    monkeypatch.setattr(torch, "set_num_interop_threads", lambda _: None)


def loaded(folder: Path, voice: Voice = ONLY_VOICE) -> CoquiEngine:
    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    engine.load(folder, device="cpu", threads=1, voice=voice)
    return engine


@pytest.mark.parametrize("name", NAMES)
def test_speaks_by_text_and_seed_and_nothing_else(name: str, tmp_path: Path) -> None:
    folder = write_voice(tmp_path / name, name)
    assert ConfigCheck().examine(Tree.of(folder)).flaws == ()
    engine = loaded(folder)
    (first,) = engine.render(["open the door"], [7])
    _, again, seeded = engine.render(["a longer text comes first", "open the door", "open the door"], [1, 7, 8])
    (other,) = engine.render(["shut the window"], [7])
    assert first.tokens > 0
    assert len(first.samples) > 1000
    assert first.samples.shape == again.samples.shape
    assert np.allclose(first.samples, again.samples, atol=1e-4)
    assert not np.array_equal(first.samples, seeded.samples)
    assert not np.array_equal(first.samples, other.samples)


def several(name: str) -> dict[str, Any]:
    """What makes a model of an architecture one of two speakers and, where it has a layer for it, two languages."""
    asked = {"use_speaker_embedding": True, "num_speakers": 2}
    asked |= {"use_language_embedding": True} if name == "vits" else {}
    return {"model_args": {**ARCHITECTURES[name]["model_args"], **asked}, **SPEAKERS}


SPEAKERS = {"speakers": ["amelie", "bruno"], "languages": ["en", "fr-fr"]}


@pytest.mark.parametrize("name", ["vits", pytest.param("fast_pitch", marks=pytest.mark.slow)])
def test_speaks_as_who_was_chosen(name: str, tmp_path: Path) -> None:
    folder = write_voice(tmp_path / name, name, several(name))
    choices = choices_of("coqui", folder)
    assert (choices.speakers, choices.languages) == (("amelie", "bruno"), ("en", "fr-fr"))
    said = {}
    for speaker, language in (("amelie", "en"), ("bruno", "en"), ("amelie", "fr-fr")):
        engine = loaded(folder, Voice(speaker=speaker, language=language))
        (said[speaker, language],) = engine.render(["open the door"], [7])
    first, other, foreign = said.values()
    assert not np.array_equal(first.samples, other.samples)
    if name == "vits":  # the others have no embedding of a language
        assert not np.array_equal(first.samples, foreign.samples)


@pytest.mark.slow
@pytest.mark.parametrize("spelling", ["scale_stats.npy", "/home/trainer/out/scale_stats.npy"])
def test_statistics_beside_the_configuration_are_opened_in_either_spelling(spelling: str, tmp_path: Path) -> None:
    folder = write_voice(tmp_path / "voice", "glow_tts", {"audio": {"signal_norm": True}})
    (bare,) = loaded(folder).render(["open the door"], [7])
    text = (folder / "config.json").read_text("utf-8")
    (folder / "config.json").write_text(text.replace('"stats_path": null', f'"stats_path": "{spelling}"'), "utf-8")
    zeros, ones = np.zeros(80, np.float32), np.ones(80, np.float32)
    statistics = {"mel_mean": zeros - 3, "mel_std": ones, "linear_mean": zeros, "linear_std": ones}
    np.save(folder / "scale_stats.npy", np.array({**statistics, "audio_config": _audio(folder)}), allow_pickle=True)
    (scaled,) = loaded(folder).render(["open the door"], [7])
    assert not np.array_equal(bare.samples, scaled.samples)


def _audio(folder: Path) -> dict[str, Any]:
    from TTS.config import load_config

    return dict(load_config(str(folder / "config.json")).audio.to_dict())
