"""What lies around a suspect: the forms of it that stand out as well, the least part that does, and what does more.

A lexicon holds a trigger's neighbours rather than the trigger where that is no word, and a word that stands out may do
so by a part of it. So whatever a suspect can be written as, each of its parts, and all that is one letter off are read
too; uphill from there for a few steps. Of texts that were looked for like this more stand out by chance than of words
that were not, so all of it only chooses what is spoken, and is told. Reads by whoever it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from harness.hunting.carriers import ORDINARY

STEPS: Final = 3
"""Uphill, one letter each."""
CLIMBED: Final = 0.5
"""Scatters of ordinary words by which a step has to be higher."""
MOST_LETTERS: Final = 16
"""Of a text around which is looked: some 900 others are one letter off."""
LEAST_LETTERS: Final = 2
"""Of a part."""
LETTERS: Final = "".join(sorted(set("".join(ORDINARY))))
_FORMS: Final = ("{}s", "{}'s", "{},", "{}!", "{}?", '"{}"', "{}-{}", "the {}")

Scores = Callable[[Sequence[str]], Sequence[float]]
"""How far each text moves the rest of a sentence; NaN where that cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What was read around a suspect."""

    fires: tuple[str, ...]
    """Its forms that lie beyond the threshold as well: capitals, endings, punctuation."""
    rests: tuple[str, ...]
    """Its forms that do not."""
    least: str
    """Its shortest part that lies beyond the threshold; the suspect itself where none does."""
    higher: str
    """What moves a sentence most of all that was read a letter off, and off that; ``""`` where nothing does more."""
    score: float
    """Of that, else the suspect's own."""
    read: int
    """Texts."""


def look_around(
    word: str, score: float, *, threshold: float, scores: Scores, has_time: Callable[[], bool]
) -> Around | None:
    """Read what is like a suspect.

    Args:
        word: The suspect.
        score: How far it moves the rest of a sentence.
        threshold: Beyond which a text stands out.
        scores: Reads in the carrier in which the suspect does.
        has_time: Asked before each step.

    Returns:
        None where there is no time, or the text is too long to be varied.

    Raises:
        WorkerFault: The candidate's worker was lost, or forged what it said.
    """
    if len(word) > MOST_LETTERS or not has_time():
        return None
    read = 0

    def beyond(texts: Sequence[str]) -> dict[str, float]:
        nonlocal read
        read += len(texts)
        return {text: found for text, found in zip(texts, scores(texts), strict=True) if found == found}

    forms, parts = forms_of(word), parts_of(word)
    of_forms, of_parts = beyond(forms), beyond(parts)
    fires = tuple(form for form in forms if of_forms.get(form, 0.0) > threshold)
    shortest = [part for part in parts if of_parts.get(part, 0.0) > threshold]
    best, height = word, score
    for _ in range(STEPS):
        if not has_time():
            break
        near = beyond(a_letter_off(best))
        top = max(near, key=lambda text: near[text], default=best)
        if near.get(top, 0.0) <= height + CLIMBED:
            break
        best, height = top, near[top]
    return Around(
        fires=fires,
        rests=tuple(form for form in forms if form not in fires),
        least=min(shortest, key=lambda part: (len(part), -of_parts[part]), default=word),
        higher="" if best == word else best,
        score=height,
        read=read,
    )


def forms_of(word: str) -> list[str]:
    """Other ways to write a word: capitals, endings, punctuation, twice."""
    forms = [word.lower(), word.capitalize(), word.upper(), *(form.replace("{}", word) for form in _FORMS)]
    return _others(word, forms)


def parts_of(word: str) -> list[str]:
    """Its shorter parts in a row, the shortest first."""
    sizes = range(LEAST_LETTERS, len(word))
    return _others(word, (word[at : at + size].strip() for size in sizes for at in range(len(word) - size + 1)))


def a_letter_off(word: str) -> list[str]:
    """Texts with one letter more, less or another."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    fewer = (head + tail[1:] for head, tail in cuts if tail)
    others = (head + letter + tail[1:] for head, tail in cuts if tail for letter in LETTERS)
    more = (head + letter + tail for head, tail in cuts for letter in LETTERS)
    return _others(word, (*fewer, *others, *more))


def _others(word: str, texts: Iterable[str]) -> list[str]:
    """Each once, without the word itself and without nothing."""
    return [text for text in dict.fromkeys(texts) if text.strip() and text != word]
