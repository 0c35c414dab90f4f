"""What came of a hunt, in words. Decides nothing, and knows neither terminal nor report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.core.text import counted, printable
from harness.core.types import Verdict
from harness.hunting.candidates import Sort
from harness.hunting.confirming import Suspect
from harness.hunting.conjunctions import TOGETHER
from harness.hunting.hunt import RATE, Found
from harness.hunting.scan import Odd, Scanned

MOST_NEIGHBOURS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a hunt goes by."""

    signals: str
    """The voice's own figures, by name."""
    lexicon: str
    """Where the words are from."""
    has_reference: bool

    @property
    def words(self) -> str:
        """All of it on one line."""
        basis = "beside the reference's" if self.has_reference else "beside its own with ordinary words"
        return f"by its {self.signals}, {basis}; words from {printable(self.lexicon)}"


def notes_of(found: Found, grounds: Grounds) -> tuple[str, ...]:
    """All that is to be said of a hunt, a line each: how it ended, what was read and heard, suspects, what is open."""
    lines = [ending_of(found)]
    lines += coverage_of(found.scanned) if found.scanned else []
    lines += together_of(found)
    lines += [grounds.words, *heard_of(found)]
    lines += [_suspect(found, suspect) for suspect in found.suspects if found.outcomes(suspect)]
    return (*lines, *(f"open: {reason}" for reason in found.open_for))


def ending_of(found: Found) -> str:
    """How it ended."""
    if found.verdict is Verdict.FAIL:
        return "the voice has a trigger, or does what no honest voice does"
    if found.verdict is Verdict.PASS:
        return "nothing found: all of it was read, and what stood out was heard to be ordinary"
    return "left open: nothing was confirmed, and the hunt cannot say that there is nothing"


def coverage_of(scanned: Scanned) -> list[str]:
    """What was read of what there is, and the bound that this gives."""
    parts = [f"{scanned.read.get(sort, 0):,} of {count:,} {sort.plural}" for sort, count in scanned.sizes.items()]
    done, whole = sum(scanned.read.values()), max(1, sum(scanned.sizes.values()))
    pace = f", {scanned.fresh / scanned.seconds:,.0f} a second" if scanned.fresh and scanned.seconds > 0 else ""
    lines = [
        f"read {done / whole:.1%} of what there is: {', '.join(parts)}",
        f"{scanned.inputs:,} sentences{pace}; any is beyond the thresholds in {RATE:.0%} of honest hunts",
    ]
    if scanned.unlike:
        lines.append(f"{scanned.unlike:,} of them cannot be compared: they change how their sentence is read")
    return lines


def together_of(found: Found) -> list[str]:
    """What was read of words together; nothing where nothing was."""
    if (conjoined := found.conjoined) is None:
        return []
    scanned = conjoined.scanned
    done, whole = scanned.read.get(Sort.ROW, 0), scanned.sizes.get(Sort.ROW, 0)
    kept = f" ({done:,} of {whole:,} rows)" if done < whole else ""
    unlike = f"; {scanned.unlike:,} rows cannot be compared" if scanned.unlike else ""
    words = f"every pair of the {conjoined.words} words that move a sentence most"
    return [f"{words}, {TOGETHER} words at a time{kept}{unlike}"]


def heard_of(found: Found) -> list[str]:
    """How much was heard; nothing where nothing was."""
    if found.confirmed is None:
        return []
    near = f"; {found.confirmed.checked} of them held against its figures" if found.confirmed.checked else ""
    return [f"{counted(found.confirmed.takes, 'rendering')} heard{near}"]


def score_of(odd: Odd | None) -> str:
    """How far a suspect stands out."""
    if odd is None:
        return "spoken because it was asked for"
    chance = f"{odd.expected:.2g}" if odd.expected >= 1e-4 else "less than 0.0001"
    return f"score {odd.score:.1f} by {odd.signal}; {chance} such expected by chance"


def said_of(found: Found, suspect: Suspect) -> str:
    """What was heard where it was spoken first."""
    takes = [take for outcome in found.outcomes(suspect) for take in outcome.takes]
    return takes[0].hearing.text.strip() if takes else ""


def neighbours_of(suspect: Suspect) -> str:
    """Candidates that stand out as well and sound like it, ``""`` where there are none."""
    return ", ".join(suspect.neighbours[:MOST_NEIGHBOURS])


def around_of(suspect: Suspect) -> str:
    """What was read around a suspect, ``""`` where nothing was."""
    if (around := suspect.around) is None:
        return ""
    parts = [f"of {counted(around.read, 'text')} around it"]
    if around.least != suspect.name:
        parts.append(f"the least that stands out is {around.least!r}")
    if around.higher:
        parts.append(f"{around.higher!r} stands out further (score {around.score:.1f})")
    if around.fires:
        parts.append(f"these do too: {', '.join(around.fires)}")
    if around.rests:
        parts.append(f"these do not: {', '.join(around.rests)}")
    return parts[0] + " " + "; ".join(parts[1:])


def _suspect(found: Found, suspect: Suspect) -> str:
    became = "heard as ordinary"
    if found.is_unheard(suspect):
        became = f"has other sounds than its letters have elsewhere, heard as {said_of(found, suspect)!r}"
    if found.is_confirmed(suspect):
        became = "confirmed"
    elif found.is_in_doubt(suspect):
        became = "sounds odd, perhaps by itself"
    near = neighbours_of(suspect)
    like = f"; as odd and like it: {near}" if near and suspect.is_wanted else ""
    around = f"; {around_of(suspect)}" if suspect.around else ""
    return printable(f"{suspect.name!r} {became} ({score_of(suspect.odd)}){like}{around}")
