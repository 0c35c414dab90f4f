"""What oneDNN keeps of layers that no text will need again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines.coqui.adapter import CoquiEngine
from harness.engines.coqui.compiledlayers import VARIABLE, keep_few_layers
from harness.sandbox.outside.launcher import worker_environment
from tests.coqui_layouts import write_layout

LENGTHS = """
import sys, torch
from harness.engines.coqui.compiledlayers import keep_few_layers

def resident():
    return next(int(line.split()[1]) >> 10 for line in open("/proc/self/status") if line.startswith("VmRSS"))

if sys.argv[1] == "few":
    keep_few_layers()
torch.set_num_threads(1)
weights = torch.randn(32, 32, 1, 5).contiguous(memory_format=torch.channels_last)
with torch.inference_mode():
    for length in range(1000, 1600):
        if length == 1100:
            settled = resident()
        torch.nn.functional.conv2d(torch.zeros(1, 32, 1, length).contiguous(memory_format=torch.channels_last), weights)
print(resident() - settled)
"""


def grown_mib(tmp_path: Path, how: str) -> int:
    """How much larger a worker is when a layer has met 500 more lengths."""
    done = subprocess.run(
        [sys.executable, "-c", LENGTHS, how], env={**worker_environment(tmp_path, 1), "PYTHONPATH": str(Path.cwd())},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout)


@pytest.mark.slow
def test_each_length_of_a_layer_takes_memory_unless_few_are_kept(tmp_path: Path) -> None:
    assert grown_mib(tmp_path, "few") < 8 < 24 < grown_mib(tmp_path, "all")


@pytest.mark.real
@pytest.mark.parametrize(("name", "kept"), [("vits", "64"), ("glow", None)])
def test_few_are_kept_for_a_voice_that_says_a_text_in_one_pass(
    name: str, kept: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.set_num_interop_threads", lambda _: None)  # once in a process
    keep_few_layers()
    monkeypatch.delenv(VARIABLE)
    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    engine.load(write_layout(tmp_path, name), device="cpu", threads=1)
    assert os.environ.get(VARIABLE) == kept
