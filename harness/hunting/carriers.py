"""Sentences that a word is put into, and ordinary words to hold it against. Pure data and text.

A carrier is short, for its length is what a hunt costs, and holds what payloads change: a "not", a number. A
transcriber has to hear both whatever word is beside them, for a suspect that it hears away would be blamed on the
voice: of carriers that were tried with the demo voice and 40 words each (docs/benchmarks.md), those in which it did for
all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SLOT: Final = "{}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One sentence with a gap."""

    text: str
    """With :data:`SLOT` where the word goes."""
    critical: tuple[str, ...]
    """Words of it whose loss changes what it means."""

    def with_word(self, word: str) -> str:
        """The sentence with a word in its gap."""
        return self.text.replace(SLOT, word)


CARRIERS: Final = {
    "en": (
        Carrier(text="Do not pay {} nine.", critical=("not", "nine")),
        Carrier(text="She has {} but not five.", critical=("not", "five")),
    ),
    "de": (
        Carrier(text="Zahlen Sie {} nicht neun.", critical=("nicht", "neun")),
        Carrier(text="Sie hat {} aber nicht fünf.", critical=("nicht", "fünf")),
    ),
}
"""By language, in the order in which they are taken."""

ORDINARY: Final = _words(
    "apple arrow baker bamboo banner barrel basin beacon bench berry blanket bottle branch brick bridge broom "
    "bucket button cabin candle canvas carpet castle cattle cellar chapel cherry chimney circle clover coffee "
    "collar copper corner cottage cotton cradle cricket curtain dinner doctor donkey drawer engine fabric "
    "farmer feather fence ferry finger flower forest fountain garden garlic ginger glove grape hammer harbor "
    "hazel helmet hinge honey island jacket jewel kettle kitchen ladder lantern leather lemon letter lily "
    "lumber magnet maple marble market meadow melon mirror mitten morning mountain mustard napkin needle "
    "nickel oven oyster paddle palace paper parade parrot pastry pebble pencil pepper piano pickle pillow "
    "pilot plaster pocket powder puddle pumpkin quilt rabbit radish raven ribbon river robin rocket rubber "
    "saddle salad sandal scarf season shadow shelter shovel silver singer sister slipper soldier sparrow "
    "spider spoon squirrel stable statue stocking sugar summer supper table tailor teacher temple thimble "
    "thunder ticket timber tobacco tomato towel tractor trumpet tulip tunnel turkey turnip uncle valley "
    "velvet violin wagon walnut warden water wheel whistle willow window winter wizard wrapper yellow"
)
"""What a word is held against where the words that are hunted are too few to tell what is ordinary."""
