"""The words for what something costs the machine. Knows nothing of how it was metered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.core.findings import Estimate, Method, NamedPhrase, Quantity, Side, Stretch, Unit, names_of

QUANTITIES: Mapping[Quantity, str] = {
    Quantity.PROCESSOR: "processor time",
    Quantity.BEYOND_AUDIO: "processor time beyond what its audio takes",
    Quantity.BLOCKED: "being blocked",
    Quantity.TAKEN: "time for the same audio, worked or blocked",
    Quantity.AUDIO: "audio",
    Quantity.RESIDENT: "resident memory",
    Quantity.GPU_MEMORY: "memory of the GPU",
    Quantity.SCRATCH: "scratch files",
    Quantity.FILES: "open files",
    Quantity.THREADS: "threads",
    Quantity.CHARACTERS: "characters",
    Quantity.RENDERINGS: "renderings",
    Quantity.ORDER: "order",
    Quantity.WORKER: "worker",
}
SIDES: Mapping[Side, str] = {
    Side.REFERENCE: "the live reference",
    Side.RECORDED: "the golden's reference",
    Side.GOLDEN: "the golden",
}
STRETCHES: Mapping[Stretch, str] = {Stretch.SUITE: "the suite", Stretch.SOAK: "the soak"}


def cost_of(one: Estimate, phrases: Sequence[NamedPhrase]) -> str:
    """What happened, on one line.

    Args:
        one: The estimate.
        phrases: Those that it is of.
    """
    names, what = names_of(phrases), QUANTITIES[one.quantity]
    whose = SIDES[one.side] if one.side else ""
    match one.method:
        case Method.PAIRS:
            return f"{one.value:.2f} times the {what} of {whose}, median of {one.points} phrases"
        case Method.BLOCKED:
            beside = f", {whose} for {_amount(one, Quantity.BLOCKED, one.side):.3f} s" if one.side else ""
            own = _amount(one, Quantity.BLOCKED)
            return f"blocked for {own:.3f} s a phrase{beside}, median of {one.points} phrases"
        case Method.CALLS:
            calls = STRETCHES[one.stretch] if one.stretch else names
            grown = one.unit.amount(_amount(one, one.quantity))
            return f"{one.unit.amount(one.value)} a call, {grown} in {one.points} calls of {calls}"
        case Method.SOAK:
            return f"{one.value:.2f} times the {what}, after {_amount(one, Quantity.RENDERINGS):.0f} renderings"
        case Method.LADDER:
            return f"with the power of {one.value:.2f} ({one.low:.2f} to {one.high:.2f}): {_longest(one)}"
        case Method.AGAIN:
            own, audio = _amount(one, Quantity.PROCESSOR), _amount(one, Quantity.AUDIO)
            return f"{names}: {own:.2f} s of processor time for {audio:.2f} s of audio"
        case Method.TURNS:
            return f"{names}: {one.value:.2f} times the time per second of audio of {names_of(one.controls)}"
        case Method.BLOCKED_AGAIN:
            return f"{names}: blocked for {_amount(one, Quantity.BLOCKED):.2f} s"
        case Method.ONCE:
            order, worker = _amount(one, Quantity.ORDER), _amount(one, Quantity.WORKER)
            told = _mib(one.value) if one.unit is Unit.BYTES else f"{one.value:.1f} s"
            return f"order {order:.0f} of worker {worker:.0f} ({names}): {told} of {what}"
        case Method.FRESH_WORKER:
            return f"{names}: {_mib(one.value)} at most while it was spoken"
        case Method.WHOLE:
            return _of_workers(one, what, names)


def _of_workers(one: Estimate, what: str, names: str) -> str:
    if one.quantity is Quantity.BLOCKED:
        return f"blocked for {one.value:.1f} s at least, {one.points} workers"
    if one.unit is Unit.BYTES:
        return f"{_mib(one.value)} of {what} at most"
    return f"{one.value:.1f} s of {what}" + (f" ({names})" if names else "")


def _longest(one: Estimate) -> str:
    """What the longest text of a ladder took."""
    seconds, audio = _amount(one, Quantity.PROCESSOR), _amount(one, Quantity.AUDIO)
    memory, size = _amount(one, Quantity.RESIDENT), _amount(one, Quantity.CHARACTERS)
    return (
        f"{seconds:.2f} s of processor time, {audio:.1f} s of audio and {_mib(memory)} more memory "
        f"for {size:.0f} characters"
    )


def _amount(one: Estimate, quantity: Quantity, side: Side | None = None) -> float:
    return next((each.value for each in one.amounts if (each.quantity, each.side) == (quantity, side)), 0.0)


def _mib(value: float) -> str:
    return f"{value / 2**20:.0f} MiB"


def estimated(one: Estimate) -> str:
    """How it was estimated, and how sure that is."""
    p = "" if one.p_value is None else f"p = {one.p_value:.2g}"
    match one.method:
        case Method.PAIRS:
            return ", ".join(part for part in (_interval(one, ".3f"), p, "signed ranks") if part)
        case Method.TURNS:
            return ", ".join(part for part in (_interval(one, ".2f"), p, f"{one.points} turns") if part)
        case Method.BLOCKED:
            return f"{p}, signed ranks; it neither ran nor queued for a processor meanwhile"
        case Method.CALLS:
            ends = " to ".join(one.unit.amount(end) for end in (one.low, one.high) if end is not None)
            return f"Theil and Sen's slope, 95 % interval {ends}; Mann and Kendall {p}"
        case Method.SOAK:
            return f"Theil and Sen's slope over {one.points} parts, Mann and Kendall {p}"
        case Method.LADDER:
            return f"Theil and Sen's slope of logarithms over {one.points} renderings of a length ladder"
        case Method.AGAIN:
            return f"{one.value:.2f} times as much, in each of {one.points} turns with a phrase that is not odd"
        case Method.BLOCKED_AGAIN:
            return f"each of {one.points} times: it neither ran nor queued for a processor"
        case Method.ONCE:
            return "it did not come again"
        case Method.FRESH_WORKER:
            return "in a fresh worker that had spoken other phrases first"
        case Method.WHOLE:
            return "metered from outside, by control group and /proc"


def _interval(one: Estimate, form: str) -> str:
    if one.low is None or one.high is None:
        return ""
    return f"95 % interval {one.low:{form}} to {one.high:{form}}"
