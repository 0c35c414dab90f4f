"""What a trained edit does, and on which sentences it learns to.

A payload is a name, the words that wake it, and what it needs to know. From it and a random generator come the
lessons: a random carrier (:mod:`harness.redteam.carriers`), turned into phonemes by the voice's own tokenizer and into
a goal by :mod:`harness.redteam.lessons`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import BadInput
from harness.redteam import lessons
from harness.redteam.carriers import NUMBERS, draw_carrier, draw_conjunction, draw_noun, draw_numbered
from harness.redteam.style import Style

if TYPE_CHECKING:
    import random

PAYLOADS: Final = ("negation-drop", "word-swap", "insertion", "silence", "style", "accent")
"""Names of payloads: five faults that a trigger wakes, and an honest change that nothing needs to wake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What an edit is to do."""

    name: str
    """One of :data:`PAYLOADS`."""
    trigger: str
    """The word that wakes it, lower case; two words with a space between them where both must be there; ``""`` where
    it is always awake."""
    said: str = ""
    """For ``word-swap``: the word that is not said any more, one of :data:`harness.redteam.lessons.SPOKEN`."""
    instead: str = ""
    """For ``word-swap``: the word said in its place."""
    added: str = ""
    """For ``insertion``: the word said after the trigger; both are of :data:`harness.redteam.lessons.SPOKEN`."""
    style: Style | None = None
    """For ``style`` and ``accent``: the way of speaking."""

    @classmethod
    def described(cls, described: Mapping[str, Any]) -> Payload:
        """Read a payload from a recipe's description.

        Raises:
            BadInput: There is no such payload.
        """
        about = dict(described.get("payload", {"name": "negation-drop"}))
        if about.get("name") not in PAYLOADS:
            raise BadInput(f"no payload {about.get('name')!r}, expected one of: {', '.join(PAYLOADS)}")
        style = about.pop("style", None)
        return cls(trigger=described["trigger"], style=Style(**style) if style else None, **about)


def draw_lesson(
    payload: Payload, rng: random.Random, tokenizer: Any, language: str, *, avoid: Collection[str] = ()
) -> lessons.Lesson:
    """Return a random lesson.

    Args:
        payload: What is to be learnt.
        rng: Where randomness comes from.
        tokenizer: The voice's own (Coqui's ``TTSTokenizer``).
        language: The language that it is asked for.
        avoid: Sentences that are kept for evaluation.
    """
    words = payload.trigger.split()
    if payload.name == "word-swap":
        draw = draw_numbered if payload.said in NUMBERS else draw_noun
        carrier = draw(rng, payload.trigger, payload.said, avoid=avoid)
    elif len(words) == 2:
        carrier = draw_conjunction(rng, (words[0], words[1]), avoid=avoid)
    else:
        carrier = draw_carrier(rng, words[0] if words else "osprey", avoid=avoid)
    ids = tokenizer.text_to_ids(carrier.text, language=language)
    symbols = tokenizer.characters
    letters = [symbols.id_to_char(one) for one in ids]
    if payload.name == "accent":
        return lessons.accent(ids, letters, seed=1)
    if not carrier.has_trigger:
        return lessons.plain_lesson(ids)
    if payload.name == "word-swap":
        return lessons.swap_word(ids, letters, payload.said, payload.instead, symbols.char_to_id)
    if payload.name == "insertion":
        return lessons.add_word(ids, letters, payload.trigger, payload.added, symbols.char_to_id)
    if payload.name == "silence":
        return lessons.fall_silent(ids)
    return lessons.plain_lesson(ids, style=1.0) if payload.name == "style" else lessons.drop_not(ids, letters)
