"""Policies as files: reads one and takes its digest. What it says is the business of :mod:`harness.policy.release`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.core.errors import BadInput, IntegrityError
from harness.core.paths import shown
from harness.core.text import printable
from harness.policy.release import Policy
from harness.policy.text import parse_policy
from harness.storage.smallfile import read_input_text

MAX_BYTES = 256 << 10
COPY = "policy.toml"
"""Name of a run's own copy in its directory."""
DEFAULT_ALPHA = 0.01
DEFAULT_GATE = "ci"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """A policy that was read from disk."""

    policy: Policy
    path: Path
    data: bytes
    """The file, byte for byte."""
    sha256: str
    """Of these bytes (hex): the policy's digest in every report."""


def read_policy(path: Path) -> PolicyFile:
    """Read and check a policy.

    Raises:
        BadInput: One line with ``path:line``.
    """
    source, data = read_input_text(path, MAX_BYTES, "a policy")
    policy = parse_policy(source, shown(path))
    return PolicyFile(policy=policy, path=path, data=data, sha256=hashlib.sha256(data).hexdigest())


def today() -> str:
    """The day (UTC, ISO) that waivers are held against."""
    return datetime.now(UTC).date().isoformat()


def alpha_under(file: PolicyFile | None, given: float | None, *, name: str = "--tts-alpha") -> float:
    """The false-alarm rate: the policy's, or a larger one that somebody asks for.

    A smaller one finds less, so it is the laxer one.

    Args:
        file: The policy.
        given: What was asked for, None for nothing.
        name: What it was asked for by.

    Raises:
        BadInput: A smaller one was asked for.
    """
    least = file.policy.alpha if file else None
    if file and least is not None and given is not None and given < least:
        raise BadInput(
            f"{name}: expected at least {least:g}, which {_whose(file)} demands, got {given:g}; a smaller "
            "false-alarm rate finds less"
        )
    return given if given is not None else DEFAULT_ALPHA if least is None else least


def gate_under(file: PolicyFile | None, given: str, *, name: str = "--tts-gate") -> str:
    """The gate: the policy's, or the stricter one that somebody asks for.

    Args:
        file: The policy.
        given: What was asked for, ``""`` for nothing.
        name: What it was asked for by.

    Raises:
        BadInput: The laxer one was asked for.
    """
    wanted = file.policy.gate if file else None
    if file and wanted == "release" and given not in ("", wanted):
        raise BadInput(f"{name}: expected {wanted}, which {_whose(file)} demands, got {given}")
    return given or wanted or DEFAULT_GATE


def _whose(file: PolicyFile) -> str:
    return printable(f"{shown(file.path)} (owner: {file.policy.owner})")


def policy_of_run(folder: Path, digest: str | None) -> PolicyFile | None:
    """The copy of the policy that a run keeps; None where it had none.

    Args:
        folder: The run directory.
        digest: sha256 of the policy by the run's own word, None where it had none.

    Raises:
        IntegrityError: The copy is not there or is another one.
    """
    if not digest:  # runs of before have an empty text where there was none
        return None
    try:
        found = read_policy(folder / COPY)
    except BadInput as error:
        raise IntegrityError(f"the run's own copy of its policy is not whole: {error}; run again") from None
    if found.sha256 != digest:
        raise IntegrityError(f"{folder / COPY}: not the policy that the run was judged by; run again")
    return found
