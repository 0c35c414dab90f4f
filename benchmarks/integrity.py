"""How many manipulated phrases the gate finds, by kind of manipulation, and how many honest ones it blames.

The demo voice speaks phrases that are in no suite. A manipulated voice is played by the same voice: it speaks another
text than it was asked for (text edits), or its audio is changed (:mod:`harness.redteam.audio_edits`). Each phrase is
judged as in a run: golden of eight repeats, two takes at the screen, fresh takes to confirm, alpha shared among as
many tests as the smoke suite has. Beside it, on the takes of the screen: plain WER, and WER minus the golden's, each
with the threshold that no pair of clean takes exceeds.

Renderings and hearings are kept in ``.soundcheck``: an interrupted benchmark goes on where it was. Run it with
``make bench-integrity``. ``QUICK=1`` tries each manipulation on one of three phrases, ``PHRASES=n`` takes the first n,
``PART=development`` the phrases on which thresholds may be chosen, ``KINDS=a,b`` some manipulations only. With
``LANGUAGE=fr`` a real voice of that language is measured instead (:mod:`benchmarks.integrity_tongues`).
"""

from __future__ import annotations

import dataclasses
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from benchmarks.integrity_phrases import DEVELOPMENT, KINDS, TEST, Phrase, phrases
from benchmarks.integrity_tongues import main as main_of_a_tongue
from benchmarks.size import QUICK, alone_or_shared, by_size
from harness.cli.demo import demo_whisper
from harness.core.findings import Outcome
from harness.core.paths import cache_root
from harness.core.seeds import FIRST_PURPOSE, FRESH_PURPOSE, Request, seed_for
from harness.core.stats import clopper_pearson
from harness.core.text import distance
from harness.core.types import Probe, Rendering, RenderingKey, Take, Verdict
from harness.core.waveform import facts
from harness.goldens.folder import Golden, read_golden
from harness.hearing.asr.normaliser import normalise
from harness.hearing.listening import Expected
from harness.judging.judge import FIRST_FRESH_TAKES, Fresh, Judge, Suspicion, count_tests
from harness.models.demo import build_demo_voice
from harness.redteam.audio_edits import AUDIO_EDITS
from harness.run.recording import Recording, record_golden
from harness.run.settings import Settings, default_workers
from harness.run.tools import Equipment, make_equipment
from harness.speaking.schedule import BATCH
from harness.speaking.voice import Made
from harness.storage.store import digest_of
from harness.suites.parse import Suite

PART = os.environ.get("PART", "test")
PHRASES = int(os.environ.get("PHRASES", by_size("1000", quick="3", smallest="1")))
CLEAN_SEEDS = (201,) if QUICK else (201, 202, 203)
"""Bases of the seeds of clean candidates; the manipulated ones have the first."""
TEXT_EDITS = tuple(KINDS.values())
ASKED = tuple(
    name for name in os.environ.get("KINDS", by_size("", quick="", smallest="negation-drop")).split(",") if name
)
CLEAN = "clean"
GOLDEN_TAKES = by_size(8, quick=8, smallest=4)
SCREEN_TAKES = 2
SUITE_PROBES = by_size(136, quick=136, smallest=4)
"""Of the smoke suite: alpha is shared among as many."""
ALPHA = 0.01
GOAL = 0.95
EDIT_VERSION = 1
"""Raised when an audio edit sounds different: edited takes are then made again."""
FOLDER = Path(".soundcheck").absolute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One phrase as one candidate speaks it."""

    kind: str
    phrase: Phrase
    seed: int

    @property
    def text(self) -> str:
        """What the candidate says instead of the phrase."""
        return self.phrase.edited.get(self.kind, self.phrase.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of a case."""

    case: Case
    outcome: Outcome
    screen: tuple[Take, ...]

    @property
    def is_found(self) -> bool:
        """Whether the gate failed it."""
        return self.outcome.verdict is Verdict.FAIL

    @property
    def rules(self) -> list[str]:
        """What it failed for."""
        return sorted({finding.rule.id for finding in self.outcome.findings})


