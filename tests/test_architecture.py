"""Dependencies point one way, and what is heavy is loaded by who needs it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent

LAYERS = (
    {"core"},
    {"engines", "sandbox", "storage"},
    {"hearing", "placing", "policy", "report", "signing", "speaking", "suites"},
    {"goldens", "judging", "models"},
    {"admission", "costs", "hunting"},
    {"run", "signoff"},
    {"fleet", "pytest_plugin", "redteam"},
    {"cli"},
)
"""The rooms below ``harness``, lowest first. Each may import what lies below its own layer, and itself."""

NARROWER = {
    "core": set[str](),
    "suites": {"core", "storage"},
    "models": {"core", "engines", "signing", "storage"},
    "report": {"core", "storage"},  # a pure function of the run directory
    "admission": {
        "core",
        "engines",
        "models",
        "policy",
        "signing",
        "storage",
    },  # storage: small files are read in one way
}
"""What a part may import where that is less than everything below it."""

HEAVY = {"TTS", "ctranslate2", "librosa", "numba", "onnx", "onnxruntime", "scipy", "torch", "torchaudio", "whisper"}
MAY_LOAD_HEAVY = {"hearing", "models", "engines", "storage", "redteam"}
"""Who may import them inside a function. The rest of the harness works with none of them installed."""
ALL_HEAVY = {"harness.hearing.asr.decoding", "harness.hearing.asr.encoder"}
"""The modules that are torch from end to end: imported inside functions only."""
NOT_FOR_HELP = {*HEAVY, "jinja2", "msgspec", "numpy", "soundfile", "soxr", "yaml"}
"""What ``pytest --help`` must not pay for, with the plugin installed."""


MOST_PARAMETERS = 8
MOST_ATTRIBUTES = 15
RECORD = "a record: read field by field, and nothing is done with it as a whole"
WIDE = {
    "harness.admission.checks.filekinds.Kind": "a closed list: one member for every kind of file",
    "harness.admission.reading.pickles.PickleReader": "the registers of a stack machine that the file format defines",
    "harness.core.power.KindPower": RECORD,
    "harness.core.power.Power": RECORD,
    "harness.core.types.Acoustics": RECORD,
    "harness.core.verdict.RunInfo": RECORD,
    "harness.engines.registry.EngineSpec": RECORD,
    "harness.goldens.folder.Manifest": RECORD,
    "harness.report.page.cards.Card": RECORD,
    "harness.run.settings.Settings": RECORD,
    "harness.sandbox.outside.process.SandboxedProcess": "what a process behind walls is made of, each made elsewhere",
    "harness.signing.testresult.About": RECORD,
    "harness.speaking.metered.Metered": RECORD,
    "harness.speaking.pool.WorkerPool": "how workers are made, and what became of those that were",
}
"""Functions with more parameters and classes with more attributes than these, and why none of them is cut."""


@dataclass(frozen=True)
class Import:
    """One imported module."""

    name: str
    line: int
    is_lazy: bool
    """Inside a function."""
    is_typing: bool
    """For the type checker only."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {
    module_name(path): path for package in ("harness", "probes") for path in sorted((ROOT / package).rglob("*.py"))
}


def imports_of(source: str) -> Iterator[Import]:
    def walk(node: ast.AST, *, is_lazy: bool, is_typing: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, is_lazy, is_typing)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(inner if inner in MODULES else str(node.module), node.lineno, is_lazy, is_typing)
        lazy = is_lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        guarded = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        otherwise = node.orelse if isinstance(node, ast.If) else []
        for child in ast.iter_child_nodes(node):
            yield from walk(child, is_lazy=lazy, is_typing=is_typing or (guarded and child not in otherwise))

    yield from walk(ast.parse(source), is_lazy=False, is_typing=False)


@cache
def all_imports() -> dict[str, list[Import]]:
    """What each module imports."""
    return {name: list(imports_of(path.read_text("utf-8"))) for name, path in MODULES.items()}


def part(module: str) -> str:
    """Name below ``harness``: ``report`` for ``harness.report.page.html``, ``""`` for ``harness`` itself."""
    return module.split(".")[1] if "." in module else ""


def layer(name: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if name in names)


