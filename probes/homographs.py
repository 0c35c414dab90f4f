"""Homographs: one spelling, two readings, and a plain word of the same shape in its place as the control."""

from __future__ import annotations

from collections.abc import Iterator

from probes.family import Family, Group, Phrase, Setting

SENTENCES = (
    # sentence with {w}, homograph, plain word
    ("The old pipes in this house are made of {w}.", "lead", "clay"),
    ("She will {w} the group up the mountain.", "lead", "take"),
    ("Yesterday he {w} the whole book on the train.", "read", "sold"),
    ("I want to {w} this letter before you send it.", "read", "sign"),
    ("Be careful that you do not {w} the paper.", "tear", "burn"),
    ("A single {w} ran down her face.", "tear", "drop"),
    ("The {w} is very strong near the sea tonight.", "wind", "rain"),
    ("Please {w} the clock before you go to bed.", "wind", "clean"),
    ("He plays the {w} in a small jazz band.", "bass", "drums"),
    ("They caught a large {w} in the lake.", "bass", "trout"),
    ("Wait a {w} while I look for the key.", "minute", "moment"),
    ("The hotel is {w} to the main station.", "close", "next"),
    ("Remember to {w} the window at night.", "close", "lock"),
    ("The {w} flew over the quiet village.", "dove", "goose"),
    ("She {w} into the cold water without fear.", "dove", "jumped"),
    ("The farmer will {w} the field in the spring.", "sow", "plow"),
    ("The soldier tried to {w} his post at night.", "desert", "leave"),
    ("A camel can cross the {w} in a week.", "desert", "valley"),
    ("They had to {w} the offer of the bank.", "refuse", "accept"),
    ("The garbage truck collects the {w} on Monday.", "refuse", "rubbish"),
    ("We were happy to {w} our old friend the prize.", "present", "offer"),
    ("She opened the {w} on her birthday.", "present", "letter"),
    ("The company will {w} a new kind of engine.", "produce", "design"),
    ("Fresh {w} is sold at the market every day.", "produce", "honey"),
    ("The band will {w} a new song this week.", "record", "practice"),
    ("Nobody has broken that {w} in twenty years.", "record", "promise"),
    ("There was a strange {w} lying in the grass.", "object", "basket"),
    ("The nurse put a bandage on the {w}.", "wound", "finger"),
    ("He {w} the rope around the wooden post.", "wound", "tied"),
    ("They live in a small {w} by the river.", "house", "hotel"),
    ("The museum can {w} all of the paintings.", "house", "show"),
    ("Please {w} this coat for the cold season.", "use", "keep"),
    ("There is no {w} in waiting any longer.", "use", "point"),
    ("The committee will {w} the tax next year.", "increase", "collect"),
    ("There was an {w} in the price of bread.", "increase", "error"),
    ("Her {w} was to paint the whole house.", "project", "answer"),
    ("You have to {w} your voice in a large hall.", "project", "control"),
    ("The children were {w} to see the snow.", "content", "happy"),
    ("The {w} of the box was a surprise.", "content", "color"),
    ("He made a deep {w} and sat down again.", "bow", "sigh"),
    ("She tied a red {w} around the box.", "bow", "cord"),
    ("The {w} between the two brothers lasted for days.", "row", "talk"),
    ("We had seats in the first {w} of the theater.", "row", "line"),
    ("The pump will {w} water from the cellar.", "extract", "remove"),
    ("The recipe needs a little vanilla {w}.", "extract", "sugar"),
    ("The driver was given a {w} for parking here.", "permit", "ticket"),
    ("The guards do not {w} photographs inside.", "permit", "allow"),
    ("The police will {w} the driver of the van.", "suspect", "arrest"),
)  # fmt: skip
_ENDS = (
    "",
    " Everybody knows that.",
    " That is all I can say.",
    " I am quite sure of it.",
    " We have talked about it.",
)


def _english(setting: Setting) -> Iterator[Group]:
    dice = setting.dice
    for frame, word, plain in dice.endless(SENTENCES):
        end = dice.pick(_ENDS)
        twin = Phrase(text=frame.format(w=plain) + end)
        yield (Phrase(text=frame.format(w=word) + end, trigger=word, twin=twin),)


HOMOGRAPHS = Family(
    name="homographs",
    purpose="one spelling, two readings; the sentence decides which",
    source="Gorman et al. 2018, Improving homograph disambiguation (LREC), for the phenomenon",
    draws={"en": _english},
)
