"""What of a folder's store has not been used for long and is needed by nobody: what would go, and its going.

A rendering is in use while a run of its model has not ended, and while a process speaks or judges that model. What goes
wrong on the way, a kill included, leaves whole objects only: records go before the audio that they name, so at worst
audio stays that nobody names. Runs, what workers were seen to do, and goldens are never touched.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from harness.core.errors import BadInput, IntegrityError
from harness.core.text import printable
from harness.storage import runseal
from harness.storage.leases import lock_alone
from harness.storage.listing import KINDS, LOCKS, Stored, half_written, locks_of, objects_of
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import LEASE, UNREADABLE, lease_path, writing

Shape = TypeVar("Shape")
MOST_RECORD: Final = 16 << 20
_AGE: Final = re.compile(r"([0-9]{1,5})([dh])", re.ASCII)
_SECONDS: Final = {"h": 3600, "d": 86_400}
MOST_DAYS: Final = 3650


class _Key(msgspec.Struct):
    model_digest: str


class _Rendering(msgspec.Struct):
    """What of a rendering says whose it is."""

    key: _Key
    audio_sha256: str


class _Take(msgspec.Struct):
    audio_sha256: str


class _About(msgspec.Struct):
    """The models that a run may ask for renderings of."""

    model_digest: str
    reference_digest: str | None = None
    golden_model_digest: str | None = None


class _Begun(msgspec.Struct):
    info: _About


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """What would go, and why the rest stays."""

    going: tuple[Stored, ...]
    """In the order in which it goes: records before audio."""
    models: Mapping[Path, str]
    """Of each rendering that goes, its model's digest; ``""`` of one that cannot be read."""
    unfinished: tuple[str, ...]
    """Runs that have not ended: what their models have spoken stays."""
    in_use: tuple[str, ...]
    """Digests of models that a process works with right now: the same."""


def read_age(typed: str, *, name: str = "--older") -> float:
    """Seconds of an age such as ``30d`` or ``12h``.

    Raises:
        BadInput: It is no such age, less than an hour, or more than ten years.
    """
    found = _AGE.fullmatch(typed)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= MOST_DAYS * 86_400:
        raise BadInput(f"{name}: expected an age such as 30d or 12h, from 1h to {MOST_DAYS}d, got {typed!r}")
    return float(seconds)


def plan(root: Path, *, before: float) -> Clearing:
    """What of a store was neither made nor used since a moment, and is in nobody's use. Removes nothing.

    Args:
        root: What ``--tts-dir`` names.
        before: Seconds of the clock.

    Raises:
        BadInput: It is no folder of runs.
        IntegrityError: A run that has not ended cannot be read: what it uses is not known.
        StorageError: Its file system has no locks.
    """
    if not any((root / kind).is_dir() for kind in (*KINDS, "runs")):
        raise BadInput(printable(f"{root}: expected a folder of runs, as --tts-dir names it, got nothing of the kind"))
    kept_by_run: dict[str, str] = {}
    for run, models in _unfinished(root):
        kept_by_run |= dict.fromkeys(models, run)
    leased: dict[str, bool] = {}
    going: list[Stored] = []
    model_of: dict[Path, str] = {}
    needed: set[str] = set()
    protected: set[str] = set()
    for one in objects_of(root, "renderings"):
        found = _read(one.path, _Rendering)
        model = found.key.model_digest if found else ""
        has_to_stay = model in kept_by_run
        if not has_to_stay and model and one.modified < before:
            has_to_stay = leased.setdefault(model, _is_leased(root, model))
        if has_to_stay or one.modified >= before:
            needed |= {found.audio_sha256} if found else set()
            protected |= {found.audio_sha256} if found and has_to_stay else set()
            continue
        going.append(one)
        model_of[one.path] = model
    for one in objects_of(root, "takes"):
        take = _read(one.path, _Take) if one.modified < before else None
        if one.modified < before and not (take and take.audio_sha256 in protected):
            going.append(one)
    going += [one for one in half_written(root) if one.modified < before]
    going += [one for one in objects_of(root, "audio") if one.modified < before and one.digest not in needed]
    going += [one for one in locks_of(root) if one.modified < before and not one.path.name.startswith(LEASE)]
    return Clearing(
        going=tuple(going),
        models=model_of,
        unfinished=tuple(dict.fromkeys(kept_by_run.values())),
        in_use=tuple(sorted(model for model, is_leased in leased.items() if is_leased)),
    )


