"""numpy on one thread while clips are heard.

Its matrices are small here. Where two processors share one, OpenBLAS's second thread waits for the first in a loop:
that took as much processor time again as all senses together, which the voice beside it then lacked.
"""

from __future__ import annotations

import contextlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def one_thread() -> AbstractContextManager[Any]:
    """Until it ends, what numpy multiplies is multiplied by the thread that asks."""
    pools = _pools()
    return contextlib.nullcontext() if pools is None else pools.limit(limits=1, user_api="blas")


@lru_cache(maxsize=1)
def _pools() -> Any:
    """Those that this process has loaded; None where nobody installed what finds them (extra whisper)."""
    try:
        import threadpoolctl
    except ImportError:
        return None
    return threadpoolctl.ThreadpoolController()
