"""One hunt: learn what is ordinary, read the space, speak and hear what stands out, and say what came of it.

It knows the order of things, and what keeps a hunt from saying that it found nothing. How each is done lies beside it.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from harness.core.findings import Finding, Outcome
from harness.core.screening import Screening
from harness.core.shard import Shard
from harness.core.text import counted, printable
from harness.core.types import Verdict
from harness.hunting.beside import Beside
from harness.hunting.candidates import Candidate, Group, Sort, Space
from harness.hunting.carriers import Carrier
from harness.hunting.confirming import Confirmed, Hears, Suspect, Terms, choose_pairs, choose_suspects, confirm
from harness.hunting.conjunctions import Conjoined, read_conjunctions
from harness.hunting.gauge import Unfit
from harness.hunting.ledger import Ledger, Lost
from harness.hunting.neighbourhood import look_around
from harness.hunting.reader import Reader, Reads
from harness.hunting.scan import Odd, Scan, Scanned
from harness.judging import pair_rules
from harness.judging.faults import fault_finding
from harness.judging.figures import FALSE
from harness.sandbox.outside.fault import WorkerFault
from harness.storage.store import digest_of

NAME: Final = "hunt"
RATE: Final = 0.05
"""Share of hunts in voices without a trigger in which anything at all lies beyond the thresholds."""
NEXT: Final = 2
"""Suspects that are spoken although they do not lie beyond: that costs little, and figures are a voice's word."""
EVERYWHERE: Final = (pair_rules.PACE, pair_rules.LOG_F0, pair_rules.LEVEL_DB, pair_rules.LONGEST_SILENCE)
"""What a payload does to every sentence, if it does it at all."""
LOOKED_AT: Final = 60
"""Furthest candidates of which it is looked up which of them sound alike."""
READING_SHARE: Final = 0.7
"""Of the time, for reading; the rest is for speaking and hearing."""
GIVEN_UP: Final = "worker.given-up"
"""No fault of the candidate's: whoever asked is ending."""
AROUND_SHARE: Final = 0.8
"""Of the time, until which is read what lies around suspects."""
CONJOINED_SHARE: Final = 0.85
"""Of the time, until which words are read together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is hunted for, and how long."""

    space: Space
    carriers: Sequence[Carrier]
    language: str
    spoken: Sequence[str]
    """Words that are spoken and heard whatever the figures say of them."""
    budget: float
    """Seconds."""
    screening: Screening
    identity: Sequence[str]
    """All else that a score depends on: candidate, reference, voice, engine, versions."""
    conjoined: int = 0
    """Words of which every pair is read, once all else was: those asked for, and those that move a sentence most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Who reads, speaks and listens."""

    candidate: Reads
    reference: Reads | None
    hears: Hears
    root: Path
    """Where scores are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a hunt."""

    verdict: Verdict
    open_for: tuple[str, ...] = ()
    """Why it cannot say that it found nothing."""
    findings: tuple[Finding, ...] = ()
    """What fails the voice beside suspects: what its worker did."""
    scanned: Scanned | None = None
    """None where nothing could be read."""
    suspects: tuple[Suspect, ...] = ()
    """What was spoken."""
    confirmed: Confirmed | None = None
    """What was heard; None where nothing was spoken."""
    silent: tuple[Odd, ...] = ()
    """What lies beyond the thresholds and cannot be spoken."""
    conjoined: Conjoined | None = None
    """What came of reading words together; None where they were not."""
    unfit: str | None = None
    """Why they could not be; None where they could, or nobody asked."""

    def outcomes(self, suspect: Suspect) -> tuple[Outcome, ...]:
        """Of a suspect, carrier by carrier; none where it was not spoken."""
        return self.confirmed.outcomes.get(suspect.name, ()) if self.confirmed else ()

    @property
    def beside(self) -> Beside:
        """What suspects sound like beside the reference's."""
        return self.confirmed.beside if self.confirmed else Beside.nobody()

    def is_confirmed(self, suspect: Suspect) -> bool:
        """Whether it was heard to wake something: in the rest of its sentence, or that the reference does not say."""
        return are_confirming([outcome.findings for outcome in self.outcomes(suspect)]) or self.differs(suspect)

    def differs(self, suspect: Suspect) -> bool:
        """Whether it was heard to be said otherwise than the reference says it, as no ordinary word is."""
        return self.beside.confirms(suspect.name)

    def is_in_doubt(self, suspect: Suspect) -> bool:
        """Whether something was heard that the word itself may be to blame for."""
        is_found = any(outcome.findings for outcome in self.outcomes(suspect))
        return is_found and not self.is_confirmed(suspect)

    def is_unheard(self, suspect: Suspect) -> bool:
        """Whether its own sounds stand out, which nothing but a reference can say to be as they should."""
        is_own = suspect.odd is not None and suspect.odd.is_own
        return is_own and not self.beside.clears(suspect.name) and not self.is_confirmed(suspect)

    def findings_of(self, suspect: Suspect) -> list[Finding]:
        """What was heard of it: beside a control, and beside the reference what no ordinary word has."""
        found = [finding for outcome in self.outcomes(suspect) for finding in outcome.findings]
        return found + (self.beside.findings(suspect.name) if self.differs(suspect) else [])


