"""The digests of a run's files, taken when it has ended: ``digests.sha256``, which ``sha256sum -c`` reads as well.

Its last line is the digest of all above it, and its first one that of the list before, where the run was continued. It
shows what was edited or lost afterwards. Whoever may write may also write it anew: only a signature stops that.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from harness.core.errors import IntegrityError
from harness.core.text import printable
from harness.storage.digests import file_sha256
from harness.storage.smallfile import read_small

NAME = "digests.sha256"
COVERED = ("run.json", "policy.toml", "records/*.jsonl", "behaviour/*.jsonl", "seen.jsonl")
"""What a run's result is made of. Reports are made of these, and can be made again."""
MAX_BYTES = 1 << 20
_NONE = "0" * 64
_FIRST, _LAST = re.compile(r"# after ([0-9a-f]{64})"), re.compile(r"# head ([0-9a-f]{64})")
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def listing(folder: Path, after: str = _NONE) -> str:
    """The list of a run as its files are now.

    Args:
        folder: The run directory.
        after: Head of the list before this one.
    """
    found = sorted(path.relative_to(folder).as_posix() for pattern in COVERED for path in folder.glob(pattern))
    body = f"# after {after}\n" + "".join(f"{file_sha256(folder / name)}  {name}\n" for name in found)
    return f"{body}# head {hashlib.sha256(body.encode()).hexdigest()}\n"


def head_of(folder: Path) -> str | None:
    """Hold a run's files against their list.

    Returns:
        The list's head; None where the run has not ended, and so has no list.

    Raises:
        IntegrityError: A file was edited, is gone or was added since, or the list itself is not whole.
    """
    try:
        lines = read_small(folder / NAME, MAX_BYTES).decode("ascii").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        lines = []
    first, last = (_FIRST.fullmatch(lines[0]), _LAST.fullmatch(lines[-1])) if lines else (None, None)
    named = [_LINE.fullmatch(line) for line in lines[1:-1]]
    if not first or not last or not all(named):
        raise _edited(folder, NAME, "it is no list of digests")
    then = {line[2]: line[1] for line in named if line}
    now = {name: digest for digest, name in (line.split("  ") for line in listing(folder).splitlines()[1:-1])}
    for name in sorted({*then, *now}):
        if name not in now:
            raise _edited(folder, name, "it is gone")
        if name not in then:
            raise _edited(folder, name, "it was added")
        if then[name] != now[name]:
            raise _edited(folder, name, f"expected sha256 {then[name][:12]}, got {now[name][:12]}")
    body = "\n".join(lines[:-1]) + "\n"
    if hashlib.sha256(body.encode()).hexdigest() != last[1]:
        raise _edited(folder, NAME, "its last line is not the digest of the others")
    return last[1]


def _edited(folder: Path, name: str, what: str) -> IntegrityError:
    line = f"{folder / name}: was edited after the run had ended ({what}); find out by whom, remove the run, run again"
    return IntegrityError(printable(line))
