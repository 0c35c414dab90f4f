"""ONNX Runtime is imported so that it tells nobody what it is used for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.engines import onnx_runtime
from tests.lazily import needs

ROOT = Path(__file__).parents[3]


@needs("onnxruntime")
def test_its_telemetry_is_off_before_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(onnx_runtime.SWITCH, raising=False)
    told: list[str] = []
    monkeypatch.setattr("onnxruntime.disable_telemetry_events", lambda: told.append("off"))
    assert onnx_runtime.import_runtime().__name__ == "onnxruntime"
    import os

    assert (os.environ[onnx_runtime.SWITCH], told) == ("1", ["off"])


def test_nothing_else_imports_it() -> None:
    """A second way would send what the first one does not."""
    own = ROOT / "harness" / "engines" / "onnx_runtime.py"
    files = [path for path in (ROOT / "harness").rglob("*.py") if path != own]
    assert [
        path for path in files if re.search(r"^ *(import|from) onnxruntime", path.read_text("utf-8"), re.MULTILINE)
    ] == []
