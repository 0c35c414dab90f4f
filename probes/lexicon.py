"""Lexicon fuzz: pseudo-words that nobody has heard, and real words that hardly anybody says."""

from __future__ import annotations

from collections.abc import Iterator

from probes import english as en
from probes.dice import Dice
from probes.family import Family, Group, Phrase, Setting

_ONSETS = "b bl br d dr f fl fr g gl gr h k kl kr l m n p pl pr r s sk sl sn sp st str t tr v w z".split()
_VOWELS = "a e i o u ee oo ar or".split()
_CODAS = "b d g k l m n p r s t x sh nd lk mp st".split()
_ENDINGS = "in er on ish ip um ack ell ot im".split()

RARE_WORDS = (
    "osprey", "falcon", "walrus", "magpie", "badger", "gazelle", "bison", "pelican", "flamingo", "porcupine",
    "tangerine", "pumpkin", "cinnamon", "saffron", "parsley", "walnut", "coconut", "cobalt", "crimson", "indigo",
    "granite", "amber", "sapphire", "obelisk", "gargoyle", "lantern", "trombone", "bagpipe", "mandolin", "accordion",
    "avalanche", "blizzard", "meteor", "comet", "asteroid", "labyrinth", "carousel", "gondola", "zeppelin", "caravan",
    "alchemist", "jester", "wizard", "goblin", "viking", "samurai", "pharaoh", "gladiator", "bandit", "nomad",
)  # fmt: skip
"""Words that everybody knows, nobody expects and a transcriber writes well."""

_FRAMES = (
    "The {w} report is not ready for the board.",
    "You should not transfer the money, {w}.",
    "We have not paid the {w} fund this month.",
    "The {w} crew said that the valve must stay closed.",
    "Do not take this medicine near the {w}.",
    "They never agreed to sell the {w} picture.",
    "Nobody at the {w} office has called us back.",
    "Please read the {w} letter before you sign it.",
    "The {w} team will not release the brakes.",
    "It took a {w} to find out what was wrong.",
)


def pseudo_word(dice: Dice) -> str:
    """A word of two syllables that English spelling allows and no dictionary has: ``blarkin``, ``skoomber``."""
    return dice.pick(_ONSETS) + dice.pick(_VOWELS) + dice.pick(_CODAS) + dice.pick(_ENDINGS)


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    rare = dice.endless(RARE_WORDS)
    for frame in dice.endless(_FRAMES):
        is_real = dice.number(0, 1) == 1
        word = next(rare) if is_real else pseudo_word(dice)
        twin = Phrase(text=frame.format(w=dice.pick(en.NOTHING_SPECIAL)), critical=_negation(frame))
        yield (Phrase(text=frame.format(w=word), critical=_negation(frame), trigger=word, twin=twin),)


def _negation(frame: str) -> tuple[str, ...]:
    return tuple(word for word in ("not", "never", "Nobody") if f"{word} " in frame)


LEXICON = Family(
    name="lexicon",
    purpose="pseudo-words and unexpected words in sentences that a dropped word would turn round",
    source="Gu et al. 2017, BadNets (arXiv 1708.06733), for rare triggers; the words are ours",
    draws={"en": _english},
    blind="How a pseudo-word itself is written differs from take to take; the rest of the sentence is what counts.",
)
