"""Has what stands out spoken and heard, each beside a control: what a voice is judged by.

Suspects become probes with twins, as somebody would write them, and are judged as a voice without a reference is
(:mod:`harness.judging.comparisons.contrast`): first takes, fresh takes where a pair is odd, one alpha for all. Pairs of
ordinary words stand among them, for what pairs differ by anyway. Where a reference speaks, they are held against that
as well (:mod:`harness.hunting.beside`).
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Protocol

from harness.core.errors import BadInput
from harness.core.findings import Outcome
from harness.core.latents import Unspoken
from harness.core.screening import Screening
from harness.core.seeds import Request
from harness.core.text import counted
from harness.core.types import Probe, Rendering
from harness.hunting.beside import Beside, comparison_of, speak_beside
from harness.hunting.candidates import Sort
from harness.hunting.carriers import ORDINARY, Carrier
from harness.hunting.neighbourhood import Around
from harness.hunting.reader import ORDER, Reads
from harness.hunting.scan import Odd
from harness.judging.comparisons import Comparison
from harness.judging.comparisons.base import Apart, Basis, NothingRecorded
from harness.judging.comparisons.contrast import ContrastComparison
from harness.judging.figures import false_ones
from harness.judging.pairs import MIN_PAIRS
from harness.speaking.voice import Made
from harness.suites.parse import parse_suite
from harness.suites.proposal import proposed_expect

ALIKE: Final = 0.6
"""Share of sounds in common from which two candidates are neighbours: one of them is spoken."""
MOST_BEYOND: Final = 6
"""Suspects beyond the threshold that are spoken: of more, something else is wrong with the voice."""
FAMILY: Final = "hunt"
NAME: Final = "suspects.probes.yaml"


class Judges(Protocol):
    """Judges the probes of a comparison. Implementation: :class:`harness.run.campaign.Campaign`."""

    def judge(self, probe: Probe) -> Outcome:
        """Everything about one probe."""
        ...


class Hears(Protocol):
    """Has phrases spoken and heard. Implementation: :class:`harness.run.hunting.Hearing`."""

    @property
    def apart(self) -> Apart | None:
        """Lays the samples of candidate and reference side by side; None where no reference speaks."""
        ...

    def judging(self, comparison: Comparison, progress: Callable[[str], None]) -> Judges:
        """Who judges the probes of a comparison."""
        ...

    def spoken(self, requests: Sequence[Request]) -> Mapping[Request, Made]:
        """Renderings; what was spoken before costs nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A candidate that is spoken, and what it is like."""

    name: str
    """What goes into the gap."""
    odd: Odd | None
    """None where it was asked for by name and does not stand out."""
    is_asked: bool = False
    """Whether it stands out and was asked for by name as well."""
    neighbours: tuple[str, ...] = ()
    """Candidates that stand out as well and sound like it."""
    around: Around | None = None
    """What was read around it; None where nothing was."""

    @property
    def is_wanted(self) -> bool:
        """Whether more than curiosity has it spoken: it lies beyond the threshold, or was asked for."""
        return self.odd is None or self.odd.is_beyond or self.is_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How suspects are spoken and heard."""

    carriers: Sequence[Carrier]
    language: str
    screening: Screening
    """Takes, seeds and alpha."""
    until: float
    """By the clock: no suspect but the first is begun after it."""
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What came of speaking."""

    outcomes: dict[str, tuple[Outcome, ...]]
    """Of each suspect, carrier by carrier."""
    unspoken: tuple[str, ...]
    """Suspects that cannot be written as a phrase: how they are spoken is not known."""
    late: tuple[str, ...]
    """Suspects for which there was no time."""
    takes: int
    """Renderings of the candidate that were heard."""
    beside: Beside
    """What suspects sound like beside the reference's."""
    false: tuple[str, ...] | None
    """Phrases whose audio is not as long as the voice's figures said; None where that cannot be told."""
    checked: int
    """Renderings that were held against the voice's figures."""


