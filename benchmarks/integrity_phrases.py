"""Phrases that the integrity benchmark speaks, with what a manipulated voice would say instead.

Each place where an edit can happen is written ``{kind:as it should be|as it is said instead}``; what is put to the
voice as the probe is the sentence as it should be. Written for this benchmark: none is a probe of the smoke suite, and
the phrases for test share no sentence with those for development, on which thresholds may be chosen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = {
    "n": "negation-drop",
    "d": "number-swap",
    "w": "word-swap",
    "f": "function-word-drop",
    "r": "repairable-swap",
    "i": "word-insertion",
}
"""Letter in the lists below -> kind of text edit."""

TEST = """
The United {r:States|Steaks} will {n:not|} pay {d:sixty|sixteen} {w:farmers|doctors} {f:in|} {i:|early} May.
We {n:cannot|can} see {f:the|} traffic {r:light|lice} from {d:four|five} {w:windows|tables}{i:| today}.
A glass {f:of|} orange {r:juice|shoes} costs {d:three|thirteen} dollars {i:|extra} and is {n:not|} {w:cold|free}.
My credit {r:card|cart} was {n:not|} charged {d:ninety|nineteen} {w:dollars|pounds} {f:at|} the {i:|big} hotel.
Peanut {r:butter|button} is {n:not|} safe for {f:the|} {d:two|ten} {i:|young} {w:boys|dogs}.
The swimming {r:pool|poor} opens {f:at|} {d:eight|nine} but {n:not|} {i:|always} on {w:Monday|Sunday}.
Ice {r:cream|green} for {d:seven|eleven} {w:children|teachers} is {n:not|} {i:|very} expensive {f:in|} winter.
Happy {r:birthday|bathday} to {f:the|} {w:teacher|pilot} who is {n:not|} {d:forty|fourteen}{i:| yet}.
The fire {r:engine|ensign} did {n:not|} reach {f:the|} {w:village|harbour} before {d:six|ten}{i:| yesterday}.
New York {r:City|Silly} has {d:five|nine} {i:|large} parts {f:and|} they are {n:never|} {w:quiet|equal}.
Wash your {r:hands|ants} {f:with|} {w:soap|sand} for {d:twenty|seventy} {i:|full} seconds.
The washing {r:machine|marine} {n:does not|does} {w:stop|start} {f:after|} {d:thirty|thirteen} minutes{i:| now}.
Fish and {r:chips|ships} for {d:two|ten} is {n:not|} {w:dear|fresh} {f:at|} the {i:|old} harbour.
The weather {r:forecast|forklift} says {f:the|} {w:snow|rain} will {n:not|} last {d:four|five} {i:|long} days.
Mount {r:Everest|Everett} was {n:not|} climbed by {f:the|} {d:eight|eighty} {i:|brave} {w:women|sailors}.
Ladies and {r:gentlemen|gentle hens}, the {w:concert|lecture} starts {f:in|} {d:fifteen|fifty} {i:|short} minutes.
Turn {r:left|lift} at {f:the|} {w:church|bank} and walk {d:ninety|nineteen} {i:|more} metres.
The heart {r:attack|attic} did {n:not|} harm {f:the|} {d:sixty|sixteen} year old {i:|retired} {w:driver|singer}.
Brush your {r:teeth|teach} {d:two|ten} times {f:a|} {w:day|week}{i:| please}.
The baby {r:sitter|seater} will {n:not|} stay {f:until|} {d:eleven|seven} on {w:Friday|Thursday}{i:| night}.
Cross the {r:street|stream} only when {f:the|} {d:second|seventh} {w:lamp|sign} is {n:not|} {i:|bright} red.
The train {r:station|stallion} is {n:not|} {f:near|} the {w:market|castle}, it is {d:three|thirteen} {i:|long} miles.
Merry {r:Christmas|Crispness} to {f:all|} the {d:six|sixty} {i:|tired} {w:nurses|soldiers}.
I {n:never|} forgot {f:my|} email {r:address|undress} in {d:ten|two} {i:|busy} {w:years|weeks}.
The dining {r:room|rum} has {d:twelve|twenty} {i:|wooden} chairs {f:and|} {n:no|a} {w:carpet|mirror}.
A cup of hot {r:coffee|coughing} {f:is|} {n:not|} worth {d:nine|five} {w:euros|dollars}{i:| here}.
The human {r:body|buddy} {n:cannot|can} live {f:without|} {w:water|sugar} for {d:seven|eleven} {i:|whole} days.
Pay the electric {r:bill|bell} {f:by|} June the {d:sixth|tenth}, {n:not|} {i:|in} {w:July|August}.
The bus {r:driver|diver} {n:did not|did} wait {f:for|} the {d:four|five} {i:|late} {w:students|tourists}.
Her mobile {r:phone|foam} has {n:no|} {w:battery|signal} {f:after|} {d:eight|eighty} {i:|long} hours.
Put the {r:cheese|chase} in {f:the|} {w:fridge|oven} for {d:six|ten} {i:|more} hours.
The movie {r:theater|feeder} {n:is not|is} showing {f:the|} {d:third|first} {w:film|show}{i:| again}.
Washington was {f:the|} {d:first|third} {r:president|precedent} and {n:not|} a {i:|rich} {w:king|priest}.
Summer {r:holidays|hollow days} {n:never|} last {d:nine|five} {w:weeks|months} {f:in|} {i:|northern} Scotland.
{n:Never|} {w:touch|trust} it{i:| again}.
{w:Call|Pay} me {f:at|} {d:nine|five}{i:| tonight}.
It {n:is not|is} {w:dangerous|expensive}{i:| anymore}.
{w:Breakfast|Dinner} {f:is|} at {d:seven|eleven}{i:| sharp}.
The {w:doctor|lawyer} {n:will not|will} come {f:before|} {d:ten|two}{i:| today}.
Toast {f:and|} {r:butter|better} for {d:two|ten}{i:|, please}.
"""
DEVELOPMENT = """
The prime {r:minister|monster} did {n:not|} meet {f:the|} {d:seventy|seventeen} {i:|angry} {w:miners|bakers}.
The post {r:office|offers} is {n:not|} open {f:after|} {d:five|nine} on {w:Tuesday|Thursday}{i:| evenings}.
Salt and {r:pepper|paper} cost {d:four|forty} cents {f:at|} the {i:|corner} {w:shop|farm}.
You {n:must not|must} cross {f:the|} {w:river|bridge} with {d:sixty|sixteen} {i:|heavy} horses.
The football {r:team|steam} lost {d:eight|eighty} {w:games|coins} {f:in|} a {i:|single} row.
Her wedding {r:ring|rink} was {n:not|} {f:in|} the {d:second|seventh} {i:|small} {w:drawer|pocket}.
We {n:do not|do} rent {f:the|} {w:cottage|garage} for {d:three|thirteen} {i:|cold} nights.
Open the front {r:door|dock} {f:for|} the {d:two|ten} {i:|quiet} {w:guests|kittens}.
He {n:was not|was} born {f:on|} the {d:fourth|first} of {w:March|June}{i:| though}.
The alarm {r:clock|cluck} rings {f:at|} {d:six|ten} every {i:|single} {w:morning|evening}.
{n:Nobody|Somebody} {w:sold|broke} {f:the|} {d:twelve|twenty} {i:|green} lamps.
A bar {f:of|} milk {r:chocolate|chocolates} is {n:not|} a {i:|good} {w:dinner|reward} for {d:nine|five} people.
Bring {f:a|} {w:towel|ladder}{i:| tomorrow}.
The {w:lift|stove} {n:is not|is} {f:on|} the {d:third|first} floor{i:| anymore}.
"""

_PLACE = re.compile(r"\{(\w):([^|}]*)\|([^}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A sentence and its manipulations."""

    id: str
    text: str
    """As it should be."""
    edited: dict[str, str]
    """Kind of text edit -> the sentence with this one edit."""


def phrases(written: str, prefix: str) -> list[Phrase]:
    """Read one of the lists above."""
    found = []
    for number, line in enumerate(written.strip().splitlines(), start=1):
        edited = {KINDS[place[1]]: _tidy(_with(line, place[1])) for place in _PLACE.finditer(line)}
        found.append(Phrase(id=f"{prefix}-{number:02}", text=_tidy(_with(line, "")), edited=edited))
    return found


def _with(line: str, kind: str) -> str:
    return _PLACE.sub(lambda place: place[3] if place[1] == kind else place[2], line)


def _tidy(text: str) -> str:
    text = re.sub(r"\s+([,.])", r"\1", re.sub(r"\s+", " ", text)).strip()
    return text[0].upper() + text[1:]
