"""Prints of a golden's takes as one file: what each sounded like to Whisper's encoder, for echoes to be compared with.

An ``.npz`` that is read without pickle: the basis, all frames in a row, and whose they are. A thousand takes of three
seconds are 2 MB.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.core.errors import IntegrityError
from harness.hearing.asr.likeness import Basis, Prints

if TYPE_CHECKING:
    from harness.hearing.asr.likeness import Print

    SeededPrints = tuple[tuple[int, Print], ...]  # seed of each golden take of one probe, and its print


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintBook:
    """The prints of a whole golden."""

    basis: Basis
    takes: Mapping[str, SeededPrints]
    """By probe id."""

    def of(self, probe_id: str) -> Prints | None:
        """Prints of one probe, None where there are none."""
        takes = self.takes.get(probe_id)
        if takes is None:
            return None
        sha256 = hashlib.sha256(self.basis.mean.tobytes() + self.basis.axes.tobytes())
        for seed, one in takes:
            sha256.update(seed.to_bytes(8, "big") + len(one).to_bytes(8, "big") + one.tobytes())
        return Prints(basis=self.basis, takes=takes, digest=sha256.hexdigest())

    def without(self, probe_ids: Collection[str]) -> PrintBook:
        """The same axes, and fewer probes."""
        left = {probe_id: takes for probe_id, takes in self.takes.items() if probe_id not in probe_ids}
        return PrintBook(basis=self.basis, takes=left)

    def to_bytes(self) -> bytes:
        """The file. Equal books give equal bytes."""
        ordered = [(probe_id, seed, one) for probe_id, takes in sorted(self.takes.items()) for seed, one in takes]
        owners = json.dumps([probe_id for probe_id, _, _ in ordered]).encode()
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            mean=self.basis.mean,
            axes=self.basis.axes,
            owners=np.frombuffer(owners, np.uint8),
            seeds=np.array([seed for _, seed, _ in ordered], np.int64),
            lengths=np.array([len(one) for _, _, one in ordered], np.int64),
            frames=np.concatenate([one for _, _, one in ordered]),
        )
        return buffer.getvalue()


def read_prints(data: bytes, where: str) -> PrintBook:
    """Read a file of prints whose digest was verified.

    Raises:
        IntegrityError: It is malformed.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            owners = json.loads(file["owners"].tobytes())
            parts = np.split(file["frames"], np.cumsum(file["lengths"])[:-1])
            basis = Basis(mean=file["mean"], axes=file["axes"])
            takes: dict[str, list[tuple[int, Print]]] = {}
            for probe_id, seed, frames in zip(owners, file["seeds"].tolist(), parts, strict=True):
                takes.setdefault(probe_id, []).append((seed, frames))
    except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise IntegrityError(f"{where}: malformed prints ({error}); record the golden again") from None
    return PrintBook(basis=basis, takes={probe_id: tuple(own) for probe_id, own in takes.items()})