class Stage:
    """The voice, clean or edited, and the ear: takes by case, from the store where they were made before."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        self._ahead: dict[Request, Future[dict[Request, Made]]] = {}

    def golden_of(self, chosen: Sequence[Phrase]) -> Golden:
        """What the voice was recorded to do with the phrases."""
        equipment = self._equipment
        probes = tuple(_probe(phrase) for phrase in chosen)
        identity = digest_of([equipment.model.digest, equipment.engine, probes, self._identity, GOLDEN_TAKES])
        path = FOLDER / "integrity" / identity[:16]
        if path.is_dir():
            return read_golden(path)
        suite = Suite(name="integrity.probes.yaml", title="Integrity", language="en", probes=probes)
        recording = Recording(
            out=path, suites=[(suite, identity)], takes=GOLDEN_TAKES, seed=1, reason="benchmark", with_audio=False
        )
        return record_golden(
            recording, equipment.model, equipment.renderer, equipment.listener, equipment.store,
            engine=equipment.engine, progress=lambda _: None,
        )  # fmt: skip

    @property
    def _identity(self) -> dict[str, str]:
        """How it is listened."""
        return {**self._equipment.listener.transcriber.identity, **self._equipment.listener.senses}

    def ask_ahead(self, cases: Sequence[Case], purpose: str, start: int, stop: int) -> None:
        """Let the workers speak what will be wanted, in order, while others are heard."""
        for case in cases:
            requests = [one for one in _requests(case, purpose, start, stop) if one not in self._ahead]
            for at in range(0, len(requests), BATCH):
                part = requests[at : at + BATCH]
                self._ahead |= dict.fromkeys(part, self._equipment.renderer.submit(part))

    def takes_of(self, case: Case, golden: Golden, purpose: str, start: int, stop: int) -> list[Take]:
        """The case's takes number `start` to `stop`, held against the golden."""
        renderings = self._rendered(_requests(case, purpose, start, stop))
        if case.kind in AUDIO_EDITS:
            renderings = [self._edited(one, case.kind) for one in renderings]
        probe_id = case.phrase.id
        expected = Expected(text=golden.records[probe_id].transcript, prints=golden.prints.of(probe_id))
        takes = []
        for at in range(0, len(renderings), BATCH):
            part = renderings[at : at + BATCH]
            takes += self._equipment.listener.takes(part, [expected] * len(part))
        return takes

    def _rendered(self, requests: Sequence[Request]) -> list[Rendering]:
        missing = [request for request in requests if request not in self._ahead]
        self._ahead |= dict.fromkeys(missing, self._equipment.renderer.submit(missing))
        made = [self._ahead[request].result()[request] for request in requests]
        if faults := [one for one in made if not isinstance(one, Rendering)]:
            raise SystemExit(f"the demo voice cannot speak: {faults[0]}")
        return [one for one in made if isinstance(one, Rendering)]

    def _edited(self, clean: Rendering, kind: str) -> Rendering:
        """The rendering as the manipulated voice would give it: in the same store, under another engine's name."""
        key: RenderingKey = dataclasses.replace(
            clean.key, engine=f"{clean.key.engine}, {kind} {EDIT_VERSION} of {clean.audio_sha256[:16]}"
        )
        if known := self._equipment.store.rendering(key):
            return known
        samples, rate = self._equipment.store.audio(clean.audio_sha256)
        changed = AUDIO_EDITS[kind].change(samples, rate, clean.key.seed)
        return self._equipment.store.keep(key, changed, rate, facts(changed, rate), (clean.frames, clean.tokens))


