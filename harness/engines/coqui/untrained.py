"""A voice of the same configuration that nobody trained: what a checkpoint's failures are held against.

Runs in the worker. The architecture is built as Coqui builds it and saved with the weights that it was born with, so
that loading takes the same way as for any checkpoint. It knows nothing of the candidate's weights, and is given none.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SEED = 20_261_129
MOST_WHOLE = 1 << 12
"""Values of a parameter that is saved as it is. Of a larger one a part is saved, and read in overlapping rows: a
checkpoint has megabytes then, and a worker may write no large files."""
MOST_STEPS = 200
"""Steps of an autoregressive decoder: untrained, it finds no end."""

BESIDE = ("vocab.json", "speakers_xtts.pth")
"""What XTTS looks for beside its checkpoint."""


class NoUntrained(ValueError):
    """Such a voice cannot be built without its checkpoint."""


def write_checkpoint(config: Path, scratch: Path, folder: Path | None) -> Path:
    """Build the architecture of a configuration, and save it.

    Args:
        config: As :func:`harness.engines.coqui.rewriting.write_config` wrote it.
        scratch: Where the checkpoint is to lie.
        folder: The model's: of what lies there, XTTS looks for some beside its checkpoint. None where nothing of it is
            to be used.

    Raises:
        NoUntrained: The architecture cannot be built without files of the model.
        Exception: Whatever Coqui raises for a configuration that it cannot build.
    """
    import torch
    from TTS.config import load_config
    from TTS.tts.models import setup_model

    torch.manual_seed(SEED)
    model = setup_model(load_config(config))
    if hasattr(model, "init_models"):
        if folder is None:
            raise NoUntrained("this architecture cannot be built without its vocabulary")
        _make_parts(model, scratch, folder)
    return _saved(model, scratch)


def write_vocoder(config: Path, scratch: Path) -> Path:
    """Build a vocoder of a configuration, and save it.

    Raises:
        Exception: Whatever Coqui raises for a configuration that it cannot build.
    """
    import torch
    from TTS.config import load_config
    from TTS.vocoder.models import setup_model

    torch.manual_seed(SEED)
    return _saved(setup_model(load_config(config)), scratch)


def _saved(model: torch.nn.Module, scratch: Path) -> Path:
    import torch

    learned = {name for name, _ in model.named_parameters()}
    state = {
        name: _overlapping(value) if name in learned and value.numel() > MOST_WHOLE else value
        for name, value in model.state_dict().items()
    }
    place = scratch / "untrained.pth"
    torch.save({"model": state, "step": 0, "epoch": 0}, place)
    return place


def _make_parts(model: Any, scratch: Path, folder: Path) -> None:
    """Build the parts of XTTS, which wait for its vocabulary."""
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

    for name in BESIDE:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, scratch / name)
    own = scratch / "vocab.json"
    model.tokenizer = VoiceBpeTokenizer(vocab_file=own if own.is_file() else Path(model.args.tokenizer_file))
    model.init_models()


def shorten(model: Any) -> None:
    """Bound the decoders of a loaded voice that stop when the network says so."""
    for part in model.modules():
        if isinstance(steps := getattr(part, "max_decoder_steps", None), int):
            part.max_decoder_steps = min(steps, MOST_STEPS)


def _overlapping(value: torch.Tensor) -> torch.Tensor:
    """A tensor of the same shape over its first values: one step along any axis is one step among them."""
    kept = value.detach().reshape(-1)[: 1 + sum(size - 1 for size in value.shape)].clone()
    return kept.as_strided(tuple(value.shape), (1,) * value.ndim)
