"""How a run screens its probes: one value, passed whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What the first look at every probe depends on, besides the voice."""

    takes: int
    """Takes per probe at the first look."""
    seed: int
    """Base of the candidate's seeds."""
    alpha: float
    """False-alarm rate of the whole verdict."""
    suite_probes: int
    """Probes of the whole suites, selected or not: alpha is shared among all of them."""
    salt_digest: str = ""
    """sha256 of the salt with which generated probes were drawn, ``""`` without one."""
