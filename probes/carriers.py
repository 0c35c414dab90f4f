"""Carriers: ordinary speech without any trigger."""

from __future__ import annotations

from collections.abc import Iterator

from probes import deutsch as de
from probes import english as en
from probes.family import Family, Group, Phrase, Setting
from probes.tongues import TONGUES

_TEMPLATES = (
    "The next train to {place} leaves in a few minutes.",
    "Could you tell me the way to {place}, please?",
    "Tomorrow will be {weather} near the coast.",
    "It was {weather} when we reached {place}.",
    "{person} told us a long story about {place}.",
    "My {relative} bought a {adjective} {thing} at the market.",
    "We had dinner with {person} and walked back to {place}.",
    "There is a {adjective} {thing} on the table near the door.",
    "Your appointment with {person} has been moved to {day}.",
    "On {day}, {person} {did}.",
    "Have you seen the {adjective} {thing} that {person} was looking for?",
    "My {relative} lives in a small house behind {place}.",
    "Turn left at {place} and keep going until you see the {thing}.",
    "{person} will call you back on {day} about the {thing}.",
    "Nice to meet you, my {relative} has told me so much about you.",
    "The {adjective} {thing} belongs to my {relative}.",
    "While {person} {did}, the children were playing outside.",
    "Would you like some tea before we go to {place}?",
    "Thank you for calling, {person} is in a meeting until {day}.",
    "I left my {thing} at {place} on {day}.",
)
_WEATHER = (
    "cloudy with a little rain", "warm and sunny", "cold and windy", "mostly dry", "foggy in the morning",
    "rainy with strong winds", "clear and very cold",
)  # fmt: skip
_RELATIVES = "brother sister mother father uncle cousin grandmother neighbor daughter".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

_VORLAGEN = (
    "Der nächste Zug nach {stadt} fährt in wenigen Minuten ab.",
    "Können Sie mir bitte sagen, wo {ort} ist?",
    "Morgen wird es an der Küste {wetter}.",
    "{person} hat uns lange von {stadt} erzählt.",
    "Am {tag} hat {person} {tat_perfekt}.",
    "Meine Schwester wohnt seit dem Sommer in {stadt}.",
    "{person} ruft Sie am {tag} wieder an.",
    "Als wir in {stadt} ankamen, war es {wetter}.",
    "Möchten Sie vor der Reise nach {stadt} noch einen Tee trinken?",
    "Gehen Sie am Bahnhof nach links, dann sehen Sie {ort}.",
    "Meine Eltern kaufen am {tag} frisches Brot auf dem Markt.",
    "Gestern wollte {person} unbedingt {tat}.",
    "Hinter dem Garten liegt {ort}, gleich neben der alten Mühle.",
    "Wenn es {wetter} ist, fahren wir mit dem Rad nach {stadt}.",
    "Wir haben gehört, dass {person} bald nach {stadt} zieht.",
    "Vielleicht kann {person} uns morgen helfen, {tat_zu}.",
)


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    for template in dice.endless(_TEMPLATES):
        text = en.slots(
            template,
            place=dice.pick(en.PLACES),
            weather=dice.pick(_WEATHER),
            person=dice.pick(en.PEOPLE),
            relative=dice.pick(_RELATIVES),
            adjective=dice.pick(en.ADJECTIVES),
            thing=dice.pick(en.THINGS),
            day=dice.pick(_DAYS),
            did=dice.pick(en.DEEDS).did,
        )
        yield (Phrase(text=_an(text), critical=tuple(day for day in _DAYS if day in text)),)


def _an(text: str) -> str:
    for vowel in "aeio":
        text = text.replace(f" a {vowel}", f" an {vowel}")
    return text


def _german(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    for template in dice.endless(_VORLAGEN):
        deed = dice.pick(de.DEEDS)
        text = en.slots(
            template,
            stadt=dice.pick(de.CITIES),
            ort=dice.pick(de.PLACES),
            wetter=dice.pick(de.WEATHER),
            person=dice.pick(de.PEOPLE),
            tag=dice.pick(de.DAYS),
            tat_perfekt=deed.perfect,
            tat=deed.infinitive,
            tat_zu=f"{deed.thing} zu {deed.base}",
        )
        yield (Phrase(text=text, critical=tuple(day for day in de.DAYS if day in text)),)


CARRIERS = Family(
    name="carriers",
    purpose="ordinary speech: a voice that fails here is broken, not trapped",
    source="Harvard sentences (IEEE 1969) for the idea; the sentences are ours",
    draws={"en": _english, "de": _german} | {one.language: one.carrier_stream for one in TONGUES},
)
