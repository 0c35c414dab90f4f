"""Which tests a session runs: all that are named, or all but the slow ones, and then it says how many it left out."""

from __future__ import annotations

from typing import Any

import pytest

LEFT_OUT = pytest.StashKey[list[str]]()
"""Node ids of slow tests that this session leaves out."""


def slow(value: object) -> Any:
    """A value of a parametrized test with which it is a slow one."""
    return pytest.param(value, marks=pytest.mark.slow)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("general").addoption(
        "--tier",
        choices=("quick", "all"),
        default="all",
        help="quick leaves out tests that are marked slow, as make test does; all runs whatever is named (the default)",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("tier") == "all":
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    items[:] = [item for item in items if not item.get_closest_marker("slow")]
    config.stash[LEFT_OUT] = [item.nodeid for item in slow]
    config.hook.pytest_deselected(items=slow)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Of xdist: each of its processes leaves out the same, and none of them writes the summary."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(f"--tier=quick: {len(left_out)} slow tests were left out; make test-all runs them")
