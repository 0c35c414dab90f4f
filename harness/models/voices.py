"""Choosing who of a model speaks, among what it lists: a wrong or missing choice is one line that lists it.

The lists are the model's own words; reading them is the business of each engine's row.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.language import heard_as
from harness.core.suggest import did_you_mean
from harness.core.text import cut, printable
from harness.core.voice import Choices, ModelFacts, Voice
from harness.engines.registry import ENGINES
from harness.models.fetching.local import local_model
from harness.models.files import find_model, find_voice

MAX_SHOWN = 12
"""Names in a line."""
ALL = "all"
CLONING = "XTTS, or a VITS with a speaker encoder beside it,"
_SAMPLE = re.compile(r"sample:([1-9][0-9]{0,5})(?::([0-9]{1,9}))?")
SAMPLE_IS = "all, a name, or sample:N (sample:N:SEED for another draw)"


def named_voice(spec: str, chosen: Voice, *, may_lack: bool = False) -> Voice:
    """Who of a model speaks, before its files are read; what follows from the language that is listened for is missing.

    Args:
        spec: The model as it was typed.
        chosen: What was chosen.
        may_lack: Whether a speaker may be chosen later, by a suite.

    Raises:
        BadInput: A choice is missing or wrong.
    """
    engine, path = find_model(local_model(spec))
    choices, voice = choices_of(engine, path), find_voice(engine, path, chosen)
    if may_lack and not voice.names and not voice.recording:
        choices = dataclasses.replace(choices, speakers=())
    return choose_voice(path, choices, voice)


def choices_of(engine: str, path: Path) -> Choices:
    """Who a model can speak as."""
    module, _, function = ENGINES[engine].choices.partition(":")
    if not module:
        return Choices()
    found: Choices = getattr(importlib.import_module(module), function)(path)
    return found


def facts_of(engine: str, path: Path) -> ModelFacts:
    """What a model says it is."""
    module, _, function = ENGINES[engine].facts.partition(":")
    if not module:
        return ModelFacts()
    found: ModelFacts = getattr(importlib.import_module(module), function)(path)
    return found


def choose_voice(path: Path, choices: Choices, chosen: Voice, *, language: str | None = None) -> Voice:
    """Complete a choice by the only speaker and language there are, or by the language that is listened for.

    Args:
        path: Of the model, for errors.
        choices: Who it can speak as.
        chosen: What was chosen: names, ``all`` or ``sample:N``. A name is taken as it is where none can be listed.
        language: Of the suite, with its region if it names one; None where it is not known yet, and no language is
            missed then.

    Raises:
        BadInput: A choice is missing or wrong: one line that lists what there is.
    """
    if chosen.recording:
        _refuse_cloning(path, choices, chosen)
    speakers = _speakers(path, chosen.names, choices)
    if not speakers and choices.speakers and not chosen.recording:
        raise _missing(path, "speaker", choices.speakers)
    code = _checked(path, "language", chosen.language, choices.languages)
    if not code and choices.languages and language is not None:
        code = _language_for(language, choices.languages)
        if not code:
            raise _missing(path, "language", choices.languages)
    speaker = speakers[0] if len(speakers) == 1 else ""
    return dataclasses.replace(chosen, speaker=speaker, speakers=speakers if not speaker else (), language=code)


def _refuse_cloning(path: Path, choices: Choices, chosen: Voice) -> None:
    """Refuse a recording for a model that cannot use it, or beside a speaker of the model's own."""
    if not choices.clones:
        why = choices.no_cloning or f"it clones nobody ({CLONING} does)"
        raise BadInput(printable(f"{path}: expected no --tts-speaker-wav, as {why}; leave it out"))
    if chosen.names:
        what = f"expected no --tts-speaker beside --tts-speaker-wav, got {chosen.names[0]!r}; leave one of them out"
        raise BadInput(printable(f"{path}: {what}"))


def _speakers(path: Path, words: Sequence[str], choices: Choices) -> tuple[str, ...]:
    """Who was chosen, each once and in the model's order.

    Raises:
        BadInput: Somebody is not there, or a word may mean two things.
    """
    known, chosen = choices.speakers, dict[str, None]()
    for word in words:
        is_drawn = word == ALL or word.startswith("sample:")
        if is_drawn and word in known:
            what = f"--tts-speaker: it has a speaker named {word!r}, so this may mean two things; name all you want"
            raise BadInput(printable(f"{path}: {what}"))
        if is_drawn and choices.unlisted:
            what = f"--tts-speaker={word}: its speakers cannot be listed ({choices.unlisted}); name them"
            raise BadInput(printable(f"{path}: {what}"))
        if is_drawn:
            chosen |= dict.fromkeys(_drawn(path, word, known))
        elif choices.unlisted:
            chosen[word] = None
        else:
            chosen[_checked(path, "speaker", word, known)] = None
    places = {name: place for place, name in enumerate(known)}
    return tuple(sorted(chosen, key=lambda name: places.get(name, 0)))


def _drawn(path: Path, word: str, known: Sequence[str]) -> Sequence[str]:
    """What ``all`` or ``sample:N`` stands for. A larger sample of the same seed holds the smaller one."""
    if word == ALL:
        return known
    asked = _SAMPLE.fullmatch(word)
    if asked is None:
        raise BadInput(printable(f"--tts-speaker: expected {SAMPLE_IS}, got {word!r}"))
    wanted, seed, there = int(asked[1]), asked[2] or "0", max(1, len(known))
    if wanted > there:
        has = f"{there} speakers" if there > 1 else "one speaker"
        raise BadInput(printable(f"{path}: --tts-speaker={word}: it has {has}; ask for so many, or for {ALL}"))
    return sorted(known, key=lambda name: hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).digest())[
        :wanted
    ]


def _checked(path: Path, noun: str, name: str, known: Sequence[str]) -> str:
    if not name or name in known:
        return name
    if not known:
        raise BadInput(printable(f"{path}: expected no --tts-{noun}, as it has one {noun}, got {name!r}; leave it out"))
    near = did_you_mean(name, known) or f"expected one of {_listed(known)}"
    raise BadInput(printable(f"{path}: --tts-{noun}: it has no {noun} {name!r}; {near}"))


def _missing(path: Path, noun: str, known: Sequence[str]) -> BadInput:
    first = shlex.quote(cut(known[0], 80))
    several = f" (or several, or {ALL})" if noun == "speaker" else ""
    what = f"it has {len(known)} {noun}s, choose one with --tts-{noun}={first}{several}; there are {_listed(known)}"
    return BadInput(printable(f"{path}: {what}"))


def _language_for(tag: str, known: Sequence[str]) -> str:
    """What a model calls a language: the same code, else the language alone, else its only region if none was asked
    for; ``""`` where none is.
    """
    wanted, language = tag.replace("_", "-"), heard_as(tag)
    same = [code for code in known if code.lower().replace("_", "-") == wanted] or [
        code for code in known if code.lower() == language
    ]
    regional = [code for code in known if heard_as(code.lower().replace("_", "-")) == language]
    found = same[:1] or (regional if wanted == language else [])
    return found[0] if len(found) == 1 else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(cut(name, 40) for name in names[:MAX_SHOWN])
    more = f" and {len(names) - MAX_SHOWN} more: soundcheck list --model DIR" if len(names) > MAX_SHOWN else ""
    return shown + more
