"""Choosing who of a model speaks, among what it lists: a wrong or missing choice is one line that lists it.

The lists are the model's own words; reading them is the business of each engine's row.
"""

from __future__ import annotations

import dataclasses
import importlib
import shlex
from collections.abc import Sequence
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.suggest import did_you_mean
from harness.core.text import cut, printable
from harness.core.voice import Choices, Voice
from harness.engines.registry import ENGINES

MAX_SHOWN = 12
"""Names in a line."""


def choices_of(engine: str, path: Path) -> Choices:
    """Who a model can speak as."""
    module, _, function = ENGINES[engine].choices.partition(":")
    if not module:
        return Choices()
    found: Choices = getattr(importlib.import_module(module), function)(path)
    return found


def choose_voice(path: Path, choices: Choices, chosen: Voice, *, language: str | None = None) -> Voice:
    """Complete a choice by the only speaker and language there are, or by the language that is listened for.

    Args:
        path: Of the model, for errors.
        choices: Who it can speak as.
        chosen: What was chosen. A speaker of a model whose speakers cannot be listed is taken as it is.
        language: What is listened for (ISO 639-1); None where it is not known yet, and no language is missed then.

    Raises:
        BadInput: A choice is missing or wrong: one line that lists what there is.
    """
    speaker = chosen.speaker
    if not choices.unlisted:
        speaker = _checked(path, "speaker", speaker, choices.speakers)
    if not speaker and choices.speakers:
        raise _missing(path, "speaker", choices.speakers)
    code = _checked(path, "language", chosen.language, choices.languages)
    if not code and choices.languages and language is not None:
        code = _language_for(language, choices.languages)
        if not code:
            raise _missing(path, "language", choices.languages)
    return dataclasses.replace(chosen, speaker=speaker, language=code)


def _checked(path: Path, noun: str, name: str, known: Sequence[str]) -> str:
    if not name or name in known:
        return name
    if not known:
        raise BadInput(printable(f"{path}: expected no --tts-{noun}, as it has one {noun}, got {name!r}; leave it out"))
    near = did_you_mean(name, known) or f"expected one of {_listed(known)}"
    raise BadInput(printable(f"{path}: --tts-{noun}: it has no {noun} {name!r}; {near}"))


def _missing(path: Path, noun: str, known: Sequence[str]) -> BadInput:
    first = shlex.quote(cut(known[0], 80))
    what = f"it has {len(known)} {noun}s, choose one with --tts-{noun}={first}; there are {_listed(known)}"
    return BadInput(printable(f"{path}: {what}"))


def _language_for(language: str, known: Sequence[str]) -> str:
    """What a model calls a language: the same code, else the only one with a region of it; ``""`` where none is."""
    if language in known:
        return language
    regional = [code for code in known if code.replace("_", "-").partition("-")[0] == language]
    return regional[0] if len(regional) == 1 else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(cut(name, 40) for name in names[:MAX_SHOWN])
    more = f" and {len(names) - MAX_SHOWN} more: soundcheck list --voices --model DIR" if len(names) > MAX_SHOWN else ""
    return shown + more
