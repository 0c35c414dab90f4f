"""How cost grows with the length of the text: exponents over the length ladder, against what is at hand. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.core.findings import Amount, Estimate, Evidence, Finding, Method, Quantity, Side, Unit
from harness.core.rules import Rule
from harness.core.types import Severity
from harness.costs.arithmetic import Trend, exponent
from harness.costs.floors import Floors
from harness.costs.profile import CostProfile
from harness.costs.sample import Round
from harness.policy.release import CostPolicy
from harness.speaking.metered import Metered

LINEAR = 1.25
"""Exponent that a voice without anything to compare with is granted, before the policy's difference is added: work
that grows with the length is 1, and what is paid once for each text pulls it lower."""
LEAST_RUNGS = 3
LEAST_BYTES = 256 << 20
"""Memory that the longest rung must take for its growth to matter."""
SCALING = Rule(
    id="cost.scaling",
    severity=Severity.HIGH,
    title="Cost grows too fast with the length of the text",
    meaning="Over a length ladder, processor time or audio grows with a larger power than it should.",
    advice="Bound the length of what may be asked, or do not ship: a long text keeps the machine busy.",
)
RULES = (SCALING,)


_MEASURED = (Quantity.CHARACTERS, Quantity.PROCESSOR, Quantity.AUDIO, Quantity.RESIDENT)
"""Of each rung, in this order."""
_NAMES = {Quantity.PROCESSOR: "processor time", Quantity.AUDIO: "audio", Quantity.RESIDENT: "memory"}
_WHOSE = {None: "a linear voice", Side.REFERENCE: "the live reference", Side.RECORDED: "the golden's reference"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Exponents of one ladder."""

    seconds: Trend | None
    """Of processor time; None where it is too short to be timed."""
    audio: Trend | None
    """Of seconds of audio, which the harness counts."""
    memory: Trend | None
    """Of the peak of memory beyond what the worker had before; None where that is too little, or not told.

    A worker that keeps freed memory for the next order has room for short texts already, and only long ones add to
    its peak: where this is too large, :func:`weighed` says more.
    """
    longest: tuple[Amount, ...]
    """What the longest rung took: processor, audio, memory beyond what the worker had, characters."""

    @property
    def top(self) -> str:
        """The same, for a note."""
        size, seconds, audio, memory = (one.value for one in self.longest)
        return (
            f"{seconds:.2f} s of processor time, {audio:.1f} s of audio and {memory / 2**20:.0f} MiB more memory "
            f"for {size:.0f} characters"
        )


def scaling_of(rounds: Sequence[Round], floors: Floors, *, is_reference: bool = False) -> Scaling:
    """Exponents of a ladder that was spoken."""
    orders = [spoken for one in rounds for spoken in _of(one, is_reference=is_reference)]
    sizes = [float(one.characters) for one in orders]
    if len({*sizes}) < LEAST_RUNGS:
        return Scaling(seconds=None, audio=None, memory=None, longest=())
    # A worker keeps what the longest rung needed: shorter ones that are said after it seem to need as much.
    upwards = [spoken for one in _first_of_each(rounds) for spoken in _of(one, is_reference=is_reference)]
    loaded = min(one.base_bytes for one in upwards)
    weights = [float(max(1 << 20, one.peak_bytes - loaded)) for one in upwards]
    points = [(float(one.characters), max(1e-6, one.cpu_seconds), max(0.01, one.audio_seconds)) for one in orders]
    longest = (*max(points), max(weights))
    is_timed = longest[1] >= floors.rung
    is_weighed = all(one.is_own_peak for one in upwards) and longest[3] >= LEAST_BYTES
    return Scaling(
        # Only the upper half of the ladder tells the power: below, what each text costs at least hides it.
        seconds=exponent(*_upper(sizes, [cost for _, cost, _ in points])) if is_timed else None,
        audio=exponent(sizes, [audio for _, _, audio in points]),
        memory=exponent(*_upper([float(one.characters) for one in upwards], weights)) if is_weighed else None,
        longest=tuple(Amount(quantity=what, value=longest[at]) for at, what in enumerate(_MEASURED)),
    )