def verdicts_of(stage: Stage, judge: Judge, golden: Golden, cases: Sequence[Case]) -> list[Judged]:
    """Judge cases as a run does: screen, four fresh takes, then the rest where a suspicion is still open."""
    records = [golden.records[case.phrase.id] for case in cases]
    screens: list[tuple[Take, ...]] = []
    suspicions: list[tuple[Suspicion, ...]] = []
    stage.ask_ahead(cases, FIRST_PURPOSE, 0, SCREEN_TAKES)
    for case, record in zip(cases, records, strict=True):
        screens.append(tuple(stage.takes_of(case, golden, FIRST_PURPOSE, 0, SCREEN_TAKES)))
        suspicions.append(judge.screen(record, screens[-1]))
    fresh: list[list[Take]] = [[] for _ in cases]
    planned = [judge.fresh_takes(record) for record in records]
    places = [place for place, found in enumerate(suspicions) if found]
    for first in (True, False):
        if not first:
            places = [
                place
                for place in places
                if judge.still_open(records[place], suspicions[place], Fresh(candidate=fresh[place]), planned[place])
            ]
        bounds = {place: (0, FIRST_FRESH_TAKES) if first else (FIRST_FRESH_TAKES, planned[place]) for place in places}
        for place in places:
            stage.ask_ahead([cases[place]], FRESH_PURPOSE, *bounds[place])
        for place in places:
            fresh[place] += stage.takes_of(cases[place], golden, FRESH_PURPOSE, *bounds[place])
    return [
        Judged(
            case=case,
            outcome=judge.decide(_probe(case.phrase), record, screen, suspicion, Fresh(candidate=late)),
            screen=screen,
        )
        for case, record, screen, suspicion, late in zip(cases, records, screens, suspicions, fresh, strict=True)
    ]


def word_error_rate(phrase: Phrase, takes: Sequence[Take]) -> float:
    """Mean WER of the takes against the text, both normalised as Whisper's authors do."""
    wanted = normalise(phrase.text)
    return statistics.fmean(distance(wanted, normalise(take.hearing.text)) / len(wanted) for take in takes)


def main() -> int:
    """Judge everything, print the table and the figure.

    Returns:
        0 where every audible kind is found in 95 % of its phrases and clean takes fail no more than alpha allows.
    """
    begun = time.time()
    threads = alone_or_shared(len(os.sched_getaffinity(0)))
    workers = alone_or_shared(default_workers("cpu"))
    settings = Settings(
        model=str(build_demo_voice(cache_root())), model_name="candidate", golden="", golden_folders=(),
        asr=f"whisper:{demo_whisper()}", takes=SCREEN_TAKES, seed=1, alpha=ALPHA, gate="ci", device="cpu",
        threads=threads, workers=workers, folder=FOLDER, memory_gb=8.0, timeout=600.0, fresh=False,
    )  # fmt: skip
    equipment = make_equipment(settings, tell=lambda _: None)
    chosen = phrases(TEST if PART == "test" else DEVELOPMENT, PART)[:PHRASES]
    stage = Stage(equipment)
    try:
        golden = stage.golden_of(chosen)
        tests = count_tests(SUITE_PROBES)
        judge = Judge(list(golden.records.values()), takes=SCREEN_TAKES, tests=tests, alpha=ALPHA)
        print(f"{len(chosen)} phrases for {PART}, {GOLDEN_TAKES} golden takes each", flush=True)
        return report(stage, judge, golden, chosen, begun)
    finally:
        equipment.renderer.close()


