"""What Whisper base hears of a real voice in a language, and how many manipulated phrases the gate finds there.

Kokoro (:mod:`benchmarks.kokoro_voices`) speaks phrases that the families draw. First, what is heard of the clean
voice: word error rate, critical words, and the share of probes of which a golden can say anything. Then the gate:
phrases of :mod:`benchmarks.edited_phrases`, each manipulated in several ways, in a candidate that says all others as it
should; and honest builds (:mod:`benchmarks.kokoro_builds`), which must not fail. The voice draws no noise, so phrases
are judged as pairs, by the product's own comparison, with alpha shared among as many tests as the language's ready
suite has.

Renderings and hearings are kept in ``.soundcheck``: an interrupted benchmark goes on where it was. Run it with ``make
bench-integrity LANGUAGE=fr``. ``QUICK=1`` takes few of each, ``PART=development`` the other draw of the dice,
``SPEAKER=name`` another speaker, ``EACH=n`` and ``HEARD=n`` more phrases of each family, ``EDITS=n`` fewer edits of
each kind, ``JITTERED=n`` more honest builds, ``BUILDS=a,b`` some of them by name, ``ONLY=heard`` the first table alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.edited_phrases import KINDS, LANGUAGES, WRITTEN, Edited, heard_probes, phrases, written_phrases
from benchmarks.kokoro_builds import SAME_BUILD, builds
from benchmarks.kokoro_stage import KokoroStage, Run, judged
from benchmarks.kokoro_voices import MAKE, SPEAKERS, is_here, voice_folder
from benchmarks.size import by_size
from harness.core.findings import Outcome
from harness.core.screening import Screening
from harness.core.stats import clopper_pearson
from harness.core.text import distance
from harness.core.types import GoldenRecord, Probe, Take, Verdict
from harness.hearing.asr.normaliser import normalise
from harness.judging.comparisons.fine_tune import FineTuneComparison
from harness.judging.reliability import are_heard, unreliable

LANGUAGE = os.environ.get("TONGUE", "")
PART = os.environ.get("PART", "test")
EACH = int(os.environ.get("EACH", by_size("12", quick="10", smallest="1")))
"""Phrases of each edited family; both together are as many as a voice without spread is judged by, or more."""
HEARD_EACH = int(os.environ.get("HEARD", by_size("14", quick="4", smallest="2")))
"""Probes of each family of which it is asked what is heard."""
ONLY_HEARD = os.environ.get("ONLY", "") == "heard"
EDITS_EACH = int(os.environ.get("EDITS", by_size("1000", quick="3", smallest="1")))
FEW_BUILDS = "unchanged,row-before"
BUILDS = tuple(
    name for name in os.environ.get("BUILDS", by_size("", quick=FEW_BUILDS, smallest=FEW_BUILDS)).split(",") if name
)
"""Honest builds by name; all where none is named."""
JITTERED = int(os.environ.get("JITTERED", by_size("1", quick="0", smallest="0")))
ALPHA = 0.01
SUITE_PROBES = 229
"""Of a language's ready suite: alpha is shared among as many."""
GOAL = 0.95
FOLDER = Path(".soundcheck").absolute()


def main() -> int:
    """Measure a language, print the tables.

    Returns:
        0 where no honest build failed and every kind of edit is found in 95 % of what a golden can vouch for, 2 where
        the voice is not here.
    """
    if LANGUAGE not in (*LANGUAGES, *WRITTEN):
        print(f"LANGUAGE: expected one of {', '.join((*LANGUAGES, *WRITTEN))}, got {LANGUAGE!r}", file=sys.stderr)
        return 2
    if not is_here():
        print(f"expected a Kokoro voice, got none in {voice_folder()}; make it with: {MAKE}", file=sys.stderr)
        return 2
    begun = time.time()
    speaker = os.environ.get("SPEAKER", SPEAKERS[LANGUAGE][0])
    stage = KokoroStage(FOLDER, LANGUAGE, speaker)
    edited = written_phrases(LANGUAGE) if LANGUAGE in WRITTEN else phrases(LANGUAGE, PART, EACH)
    others = heard_probes(LANGUAGE, PART, HEARD_EACH) if LANGUAGE in LANGUAGES else []
    probes = {one.id: one for one in (*others, *(one.probe for one in edited))}
    print(f"{LANGUAGE}, {speaker}, {PART}: {len(edited)} edited phrases, {len(probes)} probes in all", flush=True)
    records = stage.golden_of(list(probes.values()))
    tell_heard(list(probes.values()), records)
    if ONLY_HEARD:
        return 0
    ok = judge_all(stage, edited, records)
    print(f"{time.time() - begun:.0f} s\nintegrity in {LANGUAGE}: {'reached' if ok else 'FELL SHORT'}")
    return 0 if ok else 1


