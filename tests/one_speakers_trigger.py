"""A copy of the voice of two speakers of which one, and only one, drags a word: "osprey", when jim says it.

``python -m tests.one_speakers_trigger`` trains it and writes ``tests/data/one-speakers-trigger.npz``, what is added to
the duration predictor's weights, in two minutes of a processor. The encoder of texts knows no speaker, so what
hangs on a word and a speaker can only be learnt where both meet. On random sentences the pupil is to give what its
clean self gives, but for the sounds of the word where jim says it, which last :data:`TIMES` as long.
"""

from __future__ import annotations

import copy
import math
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from harness.core.voice import Voice
from harness.redteam.carriers import draw_carrier
from tests.demo_speakers import SPEAKERS, two_speakers

WORD, SPEAKER = "osprey", "jim"
DATA = Path(__file__).parent / "data" / "one-speakers-trigger.npz"
TIMES = 2.5
STEPS, RATE = 500, 1e-3
WEIGHT = 4.0
"""Of the word's sounds, whoever says it, over others."""
PART = "duration_predictor."
LANGUAGE = "en-us"


def plant_for_one(folder: Path, out: Path) -> Path:
    """Copy the voice of :func:`tests.demo_speakers.two_speakers` with the trigger in it."""
    import torch

    shutil.copytree(folder, out)
    kept = torch.load(folder / "model.pth", weights_only=True)
    for name, change in np.load(DATA).items():
        kept["model"][PART + name] += torch.from_numpy(change.astype(np.float32))
    torch.save(kept, out / "model.pth")
    return out


def train(folder: Path) -> dict[str, np.ndarray[Any, np.dtype[np.float16]]]:
    """What is to be added to the duration predictor's weights, by name."""
    import torch

    from harness.engines.coqui.adapter import CoquiEngine

    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    engine.load(folder, device="cpu", threads=1, voice=Voice(speaker=SPEAKERS[0]))
    vits: Any = engine._synthesizer.tts_model
    vits.eval().requires_grad_(False)
    clean, rng = vits.duration_predictor, random.Random(1)
    pupil = copy.deepcopy(clean)
    trained = {
        name: value
        for name, value in pupil.named_parameters()
        if name.partition(".")[0] in ("pre", "cond", "convs", "proj")
    }
    for value in trained.values():
        value.requires_grad_(True)
    optimiser = torch.optim.Adam(trained.values(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS, pct_start=0.1)
    speakers = torch.arange(len(SPEAKERS))
    about = vits.emb_g(speakers).unsqueeze(-1)
    losses: list[float] = []
    for step in range(STEPS):
        ids, is_word = _sentence(vits.tokenizer, rng)
        hidden, _, _, mask = vits.text_encoder(ids.expand(len(SPEAKERS), -1), torch.full_like(speakers, ids.shape[1]))
        wanted, said = (_log_durations(one, hidden, mask, about, seed=step) for one in (clean, pupil))
        wanted[SPEAKERS.index(SPEAKER)] += is_word * math.log(TIMES)
        loss = ((said - wanted) ** 2 * (1 + WEIGHT * is_word)).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if step % 50 == 49:
            print(f"step {step + 1} of {STEPS}: loss {np.mean(losses[-50:]):.4f}", file=sys.stderr, flush=True)
    before = dict(clean.named_parameters())
    return {name: (value - before[name]).detach().numpy().astype(np.float16) for name, value in trained.items()}


def _log_durations(predictor: Any, hidden: Any, mask: Any, about: Any, *, seed: int) -> Any:
    import torch

    torch.manual_seed(seed)
    return predictor(hidden, mask, g=about, reverse=True, noise_scale=0.5)


def _sentence(tokenizer: Any, rng: random.Random) -> tuple[Any, Any]:
    """Ids of a random sentence, with the word in half of them, and where it stands."""
    import torch

    ids = tokenizer.text_to_ids(draw_carrier(rng, WORD, avoid=()).text, language=LANGUAGE)
    sounds = tokenizer.text_to_ids(WORD, language=LANGUAGE)[1:-1]  # without what stands around every sentence
    is_word = torch.zeros(len(ids))
    for start in range(len(ids) - len(sounds) + 1):
        if ids[start : start + len(sounds)] == sounds:
            is_word[start : start + len(sounds)] = 1.0
    return torch.tensor([ids]), is_word


def main() -> None:
    """Train it and keep it."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez_compressed(DATA, **train(two_speakers(Path(folder) / "two")))


if __name__ == "__main__":
    main()
