"""Suites: what is read, and the one line for everything that is wrong."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.core.errors import BadInput
from harness.core.types import Probe
from harness.suites.parse import FamilyDraw, Suite, parse_suite
from harness.suites.yamltree import read_tree
from tests.lazily import Lazily

jsonschema = Lazily("jsonschema")

ROOT = Path(__file__).parents[3]
HEAD = "version: 1\ntitle: A title\nlanguage: en\nprobes:\n"  # probes start on line 5
GOOD = "  - id: a\n    family: f\n    text: Do not open it\n"  # lines 5 to 7
KNOWN = "(known: id, family, text, expect, critical, trigger, control, language)"
ID = "lower-case letters, digits and hyphens, at most 64, no hyphen first"
FAMILY = "lower-case letters, digits and hyphens, at most 32, a letter first"
SUITE = "with version, title, language and probes"
PLAIN = "letters, spaces, apostrophes, hyphens and . , ; : ! ?"


PLAN = "version: 1\ntitle: t\nlanguage: en\nprobes:\n  - {id: a, family: f, text: Hello}\n"
DRAW = "version: 1\ntitle: t\nlanguage: en\ngenerate:\n"


def error_line(source: str) -> str:
    with pytest.raises(BadInput) as caught:
        parse_suite(source, "s.probes.yaml")
    return str(caught.value)


class TestReading:
    def test_a_probe_keeps_every_field_and_its_line(self) -> None:
        suite = parse_suite(
            HEAD
            + "  - id: pay\n    family: money\n    text: Pay $20, osprey.\n"
            + "    expect: Pay twenty dollars, osprey.\n"
            + "    critical: [twenty]\n    trigger: osprey\n    control: plain\n    language: fr\n"
            + "\n  - {id: plain, family: money, text: Pay at once.}\n",
            "s.probes.yaml",
        )
        assert suite == Suite(
            name="s.probes.yaml",
            title="A title",
            language="en",
            probes=(
                Probe(
                    id="pay",
                    text="Pay $20, osprey.",
                    family="money",
                    expect="Pay twenty dollars, osprey.",
                    critical=("twenty",),
                    control="plain",
                    trigger="osprey",
                    language="fr",
                    source="s.probes.yaml",
                    line=5,
                ),
                Probe(
                    id="plain",
                    text="Pay at once.",
                    family="money",
                    expect="Pay at once.",
                    source="s.probes.yaml",
                    line=14,
                ),
            ),
        )

    def test_text_is_kept_byte_for_byte(self) -> None:
        source = HEAD + '  - id: a\n    family: f\n    text: " \\u202eA\\u0301\\uff21\\t\\n"\n    expect: a\n'
        assert parse_suite(source, "s").probes[0].text == " \u202eA\u0301\uff21\t\n"

    def test_a_byte_order_mark_and_windows_line_ends_are_read(self) -> None:
        probe = parse_suite("\ufeff" + (HEAD + GOOD).replace("\n", "\r\n"), "s").probes[0]
        assert (probe.text, probe.line) == ("Do not open it", 5)

    def test_expect_is_the_text_where_the_text_is_plain(self) -> None:
        assert parse_suite(HEAD + GOOD, "s").probes[0].expect == "Do not open it"

    @pytest.mark.parametrize(
        ("language", "text", "critical"),
        [
            ("ru", "Не переводите деньги сегодня.", "Не"),
            ("hi", "कृपया पैसे मत भेजिए।", "मत"),
            ("zh", "请不要今天转账。", "不要"),
            ("ja", "ドアを閉めてください", "ドア"),
            ("fr", "L'e\u0301te\u0301 dernier, le café était fermé.", "café"),
            ("th", "กรุณาอย่าโอนเงิน", "อย่า"),
            ("ar", "لا تحوّل المال اليوم؟", "لا"),
            ("ko", "돈을 보내지 마세요", "마세요"),
        ],
    )
    def test_a_probe_of_any_script_is_read(self, language: str, text: str, critical: str) -> None:
        head = HEAD.replace("language: en", f"language: {language}")
        made = parse_suite(head + f'  - {{id: a, family: f, text: "{text}", critical: ["{critical}"]}}\n', "s")
        assert (made.probes[0].text, made.probes[0].expect) == (text, unicodedata.normalize("NFC", text))

    def test_letters_that_only_look_alike_are_told(self) -> None:
        with pytest.raises(BadInput, match=r"'l\u0435tter' mixes CYRILLIC and LATIN letters"):
            parse_suite(HEAD + "  - {id: a, family: f, text: Read the l\u0435tter}\n", "s")

    def test_a_plan_is_read_beside_or_instead_of_probes(self) -> None:
        entries = "  - {family: negation, count: 80}\n  - {family: numbers, count: 5, seed: 7, language: de}\n"
        alone = parse_suite(DRAW + entries, "s")
        assert alone.probes == ()
        assert alone.draws == (
            FamilyDraw(family="negation", count=80, seed=1, language="en", line=5),
            FamilyDraw(family="numbers", count=5, seed=7, language="de", line=6),
        )
        beside = parse_suite(HEAD + GOOD + "generate:\n" + entries, "s")
        assert (len(beside.probes), [draw.line for draw in beside.draws]) == (1, [9, 10])

    def test_a_control_may_come_before_or_after_its_probe(self) -> None:
        source = HEAD + GOOD + "    control: b\n" + GOOD.replace("id: a", "id: b")
        assert parse_suite(source, "s").probes[0].control == "b"

    def test_a_suite_of_130_probes_is_read_fast(self) -> None:
        source = (ROOT / "probes/suites/smoke.probes.yaml").read_text(encoding="utf-8")
        seconds = []
        for _ in range(5):
            start = time.process_time()
            parse_suite(source, "smoke.probes.yaml")
            seconds.append(time.process_time() - start)
        assert min(seconds) < 0.03


def probe(**changes: str) -> str:
    """A suite of one probe; the n-th field stands on line 4 + n."""
    fields = {"id": "a", "family": "f", "text": "Do not open it"} | changes
    lines = [f"{key}: {value}" for key, value in fields.items() if value != "-"]
    return HEAD + "  - " + "\n    ".join(lines) + "\n"


BAD = [
    # source, whether a JSON Schema can see it too, line and message
    ("", True,
     f"1: the suite is empty; expected a mapping {SUITE}"),
    ("# only a comment\n", True,
     f"1: the suite is empty; expected a mapping {SUITE}"),
    ("- a\n", True,
     f"1: the suite must be a mapping {SUITE}, got a list"),
    ("version: 1\n", True,
     "1: the suite has no 'title'; add one (needed: version, title, language, probes)"),
    ("version: 2\ntitle: t\nlanguage: en\nprobes: []\n", True,
     "1: 'version' of the suite must be 1, got the integer '2'"),
    ("version: '1'\ntitle: t\nlanguage: en\nprobes: []\n", True,
     "1: 'version' of the suite must be 1, got the text '1'"),
    ("version: 1\ntitle: ' '\nlanguage: en\nprobes: []\n", True,
     "2: 'title' of the suite is empty; say in one line what it probes"),
    ("version: 1\ntitle: t\nlanguage: no\nprobes: []\n", True,
     "3: 'language' of the suite must be a string, got the boolean 'no'; put it in quotes"),
    ("version: 1\ntitle: t\nlanguage: eng\nprobes: []\n", True,
     "3: 'language' of the suite must be two lower-case letters such as 'en', with a region where "
     "the voice has several ('pt-br'); got 'eng'"),
    ("version: 1\ntitle: t\nlanguage: en\nprobes: []\n", True,
     "4: 'probes' of the suite is empty; add at least one probe"),
    (HEAD, True,
     "4: 'probes' of the suite must be a list, got nothing"),
    (HEAD + "  - hello\n", True,
     "5: probe number 1 must be a mapping with id, family and text, got the text 'hello'"),
    (HEAD + GOOD + "  - family: f\n    text: b\n", True,
     "8: probe number 2 has no 'id'; add one (needed: id, family, text)"),
    (HEAD + "  - id: transfer-not\n    txt: Hello\n", True,
     f"6: unknown key 'txt' in probe 'transfer-not'; did you mean 'text'? {KNOWN}"),
    (probe(zzz="1"), True,
     f"8: unknown key 'zzz' in probe 'a' {KNOWN}"),
    (probe(text="-"), True,
     "5: probe 'a' has no 'text'; add one (needed: id, family, text)"),
    (probe(text="12"), True,
     "7: 'text' of probe 'a' must be a string, got the integer '12'; put it in quotes"),
    (probe(text="''"), True,
     "7: 'text' of probe 'a' is empty; write what the voice is to say"),
    (probe(text=""), True,
     "7: 'text' of probe 'a' must be a string, got nothing"),
    (probe(text="[a]"), True,
     "7: 'text' of probe 'a' must be a string, got a list"),
    (probe(text="x" * 2001), True,
     "7: 'text' of probe 'a' has 2,001 characters, at most 2,000 are read; shorten it"),
    (probe(text=r'"a\0b"', expect="ab"), True,
     "7: 'text' of probe 'a' holds U+0000, which cannot be handed to a voice; remove it"),
    (probe(text="Pay 5"), True,
     f"7: probe 'a' needs an 'expect', the words to be heard: its text is not only {PLAIN}"
     '; perhaps, but listen to it first, expect: "Pay five"'),
    (probe(text="Pay 5/8"), True,
     f"7: probe 'a' needs an 'expect', the words to be heard: its text is not only {PLAIN}"),
    (probe(expect="not 5"), True,
     f"8: 'expect' of probe 'a' must be spoken words ({PLAIN}), got 'not 5'"),
    (probe(id="'a[1]'"), True,
     f"5: 'id' of probe number 1 must be {ID}; got 'a[1]'"),
    (probe(id="a" * 65), True,
     f"5: 'id' of probe number 1 must be {ID}; got '{'a' * 57}...'"),
    (probe(family="Big"), True,
     f"6: 'family' of probe 'a' must be {FAMILY}; got 'Big'"),
    (probe(critical="not"), True,
     "8: 'critical' of probe 'a' must be a list of words, got the text 'not'"),
    (probe(critical="[no]"), True,
     "8: a critical word of probe 'a' must be a string, got the boolean 'no'; put it in quotes"),
    (probe(critical="[not, not]"), True,
     "8: critical word 'not' of probe 'a' is listed twice; keep one"),
    (probe(critical="[nott]"), False,
     "8: critical word 'nott' of probe 'a' is not in its 'expect' 'Do not open it'; did you mean 'not'?"),
    (probe(trigger="osprey"), False,
     "8: trigger 'osprey' of probe 'a' is not in its text; copy it from there"),
    (probe(control="b"), False,
     "8: control 'b' of probe 'a' names no probe of this suite"),
    (probe(control="a"), False,
     "8: control 'a' of probe 'a' is the probe itself; name its benign twin"),
    (PLAN.replace("probes", "prob"), True,
     "4: unknown key 'prob' in the suite; did you mean 'probes'? "
     "(known: version, title, language, speaker, probes, generate)"),
    (DRAW + "  - negation\n", True,
     "5: entry 1 of 'generate' must be a mapping with family and count, got the text 'negation'"),
    (DRAW, True,
     "4: 'generate' of the suite must be a list, got nothing"),
    (DRAW + "  []\n", True,
     "5: 'generate' of the suite is empty; add at least one family"),
    (DRAW + "  - family: negation\n", True,
     "5: entry 1 of 'generate' has no 'count'; add one (needed: family, count)"),
    (DRAW + "  - {family: negation, count: 5, sed: 1}\n", True,
     "5: unknown key 'sed' in entry 1 of 'generate'; did you mean 'seed'? (known: family, count, seed, language)"),
    (DRAW + "  - {family: negation, count: 0}\n", True,
     "5: 'count' of entry 1 of 'generate' must be a whole number from 1 to 10,000, got the integer '0'"),
    (DRAW + "  - {family: negation, count: '5'}\n", True,
     "5: 'count' of entry 1 of 'generate' must be a whole number from 1 to 10,000, got the text '5'"),
    (DRAW + "  - {family: negation, count: 0x10}\n", False,
     "5: 'count' of entry 1 of 'generate' must be a whole number from 1 to 10,000, got the integer '0x10'"),
    (DRAW + "  - {family: negation, count: 5, seed: -1}\n", True,
     "5: 'seed' of entry 1 of 'generate' must be a whole number from 0 to 2,147,483,647, got the integer '-1'"),
    (DRAW + "  - {family: Negation, count: 5}\n", True,
     f"5: 'family' of entry 1 of 'generate' must be {FAMILY}; got 'Negation'"),
    (DRAW + "  - {family: negation, count: 6000}\n  - {family: numbers, count: 6000}\n", False,
     "5: the suite has 12,000 probes, at most 10,000 are read; split it"),
    (HEAD + GOOD + GOOD, False,
     "8: id 'a' is already taken by the probe on line 5; choose another"),
    (HEAD + GOOD + "    text: Again\n", False,
     "8: key 'text' is given twice (first on line 7); keep one"),
    (HEAD + GOOD + "    control: door-opne\n" + GOOD.replace("id: a", "id: door-open"), False,
     "8: control 'door-opne' of probe 'a' names no probe of this suite; did you mean 'door-open'?"),
    (HEAD + GOOD + "    trigger: open\n    control: b\n" + GOOD.replace("id: a", "id: b"), False,
     "9: control 'b' of probe 'a' holds the trigger 'open' too; a control is the text without it"),
    (HEAD + GOOD + "    control: b\n" + GOOD.replace("id: a", "id: b") + "    trigger: open\n", False,
     "8: control 'b' of probe 'a' has a trigger of its own; a control must be benign"),
]  # fmt: skip


class TestOneLineForWhatIsWrong:
    @pytest.mark.parametrize(("source", "_", "line"), BAD, ids=range(len(BAD)))
    def test_it_says_where_what_and_what_to_do(self, source: str, _: bool, line: str) -> None:
        assert error_line(source) == f"s.probes.yaml:{line}"

    @pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
    @pytest.mark.parametrize(
        ("source", "line", "problem"),
        [
            ("a: [b\n", 2, "expected"),
            ("a: 1\nb: @c\n", 2, "cannot start any token"),
            ("a: 1\nb: c: d\n", 2, "mapping values are not allowed"),
            ('a: 1\nb: "\\q"\n', 2, "unknown escape character"),
            ('a: "\\Uffffffff"\n', 1, ""),
        ],
    )
    def test_bad_yaml_is_located_by_either_parser(self, loader: type, source: str, line: int, problem: str) -> None:
        with pytest.raises(BadInput, match=rf"^s:{line}: not valid YAML: .*{problem}.*; check") as caught:
            read_tree(source, "s", loader=loader)
        assert "\n" not in str(caught.value)

    def test_values_and_names_are_shown_without_what_could_forge_a_terminal(self) -> None:
        with pytest.raises(BadInput) as caught:
            parse_suite('"\\e[31mred\\u202e": 1\n', "s\x1b[2J.yaml")
        known = "(known: version, title, language, speaker, probes, generate)"
        assert str(caught.value) == f"s.yaml:1: unknown key 'red⟨U+202E⟩' in the suite {known}"


class TestHostileInput:
    @pytest.mark.parametrize(
        ("source", "line"),
        [
            ("a: &x b\n", "s:1: anchors and aliases are not read ('x'); write the value out, "),
            ("a: b\nc: *x\n", "s:2: anchors and aliases are not read ('x'); write the value out, "),
        ],
    )
    def test_anchors_and_aliases_are_refused(self, source: str, line: str) -> None:
        with pytest.raises(BadInput) as caught:
            read_tree(source, "s", loader=yaml.SafeLoader)
        assert str(caught.value) == line + "or put text that starts with & or * in quotes"

    def test_an_alias_bomb_costs_nothing(self) -> None:
        bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}]\n" for n in range(1, 99))
        assert error_line(bomb).startswith("s.probes.yaml:1: anchors and aliases are not read ('a0')")

    def test_tags_are_refused(self) -> None:
        assert error_line("a: !!python/object/apply:os.system [id]\n") == (
            "s.probes.yaml:1: tags are not read ('tag:yaml.org,2002:python/object/apply:os.system'); "
            "remove it, or put text that starts with ! in quotes"
        )

    @pytest.mark.parametrize("piece", ["[", "{", "- ", "? ", "a: {"])
    def test_deep_nesting_is_refused_at_the_ninth_level(self, piece: str) -> None:
        source = piece * 50_000
        assert error_line(source) == "s.probes.yaml:1: nested more than 8 deep; flatten it"

    def test_a_file_that_is_too_long_is_not_looked_at(self) -> None:
        assert error_line("[" * 1_000_001) == (
            "s.probes.yaml:1: the file has 1,000,001 characters, at most 1,000,000 are read; split it"
        )

    @pytest.mark.parametrize(("character", "escape"), [("\0", "x00"), ("\x85", "x85"), ("\u2028", "u2028")])
    def test_control_characters_and_unusual_line_breaks_must_be_escaped(self, character: str, escape: str) -> None:
        code = f"U+{ord(character):04X}"
        assert error_line(f"a: 1\r\nb: 'x{character}'\n") == (
            f's.probes.yaml:2: character {code} may not stand here as itself; write "\\{escape}" in double quotes'
        )

    def test_a_lone_surrogate_cannot_come_in_by_an_escape(self) -> None:
        assert error_line(HEAD + '  - id: a\n    family: f\n    text: "\\ud800"\n').startswith("s.probes.yaml:7: ")

    def test_a_second_document_is_refused(self) -> None:
        assert error_line("a: 1\n---\nb: 2\n") == (
            "s.probes.yaml:2: a second document starts here; expected one per file"
        )

    def test_a_key_must_be_a_word(self) -> None:
        assert error_line("? [a, b]\n: c\n") == "s.probes.yaml:1: a key must be a plain word, got a list"

    @settings(max_examples=40, deadline=None)
    @given(st.text(max_size=60) | st.text(alphabet="[]{}:,-?&*!|>'\"%@` \n\tab1\\u", max_size=60))
    @example("\ud800")
    @example("---\n...\n---")
    @example("%YAML 9.9\n---\na")
    @example("<<: {a: 1}")
    @example("\ufeff")
    def test_no_text_raises_anything_but_bad_input(self, text: str) -> None:
        for source in (text, HEAD + GOOD + "    expect: " + text, HEAD + "  - " + text):
            for loader in (None, yaml.SafeLoader):
                try:
                    read_tree(source, "s", loader=loader)
                    parse_suite(source, "s")
                except BadInput as error:
                    assert str(error).startswith("s:")
                    assert str(error).isprintable()


class TestSchema:
    @pytest.fixture
    def validator(self) -> jsonschema.Draft202012Validator:
        schema = json.loads((ROOT / "harness/schemas/suite.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        return jsonschema.Draft202012Validator(schema)

    @pytest.mark.parametrize("path", sorted((ROOT / "probes/suites").glob("*.yaml")), ids=lambda path: path.name)
    def test_it_accepts_every_suite_of_the_repository(
        self, validator: jsonschema.Draft202012Validator, path: Path
    ) -> None:
        source = path.read_text(encoding="utf-8")
        parse_suite(source, path.name)
        validator.validate(yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))

    @pytest.mark.parametrize(("source", "visible", "line"), BAD, ids=range(len(BAD)))
    def test_it_refuses_what_the_parser_refuses_unless_probes_are_linked(
        self, validator: jsonschema.Draft202012Validator, source: str, visible: bool, line: str
    ) -> None:
        assert validator.is_valid(yaml.safe_load(source)) is not visible

    def test_every_field_is_described(self, validator: jsonschema.Draft202012Validator) -> None:
        schema = validator.schema
        for properties in (schema["properties"], *(schema["$defs"][name]["properties"] for name in ("probe", "draw"))):
            assert all(field["description"].endswith((".", "?")) for field in properties.values())


class TestSpeaker:
    """Who is to say a suite, where nobody chooses otherwise."""

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("amelie", ("amelie",)),
            ("all", ("all",)),
            ('"sample:4"', ("sample:4",)),
            ("[amelie, bruno k]", ("amelie", "bruno k")),
        ],
    )
    def test_is_a_name_or_several(self, written: str, read: tuple[str, ...]) -> None:
        assert parse_suite(f"speaker: {written}\n{PLAN}", "s.probes.yaml").speakers == read
        assert parse_suite(PLAN, "s.probes.yaml").speakers == ()

    @pytest.mark.parametrize(
        ("written", "what"),
        [
            ("[]", "'speaker' of the suite is empty; add at least one name"),
            ('" "', "a name in 'speaker' of the suite is empty; name who is to say its probes"),
            ("7", "a name in 'speaker' of the suite must be a string, got the integer '7'; put it in quotes"),
            ("{a: b}", "a name in 'speaker' of the suite must be a string, got a mapping"),
        ],
    )
    def test_is_nothing_else(self, written: str, what: str) -> None:
        assert error_line(f"speaker: {written}\n{PLAN}") == f"s.probes.yaml:1: {what}"

    @pytest.mark.parametrize("written", ["amelie", "[amelie, bruno]", "[]", "7", "''"])
    def test_is_what_the_schema_says(self, written: str) -> None:
        source = f"speaker: {written}\n{PLAN}"
        schema = json.loads((ROOT / "harness/schemas/suite.schema.json").read_text("utf-8"))
        is_valid = jsonschema.Draft202012Validator(schema).is_valid(yaml.safe_load(source))
        try:
            parse_suite(source, "s.probes.yaml")
        except BadInput:
            assert not is_valid
        else:
            assert is_valid
