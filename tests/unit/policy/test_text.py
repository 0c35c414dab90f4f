"""The text of a policy: read whole, refused with the line where it is wrong."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.core.types import Severity
from harness.policy.release import ISOLATIONS, CostPolicy, FamilyPolicy, Policy, Waiver
from harness.policy.text import parse_policy
from tests.lazily import Lazily

jsonschema = Lazily("jsonschema")

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "harness/schemas/policy.schema.json").read_text("utf-8"))

WHOLE = """\
version = 1
title = "Releases"
owner = "voice team"
alpha = 0.02
gate = "release"
fail_at = "medium"

[severity]
"voice.level" = "low"

[family.unicode]
fail_at = "high"
severity = {"timing.slow" = "medium"}
min_probes = 8
max_miss = 0.5

[coverage]
families = ["negation", "numbers"]
min_probes = 100
max_miss = 0.25

[signoff]
isolation = ["A", "A-"]
max_age_days = 90

[[waiver]]
rule = "timing.slow"
subject = "carrier-*"
owner = "voice team"
reason = "wanted"
expires = 2027-01-31

[[waiver]]
rule = "worker.failed"
subject = "unicode-emoji"
owner = "front end"
reason = "no emoji in the vocabulary"
expires = 2027-02-28
allow = "hostile"

