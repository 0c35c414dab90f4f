"""Benchmarks are code: each can be imported, has its target, and runs in its smallest form, whatever it measures."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import WITHOUT_OTHERS

ROOT = Path(__file__).parents[2]
TARGETS = dict(
    re.findall(r"^bench-([\w-]+):.*\n\tQUICK=.* -m benchmarks\.(\w+)$", (ROOT / "Makefile").read_text(), re.M)
)
"""Name after ``make bench-`` -> module."""
PARTS = {
    "__init__",
    "deaf_ear",
    "edited_phrases",
    "exports",
    "admission_onnx",
    "gate_piper",
    "hunt_triggers",
    "integrity_phrases",
    "integrity_tongues",
    "kokoro_builds",
    "kokoro_stage",
    "kokoro_voices",
    "leftovers",
    "other_scanners",
    "queueing",
    "size",
    "throttle",
    "voice_folders",
    "voice_sponges",
    "voices_table",
}
"""Modules that benchmarks share or are made of."""


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "benchmarks").glob("*.py"))])
def test_each_module_can_be_imported_and_says_what_it_is(name: str) -> None:
    assert importlib.import_module(f"benchmarks.{name}").__doc__


def test_each_has_a_target_and_each_target_a_module() -> None:
    assert {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - PARTS == set(TARGETS.values())


def test_forty_exports_are_edited_each_in_its_own_way() -> None:
    from benchmarks.exports import FORMS, TAMPERED

    assert len({one.name for one in TAMPERED}) == len(TAMPERED) == 40
    assert {one.form for one in TAMPERED} == set(FORMS)
    assert all(one.edit or one.graph for one in TAMPERED)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("name", TARGETS)
def test_each_runs_to_its_figure_in_its_smallest_form(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{TARGETS[name]}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "QUICK": "smallest", "PYTEST_ADDOPTS": " ".join(WITHOUT_OTHERS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    assert re.fullmatch(rf"{name}: .*(reached|FELL SHORT)", done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.real
def test_the_demo_voice_that_the_full_benchmark_spoils_can_be_loaded(tmp_path: Path) -> None:
    from benchmarks.voice_sponges import run_of, short_suite
    from harness.admission.outcomes import CHECKS as DOOR
    from harness.core.types import Verdict
    from harness.run.campaign import LOAD

    with run_of("Honest", tmp_path, short_suite()) as run:
        assert all(run.check(check).verdict is Verdict.PASS for check in (*DOOR, LOAD))
