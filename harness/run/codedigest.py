"""The digest of whatever code shapes a result: what was judged with other code is another judgement."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]
UNRELATED: Final = ("cli", "fleet", "placing", "report", "schemas", "signing")
"""Parts of the package that no score of the red team depends on."""


@functools.cache
def code_digest(leave: tuple[str, ...] = UNRELATED) -> str:
    """sha256 over the sources of whatever shapes a result: rules, thresholds, engines, readers, families of probes.

    Args:
        leave: Parts of the package that the result does not depend on.
    """
    total = hashlib.sha256()
    for package in (_PACKAGE, _PACKAGE.parent / "probes"):
        for path in sorted(package.rglob("*.py")):
            inner = path.relative_to(package)
            if package is not _PACKAGE or inner.parts[0] not in leave:
                total.update(f"{package.name}/{inner.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()
