"""Whose model a folder looks like that is no Coqui voice, by the keys of its configuration and the names of its files.

A guess for people, so that they are told what they have rather than which key is missing. Nothing is decided by it but
the words; what the files hold is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

from harness.core.strictjson import Json
from harness.engines.coqui.kinds import CONVERTERS, ENCODERS, GENERATORS, TTS_MODELS, VOCODERS
from harness.engines.coqui.layout import is_fairseq

MAX_NAMES = 2000
"""File names of a folder that are looked at."""

Config = Mapping[str, Json]


def _has(*keys: str) -> Callable[[Config], bool]:
    return lambda config: all(key in config for key in keys)


def _has_tables(*keys: str) -> Callable[[Config], bool]:
    return lambda config: all(isinstance(config.get(key), dict) for key in keys)


_BY_KEYS: Final[tuple[tuple[Callable[[Config], bool], str], ...]] = (
    (_has("istftnet"), "a Kokoro or StyleTTS 2 voice"),
    (_has("phoneme_id_map"), "a Piper voice"),
    (_has("_diffusers_version"), "a Hugging Face diffusers pipeline"),
    (_has("model_type"), "a Hugging Face transformers model"),
    (_has("transformers_version"), "a Hugging Face transformers model"),
    (_has_tables("train", "data", "model"), "a voice of the original VITS"),
    (_has_tables("data", "model"), "a voice converter of OpenVoice, RVC or so-vits-svc"),
    (_has("upsample_rates", "upsample_kernel_sizes"), "a vocoder of the original HiFi-GAN or BigVGAN"),
)
"""Keys of configurations that are not Coqui's, and whose they are: the first that fits."""
_BY_NAME: Final = (
    (".nemo", "a NeMo model"),
    (".gguf", "a model for llama.cpp"),
    ("model_index.json", "a Hugging Face diffusers pipeline"),
    ("cosyvoice.yaml", "a CosyVoice model"),
    ("hyperparams.yaml", "a SpeechBrain model"),
    ("model_config.yaml", "a NeMo model"),
    (".onnx", "an exported model (ONNX) without a NAME.onnx.json (Piper) or voices*.bin (Kokoro)"),
    (".index", "a voice converter of RVC"),
)
"""Ends of file names in folders without a Coqui configuration."""
_NO_VOICE: Final = (
    (VOCODERS | GENERATORS, "a vocoder of Coqui's"),
    (CONVERTERS, "a voice converter of Coqui's"),
    (ENCODERS, "a speaker encoder of Coqui's"),
)
"""What Coqui's configurations may be of that does not speak a text."""


def not_a_voice(config: Config) -> str | None:
    """Why a configuration is of no Coqui voice, as the end of a sentence; None where it says that it is.

    Args:
        config: The object that ``config.json`` holds.
    """
    named = config.get("model", config.get("generator_model"))
    name = named.lower() if isinstance(named, str) else ""
    if name in TTS_MODELS or is_fairseq(config):
        return None
    if kind := next((words for names, words in _NO_VOICE if name in names), None):
        return f"this is {kind} ({named}), which speaks no text; name the folder of the voice itself"
    if name:
        return None  # a voice of a name that Coqui does not have: admission says what that would do
    if kind := another_program(config):
        return f"no Coqui model; this looks like {kind}, which Soundcheck cannot load"
    return 'no Coqui model; expected "model" to name an architecture, as Coqui writes it, got none'


def another_program(config: Config) -> str | None:
    """Whose a configuration looks like that names no model of Coqui's; None where nothing is known of its keys."""
    if any(isinstance(config.get(key), str) for key in ("model", "generator_model")) or is_fairseq(config):
        return None
    return next((words for is_one, words in _BY_KEYS if is_one(config)), None)


def looks_like(folder: Path) -> str | None:
    """Whose a folder without a Coqui configuration looks like; None where nothing is known of its files."""
    names: Collection[str] = [path.name.lower() for path, _ in zip(folder.iterdir(), range(MAX_NAMES), strict=False)]
    return next((words for end, words in _BY_NAME if any(name.endswith(end) for name in names)), None)
