"""Packages that take seconds to import: loaded by the first test that uses one, and not while tests are collected."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest


class Lazily:
    """A module by its name; who asks for something of it imports it, and is skipped where it is not installed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_") or attribute == "pytestmark":  # what pytest asks of whatever stands in a module
            raise AttributeError(attribute)
        return getattr(pytest.importorskip(self._name), attribute)


def needs(*packages: str) -> pytest.MarkDecorator:
    """Skip what is marked where a package is not installed. Nothing is imported to find out."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")
