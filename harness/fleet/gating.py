"""The gate of one member, as a command: pytest on its suites, configured by the fleet file and by nothing else.

It is started in the fleet's folder, as a person would start ``soundcheck gate`` there; but no ini file,
``conftest.py``, plugin or variable has a say, for a stored verdict must depend on nothing that is not in its key.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from harness.fleet.file import Fleet
from harness.fleet.looking import Looked, Terms
from harness.placing.tasks import Task
from harness.run.options import BY_STEM
from harness.run.settings import default_threads, default_workers

NOT_HEARD: Final = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
"""Variables that would add to the command."""


def gate_task(fleet: Fleet, terms: Terms, looked: Looked, place: Path, jobs: int) -> Task:
    """What to start for a member that can be judged.

    Args:
        fleet: Its fleet.
        terms: What holds for all members.
        looked: The member.
        place: Where it leaves results and log: ``PLACE.json`` and ``PLACE.log``.
        jobs: Gates that run at a time, and share the processors.
    """
    assert looked.settings is not None
    assert looked.material is not None
    settings, chosen = looked.settings, looked.member.entry.choices
    typed = {stem: _words(choice.value) for stem, choice in chosen.items()}
    if jobs > 1:
        typed.setdefault("threads", [str(max(1, default_threads() // jobs))])
        typed.setdefault("workers", [str(max(1, default_workers(settings.device) // jobs))])
    typed |= {
        "model": [looked.member.spec],
        "dir": [str(terms.folder)],
        "report": [f"json={place}.json"],
    }
    options = [f"{BY_STEM[stem].flag}={word}" for stem, words in typed.items() for word in words]
    flags = {"fresh": terms.is_fresh, "allow-unsandboxed": terms.allow_unsandboxed}
    options += [BY_STEM[stem].flag for stem, is_set in flags.items() if is_set]
    root = str(fleet.folder)
    command = [
        *(sys.executable, "-P", "-m", "pytest", "-p", "soundcheck", "-p", "no:cacheprovider", "--noconftest"),
        *(f"--rootdir={root}", f"--confcutdir={root}", "-c", os.devnull, "-q", "--no-header", "--tb=short", "-rN"),
        *(str(content.path) for content in looked.material.suites),
        *options,
    ]
    environment = {name: value for name, value in os.environ.items() if name not in NOT_HEARD}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return Task(name=looked.key, command=command, environment=environment, log=place.with_name(f"{place.name}.log"))


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
