"""Code that rides in a copy's files: in the checkpoint, in a field of the configuration, in a file that one names.

What runs, where somebody loads such a copy without looking, makes one empty folder among the temporary ones, or prints
the Zen of Python: proof that anything might have run, and no harm. The gate must stop these at the door.
"""

from __future__ import annotations

import io
import tempfile
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from harness.redteam.parts import Parts, Wish

RAN: Final = "soundcheck-redteam-ran-"
"""How the names of folders begin that show that code ran."""
_KEY: Final = "callback"
_STATISTICS: Final = "scale_stats.npy"
_CLASS: Final = "this.s"
"""A name within a module of the standard library that prints a poem when it is imported."""


class Proof:
    """Makes an empty temporary folder when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[None, str]]:
        """What unpickling calls."""
        return tempfile.mkdtemp, (None, RAN)


def in_checkpoint(parts: Parts, wish: Wish) -> None:
    """Put an object beside the weights that calls something when the checkpoint is unpickled."""
    del wish
    parts.beside_weights[_KEY] = Proof()


def in_config(parts: Parts, wish: Wish) -> None:
    """Name a module as the home of the voice's symbols: Coqui imports it before it looks at what it got."""
    del wish
    parts.config["characters"] = {**(parts.config.get("characters") or {}), "characters_class": _CLASS}


def beside(parts: Parts, wish: Wish) -> None:
    """Have the configuration name a file of statistics: Coqui opens it with pickles allowed."""
    del wish
    file = io.BytesIO()
    np.save(file, np.array([Proof()], dtype=object), allow_pickle=True)
    parts.files[_STATISTICS] = file.getvalue()
    audio = {**(parts.config.get("audio") or {}), "signal_norm": True, "stats_path": _STATISTICS}
    parts.config["audio"] = audio
