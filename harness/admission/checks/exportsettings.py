"""What a Piper export is told to speak with, beside what its checkpoint is: rate, noise, length, and whose phonemes.

None of it is in the network: ``NAME.onnx.json`` says it, and a voice that is told to draw its noise three times as
wide, or to take twice as long, has the checkpoint's numbers in every tensor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.admission.checks.exportsymbols import symbols_otherwise
from harness.core.strictjson import Malformed
from harness.core.text import printable
from harness.engines.coqui.configfile import read_config as read_coqui
from harness.engines.piper.configfile import PiperConfig
from harness.engines.piper.configfile import read_config as read_piper

EQUAL: Final = 1e-6
"""Share by which two numbers may differ: a JSON file may have been written with single precision."""
ESPEAK: Final = "espeak"
LETTERS: Final = "text"
"""Piper's name for a voice that is given letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """One setting of an export that its checkpoint has otherwise."""

    pointer: str
    """Its place in ``NAME.onnx.json``."""
    ours: str
    theirs: str
    """Of the checkpoint's configuration. Hostile text."""

    def __str__(self) -> str:
        return printable(f"{self.ours[:60]}, where the checkpoint has {self.theirs[:60]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """A number that both configurations have."""

    pointer: str
    section: str
    """Of Coqui's configuration."""
    key: str
    usual: float
    """What Coqui takes where it is not said (coqui-tts 0.28)."""


_NUMBERS: Final[Mapping[str, _Setting]] = {
    "sample_rate": _Setting(pointer="$.audio.sample_rate", section="audio", key="sample_rate", usual=22_050),
    "noise_scale": _Setting(
        pointer="$.inference.noise_scale", section="model_args", key="inference_noise_scale", usual=0.667
    ),
    "length_scale": _Setting(pointer="$.inference.length_scale", section="model_args", key="length_scale", usual=1.0),
    "noise_w": _Setting(pointer="$.inference.noise_w", section="model_args", key="inference_noise_scale_dp", usual=1.0),
}
"""Attribute of :class:`harness.engines.piper.configfile.PiperConfig` -> its counterpart."""


def settings_otherwise(export: bytes, checkpoint: bytes) -> tuple[Otherwise, ...]:
    """Compare what both are told; nothing where one cannot be read, which is told of the table of symbols.

    Args:
        export: ``NAME.onnx.json``, empty for none.
        checkpoint: ``config.json`` of the checkpoint, empty for none.
    """
    try:
        ours = read_piper(export)
        theirs = read_coqui(checkpoint, "config.json").value
    except (ValueError, Malformed):
        return ()
    if not isinstance(theirs, dict):
        return ()
    symbols = (Otherwise(pointer=at, ours=own, theirs=meant) for at, own, meant in symbols_otherwise(ours, theirs))
    return (*_numbers(ours, theirs), *_phonemes(ours, theirs), *symbols)


def _numbers(ours: PiperConfig, theirs: Mapping[str, object]) -> list[Otherwise]:
    found = []
    for name, setting in _NUMBERS.items():
        section = theirs.get(setting.section)
        value = section.get(setting.key, setting.usual) if isinstance(section, dict) else setting.usual
        own = float(getattr(ours, name))
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isclose(own, float(str(value)), rel_tol=EQUAL):
            found.append(Otherwise(pointer=setting.pointer, ours=f"{own:g}", theirs=str(value)))
    return found


def _phonemes(ours: PiperConfig, theirs: Mapping[str, object]) -> list[Otherwise]:
    """Whose phonemes are asked of espeak, another variety's say other vowels; or letters, of a voice without."""
    language = str(theirs.get("phoneme_language") or "none named") if theirs.get("use_phonemes") else LETTERS
    own = ours.espeak_voice if ours.phoneme_type == ESPEAK else ours.phoneme_type
    if own.casefold() == language.casefold():
        return []
    return [Otherwise(pointer="$.espeak.voice", ours=own, theirs=language)]