def judge_scaling(
    subject: str, own: Scaling, other: Scaling | None, profile: CostProfile | None, limits: CostPolicy
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Findings and notes.

    Args:
        subject: Name of the check.
        own: The candidate's.
        other: The live reference's, None without one.
        profile: The golden's, of a machine of this class; None without one.
        limits: How much larger an exponent may be.
    """
    notes = []
    findings = []
    side: Side | None
    if own.seconds is None:
        notes.append("the longest text is spoken too quickly for the growth of processor time to be measured")
    else:
        bound, side = _recorded(profile)
        if other is not None and other.seconds is not None:
            bound, side = _granted(other.seconds)
        said = f"processor time grows with the length to the power of {_told(own.seconds)}"
        notes.append(f"{said}; {_WHOSE[side]} at most {bound:.2f}; {own.top}")
        if _is_too_much(own.seconds, bound, limits):
            findings.append(_finding(subject, Quantity.PROCESSOR, own.seconds, bound, side, own.longest))
    theirs = (other.audio, other.memory) if other is not None else (None, None)
    for quantity, mine, reference in (
        (Quantity.AUDIO, own.audio, theirs[0]),
        (Quantity.RESIDENT, own.memory, theirs[1]),
    ):
        if mine is None:
            continue
        bound, side = _granted(reference)
        notes.append(f"{_NAMES[quantity]} grows with the length to the power of {_told(mine)}")
        if _is_too_much(mine, bound, limits):
            findings.append(_finding(subject, quantity, mine, bound, side, own.longest))
    return tuple(findings), tuple(notes)


def is_heavy(own: Scaling, other: Scaling | None, limits: CostPolicy) -> bool:
    """Whether memory seems to grow too fast, and the ladder is to be spoken by workers that keep no freed memory.

    Args:
        own: The candidate's.
        other: The live reference's, None without one.
        limits: How much larger an exponent may be.
    """
    return own.memory is not None and _is_too_much(own.memory, _granted(other.memory if other else None)[0], limits)


def weighed(found: Scaling, tidy: Scaling) -> Scaling:
    """A ladder whose memory is that of workers that keep no freed memory, and whose clocks are those of usual ones.

    Where those did not tell, it stays as it was: a voice that refuses the rungs is not excused, nor one whose peaks
    cannot be told from earlier ones.
    """
    is_told = bool(tidy.longest) and (tidy.memory is not None or tidy.longest[-1].value < LEAST_BYTES)
    if not is_told:
        return found
    return replace(found, memory=tidy.memory, longest=(*found.longest[:-1], tidy.longest[-1]))


def is_clear(own: Scaling, profile: CostProfile | None, limits: CostPolicy) -> bool:
    """Whether a ladder that was spoken once tells enough: between no two rungs did anything grow as a finding needs.

    The median of the same slopes decides; that further takes lift it so far is no growth but noise. Of memory they
    tell nothing: whatever a text needs, its worker has by then.
    """
    bounds = ((own.seconds, _recorded(profile)[0]), (own.audio, LINEAR))
    return own.audio is not None and all(
        grows is None or grows.high <= bound + limits.exponent for grows, bound in bounds
    )


def _is_too_much(grows: Trend, bound: float, limits: CostPolicy) -> bool:
    return grows.low > bound and grows.slope > bound + limits.exponent


def _granted(reference: Trend | None) -> tuple[float, Side | None]:
    """Exponent that is granted beside a live reference or without one, and whose it is."""
    return (LINEAR, None) if reference is None else (max(reference.high, reference.slope), Side.REFERENCE)


def _of(one: Round, *, is_reference: bool) -> Sequence[Metered]:
    return one.reference if is_reference else one.candidate


def _first_of_each(rounds: Sequence[Round]) -> list[Round]:
    """The first time that each text was said."""
    found: dict[str, Round] = {}
    for one in rounds:
        found.setdefault(one.text, one)
    return list(found.values())


def _recorded(profile: CostProfile | None) -> tuple[float, Side | None]:
    """Exponent of processor time that is granted without a live reference, and whose it is."""
    if profile is None or profile.exponent <= 0:
        return LINEAR, None
    return max(profile.exponent_high, profile.exponent), Side.RECORDED


def _upper(sizes: Sequence[float], costs: Sequence[float]) -> tuple[list[float], list[float]]:
    """The points of the longest :data:`LEAST_RUNGS` rungs."""
    kept = sorted({*sizes})[-LEAST_RUNGS:]
    pairs = list(itertools.compress(zip(sizes, costs, strict=True), (size in kept for size in sizes)))
    return [size for size, _ in pairs], [cost for _, cost in pairs]


def _told(found: Trend) -> str:
    return f"{found.slope:.2f} ({found.low:.2f} to {found.high:.2f})"


def _finding(
    subject: str, quantity: Quantity, found: Trend, bound: float, side: Side | None, longest: tuple[Amount, ...]
) -> Finding:
    return Finding(
        rule=SCALING,
        severity=Severity.HIGH,
        subject=subject,
        title=f"{_NAMES[quantity]} grows faster with the length of the text than it should",
        expected=f"at most {bound:.2f}, as {_WHOSE[side]}",
        evidence=Evidence(
            estimate=Estimate(
                method=Method.LADDER,
                quantity=quantity,
                value=found.slope,
                unit=Unit.POWER,
                other=bound,
                low=found.low,
                high=found.high,
                p_value=found.p_value,
                points=found.points,
                side=side,
                amounts=longest,
            )
        ),
        hint="a long text is then enough to keep the machine busy: bound the length, or do not ship",
    )
