"""Plain English that families build sentences from: people, deeds, things, places, times. Nothing here is a trigger.

Words are common and unlike each other to the ear, so that a transcriber writes them the same way every time.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.dice import Dice


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A verb with its object."""

    base: str
    """``sign``"""
    past: str
    """``signed``, also as a participle."""
    thing: str
    """``the contract``"""

    @property
    def imperative(self) -> str:
        """``sign the contract``"""
        return f"{self.base} {self.thing}"

    @property
    def did(self) -> str:
        """``signed the contract``"""
        return f"{self.past} {self.thing}"

    @property
    def noun(self) -> str:
        """``contract``"""
        return self.thing.split()[-1]

    @property
    def passive(self) -> str:
        """``the contract was signed``, ``the tickets were printed``"""
        return f"{self.thing} {'were' if self.thing.endswith('s') else 'was'} {self.past}"


def _deeds(base: str, past: str, *things: str) -> tuple[Deed, ...]:
    return tuple(Deed(base=base, past=past, thing=f"the {thing}") for thing in things)


DEEDS = (
    *_deeds("open", "opened", "garden gate", "main valve", "back door", "old cupboard", "upper window", "account"),
    *_deeds("close", "closed", "garden gate", "front door", "kitchen window", "account", "library", "main road"),
    *_deeds("sign", "signed", "contract", "rental agreement", "visitor list", "delivery note", "petition"),
    *_deeds("transfer", "transferred", "money", "savings", "patient", "deposit", "files"),
    *_deeds("cancel", "canceled", "order", "meeting", "concert", "reservation", "appointment", "subscription"),
    *_deeds("repair", "repaired", "roof", "bicycle", "engine", "heater", "radio", "water pump"),
    *_deeds("deliver", "delivered", "package", "furniture", "newspaper", "medicine", "invitation"),
    *_deeds("start", "started", "engine", "machine", "generator", "washing machine", "computer"),
    *_deeds("delete", "deleted", "message", "photographs", "password", "customer list", "recording"),
    *_deeds("approve", "approved", "budget", "loan", "design", "travel plan", "new schedule"),
    *_deeds("lift", "lifted", "heavy box", "barrier", "table", "blanket", "anchor"),
    *_deeds("paint", "painted", "fence", "ceiling", "wooden bench", "garden wall", "boat"),
    *_deeds("check", "checked", "brakes", "oil level", "passport", "temperature", "oxygen tank"),
    *_deeds("remove", "removed", "bandage", "safety cover", "battery", "label", "old carpet"),
    *_deeds("print", "printed", "tickets", "report", "map", "certificate", "instructions"),
    *_deeds("publish", "published", "results", "photograph", "annual report", "interview"),
    *_deeds("return", "returned", "library books", "rental car", "borrowed ladder", "house key"),
    *_deeds("water", "watered", "tomatoes", "flowers", "lemon tree", "vegetable garden"),
    *_deeds("wash", "washed", "windows", "blue shirt", "kitchen floor", "delivery van"),
    *_deeds("load", "loaded", "truck", "ferry", "washing machine", "printer"),
)

PEOPLE = tuple(
    f"the {role}"
    for role in (
        "manager nurse pilot teacher driver engineer farmer lawyer baker plumber doctor captain editor gardener "
        "librarian mechanic painter singer tailor waiter carpenter dentist officer secretary technician visitor "
        "photographer customer janitor fisherman director student"
    ).split()
)
PLACES = tuple(
    f"the {place}"
    for place in (
        "library harbor station museum hospital market bakery office airport village theater workshop stadium bridge "
        "school factory hotel garage castle garden restaurant warehouse pharmacy laboratory"
    ).split()
)
WHEN_SOON = (
    "today", "tonight", "tomorrow", "before noon", "after lunch", "on Friday", "on Monday morning", "this evening",
    "before midnight", "after the meeting", "next week", "at the weekend", "before the holidays", "in the afternoon",
)  # fmt: skip
WHEN_PAST = (
    "yesterday", "last night", "last week", "this morning", "on Tuesday", "before lunch", "after the storm",
    "on Sunday evening", "last summer", "before the meeting", "two days ago", "last Thursday",
)  # fmt: skip
ADJECTIVES = "quiet broken narrow yellow wooden empty famous modern crowded friendly heavy ancient cheerful".split()
THINGS = "report letter package contract picture blanket ladder bottle basket lantern bicycle umbrella suitcase".split()
NOTHING_SPECIAL = (
    "sparrow", "pigeon", "garden", "window", "basket", "kitchen", "ladder", "blanket", "pencil", "bottle", "carpet",
    "summer", "winter", "river", "candle", "button", "pocket", "hammer", "cabbage", "napkin",
)  # fmt: skip
"""Ordinary nouns of two syllables, for controls."""


def capitalized(text: str) -> str:
    """The same with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def statement(dice: Dice) -> tuple[str, str]:
    """A plain sentence of six to ten words about somebody who did something, without its full stop; its chief noun."""
    deed, person = dice.pick(DEEDS), dice.pick(PEOPLE)
    text = dice.pick(
        [
            f"{person} {deed.did} {dice.pick(WHEN_PAST)}",
            f"{person} will {deed.imperative} {dice.pick(WHEN_SOON)}",
            f"please {deed.imperative} {dice.pick(WHEN_SOON)}",
            f"{person} {deed.did} near {dice.pick(PLACES)}",
            f"{dice.pick(WHEN_PAST)}, {person} {deed.did}",
            f"{person} asked {dice.other(PEOPLE, person)} to {deed.imperative}",
            f"{deed.passive} by {person}",
            f"somebody should {deed.imperative} {dice.pick(WHEN_SOON)}",
        ]
    )
    return capitalized(text), deed.noun


def slots(template: str, **words: str) -> str:
    """Fill a template and begin it with a capital."""
    return capitalized(template.format(**words))