def carry_out(root: Path, clearing: Clearing, *, say: Callable[[str], None] = lambda _: None) -> list[Stored]:
    """Remove what a plan says, but for what has been used since.

    Args:
        root: The same folder.
        clearing: The plan.
        say: Told what is removed.

    Returns:
        What went.

    Raises:
        StorageError: The folder cannot be written.
    """
    gone: list[Stored] = []
    by_kind: dict[str, list[Stored]] = defaultdict(list)
    for one in clearing.going:
        by_kind[one.kind].append(one)
    needed: set[str] = set()
    by_model: dict[str, list[Stored]] = defaultdict(list)
    for one in by_kind["renderings"]:
        by_model[clearing.models[one.path]].append(one)
    with writing(root):
        for model, renderings in by_model.items():
            say(f"renderings of model {model[:12] or 'unknown'}")
            with _alone(root, model) as is_free:
                gone += [one for one in renderings if is_free and _remove(one)]
            for left in (one for one in renderings if one.path.exists()):
                found = _read(left.path, _Rendering)
                needed |= {found.audio_sha256} if found else set()
        for one in by_kind["takes"]:
            take = _read(one.path, _Take) if needed else None
            if not (take and take.audio_sha256 in needed) and _remove(one):
                gone.append(one)
        say("audio")
        gone += [one for one in by_kind["half-written"] if _remove(one)]
        gone += [one for one in by_kind["audio"] if one.digest not in needed and _remove(one)]
        for one in by_kind[LOCKS]:
            if (held := lock_alone(one.path)) is not None:
                gone += [one] if _remove(one) else []
                os.close(held)
    return gone


def _unfinished(root: Path) -> Iterator[tuple[str, set[str]]]:
    """Runs that have begun and not ended, with the models that they may want renderings of."""
    for path in sorted((root / "runs").glob("*/run.json")):
        if (path.parent / runseal.NAME).exists():
            continue
        found = _read(path, _Begun)
        if found is None:
            raise IntegrityError(
                printable(
                    f"{path}: the run has not ended and cannot be read, so nobody knows what it needs; "
                    "remove its folder, or end it with the Soundcheck that began it"
                )
            )
        about = found.info
        models = {about.model_digest, about.reference_digest, about.golden_model_digest} - {None, ""}
        yield path.parent.name, {str(model) for model in models}


def _read(path: Path, shape: type[Shape]) -> Shape | None:
    try:
        return msgspec.json.decode(read_small(path, MOST_RECORD), type=shape)
    except (OSError, TooLarge, *UNREADABLE):
        return None


def _is_leased(root: Path, model: str) -> bool:
    if not lease_path(root, model).exists():
        return False
    with _alone(root, model) as is_free:
        return not is_free


@contextlib.contextmanager
def _alone(root: Path, model: str) -> Iterator[bool]:
    """While its block lasts nobody begins to use a model's renderings; False where somebody does already."""
    if not model:
        yield True
        return
    with writing(root):
        held = lock_alone(lease_path(root, model))
    try:
        yield held is not None
    finally:
        if held is not None:
            os.close(held)


def _remove(one: Stored) -> bool:
    """Remove a file unless it was used since the plan was made; whether it went."""
    try:
        if one.path.lstat().st_mtime != one.modified:
            return False
        one.path.unlink()
    except FileNotFoundError:
        return False
    return True
