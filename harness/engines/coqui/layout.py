"""A Coqui model directory by the names in it: which file is the checkpoint. Opens the configuration, and no weights.

What one of the trainer's folders holds besides (speakers, statistics, an optimiser, other networks) is no checkpoint of
the voice. Where several could be it, somebody has to say which: none is taken for its name.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from harness.core.errors import BadInput
from harness.core.leftovers import named_leftover
from harness.core.strictjson import Json, Malformed
from harness.core.suggest import did_you_mean
from harness.core.text import printable
from harness.core.voice import Voice
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.engines.coqui.sidefiles import SIDE_FIELDS

CONFIG = "config.json"
SUFFIXES = (".pth", ".pth.tar")
"""What Coqui's and Mozilla's trainers call a checkpoint."""
MAX_SHOWN = 6
_BESIDE = re.compile(
    r"(speakers?|languages?|d_?vectors?|embeddings?|voices?|speaker_(ids?|embeddings?|encoder)|language_ids?"
    r"|(model_)?se|encoder|optimi[sz]er|scheduler|disc(riminator)?|vocoder|dvae|mel_stats|mel_norms|hubert\w*|tokenizer"
    r"|quantifier\w*|autoregressive|diffusion_decoder|clvp2|rlg_\w+|speakers_xtts)([_.-]?(checkpoint|model|file|\d+))*"
)
"""Names, without their suffix, that Coqui's programs give to what stands beside a checkpoint."""


def find_voice(model: Path, chosen: Voice) -> Voice:
    """Complete a choice by the checkpoint of a folder.

    Raises:
        BadInput: There is none, there are several to choose from, or the chosen one is not there.
    """
    if not model.is_dir():
        raise BadInput(printable(f"{model} is no model directory"))
    found = checkpoints(model)
    if chosen.checkpoint:
        if chosen.checkpoint not in (*found, *_weights(model)):
            near = did_you_mean(chosen.checkpoint, found)
            what = f"expected the name of a checkpoint in it, got {chosen.checkpoint!r}"
            raise BadInput(printable(f"{model}: {what}; {near or f'there is {_listed(found)}'}"))
        name = chosen.checkpoint
    elif len(found) == 1:
        name = found[0]
    elif not found:
        wanted = " or ".join(f"*{suffix}" for suffix in SUFFIXES)
        raise BadInput(printable(f"{model}: expected a checkpoint beside {CONFIG} ({wanted}), got none"))
    else:
        raise BadInput(
            printable(
                f"{model}: expected one checkpoint, got {len(found)}: {_listed(found)}; "
                f"name the one to judge: --tts-checkpoint={found[0]}"
            )
        )
    return dataclasses.replace(chosen, checkpoint=name, has_others=len({*found, name}) > 1)


def find_checkpoint(model: Path, chosen: str = "") -> Path:
    """The checkpoint of a Coqui model directory.

    Raises:
        BadInput: As :func:`find_voice`.
    """
    return model / find_voice(model, Voice(checkpoint=chosen)).checkpoint


def checkpoints(model: Path) -> tuple[str, ...]:
    """Names of the files that may be the voice's checkpoint, in order."""
    named = _named_beside(model)
    return tuple(name for name in _weights(model) if name not in named and not _BESIDE.fullmatch(_stem(name).lower()))


def _weights(model: Path) -> tuple[str, ...]:
    found = (path for path in model.iterdir() if path.name.endswith(SUFFIXES) and path.is_file())
    return tuple(sorted(path.name for path in found if named_leftover(path.name) is None))


def _stem(name: str) -> str:
    return name.removesuffix(".tar").removesuffix(".pth")


def _named_beside(model: Path) -> frozenset[str]:
    try:
        with (model / CONFIG).open("rb") as file:
            content = read_config(file.read(MAX_CONFIG_BYTES), CONFIG).value
    except (OSError, Malformed):
        return frozenset()  # said by whoever reads it for what it says
    return named_beside(content)


def named_beside(config: Json) -> frozenset[str]:
    """Last names of all that a configuration names as files beside it."""
    return frozenset(re.split(r"[/\\]", PurePosixPath(value).as_posix())[-1] for value in _side_values(config))


def _side_values(content: Json) -> Iterator[str]:
    stack = [content]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack += one
        elif isinstance(one, dict):
            stack += [value for value in one.values() if isinstance(value, dict | list)]
            for key in SIDE_FIELDS & one.keys():
                values = one[key]
                yield from (v for v in (values if isinstance(values, list) else [values]) if isinstance(v, str))


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return (", ".join(names[:MAX_SHOWN]) or "none") + more
