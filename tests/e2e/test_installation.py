"""The wheel in a fresh environment, newest versions and this Python: beside the others, as most of it is waiting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_what_users_install_gates_a_voice() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.installation", "--quick"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