def is_ours(module: str) -> bool:
    return module.split(".")[0] == "harness"


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names of what it is given, but for the object or class that it belongs to."""
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return {one.arg for one in given} - {"self", "cls"}


def attributes(class_: ast.ClassDef) -> set[str]:
    """Fields and members that a class states, and what its methods set on their object."""
    found: set[str] = set()
    for node in class_.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {one.id for one in targets if isinstance(one, ast.Name)}
    return found | {
        node.attr
        for node in ast.walk(class_)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }


def wide_ones(source: str, module: str) -> dict[str, int]:
    """Functions and classes of a module that are wider than they should be, with how wide."""
    found: dict[str, int] = {}

    def walk(node: ast.AST, place: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = place
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{place}.{child.name}"
                is_class = isinstance(child, ast.ClassDef)
                count = len(attributes(child) if isinstance(child, ast.ClassDef) else parameters(child))
                if count > (MOST_ATTRIBUTES if is_class else MOST_PARAMETERS):
                    found[inner] = count
            walk(child, inner)

    walk(ast.parse(source), module)
    return found


class TestWidth:
    """What takes many values by turns should take one value, and what holds many things should be several things."""

    def test_is_measured_on_functions_and_classes_wherever_they_stand(self) -> None:
        many = ", ".join(f"p{place}" for place in range(9))
        fields = "\n".join(f"    f{place}: int" for place in range(16))
        sets = "\n".join(f"        self.a{place} = 1" for place in range(16))
        source = (
            f"def wide({many}): pass\ndef keywords(*, {many}): pass\ndef fits(self, {many[4:]}): pass\n"
            f"class Record:\n{fields}\n"
            f"class Object:\n    def __init__(self):\n{sets}\n    def method(self, {many}):\n        pass\n"
        )
        assert wide_ones(source, "m") == {
            "m.wide": 9, "m.keywords": 9, "m.Record": 16, "m.Object": 16, "m.Object.method": 9,
        }  # fmt: skip

    def test_of_everything_is_bounded_but_for_what_has_a_reason(self) -> None:
        assert all_wide() - WIDE.keys() == set(), "cut it, or give it a reason in WIDE"

    def test_has_no_reason_left_for_what_is_narrow_by_now(self) -> None:
        assert WIDE.keys() - all_wide() == set()

    @pytest.mark.parametrize("name", [name for name, reason in WIDE.items() if reason == RECORD])
    def test_that_is_allowed_to_a_record_is_one_s(self, name: str) -> None:
        module, _, class_name = name.rpartition(".")
        tree = ast.parse(MODULES[module].read_text("utf-8"))
        (found,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
        stated = " ".join(ast.unparse(one) for one in [*found.decorator_list, *found.bases, *found.keywords])
        assert "frozen=True" in stated
        assert "dataclass(" in stated or "msgspec.Struct" in stated
        assert all(isinstance(one, ast.FunctionDef | ast.AnnAssign | ast.Expr) for one in found.body)


@cache
def all_wide() -> set[str]:
    """Everything here that is wider than it should be; a second's work that nobody needs to collect tests."""
    return {name for module, path in MODULES.items() for name in wide_ones(path.read_text("utf-8"), module)}


class TestReading:
    """The rules below are only as good as what they read."""

    def test_finds_imports_wherever_they_stand(self) -> None:
        source = (
            "import a.b, c\n"
            "if TYPE_CHECKING:\n    import t\nelse:\n    import e\n"
            "class K:\n    import k\n    def f(self):\n        from harness import core\n"
            "try:\n    from x import y\nexcept ImportError: pass\n"
        )
        found = [(one.name, one.is_lazy, one.is_typing) for one in imports_of(source)]
        assert found == [
            ("a.b", False, False),
            ("c", False, False),
            ("t", False, True),
            ("e", False, False),
            ("k", False, False),
            ("harness.core", True, False),
            ("x", False, False),
        ]

    def test_finds_every_module(self) -> None:
        assert {
            "harness",
            "harness.pytest_plugin.plugin",
            "harness.core.types",
            "harness.sandbox.inside.worker",
            "probes",
        } <= set(MODULES)


