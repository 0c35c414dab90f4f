"""Whether a package can be imported, found out in a child process, which may end, hang or print as it likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.run.imports import try_imports


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Modules that break in every way."""
    bodies = {
        "sound": 'print(\'["hangs", ""]\', flush=True)\ndef ready(): pass\n'
        "def broken(): raise ValueError('no\\nvoice')",
        "unloadable": "raise OSError('libtorch.so: undefined symbol: torch_exception')",
        "aborts": "import os; os.abort()",
        "leaves": "import os; os._exit(0)",
        "hangs": "import time; time.sleep(60)",
        "hostile": "raise ImportError('\\x1b[2J::error::gone')",
    }
    for name, body in bodies.items():
        (tmp_path / f"{name}.py").write_text(body, "utf-8")
    return tmp_path


def test_says_of_each_what_came_of_it(packages: Path) -> None:
    names = ["sound", "unloadable", "aborts", "no_such_package", "leaves", "sound:ready", "sound:broken", "hostile"]
    found = try_imports(names, paths=[packages])
    assert list(found) == names
    assert found["sound"] == found["sound:ready"] == ""
    assert found["unloadable"] == "OSError: libtorch.so: undefined symbol: torch_exception"
    assert found["aborts"] == "the process was killed by signal 6"
    assert found["leaves"] == "the process ended with status 0"
    assert found["no_such_package"] == "ModuleNotFoundError: No module named 'no_such_package'"
    assert found["sound:broken"] == "ValueError: no"
    assert found["hostile"].isprintable()


def test_waits_for_none_without_end(packages: Path) -> None:
    assert try_imports(["hangs"], seconds=0.5, paths=[packages]) == {"hangs": "not done within 0.5 s"}


def test_of_nothing_is_nothing() -> None:
    assert try_imports([]) == {}
