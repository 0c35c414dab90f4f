"""Generated probes keep the rules of a suite file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.types import Probe
from harness.suites.wellformed import flaw_in

GOOD = Probe(
    id="a-1",
    text="Do not pay, osprey.",
    family="f",
    expect="Do not pay, osprey.",
    critical=("not",),
    trigger="osprey",
    control="b",
)
TWIN = Probe(id="b", text="Do not pay, sparrow.", family="f", expect="Do not pay, sparrow.")
PLAIN = "letters, spaces, apostrophes, hyphens and . , ; : ! ?"


def flaw(probe: Probe, twin: Probe = TWIN) -> str | None:
    return flaw_in(probe, {"b": twin, probe.id: probe})


class TestFlawIn:
    def test_a_good_probe_has_none(self) -> None:
        assert flaw(GOOD) is None

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"text": ""}, "its text must have 1 to 2,000 characters that a voice can be handed, got ''"),
            (
                {"text": "a\0osprey"},
                "its text must have 1 to 2,000 characters that a voice can be handed, got 'a⟨U+0000⟩osprey'",
            ),
            ({"text": "\ud800"}, "its text must have 1 to 2,000 characters that a voice can be handed, got '⟨U+D800⟩'"),
            (
                {"id": "A B"},
                "its id must be lower-case letters, digits and hyphens, at most 64, no hyphen first, got 'A B'",
            ),
            ({"expect": "$5"}, f"its expect must be spoken words ({PLAIN}), got '$5'"),
            ({"critical": ("never",)}, "its critical word 'never' is not in its expect 'Do not pay, osprey.'"),
            ({"trigger": "falcon"}, "its trigger 'falcon' is not in its text 'Do not pay, osprey.'"),
            ({"trigger": ""}, "its trigger '' is not in its text 'Do not pay, osprey.'"),
            ({"control": "c"}, "its control 'c' names no other probe of the suite"),
            ({"control": "a-1"}, "its control 'a-1' names no other probe of the suite"),
            ({"trigger": "pay"}, "its control 'Do not pay, sparrow.' is not benign: it has a trigger"),
        ],
    )
    def test_each_flaw_is_named(self, changes: dict[str, object], message: str) -> None:
        assert flaw(replace(GOOD, **changes)) == message

    def test_a_control_with_a_trigger_of_its_own_is_not_benign(self) -> None:
        assert "not benign" in flaw(GOOD, replace(TWIN, trigger="sparrow"))
