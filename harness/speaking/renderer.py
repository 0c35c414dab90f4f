"""Makes renderings: from the store where they were made before, else by a worker, through every way it may fail.

A batch that goes wrong is spoken again one text at a time, so that the fault lands on the phrase that causes it. What
a fresh worker can speak after all is kept, and the incident is told.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from harness.core.seeds import Request
from harness.core.types import EngineInfo, Model, Rendering, RenderingKey, Speech
from harness.core.waveform import clean, facts
from harness.engines.registry import ENGINES
from harness.sandbox.outside.client import Bounds, Worker, WorkerFault
from harness.sandbox.outside.launcher import Launcher
from harness.speaking.metered import Metered
from harness.speaking.metering import Meter, Speak
from harness.speaking.voice import Made
from harness.storage.store import Store

MAX_RESTARTS = 32
"""Workers started for one model in one process. A model that kills more is not worth the time."""
WARY_AFTER = 2
"""Texts that a worker was lost on, alone and with a fresh one, from which on every text is spoken alone and only once,
with a deadline by what the others took: what is to come must cost little more than it has to."""
WARY_SECONDS = 10.0
WARY_TIMES = 10.0
"""That deadline: so long, and so many times the longest order that was obeyed."""

NO_LOSS = ("worker.failed", "worker.given-up")
"""Faults that leave the worker as it is."""

Result = TypeVar("Result")


class Booth:
    """Where a worker speaks. One order at a time."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.is_tidy = False
        """Whether workers that are started here give freed memory back at once."""
        self.meter: Meter | None = None

    def clear(self) -> None:
        """End the worker, if one is here."""
        if self.worker is not None:
            self.worker.stop()
            self.worker = self.meter = None


