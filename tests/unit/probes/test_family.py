"""From a stream of phrases to probes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.core.errors import BadInput
from harness.core.types import Probe
from probes.dice import Dice
from probes.family import Family, Group, Phrase, Setting


def birds(setting: Setting) -> Iterator[Group]:
    for bird in setting.dice.endless(["osprey", "falcon", "magpie"]):
        yield (Phrase(text=f"The {bird} sings.", trigger=bird, twin=Phrase(text="The sparrow sings.")),)


def quads(setting: Setting) -> Iterator[Group]:
    for number in range(9):
        yield tuple(Phrase(text=f"{'very ' * number}{letter} good") for letter in "abc")


BIRDS = Family(name="birds", purpose="p", source="s", draws={"en": birds})


def texts(probes: list[Probe]) -> list[str]:
    return [probe.text for probe in probes]


class TestGenerate:
    def test_a_phrase_comes_with_its_control_and_later_ones_share_it(self) -> None:
        one, control, two = BIRDS.generate(Dice(1), 3)
        assert (one.control, two.control) == (control.id, control.id)
        assert (control.text, control.trigger, control.control) == ("The sparrow sings.", None, None)
        assert {one.trigger, two.trigger} < {"osprey", "falcon", "magpie"}
        assert (one.family, one.language, one.expect) == ("birds", "en", one.text)

    def test_a_smaller_count_gives_the_first_of_a_larger_one(self) -> None:
        assert BIRDS.generate(Dice(1), 4)[:3] == BIRDS.generate(Dice(1), 3)

    def test_an_id_follows_from_the_text_alone(self) -> None:
        ids = {probe.text: probe.id for probe in BIRDS.generate(Dice(1), 4)}
        again = {probe.text: probe.id for probe in BIRDS.generate(Dice(2), 4)}
        assert ids == again
        assert all(identity.startswith("birds-") and len(identity) == 16 for identity in ids.values())

    def test_groups_are_not_torn(self) -> None:
        family = replace(BIRDS, draws={"en": quads})
        assert len(family.generate(Dice(1), 8)) == 6

    def test_what_the_suite_has_already_is_not_made_again_and_serves_as_a_control(self) -> None:
        sparrow = Probe(id="mine", text="The sparrow sings.", family="f", expect="x")
        falcon = Probe(id="other", text="The falcon sings.", family="f", expect="x")
        known = {probe.text: probe for probe in (sparrow, falcon)}
        made = BIRDS.generate(Dice(1), 2, known=known)
        assert sorted(texts(made)) == ["The magpie sings.", "The osprey sings."]
        assert {probe.control for probe in made} == {"mine"}

    def test_a_control_that_has_a_trigger_elsewhere_is_no_control(self) -> None:
        sparrow = Probe(id="mine", text="The sparrow sings.", family="f", expect="x", trigger="sparrow")
        with pytest.raises(BadInput, match="has 0 phrases in 'en' that the suite does not have yet, asked for 2"):
            BIRDS.generate(Dice(1), 2, known={sparrow.text: sparrow})

    def test_a_family_that_is_exhausted_says_how_many_it_has(self) -> None:
        with pytest.raises(BadInput) as caught:
            BIRDS.generate(Dice(1), 5)
        assert str(caught.value) == (
            "family 'birds' has 4 phrases in 'en' that the suite does not have yet, asked for 5; lower the count"
        )

    def test_a_language_that_it_does_not_speak(self) -> None:
        with pytest.raises(BadInput, match=r"^family 'birds' has no phrases in 'de'; it has en$"):
            BIRDS.generate(Dice(1), 1, language="de")
