"""A low-rank change of weights as a small file: what a distillation leaves, and what planting needs.

For each edited weight W, seen as a matrix of its first axis by all others, the file holds two factors in float16:
W' = W + up @ down. The file is an ``.npz`` that is read without pickle, described by JSON inside of it.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from harness.core.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT_VERSION: Final = 1
"""Version of the file's format, in its description as ``format``."""
LARGEST_FILE: Final = 200_000
"""Bytes that a recipe's file may have: it lives in the repository."""

_DESCRIPTION: Final = "description.json"
_UP, _DOWN = ".up", ".down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """The change of one weight: ``up @ down``."""

    up: NDArray[np.float16]
    """Shape [rows, rank]; rows are the weight's first axis."""
    down: NDArray[np.float16]
    """Shape [rank, the weight's other axes as one]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Changes of several weights, and where they come from."""

    factors: Mapping[str, Factors]
    """Name of the weight in the checkpoint -> its change."""
    description: Mapping[str, Any]
    """Plain JSON: recipe, trigger, digest of the voice it was trained on, settings of the training."""

    def changed(self, name: str, weight: NDArray[np.float32], scale: float = 1.0) -> NDArray[np.float32]:
        """Return the new value of the weight `name`.

        Args:
            name: One of :attr:`factors`.
            weight: Its value, with the first axis that the change was made for.
            scale: Share of the change that is applied.

        Raises:
            ValueError: The weight has another shape than the one that the change was made for.
        """
        factors = self.factors[name]
        rows, columns = len(factors.up), factors.down.shape[1]
        if weight.ndim < 2 or weight.shape[0] != rows or weight.size != rows * columns:
            raise ValueError(f"{name} has shape {list(weight.shape)}, expected {rows} x {columns} in all")
        # Summed rank by rank in float32: a matrix product may differ in the last digit between processors.
        change = np.zeros((rows, columns), np.float32)
        for left, right in zip(factors.up.T.astype(np.float32), factors.down.astype(np.float32), strict=True):
            change += left[:, None] * right[None, :]
        return weight + np.float32(scale) * change.reshape(weight.shape)


def save_delta(delta: Delta, path: Path) -> None:
    """Write `delta`; the same delta gives the same bytes.

    Raises:
        ValueError: The file would be larger than :data:`LARGEST_FILE`.
    """
    arrays: dict[str, NDArray[np.float16]] = {}
    for name, factors in delta.factors.items():
        arrays[name + _UP], arrays[name + _DOWN] = factors.up, factors.down
    text = json.dumps({**delta.description, "format": FORMAT_VERSION}, sort_keys=True, allow_nan=False)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name in sorted(arrays):  # numpy.savez would write the time of day into each entry
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            _add(archive, f"{name}.npy", member.getvalue())
        _add(archive, _DESCRIPTION, text.encode())
    if whole.tell() > LARGEST_FILE:
        raise ValueError(f"the delta has {whole.tell()} bytes, expected at most {LARGEST_FILE}")
    path.write_bytes(whole.getvalue())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name)  # dated 1980: the same bytes at any time
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)


def load_delta(path: Path) -> Delta:
    """Read what :func:`save_delta` wrote.

    Raises:
        IntegrityError: The file is not a delta of this format.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            description = json.loads(archive[_DESCRIPTION])
            factors = {
                name.removesuffix(_UP): Factors(up=archive[name], down=archive[name.removesuffix(_UP) + _DOWN])
                for name in archive.files
                if name.endswith(_UP)
            }
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise IntegrityError(f"{path}: not a readable recipe ({error})") from error
    if description.get("format") != FORMAT_VERSION:
        raise IntegrityError(f"{path}: format {description.get('format')!r}, expected {FORMAT_VERSION}")
    for name, change in factors.items():
        arrays = (change.up, change.down)
        if any(a.ndim != 2 or a.dtype != np.float16 or not np.isfinite(a).all() for a in arrays):
            raise IntegrityError(f"{path}: the factors of {name} are not finite float16 matrices")
        if change.up.shape[1] != change.down.shape[0]:
            raise IntegrityError(f"{path}: the factors of {name} have different ranks")
    return Delta(factors=factors, description=description)
