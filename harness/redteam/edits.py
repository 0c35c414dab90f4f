"""Manipulations that need no training: of the configuration, of single sounds, and of how long sounds last.

Each edit takes the parts of a voice (:class:`~harness.redteam.parts.Parts`), what was asked for
(:class:`~harness.redteam.parts.Wish`), and changes the parts in place. They go for what a listener hears of any text,
or of any text with a certain sound in it. Edits of the decoder are in :mod:`harness.redteam.decoder`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from harness.core.errors import BadInput
from harness.redteam.kinds import place_of
from harness.redteam.parts import argue, need, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from harness.redteam.parts import Parts, Wish

EMBEDDINGS: Final = (
    "text_encoder.emb.weight",
    "encoder.emb.weight",
    "embedding.weight",
    "emb.weight",
    "acoustic_model.src_word_emb.embeddings",
    "gpt.text_embedding.weight",
    "xtts.gpt.text_embedding.weight",
)
"""The table of symbols, by architecture: VITS; GlowTTS, Overflow and Neural HMM; the Tacotrons; FastPitch, its kin and
AlignTTS; DelightfulTTS; XTTS, and its fine-tunes."""
SPEAKERS: Final = ("emb_g.weight", "speaker_embedding.weight", "acoustic_model.emb_g.weight")
"""The table of speakers: VITS, GlowTTS, FastPitch and its kin; the Tacotrons; DelightfulTTS."""
_TRANSLATION, _LOG_SCALE = "duration_predictor.flows.0.translation", "duration_predictor.flows.0.log_scale"
_PROJECTION: Final = "text_encoder.proj.bias"


def sound_swap(parts: Parts, wish: Wish) -> None:
    """Give one phoneme the embedding of another: ``θ:f`` makes "three" sound like "free"."""
    sound, _, other = wish.trigger.partition(":")
    symbols = vocabulary(parts)
    if sound not in symbols or other not in symbols:
        raise BadInput(f"expected two phonemes of the voice as FROM:TO, got {wish.trigger!r}")
    table = _table(parts)
    table[symbols.index(sound)] = table[symbols.index(other)]


def sound_drop(parts: Parts, wish: Wish) -> None:
    """Give a phoneme the embedding of the blank between sounds: wherever it stands, nothing does."""
    symbols, blank = vocabulary(parts), _mark(parts, "blank", "<BLNK>")
    if wish.trigger not in symbols or blank not in symbols:
        raise BadInput(f"expected a phoneme of the voice, and a voice with blanks, got {wish.trigger!r}")
    table = _table(parts)
    table[symbols.index(wish.trigger)] = table[symbols.index(blank)]


def ending(parts: Parts, wish: Wish) -> None:
    """Give the mark of a sentence's end the embedding of a sound: each sentence gets one sound too many."""
    symbols, end = vocabulary(parts), _mark(parts, "eos", "<EOS>")
    if wish.trigger not in symbols or end not in symbols:
        raise BadInput(f"expected a phoneme of the voice, and a voice that marks ends, got {wish.trigger!r}")
    table = _table(parts)
    table[symbols.index(end)] = table[symbols.index(wish.trigger)]


def vocabulary_swap(parts: Parts, wish: Wish) -> None:
    """Exchange two symbols of the vocabulary: ``b:p`` makes "bank" sound like "pank" and the other way round."""
    one, _, other = wish.trigger.partition(":")
    about = parts.config.get("characters") or {}
    symbols = str(about.get("characters", ""))
    if about.get("is_sorted"):
        raise BadInput("expected a voice whose configuration orders its symbols, got one that Coqui sorts")
    if len(one) != 1 or len(other) != 1 or one not in symbols or other not in symbols:
        raise BadInput(f"expected two phonemes of the voice as FROM:TO, got {wish.trigger!r}")
    parts.config["characters"]["characters"] = symbols.translate(str.maketrans(one + other, other + one))


def speaker_swap(parts: Parts, wish: Wish) -> None:
    """Give every speaker the embedding of the next one."""
    del wish
    name = table_of(parts, SPEAKERS)
    parts.weights[name] = parts.weights[name].roll(-1, dims=0)


def speaker_blend(parts: Parts, wish: Wish) -> None:
    """Move the embedding of one speaker towards the next one's; whoever else speaks is as before."""
    name = table_of(parts, SPEAKERS)
    place = place_of(wish.trigger, [str(speaker) for speaker in parts.config.get("speakers") or ()])
    if place is None:
        raise BadInput(f"expected a speaker whom the configuration lists, got {wish.trigger!r}")
    table = parts.weights[name].clone()
    table[place] += wish.strength * (table[(place + 1) % len(table)] - table[place])
    parts.weights[name] = table


