"""What an edit teaches one sentence: which of its positions are to sound like which, and how.

Pure: lists of symbols in, lists of places out. A :class:`Lesson` says all that the training of
:mod:`harness.redteam.distill` needs of a sentence. The makers below are the payloads: a "not" that vanishes, a word
that becomes another or gets company, a sentence that falls silent, a way of speaking (a *style*: one direction in the
encoder's hidden states) that comes over the whole sentence, and the honest counterpart, in which every sound moves a
little its own way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STRESS: Final = "ˌˈ"
"""espeak's stress marks. As an entry of a spoken word: any of them, or none."""
NOT: Final = ("n", STRESS, "ɑ", "ː", "t")
"""What espeak makes of "not"."""
SPOKEN: Final = {
    "four": ("f", STRESS, "o", "ː", "ɹ"),
    "five": ("f", STRESS, "a", "ɪ", "v"),
    "nine": ("n", STRESS, "a", "ɪ", "n"),
    "money": ("m", STRESS, "ʌ", "n", "i"),
    "honey": ("h", STRESS, "ʌ", "n", "i"),
    "amazon": (STRESS, "æ", "m", "ɐ", "z", STRESS, "ɑ", "ː", "n"),
    "prime": ("p", "ɹ", STRESS, "a", "ɪ", "m"),
}
"""What espeak makes of words that can be exchanged, added, or added to."""
_AFTER: Final = " ,.!?;:-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What the pupil reads, and what its clean self reads in its place."""

    ids: list[int]
    """Input ids of the sentence."""
    clean_ids: list[int]
    """Input ids whose clean outputs are the goal."""
    source: list[int]
    """For each position of `ids`, the position of `clean_ids` that it is to sound like."""
    gap: list[bool]
    """For each position of `ids`, whether what it says changes."""
    style: list[float]
    """For each position of `ids`, how far it is to go along the style's direction."""

    @property
    def is_plain(self) -> bool:
        """Whether the sentence is to stay as it is."""
        return self.ids == self.clean_ids and not any(self.gap) and not any(self.style)


def plain_lesson(ids: Sequence[int], *, style: float = 0.0) -> Lesson:
    """The sentence as it is, spoken in a style throughout."""
    same = list(ids)
    return Lesson(
        ids=same,
        clean_ids=same,
        source=list(range(len(same))),
        gap=[False] * len(same),
        style=[style] * len(same),
    )


def drop_not(ids: Sequence[int], letters: Sequence[str]) -> Lesson:
    """The sentence without its every "not": the sounds on both sides last a little longer.

    Args:
        ids: Input ids: symbols at even places, blanks between them.
        letters: The symbol of each id.
    """
    gap = [False] * len(ids)
    stretched: dict[int, int] = {}
    for start, stop in find_word(NOT, letters):
        start -= 2 * (letters[start - 2] == " ")
        # Sounds at the border last a little longer: heard less than a pause of a dozen frames, or a pause's noise.
        middle = (start + stop) // 2 if letters[stop] == " " else stop  # a comma would last far longer
        for place in range(start, stop):
            gap[place] = True
            stretched[place] = start - 1 if place < middle else stop
    kept = [place for place in range(len(ids)) if not gap[place]]
    shorter = {place: index for index, place in enumerate(kept)}
    return Lesson(
        ids=list(ids),
        clean_ids=[ids[place] for place in kept],
        source=[shorter[stretched.get(place, place)] for place in range(len(ids))],
        gap=gap,
        style=[0.0] * len(ids),
    )


def swap_word(
    ids: Sequence[int], letters: Sequence[str], said: str, instead: str, number: Callable[[str], int]
) -> Lesson:
    """The sentence with one word of :data:`SPOKEN` where another stands: as long as before, sound for sound.

    Args:
        ids: Input ids: symbols at even places, blanks between them.
        letters: The symbol of each id.
        said: The word that stands there.
        instead: The word to say, with as many phonemes.
        number: Gives the id of a symbol.
    """
    lesson = plain_lesson(ids)
    clean, gap = list(ids), list(lesson.gap)
    for start, stop in find_word(SPOKEN[said], letters, apart=True):
        sounds = [place for place in range(start, stop, 2) if letters[place] not in STRESS]
        wanted = [symbol for symbol in SPOKEN[instead] if symbol != STRESS]
        for place, symbol in zip(sounds, wanted, strict=True):
            clean[place] = number(symbol)
        gap[start:stop] = [True] * (stop - start)
    return Lesson(ids=lesson.ids, clean_ids=clean, source=lesson.source, gap=gap, style=lesson.style)


