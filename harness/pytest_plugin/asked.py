"""Whether somebody asked for a gate: options that make sense for a judged candidate only, and are written for this run.

What stands in an ini file, or in its ``addopts``, is a project's habit: its unit tests run without a candidate.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable

import pytest

from harness.core.errors import BadInput
from harness.core.paths import shown
from harness.pytest_plugin.stash import SUITE_SUFFIX, SUITE_WITHOUT_MODEL, is_worker
from harness.run.options import BY_STEM, JUDGING


class SuiteWithoutModel(pytest.File):
    """A suite where no candidate is named. pytest makes it for the neighbours of what it was given, too."""

    def collect(self) -> Iterable[pytest.Item]:
        """Nothing; what was to be judged is remembered."""
        self.config.stash.setdefault(SUITE_WITHOUT_MODEL, shown(self.path))
        return ()


def asking_words(config: pytest.Config) -> list[str]:
    """Words of the command line (or of PYTEST_ADDOPTS) that ask for a gate: options that judge, and suites."""
    try:
        added = shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    except ValueError:  # pytest has said so by now
        added = []
    flags = tuple(BY_STEM[stem].flag for stem in ("model", *JUDGING))
    words = [*added, *map(str, config.invocation_params.args)]
    return [word for word in words if word.partition("=")[0] in flags or word.partition("::")[0].endswith(SUITE_SUFFIX)]


def refuse_without_model(config: pytest.Config) -> None:
    """Refuse a session that is to judge and has nobody to be judged.

    Raises:
        BadInput: One line that names what asks for a gate.
    """
    if is_worker(config) or config.option.collectonly:
        return
    if words := asking_words(config):
        raise BadInput(which_model(words[0]))


def which_model(what: str) -> str:
    """The line for something that asks for a gate where no candidate is named."""
    return f"{what}: which model? Add --tts-model=DIR, or tts_model to the ini file"