class TestLayers:
    @pytest.mark.parametrize("name", sorted({part(name) for name in MODULES if is_ours(name)} - {""}))
    def test_every_part_imports_only_what_lies_below_it(self, name: str) -> None:
        assert any(name in names for names in LAYERS), f"give harness.{name} its place in LAYERS"
        below = set().union(*LAYERS[: layer(name)])
        allowed = NARROWER.get(name, below) | {name, ""}
        wrong = [
            f"{module}:{one.line} imports {one.name}"
            for module, imports in all_imports().items()
            if is_ours(module) and part(module) == name
            for one in imports
            if is_ours(one.name) and part(one.name) not in allowed
        ]
        assert wrong == []

    def test_narrower_rules_are_narrower(self) -> None:
        for name, allowed in NARROWER.items():
            assert allowed < set().union(*LAYERS[: layer(name)]) or not allowed

    def test_the_package_itself_imports_nothing(self) -> None:
        """Its names are for others, and found when they are asked for: what it shows type checkers costs nothing."""
        assert [one.name for one in all_imports()["harness"] if not one.is_typing] == []

    def test_nothing_goes_out_by_the_front_to_come_in_again(self) -> None:
        """The public names of ``harness`` would lead around the layers."""
        taken = re.compile(r"^\s*from harness import (?!__version__$)", re.MULTILINE)
        assert [name for name, path in MODULES.items() if taken.search(path.read_text("utf-8"))] == []

    def test_the_page_shows_them(self) -> None:
        page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
        rows = re.findall(r"^\d  (.+)$", page, re.MULTILINE)
        shown = tuple(set(re.sub(r"\([^)]*\)", "", row).split()) for row in reversed(rows))
        assert shown == LAYERS
        (table,) = re.findall(r"^\| room \|.*?\n\n", page, re.MULTILINE | re.DOTALL)
        named = {
            room.split("/")[0]
            for line in table.strip().splitlines()[2:]
            for room in re.findall(r"`([\w/]+)`", line.split("|")[1])
        }
        assert named == set().union(*LAYERS)

    def test_every_module_lies_in_a_room(self) -> None:
        assert [path.name for path in (ROOT / "harness").glob("*.py")] == ["__init__.py"]

    def test_what_runs_in_the_worker_knows_nothing_of_what_watches_it(self) -> None:
        wrong = [
            f"{module}:{one.line} imports {one.name}"
            for module, imports in all_imports().items()
            if module.startswith("harness.sandbox.inside.")
            for one in imports
            if one.name.startswith("harness.sandbox.outside")
        ]
        assert wrong == []

    def test_nothing_imports_the_plugin(self) -> None:
        assert [
            name
            for name, imports in all_imports().items()
            for one in imports
            if one.name == "harness.pytest_plugin.plugin"
        ] == []

    def test_probes_import_the_core_only(self) -> None:
        wrong = [
            f"{module}:{one.line} imports {one.name}"
            for module, imports in all_imports().items()
            if module.split(".")[0] == "probes"
            for one in imports
            if is_ours(one.name) and part(one.name) != "core"
        ]
        assert wrong == []

    def test_probes_are_drawn_in_one_place(self) -> None:
        """The registry of families is for :mod:`harness.suites.expansion`; others ask it."""
        importing = {
            module
            for module, imports in all_imports().items()
            for one in imports
            if is_ours(module) and one.name.startswith("probes.") and not one.is_typing and not one.is_lazy
        }
        assert importing == {"harness.suites.expansion"}

    def test_the_core_does_nothing_to_the_world(self) -> None:
        """Pure: no I/O, clock or global randomness. ``core.paths`` is the one reader of the environment."""
        forbidden = {"datetime", "io", "random", "secrets", "socket", "subprocess", "tempfile", "time", "os"}
        wrong = [
            f"{module}:{one.line} imports {one.name}"
            for module, imports in all_imports().items()
            if part(module) == "core" and module != "harness.core.paths"
            for one in imports
            if one.name.split(".")[0] in forbidden and not one.is_typing
        ]
        assert wrong == []


REFERENCE = re.compile(r":[a-z]+:`~?((?:harness|probes)(?:\.\w+)+)`")


def is_there(name: str) -> bool:
    """Whether a dotted name leads to a module, or to what some module defines or imports under that name."""
    module, rest = name, ""
    while module and module not in MODULES:
        module, _, last = module.rpartition(".")
        rest = f"{last}.{rest}" if rest else last
    if not module or not rest:
        return bool(module)
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
    return set(rest.split(".")) <= found


class TestReferences:
    def test_in_docstrings_lead_somewhere(self) -> None:
        wrong = [
            f"{module}: {name}"
            for module, path in MODULES.items()
            for name in REFERENCE.findall(path.read_text("utf-8"))
            if not is_there(name)
        ]
        assert wrong == []

    def test_would_be_seen_to_lead_nowhere(self) -> None:
        assert is_there("harness.core.findings.Finding.severity")
        assert not is_there("harness.judge")
        assert not is_there("harness.core.findings.Finder")
        assert REFERENCE.findall("see :class:`~harness.core.types.Take`") == ["harness.core.types.Take"]


class TestHeavyImports:
    def test_stand_inside_functions(self) -> None:
        wrong = [
            f"{module}:{one.line} imports {one.name}"
            for module, imports in all_imports().items()
            if module not in ALL_HEAVY
            for one in imports
            if (one.name.split(".")[0] in HEAVY or one.name in ALL_HEAVY) and not one.is_lazy and not one.is_typing
        ]
        assert wrong == []

    def test_stand_where_voices_and_whisper_are_loaded_and_nowhere_else(self) -> None:
        found = {
            part(module)
            for module, imports in all_imports().items()
            for one in imports
            if one.name.split(".")[0] in HEAVY and not one.is_typing
        }
        assert found <= MAY_LOAD_HEAVY

    def test_cost_nothing_before_they_are_used(self) -> None:
        everything = [name for name in MODULES if name not in ALL_HEAVY | {"harness.pytest_plugin.plugin"}]
        assert not loaded_by(f"import {', '.join(everything)}") & HEAVY


def loaded_by(code: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().split(".")[0] for line in lines}


class TestHelp:
    def test_pays_for_nothing_that_it_does_not_show(self) -> None:
        loaded = loaded_by("import harness.pytest_plugin.plugin")
        assert {"harness", "pytest"} <= loaded
        assert not loaded & NOT_FOR_HELP

    def test_would_be_seen_to_pay(self) -> None:
        assert {"msgspec", "numpy"} <= loaded_by("import msgspec, numpy")
