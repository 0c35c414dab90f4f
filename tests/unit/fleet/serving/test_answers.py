"""An answer is of today or says nothing: other rules, or another choice of what is told, take its verdict away."""

from __future__ import annotations

import json

import msgspec
import pytest

from harness.fleet.serving.answers import Answer, Answers, Now, Reasons, State

DIGEST = "a" * 64
PASSED = Answer(
    digest=DIGEST, name="mine", state=State.PASS, ruleset="r1", reasons=Reasons.ALL, reason="all passed",
    rules=("speech.word-dropped",), judged="2026-11-30T00:00:00+00:00", ending=0, run_id="0" * 12, key="k",
)  # fmt: skip


@pytest.fixture
def answers(tmp_path):
    made = Answers(tmp_path)
    made.announce(Now(ruleset="r1", reasons=Reasons.ALL))
    made.keep(PASSED)
    return made


def test_is_read_as_it_was_kept(answers):
    assert answers.of(DIGEST) == PASSED
    assert answers.of("b" * 64) is None


@pytest.mark.parametrize("now", [{"ruleset": "r2", "reasons": "all"}, {"ruleset": "r1", "reasons": "none"}])
def test_of_other_rules_or_with_other_words_it_says_nothing(now, answers, tmp_path):
    answers.announce(msgspec.convert(now, Now))
    found = answers.of(DIGEST)
    assert (found.state, found.reason, found.rules, found.ending, found.run_id) == (State.OUTDATED, "", (), 3, "")
    assert answers.outdate() == 1
    assert answers.outdate() == 0
    content = json.loads((tmp_path / f"answers/{DIGEST}.json").read_text("utf-8"))
    assert content["state"] == "outdated"
    assert "pass" not in json.dumps(content)


def test_where_nobody_says_what_holds_nothing_is_of_today(answers, tmp_path):
    (tmp_path / "now.json").unlink()
    assert answers.of(DIGEST).state is State.OUTDATED


@pytest.mark.parametrize("damage", ["", "{", '{"state": "pass"}', "[" * 10_000])
def test_a_damaged_one_is_none(damage, answers, tmp_path):
    (tmp_path / f"answers/{DIGEST}.json").write_text(damage, "utf-8")
    assert answers.of(DIGEST) is None
    assert answers.outdate() == 0


def test_one_that_lies_under_another_name_is_none(answers, tmp_path):
    other = "b" * 64
    (tmp_path / f"answers/{other}.json").write_bytes((tmp_path / f"answers/{DIGEST}.json").read_bytes())
    assert answers.of(other) is None
