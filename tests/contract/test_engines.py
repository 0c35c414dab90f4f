"""Every engine of the registry: what its row names is there. The engine of docs/extending/engine.md keeps the laws."""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.admission.admit import checks
from harness.core.engine import Engine
from harness.engines import registry
from harness.engines.registry import ENGINES, FILE_CHECKS, EngineSpec
from tests.toy_engine.row import CLICK

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "extending" / "engine.md"
TOY = ROOT / "tests" / "toy_engine"

by_engine = pytest.mark.parametrize("spec", ENGINES.values(), ids=lambda spec: spec.name)


def module_file(name: str) -> Path:
    return ROOT / Path(*name.split(".")).with_suffix(".py")


@by_engine
class TestRow:
    def test_names_an_adapter_that_is_there(self, spec: EngineSpec) -> None:
        """Read, not imported: an adapter may need packages that only its extra brings."""
        module, _, name = spec.adapter.partition(":")
        (found,) = [
            node
            for node in ast.parse(module_file(module).read_text("utf-8")).body
            if isinstance(node, ast.ClassDef) and node.name == name
        ]
        methods = {node.name for node in found.body if isinstance(node, ast.FunctionDef)}
        assert {"prepare", "load", "render"} <= methods

    def test_has_a_check_of_what_its_files_do(self, spec: EngineSpec) -> None:
        own = [check.name for check in checks(spec)[1:-1]]
        assert own[0] == FILE_CHECKS[0]
        assert set(own) <= set(FILE_CHECKS)
        assert all(check.rules for check in checks(spec))

    def test_has_a_file_and_a_name_of_its_own(self, spec: EngineSpec) -> None:
        assert spec.name.isidentifier()
        assert [one.file for one in ENGINES.values()].count(spec.file) == 1

    def test_names_packages_that_its_extra_installs(self, spec: EngineSpec) -> None:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
        installed = {re.split(r"[<>=\[; ]", line)[0] for line in extras.get(spec.extra, ())}
        assert {package.name for package in spec.packages} <= installed
        assert set(spec.shaped_by) <= installed

    def test_preloads_what_can_be_called(self, spec: EngineSpec) -> None:
        for name in spec.preloads:
            module, _, function = name.partition(":")
            if module.startswith("harness."):
                assert not function or callable(getattr(importlib.import_module(module), function))

    def test_stands_in_the_table_of_the_documents(self, spec: EngineSpec) -> None:
        (line,) = [line for line in registry.table().splitlines() if line.startswith(f"| `{spec.name}` ")]
        assert line in PAGE.read_text("utf-8").splitlines()

    def test_stands_on_the_page_of_engines_with_what_is_proven(self, spec: EngineSpec) -> None:
        """A row that says what it speaks, and a column of tests unless it is for tests itself."""
        text = (ROOT / "docs" / "engines.md").read_text("utf-8")
        assert f"\n| `{spec.name}` | " in text
        assert (f"| `{spec.name}` " in text.partition("\n| claim")[2].partition("\n")[0]) == bool(spec.extra)


def blocks() -> list[str]:
    """The page's blocks of Python, without their indentation."""
    found = re.findall(r"^( *)```python\n(.*?)^\1```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(code) for _, code in found]


class TestPage:
    def test_shows_the_toy_engine_that_is_taken_through_the_gate(self) -> None:
        adapter, config, row = blocks()
        assert adapter == (TOY / "click_adapter.py").read_text("utf-8")
        assert config == (TOY / "click_config.py").read_text("utf-8")
        found: dict[str, Any] = {"EngineSpec": EngineSpec}
        exec(row, found)
        assert found["CLICK"] == CLICK


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    found: dict[str, Any] = {}
    exec(blocks()[0], found)
    (tmp_path / "click.txt").write_text("0.5", "utf-8")
    made: Engine = found["ClickEngine"]()
    made.prepare(device="cpu", threads=1)
    info = made.load(tmp_path, device="cpu", threads=1)
    assert (info.name, info.sample_rate) == ("click", 16_000)
    return made


class TestLaws:
    def test_speaks_the_same_whatever_the_batch(self, engine: Engine) -> None:
        (alone,) = engine.render(["two words"], [7])
        together = engine.render(["first", "two words", "and more words"], [1, 7, 2])
        assert np.array_equal(alone.samples, together[1].samples)

    def test_speaks_differently_with_another_seed(self, engine: Engine) -> None:
        one, other = engine.render(["two words"] * 2, [7, 8])
        assert not np.array_equal(one.samples, other.samples)

    def test_returns_mono_floats_within_full_scale(self, engine: Engine) -> None:
        (speech,) = engine.render(["two words"], [7])
        assert (speech.samples.dtype, speech.samples.ndim) == (np.float32, 1)
        assert 0 < np.max(np.abs(speech.samples)) <= 1
        assert speech.frames > 0

    def test_raises_what_it_raises(self, engine: Engine, tmp_path: Path) -> None:
        (tmp_path / "click.txt").write_text("loud", "utf-8")
        with pytest.raises(ValueError, match="loud"):
            engine.load(tmp_path, device="cpu", threads=1)