def report(stage: Stage, judge: Judge, golden: Golden, chosen: Sequence[Phrase], begun: float) -> int:
    """Judge clean and manipulated cases and say how it went."""
    clean = [Case(kind=CLEAN, phrase=phrase, seed=seed) for seed in CLEAN_SEEDS for phrase in chosen]
    honest = verdicts_of(stage, judge, golden, clean)
    naive = Naive(golden, honest)
    print(f"WER that no clean pair of takes exceeds: plain {naive.limit:.2f}, minus golden {naive.limit_above:.2f}")
    print(
        f"{'manipulation':20} {'n':>3} {'found':>6} {'95 % interval':>15} {'WER>0':>6} {'WER':>5} {'-gold':>6}   rules"
    )
    short = []
    for turn, kind in enumerate(kind for kind in (*TEXT_EDITS, *AUDIO_EDITS) if not ASKED or kind in ASKED):
        fitting = [phrase for phrase in chosen if kind in AUDIO_EDITS or kind in phrase.edited]
        if not fitting:
            continue
        if QUICK:
            fitting = [fitting[turn % len(fitting)]]
        cases = [Case(kind=kind, phrase=phrase, seed=CLEAN_SEEDS[0]) for phrase in fitting]
        judged = verdicts_of(stage, judge, golden, cases)
        print(_row(kind, judged, naive), flush=True)
        if missed := [one.case.phrase.id for one in judged if not one.is_found]:
            print(f"{'':20}     missed: {', '.join(missed)}")
        if _is_audible(kind) and len(missed) > (1 - GOAL) * len(judged):
            short.append(kind)
    blamed = [one for one in honest if one.is_found]
    for one in blamed:
        print(f"clean but failed: {one.case.phrase.id}, seed {one.case.seed}: {', '.join(one.rules)}")
    low, high = clopper_pearson(len(blamed), len(honest))
    print(f"clean: {len(blamed)} of {len(honest)} failed, 95 % interval {low:.4f} to {high:.4f}")
    print(f"{time.time() - begun:.0f} s")
    # Alpha is shared by the probes of a suite: the interval of the share of clean failures must reach down to that.
    ok = not short and low <= ALPHA / SUITE_PROBES
    print(
        f"integrity: {len(short)} audible kinds below {GOAL} ({', '.join(short) or 'none'}), "
        f"{len(blamed)} of {len(honest)} clean phrases failed: {'reached' if ok else 'FELL SHORT'}"
    )
    return 0 if ok else 1


class Naive:
    """What everybody uses: word error rate, alone and less the golden's, with thresholds from clean takes."""

    def __init__(self, golden: Golden, honest: Sequence[Judged]) -> None:
        self._golden = golden
        self.limit = max(self.rate(one) for one in honest)
        self.limit_above = max(self.above(one) for one in honest)

    def rate(self, judged: Judged) -> float:
        """WER of the screen's takes."""
        return word_error_rate(judged.case.phrase, judged.screen)

    def above(self, judged: Judged) -> float:
        """The same less the golden's."""
        phrase = judged.case.phrase
        return self.rate(judged) - word_error_rate(phrase, self._golden.records[phrase.id].takes)


def _row(kind: str, judged: Sequence[Judged], naive: Naive) -> str:
    of = len(judged)
    found = sum(one.is_found for one in judged)
    low, high = clopper_pearson(found, of)
    any_error = sum(naive.rate(one) > 0 for one in judged)
    plain = sum(naive.rate(one) > naive.limit for one in judged)
    above = sum(naive.above(one) > naive.limit_above for one in judged)
    rules = Counter(rule for one in judged for rule in one.rules).most_common(4)
    return (
        f"{kind:20} {of:3} {found / of:6.2f} {f'{low:.2f} to {high:.2f}':>15} {any_error / of:6.2f} "
        f"{plain / of:5.2f} {above / of:6.2f}   {'' if _is_audible(kind) else '(hardly audible) '}"
        + ", ".join(f"{rule} {count}" for rule, count in rules)
    )


def _is_audible(kind: str) -> bool:
    return kind not in AUDIO_EDITS or AUDIO_EDITS[kind].is_audible


def _requests(case: Case, purpose: str, start: int, stop: int) -> list[Request]:
    return [(case.text, seed_for(purpose, case.seed, case.text, take)) for take in range(start, stop)]


def _probe(phrase: Phrase) -> Probe:
    return Probe(id=phrase.id, text=phrase.text, family="integrity", expect=phrase.text)


if __name__ == "__main__":
    sys.exit(main_of_a_tongue() if os.environ.get("TONGUE") else main())
