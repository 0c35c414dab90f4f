"""The corpus of checkpoints: the hostile are stopped by the right rule and really execute, the clean pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.admission.checks.checkpoint import CheckpointCheck
from harness.admission.tree import Tree
from harness.core.paths import cache_root
from harness.core.types import Verdict
from tests.admission_corpus.clean_checkpoints import MODERN, OLD
from tests.admission_corpus.clean_checkpoints import write as write_clean
from tests.admission_corpus.hostile_checkpoints import HOSTILE, Hostile, write

LOAD = """
import io, pickle, sys, warnings
warnings.simplefilter("ignore")
import joblib, numpy, torch
def twice(path):
    with open(path, "rb") as file:
        unpickler = pickle.Unpickler(file)
        unpickler.load(), unpickler.load()
def from_numpy(path):
    found = numpy.load(path, allow_pickle=True)
    [found[key] for key in getattr(found, "files", ())]
LOADERS = {
    "torch": lambda path: torch.load(path, weights_only=False, map_location="cpu"),
    "pickle": lambda path: pickle.load(open(path, "rb")),
    "joblib": joblib.load, "numpy": from_numpy, "twice": twice,
}
for line in sys.stdin:
    loader, path = line.rstrip("\\n").split(" ", 1)
    try:
        LOADERS[loader](path)
    except BaseException as error:
        print(path, type(error).__name__, error, file=sys.stderr)
"""


def names(hostile: Hostile) -> str:
    return hostile.name


class TestHostile:
    @pytest.mark.parametrize("hostile", HOSTILE, ids=names)
    def test_is_stopped_by_the_right_rule(self, hostile: Hostile, tmp_path: Path) -> None:
        file, _ = write(hostile, tmp_path)
        found = CheckpointCheck().examine(Tree.of(file))
        assert found.verdict is Verdict.FAIL
        assert f"admission.{hostile.rule}" in {flaw.rule.id for flaw in found.flaws}

    @pytest.mark.slow
    def test_really_executes_in_the_loader_it_is_for(self, tmp_path: Path) -> None:
        armed = [(one, *write(one, tmp_path)) for one in HOSTILE if one.loader]
        done = subprocess.run(
            [sys.executable, "-c", LOAD],
            input="".join(f"{one.loader} {file}\n" for one, file, _ in armed),
            capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path,
        )  # fmt: skip
        assert [one.name for one, _, marker in armed if not marker.exists()] == [], done.stderr

    def test_corpus_is_large_and_its_names_are_unique(self) -> None:
        assert len({one.name for one in HOSTILE}) == len(HOSTILE) >= 60


class TestClean:
    @pytest.mark.parametrize("name", sorted(MODERN))
    def test_modern_passes(self, name: str, tmp_path: Path) -> None:
        found = CheckpointCheck().examine(Tree.of(write_clean(name, tmp_path)))
        assert found.flaws == ()
        assert found.verdict is Verdict.PASS

    @pytest.mark.parametrize("name", sorted(OLD))
    def test_old_formats_are_to_be_converted_and_never_called_hostile(self, name: str, tmp_path: Path) -> None:
        found = CheckpointCheck().examine(Tree.of(write_clean(name, tmp_path)))
        assert found.verdict is Verdict.INCONCLUSIVE

    def test_demo_voice_passes(self) -> None:
        voices = sorted(cache_root().glob("demo-voice-*/model.pth"))
        if not voices:
            pytest.skip("no demo voice; `make demo` builds one")
        found = CheckpointCheck().examine(Tree.of(voices[-1].parent))
        assert found.verdict is Verdict.PASS
        assert int(found.facts["tensors"]) > 500

    def test_corpus_is_large(self) -> None:
        assert len(MODERN) + len(OLD) >= 20
