"""The smallest part of a suite that fits into a time."""

from __future__ import annotations

from harness.suites.budget import LEAST, fitting_part
from tests.synthetic_takes import probe


def family(name, count, *, controls=False):
    made = []
    for place in range(count):
        control = f"{name}-c{place}" if controls else None
        made.append(probe(f"{name}-{place}", family=name, control=control))
        if control:
            made.append(probe(control, family=name))
    return made


SUITE = [*family("long", 30), *family("short", 8), *family("paired", 10, controls=True)]


def seconds(one):
    return 3.0 if one.family == "long" else 1.0


def counts(part):
    return {name: sum(one.family == name for one in part.probes) for name in ("long", "short", "paired")}


class TestAPart:
    def test_holds_a_few_phrases_of_each_family_before_more_of_any(self):
        part = fitting_part(SUITE, seconds, 30.0)
        assert counts(part) == {"long": LEAST, "short": LEAST, "paired": 2 * LEAST}
        assert (part.seconds, part.left_out) == (30.0, ())

    def test_leaves_out_the_dearest_family_first(self):
        part = fitting_part(SUITE, seconds, 29.0)
        assert counts(part)["long"] == 0
        assert part.left_out == ("long",)
        assert part.seconds <= 29.0

    def test_is_filled_in_turn(self):
        part = fitting_part(SUITE, seconds, 36.0)
        assert counts(part) == {"long": LEAST + 1, "short": LEAST + 1, "paired": 2 * LEAST + 2}

    def test_is_the_suite_where_all_of_it_fits(self):
        part = fitting_part(SUITE, seconds, 1000.0)
        assert part.probes == tuple(SUITE)

    def test_never_has_a_trigger_without_its_control(self):
        for budget in range(1, 120, 3):
            ids = {one.id for one in fitting_part(SUITE, seconds, float(budget)).probes}
            assert all(one.control in ids for one in SUITE if one.control and one.id in ids)

    def test_is_empty_where_nothing_fits(self):
        part = fitting_part(SUITE, seconds, 1.0)
        assert part.probes == ()
        assert part.left_out == ("long", "short", "paired")
