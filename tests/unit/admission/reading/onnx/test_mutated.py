"""A short form of ``make fuzz-onnx``."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import ModuleType

import pytest

from tests.lazily import needs


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("onnxfile", Path(__file__).parents[5] / "fuzz" / "onnxfile.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@needs("onnx")
def test_no_changed_file_is_an_error_or_read_otherwise_than_protobuf_reads_it(fuzz: ModuleType) -> None:
    rng, among = random.Random(20), fuzz.seeds()
    assert sum(fuzz.check(fuzz.mutated(rng, among)) for _ in range(1_000)) > 0
    assert all(fuzz.check(data) for data in fuzz.WRITTEN.values())
