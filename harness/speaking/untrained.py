"""Whether a failure that an engine reported is the model's: the same is asked of a voice that nobody trained.

That voice has the candidate's configuration and none of its weights, in a worker of its own. Where it fails as well, a
second one is asked that has no vocoder and no side file of the candidate's either, but what stands in for them. Where
that one fails too, or cannot be asked, nothing is said of the model. Knows no store and no verdicts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.core.errors import EngineFailure, SoundcheckError
from harness.core.seeds import Request
from harness.core.text import cut
from harness.sandbox.outside.client import Worker
from harness.sandbox.outside.fault import WorkerFault

FAILED = "worker.failed"
ENGINE_FAILED = "engine.failed"
"""Id of a fault that is not shown to be the model's: no rule, as it is no finding."""
MOST_LOST = 3
"""Workers of an untrained voice that may be lost before it is asked nothing more."""
MOST_SHOWN = 400
"""Characters of what an engine said."""
UNKNOWN = "whether the model is to blame cannot be found out"
BESIDE = "an untrained voice fails so too, and speaks where the model's vocoder and side files are replaced"
"""Said of a fault that something beside the weights is to blame for."""


class _Voice:
    """One untrained voice, started at the first question."""

    def __init__(self, make: Callable[[], Worker]) -> None:
        self._make = make
        self._worker: Worker | None = None
        self._lost = 0
        self._is_closed = False
        self._never = ""
        """Why it is asked nothing more."""
        self.has_failed = False
        """Whether the last answer was an error of its engine."""

    def ask(self, request: Request | None, speaker: str) -> str:
        """Have it load, or speak; why nothing follows from that, empty where it could."""
        if self._never:
            return self._never
        self.has_failed = False
        try:
            if self._worker is None:
                self._worker = self._make()
                if self._is_closed:
                    self._worker.stop()
                self._worker.start()
            if request is not None:
                self._worker.render([request], lambda *_: None, speaker=speaker)
        except (WorkerFault, SoundcheckError) as error:
            return self._excuse(error)
        return ""

    def close(self) -> None:
        """End its worker, now or as soon as it is made."""
        self._is_closed = True
        if (worker := self._worker) is not None:
            worker.stop()

    def _excuse(self, error: WorkerFault | SoundcheckError) -> str:
        self.has_failed = isinstance(error, WorkerFault) and error.rule == FAILED
        has_loaded = self._worker is not None and self._worker.info is not None
        said = cut(str(error), MOST_SHOWN)
        if self.has_failed:
            why = f"an untrained voice of the same configuration fails as well ({said})"
        else:
            why = f"{UNKNOWN}: an untrained voice of its configuration was lost ({said})"
        if not (self.has_failed and has_loaded):
            self._lost += 1
            if self._worker is not None:
                self._worker.stop()
                self._worker = None
        if not has_loaded or self._lost >= MOST_LOST:
            self._never = why
        return why


class Untrained:
    """The untrained voices of one model."""

    def __init__(
        self, make: Callable[[], Worker] | None, engine: str, *, bare: Callable[[], Worker] | None = None
    ) -> None:
        """Remember; nothing is started.

        Args:
            make: Makes the worker of one with the model's own vocoder and side files; None for an engine without.
            engine: The engine's name, for errors.
            bare: Makes the worker of one with stand-ins for those; None for an engine without.
        """
        self._engine = engine
        self._own = _Voice(make) if make else None
        self._bare = _Voice(bare) if bare else None
        self._answers: dict[tuple[str, str] | None, tuple[str, bool]] = {}
        """Speaker and text, or None for loading -> why nothing is said of the model, empty where it can be, and whether
        something beside its weights is to blame."""
        self._lock = threading.Lock()

    def attribute_load(self, fault: WorkerFault) -> WorkerFault:
        """The fault, where it is the model's that it does not load.

        Raises:
            EngineFailure: It is not shown to be.
        """
        return self._held_against(fault, None)

    def attribute(self, fault: WorkerFault, request: Request, speaker: str = "") -> WorkerFault:
        """The fault of a text, or one of the engine where it is not shown to be the model's."""
        try:
            return self._held_against(fault, request, speaker)
        except EngineFailure as error:
            return WorkerFault(ENGINE_FAILED, str(error))

    def close(self) -> None:
        """End their workers, now or as soon as they are made."""
        for voice in (self._own, self._bare):
            if voice is not None:
                voice.close()

    def _held_against(self, fault: WorkerFault, request: Request | None, speaker: str = "") -> WorkerFault:
        if fault.rule != FAILED:
            return fault
        asked = (speaker, request[0]) if request else None
        with self._lock:
            if asked not in self._answers:
                self._answers[asked] = self._ask(request, speaker)
            why, is_beside = self._answers[asked]
        said = cut(fault.what, MOST_SHOWN)
        if why:
            raise EngineFailure(f"{said}; {why}")
        return WorkerFault(FAILED, f"{said}; {BESIDE}", detail=fault.detail) if is_beside else fault

    def _ask(self, request: Request | None, speaker: str) -> tuple[str, bool]:
        if self._own is None:
            return f"{UNKNOWN}: engine {self._engine} has no untrained voice to hold it against", False
        why = self._own.ask(request, speaker)
        if not why or self._bare is None or not self._own.has_failed:
            return why, False
        return (why, False) if self._bare.ask(request, speaker) else ("", True)
