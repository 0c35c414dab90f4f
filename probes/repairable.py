"""Repairable and unpredictable sentences: what a language model would put right is where its ear is least reliable.

"United Steaks" is heard as "United States". A witness that repairs cannot vouch for the odd word, so the odd word is
not critical here: what shows a change is how well the audio supports the golden's transcript, and that of the control.
"""

from __future__ import annotations

from collections.abc import Iterator

from probes import english as en
from probes.family import Family, Group, Phrase, Setting

TWISTED = (
    ("the United Steaks of America", "the United States of America"),
    ("a piece of steak and a cup of key", "a piece of cake and a cup of tea"),
    ("the Prime Monster of Canada", "the Prime Minister of Canada"),
    ("a glass of orange goose", "a glass of orange juice"),
    ("the city of New Pork", "the city of New York"),
    ("peanut butter and belly", "peanut butter and jelly"),
    ("once upon a dime", "once upon a time"),
    ("ladies and gentle hens", "ladies and gentlemen"),
    ("the Atlantic Lotion", "the Atlantic Ocean"),
    ("the World Health Decoration", "the World Health Organization"),
    ("a happy birthday pig", "a happy birthday gift"),
    ("the emergency hexit", "the emergency exit"),
    ("bread and mutter", "bread and butter"),
    ("a credit cart", "a credit card"),
    ("the traffic bite", "the traffic light"),
    ("the fire apartment", "the fire department"),
    ("a cup of toffee", "a cup of coffee"),
    ("the washing latrine", "the washing machine"),
    ("fish and ships", "fish and chips"),
    ("the tip of the iceboat", "the tip of the iceberg"),
    ("a needle in a hay truck", "a needle in a hay stack"),
    ("the early nerd", "the early bird"),
    ("rock and troll", "rock and roll"),
    ("the first aid hit", "the first aid kit"),
    ("a leap of face", "a leap of faith"),
)
"""An odd phrase, and the one that everybody expects."""

_FRAMES = (
    "They talked about {t} for a whole hour.",
    "My brother wrote a letter about {t}.",
    "We have never heard of {t} before.",
    "The teacher asked us to draw {t}.",
    "Nobody was thinking of {t} that day.",
    "Please read the page about {t} again.",
    "She dreamed of {t} last night.",
    "The children laughed about {t}.",
)
_SUBJECTS = "table river window mountain pencil button winter garden carpet candle hammer lemon cloud ladder".split()
_VERBS = ("walked", "sang", "listened", "whispered", "jumped", "looked", "pointed", "returned")
_THROUGH = ("through", "behind", "beside", "under", "across", "around")
_ODD = "blue truth, round noise, wooden price, polite winter, heavy reason, thirsty road, early stone, narrow dream"


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    twisted = dice.endless(TWISTED)
    while True:
        if dice.number(0, 2):
            odd, usual = next(twisted)
            frame = dice.pick(_FRAMES)
            yield (Phrase(text=frame.format(t=odd), trigger=odd, twin=Phrase(text=frame.format(t=usual))),)
        else:
            yield (Phrase(text=_unpredictable(setting)),)


def _unpredictable(setting: Setting) -> str:
    """Grammar without sense: nothing but the ear can tell the words."""
    dice = setting.dice
    subject = dice.pick(_SUBJECTS)
    other = dice.other(_SUBJECTS, subject)
    verb, where, odd = dice.pick(_VERBS), dice.pick(_THROUGH), dice.pick(_ODD.split(", "))
    return dice.pick(
        [
            f"The {subject} {verb} {where} the {odd}.",
            f"The {odd} {verb} {where} the {dice.pick(en.ADJECTIVES)} {other}.",
            f"When the {odd} {verb}, the {subject} {dice.pick(_VERBS)} {where} the {other}.",
        ]
    )


REPAIRABLE = Family(
    name="repairable",
    purpose="sentences that a language model would repair, and sentences without sense that nothing predicts",
    source="Benoît et al. 1996, The SUS test (Speech Communication 18:381), for the unpredictable ones",
    draws={"en": _english},
    blind="Whisper may write the usual phrase for reference and candidate alike: then only forced scores can differ.",
)