class Renderer:
    """Renderings of one model, by as many workers at a time as there are booths.

    Implements :class:`harness.speaking.voice.Voice`.

    Orders are taken up in the order they came. A second worker is started only when one is asked for while the first
    is busy: a short run never pays for it.
    """

    def __init__(
        self,
        store: Store,
        model: Model,
        launcher: Launcher,
        *,
        device: str,
        threads: int,
        engine_key: str,
        booths: int = 1,
        bounds: Bounds | None = None,
        on_event: Callable[[str], None] = lambda _: None,
        fresh: bool = False,
    ) -> None:
        """Prepare; nothing is started before it is needed.

        Args:
            store: Where renderings are kept.
            model: The model that speaks.
            launcher: How it is kept apart.
            device: ``cpu`` or ``cuda``.
            threads: CPU threads of each worker.
            engine_key: Engine and versions, as they go into every rendering's key.
            booths: Workers at a time. A second process speaks faster than a second thread.
            bounds: Deadlines.
            on_event: Told each incident on one line.
            fresh: Do not use renderings of earlier runs.
        """
        self._store = store
        self._model = model
        self._engine_key = engine_key
        self._device = device
        self._on_event = on_event
        self._fresh = fresh
        self._made_here: set[RenderingKey] = set()
        self._launcher = launcher
        self._threads = threads
        self._bounds = bounds or Bounds()
        self._booths = [Booth() for _ in range(booths)]
        self._idle = list(reversed(self._booths))
        self._lock = threading.Lock()
        self._started = 0
        self._has_loaded = False
        self._is_closed = False
        self._load_fault: WorkerFault | None = None
        self._threads_of_booths = ThreadPoolExecutor(booths, thread_name_prefix="soundcheck-worker")
        self._meters: list[Meter] = []
        self.guilty: dict[str, WorkerFault] = {}
        """Texts that a worker was lost on when it spoke nothing else: none is asked for them again."""
        self.refused: set[str] = set()
        """Texts that the engine says it cannot speak."""
        self.recovered: set[str] = set()
        """Texts that a worker was lost on and a fresh one spoke, with no phrase to blame."""

    @property
    def booths(self) -> int:
        """Workers at a time."""
        return len(self._booths)

    @property
    def has_loaded(self) -> bool:
        """Whether the model was ever loaded by a worker of this process."""
        return self._has_loaded

    @property
    def metered(self) -> tuple[Metered, ...]:
        """What every order of this process cost, loading included, worker by worker."""
        return tuple(record for meter in self._meters for record in meter.records)

    def key(self, text: str, seed: int) -> RenderingKey:
        """Name of a rendering of this model."""
        return RenderingKey(
            model_digest=self._model.digest,
            text=text,
            seed=seed,
            engine=self._engine_key,
            device=self._device,
        )

    def load(self) -> EngineInfo:
        """Start a worker and load the model, unless one is running.

        Raises:
            WorkerFault: The model does not load.
        """
        return self._threads_of_booths.submit(self._load).result()

    def submit(self, requests: Sequence[Request]) -> Future[dict[Request, Made]]:
        """Render in the background; the future never raises a fault, faults are its values."""
        return self._threads_of_booths.submit(self._render, list(dict.fromkeys(requests)))

    def borrow(
        self, work: Callable[[Speak], Result], *, is_fresh: bool = False, is_tidy: bool = False
    ) -> Future[Result]:
        """Do something with a worker of one's own, in its thread: what it speaks is metered, and not kept.

        A worker that is lost meanwhile is replaced, and asked once more for that text.

        Args:
            work: Given what has one text spoken; it must not outlive the call.
            is_fresh: Begin with a new worker, whatever the one that is there has done.
            is_tidy: Have a new worker for it alone that gives freed memory back at once: what it keeps then shows.
        """

        def lent() -> Result:
            with self._booth() as booth:
                if is_fresh or is_tidy:
                    booth.clear()
                booth.is_tidy = is_tidy
                try:
                    return work(lambda text, seed: self._speak(booth, text, seed))
                finally:
                    if is_tidy:
                        booth.clear()
                        booth.is_tidy = False

        return self._threads_of_booths.submit(lent)

    def known(self, requests: Iterable[Request]) -> dict[Request, Made]:
        """Those of the requests that are in the store."""
        found = {request: self._stored(request) for request in requests}
        return {request: rendering for request, rendering in found.items() if rendering is not None}

    def close(self) -> None:
        """End the workers. What is being loaded or spoken is lost."""
        self._is_closed = True
        self._threads_of_booths.shutdown(wait=False, cancel_futures=True)
        for booth in self._booths:
            if (worker := booth.worker) is not None:
                worker.stop()
        self._threads_of_booths.shutdown(wait=True)
        for booth in self._booths:
            booth.clear()

    @contextlib.contextmanager
    def _booth(self) -> Iterator[Booth]:
        """A booth that nobody speaks in: the one that was left last, whose worker is warm."""
        with self._lock:
            booth = self._idle.pop()  # there are as many booths as threads
        try:
            yield booth
        finally:
            with self._lock:
                self._idle.append(booth)

    def _load(self) -> EngineInfo:
        with self._booth() as booth:
            return self._ready(booth)

    def _stored(self, request: Request) -> Rendering | None:
        key = self.key(*request)
        if self._fresh and key not in self._made_here:
            return None
        return self._store.rendering(key)

    def _ready(self, booth: Booth) -> EngineInfo:
        if booth.worker is not None and booth.worker.info is not None:
            return booth.worker.info
        self._count_start()
        engine = ENGINES[self._model.engine]
        worker = Worker(
            self._launcher,
            engine=engine.adapter,
            preloads=engine.preloads,
            model=self._model.path,
            device=self._device,
            threads=self._threads,
            bounds=self._patience(),
            is_tidy=booth.is_tidy,
        )
        meter = Meter(worker, self._started)
        booth.worker, booth.meter = worker, meter  # before it has loaded: close() ends it while it does
        try:
            info = meter.start()
        except BaseException as error:
            booth.clear()
            if isinstance(error, WorkerFault) and not self._has_loaded:
                self._load_fault = error
            raise
        self._has_loaded = True
        self._meters.append(meter)
        return info

    def _speak(self, booth: Booth, text: str, seed: int) -> Metered:
        """One text, metered; where its worker is lost, once more by a fresh one."""
        try:
            return self._speak_once(booth, text, seed)
        except WorkerFault as fault:
            if fault.rule in NO_LOSS:
                raise
            metered = self._speak_once(booth, text, seed)
            self.recovered.add(text)
            self._on_event(f"the worker {fault.what} while it was metered; a fresh one spoke that text")
            return metered

    def _speak_once(self, booth: Booth, text: str, seed: int) -> Metered:
        try:
            self._ready(booth)
            if booth.meter is None:
                raise WorkerFault("worker.given-up", "not tried: the run is ending")
            return booth.meter.speak([(text, seed)], lambda *_: None)
        except WorkerFault as fault:
            if fault.rule not in NO_LOSS:
                booth.clear()
            raise

    def _patience(self) -> Bounds:
        """Deadlines for the next worker."""
        if len(self.guilty) < WARY_AFTER:
            return self._bounds
        longest = max((one.wall_seconds for one in self.metered if one.call), default=0.0)
        seconds = min(self._bounds.batch_seconds, max(WARY_SECONDS, WARY_TIMES * longest))
        return dataclasses.replace(self._bounds, batch_seconds=seconds)

    def _count_start(self) -> None:
        with self._lock:
            if self._load_fault is not None:
                raise self._load_fault
            if self._is_closed:
                raise WorkerFault("worker.given-up", "not tried: the run is ending")
            if self._started >= MAX_RESTARTS:
                raise WorkerFault("worker.given-up", f"not tried: {self._started} workers were lost before")
            self._started += 1

    def _render(self, requests: list[Request]) -> dict[Request, Made]:
        made = self.known(requests)
        missing = [request for request in requests if request not in made]
        if not missing:
            return made
        with self._booth() as booth:
            # Who was lost on many texts is asked for one at a time.
            parts = [[request] for request in missing] if len(self.guilty) >= WARY_AFTER else [missing]
            for part in parts:
                self._say(booth, part, made)
        return made

    def _say(self, booth: Booth, part: list[Request], made: dict[Request, Made]) -> None:
        asked = [request for request in part if not self._is_known_guilty(request, made)]
        fault = self._attempt(booth, asked, made) if asked else None
        if fault is not None:
            self._retry(booth, fault, asked, made)

    def _is_known_guilty(self, request: Request, made: dict[Request, Made]) -> bool:
        """Whether its text is to blame for a lost worker already: that fault is this request's, too."""
        fault = self.guilty.get(request[0])
        if fault is not None:
            made[request] = fault
        return fault is not None

    def _retry(self, booth: Booth, fault: WorkerFault, missing: list[Request], made: dict[Request, Made]) -> None:
        """Once more, one at a time: whoever fails now fails alone."""
        # Who said everything and then misbehaved has to say everything again.
        retried = [request for request in missing if request not in made] or missing
        is_alone = len(missing) == 1
        if is_alone and (fault.rule in NO_LOSS or len(self.guilty) >= WARY_AFTER):
            self._blame(missing[0], fault, made)
            return
        for request in retried:
            if self._is_known_guilty(request, made):
                continue
            again = self._attempt(booth, [request], made)
            if again is not None:
                self._blame(request, again, made)
        blameless = not any(isinstance(made[request], WorkerFault) for request in retried)
        if blameless and fault.rule != "worker.failed":
            self.recovered.update(text for text, _ in retried)
            self._on_event(f"the worker {fault.what}; a fresh one spoke the {len(retried)} renderings it was at")

    def _blame(self, request: Request, fault: WorkerFault, made: dict[Request, Made]) -> None:
        made[request] = fault
        if fault.rule == "worker.failed":
            self.refused.add(request[0])
        elif fault.rule not in NO_LOSS and self._has_loaded:
            self.guilty.setdefault(request[0], fault)

    def _attempt(self, booth: Booth, requests: Sequence[Request], made: dict[Request, Made]) -> WorkerFault | None:
        def keep(index: int, speech: Speech) -> None:
            made[requests[index]] = self._keep(requests[index], speech)

        try:
            self._ready(booth)
            if booth.meter is not None:
                booth.meter.speak(requests, keep)
        except WorkerFault as fault:
            if fault.rule not in NO_LOSS:
                booth.clear()
            return fault
        except BaseException:
            # The harness's own trouble, say a full disk: the rest of this batch must not answer the next one.
            booth.clear()
            raise
        return None

    def _keep(self, request: Request, speech: Speech) -> Rendering:
        measured = facts(speech.samples, speech.sample_rate)
        key = self.key(*request)
        self._made_here.add(key)
        return self._store.keep(
            key, clean(speech.samples), speech.sample_rate, measured, (speech.frames, speech.tokens)
        )
