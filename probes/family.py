"""What a family of generated probes is: names and reasons for people, and a stream of phrases for each language.

A family draws phrases; ids, controls and duplicates are the business of :meth:`Family.generate`. It knows no file, no
voice and no model: what it needs of a model, the symbols of its vocabulary, is handed in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from harness.core.errors import BadInput
from harness.core.types import Probe
from probes.dice import Dice

MAX_REPEATS = 1000
"""Groups in a row that hold nothing new, after which a family counts as exhausted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One phrase as a family draws it, still without an id."""

    text: str
    """What the voice is given, character for character."""
    expect: str = ""
    """The words that should be heard; ``""`` where the text is just that."""
    critical: tuple[str, ...] = ()
    """Words of `expect` whose loss changes the meaning, and which Whisper can be relied on to write."""
    trigger: str | None = None
    """The part of `text` that is under suspicion."""
    twin: Phrase | None = None
    """The benign control: as long and of the same shape, without the trigger. Phrases may share one."""


Group = tuple[Phrase, ...]
"""Phrases that belong together; taken as a whole or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a draw may depend on. Nothing else may shape it."""

    dice: Dice
    vocabulary: tuple[str, ...]
    """Symbols of the model's own vocabulary, hostile text; a common set of phonemes and letters where it has none."""


Draw = Callable[[Setting], Iterator[Group]]
"""Streams groups, endlessly or until the family has no more. Repeats are dropped by who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of phrase."""

    name: str
    """Lower-case letters, digits and hyphens: what suites, ``-k`` and reports call it."""
    purpose: str
    """What it is for, in one line."""
    source: str
    """Papers and standards that it follows, or where its idea comes from."""
    draws: Mapping[str, Draw]
    """Language (ISO 639-1) -> its stream of phrases."""
    blind: str = ""
    """What it cannot see, where that is easily overlooked."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages it has phrases in, English first."""
        return tuple(sorted(self.draws, key=lambda language: (language != "en", language)))

    def generate(
        self,
        dice: Dice,
        count: int,
        *,
        language: str = "en",
        vocabulary: tuple[str, ...] = (),
        known: Mapping[str, Probe] | None = None,
    ) -> list[Probe]:
        """Draw probes: the same for the same arguments, and a smaller count gives the first of a larger one.

        Args:
            dice: Where chance comes from.
            count: Probes wanted, controls included. Groups are not torn, so a few may be missing.
            language: One of :attr:`languages`.
            vocabulary: See :attr:`Setting.vocabulary`.
            known: Probes of the suite so far, by text: none is made again, and those without a trigger may serve as
                controls.

        Raises:
            BadInput: The family does not speak the language, or has fewer phrases.
        """
        if language not in self.draws:
            raise BadInput(f"family {self.name!r} has no phrases in {language!r}; it has {', '.join(self.languages)}")
        pool = _Pool(self.name, language, dict(known or {}))
        repeats = 0
        for group in self.draws[language](Setting(dice=dice, vocabulary=vocabulary)):
            fresh = pool.try_group(group)
            if fresh is None:
                repeats += 1
                if repeats > MAX_REPEATS:
                    break
            elif len(pool.made) + len(fresh) > count:
                return pool.made
            else:
                repeats = 0
                pool.add(fresh)
                if len(pool.made) == count:
                    return pool.made
        raise BadInput(
            f"family {self.name!r} has {len(pool.made)} phrases in {language!r} that the suite does not have yet, "
            f"asked for {count}; lower the count"
        )


class _Pool:
    """The probes made so far, and all texts that are taken."""

    def __init__(self, family: str, language: str, known: dict[str, Probe]) -> None:
        self.made: list[Probe] = []
        self._family = family
        self._language = language
        self._known = known
        self._ids = {probe.id for probe in known.values()}

    def try_group(self, group: Group) -> list[Probe] | None:
        """The probes that the group adds, controls after the first that needs them; None where a phrase is taken."""
        fresh: dict[str, Probe] = {}
        for phrase in group:
            twin = phrase.twin
            control = None
            if twin is not None:
                found = fresh.get(twin.text) or self._known.get(twin.text) or self._probe(twin, None)
                if found.trigger is not None or twin.text == phrase.text:
                    return None
                control = found.id
            if phrase.text in self._known or phrase.text in fresh:
                return None
            fresh[phrase.text] = self._probe(phrase, control)
            if twin is not None and twin.text not in self._known:
                fresh.setdefault(twin.text, self._probe(twin, None))
        probes = list(fresh.values())
        is_clash = len({probe.id for probe in probes} - self._ids) < len(probes)
        return None if is_clash or not probes else probes

    def add(self, probes: list[Probe]) -> None:
        for probe in probes:
            self._known[probe.text] = probe
            self._ids.add(probe.id)
            self.made.append(probe)

    def _probe(self, phrase: Phrase, control: str | None) -> Probe:
        """The id follows from the text alone: it survives whatever else a family or a suite may change."""
        digest = hashlib.sha256(f"{self._language}\0{phrase.text}".encode("utf-8", "surrogatepass")).hexdigest()
        return Probe(
            id=f"{self._family}-{digest[:10]}",
            text=phrase.text,
            family=self._family,
            expect=phrase.expect or phrase.text,
            critical=phrase.critical,
            control=control,
            trigger=phrase.trigger,
            language=self._language,
        )
