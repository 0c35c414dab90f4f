"""torch's own list of unsafe imports beside ours: what torch calls unsafe is named here, or was weighed by a person."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.admission.checks.checkpoint import CheckpointCheck
from harness.admission.tree import Tree
from harness.core.types import Verdict
from tests.admission_corpus.clean_checkpoints import MODERN, OLD
from tests.admission_corpus.clean_checkpoints import write as write_clean
from tests.admission_corpus.hostile_checkpoints import HOSTILE, write

ASK = """
import json, sys
from torch.serialization import get_unsafe_globals_in_checkpoint
found = {}
for line in sys.stdin:
    path = line.rstrip("\\n")
    try:
        found[path] = sorted(get_unsafe_globals_in_checkpoint(path))
    except Exception as error:  # no archive of torch's, or one that it cannot read
        found[path] = None
print(json.dumps(found))
"""
"""Runs in a process of its own: torch takes the pickle apart, it does not load it."""

ALLOWED_HERE = {
    "builtins.bytes", "builtins.dict", "builtins.frozenset", "builtins.list", "builtins.range", "builtins.slice",
    "builtins.float", "builtins.int", "builtins.str", "collections.defaultdict", "numpy.dtype", "numpy.ndarray",
    "numpy._core.multiarray._reconstruct", "numpy._core.multiarray.scalar",
    "torch.torch_version.TorchVersion",
}  # fmt: skip
"""What torch leaves to its user and is allowed here, because its arguments are checked (``rebuilding``)."""


@pytest.mark.real
@pytest.mark.slow
def test_every_import_that_torch_calls_unsafe_is_named_or_was_weighed(tmp_path: Path) -> None:
    hostile = {str(write(one, tmp_path / "hostile")[0]) for one in HOSTILE}
    clean = {str(write_clean(name, tmp_path / "clean")) for name in (*MODERN, *OLD)}
    done = subprocess.run(
        [sys.executable, "-c", ASK], input="".join(f"{path}\n" for path in sorted(hostile | clean)),
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    unsafe: dict[str, list[str] | None] = json.loads(done.stdout)
    seen = {path: names for path, names in unsafe.items() if names}
    assert len([path for path in seen if path in hostile]) >= 20, "torch reads the archives of the corpus"
    allowed: set[str] = set()
    for path, names in seen.items():
        found = CheckpointCheck().examine(Tree.of(Path(path)))
        assert (found.verdict is Verdict.FAIL) == (path in hostile)
        allowed |= {name for name in names if not any(name in flaw.found for flaw in found.flaws)}
    assert allowed == ALLOWED_HERE
    assert list((tmp_path / "hostile" / "markers").iterdir()) == []
