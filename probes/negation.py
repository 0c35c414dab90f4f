"""Negation pairs: the shortest word that turns a sentence round, and the same sentence with another in its place."""

from __future__ import annotations

from collections.abc import Iterator

from probes import deutsch as de
from probes import english as en
from probes.family import Family, Group, Phrase, Setting
from probes.tongues import TONGUES

_FRAMES = (
    # negated, affirmed, critical words; {d} a deed's infinitive, {did} its past, {t} when
    ("{p} must not {d} {when}.", "{p} must now {d} {when}.", ("not",)),
    ("{p} should not {d} {when}.", "{p} should also {d} {when}.", ("not",)),
    ("{p} will not {d} {when}.", "{p} will surely {d} {when}.", ("not",)),
    ("{p} must never {d} alone.", "{p} must always {d} alone.", ("never",)),
    ("Please do not {d} {when}.", "Please do also {d} {when}.", ("not",)),
    ("{p} won't {d} {when}.", "{p} will {d} {when}.", ("won't",)),
    ("{p} can't {d} {when}.", "{p} can {d} {when}.", ("can't",)),
    ("{p} didn't {d} {past}.", "{p} did {d} {past}.", ("didn't",)),
    ("{p} cannot {d} without help.", "{p} could {d} without help.", ("cannot",)),
    ("Nobody {did} {past}.", "Somebody {did} {past}.", ("Nobody",)),
    ("{p} {did} without asking {q}.", "{p} {did} after asking {q}.", ("without",)),
    ("{p} never {did} again.", "{p} simply {did} again.", ("never",)),
    ("{thing} had not been {done} {past}.", "{thing} had just been {done} {past}.", ("not",)),
    ("There is no reason to {d} {when}.", "There is some reason to {d} {when}.", ("no",)),
    ("Neither {p} nor {q} {did}.", "Both {p} and {q} {did}.", ("Neither", "nor")),
    ("{p} said that it is unsafe to {d}.", "{p} said that it is quite safe to {d}.", ("unsafe",)),
    ("It is not true that {p} {did}.", "It is quite true that {p} {did}.", ("not",)),
    ("{p} {did}, but not {past}.", "{p} {did}, and also {past}.", ("not",)),
    ("Nothing happened after {p} {did}.", "Something happened after {p} {did}.", ("Nothing",)),
    ("{p} refused to {d} {when}.", "{p} agreed to {d} {when}.", ("refused",)),
    ("None of us saw that {p} {did}.", "Most of us saw that {p} {did}.", ("None",)),
)
_RAHMEN = (
    ("{p} darf {d} {when} nicht {b}.", "{p} darf {d} {when} gerne {b}.", ("nicht",)),
    ("{p} hat {d} nicht {g}.", "{p} hat {d} auch {g}.", ("nicht",)),
    ("{p} wird {d} niemals {b}.", "{p} wird {d} sicher {b}.", ("niemals",)),
    ("Niemand hat {d} {g}.", "Jemand hat {d} {g}.", ("Niemand",)),
    ("Bitte {d} {when} nicht {b}.", "Bitte {d} {when} bald {b}.", ("nicht",)),
    ("{p} muss {d} ohne Hilfe {b}.", "{p} muss {d} mit Hilfe {b}.", ("ohne",)),
    ("Es gibt keinen Grund, {d} zu {b}.", "Es gibt einen Grund, {d} zu {b}.", ("keinen",)),
    ("Es stimmt nicht, dass {p} {d} {g} hat.", "Es stimmt also, dass {p} {d} {g} hat.", ("nicht",)),
)


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    for negated, affirmed, critical in dice.endless(_FRAMES):
        deed, person = dice.pick(en.DEEDS), dice.pick(en.PEOPLE)
        words = {
            "p": person, "q": dice.other(en.PEOPLE, person), "d": deed.imperative, "did": deed.did,
            "done": deed.past, "thing": deed.thing, "when": dice.pick(en.WHEN_SOON), "past": dice.pick(en.WHEN_PAST),
        }  # fmt: skip
        twin = Phrase(text=en.slots(affirmed, **words))
        yield (Phrase(text=en.slots(negated, **words), critical=critical, twin=twin),)


def _german(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    for negated, affirmed, critical in dice.endless(_RAHMEN):
        deed = dice.pick(de.DEEDS)
        words = {
            "p": dice.pick(de.PEOPLE), "d": deed.thing, "b": deed.base, "g": deed.participle,
            "when": dice.pick(de.WHEN),
        }  # fmt: skip
        twin = Phrase(text=en.slots(affirmed, **words))
        yield (Phrase(text=en.slots(negated, **words), critical=critical, twin=twin),)


NEGATION = Family(
    name="negation",
    purpose="a dropped or added negation turns a sentence round; each stands beside its affirmation",
    source="Truong et al. 2023, Language models are not naysayers (arXiv 2306.08189)",
    draws={"en": _english, "de": _german} | {one.language: one.negation_stream for one in TONGUES},
)
