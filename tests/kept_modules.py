"""Packages stay loaded when a session of pytest within a test has ended.

pytester puts ``sys.modules`` back as it was. For what a test wrote that is right; an installed package that was loaded
meanwhile stays in other hands, and whoever imports it anew has it twice: numpy's arrays of characters cannot be pickled
any more, soxr aborts the process, torch cannot be loaded a second time at all.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from types import ModuleType

import pytest
from _pytest.pytester import SysModulesSnapshot

OURS = frozenset({"conftest", "harness", "probes", "tests"})
"""Packages of this repository: they belong to the session that imported them, even where they are installed."""

_INSTALLED = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def _is_installed(package: str, loaded: Mapping[str, ModuleType]) -> bool:
    """Whether a package is Python's or was installed. What lies in no file is Python's, or was made by hand."""
    module = loaded.get(package)
    places = (getattr(module, "__file__", None), *getattr(module, "__path__", ()))
    return package not in OURS and any(place.startswith(_INSTALLED) for place in places if place)


@pytest.fixture(autouse=True, scope="session")
def kept_modules() -> Iterator[None]:
    """Let pytester forget the modules of tests only."""
    forget = SysModulesSnapshot.restore

    def forget_but_packages(snapshot: SysModulesSnapshot) -> None:
        loaded = dict(sys.modules)
        forget(snapshot)
        gone = loaded.keys() - sys.modules.keys()
        installed = {name for name in {name.partition(".")[0] for name in gone} if _is_installed(name, loaded)}
        sys.modules.update({name: loaded[name] for name in gone if name.partition(".")[0] in installed})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SysModulesSnapshot, "restore", forget_but_packages)
        yield
