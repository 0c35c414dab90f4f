"""Measures what a golden's reference costs, by the same pass that a candidate goes through."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.core.types import Probe
from harness.costs.floors import Floors
from harness.costs.footprint import footprint
from harness.costs.machine import machine_class, workload_seconds
from harness.costs.passes import WARM_UP, Lost, speak_ladder, speak_rounds
from harness.costs.profile import FORMAT_VERSION, CostProfile, PhraseCost
from harness.costs.sample import Sample, plan
from harness.costs.scaling import scaling_of
from harness.goldens.folder import Golden
from harness.speaking.metering import Speak
from harness.speaking.renderer import Renderer

SECONDS = 60.0
"""Time after which no further phrase is begun."""


def measure_profile(
    golden: Golden,
    probes: Sequence[Probe],
    renderer: Renderer,
    *,
    engine: str,
    device: str,
    seed: int,
    progress: Callable[[str], None],
) -> CostProfile | None:
    """Let a fresh worker of the reference speak some phrases, one at a time.

    Args:
        golden: What was recorded of it.
        probes: Its suites.
        renderer: Speaks with it.
        engine: Engine, versions and threads.
        device: ``cpu`` or ``cuda``.
        seed: Base of the seeds.
        progress: Told on one line what is going on.

    Returns:
        None where it lost workers: then there is nothing to hold a candidate against.
    """
    chosen = plan(probes, renderer.guilty)
    if chosen is None:
        return None
    progress("metering the reference")
    lost = Lost()

    def speak_both(own: Speak) -> tuple[Sample, Sample]:
        rounds = speak_rounds(chosen.phrases, own, None, seed=seed, seconds=SECONDS, lost=lost, repeats=2)
        return rounds, speak_ladder(chosen.rungs, own, None, seed=seed, lost=lost)

    rounds, ladder = renderer.borrow(speak_both, is_fresh=True).result()
    workers = {one.worker for round_ in rounds.rounds for one in round_.candidate}
    orders = [one for one in renderer.metered if one.worker in workers]
    # What the ladder needed is not what the phrases need.
    texts = {WARM_UP, *(one.text for one in rounds.rounds)}
    own = footprint([one for one in orders if not one.texts or texts.issuperset(one.texts)])
    if lost.faults or own is None:
        return None
    grows = scaling_of(ladder.rounds, Floors(workload=workload_seconds())).seconds
    return CostProfile(
        version=FORMAT_VERSION,
        golden_digest=golden.digest,
        machine=machine_class(device),
        engine=engine,
        calibration_seconds=rounds.calibration,
        phrases={one.text: PhraseCost(seconds=one.seconds, audio=one.audio) for one in rounds.rounds},
        exponent=grows.slope if grows else 0.0,
        exponent_low=grows.low if grows else 0.0,
        exponent_high=grows.high if grows else 0.0,
        peak_bytes=own.peak_bytes,
        load_seconds=own.load_seconds,
        load_peak_bytes=own.load_peak_bytes,
        first_seconds=own.first_seconds,
    )
