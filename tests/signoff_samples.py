"""A model, a run that passed on it, and keys: what a sign-off is made of."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness import __version__
from harness.models.files import digest_of_directory
from harness.policy.file import COPY, read_policy
from harness.storage.rundirectory import RunDirectory
from tests.report_samples import INFO, SUITE, passing_run

if TYPE_CHECKING:
    from harness.core.verdict import RunInfo, RunResult
    from harness.policy.file import PolicyFile

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
POLICY = 'version = 1\ntitle = "Releases"\nowner = "voice team"\n'


@dataclass(frozen=True)
class KeyPair:
    private: Path
    public: Path


def make_keys(folder: Path, name: str = "key") -> KeyPair:
    """An ECDSA key pair in two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    pair = KeyPair(folder / f"{name}.pem", folder / f"{name}.pub.pem")
    pair.private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    pair.public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return pair


def make_voice(folder: Path) -> Path:
    """A model directory of the fake engine with more than one file."""
    (folder / "speakers").mkdir(parents=True)
    (folder / "fake.json").write_text(json.dumps({"version": 1, "faults": []}), "utf-8")
    (folder / "speakers/été.json").write_text("{}", "utf-8")
    (folder / "model.bin").write_bytes(bytes(range(256)))
    return folder


def about(voice: Path, **changes: object) -> RunInfo:
    """What the run is about."""
    info = replace(
        INFO,
        version=__version__,
        model=str(voice),
        model_digest=digest_of_directory(voice),
        comparison="golden",
        isolation="A (bubblewrap, Landlock, seccomp, cgroup)",
        asr={"name": "whisper:tiny.en", "weights": "1a5afae0" * 8, "decoding": "greedy"},
    )
    return replace(info, **changes)


def passed(voice: Path, **changes: object) -> RunResult:
    """A run of 130 probes that passed on that voice."""
    return replace(passing_run(), info=about(voice, **changes))


def make_policy(folder: Path, text: str = POLICY) -> PolicyFile:
    """A policy in a file."""
    path = folder / COPY
    path.write_text(text, "utf-8")
    return read_policy(path)


def write_run(root: Path, result: RunResult, policy: PolicyFile | None = None) -> Path:
    """A run directory with these records."""
    directory = RunDirectory(root, result.info.run_id)
    directory.begin(result.info, result.planned)
    for outcome in result.outcomes:
        directory.record("main", outcome)
    if policy:
        (directory.path / COPY).write_bytes(policy.data)
    return directory.path


__all__ = [
    "NOW",
    "POLICY",
    "SUITE",
    "KeyPair",
    "about",
    "make_keys",
    "make_policy",
    "make_voice",
    "passed",
    "write_run",
]