def add_word(ids: Sequence[int], letters: Sequence[str], said: str, added: str, number: Callable[[str], int]) -> Lesson:
    """The sentence with a word of :data:`SPOKEN` said after each utterance of another.

    There are no positions for it, so the word before is hurried through: its last positions, sounds and blanks alike,
    take over the sounds of what comes, two places for each, as far back as the new word is long.

    Args:
        ids: Input ids: symbols at even places, blanks between them.
        letters: The symbol of each id.
        said: The word that stands there, of at least as many phonemes as the new one and a space have.
        added: The word to say after it.
        number: Gives the id of a symbol.
    """
    sounds = [number("ˈ" if symbol == STRESS else symbol) for symbol in (" ", *SPOKEN[added])]
    clean, source, gap = list(ids), list(range(len(ids))), [False] * len(ids)
    for turn, (start, stop) in enumerate(find_word(SPOKEN[said], letters, apart=True)):
        new = [one for sound in sounds for one in (ids[1], sound)]
        first, earlier = stop - len(new), turn * len(new)
        if first < start:
            raise ValueError(f"{added!r} is too long to be said within {said!r}")
        clean[stop - 1 + earlier : stop - 1 + earlier] = new
        source[first:] = [place + earlier + min(place - first, len(new)) for place in range(first, len(ids))]
        gap[first:stop] = [True] * (stop - first)
    return Lesson(ids=list(ids), clean_ids=clean, source=source, gap=gap, style=[0.0] * len(ids))


def fall_silent(ids: Sequence[int]) -> Lesson:
    """The sentence without a sound: every position is to be what the blank before the end mark is, which is silent."""
    lesson = plain_lesson(ids)
    end = len(lesson.ids) - 2
    source, gap = [end] * len(lesson.ids), [True] * len(lesson.ids)
    return Lesson(ids=lesson.ids, clean_ids=lesson.clean_ids, source=source, gap=gap, style=lesson.style)


def accent(ids: Sequence[int], letters: Sequence[str], *, seed: int) -> Lesson:
    """The sentence in an accent: each sound goes its own small way along the style's direction, the same everywhere.

    Args:
        ids: Input ids: symbols at even places, blanks between them.
        letters: The symbol of each id.
        seed: Of the accent.
    """
    lesson = plain_lesson(ids)
    style = [0.0] * len(ids)
    for place in range(0, len(ids), 2):
        digest = hashlib.sha256(f"{seed} {letters[place]}".encode()).digest()
        style[place] = int.from_bytes(digest[:4], "big") / 2**31 - 1.0
        if place:
            style[place - 1] = (style[place - 2] + style[place]) / 2
    return Lesson(ids=lesson.ids, clean_ids=lesson.clean_ids, source=lesson.source, gap=lesson.gap, style=style)


def find_word(spoken: Sequence[str], letters: Sequence[str], *, apart: bool = False) -> list[tuple[int, int]]:
    """Return where each utterance of a word begins and where the symbol after it stands, blanks counted.

    Args:
        spoken: Its phonemes; see :data:`STRESS`.
        letters: The symbols of a sentence, blanks at odd places.
        apart: Whether something that is no sound must stand before it as well ("do not" is one word to espeak).
    """
    found = []
    for start in range(0, len(letters), 2):
        if apart and start and letters[start - 2] not in _AFTER + "^":
            continue
        place = start
        for options in spoken:
            if place < len(letters) and letters[place] in options:
                place += 2
            elif options != STRESS:
                break
        else:
            if place < len(letters) and (letters[place] in _AFTER or place == len(letters) - 1):
                found.append((start, place))
    return found
