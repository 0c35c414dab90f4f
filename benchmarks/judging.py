"""What judging a suite costs beside speaking it: CPU seconds of both, on the phrases of the smoke suite.

Speaking is the demo voice alone, in batches of four as a worker does it; judging is everything behind it: Whisper,
echoes, all senses, and the statistics of screen and suite. One thread each, one after the other. Run it with
``make bench-judging``; ``QUICK=1`` takes 24 phrases.
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.size import by_size
from harness.cli.demo import GOLDEN, demo_suite, demo_whisper
from harness.core.paths import cache_root
from harness.core.seeds import FIRST_PURPOSE, seed_for
from harness.core.transcriber import Transcriber
from harness.core.types import RenderingKey, Take
from harness.core.waveform import clean, facts
from harness.engines.coqui.adapter import CoquiEngine
from harness.goldens.folder import read_golden
from harness.goldens.places import packaged_golden
from harness.hearing.asr.weights import resolve_whisper
from harness.hearing.asr.whisper import WhisperTranscriber
from harness.hearing.listener import Listener
from harness.hearing.listening import Expected
from harness.judging.judge import Judge, count_tests
from harness.judging.suite_shift import Judged, judge_shift
from harness.models.demo import build_demo_voice
from harness.speaking.schedule import BATCH
from harness.storage.store import Store
from harness.suites.file import read_suite

PHRASES = by_size(0, quick=24, smallest=2)
"""0 for all."""
TAKES = 2
WHISPERS = {"tiny.en": str(demo_whisper())}


def _same(transcriber: Transcriber) -> Transcriber:
    return transcriber


def main() -> int:
    """Measure, print, judge.

    Returns:
        0 where judging takes less CPU time than speaking, else 1.
    """
    golden = read_golden(packaged_golden() / GOLDEN)
    probes = read_suite(demo_suite()).suite.probes
    probes = probes[:: max(1, len(probes) // PHRASES)] if PHRASES else probes
    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    engine.load(build_demo_voice(cache_root()), device="cpu", threads=1)
    engine.render([probes[0].text], [1])
    spoken, begun = {}, time.process_time()
    for probe in sorted(probes, key=lambda one: len(one.text)):
        seeds = [seed_for(FIRST_PURPOSE, 1, probe.text, take) for take in range(TAKES)]
        spoken[probe.id] = list(zip(seeds, engine.render([probe.text] * TAKES, seeds), strict=True))
    speaking = time.process_time() - begun
    print(f"{len(probes)} phrases, {TAKES} takes each; CPU seconds, one thread")
    print(f"{'speaking':28} {speaking:7.1f}")
    ok = True
    for name, spec in WHISPERS.items():
        transcriber = WhisperTranscriber(resolve_whisper(spec, cache_root(), progress=lambda _: None), threads=1)
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            listener = Listener(store, partial(_same, transcriber))
            renderings = {
                probe.id: [
                    store.keep(
                        RenderingKey(model_digest="", text=probe.text, seed=seed, engine="benchmark"),
                        clean(speech.samples), speech.sample_rate, facts(speech.samples, speech.sample_rate), (0, 0),
                    )
                    for seed, speech in spoken[probe.id]
                ]
                for probe in probes
            }  # fmt: skip
            warm = probes[0]
            listener.takes(renderings[warm.id][:1], [Expected(text="warm up", prints=golden.prints.of(warm.id))])
            begun = time.process_time()
            orders = [(probe, one) for probe in probes for one in renderings[probe.id]]
            takes: dict[str, list[Take]] = {probe.id: [] for probe in probes}
            for at in range(0, len(orders), BATCH):
                part = orders[at : at + BATCH]
                expected = [
                    Expected(text=golden.records[probe.id].transcript, prints=golden.prints.of(probe.id))
                    for probe, _ in part
                ]
                for (probe, _), take in zip(part, listener.takes([one for _, one in part], expected), strict=True):
                    takes[probe.id].append(take)
            hearing = time.process_time() - begun
        begun = time.process_time()
        records = list(golden.records.values())
        judge = Judge(records, takes=TAKES, tests=count_tests(len(records)), alpha=0.01)
        for probe in probes:
            judge.screen(golden.records[probe.id], takes[probe.id])
        judged = [Judged(family=p.family, golden=golden.records[p.id], takes=takes[p.id]) for p in probes]
        judge_shift(judged, alpha=0.01, is_tuned=False)
        deciding = time.process_time() - begun
        ratio = (hearing + deciding) / speaking
        print(f"{f'hearing with {name}':28} {hearing:7.1f}")
        print(f"{'deciding':28} {deciding:7.1f}")
        ok &= ratio < 1
        print(
            f"judging: {ratio:.2f} of what speaking costs ({name}, {len(probes)} phrases): "
            f"{'reached' if ok else 'FELL SHORT'}"
        )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
