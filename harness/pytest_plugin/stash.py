"""What the hooks of one session hand on to each other: the keys of pytest's stash, and how a session is told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from harness.run.settings import Settings

if TYPE_CHECKING:
    from harness.models.judged import Judged
    from harness.pytest_plugin.gate import Gate
    from harness.pytest_plugin.progress import ProgressLine

SUITE_SUFFIX: Final = ".probes.yaml"

GATE: pytest.StashKey[Gate] = pytest.StashKey()
RUN_ID = pytest.StashKey[str]()
SETTINGS = pytest.StashKey[Settings]()
JUDGED: pytest.StashKey[Judged] = pytest.StashKey()
SUITE_WITHOUT_MODEL = pytest.StashKey[str]()
"""A suite that was found where no candidate is named."""
ENDING_LINE = pytest.StashKey[str]()
"""Why the session ends as it does; ``""`` where the verdict says it."""
PROGRESS: pytest.StashKey[ProgressLine] = pytest.StashKey()
IS_REPORTED = pytest.StashKey[bool]()


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of several of pytest-xdist, and not the one that was started."""
    return hasattr(config, "workerinput")


def is_gates(node_id: str) -> bool:
    """Whether a node is a suite or an item of one."""
    return node_id.partition("::")[0].endswith(SUITE_SUFFIX)
