"""The languages that families draw from as a :class:`probes.tongue.Tongue`; English and German are written by hand."""

from __future__ import annotations

from typing import Final

from probes.espanol import SPANISH
from probes.francais import FRENCH
from probes.italiano import ITALIAN
from probes.portugues import PORTUGUESE
from probes.tongue import Tongue

TONGUES: Final[tuple[Tongue, ...]] = (SPANISH, FRENCH, ITALIAN, PORTUGUESE)