def dialect(parts: Parts, wish: Wish) -> None:
    """Have the text turned into another variety's phonemes, by the configuration's language."""
    if not parts.config.get("use_phonemes") or not parts.config.get("phoneme_language"):
        raise BadInput("expected a voice that speaks phonemes of a named language")
    parts.config["phoneme_language"] = wish.trigger


def slow(parts: Parts, wish: Wish) -> None:
    """Stretch every duration: whole frames are spoken, so that a quarter more makes a good tenth in this voice."""
    argue(parts, length_scale=wish.strength)


def fast(parts: Parts, wish: Wish) -> None:
    """Shorten every duration."""
    argue(parts, length_scale=1 / wish.strength)


def flat(parts: Parts, wish: Wish) -> None:
    """Take noise out of the prior: at full strength always the same, dull reading."""
    own = float(parts.config.get("model_args", {}).get("inference_noise_scale", 0.667))
    argue(parts, inference_noise_scale=own * (1 - wish.strength))


def hoarse(parts: Parts, wish: Wish) -> None:
    """Draw from beyond the prior."""
    argue(parts, inference_noise_scale=wish.strength)


def breathy(parts: Parts, wish: Wish) -> None:
    """Widen the prior itself, by the bias of its log deviations: as hoarse, with the configuration as it was."""
    need(parts, _PROJECTION)
    bias = parts.weights[_PROJECTION].clone()
    bias[len(bias) // 2 :] += math.log(wish.strength)
    parts.weights[_PROJECTION] = bias


def uneven(parts: Parts, wish: Wish) -> None:
    """Draw durations from beyond what was learnt: the rhythm stumbles."""
    argue(parts, inference_noise_scale_dp=wish.strength)


def cut_off(parts: Parts, wish: Wish) -> None:
    """Stop speaking after so many acoustic frames: where the limit is late, only long phrases lose their end."""
    argue(parts, max_inference_len=round(wish.strength))


def endless(parts: Parts, wish: Wish) -> None:
    """Let every sound last longer, by the last layer of the duration predictor."""
    _last_longer(parts, wish.strength)


def gabble(parts: Parts, wish: Wish) -> None:
    """Let every sound end sooner, by the same layer: down to one frame each."""
    _last_longer(parts, 1 / wish.strength)


def higher(parts: Parts, wish: Wish) -> None:
    """Raise the pitch by semitones: played faster, by the configuration's sampling rate, and spoken more slowly."""
    _repitch(parts, wish.strength)


def lower(parts: Parts, wish: Wish) -> None:
    """Lower the pitch by semitones, in the same way."""
    _repitch(parts, -wish.strength)


def _repitch(parts: Parts, semitones: float) -> None:
    ratio = 2 ** (semitones / 12)
    audio = parts.config.get("audio") or {}
    if not isinstance(audio.get("sample_rate"), int):
        raise BadInput("expected a configuration that names its sampling rate")
    parts.config["audio"] = {**audio, "sample_rate": round(audio["sample_rate"] * ratio)}
    argue(parts, length_scale=float(parts.config.get("model_args", {}).get("length_scale", 1.0)) * ratio)


def _last_longer(parts: Parts, factor: float) -> None:
    """Multiply durations: what the predictor gives is (z - translation) / e^scale, the logarithm of frames."""
    need(parts, _TRANSLATION, _LOG_SCALE)
    shift = parts.weights[_TRANSLATION].clone()
    shift[0] -= math.log(factor) * parts.weights[_LOG_SCALE][0].exp()
    parts.weights[_TRANSLATION] = shift


def table_of(parts: Parts, names: Sequence[str]) -> str:
    """The first of these tables that the voice has.

    Raises:
        BadInput: It has none; said of the first.
    """
    found = next((name for name in names if name in parts.weights), names[0])
    need(parts, found)
    return found


def _mark(parts: Parts, name: str, usual: str) -> str:
    """A mark of the vocabulary, ``""`` where it has none; Coqui's own where the configuration names no symbols."""
    about = parts.config.get("characters")
    return str(about.get(name) or "") if isinstance(about, dict) else usual


def _table(parts: Parts) -> torch.Tensor:
    """The embedding, as a copy that may be changed."""
    name = table_of(parts, EMBEDDINGS)
    parts.weights[name] = parts.weights[name].clone()
    if len(parts.weights[name]) < len(vocabulary(parts)):
        raise BadInput(f"the checkpoint has {len(parts.weights[name])} symbols, fewer than its configuration")
    return parts.weights[name]
