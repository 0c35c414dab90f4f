"""What a cost comes to is a number with what it counts until it is shown; these are the words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import harness.costs
from harness.core.findings import Amount, Estimate, Method, NamedPhrase, Quantity, Side, Stretch, Unit
from harness.report.costwords import QUANTITIES, SIDES, STRETCHES, cost_of

OSPREY = NamedPhrase(text="An osprey.", probe="osprey")
HERON = NamedPhrase(text="A heron.", probe="heron")


def amount(quantity: Quantity, value: float, side: Side | None = None) -> Amount:
    return Amount(quantity=quantity, value=value, side=side)


def told(method: Method, quantity: Quantity, value: float, unit: Unit, **more: object) -> str:
    one = Estimate(method=method, quantity=quantity, value=value, unit=unit, **more)  # type: ignore[arg-type]
    return cost_of(one, [OSPREY])


def test_every_quantity_side_and_stretch_has_words() -> None:
    assert (set(QUANTITIES), set(SIDES), set(STRETCHES)) == (set(Quantity), set(Side), set(Stretch))


def test_no_finding_of_a_cost_carries_words_of_its_own() -> None:
    for file in sorted(Path(harness.costs.__file__).parent.glob("*.py")):
        calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
        assert "heard" not in {word.arg for call in calls for word in call.keywords}, file.name


@pytest.mark.parametrize(
    ("side", "words"),
    [
        (Side.REFERENCE, "1.50 times the processor time of the live reference, median of 40 phrases"),
        (Side.RECORDED, "1.50 times the processor time of the golden's reference, median of 40 phrases"),
    ],
)
def test_a_ratio_says_of_what_and_of_whom(side: Side, words: str) -> None:
    assert told(Method.PAIRS, Quantity.PROCESSOR, 1.5, Unit.TIMES, side=side, points=40) == words


def test_audio_beside_the_golden_s() -> None:
    words = told(Method.PAIRS, Quantity.AUDIO, 2.0, Unit.TIMES, side=Side.GOLDEN, points=9)
    assert words == "2.00 times the audio of the golden, median of 9 phrases"


def test_being_blocked_is_said_of_both_sides_where_there_are_two() -> None:
    own, other = amount(Quantity.BLOCKED, 0.5), amount(Quantity.BLOCKED, 0.1, Side.REFERENCE)
    alone = told(Method.BLOCKED, Quantity.BLOCKED, 0.5, Unit.SECONDS, amounts=(own,), points=9)
    beside = told(
        Method.BLOCKED, Quantity.BLOCKED, 0.4, Unit.SECONDS, amounts=(own, other), side=Side.REFERENCE, points=9
    )
    assert alone == "blocked for 0.500 s a phrase, median of 9 phrases"
    assert beside == "blocked for 0.500 s a phrase, the live reference for 0.100 s, median of 9 phrases"


def test_a_leak_says_of_which_calls() -> None:
    grown = (amount(Quantity.RESIDENT, 15 << 20),)
    leak = (Method.CALLS, Quantity.RESIDENT, float(1 << 20), Unit.BYTES)
    assert told(*leak, amounts=grown, points=16) == "1.00 MiB a call, 15.00 MiB in 16 calls of osprey"
    for stretch, name in ((Stretch.SUITE, "the suite"), (Stretch.SOAK, "the soak")):
        words = told(*leak, amounts=grown, points=16, stretch=stretch)
        assert words == f"1.00 MiB a call, 15.00 MiB in 16 calls of {name}"


def test_a_soak_a_ladder_and_a_trigger() -> None:
    renderings = (amount(Quantity.RENDERINGS, 900),)
    assert told(Method.SOAK, Quantity.TAKEN, 1.2, Unit.TIMES, amounts=renderings) == (
        "1.20 times the time for the same audio, worked or blocked, after 900 renderings"
    )
    longest = (
        amount(Quantity.CHARACTERS, 334),
        amount(Quantity.PROCESSOR, 26.0),
        amount(Quantity.AUDIO, 18.0),
        amount(Quantity.RESIDENT, 90 << 20),
    )
    assert told(Method.LADDER, Quantity.PROCESSOR, 1.66, Unit.POWER, low=1.49, high=1.87, amounts=longest) == (
        "with the power of 1.66 (1.49 to 1.87): 26.00 s of processor time, 18.0 s of audio and 90 MiB more memory "
        "for 334 characters"
    )
    assert told(Method.TURNS, Quantity.TAKEN, 3.0, Unit.TIMES, controls=(HERON,)) == (
        "osprey: 3.00 times the time per second of audio of heron"
    )


def test_workers_as_a_whole() -> None:
    whole = Method.WHOLE
    assert told(whole, Quantity.BLOCKED, 9.0, Unit.SECONDS, points=2) == "blocked for 9.0 s at least, 2 workers"
    assert told(whole, Quantity.GPU_MEMORY, 3000.0 * (1 << 20), Unit.BYTES) == "3000 MiB of memory of the GPU at most"
    assert told(whole, Quantity.BEYOND_AUDIO, 12.0, Unit.SECONDS) == (
        "12.0 s of processor time beyond what its audio takes (osprey)"
    )