[cost]
latency = 1.2
recorded = 2
exponent = 0.5
leak_kib = 64
required = true
off = ["cost-load"]
"""


def as_json(content: object) -> object:
    """What TOML says, as a validator of JSON wants it."""
    return json.loads(json.dumps(content, default=str))


def refusal(source: str) -> str:
    with pytest.raises(BadInput) as caught:
        parse_policy(source, "policy.toml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestReading:
    def test_takes_everything(self) -> None:
        assert parse_policy(WHOLE, "policy.toml") == Policy(
            title="Releases",
            owner="voice team",
            alpha=0.02,
            gate="release",
            fail_at=Severity.MEDIUM,
            severity={"voice.level": Severity.LOW},
            families={
                "unicode": FamilyPolicy(
                    fail_at=Severity.HIGH, severity={"timing.slow": Severity.MEDIUM}, min_probes=8, max_miss=0.5
                )
            },
            required=("negation", "numbers"),
            min_probes=100,
            max_miss=0.25,
            isolation=("A", "A-"),
            max_age_days=90,
            waivers=(
                Waiver(
                    rule="timing.slow",
                    subject="carrier-*",
                    owner="voice team",
                    reason="wanted",
                    expires="2027-01-31",
                    line=26,
                ),
                Waiver(
                    rule="worker.failed",
                    subject="unicode-emoji",
                    owner="front end",
                    reason="no emoji in the vocabulary",
                    expires="2027-02-28",
                    allows_hostile=True,
                    line=33,
                ),
            ),
            cost=CostPolicy(latency=1.2, recorded=2.0, exponent=0.5, leak_kib=64.0, required=True, off=("cost-load",)),
        )

    def test_asks_for_nothing_but_a_title_and_an_owner(self) -> None:
        read = parse_policy('version = 1\ntitle = "a"\nowner = "b"\n', "policy.toml")
        assert read == Policy(title="a", owner="b")
        assert (read.fail_at, read.isolation, read.alpha, read.gate) == (Severity.LOW, ISOLATIONS, None, None)

    def test_takes_the_example_of_the_documentation(self) -> None:
        page = (ROOT / "docs/policy.md").read_text("utf-8")
        example = page.partition("```toml\n")[2].partition("```")[0]
        assert parse_policy(example, "policy.toml").waivers[0].subject == "punctuation-*"


class TestRefusals:
    @pytest.mark.parametrize(
        ("before", "after", "line"),
        [
            ("latency = 1.2", "latency = 0.9", "42: expected 'latency' above 1 and below 100, got 0.9"),
            ("required = true", 'required = "yes"', "46: expected 'required' as true or false, got 'yes'"),
            ('["cost-load"]', '["cost-lode"]', "47: expected checks of cost (cost-latency, cost-memory, "),
            ("leak_kib = 64", "leak = 64", "45: unknown key 'leak'; did you mean 'leak_kib'?"),
            ('fail_at = "medium"', 'fail_et = "medium"', "6: unknown key 'fail_et'; did you mean 'fail_at'?"),
            ("[signoff]", "[sign-off]", "22: unknown key 'sign-off'; did you mean 'signoff'?"),
            ("min_probes = 8", "min_probe = 8", "14: unknown key 'min_probe'; did you mean 'min_probes'?"),
            ('subject = "carrier-*"', 'subjct = "x"', "28: unknown key 'subjct'; did you mean 'subject'?"),
            ("version = 1", "version = 2", "1: expected version = 1, got 2"),
            ("version = 1", "version = true", "1: expected version = 1, got True"),
            ("version = 1\n", "", "policy.toml: expected version = 1, got nothing"),
            ('owner = "voice team"\nalpha', "alpha", "'owner' is missing; say who answers for it"),
            ('title = "Releases"', 'title = "a\\nb"', "2: expected 'title' as one line of text, got 'a\\nb'"),
            ("alpha = 0.02", "alpha = nan", "4: expected 'alpha' above 0 and below 0.5, got nan"),
            ("alpha = 0.02", "alpha = true", "4: expected 'alpha' above 0 and below 0.5, got True"),
            ('gate = "release"', 'gate = "prod"', "5: expected 'gate' as one of ci, release, got 'prod'"),
            ('"voice.level" = "low"', 'voice.level = "low"', "9: expected the id of a rule in quotes, such as"),
            ('"voice.level" = "low"', '"voice.level" = "lo"', "9: expected 'voice.level' as one of critical, high"),
            ('"voice.level" = "low"', '"worker.hung" = "low"', '9: worker.hung can only be made "critical"'),
            ('"timing.slow" = "medium"', '"timing.slow" = 3', "13: expected 'timing.slow' as one of critical"),
            ("[family.unicode]", "[family.Unicode]", "11: expected the name of a family, got 'Unicode'"),
            ("max_miss = 0.5", "max_miss = 0", "15: expected 'max_miss' above 0 and at most 1, got 0"),
            ("min_probes = 100", "min_probes = -1", "19: expected 'min_probes' as a whole number from 0 to 100000"),
            ('["negation", "numbers"]', '"negation"', "18: expected 'families' as a list of texts, got 'negation'"),
            ('["A", "A-"]', '["A", "none"]', "23: expected levels of the sandbox (A, A-, B), got 'none'"),
            ('["A", "A-"]', "[]", "23: expected at least one level of the sandbox, got none"),
            ('rule = "timing.slow"', 'rule = "timing.*"', "27: expected the id of one rule, such as timing.slow"),
            (
                'rule = "timing.slow"',
                'rule = "admission.pickle-import"',
                "27: admission.pickle-import cannot be waived",
            ),
            ('rule = "timing.slow"', 'rule = "policy.waiver-expired"', "27: policy.waiver-expired cannot be waived"),
            ('rule = "timing.slow"', 'rule = "worker.hung"', "27: worker.hung is about what the model does to the"),
            ("expires = 2027-01-31", 'expires = "2027-01-31"', "31: expected 'expires' as a date without quotes"),
            ("expires = 2027-01-31", "expires = 2027-01-31T10:00:00", "31: expected 'expires' as a date without"),
            ("expires = 2027-01-31\n", "", "26: 'expires' is missing; say the last day on which it holds"),
            ('reason = "wanted"\n', "", "26: 'reason' is missing; say why the finding is accepted"),
            ('allow = "hostile"', 'allow = "all"', "39: expected allow = \"hostile\", got 'all'"),
            ('rule = "worker.failed"', 'rule = "timing.slow"', "39: timing.slow needs no allow; remove it"),
            ('subject = "carrier-*"', 'subject = "Carrier *"', "28: expected a pattern of probe ids, such as"),
        ],
    )
    def test_say_where_and_what_instead(self, before: str, after: str, line: str) -> None:
        assert before in WHOLE
        told = refusal(WHOLE.replace(before, after, 1))
        assert line in told
        assert told.startswith("policy.toml")

    @pytest.mark.parametrize(
        "source",
        ["x = " + "[" * 100_000, "x = " + "9" * 10_000, "\x00", "a = 1\na = 2", "[[waiver]]\n[waiver]", "waiver = 3"],
    )
    def test_take_no_notice_of_what_else_a_file_can_do(self, source: str) -> None:
        assert refusal(source).startswith("policy.toml")

    def test_show_nothing_that_a_terminal_acts_on(self) -> None:
        told = refusal(WHOLE.replace('"Releases"', '"a\\u001b[31m\\u202e"'))
        assert told.isprintable()


class TestTheSchema:
    def test_is_one(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_takes_what_the_parser_takes(self) -> None:
        jsonschema.validate(as_json(tomllib.loads(WHOLE)), SCHEMA)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("fail_at", "fail_et"),
            ("version = 1", "version = 2"),
            ('"release"', '"prod"'),
            ('"low"', '"lo"'),
            ("max_miss = 0.5", "max_miss = 0"),
            ('["A", "A-"]', '["none"]'),
            ("reason", "raison"),
            ('subject = "carrier-*"', 'subject = "Carrier *"'),
            ("2027-01-31", "2027-01-31T10:00:00"),
            ('"timing.slow"', '"timing"'),
        ],
    )
    def test_refuses_what_the_parser_refuses(self, before: str, after: str) -> None:
        source = WHOLE.replace(before, after, 1)
        refusal(source)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(as_json(tomllib.loads(source)), SCHEMA)
