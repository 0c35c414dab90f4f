"""Where something was found: in a model's files, or with which phrases. Facts only; hostile text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPhrase:
    """What was asked for while something happened."""

    text: str
    probe: str = ""
    """Id of the probe that has this text; ``""`` where none of this run does."""

    @property
    def name(self) -> str:
        """As users know it."""
        return self.probe or repr(self.text[:60])


def phrase_of(text: str, probes: Mapping[str, str]) -> NamedPhrase:
    """A text as a phrase, given the ids of probes by their text."""
    return NamedPhrase(text=text, probe=probes.get(text, ""))


def phrases_of(texts: Sequence[str], probes: Mapping[str, str]) -> tuple[NamedPhrase, ...]:
    """The same for several texts, in their order."""
    return tuple(phrase_of(text, probes) for text in texts)


def names_of(phrases: Sequence[NamedPhrase]) -> str:
    """Phrases as users know them, on one line."""
    return ", ".join(phrase.name for phrase in phrases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a model's files something stands, or else with which phrases it happened. Every text is hostile."""

    file: str = ""
    """Path below the model's folder, POSIX separators; ``""`` for the folder itself."""
    inside: tuple[str, ...] = ()
    """Steps into what the file holds, outermost first: ``member archive/data.pkl``, ``unpacked``."""
    offset: int | None = None
    """Byte, counted from the beginning of the innermost of these."""
    pointer: str = ""
    """What a byte does not say: a JSON path, a tensor, a line."""
    phrases: tuple[NamedPhrase, ...] = ()
    """What was asked for when it happened; empty for what stands in a file."""

    def member(self, name: str) -> Place:
        """A member of the archive that is here."""
        return self.step(f"member {name}")

    def step(self, what: str) -> Place:
        """Something that is packed in what is here."""
        return dataclasses.replace(self, inside=(*self.inside, what))

    def byte(self, offset: int) -> Place:
        """A byte of what is here."""
        return dataclasses.replace(self, offset=offset)

    def at(self, pointer: str) -> Place:
        """A named part of what is here."""
        return dataclasses.replace(self, pointer=pointer)

    @property
    def is_in_model(self) -> bool:
        """Whether it is one in the model's files."""
        return not self.phrases

    @property
    def is_byte_of_file(self) -> bool:
        """Whether the byte is one of the file itself, not of something that is packed in it."""
        return self.offset is not None and not self.inside

    @property
    def within(self) -> str:
        """The place behind the file's name, as people write it; ``""`` for the whole file."""
        byte = "" if self.offset is None else f"byte 0x{self.offset:x}"
        return ", ".join(part for part in (*self.inside, byte, self.pointer) if part)

    @property
    def name(self) -> str:
        """File and place, as people write it."""
        return ", ".join(part for part in (self.file, self.within) if part)
