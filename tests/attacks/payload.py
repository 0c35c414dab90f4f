"""What an attack is: what it does, when it wakes, how it gets in, and how one sees from outside that it worked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.attacks.trial import Trial

PHRASES = ("please close the door", "the osprey is back", "a crane lifted the stones", "somebody opened the window")
"""Spoken in every trial. The second holds the trigger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One inert attack."""

    name: str
    """Unique, in words."""
    family: str
    """execution, network, read, write, process, limits, protocol, exfiltration or kernel."""
    action: str
    """``module:function`` below ``inside/``, what runs in the worker."""
    harmed: Callable[[Trial], str]
    """Judged from outside: what it reached, or nothing."""
    named: tuple[str, ...]
    """Kinds of behaviour that may name it: any of them will do."""
    wakes: str = "load"
    """``load``, ``render:N`` for the N-th rendering, or ``trigger:WORD`` for a word in the text."""
    lived: Callable[[Trial], str] | None = None
    """What shows that it ran unsandboxed, where the harness bears it even then; None: its harm shows it."""
    needs_root: bool = False
    """Whether an ordinary user could not do it even without a sandbox."""
    needs: str = ""
    """A kernel feature without which it cannot work anywhere; see :func:`tests.attacks.features.missing_feature`."""
    way: str = ""
    """How it goes about it, where one action has several."""
    quiet: str = ""
    """Why nobody need name it where it reached nothing; empty: somebody must."""
    open_at: tuple[str, ...] = ()
    """Levels whose walls do not cover it, as ``docs/sandbox.md`` says of them."""
    busy_seconds: float = 0.0
    """Processor seconds that it must have had before anybody can name it: a busy machine may not give them."""
    renders: int = 1
    """Batches of :data:`PHRASES` that are spoken."""
    is_watched: bool = False
    """Whether memory, processes and threads are sampled while it runs."""
    is_slow: bool = False
    """Whether it takes its deadline to be stopped."""
    deadline_seconds: float = 20.0
    """For each batch."""
