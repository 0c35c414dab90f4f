"""Whether a failure that an engine reported is the model's: the same is asked of a voice that nobody trained.

That voice has the candidate's configuration and none of its weights, in a worker of its own. Where it fails as well, or
cannot be asked, nothing is said of the model. Knows no store and no verdicts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.core.errors import EngineFailure, SoundcheckError
from harness.core.seeds import Request
from harness.core.text import cut
from harness.sandbox.outside.client import Worker, WorkerFault

FAILED = "worker.failed"
ENGINE_FAILED = "engine.failed"
"""Id of a fault that is not shown to be the model's: no rule, as it is no finding."""
MOST_LOST = 3
"""Workers of the untrained voice that may be lost before it is asked nothing more."""
MOST_SHOWN = 400
"""Characters of what an engine said."""
UNKNOWN = "whether the model is to blame cannot be found out"


class Untrained:
    """The untrained voice of one model, started at the first question."""

    def __init__(self, make: Callable[[], Worker] | None, engine: str) -> None:
        """Remember; nothing is started.

        Args:
            make: Makes its worker; None for an engine that has no such voice.
            engine: The engine's name, for errors.
        """
        self._make = make
        self._engine = engine
        self._worker: Worker | None = None
        self._answers: dict[tuple[str, str] | None, str] = {}
        """Speaker and text, or None for all of them -> why nothing is said of the model; empty where it can be."""
        self._lost = 0
        self._is_closed = False
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
        """End its worker, now or as soon as it is made."""
        self._is_closed = True
        if (worker := self._worker) is not None:
            worker.stop()

    def _held_against(self, fault: WorkerFault, request: Request | None, speaker: str = "") -> WorkerFault:
        if fault.rule != FAILED:
            return fault
        asked = (speaker, request[0]) if request else None
        with self._lock:
            if asked not in self._answers:
                self._answers[asked] = self._answers.get(None) or self._ask(request, speaker)
            why = self._answers[asked]
        if why:
            raise EngineFailure(f"{cut(fault.what, MOST_SHOWN)}; {why}")
        return fault

    def _ask(self, request: Request | None, speaker: str) -> str:
        """Have it load, or speak; why nothing follows from that, empty where it could."""
        if self._make is None:
            return f"{UNKNOWN}: engine {self._engine} has no untrained voice to hold it against"
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

    def _excuse(self, error: WorkerFault | SoundcheckError) -> str:
        has_failed = isinstance(error, WorkerFault) and error.rule == FAILED
        has_loaded = self._worker is not None and self._worker.info is not None
        said = cut(str(error), MOST_SHOWN)
        if has_failed:
            why = f"an untrained voice of the same configuration fails as well ({said})"
        else:
            why = f"{UNKNOWN}: an untrained voice of its configuration was lost ({said})"
        if not (has_failed and has_loaded):
            self._lost += 1
            if self._worker is not None:
                self._worker.stop()
                self._worker = None
        if not has_loaded or self._lost >= MOST_LOST:
            self._answers[None] = why
        return why
