"""Workers of one model, as many at a time as are allowed: started when they are needed, counted, ended.

It knows no rendering and retries nothing; what to do about a worker that is lost is the business of
:mod:`harness.speaking.renderer`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from harness.core.engine import EngineInfo
from harness.core.errors import WorkerUnready
from harness.core.identity import Files
from harness.core.seeds import Request
from harness.core.types import Model
from harness.core.voice import Voice
from harness.engines.registry import ENGINES
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.client import Worker
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.launcher import Launcher
from harness.speaking.metered import Metered
from harness.speaking.metering import Meter
from harness.speaking.untrained import Untrained

MAX_RESTARTS = 32
"""Workers started for one model in one process. A model that kills more is not worth the time."""

Result = TypeVar("Result")


def _only(name: str, files: Files) -> Files:
    """Those of some files that have a name, in whatever folder."""
    return {path: which for path, which in files.items() if path.rpartition("/")[2] == name}


class Slot:
    """The place of one worker. One order at a time."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.is_tidy = False
        """Whether workers that are started here give freed memory back at once."""
        self.meter: Meter | None = None
        self.lost: WorkerFault | None = None
        """How a worker was lost that was started here before there was anything for it to say."""

    def clear(self) -> None:
        """End the worker, if one is here."""
        if self.worker is not None:
            self.worker.stop()
            self.worker = self.meter = None


class WorkerPool:
    """As many workers at a time as there are slots.

    Work is taken up in the order it came, and a worker is started where it finds none.
    """

    def __init__(
        self,
        model: Model,
        launcher: Launcher,
        *,
        device: str = "cpu",
        threads: int = 1,
        workers: int = 1,
        preloads: Sequence[str] = (),
        bounds: Bounds | None = None,
    ) -> None:
        """Prepare; nothing is started before it is needed.

        Args:
            model: The model that speaks.
            launcher: How it is kept apart.
            device: ``cpu`` or ``cuda``.
            threads: CPU threads of each worker.
            workers: Workers at a time. A second process speaks faster than a second thread.
            preloads: What this model needs imported, beside what every model of its engine does.
            bounds: Deadlines.
        """
        self.bounds = bounds or Bounds()
        self.has_loaded = False
        """Whether the model was ever loaded by a worker of this process."""
        self.first_order: Request | None = None
        """What a worker says before anything that is kept, which nobody keeps; None for nothing."""
        self._model = model
        self._launcher = launcher
        self._device = device
        self._threads = threads
        self._preloads = tuple(preloads)
        self._slots = [Slot() for _ in range(workers)]
        self._idle = list(reversed(self._slots))
        self._lock = threading.Lock()
        self._started = 0
        self._is_closed = False
        self._load_fault: WorkerFault | WorkerUnready | None = None
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="soundcheck-worker")
        self._meters: list[Meter] = []
        engine = ENGINES[model.engine]
        self.untrained = Untrained(
            self._make_untrained if engine.has_untrained else None,
            engine.name,
            bare=self._make_bare if engine.has_stand_ins else None,
        )
        """A voice of the model's configuration without its weights: what its failures are held against."""

    @property
    def voice(self) -> Voice:
        """Who of the model was chosen to speak."""
        return self._model.voice

    @property
    def workers(self) -> int:
        """Workers at a time."""
        return len(self._slots)

    @property
    def metered(self) -> tuple[Metered, ...]:
        """What every order of this process cost, loading included, worker by worker."""
        return tuple(record for meter in self._meters for record in meter.records)

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Do something in a thread of the pool: there are as many as slots."""
        return self._executor.submit(work)

    @contextlib.contextmanager
    def slot(self, *, is_cleared: bool = False) -> Iterator[Slot]:
        """A slot in which nobody speaks: the one that was left last, whose worker is warm. In a thread of the pool.

        Args:
            is_cleared: End the worker that is there, for a new one is wanted: an empty slot is taken where there is
                one, else the one that was left first.
        """
        with self._lock:
            slot = self._idle.pop(self._coldest() if is_cleared else -1)
        try:
            if is_cleared:
                slot.clear()
            yield slot
        finally:
            with self._lock:
                # Whoever asks for a warm worker next must not be given an empty slot and start another one.
                self._idle.insert(0 if slot.worker is None else len(self._idle), slot)

    def _coldest(self) -> int:
        """Place among the idle slots of one without a worker, else of the one that was left first."""
        return next((place for place, slot in enumerate(self._idle) if slot.worker is None), 0)

    def ready(self, slot: Slot, bounds: Bounds) -> EngineInfo:
        """Have a worker in a slot that has loaded the model, a new one where none is there.

        Args:
            slot: Where.
            bounds: Deadlines of a new worker.

        Raises:
            WorkerFault: It does not load, or no further worker is started.
            WorkerUnready: This machine cannot make one ready, whatever the model is.
        """
        if slot.worker is not None and slot.worker.info is not None:
            return slot.worker.info
        self._count_start()
        worker = self._make_worker(self._launcher, self._model.files, bounds)
        worker.is_tidy = slot.is_tidy
        meter = Meter(worker, self._started)
        slot.worker, slot.meter = worker, meter  # before it has loaded: close() ends it while it does
        try:
            info = meter.start()
        except BaseException as error:
            slot.clear()
            if isinstance(error, WorkerFault | WorkerUnready) and not self.has_loaded:
                self._load_fault = error
            raise
        self.has_loaded = True
        self._meters.append(meter)
        return info

    def close(self) -> None:
        """End the workers. What is being loaded or spoken is lost."""
        self._is_closed = True
        self.untrained.close()
        self._executor.shutdown(wait=False, cancel_futures=True)
        for slot in self._slots:
            if (worker := slot.worker) is not None:
                worker.stop()
        self._executor.shutdown(wait=True)
        for slot in self._slots:
            slot.clear()

    def _make_worker(self, launcher: Launcher, files: Files, bounds: Bounds) -> Worker:
        engine = ENGINES[self._model.engine]
        worker = Worker(
            launcher,
            engine=engine.adapter,
            preloads=(*engine.preloads, *self._preloads),
            model=self._model.path,
            files=files,
            device=self._device,
            threads=self._threads,
            bounds=bounds,
        )
        worker.voice = self._model.voice if engine.layout or engine.choices else None
        worker.recording = self._model.recording
        worker.vocoder = self._model.vocoder
        return worker

    def _make_untrained(self) -> Worker:
        """A worker that is shown all but the checkpoint; what it does is nobody's behaviour."""
        checkpoint = self._model.voice.checkpoint
        files = {name: which for name, which in self._model.files.items() if name != checkpoint}
        worker = self._make_worker(self._launcher.apart(), files, self.bounds)
        worker.is_untrained = True
        return worker

    def _make_bare(self) -> Worker:
        """A worker that is shown the configurations alone, the vocoder's too."""
        named = ENGINES[self._model.engine].file
        worker = self._make_worker(self._launcher.apart(), _only(named, self._model.files), self.bounds)
        worker.is_untrained = worker.is_bare = True
        if (vocoder := worker.vocoder) is not None:
            worker.vocoder = dataclasses.replace(vocoder, files=_only(named, vocoder.files))
        return worker

    def _count_start(self) -> None:
        with self._lock:
            if self._load_fault is not None:
                raise self._load_fault
            if self._is_closed:
                raise WorkerFault("worker.given-up", "not tried: the run is ending")
            if self._started >= MAX_RESTARTS:
                raise WorkerFault("worker.given-up", f"not tried: {self._started} workers were lost before")
            self._started += 1