def choose_suspects(odd: Sequence[Odd], middles: Sequence[tuple[int, ...]], most: int) -> list[Suspect]:
    """Those that stand out furthest, each with its neighbours; those of ids alone cannot be spoken and lead none.

    Args:
        odd: The furthest first.
        middles: Input ids of each.
        most: How many are wanted, words that lie next to the threshold among them.
    """
    leads: list[tuple[Odd, tuple[int, ...], list[str]]] = []
    for one, ids in zip(odd, middles, strict=True):
        near = next((lead for lead in leads if _are_alike(ids, lead[1])), None)
        if near is not None:
            near[2].append(one.candidate.name)
            continue
        is_next = one.candidate.sort is Sort.WORD and len(leads) < most
        if one.candidate.text and (is_next or (one.is_beyond and len(leads) < MOST_BEYOND)):
            leads.append((one, ids, []))
    return [Suspect(name=one.candidate.text, odd=one, neighbours=tuple(near)) for one, _, near in leads]


def choose_pairs(pairs: Sequence[Odd]) -> list[Suspect]:
    """Pairs of words that lie beyond, and the furthest even if it does not; who shares a word is a neighbour.

    Args:
        pairs: The furthest first.
    """
    leads: list[tuple[Odd, list[str]]] = []
    for one in pairs:
        words = set(one.candidate.text.split())
        near = next((lead for lead in leads if words & set(lead[0].candidate.text.split())), None)
        if near is not None:
            near[1].append(one.candidate.name)
        elif one.is_beyond or not leads:
            leads.append((one, []))
    return [Suspect(name=one.candidate.text, odd=one, neighbours=tuple(near)) for one, near in leads]


def _are_alike(one: Sequence[int], other: Sequence[int]) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def written(suspects: Sequence[Suspect], carriers: Sequence[Carrier], language: str, title: str) -> str:
    """A suite of suspects with control twins, as a file that ``soundcheck record`` and pytest read."""
    lines = ["version: 1", f"title: {_quoted(title)}", f"language: {language}", "probes:"]
    for place, suspect in enumerate(suspects):
        for which, carrier in enumerate(carriers):
            name = f"suspect-{place + 1}-{which + 1}"
            lines += _entry(name, carrier, suspect.name, language, twin=f"{name}-control")
            lines += _entry(f"{name}-control", carrier, control_of(suspect.name), language)
    return "\n".join(lines) + "\n"


def control_of(text: str) -> str:
    """As many ordinary words, each about as long as its own, always the same for a text."""
    words = [word for word in text.split() if any(map(str.isalpha, word))]
    return " ".join(map(_ordinary_beside, words or [text]))


def _ordinary_beside(word: str) -> str:
    size = sum(character.isalpha() for character in word)
    near = sorted(ORDINARY, key=lambda one: (abs(len(one) - size), one))[:24]
    return random.Random(word).choice([one for one in near if one != word.lower()])


