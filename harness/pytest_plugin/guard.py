"""Who configures a run of pytest: never the candidate or the reference. Refuses what pytest read or ran in them.

pytest reads ini files before it asks any plugin, so part of this comes late: it ends the run, and cannot undo what an
ini file already did. ``soundcheck gate`` leaves pytest nothing to look for.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from harness.core.paths import shown
from harness.core.text import printable
from harness.models.judged import Judged
from harness.run.options import OPTIONS


def refuse_spaces(words: Sequence[str]) -> None:
    """Refuse an option with a space before its value: pytest, which does not know it yet, reads configuration there.

    Raises:
        pytest.UsageError: One line that says what to write.
    """
    flags = {option.flag for option in OPTIONS if option.type is not bool}
    for place, word in enumerate(words):
        if word in flags:
            value = words[place + 1] if place + 1 < len(words) else "..."
            raise _refusal(
                f"{word} {value}: write {word}={value}; after a space pytest takes it for a path of its own "
                "and reads the configuration that lies there"
            )


def refuse_configuration(config: pytest.Config, words: Sequence[str], judged: Judged) -> None:
    """Refuse a run that is started, configured or extended from within what it judges.

    Args:
        config: pytest's, before it has loaded a conftest.py.
        words: Paths that pytest will collect.
        judged: The candidate, the reference, and what is fetched.

    Raises:
        pytest.UsageError: One line that names the file and what it lies in.
    """
    here = config.invocation_params.dir
    read = [config.inipath] if config.inipath else []
    for path in (*read, config.rootpath, here):
        if owner := judged.holding(path):
            what = "pytest's configuration" if path == config.inipath else "the folder that pytest works in"
            raise _refusal(f"{shown(path)}: {what} lies in {owner}, which it judges; start pytest in your own project")
    for owner, folder in judged.models:
        if package := _package(folder):
            line = f"{shown(package)}: {owner} is a Python package, which whatever imports {folder.name} would run"
            raise _refusal(f"{line}; take it out of there")
    starts = [here / word.partition("::")[0] for word in words]
    for start in starts:
        if owner := judged.holding(start):
            raise _refusal(f"{shown(start)}: lies in {owner}, which may not choose what it is asked")
    if not config.known_args_namespace.noconftest:
        for path in _conftests([start for start in starts if start.exists()] or [here]):
            if owner := judged.holding(path):
                raise _refusal(f"{shown(path)}: lies in {owner}, and pytest would run it; take it out of there")


def refuse_loaded(config: pytest.Config, judged: Judged) -> None:
    """Refuse a run for which a conftest.py, a plugin or a module out of what it judges was loaded.

    Raises:
        pytest.UsageError: One line that names the file and what it lies in.
    """
    files = [getattr(plugin, "__file__", None) for plugin in config.pluginmanager.get_plugins()]
    loaded = dict.fromkeys(file for file in (*files, *_own_modules()) if isinstance(file, str))
    if held := judged.first_held(map(Path, loaded)):
        file, owner = held
        raise _refusal(f"{shown(file)}: lies in {owner}, and pytest has run it; take it out of there")


def _own_modules() -> Iterator[str]:
    """Files of the modules that are loaded, but those of Python and of installed packages."""
    installed = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    for module in list(sys.modules.values()):
        file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
        if isinstance(file, str) and not file.startswith(installed):
            yield file


def _package(folder: Path) -> Path | None:
    """What Python runs of a folder that it takes for a package: it looks for modules beside a conftest.py."""
    if not folder.name.isidentifier():
        return None
    files = (folder / f"__init__{suffix}" for suffix in importlib.machinery.all_suffixes())
    return next((file for file in files if file.is_file()), None)


def _conftests(starts: Sequence[Path]) -> Iterator[Path]:
    """Every conftest.py that pytest loads before it collects: at, above, and in ``test*`` below where it starts."""
    folders: dict[Path, None] = {}
    for start in starts:
        folder = Path(os.path.abspath(start))  # noqa: PTH100 - links stay as they are
        below = [entry for entry in folder.glob("test*") if entry.is_dir()] if folder.is_dir() else []
        folders |= dict.fromkeys((*below, folder, *folder.parents))
    return (path for folder in folders if (path := folder / "conftest.py").is_file())


def _refusal(line: str) -> pytest.UsageError:
    return pytest.UsageError(printable(line))
