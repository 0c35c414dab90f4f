"""Acceptances: what a policy may say of files, and which findings one covers."""

from __future__ import annotations

import dataclasses

import pytest

from harness.core.errors import BadInput
from harness.core.findings import Finding, Outcome, Place
from harness.core.rules import undescribed
from harness.core.types import Severity, Verdict
from harness.policy.acceptance import WHOLE, Acceptance, acceptances_in_use
from harness.policy.release import apply
from harness.policy.text import parse_policy

HEAD = 'version = 1\ntitle = "Releases"\nowner = "voice team"\n'
DIGEST = "0123456789abcdef" * 4
GOOD = {
    "rule": '"admission.legacy-format"',
    "file": '"model.pth"',
    "sha256": f'"{DIGEST}"',
    "owner": '"voice team"',
    "reason": '"looked at it"',
    "expires": "2999-12-31",
}


def text(**changes: str) -> str:
    fields = {name: value for name, value in (GOOD | changes).items() if value}
    return HEAD + "[[accept]]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items())


def finding(file: str = "model.pth", accepted: str = "") -> Finding:
    rule = undescribed("admission.legacy-format", Severity.LOW)
    place = Place(file=file, offset=0)
    return Finding(
        rule=rule, severity=rule.severity, subject="admission-checkpoint", title="old", place=place, accepted=accepted
    )


class TestParsing:
    def test_keeps_rule_file_digest_owner_reason_and_end(self) -> None:
        (found,) = parse_policy(text(), "policy.toml").acceptances
        assert found == Acceptance(
            rule="admission.legacy-format", file="model.pth", sha256=DIGEST, owner="voice team",
            reason="looked at it", expires="2999-12-31", line=4,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("changes", "line"),
        [
            ({"rule": '"timing.slow"'}, r"5: expected the id of one rule of admission\.\*, got 'timing.slow'"),
            ({"rule": '"admission.*"'}, r"5: expected the id of one rule of admission\.\*"),
            ({"sha256": '"abc"'}, r"7: expected 64 lower-case hex digits"),
            ({"sha256": f'"{DIGEST.upper()}"'}, r"7: expected 64 lower-case hex digits"),
            ({"owner": '""'}, r"8: expected 'owner' as one line of text, got ''"),
            ({"reason": '" "'}, r"9: expected 'reason' as one line of text"),
            ({"expires": '"2999-12-31"'}, r"10: expected 'expires' as a date without quotes"),
            ({"owner": ""}, r"4: 'owner' is missing; say who answers for it"),
            ({"reason": ""}, r"4: 'reason' is missing; say why the finding is accepted"),
            ({"expires": ""}, r"4: 'expires' is missing; say the last day"),
            ({"sha256": ""}, r"4: 'sha256' is missing; say which bytes"),
            ({"file": ""}, r"4: 'file' is missing; say of which file"),
            ({"subject": '"x"'}, r"11: unknown key 'subject'"),
        ],
    )
    def test_refuses_what_is_not_whole_with_its_line(self, changes: dict[str, str], line: str) -> None:
        with pytest.raises(BadInput, match=f"policy.toml:{line}"):
            parse_policy(text(**changes), "policy.toml")

    def test_refuses_what_is_no_list_of_tables(self) -> None:
        with pytest.raises(BadInput, match=r"policy.toml:4: expected tables \[\[accept\]\]"):
            parse_policy(HEAD + "accept = 1\n", "policy.toml")


class TestCovering:
    one = Acceptance(
        rule="admission.legacy-format",
        file="model.pth",
        sha256=DIGEST,
        owner="team",
        reason="why",
        expires="2030-01-01",
    )

    def test_holds_to_its_last_day(self) -> None:
        assert (self.one.holds("2030-01-01"), self.one.holds("2030-01-02")) == (True, False)

    def test_says_who_until_when_why_and_which_bytes(self) -> None:
        assert self.one.words == "accepted by team until 2030-01-01: why (sha256 0123456789ab)"

    def test_is_counted_for_what_was_accepted_by_it(self) -> None:
        other = dataclasses.replace(self.one, file=WHOLE)
        found = [finding(accepted=self.one.words), finding(), finding(file="", accepted=self.one.words)]
        outcome = Outcome(subject="admission-checkpoint", verdict=Verdict.PASS, findings=tuple(found))
        unused = dataclasses.replace(self.one, file="x.pth")
        assert acceptances_in_use((self.one, other, unused), [outcome]) == {self.one: 1, other: 1}


def test_a_policy_leaves_what_the_door_accepted_accepted() -> None:
    policy = parse_policy(text(), "policy.toml")
    outcome = Outcome(
        subject="admission-checkpoint", verdict=Verdict.PASS, findings=(finding(accepted="accepted by team"),)
    )
    assert apply(policy, outcome, "2026-01-01") == outcome
