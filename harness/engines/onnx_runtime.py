"""ONNX Runtime, imported so that it tells nobody: since 1.32 its wheels for Linux send what they are used for.

Its switch is a variable of the environment, read when it is imported. In the worker it would be seen to look for a
network, and the candidate be blamed for it; in the harness nothing would see it.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Final

SWITCH: Final = "ORT_DISABLE_TELEMETRY"


def silence() -> None:
    """Switch its telemetry off for when somebody imports it."""
    os.environ[SWITCH] = "1"


def import_runtime() -> ModuleType:
    """Import it, with its telemetry off.

    Raises:
        ImportError: It is not installed.
    """
    silence()
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    runtime: ModuleType = onnxruntime
    return runtime
