"""JSON Schemas that are derived from the types that are written: ``python -m tests.schemas`` writes them anew.

A field's description is the docstring below it. ``tests/contract/test_schemas.py`` fails where a file is not fresh: the
shape of what lies on somebody's disk has changed then, which its version and ``docs/compatibility.md`` have to say.
Schemas that say more than types can (bounds, patterns, what excludes what) are kept by hand, beside these.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from harness.costs import profile
from harness.fleet import audits, verdicts
from harness.fleet.serving import answers, queue
from harness.goldens import approvals, folder
from harness.models.fetching import ledger
from harness.run import self_test
from harness.storage import rundirectory

FOLDER = Path(__file__).parents[1] / "harness" / "schemas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A format that is written straight from a type."""

    name: str
    """Of the schema's file, without its ending."""
    title: str
    kind: type
    version: int

    @property
    def path(self) -> Path:
        """The schema's file."""
        return FOLDER / f"{self.name}.schema.json"


WRITTEN = (
    Written(name="run", title="run.json of a run directory", kind=rundirectory.Begun, version=rundirectory.VERSION),
    Written(name="record", title="a line of records/*.jsonl", kind=rundirectory.Line, version=rundirectory.VERSION),
    Written(name="golden", title="manifest.json of a golden", kind=folder.Manifest, version=folder.FORMAT_VERSION),
    Written(name="approval", title="a line of approvals.jsonl", kind=approvals.Approval, version=approvals.VERSION),
    Written(name="sources", title="soundcheck-sources.json", kind=ledger.Sources, version=ledger.VERSION),
    Written(name="cost-profile", title="cost-profile.json", kind=profile.CostProfile, version=profile.FORMAT_VERSION),
    Written(name="fleet-audit", title="an audit of a fleet", kind=audits.PastAudit, version=audits.VERSION),
    Written(name="submission", title="a model that is handed in", kind=queue.Submission, version=queue.VERSION),
    Written(name="answer", title="what a service answers for a model", kind=answers.Answer, version=answers.VERSION),
    Written(name="verdict", title="a stored verdict", kind=verdicts.StoredVerdict, version=verdicts.VERSION),
    Written(name="self-test", title="self-test.json", kind=self_test.SelfTest, version=self_test.VERSION),
)


def schema_of(one: Written) -> bytes:
    """The schema of a format, as its file holds it."""
    (found,), shared = msgspec.json.schema_components([one.kind], ref_template="#/$defs/{name}")
    for kind in _classes(msgspec.inspect.type_info(one.kind)):
        for field, text in _documented(kind).items():
            shared[kind.__name__]["properties"].get(field, {})["description"] = text
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:soundcheck:{one.name}:{one.version}",
        "title": f"Soundcheck: {one.title}, version {one.version}",
        **found,
        "$defs": shared,
    }
    return json.dumps(schema, indent=1, sort_keys=True).encode() + b"\n"


def _classes(info: Any) -> Iterator[type]:
    """Every class of records that a type is made of."""
    if (cls := getattr(info, "cls", None)) and hasattr(info, "fields"):
        yield cls
    for part in ("fields", "types", "item_types"):
        for inner in getattr(info, part, ()):
            yield from _classes(getattr(inner, "type", inner))
    for part in ("item_type", "key_type", "value_type"):
        if inner := getattr(info, part, None):
            yield from _classes(inner)


def _documented(kind: type) -> dict[str, str]:
    """Fields of a class with the docstrings below them."""
    (body,) = (
        node.body for node in ast.parse(textwrap.dedent(inspect.getsource(kind))).body if isinstance(node, ast.ClassDef)
    )
    found = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            assert isinstance(field.target, ast.Name)
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found


if __name__ == "__main__":
    for written in WRITTEN:
        written.path.write_bytes(schema_of(written))
        print(written.path)
