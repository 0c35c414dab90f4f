"""Loading a Coqui model directory by Coqui's own ``Synthesizer``: which of its loaders, and from which files.

Runs in the worker only. What is loaded is what admission read: configurations are written anew
(:mod:`harness.engines.coqui.rewriting`), and torch is asked for a second opinion on each checkpoint.
"""

from __future__ import annotations

import contextlib
import importlib
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.voice import Voice
from harness.engines.coqui.layout import find_vocoder, find_voice, is_fairseq, read_model
from harness.engines.coqui.rewriting import write_config
from harness.engines.coqui.untrained import NoUntrained, shorten, write_checkpoint, write_vocoder

Spectra = NDArray[np.float32]

ADMITTED_GLOBALS = frozenset(
    (
        "builtins.dict",
        "builtins.frozenset",
        "builtins.list",
        "collections.defaultdict",
        "numpy.dtype",
        "numpy.ndarray",
        "numpy.core.multiarray._reconstruct",
        "numpy.core.multiarray.scalar",
        "numpy._core.multiarray._reconstruct",
        "numpy._core.multiarray.scalar",
        "torch.torch_version.TorchVersion",
    )
)
"""Imports that torch calls unsafe and admission lets pass where their arguments are plain: trainers write them."""


def load_synthesizer(
    model: Path,
    voice: Voice,
    *,
    use_cuda: bool,
    vocoder: Path | None = None,
    is_untrained: bool = False,
    is_bare: bool = False,
) -> Any:
    """Load a model directory, and the vocoder that makes sound of its spectrograms.

    Args:
        model: The folder.
        voice: Who of it speaks.
        use_cuda: Whether it computes on a GPU.
        vocoder: Folder of the vocoder; None for the one in the model's folder, where there is one.
        is_untrained: Build the voice with weights that nobody trained, see :mod:`harness.engines.coqui.untrained`.
        is_bare: Build the vocoder so too, and what the configuration names, see :mod:`harness.engines.coqui.standins`.

    Returns:
        A ``TTS.utils.synthesizer.Synthesizer``, ready to speak.

    Raises:
        FileNotFoundError: There is no configuration.
        BadInput: There is no checkpoint, or there are several and none was chosen.
        NoUntrained: It is to be built untrained, and cannot be.
        Exception: Whatever Coqui raises for a model it cannot load.
    """
    from TTS.utils.synthesizer import Synthesizer

    class Fairseq(Synthesizer):  # type: ignore[misc]  # Coqui has no types
        """Coqui takes its loader for fairseq by a word in the path; a folder may be called anything."""

        def _load_tts(self, tts_checkpoint: Path, tts_config_path: Path | None = None, *, use_cuda: bool) -> None:
            del tts_config_path  # its loader reads the file beside the checkpoint
            self._load_fairseq(tts_checkpoint, use_cuda=use_cuda)

    if is_untrained and (not voice.checkpoint or is_fairseq(read_model(model))):
        raise NoUntrained("a voice of several checkpoints, or of fairseq, cannot be built untrained")
    place = vocoder or find_vocoder(model)
    with tempfile.TemporaryDirectory(prefix="soundcheck-config-") as scratch, admitted_globals():
        config = write_config(model, Path(scratch), stand_in_for=voice if is_bare else None)
        if is_untrained:
            checkpoint = write_checkpoint(config, Path(scratch), None if is_bare else model)
            cross_check(checkpoint)
        else:
            name = find_voice(model, Voice(checkpoint=voice.checkpoint)).checkpoint
            checkpoint = model / name if name else model  # some models are several files
            for path in (checkpoint,) if name else sorted(model.rglob("*.pth")):
                cross_check(path)
        beside: dict[str, Path] = {}
        if place is not None:
            apart = Path(scratch) / "vocoder"
            apart.mkdir()
            own = write_config(place, apart, stand_in_for=voice if is_bare else None)
            sounding = write_vocoder(own, apart) if is_bare else place / find_voice(place, Voice()).checkpoint
            cross_check(sounding)
            beside = {"vocoder_checkpoint": sounding, "vocoder_config": own}
        loader = Fairseq if is_fairseq(read_model(model)) else Synthesizer
        with mel_bases_when_used():
            loaded = loader(
                tts_checkpoint=checkpoint,
                tts_config_path=config,
                voice_dir=model / "voices",
                use_cuda=use_cuda,
                **beside,
            )
    _calm(loaded.vocoder_model)
    if is_untrained:
        shorten(loaded.tts_model)
    return loaded


def _calm(vocoder: Any) -> None:
    """Keep WaveRNN from printing its progress every 100 samples: a megabyte of it would count as a flood."""
    if hasattr(vocoder, "gen_display"):
        vocoder.gen_display = lambda *_: None


class MelBasis:
    """A matrix from spectra to mel bands that is computed when somebody computes with it."""

    def __init__(self, compute: Callable[[], Spectra]) -> None:
        self._compute = compute
        self._computed: Spectra | None = None

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> Spectra:
        """As numpy asks for it."""
        if self._computed is None:
            self._computed = self._compute()
        return np.array(self._computed, dtype=dtype, copy=copy)


@contextlib.contextmanager
def mel_bases_when_used() -> Iterator[None]:
    """Keep Coqui from computing a mel basis for every voice: of those that speak without spectra, none uses it.

    It asks librosa, which imports scipy's signals and numba for it: two thirds of the time in which a VITS voice loads.
    """
    processor: Any = importlib.import_module("TTS.utils.audio.processor")
    own = processor.build_mel_basis
    processor.build_mel_basis = lambda **asked: MelBasis(lambda: own(**asked))
    try:
        yield
    finally:
        processor.build_mel_basis = own


@contextlib.contextmanager
def admitted_globals() -> Iterator[None]:
    """Let torch's careful loader take what admission lets pass: a trainer writes its best loss as a number of numpy's.

    Since torch 2.6 Coqui asks for that loader, and cannot load such checkpoints itself.
    """
    import torch

    allowed: list[Any] = [type(np.dtype(code)) for code in "?bBhHiIlLqQefdFD"]
    for name in ADMITTED_GLOBALS:
        module, _, attribute = name.rpartition(".")
        with warnings.catch_warnings(), contextlib.suppress(ImportError):  # numpy has one of the two, or both
            warnings.simplefilter("ignore")  # numpy.core is numpy's old name, which old checkpoints have
            allowed.append((getattr(importlib.import_module(module), attribute), name))
    with torch.serialization.safe_globals(allowed):
        yield


def cross_check(checkpoint: Path) -> None:
    """Ask torch itself what a checkpoint would import: a second opinion on admission, inside the walls.

    Raises:
        ValueError: It names what neither torch nor admission lets pass.
    """
    import pickle

    from torch.serialization import get_unsafe_globals_in_checkpoint

    try:
        named = set(get_unsafe_globals_in_checkpoint(str(checkpoint)))
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError):
        return  # no zip of torch's: what loads it says what is wrong with it
    if odd := sorted(named - ADMITTED_GLOBALS):
        shown = ", ".join(odd[:5])
        raise ValueError(
            f"torch finds imports in the checkpoint that are not safe: {shown}; nothing loads them here, accepted or "
            "not: write its tensors anew with soundcheck scan --convert OUT.pth FILE"
        )