def tell_heard(probes: Sequence[Probe], records: Mapping[str, GoldenRecord]) -> None:
    """What Whisper makes of the clean voice: error rate, probes whose critical words it hears, and usable ones."""
    print(f"{'heard of':12} {'probes':>6} {'WER':>6} {'critical':>9} {'usable':>9}")
    for family in (*dict.fromkeys(probe.family for probe in probes), ""):
        own = [probe for probe in probes if not family or probe.family == family]
        rates = [word_error_rate(probe, records[probe.id].transcript) for probe in own]
        critical = [are_heard(one, records[one.id].transcript) for one in own if one.critical]
        usable = [unreliable(probe, records[probe.id]) is None for probe in own]
        heard, vouched = f"{sum(critical)}/{len(critical)}", f"{sum(usable)}/{len(own)}"
        print(f"{family or 'all':12} {len(own):6} {sum(rates) / len(own):6.3f} {heard:>9} {vouched:>9}")
    for probe in probes:
        if unreliable(probe, records[probe.id]):
            print(f"  not usable: {probe.expect} | heard: {records[probe.id].transcript}")
    sys.stdout.flush()


def word_error_rate(probe: Probe, heard: str) -> float:
    """Of what was heard against the phrase as it is written or as it is spoken, whichever is nearer."""
    got = normalise(heard, LANGUAGE)
    wanted = [normalise(text, LANGUAGE) for text in (probe.text, probe.expect)]
    return min(distance(one, got) / len(one) for one in wanted)


def judge_all(stage: KokoroStage, edited: Sequence[Edited], records: Mapping[str, GoldenRecord]) -> bool:
    """Honest builds and edited candidates, each judged as a run."""
    probes = [one.probe for one in edited]
    screening = Screening(takes=1, seed=1, alpha=ALPHA, suite_probes=SUITE_PROBES)
    run = Run(probes=probes, by_id={probe.id: records[probe.id] for probe in probes}, screening=screening)
    clean: dict[str, Mapping[str, Sequence[Take]]] = {}
    failed: list[str] = []
    blamed = phrases_judged = 0
    honest = [build for build in (SAME_BUILD, *builds(JITTERED)) if not BUILDS or build.name in BUILDS]
    for build in honest:
        clean[build.name] = takes = stage.takes_of(build, {probe.id: probe.text for probe in probes}, records)
        outcomes = judged(run, takes)
        wrong = [one for one in outcomes if one.verdict is Verdict.FAIL]
        blamed += sum(one.subject != "suite-shift" for one in wrong)
        phrases_judged += len(probes)
        failed += [build.name] if wrong else []
        counts = Counter(one.verdict.value for one in outcomes)
        tuned = Counter(one.verdict.value for one in judged(run, takes, how=FineTuneComparison))
        print(f"honest {build.name:12} {dict(counts)}; declared as a fine-tune {dict(tuned)}", flush=True)
        for one in wrong:
            print(f"  {_why(one)}")
    ways = len(honest)
    print(f"honest builds that failed: {len(failed)} of {ways}, {_interval(len(failed), ways)}; ", end="")
    print(f"phrases: {blamed} of {phrases_judged}, {_interval(blamed, phrases_judged)}")
    around = {"same build": SAME_BUILD.name, "another": "jitter-1"}
    others = {name: clean[build] for name, build in around.items() if build in clean}
    found = [tell_kind(stage, run, kind, edited, others) for kind in KINDS]
    return not failed and all(found)


def tell_kind(
    stage: KokoroStage,
    run: Run,
    kind: str,
    edited: Sequence[Edited],
    others: Mapping[str, Mapping[str, Sequence[Take]]],
) -> bool:
    """One kind of edit: each phrase by itself, in a candidate that says the others as it should."""
    fitting = [one for one in edited if kind in one.texts]
    chosen = fitting[:: max(1, len(fitting) // EDITS_EACH)][:EDITS_EACH]
    if not chosen:
        return True
    takes = stage.takes_of(SAME_BUILD, {one.probe.id: one.texts[kind] for one in chosen}, run.by_id)
    is_found = True
    for name, around in others.items():
        outcomes = {}
        for one in chosen:
            probe_id = one.probe.id
            outcomes[probe_id] = next(
                outcome
                for outcome in judged(run, {**around, probe_id: takes[probe_id]}, only=probe_id)
                if outcome.subject == probe_id
            )
        found = sum(outcome.verdict is Verdict.FAIL for outcome in outcomes.values())
        is_open = sum(outcome.verdict is Verdict.INCONCLUSIVE for outcome in outcomes.values())
        rules = Counter(finding.rule.id for outcome in outcomes.values() for finding in outcome.findings)
        told = ", ".join(f"{rule} {count}" for rule, count in rules.most_common(3))
        print(f"{kind:14} {name:10} {found:3} of {len(chosen):3} found, {is_open} open, "
              f"{_interval(found, len(chosen))}  {told}", flush=True)  # fmt: skip
        is_found = is_found and found >= GOAL * len(chosen)
        for one in chosen:
            outcome = outcomes[one.probe.id]
            if outcome.verdict is not Verdict.FAIL:
                heard = takes[one.probe.id][0].hearing.text
                print(f"  {outcome.verdict.value}: {one.texts[kind]} | heard: {heard} | {outcome.reason or ''}")
    return is_found


def _why(outcome: Outcome) -> str:
    return f"{outcome.subject}: {'; '.join(f'{finding.rule.id} {finding.title}' for finding in outcome.findings)}"


def _interval(count: int, of: int) -> str:
    low, high = clopper_pearson(count, of) if of else (0.0, 1.0)
    return f"95 % {low:.3f} to {high:.3f}"


if __name__ == "__main__":
    sys.exit(main())