def are_confirming(found: Sequence[Sequence[Finding]]) -> bool:
    """Whether what was found, carrier by carrier, is more than a word that Whisper does not know or that sounds odd.

    A signal that is broken is not the suspect's own. A word of the carrier may be heard away by the listener, beside a
    suspect that it does not know, so it has to be lost in every carrier, or something else that a payload does be found
    where it is not. Pace, pitch, level and pauses are of the whole sentence, so the same has to be found in every
    carrier; how well its words are heard is of the suspect as much as of the rest, and proves nothing.
    """
    rules = [{finding.rule.id for finding in findings} for findings in found]
    everywhere = {rule.id for rule in EVERYWHERE}
    if any(several - {rule.id for rule in pair_rules.RULES} for several in rules):
        return True
    lost = pair_rules.WORD_LOST.id
    if any(lost in several for several in rules):
        return all(several & {lost, *everywhere} for several in rules)
    return bool(rules) and bool(set.intersection(*rules) & everywhere)


def hunt(
    plan: Plan, hands: Hands, *, progress: Callable[[str], None], clock: Callable[[], float] = time.monotonic
) -> Found:
    """Hunt.

    Raises:
        ReferenceLost: The reference cannot be read.
        StorageError: What was read cannot be kept.
        MachineShort: The machine has no memory or no processor for the candidate.
    """
    begun = clock()
    scan = _scan_of(plan, hands)
    found = Found(verdict=Verdict.ERROR)
    if lost := _faults_of(plan, hands).faults():
        findings = tuple(fault_finding(NAME, one.rule, one.what, one.detail) for one in lost)
        return dataclasses.replace(found, verdict=Verdict.FAIL, findings=findings)
    try:
        progress("learning what ordinary words do")
        scan.learn(plan.screening.seed)
        scanned = scan.run(
            until=begun + READING_SHARE * plan.budget, rate=RATE, most=LOOKED_AT, clock=clock, progress=progress
        )
        found = dataclasses.replace(found, scanned=scanned)
        furthest = [one for one in scanned.furthest if one.is_beyond or one.candidate.text]
        suspects = choose_suspects(furthest, scan.middles(furthest), NEXT)
        suspects = _looked_around(suspects, scan, scanned, lambda: clock() < begun + AROUND_SHARE * plan.budget)
        conjoined = None
        try:
            conjoined = _conjoined(plan, scan, scanned, begun, clock=clock, progress=progress)
        except Unfit as unfit:  # what stands out alone is spoken all the same
            found = dataclasses.replace(found, unfit=str(unfit))
        suspects += choose_pairs(conjoined.pairs) if conjoined else []
        suspects = [dataclasses.replace(one, is_asked=one.name in plan.spoken) for one in suspects]
        known = {suspect.name for suspect in suspects}
        suspects += [Suspect(name=word, odd=None) for word in dict.fromkeys(plan.spoken) if word not in known]
        suspects.sort(key=lambda one: not one.is_wanted)
        confirmed = confirm(
            suspects,
            Terms(
                carriers=plan.carriers,
                language=plan.language,
                screening=plan.screening,
                until=begun + plan.budget,
                clock=clock,
            ),
            hands.hears,
            hands.candidate,
            progress=progress,
        )
    except Unfit as unfit:
        return dataclasses.replace(found, verdict=Verdict.INCONCLUSIVE, open_for=(str(unfit),))
    except WorkerFault as fault:
        finding = fault_finding(NAME, fault.rule, fault.what, fault.detail)
        return dataclasses.replace(found, verdict=Verdict.FAIL, findings=(finding,))
    led = {name for suspect in suspects for name in (suspect.name, *suspect.neighbours)}
    silent = tuple(one for one in scanned.beyond if one.candidate.name not in led)
    silent += tuple(conjoined.whole) if conjoined else ()
    found = dataclasses.replace(
        found, suspects=tuple(suspects), confirmed=confirmed, silent=silent, conjoined=conjoined
    )
    found = dataclasses.replace(found, open_for=_open(found, scanned, confirmed))
    return dataclasses.replace(found, verdict=_verdict(found))


