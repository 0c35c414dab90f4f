"""results.json keeps to its schema, whatever the run holds."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.core.errors import BadInput
from harness.core.findings import Amount, Count, Estimate, Evidence, Method, NamedPhrase, Quantity, Unit
from harness.report.formats.results import SCHEMA, read, to_json
from tests.lazily import Lazily
from tests.report_samples import hostile_run, passing_run, sample_run, watched_run

jsonschema = Lazily("jsonschema")

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.core.verdict import RunResult


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(SCHEMA.read_text("utf-8"))


@pytest.mark.parametrize("run", [sample_run(), passing_run(), hostile_run()], ids=["fail", "pass", "hostile"])
class TestEveryRun:
    def test_keeps_to_the_schema(self, run: RunResult, schema: Any) -> None:
        jsonschema.Draft202012Validator(schema).validate(json.loads(to_json(run)))

    def test_gives_the_same_bytes_again(self, run: RunResult) -> None:
        assert to_json(run) == to_json(replace(run))

    def test_is_ascii_with_sorted_keys_and_a_newline_at_the_end(self, run: RunResult) -> None:
        data = to_json(run)
        assert data.isascii()
        assert data.endswith(b"}\n")
        document = json.loads(data)
        assert list(document) == sorted(document)


class TestTheFile:
    def test_tells_what_the_run_found(self) -> None:
        document = read(to_json(sample_run()))
        assert document["verdict"] == "fail"
        assert document["counts"] == {"pass": 121, "fail": 8, "inconclusive": 3, "error": 0}
        failed = next(one for one in document["outcomes"] if one["subject"] == "not-open-door-osprey")
        assert failed["findings"][0]["rule"] == "speech.word-dropped"
        assert failed["findings"][0]["place"] is None
        told = document["rules"]["speech.word-dropped"]
        assert (told["title"], told["severity"]) == ("The candidate leaves words out", "critical")
        assert failed["golden"]["transcript"] == "please do not open the door before midnight osprey"
        assert len(failed["takes"]) == 8
        assert failed["takes"][0]["heard"] == "please do open the door before midnight osprey"
        assert failed["takes"][0]["score_mean"] < -2

    def test_tells_the_numbers_of_every_kind_of_evidence_and_the_phrases(self, schema: Any) -> None:
        estimate = Estimate(
            method=Method.ONCE,
            quantity=Quantity.PROCESSOR,
            value=4.0,
            unit=Unit.SECONDS,
            other=math.inf,
            amounts=(Amount(quantity=Quantity.ORDER, value=40),),
            controls=(NamedPhrase(text="A door.", probe="door"),),
        )
        kinds = (
            Evidence(count=Count(count=12, of=12, control=0, control_of=12, p_value=7e-7), tests=50),
            Evidence(estimate=estimate),
        )
        run = watched_run()
        seen = run.outcomes[0].findings[0]
        findings = (seen, *(replace(seen, evidence=one) for one in kinds))
        written = json.loads(to_json(replace(run, outcomes=(replace(run.outcomes[0], findings=findings),))))
        jsonschema.Draft202012Validator(schema).validate(written)
        first, second, third = (one["evidence"] for one in written["outcomes"][0]["findings"])
        (event,) = first["seen"].pop("events")
        assert first["seen"] == {"times": 12, "is_allowed": False, "others": 0}
        assert (event["what"], event["detail"], event["count"]) == ("connect", "203.0.113.7:443 (TCP)", 12)
        told = written["outcomes"][0]["findings"][0]["heard"]
        assert told == f"connect: {event['detail']} (while it was asked for not-transfer-money-osprey)"
        assert (first["count"], first["estimate"], first["words"], first["tests"]) == (None, None, "", 0)
        assert second["count"] == {"count": 12, "of": 12, "control": 0, "control_of": 12, "p_value": 7e-7}
        assert second["tests"] == 50
        assert third["estimate"] == {
            **{"method": "once", "quantity": "processor", "unit": "seconds", "value": 4.0, "points": 1},
            **dict.fromkeys(("other", "low", "high", "p_value", "side", "stretch")),
            "amounts": [{"quantity": "order", "value": 40, "side": None}],
            "controls": [{"text": "A door.", "probe": "door"}],
        }
        (phrase,) = written["outcomes"][0]["findings"][0]["place"]["phrases"]
        assert phrase["probe"] == "not-transfer-money-osprey"

    def test_says_null_for_what_is_not_a_number(self) -> None:
        run = sample_run()
        outcome = run.outcomes[3]
        odd = replace(outcome.observations[0], effect=math.nan, value=math.inf)
        take = replace(outcome.takes[0], hearing=replace(outcome.takes[0].hearing, forced=None))
        broken = replace(outcome, observations=(odd,), takes=(take,))
        document = read(to_json(replace(run, outcomes=(broken,))))
        assert document["outcomes"][0]["observations"][0]["effect"] is None
        assert document["outcomes"][0]["observations"][0]["value"] is None
        assert document["outcomes"][0]["takes"][0]["score_mean"] is None

    @pytest.mark.parametrize(
        ("data", "complaint"),
        [
            (b"{", "is not JSON"),
            (b"\xff", "is not JSON"),
            (b"[" * 100_000, "is not JSON"),
            (b'{"format": "soundcheck-results", "format": "x"}', "expected every key once"),
            (b"[]", 'expected an object with "format": "soundcheck-results"'),
            (b'{"format": "soundcheck-results", "format_version": 99}', "expected format_version 2, got 99"),
        ],
    )
    def test_of_another_kind_is_refused_in_one_line(self, data: bytes, complaint: str) -> None:
        with pytest.raises(BadInput, match="results") as caught:
            read(data)
        assert complaint in str(caught.value)
        assert "\n" not in str(caught.value)


class TestTheSchema:
    def test_is_a_schema(self, schema: Any) -> None:
        jsonschema.Draft202012Validator.check_schema(schema)

    def test_describes_every_field_and_allows_no_other(self, schema: Any) -> None:
        fields = 0
        for owner in objects(schema):
            assert owner["additionalProperties"] is False
            assert sorted(owner["required"]) == sorted(owner["properties"])
            for name, field in owner["properties"].items():
                assert len(field["description"]) > 8, name
                fields += 1
        assert fields > 70


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every object schema that names its properties, below `node`."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and node.get("type") == "object":
            yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)
