"""What a golden's reference cost when it was recorded: ``cost-profile.json`` in the golden's folder.

Seconds are never the same twice, so the manifest does not bind the file; it says itself which golden it is about. Who
may change it may change how slow a candidate may be on that kind of machine; a live reference needs no such file.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from harness.goldens.folder import INFORMING, Golden
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import UNREADABLE, json_page, write_atomically

NAME = "cost-profile.json"
FORMAT_VERSION = INFORMING[NAME]
MAX_BYTES = 4 << 20
MOST_APART = 2.0
"""Times by which the calibration workload may be quicker or slower than when the profile was recorded."""


class PhraseCost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one phrase cost."""

    seconds: float
    """Processor time of one rendering."""
    audio: float
    """Seconds of audio."""


class CostProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the reference cost, and on what."""

    version: int
    """See :data:`FORMAT_VERSION`."""
    golden_digest: str
    """Of the golden that it is about: of another one it says nothing."""
    machine: str
    """Class of the machine, see :func:`harness.costs.machine.machine_class`."""
    engine: str
    """Engine, versions and threads."""
    calibration_seconds: float
    """Median of the calibration workload between the phrases."""
    phrases: dict[str, PhraseCost]
    """By text."""
    exponent: float
    """Power of the length with which processor time grows; 0 where it could not be measured."""
    exponent_low: float
    """Lower end of its interval."""
    exponent_high: float
    """Upper end."""
    peak_bytes: int
    """Most that was resident in a fresh worker that spoke these phrases."""
    load_seconds: float
    """Processor time from the start of the process to the loaded model."""
    load_peak_bytes: int
    """Most that was resident until then."""
    first_seconds: float
    """Processor time of the first rendering beyond what its audio explains."""


def keep_profile(golden: Golden, profile: CostProfile) -> Path:
    """Write it beside the golden.

    Raises:
        StorageError: The folder cannot be written.
    """
    path = golden.path / NAME
    write_atomically(path, json_page(profile), option="--out")
    return path


def known_profile(golden: Golden | None) -> CostProfile | None:
    """What was measured for this very golden; None where nothing was, or nothing that can be read."""
    if golden is None:
        return None
    try:
        known = msgspec.json.decode(read_small(golden.path / NAME, MAX_BYTES), type=CostProfile)
    except (OSError, TooLarge, *UNREADABLE):
        return None
    is_ours = known.version == FORMAT_VERSION and known.golden_digest == golden.digest
    return known if is_ours and known.calibration_seconds > 0 else None


def another_class(profile: CostProfile, *, here: str, engine: str, calibration: float) -> str | None:
    """Why seconds of that profile cannot be compared with seconds here, None where they can."""
    if profile.machine != here:
        return f"{profile.machine} there, {here} here"
    if profile.engine != engine:
        return f"{profile.engine} there, {engine} here"
    apart = calibration / profile.calibration_seconds
    if not 1 / MOST_APART <= apart <= MOST_APART:
        return f"the calibration workload takes {apart:.2f} times as long here"
    return None
