"""From a suite's plan to probes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli.list import packaged_suites
from harness.core.errors import BadInput
from harness.suites.expansion import Drawing, expand, known_families, registered
from harness.suites.file import read_suite
from harness.suites.parse import Suite, parse_suite
from probes.family import Family, Group, Phrase, Setting

HEAD = "version: 1\ntitle: t\nlanguage: en\n"
DRAW = HEAD + "generate:\n  - {family: negation, count: 6}\n"


def suite(source: str, drawing: Drawing | None = None) -> Suite:
    parsed = parse_suite(source, "s.probes.yaml")
    return expand(parsed, drawing) if drawing else expand(parsed)


def error_line(source: str, drawing: Drawing | None = None) -> str:
    with pytest.raises(BadInput) as caught:
        suite(source, drawing)
    return str(caught.value)


def family(*phrases: Phrase, name: str = "mine") -> Family:
    def draw(setting: Setting) -> Iterator[Group]:
        yield from ((phrase,) for phrase in phrases)

    return Family(name=name, purpose="p", source="s", draws={"en": draw})


class TestExpand:
    def test_drawn_probes_follow_the_written_ones_with_the_line_of_their_entry(self) -> None:
        source = HEAD + "probes:\n  - {id: a, family: f, text: Hello}\ngenerate:\n  - {family: negation, count: 4}\n"
        probes = suite(source).probes
        assert [(probe.id, probe.line) for probe in probes[:1]] == [("a", 5)]
        assert {(probe.family, probe.line, probe.source) for probe in probes[1:]} == {("negation", 7, "s.probes.yaml")}
        assert len(probes) == 5

    def test_the_same_plan_gives_the_same_probes(self) -> None:
        assert suite(DRAW) == suite(DRAW)

    @pytest.mark.parametrize("other", [DRAW.replace("6}", "6, seed: 2}"), DRAW.replace("6}", "6, language: de}")])
    def test_another_seed_or_language_gives_others(self, other: str) -> None:
        assert not {probe.id for probe in suite(other).probes} & {probe.id for probe in suite(DRAW).probes}

    def test_a_salt_gives_a_draw_of_its_own(self) -> None:
        salted = suite(DRAW, Drawing(salt="nobody knows this"))
        assert salted == suite(DRAW, Drawing(salt="nobody knows this"))
        assert not {probe.text for probe in salted.probes} & {probe.text for probe in suite(DRAW).probes}

    def test_the_model_s_vocabulary_reaches_the_family_that_wants_it(self) -> None:
        source = HEAD + "generate:\n  - {family: rare-tokens, count: 4}\n"
        probes = suite(source, Drawing(vocabulary=lambda: ("ʘ",))).probes
        assert {probe.trigger[0] for probe in probes if probe.trigger} == {"ʘ"}

    def test_nobody_asks_for_a_vocabulary_where_nothing_is_drawn(self) -> None:
        def never() -> tuple[str, ...]:
            raise AssertionError

        suite(HEAD + "probes:\n  - {id: a, family: f, text: Hello}\n", Drawing(vocabulary=never))

    def test_the_salt_does_not_show_in_a_traceback(self) -> None:
        assert "nobody" not in repr(Drawing(salt="nobody knows this"))


class TestOneLineForWhatIsWrong:
    def test_an_unknown_family(self) -> None:
        assert error_line(DRAW.replace("negation", "negations")) == (
            "s.probes.yaml:5: unknown family 'negations'; did you mean 'negation'?"
        )
        assert error_line(DRAW.replace("negation", "zzz")).endswith("soundcheck list --families shows them")

    def test_a_language_that_the_family_does_not_speak(self) -> None:
        assert error_line(DRAW.replace("negation, count: 6", "unicode, count: 6, language: de")) == (
            "s.probes.yaml:5: family 'unicode' has no phrases in 'de'; it has en"
        )

    def test_more_than_there_are(self) -> None:
        line = error_line(DRAW.replace("negation, count: 6", "homographs, count: 900"))
        assert line.startswith("s.probes.yaml:5: family 'homographs' has ")
        assert line.endswith(", asked for 900; lower the count")


class TestFamiliesOfTheUser:
    SOURCE = DRAW.replace("negation, count: 6", "mine, count: 1")

    def test_they_are_drawn_from_like_any_other(self) -> None:
        probes = suite(self.SOURCE, Drawing(families=(family(Phrase(text="Hello there.")),))).probes
        assert [(probe.text, probe.family) for probe in probes] == [("Hello there.", "mine")]

    @pytest.mark.parametrize(
        ("phrase", "message"),
        [
            (Phrase(text="Pay $5"), "its expect must be spoken words"),
            (Phrase(text="Hello", critical=("bye",)), "its critical word 'bye' is not in its expect 'Hello'"),
            (Phrase(text="Hello", trigger="bye"), "its trigger 'bye' is not in its text 'Hello'"),
            (Phrase(text="a\x1b[2J\0", expect="a"), "its text must have 1 to 2,000 characters"),
            (Phrase(text="x" * 2_001), "its text must have 1 to 2,000 characters"),
        ],
    )
    def test_what_no_suite_file_could_hold_is_refused(self, phrase: Phrase, message: str) -> None:
        line = error_line(self.SOURCE, Drawing(families=(family(phrase),)))
        assert line.startswith(f"s.probes.yaml:5: family 'mine' makes a probe that cannot be used: {message}")
        assert line.isprintable()

    def test_names_are_not_taken_twice(self) -> None:
        with pytest.raises(BadInput, match=r"there is a family 'negation' already; choose another name"):
            known_families([family(name="negation")])

    def test_what_is_no_family_is_refused(self) -> None:
        with pytest.raises(BadInput, match=r"expected a list of probes\.family\.Family, got a str in it$"):
            registered([[], ["negation"]])
        with pytest.raises(BadInput, match=r"^pytest_tts_probes: expected a list .*, got a Family$"):
            registered([family()])


class TestPackagedSuites:
    @pytest.mark.parametrize("path", packaged_suites(), ids=lambda path: path.name)
    def test_each_can_be_drawn(self, path: Path) -> None:
        probes = read_suite(path).suite.probes
        assert len({probe.id for probe in probes}) == len({probe.text for probe in probes}) == len(probes)

    def test_full_has_all_families_and_some_1300_probes_or_a_few_more(self) -> None:
        probes = read_suite(next(path for path in packaged_suites() if path.name.startswith("full"))).suite.probes
        counts = Counter(probe.family for probe in probes)
        assert set(counts) == set(known_families(()))
        assert 1_250 <= len(probes) <= 1_500
        assert min(counts.values()) >= 30

    def test_a_suite_that_draws_otherwise_is_another_suite(self, tmp_path: Path) -> None:
        path = tmp_path / "s.probes.yaml"
        path.write_text(DRAW, "utf-8")
        assert read_suite(path).sha256 != read_suite(path, Drawing(salt="nobody knows this")).sha256
