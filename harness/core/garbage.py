"""Python's search for garbage in circles, put off while something large is imported.

Nearly all that an import makes stays, and is searched again and again while it grows: a fifth of what torch takes.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Search for no garbage until this ends, in any thread; nothing changes for a process that never does."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
