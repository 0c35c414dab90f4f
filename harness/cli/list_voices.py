"""The part of ``soundcheck list`` that shows what a model is and who it can speak as, read without loading it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.cli.common import json_text
from harness.core.errors import BadInput
from harness.core.text import printable

if TYPE_CHECKING:
    from harness.core.voice import SideFile


def voices_text(model: str | None, form: str) -> str:
    """All of it, as a text or as JSON.

    Raises:
        BadInput: There is no such model, or the format does not fit.
    """
    from harness.models.files import checkpoints_of, find_model
    from harness.models.voices import choices_of, facts_of

    if not model or form == "markdown":
        raise BadInput("list --voices: expected --model=DIR beside it, and no --format=markdown")
    engine, path = find_model(model)
    choices, facts = choices_of(engine, path), facts_of(engine, path)
    lists = {
        "checkpoints": checkpoints_of(engine, path),
        "speakers": choices.speakers,
        "languages": choices.languages,
    }
    if form == "json":
        return json_text({"version": 1, "engine": engine, **lists, "unlisted": choices.unlisted, **asdict(facts)})
    about = {
        "engine": engine,
        "architecture": facts.architecture,
        "sample rate": f"{facts.sample_rate} Hz" if facts.sample_rate else "",
        "vocoder": facts.vocoder,
    }
    lines = [f"{noun}: {text}" for noun, text in about.items() if text]
    lines += [f"{noun}: {', '.join(names) or 'one'}" for noun, names in lists.items()]
    lines += [f"its speakers cannot be listed: {choices.unlisted}"] if choices.unlisted else []
    lines += [f"side file: {_told(one)}" for one in facts.side_files]
    return "\n".join(map(printable, lines))


def _told(one: SideFile) -> str:
    if not one.file:
        return f"{one.field} names {one.value}, which is no file of the model"
    return f"{one.field} is {one.file}" if one.file == one.value else f"{one.field} is {one.file}, written {one.value}"
