"""The list of old classes beside what is installed: it names what exists, and misses no configuration of Coqui's."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from pathlib import Path

import pytest

from harness.admission.reading.allowances import look_up
from harness.admission.reading.oldnames import ACTIVATIONS, ENUMS, STATEFUL


def standing(module: str, attribute: str, *, renames: bool = False) -> str:
    return look_up(module, attribute, 0, renames=renames).standing


class TestNames:
    def test_a_dot_in_an_attribute_is_refused_whatever_the_module_is(self) -> None:
        assert standing("torch.nn.modules.linear", "Linear") == "legacy"
        assert standing("torch.nn.modules", "linear.Linear") == "refused"
        assert standing("torch.nn.modules.module", "torch.hub.zipfile.ZipFile") == "refused"
        assert standing("torch", "_utils._rebuild_tensor_v2") == "refused"
        assert standing("torch._utils", "_rebuild_tensor_v2") == "allowed"

    def test_what_is_not_listed_is_refused_below_any_module(self) -> None:
        for name in sorted(STATEFUL | ENUMS):
            assert standing(name.rpartition(".")[0], "Evil") == "refused"

    def test_names_of_python_2_are_taken_for_what_protocols_below_3_make_of_them(self) -> None:
        assert standing("__builtin__", "xrange", renames=True) == "allowed"
        assert standing("__builtin__", "xrange") == "refused"
        assert standing("builtins", "getattr") == "refused"

    def test_every_configuration_of_coqui_is_listed(self) -> None:
        found: set[str] = set()
        for package in ("TTS", "coqpit", "trainer"):
            spec = importlib.util.find_spec(package)
            assert spec is not None
            assert spec.origin is not None
            root = Path(spec.origin).parent
            for file in root.rglob("*.py"):
                module = ".".join(file.relative_to(root.parent).with_suffix("").parts)
                tree = ast.parse(file.read_text())
                names = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
                found |= {f"{module}.{name}" for name in names if name.endswith(("Config", "Args", "Coqpit"))}
        found = {name for name in found if not name.startswith("TTS.bin.")}  # arguments of programs
        assert len(found) > 50
        assert found - STATEFUL == set()

    def test_every_bit_generator_and_type_of_numpy_is_listed(self) -> None:
        import numpy as np

        bits = [
            kind
            for kind in vars(np.random).values()
            if isinstance(kind, type) and issubclass(kind, np.random.BitGenerator)
        ]
        assert len(bits) >= 5
        for kind in (
            *set(bits) - {np.random.BitGenerator},
            *{type(np.dtype(code)) for code in np.typecodes["All"]},
            *(kind for kind in np.sctypeDict.values() if kind.__module__ == "numpy"),  # other packages add theirs
        ):
            assert standing(kind.__module__, kind.__name__) == "legacy"

    @pytest.mark.real
    def test_every_layer_and_optimizer_of_torch_is_listed_and_nothing_else(self) -> None:
        import torch

        made = {
            f"{kind.__module__}.{name}"
            for room in (torch.nn, torch.optim, torch.optim.lr_scheduler)
            for name, kind in vars(room).items()
            if inspect.isclass(kind) and kind.__module__.startswith(("torch.nn.modules.", "torch.optim."))
        }
        lazy = {name for name in made if ".Lazy" in name}  # they take code with them until they are called
        public = {name for name in made if not name.rpartition(".")[2].startswith("_")}
        options = "torch.nn.modules.linear_cross_entropy_options.LinearCrossEntropyOptions"  # of a loss; no layer
        assert public - STATEFUL - lazy == {"torch.nn.modules.rnn.RNNCellBase", options}  # the first: never one itself
        gone = {"torch.nn.modules.linear._LinearWithBias"}  # torch 1.4 to 1.8
        for name in STATEFUL | ACTIVATIONS:
            if name.startswith("torch.") and name not in gone:
                module, _, attribute = name.rpartition(".")
                __import__(module)
                assert callable(getattr(sys.modules[module], attribute)), name
