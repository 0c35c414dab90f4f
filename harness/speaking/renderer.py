"""Makes renderings: from the store where they were made before, else by a worker, through every way it may fail.

A batch that goes wrong is spoken again one text at a time, so that the fault lands on the phrase that causes it. What
a fresh worker can speak after all is kept, and the incident is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import Future
from typing import TypeVar

from harness.core.engine import EngineInfo, Speech
from harness.core.latents import Latents, Unspoken
from harness.core.seeds import Request
from harness.core.types import RenderingKey
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.blame import NO_LOSS, Blame
from harness.speaking.cache import RenderingCache
from harness.speaking.doubts import Doubts
from harness.speaking.metered import Metered
from harness.speaking.metering import Speak
from harness.speaking.pool import Slot, WorkerPool
from harness.speaking.queue import BatchQueue
from harness.speaking.untrained import FAILED
from harness.speaking.voice import Made

Result = TypeVar("Result")


class Renderer:
    """Renderings of one model, or of one of its speakers. Implements :class:`harness.speaking.voice.Voice`."""

    def __init__(
        self,
        cache: RenderingCache,
        pool: WorkerPool,
        on_event: Callable[[str], None] = lambda _: None,
        *,
        speaker: str = "",
    ) -> None:
        """Prepare; nothing is started before it is needed.

        Args:
            cache: What the model has said before.
            pool: Its workers.
            on_event: Told each incident on one line.
            speaker: Who speaks, where several speakers of the model share its workers.
        """
        self._cache = cache
        self._pool = pool
        self._on_event = on_event
        self._speaker = speaker
        self._blame = Blame()
        self._queue = BatchQueue(pool)
        self._speakers: dict[str, Renderer] = {}

    def as_speaker(self, name: str) -> Renderer:
        """Renderings of one of several speakers, by the same workers; these themselves for ``""``.

        What a text does to a worker is put on the speaker who said it, and on no other.
        """
        if not name:
            return self
        if name not in self._speakers:
            cache = self._cache.of(self._pool.voice.of(name).identity)
            self._speakers[name] = Renderer(cache, self._pool, self._on_event, speaker=name)
            self._speakers[name]._queue = self._queue
        return self._speakers[name]

    @property
    def workers(self) -> int:
        """Workers at a time."""
        return self._pool.workers

    @property
    def has_loaded(self) -> bool:
        """Whether the model was ever loaded by a worker of this process."""
        return self._pool.has_loaded

    @property
    def metered(self) -> tuple[Metered, ...]:
        """What every order of this process cost, loading included, worker by worker; of one speaker, that one's."""
        metered = self._pool.metered
        if not self._speaker:
            return metered
        return tuple(order for order in metered if not order.texts or order.speaker == self._speaker)

    @property
    def guilty(self) -> Mapping[str, WorkerFault]:
        """Texts that a worker was lost on when it spoke nothing else: none is asked for them again."""
        return self._blame.guilty

    @property
    def refused(self) -> Set[str]:
        """Texts that the engine says it cannot speak."""
        return self._blame.refused

    @property
    def recovered(self) -> Set[str]:
        """Texts that a worker was lost on and a fresh one spoke, here or wherever their renderings were made."""
        return self._blame.recovered | self._cache.doubted

    @property
    def doubts(self) -> Doubts:
        """What is known of renderings of this model that a worker was lost on, all speakers'."""
        return self._cache.doubts

    def tell_recovered(self, text: str) -> None:
        """A verdict says that a text is one of those: whoever asks for it in a later run has it spoken anew."""
        self._cache.tell(text)

    def begin_with(self, text: str, seed: int) -> None:
        """Have every worker say this before any rendering: what its first order takes tells nothing of a phrase."""
        self._pool.first_order = (text, seed)

    def key(self, text: str, seed: int) -> RenderingKey:
        """Name of a rendering of this model."""
        return self._cache.key(text, seed)

    def load(self) -> EngineInfo:
        """Start a worker and load the model, unless one is running.

        Raises:
            WorkerFault: The model does not load.
            EngineFailure: It does not, and nothing shows that it is to blame.
        """
        return self._pool.submit(self._load).result()

    def submit(self, requests: Sequence[Request], *, later: int = 0) -> Future[dict[Request, Made]]:
        """Render in the background; the future never raises a fault, faults are its values.

        Args:
            requests: What.
            later: Renderings that will be asked for after these: another worker is started where all together pay.
        """
        distinct = list(dict.fromkeys(requests))
        return self._queue.submit(
            lambda slot: self._render(slot, distinct), self._start, size=len(distinct), later=later
        )

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
            with self._pool.slot(is_cleared=is_fresh or is_tidy) as slot:
                slot.is_tidy = is_tidy
                try:
                    return work(lambda text, seed: self._speak(slot, text, seed))
                finally:
                    if is_tidy:
                        slot.clear()
                        slot.is_tidy = False

        return self._pool.submit(lent)

    def read(self, items: Sequence[Unspoken], *, is_still: bool = False) -> Future[list[Latents]]:
        """What the model makes of texts before any sound, by one worker in the background; nothing is kept.

        A worker that is lost meanwhile is replaced and asked once more.

        Args:
            items: The texts, in batches that one order may hold.
            is_still: Without noise in the durations.

        Returns:
            Figures of each. The future raises ``WorkerFault`` where it is lost again, or says what no honest one does.
        """

        def lent() -> list[Latents]:
            with self._pool.slot() as slot:
                try:
                    return self._read(slot, items, is_still=is_still)
                except WorkerFault as fault:
                    if fault.rule != "worker.crashed":
                        raise
                    self._on_event(f"the worker {fault.what}; a fresh one is asked once more")
                    return self._read(slot, items, is_still=is_still)

        return self._pool.submit(lent)

    def _read(self, slot: Slot, items: Sequence[Unspoken], *, is_still: bool) -> list[Latents]:
        try:
            self._ready(slot)
            if slot.worker is None:
                raise WorkerFault("worker.given-up", "not tried: the run is ending")
            return slot.worker.read(items, is_still=is_still, speaker=self._speaker)
        except WorkerFault as fault:
            if fault.rule not in NO_LOSS:
                slot.clear()
            raise

    def known(self, requests: Iterable[Request]) -> dict[Request, Made]:
        """Those of the requests that are in the store."""
        return dict(self._cache.find_all(requests))

    def close(self) -> None:
        """End the workers. What is being loaded or spoken is lost."""
        self._queue.close()
        self._pool.close()

    def _load(self) -> EngineInfo:
        with self._pool.slot() as slot:
            return self._ready(slot)

    def _ready(self, slot: Slot) -> EngineInfo:
        try:
            return self._pool.ready(slot, self._blame.patience(self._pool.bounds, self._pool.metered))
        except WorkerFault as fault:
            if self._pool.has_loaded:
                raise
            raise self._pool.untrained.attribute_load(fault) from None

    def _warm_up(self, slot: Slot, requests: Sequence[Request]) -> None:
        """Have a worker that has spoken nothing say its first order, before what it is started for.

        One that is lost on it is replaced and no other is asked for it: that is no phrase's fault, and those that a
        fresh one speaks instead are not simply fine.
        """
        first, meter = self._pool.first_order, slot.meter
        if first is None or meter is None or len(meter.records) > 1:
            return
        try:
            meter.speak([first], lambda *_: None, speaker=self._speaker)
        except WorkerFault as fault:
            self._pool.first_order = None
            if fault.rule not in NO_LOSS:
                slot.clear()
                self._cache.doubt(requests)
                self._on_event(f"the worker {fault.what} at its first order; a fresh one goes on")
                self._ready(slot)

    def _speak(self, slot: Slot, text: str, seed: int) -> Metered:
        """One text, metered; where its worker is lost, once more by a fresh one."""
        try:
            return self._speak_once(slot, text, seed)
        except WorkerFault as fault:
            if fault.rule in NO_LOSS:
                raise
            metered = self._speak_once(slot, text, seed)
            self._blame.recovered.add(text)
            self._on_event(f"the worker {fault.what} while it was metered; a fresh one spoke that text")
            return metered

    def _speak_once(self, slot: Slot, text: str, seed: int) -> Metered:
        try:
            self._ready(slot)
            if slot.meter is None:
                raise WorkerFault("worker.given-up", "not tried: the run is ending")
            return slot.meter.speak([(text, seed)], lambda *_: None, speaker=self._speaker)
        except WorkerFault as fault:
            if fault.rule not in NO_LOSS:
                slot.clear()
            raise

    def _start(self, slot: Slot) -> None:
        """Have a worker ready beside another one. One that is lost is told of, and its batch is not simply fine."""
        try:
            self._ready(slot)
        except WorkerFault as fault:
            slot.lost = fault
            self._on_event(f"the worker {fault.what} while it was started beside another one")
        except Exception:  # noqa: BLE001 - the harness's own trouble: whoever needs the worker meets it again
            slot.clear()

    def _render(self, slot: Slot, requests: list[Request]) -> dict[Request, Made]:
        made = self.known(requests)
        missing = [request for request in requests if request not in made]
        # Who was lost on many texts is asked for one at a time.
        parts = [[request] for request in missing] if self._blame.is_wary else [missing] if missing else []
        for part in parts:
            self._say(slot, part, made)
        return made

    def _say(self, slot: Slot, part: list[Request], made: dict[Request, Made]) -> None:
        asked = [request for request in part if not self._is_known_guilty(request, made)]
        if not asked:
            return
        lost, slot.lost = slot.lost, None
        fault = lost or self._attempt(slot, asked, made)
        if fault is not None:
            self._retry(slot, fault, asked, made)

    def _is_known_guilty(self, request: Request, made: dict[Request, Made]) -> bool:
        """Whether its text is to blame for a lost worker already: that fault is this request's, too."""
        fault = self._blame.guilty.get(request[0])
        if fault is not None:
            made[request] = fault
        return fault is not None

    def _retry(self, slot: Slot, fault: WorkerFault, missing: list[Request], made: dict[Request, Made]) -> None:
        """Once more, one at a time: whoever fails now fails alone."""
        # Who said everything and then misbehaved has to say everything again.
        retried = [request for request in missing if request not in made] or missing
        is_alone = len(missing) == 1
        if is_alone and (fault.rule in NO_LOSS or self._blame.is_wary):
            self._fail(missing[0], fault, made)
            return
        self._cache.doubt(retried)
        for request in retried:
            if self._is_known_guilty(request, made):
                continue
            again = self._attempt(slot, [request], made)
            if again is not None:
                self._fail(request, again, made)
        to_blame = [request for request in retried if isinstance(made[request], WorkerFault)]
        if fault.rule == FAILED:
            self._cache.trust(retried)
        elif to_blame:
            self._cache.convict(to_blame)
            self._cache.trust(request for request in retried if request not in to_blame)
        else:
            self._on_event(f"the worker {fault.what}; a fresh one spoke the {len(retried)} renderings it was at")

    def _fail(self, request: Request, fault: WorkerFault, made: dict[Request, Made]) -> None:
        made[request] = fault = self._pool.untrained.attribute(fault, request, self._speaker)
        self._blame.put_on(request[0], fault, has_loaded=self._pool.has_loaded)

    def _attempt(self, slot: Slot, requests: Sequence[Request], made: dict[Request, Made]) -> WorkerFault | None:
        def keep(index: int, speech: Speech) -> None:
            made[requests[index]] = self._cache.keep(requests[index], speech)

        try:
            self._ready(slot)
            self._warm_up(slot, requests)
            if slot.meter is not None:
                slot.meter.speak(requests, keep, speaker=self._speaker)
        except WorkerFault as fault:
            if fault.rule not in NO_LOSS:
                slot.clear()
            return fault
        except BaseException:
            # The harness's own trouble, say a full disk: the rest of this batch must not answer the next one.
            slot.clear()
            raise
        return None
