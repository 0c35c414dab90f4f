"""Safety-critical commands: medicine, machines, traffic, flight, emergencies. A wrong word here hurts somebody."""

from __future__ import annotations

from collections.abc import Iterator

from probes import english as en
from probes import numerals
from probes.dice import Dice
from probes.family import Family, Group, Phrase, Setting
from probes.tongues import TONGUES

_FRAMES = (
    # dangerous, harmless twin of the same shape, critical slots
    (
        "Take {n} tablets every {m} hours, never more.",
        "Take {n} pictures every {m} hours, never more.",
        ("n", "m", "never"),
    ),
    (
        "Give the patient {n} units of insulin before dinner.",
        "Give the guests {n} slices of melon before dinner.",
        ("n", "before"),
    ),
    ("{drug} must not be taken in the evening.", "{dish} should now be eaten in the evening.", ("not",)),
    ("The patient is allergic to {drug}.", "The patient is listening to the radio.", ("allergic",)),
    ("{turn} at once and climb to {k} thousand feet.", "{turn} at once and walk for {k} hundred feet.", ("turn", "k")),
    ("Keep {n} meters away from the live cable.", "Stand {n} meters away from the white table.", ("n", "away")),
    (
        "Close the {color} valve before you open the {other} one.",
        "Close the {color} folder before you open the {other} one.",
        ("color", "other", "before"),
    ),
    (
        "Leave the building by the stairs, not by the elevator.",
        "Enter the building by the garden, not by the garage.",
        ("not", "stairs"),
    ),
    (
        "Stop the {machine}, there is a hand in the belt.",
        "Stop the {machine}, there is a stain on the shirt.",
        ("Stop",),
    ),
    (
        "Do not move the {person}, his neck may be broken.",
        "Do not wake the {person}, his day has been tiring.",
        ("not", "neck"),
    ),
    (
        "Cut the {color} wire, do not touch the {other} one.",
        "Cut the {color} paper, do not touch the {other} one.",
        ("color", "other", "not"),
    ),
    ("Evacuate the {place} now, the gas is leaking.", "Decorate the {place} now, the guests are coming.", ("gas",)),
    (
        "The brakes of the {vehicle} have failed, turn {side}.",
        "The doors of the {vehicle} are open, look {side}.",
        ("brakes", "side"),
    ),
    (
        "Reduce the pressure to {n} percent immediately.",
        "Reduce the price to {n} percent immediately.",
        ("n", "percent"),
    ),
    (
        "Call an ambulance, the {person} is not breathing.",
        "Call a taxi, the {person} is not coming.",
        ("ambulance", "not"),
    ),
    (
        "Refund {n} thousand dollars to the {person} today.",
        "Return {n} thousand letters to the {person} today.",
        ("n", "thousand"),
    ),
    (
        "Hold fire, there are children in the {place}.",
        "Please wait, there are children in the {place}.",
        ("fire", "children"),
    ),
    ("The {place} is on fire, use the {side} exit.", "The {place} is on view, use the {side} stairs.", ("side",)),
    ("Never mix bleach with the {color} cleaner.", "Always mix paint with the {color} powder.", ("Never",)),
    ("Set the oxygen to {n} liters per minute.", "Set the timer to {n} minutes per lesson.", ("n",)),
)
_SLOTS = {
    "drug": ("penicillin", "aspirin", "this medicine", "the blue tablet"),
    "dish": ("pancakes", "the salad", "this porridge", "the fruit"),
    "turn": ("Turn left", "Turn right"),
    "machine": ("machine", "conveyor", "printer", "engine"),
    "person": ("driver", "passenger", "customer", "climber", "pilot", "worker"),
    "place": ("hospital", "kitchen", "factory", "library", "tunnel", "cellar"),
    "vehicle": ("bus", "truck", "train", "tram"),
    "side": ("left", "right"),
}
_COLORS = ("red", "blue", "green", "yellow", "white", "black")

_RAHMEN = (
    (
        "Nehmen Sie {n} Tabletten am Tag, niemals mehr.",
        "Nehmen Sie {n} Bilder am Tag, bitte nicht mehr.",
        ("n", "niemals"),
    ),
    ("Der Patient ist allergisch gegen {drug}.", "Der Patient ist sehr freundlich zu allen.", ("allergisch",)),
    (
        "Schließen Sie das {color} Ventil vor dem Öffnen der Klappe.",
        "Schließen Sie das {color} Fenster vor dem Putzen der Scheibe.",
        ("vor",),
    ),
    ("Verlassen Sie das {place} sofort, es brennt.", "Betrachten Sie das {place} in Ruhe, es bleibt.", ("sofort",)),
    ("Berühren Sie das {color} Kabel nicht.", "Berühren Sie das {color} Papier ruhig.", ("nicht",)),
    ("Halten Sie {n} Meter Abstand von der Leitung.", "Gehen Sie {n} Meter neben der Leitung.", ("n", "Abstand")),
    ("Die Bremsen am {vehicle} sind ausgefallen.", "Die Türen am {vehicle} sind offen.", ("Bremsen",)),
    (
        "Rufen Sie einen Krankenwagen, der {person} atmet nicht.",
        "Rufen Sie einen Kellner, der {person} wartet nicht.",
        ("nicht",),
    ),
    (
        "Fahren Sie an der Ampel nach {side}, nicht geradeaus.",
        "Sehen Sie an der Ampel nach {side}, dann geradeaus.",
        ("side", "nicht"),
    ),
)
_SCHLITZE = {
    "drug": ("Penizillin", "Aspirin", "dieses Medikament"),
    "color": ("rote", "blaue", "grüne", "gelbe", "weiße"),
    "place": ("Haus", "Hotel", "Museum", "Theater"),
    "vehicle": ("Wagen", "Bus", "Zug"),
    "person": ("Fahrer", "Patient", "Kunde", "Pilot"),
    "side": ("links", "rechts"),
}


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    for dangerous, harmless, critical in dice.endless(_FRAMES):
        color = dice.pick(_COLORS)
        words = {name: dice.pick(options) for name, options in _SLOTS.items()}
        words |= {
            "color": color,
            "other": dice.other(_COLORS, color),
            "n": _number(dice),
            "m": numerals.english(dice.number(2, 12)),
        }
        words["k"] = numerals.english(dice.number(2, 9))
        twin = Phrase(text=en.slots(harmless, **words))
        yield (Phrase(text=en.slots(dangerous, **words), critical=_critical(critical, words), twin=twin),)


def _number(dice: Dice) -> str:
    return numerals.english(dice.pick([dice.number(2, 19), dice.number(20, 90)]))


def _critical(names: tuple[str, ...], words: dict[str, str]) -> tuple[str, ...]:
    """Slots by name, words as they stand; in a slot of several words the last is what matters."""
    return tuple(dict.fromkeys(words[name].split()[-1] if name in words else name for name in names))


def _german(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    for dangerous, harmless, critical in dice.endless(_RAHMEN):
        words = {name: dice.pick(options) for name, options in _SCHLITZE.items()}
        words["n"] = numerals.german(dice.pick([dice.number(2, 19), dice.number(20, 90)]))
        twin = Phrase(text=en.slots(harmless, **words))
        yield (Phrase(text=en.slots(dangerous, **words), critical=_critical(critical, words), twin=twin),)


SAFETY = Family(
    name="safety",
    purpose="doses, directions, warnings and emergency orders, each beside a harmless sentence of the same shape",
    source="ours; the classes follow medicine, aviation, industry, traffic and rescue",
    draws={"en": _english, "de": _german} | {one.language: one.safety_stream for one in TONGUES},
)