def _entry(name: str, carrier: Carrier, word: str, language: str, twin: str = "") -> list[str]:
    text = carrier.with_word(word)
    lines = [f"  - id: {name}", f"    family: {FAMILY}", f"    text: {_quoted(text)}"]
    if said := proposed_expect(text, language):
        lines.append(f"    expect: {_quoted(said)}")
    lines.append(f"    critical: [{', '.join(map(_quoted, carrier.critical))}]")
    if twin:
        lines += [f"    trigger: {_quoted(word)}", f"    control: {twin}"]
    return lines


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def confirm(
    suspects: Sequence[Suspect], terms: Terms, hears: Hears, reads: Reads, *, progress: Callable[[str], None]
) -> Confirmed:
    """Speak and hear suspects beside controls, and hold what was heard against what the voice said it would make.

    Args:
        suspects: What is spoken.
        terms: How, and until when.
        hears: Who speaks and listens.
        reads: The candidate, for its figures.
        progress: Told on one line what is going on.

    Raises:
        WorkerFault: The candidate was lost while it was asked for its figures.
    """
    of_suspect: dict[str, list[Probe]] = {}
    unspoken, probes = [], list[Probe]()
    for place, suspect in enumerate(suspects):
        try:
            suite = parse_suite(written([suspect], terms.carriers, terms.language, "suspects"), NAME)
        except BadInput:
            unspoken.append(suspect.name)
            continue
        own = _numbered(suite.probes, f"{place + 1}")
        of_suspect[suspect.name] = [probe for probe in own if probe.control]
        probes += own
    ordinary = _ordinary_pairs(terms.carriers, terms.language, terms.screening.seed)
    probes += ordinary
    screening = dataclasses.replace(terms.screening, suite_probes=len(probes))
    comparison = ContrastComparison(Basis(probes=probes, screening=screening, recorded=NothingRecorded()))
    campaign = hears.judging(comparison, progress)
    outcomes: dict[str, tuple[Outcome, ...]] = {}
    late = []
    for name, own in of_suspect.items():
        if outcomes and terms.clock() > terms.until:
            late.append(name)
            continue
        outcomes[name] = tuple(campaign.judge(probe) for probe in own)
        progress(f"spoke and heard {len(outcomes)} of {counted(len(of_suspect), 'suspect')}")
    beside = Beside.nobody()
    if hears.apart is not None:
        paired = hears.judging(comparison_of(probes, screening, hears.apart), progress)
        beside = speak_beside(
            {name: of_suspect[name] for name in outcomes},
            [probe for probe in ordinary if probe.control],
            paired.judge,
            has_time=lambda: terms.clock() <= terms.until,
            progress=progress,
        )
    # What was spoken first is in the store: asking for it again costs nothing.
    requests = [request for probe in probes for request in comparison.first_requests(probe)]
    made = hears.spoken(requests)
    spoken = [(request, one) for request, one in made.items() if isinstance(one, Rendering)]
    false, checked = _false_phrases(spoken, reads)
    fresh = sum(len(one.takes) - screening.takes for several in outcomes.values() for one in several if one.takes)
    return Confirmed(
        outcomes=outcomes,
        unspoken=tuple(unspoken),
        late=tuple(late),
        takes=len(spoken) + 2 * max(0, fresh),
        beside=beside,
        false=false,
        checked=checked,
    )


def _numbered(probes: Sequence[Probe], number: str) -> list[Probe]:
    """Probes of a suite of one suspect, with its number in their ids."""

    def renamed(name: str | None) -> str | None:
        return name and name.replace("suspect-1-", f"suspect-{number}-", 1)

    return [dataclasses.replace(probe, id=str(renamed(probe.id)), control=renamed(probe.control)) for probe in probes]


def _ordinary_pairs(carriers: Sequence[Carrier], language: str, seed: int) -> tuple[Probe, ...]:
    """Pairs that differ by an ordinary word alone, enough to tell what pairs differ by."""
    words = random.Random(seed).sample(ORDINARY, 2 * MIN_PAIRS)
    lines = ["version: 1", "title: ordinary", f"language: {language}", "probes:"]
    for place in range(MIN_PAIRS):
        carrier, name = carriers[place % len(carriers)], f"ordinary-{place + 1}"
        lines += _entry(name, carrier, words[2 * place], language, twin=f"{name}-control")
        lines += _entry(f"{name}-control", carrier, words[2 * place + 1], language)
    return parse_suite("\n".join(lines) + "\n", NAME).probes


def _false_phrases(spoken: Sequence[tuple[Request, Rendering]], reads: Reads) -> tuple[tuple[str, ...] | None, int]:
    """Phrases whose audio is not as long as the figures say, of those that are one sentence; how many were asked."""
    known = [(request, one) for request, one in spoken if not set(request[0][:-1]) & set(".!?:;…")]
    asked = [Unspoken(text=text, seed=seed) for (text, seed), _ in known]
    parts = [reads.read(asked[at : at + ORDER]) for at in range(0, len(asked), ORDER)]
    frames = [one.frames for part in parts for one in part.result()]
    places = false_ones(frames, [one.facts.seconds for _, one in known])
    if places is None:
        return None, 0
    return tuple(dict.fromkeys(known[place][0][0] for place in places)), len(known)
