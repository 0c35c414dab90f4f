"""Graphs of known exporters, which travel with the harness: one file each, as ``scan --fingerprint`` writes them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from harness.admission.reading.onnx.fingerprint import KnownGraph, read_fingerprint

FOLDER: Final = Path(__file__).with_name("graphs")


@cache
def shipped() -> tuple[KnownGraph, ...]:
    """Every graph that is known without anybody's word."""
    files = sorted(FOLDER.glob("*.json"))
    return tuple(KnownGraph(fingerprint=read_fingerprint(file.read_bytes())) for file in files)
