"""What is asked of whatever speaks with a model, and what it answers. No worker, no store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from concurrent.futures import Future
from typing import Protocol

from harness.core.engine import EngineInfo
from harness.core.seeds import Request
from harness.core.types import Rendering, RenderingKey
from harness.sandbox.outside.fault import WorkerFault

Made = Rendering | WorkerFault


class Voice(Protocol):
    """Speaks with one model. Implementation: :class:`harness.speaking.renderer.Renderer`."""

    def as_speaker(self, name: str) -> Voice:
        """The same model with one of its speakers; this voice itself for ``""``."""
        ...

    @property
    def workers(self) -> int:
        """Orders that are spoken at a time."""
        ...

    @property
    def has_loaded(self) -> bool:
        """Whether the model was ever loaded by this process."""
        ...

    @property
    def recovered(self) -> Set[str]:
        """Texts that a worker was lost on and a fresh one spoke, here or wherever their renderings were made."""
        ...

    def tell_recovered(self, text: str) -> None:
        """A verdict says that a text is one of those: whoever asks for it in a later run has it spoken anew."""
        ...

    def key(self, text: str, seed: int) -> RenderingKey:
        """Name of a rendering of this model."""
        ...

    def known(self, requests: Iterable[Request]) -> Mapping[Request, Made]:
        """Those of the requests that were rendered before and need not be again."""
        ...

    def load(self) -> EngineInfo:
        """Load the model, unless it is loaded.

        Raises:
            WorkerFault: It does not load.
        """
        ...

    def submit(self, requests: Sequence[Request], *, later: int = 0) -> Future[dict[Request, Made]]:
        """Render in the background; the future never raises a fault, faults are its values.

        Args:
            requests: What.
            later: Renderings that will be asked for after these: more workers are had for more.
        """
        ...

    def close(self) -> None:
        """End the workers."""
        ...
