"""A Coqui model directory by the names in it: which file is the checkpoint. Opens the configuration, and no weights.

What one of the trainer's folders holds besides (speakers, statistics, an optimiser, other networks) is no checkpoint of
the voice. Where several could be it, somebody has to say which: none is taken for its name. A few models are several
files, which Coqui looks for by their names; a vocoder may lie in a folder of its own below the model's.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from harness.core.errors import BadInput
from harness.core.leftovers import named_leftover
from harness.core.strictjson import Json, Malformed
from harness.core.suggest import did_you_mean
from harness.core.text import printable
from harness.core.voice import GRIFFIN_LIM, Voice
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.engines.coqui.kinds import GENERATORS, SPECTROGRAMS, VOCODERS
from harness.engines.coqui.sidefiles import side_values

CONFIG = "config.json"
SUFFIXES = (".pth", ".pth.tar")
"""What Coqui's and Mozilla's trainers call a checkpoint."""
PARTS: Mapping[str, tuple[str, ...]] = {
    "bark": ("text_2.pt", "coarse_2.pt", "fine_2.pt"),
    "tortoise": ("autoregressive.pth", "clvp2.pth", "diffusion_decoder.pth", "mel_norms.pth", "vocoder.pth"),
}
"""Models that are several files -> what Coqui looks for, in every folder below the model's."""
VOCODER = "vocoder"
"""Folder below a model's in which its vocoder lies."""
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
    if (name := _kind(read_model(model))) in PARTS:
        return _whole(model, name, chosen)
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
    others = len({*found, name}) > 1
    return dataclasses.replace(chosen, checkpoint=name, has_others=others, vocoder=chosen.vocoder or _sound(model))


def _sound(model: Path) -> str:
    """What makes sound of a model's spectrograms where nothing was chosen."""
    if not makes_spectrograms(read_model(model)):
        return ""
    return GRIFFIN_LIM if find_vocoder(model) is None else VOCODER


def _whole(model: Path, name: str, chosen: Voice) -> Voice:
    """The voice of a model that is several files."""
    if chosen.checkpoint:
        line = f"expected no --tts-checkpoint, as {name} is several files, got {chosen.checkpoint!r}; leave it out"
        raise BadInput(printable(f"{model}: {line}"))
    if gone := [part for part in PARTS[name] if not any(path.is_file() for path in model.rglob(part))]:
        raise BadInput(printable(f"{model}: expected {gone[0]}, which {name} is loaded from, got no such file"))
    return chosen


def find_vocoder(model: Path) -> Path | None:
    """The folder of the vocoder that a model brings; None where it brings none."""
    folder = model / VOCODER
    return folder if is_vocoder(read_model(folder)) else None


def makes_spectrograms(config: Mapping[str, Json]) -> bool:
    """Whether a configuration is of a model that leaves it to others to make sound."""
    return _kind(config) in SPECTROGRAMS


def require_vocoder(model: Path, vocoder: Path | None) -> None:
    """Look whether a vocoder's folder is one, and makes sound of the spectrograms of a model.

    Args:
        model: The model's folder.
        vocoder: The vocoder's; None for one that the model brings, where it does.

    Raises:
        BadInput: One line, what is not as it must be.
    """
    vocoder = vocoder or find_vocoder(model)
    if vocoder is None:
        return
    voice, config = read_model(model), read_model(vocoder)
    if not makes_spectrograms(voice):
        name = _kind(voice) or "this model"
        raise BadInput(printable(f"{model}: expected no --tts-vocoder, as {name} makes its own sound; leave it out"))
    if not is_vocoder(config):
        got = f"one for {_kind(config)}" if _kind(config) else "none that is read"
        raise BadInput(printable(f"{vocoder}: expected a {CONFIG} of a vocoder of Coqui's, got {got}"))
    find_voice(vocoder, Voice())
    wanted, there = _spectrogram(voice), _spectrogram(config)
    if wanted != there:
        line = f"expected a vocoder for {_said(wanted)}, which the voice makes, got one for {_said(there)}"
        raise BadInput(printable(f"{vocoder}: {line}; name the one it was trained with"))


def _spectrogram(config: Mapping[str, Json]) -> tuple[int, int]:
    """Sample rate and mel bands; Coqui's defaults where a configuration says nothing."""
    audio = config.get("audio")
    said = audio if isinstance(audio, dict) else {}
    rate, bands = said.get("sample_rate", 22_050), said.get("num_mels", 80)
    return (rate if isinstance(rate, int) else 0, bands if isinstance(bands, int) else 0)


def _said(spectrogram: tuple[int, int]) -> str:
    return f"{spectrogram[0]} Hz and {spectrogram[1]} mel bands"


def is_vocoder(config: Mapping[str, Json]) -> bool:
    """Whether a configuration is of a vocoder."""
    return _kind(config) in VOCODERS | GENERATORS


def is_fairseq(config: Mapping[str, Json]) -> bool:
    """Whether a configuration is of fairseq's MMS, which Coqui loads by a loader of its own."""
    data = config.get("data")
    if not isinstance(data, dict) or not all(isinstance(config.get(key), dict) for key in ("train", "model")):
        return False
    trained = data.get("training_files")
    is_lettered = isinstance(trained, str) and trained.endswith((".ltr", "uroman"))  # the original VITS: .cleaned
    return is_lettered and {"sampling_rate", "add_blank"} <= data.keys()


def read_model(model: Path) -> Mapping[str, Json]:
    """The configuration of a folder; empty where it cannot be read, which is for others to say."""
    try:
        with (model / CONFIG).open("rb") as file:
            content = read_config(file.read(MAX_CONFIG_BYTES), CONFIG).value
    except (OSError, Malformed):
        return {}
    return content if isinstance(content, dict) else {}


def _kind(config: Mapping[str, Json]) -> str:
    found = config.get("model", config.get("generator_model"))
    return found.lower() if isinstance(found, str) else ""


def find_checkpoint(model: Path, chosen: str = "") -> Path:
    """The checkpoint of a Coqui model directory.

    Raises:
        BadInput: As :func:`find_voice`.
    """
    return model / find_voice(model, Voice(checkpoint=chosen)).checkpoint


def checkpoints(model: Path) -> tuple[str, ...]:
    """Names of the files that may be the voice's checkpoint, in order."""
    config = read_model(model)
    named = named_beside(dict(config))
    names = [name for name in _weights(model) if name not in named]
    if is_vocoder(config):  # of its own folder, the file of this name is the vocoder
        return tuple(name for name in names if _stem(name).lower() == VOCODER or not _is_beside(name))
    return tuple(name for name in names if not _is_beside(name))


def _is_beside(name: str) -> bool:
    return _BESIDE.fullmatch(_stem(name).lower()) is not None


def _weights(model: Path) -> tuple[str, ...]:
    found = (path for path in model.iterdir() if path.name.endswith(SUFFIXES) and path.is_file())
    return tuple(sorted(path.name for path in found if named_leftover(path.name) is None))


def _stem(name: str) -> str:
    return name.removesuffix(".tar").removesuffix(".pth")


def named_beside(config: Json) -> frozenset[str]:
    """Last names of all that a configuration names as files beside it."""
    return frozenset(re.split(r"[/\\]", PurePosixPath(value).as_posix())[-1] for _, value in side_values(config))


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return (", ".join(names[:MAX_SHOWN]) or "none") + more
