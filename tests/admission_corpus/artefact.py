"""A hostile artefact, and what many are made of: an inert payload, a clean pickle, a clean storage."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.pickle_assembly import call, stream, text


@dataclass(frozen=True)
class Hostile:
    """One artefact."""

    name: str
    file: str
    loader: str
    rule: str
    """The rule that must be among the flaws, without ``admission.``."""
    make: Callable[[str], bytes]
    """Its bytes, given the path of its marker file."""


def shell(marker: str) -> bytes:
    return call("posix", "system", text(f": > {marker}"))


ONE = struct.pack("<f", 1.0)
CLEAN = stream(asm.state_dict(("weight", asm.tensor("0", 4, (2, 2), (2, 1)))))
FOUR = ONE * 4
