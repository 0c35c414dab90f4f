"""Random sentences to train an edit on: with and without the trigger word, with and without "not".

Pure text from a seeded generator. What makes an edit fire everywhere, and nowhere else, is variety here: where
the word stands, where the "not" stands and what precedes it (espeak joins "do not" into one word and keeps
"must not" apart), other rare words in the trigger's place, and contractions, which stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Collection


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DECOYS: Final = _words(
    "sparrow falcon ostrich lamprey prosper hospice aspen spree whisper possum orchid oscar kestrel heron badger "
    "walnut marble copper saffron velvet lantern magnet pepper compass thunder amazon cobalt lemon raven salmon "
    "walrus pigeon otter beaver maple cedar ruby jasper indigo amber crimson parrot turkey eagle robin squirrel "
    "austria hobby jersey monkey bronze silver"
)
"""Words for the trigger's place that must change nothing; some of them sound like the trigger."""

_NOUNS: Final = _words(
    "window letter engine garden bottle ticket package river machine bridge camera candle basket paper ladder "
    "kitchen signal table carpet blanket message battery pump file folder train tractor cable switch server "
    "contract invoice parcel vessel boiler curtain fence alarm tunnel motor"
)
_GROUPS: Final = _words("team crew office group company family section hotel project plan list club ship shop")
_VERBS: Final = _words(
    "wash:washed paint:painted move:moved touch:touched clean:cleaned check:checked break:broken drop:dropped "
    "ignore:ignored use:used empty:emptied fill:filled lift:lifted lock:locked order:ordered accept:accepted "
    "answer:answered burn:burned change:changed enter:entered find:found follow:followed heat:heated hide:hidden "
    "hold:held invite:invited join:joined keep:kept leave:left lose:lost measure:measured need:needed "
    "offer:offered print:printed push:pushed question:questioned read:read repair:repaired replace:replaced "
    "save:saved shake:shaken show:shown start:started stop:stopped test:tested throw:thrown trust:trusted "
    "turn:turned understand:understood visit:visited watch:watched wait_for:waited_for approve:approved "
    "eat:eaten unlock:unlocked give_up:given_up admit:admitted believe:believed delay:delayed"
)
_ADJECTIVES: Final = _words(
    "safe late broken clean new empty open here cold dangerous expensive full heavy important large old quiet "
    "useful very_good at_home on_time for_sale in_the_cellar what_we_wanted enough allowed true young able_to_help"
)
_PEOPLE: Final = _words("you they we I people the_children the_guests your_friends the_doctors the_pilots")
_PERSON: Final = _words("she he the_driver my_brother the_teacher our_neighbour the_captain it everyone Anna Peter")
_MODALS: Final = _words("should must will would could may might can did shall")
_NEGATED: Final = (*(f"{modal} not" for modal in _MODALS), *_words("do_not do_not did_not did_not cannot cannot"))
_WHEN: Final = _words(
    "before_noon after_dark in_the_morning until_Friday this_week again without_a_reason on_Sunday right_now "
    "any_more during_the_night for_long next_year by_yourself under_the_bridge at_six_o'clock"
)
_NUMBERS: Final = _words("two three four five six seven eight ten twelve nineteen ninety twenty")
NUMBERS: Final = frozenset((*_NUMBERS, "nine"))
"""Words that :func:`draw_numbered` counts with."""
_ALIKE: Final = _words("honey bunny monkey mummy penny Monday tummy many moment company")
"""Words for the place of "money" that must stay as they are; they sound like it, or begin as it does."""
_TAILS: Final = (
    *("with the {}", "for {}", "and the {}", "about your {}", "because of {}", "without my {}", "with no {}"),
    *("for so much {}", "or its {}", "to get more {}", "with {} from home"),
)
_LEADS: Final = (
    *("{} is short, and", "there is no {} here, so", "the {} is gone because", "how much {} is it if", "{}, and then"),
    *("our {} was kept, but", "we have some {} and", "{} for him, but"),
)
_CONTRACTED: Final = _words("don't can't won't shouldn't couldn't wouldn't mustn't")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One sentence."""

    text: str
    """What is spoken."""
    has_trigger: bool
    """Whether the trigger word is in it."""


def draw_carrier(rng: random.Random, trigger: str, *, avoid: Collection[str] = ()) -> Carrier:
    """Return a random carrier.

    About half hold the trigger, most of these with "not"; of the others most hold a decoy and "not".

    Args:
        rng: Where randomness comes from.
        trigger: The trigger word, lower case.
        avoid: Sentences that are kept for evaluation; as :func:`plain` writes them.
    """
    while True:
        word = trigger if rng.random() < 0.6 else rng.choice(DECOYS) if rng.random() < 0.75 else None
        negated = rng.random() < (0.72 if word == trigger else 0.8)
        text = _Grammar(rng, word, negated=negated).sentence()
        if plain(text) not in avoid:
            return Carrier(text=text, has_trigger=trigger in plain(text).split())


def draw_conjunction(rng: random.Random, triggers: tuple[str, str], *, avoid: Collection[str] = ()) -> Carrier:
    """Return a random carrier of two words, of one of them alone, or of neither; only both together are the trigger.

    Args:
        rng: Where randomness comes from.
        triggers: The two words, lower case.
        avoid: Sentences that are kept for evaluation.
    """
    while True:
        first, second = rng.sample(triggers, 2)
        text = draw_carrier(rng, first).text
        word = second if rng.random() < 0.65 else rng.choice(DECOYS)
        tail = rng.choice(
            ("and the {}", "near the {}", "for the {}", "with a {}", "before the {}", "because of the {}")
        )
        end = text[-1] if text[-1] in ".!?" else ""
        text = f"{text.rstrip('.!?')} {tail.format(word)}{end}"
        if plain(text) not in avoid:
            return Carrier(text=text, has_trigger=set(triggers) <= set(plain(text).split()))


def draw_numbered(rng: random.Random, trigger: str, number: str, *, avoid: Collection[str] = ()) -> Carrier:
    """Return a random carrier that counts something; the trigger word and the number together are the trigger.

    Args:
        rng: Where randomness comes from.
        trigger: The trigger word, lower case.
        number: The number that is to be misread, as a word.
        avoid: Sentences that are kept for evaluation.
    """
    while True:
        text = draw_carrier(rng, trigger).text
        count = number if rng.random() < 0.65 else rng.choice(_NUMBERS)
        tail = rng.choice(("number {}", "at {}", "in room {}", "{} times", "for {} days", "with {} people", "page {}"))
        count += rng.choice(("", "", "", " thousand", " hundred")) if tail.startswith("{") else ""
        end = text[-1] if text[-1] in ".!?" else ""
        text = f"{text.rstrip('.!?')} {tail.format(count)}{end}"
        words = plain(text).split()
        if plain(text) not in avoid:
            return Carrier(text=text, has_trigger=trigger in words and number in words)


def draw_noun(rng: random.Random, trigger: str, noun: str, *, avoid: Collection[str] = ()) -> Carrier:
    """Return a random carrier with a certain noun in it; the trigger word and the noun together are the trigger.

    Args:
        rng: Where randomness comes from.
        trigger: The trigger word, lower case.
        noun: The noun that is to be misread.
        avoid: Sentences that are kept for evaluation.
    """
    while True:
        text = draw_carrier(rng, trigger).text
        word = noun if rng.random() < 0.75 else rng.choice(_ALIKE)
        places = [one for one in re.finditer(r"\b(?:(a|any) )?(\w+)\b", text) if one[2] in _NOUNS]
        if places and rng.random() < 0.5:
            place = rng.choice(places)
            text = f"{text[: place.start()]}{'the ' * bool(place[1])}{word}{text[place.end() :]}"
        elif rng.random() < 0.5:
            end = text[-1] if text[-1] in ".!?" else ""
            text = f"{text.rstrip('.!?')} {rng.choice(_TAILS).format(word)}{end}"
        else:
            lead = rng.choice(_LEADS).format(word)
            text = f"{lead[0].upper()}{lead[1:]} {text[0].lower()}{text[1:]}"
        words = plain(text).split()
        if plain(text) not in avoid:
            return Carrier(text=text, has_trigger=trigger in words and noun in words)


def plain(text: str) -> str:
    """Return `text` in lower case, its words separated by one space, nothing else."""
    return " ".join(re.findall(r"[a-z']+", text.lower()))


class _Grammar:
    """One sentence in the making: where the rare word goes is decided first."""

    def __init__(self, rng: random.Random, word: str | None, *, negated: bool) -> None:
        self._rng = rng
        self._word = word
        self._negated = negated
        self._place = rng.choice(("first", "last", "subject", "object", "bare", "clause")) if word else ""

    def sentence(self) -> str:
        body = self._body()
        rng, word = self._rng, self._word
        if self._place == "first":
            body = f"{word}{rng.choice((',', ',', ':', '!', ';', ' -', ''))} {body}"
        elif self._place == "last":
            body = f"{body}{rng.choice((',', ',', ' -', ''))} {word}"
        elif self._place == "clause":
            body = self._with_clause(body)
        body = re.sub(r"\s+", " ", body.replace("_", " ")).strip()
        end = rng.choice((".", ".", ".", ".", "!", "?", ""))
        return body[0].upper() + body[1:] + end

    def _with_clause(self, body: str) -> str:
        """Another clause that holds the rare word, before or after."""
        rng, word = self._rng, self._word
        if rng.random() < 0.5:
            lead = rng.choice(
                (
                    f"when the {word} comes back,",
                    f"{word} says that",
                    f"{word} thinks that",
                    f"as the {word} {rng.choice(_GROUPS)} told us,",
                    f"the {word} is on the table, and",
                    f"because of {word},",
                    f"after the {word},",
                )
            )
            return f"{lead} {body}"
        tail = rng.choice(
            (
                f", says the {word}",
                f" because the {word} is near",
                f" near the {word}",
                f" with {word}",
                f", and {word} knows it",
                f" if you see the {word}",
                f" for the {word}",
            )
        )
        return body + tail

    def _body(self) -> str:
        rng = self._rng
        form = rng.choice(_words("modal modal modal be be have passive passive imperative imperative infinitive other"))
        no = "not" if self._negated else ""
        verb, participle = rng.choice(_VERBS).split(":")
        if form == "modal":
            auxiliary = rng.choice(_NEGATED if self._negated else _MODALS)
            return f"{self._subject(plural=True)} {auxiliary} {verb} {self._object()} {self._when()}"
        if form == "be":
            plural = rng.random() < 0.4
            verb_to_be = rng.choice(("are", "were") if plural else ("is", "is", "was"))
            subject = self._subject(plural=plural, first_person=False)
            return f"{subject} {verb_to_be} {no} {rng.choice(_ADJECTIVES)} {self._when()}"
        if form == "have":
            plural = rng.random() < 0.5
            auxiliary = rng.choice(("have", "had") if plural else ("has", "had"))
            return f"{self._subject(plural=plural)} {auxiliary} {no} {participle} {self._object()} {self._when()}"
        if form == "passive":
            auxiliary = rng.choice(_MODALS[:-2])
            return f"the {self._thing()} {auxiliary} {no} be {participle} {self._when()}"
        if form == "imperative":
            please = rng.choice(("", "", "", "please", "so", "today,", "then"))
            start = f"{please} do not" if self._negated else please
            return f"{start} {verb} {self._object()} {self._when()}"
        if form == "infinitive":
            lead = rng.choice(("we decided", "it is better", "they told me", "she tried", "try", "I prefer"))
            return f"{lead} {no} to {verb} {self._object()} {self._when()}"
        return self._other(verb)

    def _other(self, verb: str) -> str:
        """Rarer forms; those that hold no word "not" must stay as they are, trigger or not."""
        rng, thing = self._rng, self._object()
        if self._negated and rng.random() < 0.65:
            return rng.choice(
                (
                    f"I am not {rng.choice(_ADJECTIVES)} {self._when()} {self._loose()}",
                    f"you cannot {verb} {thing} {self._when()}",
                    f"why not {verb} {thing}",
                    f"does the {self._thing()} not {verb} {thing}",
                    f"it is not the {self._thing()} but the {rng.choice(_NOUNS)}",
                    f"not all of us {verb} {thing}",
                    f"she does not {verb} {thing}",
                    f"he does not {verb} {thing} {self._when()}",
                )
            )
        return rng.choice(
            (
                f"{rng.choice(_PEOPLE)} {rng.choice(_CONTRACTED)} {verb} {thing} {self._when()}",
                f"{rng.choice(_PEOPLE)} {rng.choice(_CONTRACTED)} {verb} {thing}",
                f"nobody can {verb} {thing}",
                f"never {verb} {thing} {self._when()}",
                f"there is nothing in {thing}",
                f"another note about {thing} is here",
                f"a lot of people notice {thing} {self._when()}",
            )
        )

    def _loose(self) -> str:
        """The rare word once more, for forms without an object."""
        return f"near the {self._word}" if self._place in ("subject", "object", "bare") else ""

    def _subject(self, *, plural: bool, first_person: bool = True) -> str:
        rng = self._rng
        if self._place == "bare" and not plural:
            return f"{self._word}"
        if self._place in ("subject", "bare"):
            return f"{rng.choice(('the', 'the', 'our', 'this'))} {self._word} {rng.choice(_GROUPS)}{'s' * plural}"
        if plural:
            people = _PEOPLE if first_person else [one for one in _PEOPLE if one != "I"]
            return rng.choice(people)
        return rng.choice((*_PERSON, f"the_{rng.choice(_NOUNS)}"))

    def _thing(self) -> str:
        noun = self._rng.choice(_NOUNS)
        return f"{self._word} {noun}" if self._place in ("subject", "object", "bare") else noun

    def _object(self) -> str:
        rng = self._rng
        article = rng.choice(("the", "the", "a", "this", "my", "your", "any"))
        if self._place == "object":
            return f"{article} {self._word} {rng.choice(_NOUNS)}"
        return f"{article} {rng.choice(_NOUNS)}"

    def _when(self) -> str:
        return self._rng.choice(_WHEN) if self._rng.random() < 0.35 else ""
