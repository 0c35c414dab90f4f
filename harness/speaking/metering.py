"""Meters a worker order by order, from outside: reads its meters before and after, and believes nothing that it says.

The meters themselves are in :mod:`harness.sandbox.outside.meter`; what the numbers mean is the business of
:mod:`harness.costs`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

from harness.core.engine import EngineInfo, Speech
from harness.sandbox.outside.client import Worker
from harness.sandbox.outside.meter import Reading
from harness.sandbox.outside.quota import throttled_seconds
from harness.speaking.metered import Metered

Speak = Callable[[str, int], Metered]
"""Has one text spoken with one seed by a worker that is ready, and says what it cost. Raises ``WorkerFault``."""


class Meter:
    """The meters of one worker."""

    def __init__(self, worker: Worker, number: int) -> None:
        self._worker = worker
        self._number = number
        self._records: list[Metered] = []
        self._seconds = 0.0
        self._last = Reading()

    @property
    def records(self) -> tuple[Metered, ...]:
        """All orders that were obeyed, oldest first."""
        return tuple(self._records)

    def start(self) -> EngineInfo:
        """Start the worker and load the model; see :meth:`harness.sandbox.outside.client.Worker.start`.

        Raises:
            WorkerFault: As there. Nothing is metered then.
        """
        # The worker's own meters begin at 0; the quota is the container's, which may have been throttled for hours.
        self._last = Reading(throttled_seconds=throttled_seconds())
        begun, prepared = time.monotonic(), [0.0]

        def note() -> None:
            prepared[0] = time.monotonic() - begun

        info = self._worker.start(note)
        record = self._record((), begun, 0.0, is_own_peak=True)
        self._records[-1] = dataclasses.replace(record, starting_seconds=prepared[0])
        return info

    def speak(
        self, items: Sequence[tuple[str, int]], on_speech: Callable[[int, Speech], None], *, speaker: str = ""
    ) -> Metered:
        """Have a batch spoken; see :meth:`harness.sandbox.outside.client.Worker.render`.

        Raises:
            WorkerFault: As there. The order is not metered then.
        """
        audio = 0.0

        def heard(index: int, speech: Speech) -> None:
            nonlocal audio
            audio += len(speech.samples) / speech.sample_rate
            on_speech(index, speech)

        self._settle()
        is_own_peak = self._worker.reset_peak()
        begun = time.monotonic()
        self._worker.render(items, heard, speaker=speaker)
        texts = tuple(text for text, _ in items)
        return self._record(texts, begun, audio, is_own_peak=is_own_peak, speaker=speaker)

    def _settle(self) -> None:
        """What was worked since the last order belongs to that order."""
        self._last = now = self._worker.reading()
        idle = max(0.0, now.cpu_seconds - self._seconds)
        last = self._records[-1]
        self._records[-1] = dataclasses.replace(last, cpu_seconds=last.cpu_seconds + idle)
        self._seconds += idle

    def _record(
        self, texts: tuple[str, ...], begun: float, audio: float, *, is_own_peak: bool, speaker: str = ""
    ) -> Metered:
        wall = time.monotonic() - begun
        now = self._worker.reading()
        before = self._last
        cpu = max(0.0, now.cpu_seconds - self._seconds)
        # Of the thread that queued longest: a crowd of threads that queue for a moment each must hide no sleep.
        queued = [one - before.queued_seconds.get(thread, 0.0) for thread, one in now.queued_seconds.items()]
        # Who is throttled by a quota counts as queuing, too: on Linux 6.18 a thread queued for 3.9 s of which it was
        # throttled for 3.5. But a thread may wait for another that is throttled, or for the harness itself.
        throttled = max(0.0, now.throttled_seconds - before.throttled_seconds)
        blocked = max(0.0, wall - cpu - max(throttled, *queued)) if queued else 0.0
        metered = Metered(
            texts=texts,
            speaker=speaker,
            worker=self._number,
            call=len(self._records),
            cpu_seconds=cpu,
            wall_seconds=wall,
            begun=begun,
            blocked_seconds=blocked,
            audio_seconds=audio,
            base_bytes=before.resident_bytes,
            peak_bytes=max(now.peak_bytes, now.resident_bytes),
            is_own_peak=is_own_peak,
            resident_bytes=now.resident_bytes,
            scratch_bytes=now.scratch_bytes,
            tasks=now.tasks,
            files=now.files,
            pid=now.pid,
            gpu_bytes=now.gpu_bytes,
            is_tidy=self._worker.is_tidy,
        )
        self._seconds = max(self._seconds, now.cpu_seconds)
        self._records.append(metered)
        return metered
