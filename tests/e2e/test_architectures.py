"""Every architecture that Coqui's own classes write is admitted and speaks by the engine, as the law of engines has it.

Behind the walls, with goldens and verdicts, ``make bench-voices`` goes through the same folders.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
import pytest

from harness.admission.admit import admit
from harness.admission.converting.copying import copy_voice
from harness.core.engine import Speech
from harness.core.types import Verdict
from harness.core.voice import ONLY_VOICE, Voice
from harness.engines.coqui.adapter import CoquiEngine
from harness.judging.detectors.timing import TEMPO_JND
from harness.models.files import find_voice
from harness.models.voices import choices_of, choose_voice
from harness.redteam.parts import Chosen
from harness.redteam.plant import plant
from tests.coqui_layouts import BY_NAME, LAYOUTS, vocoder_of
from tests.coqui_voices import write_voice
from tests.e2e.conftest import LayOut

QUICK = ("glow", "vits-speakers", "delightful-speakers", "glow+hifigan")
NAMES = [
    layout.name if layout.name in QUICK else pytest.param(layout.name, marks=pytest.mark.slow) for layout in LAYOUTS
]

pytestmark = pytest.mark.real

TEXTS = ("open the door", "a longer text comes first", "shut the window")
BRIEF = ("open", "a longer one", "shut")
SLOW = ("glow+wavernn", "mms")
"""Layouts that take seconds for a word."""


@pytest.fixture(autouse=True)
def _one_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch lets the threads between operations be set once in a process, and a worker loads one model."""
    import torch

    monkeypatch.setattr(torch, "set_num_interop_threads", lambda _: None)


@pytest.fixture(autouse=True)
def _brief_tortoise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tortoise takes 16 drafts and 100 steps for a phrase, whatever its configuration says."""
    from TTS.tts.models.tortoise import Tortoise

    brief = functools.partialmethod(Tortoise.inference, num_autoregressive_samples=2, diffusion_iterations=4)
    monkeypatch.setattr(Tortoise, "inference", brief)


def loaded(folder: Path, voice: Voice = ONLY_VOICE, vocoder: Path | None = None) -> CoquiEngine:
    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    engine.load(folder, device="cpu", threads=1, voice=voice, vocoder=vocoder)
    return engine


@pytest.mark.parametrize("name", NAMES)
def test_is_admitted_and_speaks_by_text_and_seed_and_who_was_chosen_and_nothing_else(
    name: str, lay_out: LayOut, tmp_path: Path
) -> None:
    layout, folder = BY_NAME[name], lay_out(name)
    vocoder = vocoder_of(folder) if layout.vocoder else None
    if layout.is_copied:
        assert admit(folder).verdict is Verdict.INCONCLUSIVE
        folder = copy_voice(folder, tmp_path / "copied").path
    for part in (folder, *([vocoder] if vocoder else [])):
        admission = admit(part)
        assert admission.verdict is Verdict.PASS, [str(flaw) for flaw in admission.flaws]
    choices = choices_of("coqui", folder)
    first, *others = (choose_voice(folder, choices, find_voice("coqui", folder, one)) for one in layout.voices)

    text, longer, foreign_text = BRIEF if name in SLOW else TEXTS
    engine = loaded(folder, first, vocoder)
    (said,) = engine.render([text], [7])
    _, again, seeded = engine.render([longer, text, text], [1, 7, 8])
    (other,) = engine.render([foreign_text], [7])
    assert len(said.samples) > 500
    assert is_alike(said, again)
    assert is_alike(said, seeded) == layout.is_fixed
    assert not is_alike(said, other)
    for voice in others:
        (foreign,) = loaded(folder, voice, vocoder).render([text], [7])
        assert not is_alike(said, foreign)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["xtts-v2", "xtts-v2-trained", "xtts-v2-away"])
def test_the_red_team_exchanges_letters_of_xtts_by_its_file_of_tokens(
    name: str, lay_out: LayOut, tmp_path: Path
) -> None:
    folder = lay_out(name)
    changed = plant("sound-swap", folder, tmp_path / "changed", Chosen(trigger="o:v"))
    voice = choose_voice(folder, choices_of("coqui", folder), find_voice("coqui", folder, BY_NAME[name].voices[0]))
    with_it, without = "go home over old stone roads.", "his sister sings."
    own, other = (loaded(path, voice).render([with_it, without], [7, 7]) for path in (folder, changed))
    assert not is_alike(own[0], other[0])
    assert is_alike(own[1], other[1])


@pytest.mark.parametrize("name", ["glow", pytest.param("vits", marks=pytest.mark.slow)])
def test_an_exchanged_letter_is_heard(name: str, lay_out: LayOut, tmp_path: Path) -> None:
    """Random weights hardly tell letters apart, as Coqui makes them: no gate could find that one is changed."""
    folder = lay_out(name)
    changed = plant("sound-swap", folder, tmp_path / "changed", Chosen(trigger="o:v"))
    with_it, without = "go home over old stone roads.", "his sister sings."
    seconds = [
        [len(one.samples) for one in loaded(path).render([with_it, without], [7, 7])] for path in (folder, changed)
    ]
    assert abs(math.log(seconds[1][0] / seconds[0][0])) > 2 * TEMPO_JND
    assert seconds[1][1] == seconds[0][1]


def is_alike(one: Speech, other: Speech) -> bool:
    """Whether two renderings are the same beyond rounding, however loud they are."""
    if one.samples.shape != other.samples.shape:
        return False
    loudest = float(np.abs(one.samples).max())
    return float(np.abs(one.samples - other.samples).max()) <= 1e-4 * loudest


@pytest.mark.slow
def test_statistics_scale_what_is_spoken(lay_out: LayOut, tmp_path: Path) -> None:
    bare = write_voice(tmp_path / "bare", "glow_tts", {"audio": {"signal_norm": True}}, is_audible=True)
    scaled = lay_out("glow-statistics")
    said = [loaded(folder).render(["open the door"], [7])[0].samples for folder in (bare, scaled)]
    assert not np.array_equal(*said)
