"""Schemas say what is written: those derived from types are fresh, those kept by hand name the same fields."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.core.findings import Finding, Outcome
from harness.core.power import CopyResult, Item, KindPower, Power
from harness.core.types import Observation, Probe
from harness.core.verdict import RunInfo, SuiteInfo
from harness.goldens.approvals import FILE, Decision, append_approval
from harness.models.fetching.ledger import NAME, Ledger
from harness.report.formats import results
from harness.report.page import fleet, power
from harness.storage.rundirectory import RunDirectory
from tests.fleet_samples import sample_fleet
from tests.lazily import Lazily
from tests.report_samples import passing_run
from tests.schemas import WRITTEN, Written, schema_of
from tests.signoff_samples import NOW

jsonschema = Lazily("jsonschema")

ROOT = Path(__file__).parents[2]


def read(name: str) -> Any:
    return json.loads((ROOT / f"harness/schemas/{name}.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("one", WRITTEN, ids=lambda one: one.name)
class TestDerived:
    def test_is_fresh(self, one: Written) -> None:
        assert one.path.read_bytes() == schema_of(one), (
            f"what {one.title} holds has changed: does its version have to be raised, and docs/compatibility.md? "
            "Then run: python -m tests.schemas"
        )

    def test_is_a_schema_that_describes_every_field_of_its_own(self, one: Written) -> None:
        schema = read(one.name)
        jsonschema.Draft202012Validator.check_schema(schema)
        own = schema["$defs"][one.kind.__name__]
        assert {name for name, field in own["properties"].items() if "description" not in field} <= {"info"}
        assert str(one.version) == schema["$id"].rpartition(":")[2]


def holds(name: str, data: bytes) -> None:
    jsonschema.Draft202012Validator(read(name)).validate(json.loads(data))


class TestWhatIsWritten:
    def test_of_a_run_keeps_to_its_schemas(self, tmp_path: Path) -> None:
        run = passing_run()
        directory = RunDirectory(tmp_path, run.info.run_id)
        directory.begin(run.info, run.planned)
        for outcome in run.outcomes:
            directory.record("main", outcome)
        directory.event("main", "a worker was restarted")
        holds("run", (directory.path / "run.json").read_bytes())
        lines = [line for line in (directory.path / "records/main.jsonl").read_bytes().splitlines() if line]
        assert len(lines) == len(run.outcomes) + 1
        for line in (*lines[:5], *lines[-5:]):
            holds("record", line)

    def test_of_the_demo_s_golden_keeps_to_its_schema(self) -> None:
        for manifest in (ROOT / "golden").glob("*/manifest.json"):
            holds("golden", manifest.read_bytes())

    def test_of_an_approval_keeps_to_its_schema(self, tmp_path: Path) -> None:
        decision = Decision(at="2026-11-25T10:00:00+00:00", reason="listened", approver="voice team")
        append_approval(tmp_path, decision, action="accept", golden="joe", digest="ab" * 32, previous="")
        holds("approval", (tmp_path / FILE).read_bytes())

    def test_of_a_fetched_model_keeps_to_its_schema(self, tmp_path: Path) -> None:
        Ledger(tmp_path).record("hf://a/b@c", f"sha256:{'1' * 64}", NOW)
        holds("sources", (tmp_path / NAME).read_bytes())


def fields(kind: type) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}

    def test_of_a_fleet_keeps_to_its_schema(self) -> None:
        holds("fleet", fleet.to_json(sample_fleet()))


class TestKeptByHand:
    """They also say bounds and constants, and results.json is not written straight from the types."""

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("info", RunInfo),
            ("suite", SuiteInfo),
            ("probe", Probe),
            ("finding", Finding),
            ("observation", Observation),
            ("outcome", Outcome),
        ],
    )
    def test_results_name_the_fields_of_the_type(self, name: str, kind: type) -> None:
        assert set(read("results")["$defs"][name]["properties"]) == fields(kind)

    def test_power_names_the_fields_of_the_types(self) -> None:
        schema = read("power")
        kinds = schema["properties"]["kinds"]["items"]["properties"]
        copies = schema["properties"]["copies"]["items"]["properties"]
        assert set(kinds) >= fields(KindPower)
        assert set(copies) >= fields(CopyResult)
        assert set(copies["items"]["items"]["properties"]) == fields(Item)
        assert set(schema["properties"]) >= fields(Power) - {
            "results",
            "falling",
        }  # written as copies; only orders them

    @pytest.mark.parametrize(
        ("name", "version"), [("results", results.VERSION), ("power", power.VERSION), ("fleet", fleet.VERSION)]
    )
    def test_their_version_is_the_one_that_is_written(self, name: str, version: int) -> None:
        schema = read(name)
        assert schema["properties"]["format_version"]["const"] == version
        assert schema["$id"] == f"urn:soundcheck:{name}:{version}"


def test_a_change_of_a_type_is_noticed() -> None:
    class Changed(msgspec.Struct):
        version: int
        more: str

    one = dataclasses.replace(WRITTEN[0], kind=Changed)
    assert schema_of(one) != WRITTEN[0].path.read_bytes()