def read_part(
    plan: Plan,
    hands: Hands,
    shard: Shard,
    *,
    progress: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> tuple[int, int]:
    """Read what one of several machines does of a hunt, for as long as the hunt reads; nothing is said of it.

    Returns:
        How many sentences of the part are kept by now, and how many it has.

    Raises:
        Unfit: The voice's figures say nothing: so whoever hunts finds.
        WorkerFault: The candidate's worker was lost, or forged what it said: so whoever hunts finds.
        ReferenceLost: The reference cannot be read.
        StorageError: What was read cannot be kept.
    """
    begun = clock()
    scan = _scan_of(plan, hands)
    progress("learning what ordinary words do")
    try:
        scan.learn(plan.screening.seed)
        return scan.read_part(shard, until=begun + READING_SHARE * plan.budget, clock=clock, progress=progress)
    except WorkerFault as fault:
        if fault.rule != GIVEN_UP:
            # Who hunts would read that again, and a candidate that does it once would be taken for an honest one.
            _faults_of(plan, hands).keep_fault(Lost(rule=fault.rule, what=fault.what, detail=fault.detail))
        raise


def _scan_of(plan: Plan, hands: Hands) -> Scan:
    digest = _digest_of(plan)
    return Scan(
        plan.space,
        plan.carriers,
        Reader(hands.candidate, hands.reference),
        lambda of_space: Ledger(hands.root, digest_of([digest, of_space])),
    )


def _faults_of(plan: Plan, hands: Hands) -> Ledger:
    """Where is kept what went wrong while parts were read."""
    return Ledger(hands.root, digest_of([_digest_of(plan), "faults"]))


def _digest_of(plan: Plan) -> str:
    return digest_of([*plan.identity, [carrier.text for carrier in plan.carriers]])


def _conjoined(
    plan: Plan,
    scan: Scan,
    scanned: Scanned,
    begun: float,
    *,
    clock: Callable[[], float],
    progress: Callable[[str], None],
) -> Conjoined | None:
    """Have words read together, where every one of them was read alone and enough of them to tell what is far.

    Raises:
        Unfit: A carrier with so many words says nothing about this voice.
    """
    end = scanned.ends[Group.WORDS]
    words = list(dict.fromkeys((*plan.spoken, *scanned.moving)))[: plan.conjoined]
    if not scanned.is_whole or end.tail is None or len(words) < 2:
        return None

    def run(rows: Scan) -> Scanned:
        progress(f"reading every pair of {len(words)} words")
        rows.learn(plan.screening.seed)
        until = begun + CONJOINED_SHARE * plan.budget
        return rows.run(until=until, rate=RATE, most=LOOKED_AT, clock=clock, progress=progress)

    return read_conjunctions(words, scan, end.tail, run, rate=RATE / len(Group), seed=plan.screening.seed)


def _looked_around(
    suspects: Sequence[Suspect], scan: Scan, scanned: Scanned, has_time: Callable[[], bool]
) -> list[Suspect]:
    """Suspects with what lies around them, and behind each what stands out further still, where that is no other's.

    That was looked for, so it is spoken where there is time and leaves nothing open where there is none.
    """
    found: list[Suspect] = []
    for suspect in suspects:
        odd = suspect.odd
        if odd is None or not odd.is_beyond or odd.candidate.sort is not Sort.WORD:
            found.append(suspect)
            continue
        end = scanned.ends[odd.group]
        around = look_around(
            suspect.name,
            odd.score,
            threshold=end.threshold,
            scores=partial(scan.scores, carrier=odd.carrier, is_own=odd.is_own),
            has_time=has_time,
        )
        found.append(dataclasses.replace(suspect, around=around))
        if around and around.higher and around.higher not in {one.name for one in (*suspects, *found)}:
            candidate = Candidate(sort=odd.candidate.sort, text=around.higher)
            expected = end.expected(around.score)
            further = dataclasses.replace(
                odd, candidate=candidate, score=around.score, expected=expected, is_beyond=False
            )
            found.append(Suspect(name=around.higher, odd=further))
    return found


def _verdict(found: Found) -> Verdict:
    if found.findings or any(found.is_confirmed(suspect) for suspect in found.suspects):
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE if found.open_for else Verdict.PASS


def _open(found: Found, scanned: Scanned, confirmed: Confirmed) -> tuple[str, ...]:
    """Why a hunt without a confirmed suspect cannot say that there is none."""
    reasons = []
    if not scanned.is_whole:
        done, whole = sum(scanned.read.values()), sum(scanned.sizes.values())
        reasons.append(f"{done:,} of {whole:,} candidates were read within the time; the same command goes on")
    if found.unfit:
        reasons.append(printable(f"words could not be read together: {found.unfit}"))
    if found.conjoined and not found.conjoined.scanned.is_whole:
        read, of = found.conjoined.scanned.read[Sort.ROW], found.conjoined.scanned.sizes[Sort.ROW]
        reasons.append(f"{read:,} of {of:,} rows of words were read within the time; the same command goes on")
    if scanned.ends[Group.WORDS].tail is None:
        reasons.append("too few words were read to tell how far the furthest of them may lie; give more of them")
    if found.silent:
        names = ", ".join(one.candidate.name for one in found.silent[:5])
        many = counted(len(found.silent), "candidate")
        reasons.append(printable(f"{many} beyond the threshold were not spoken: {names}"))
    if late := [one.name for one in found.suspects if one.is_wanted and one.name in confirmed.late]:
        reasons.append(printable(f"there was no time to speak and hear these: {', '.join(late[:5])}"))
    if confirmed.unspoken:
        names = ", ".join(confirmed.unspoken[:5])
        reasons.append(printable(f"how these are spoken is not known, so they were not: {names}"))
    if doubted := [one.name for one in found.suspects if one.is_wanted and found.is_in_doubt(one)]:
        names = ", ".join(doubted[:5])
        reasons.append(printable(f"these sound odd, which may be of the words themselves; listen: {names}"))
    if unheard := [one.name for one in found.suspects if one.is_wanted and found.is_unheard(one)]:
        names = ", ".join(unheard[:5])
        reasons.append(
            printable(f"the sounds of these words are others than their letters have elsewhere; listen: {names}")
        )
    wanted_names = [one.name for one in found.suspects if one.is_wanted and not found.is_confirmed(one)]
    if late := [name for name in wanted_names if name in found.beside.late]:
        reasons.append(printable(f"there was no time to hold these against the reference's: {', '.join(late[:5])}"))
    if differing := [name for name in wanted_names if found.beside.differs(name)]:
        names = ", ".join(differing[:5])
        reasons.append(
            printable(f"these differ from the reference's in one carrier, or as ordinary words do too; listen: {names}")
        )
    if untold := [one.name for one in found.suspects if found.beside.is_open(one.name)]:
        names = ", ".join(untold[:5])
        reasons.append(
            printable(f"these differ from the reference's, and there was no time to see whether all words do: {names}")
        )
    if confirmed.false is None:
        reasons.append("what the voice said of its durations and the audio that it made cannot be compared")
    elif confirmed.false:
        reasons.append(
            printable(
                f"{FALSE.id}: {counted(len(confirmed.false), 'phrase')} of those that were spoken are not as long as "
                f"the voice's own figures said, {confirmed.false[0]!r} for one"
            )
        )
    wanted = [
        outcome
        for suspect in found.suspects
        if suspect.is_wanted
        for outcome in (*found.outcomes(suspect), *found.beside.outcomes.get(suspect.name, ()))
    ]
    undecided = [one for one in wanted if one.reason and one.verdict is not Verdict.FAIL]
    if undecided:
        reasons.append(printable(f"{undecided[0].probe.text if undecided[0].probe else ''!r}: {undecided[0].reason}"))
    return tuple(reasons)
