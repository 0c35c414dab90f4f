"""How large a benchmark is run: as its page says, quickly, or in its smallest form, which shows that it runs at all."""

from __future__ import annotations

import os
from typing import Final, TypeVar

Value = TypeVar("Value")

_ASKED = os.environ.get("QUICK", "0")
SMALLEST: Final = _ASKED == "smallest"
"""``QUICK=smallest``: seconds, or a minute where a real voice speaks. Its figures mean nothing."""
QUICK: Final = _ASKED not in ("", "0")
"""``QUICK=1`` or smaller: minutes."""


def by_size(full: Value, quick: Value, smallest: Value) -> Value:
    """What a benchmark takes at the size that is asked for."""
    return smallest if SMALLEST else quick if QUICK else full


def alone_or_shared(count: int) -> int:
    """So many threads or processes; one in the smallest form, which runs beside other tests and is no measurement."""
    return 1 if SMALLEST else count
