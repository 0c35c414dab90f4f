"""The harness's side of a worker: asks for speech, believes nothing, and turns every way to misbehave into a fault.

It knows the protocol and the launcher, not probes, goldens or verdicts.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from harness.core.engine import EngineInfo, Speech
from harness.core.errors import MachineShort, WorkerUnready
from harness.core.identity import Beside, Files
from harness.core.latents import MAX_IDS, WIDTH, Latents, Odd, Unspoken, unpack
from harness.core.voice import Voice
from harness.sandbox.inside.modelfiles import ModelExchanged, require_same
from harness.sandbox.inside.protocol import (
    Channel,
    Choice,
    Done,
    Failed,
    Figures,
    Item,
    Load,
    Loaded,
    Message,
    Prepare,
    Prepared,
    ProtocolError,
    Read,
    Render,
    Spoken,
    TooLong,
    Unsaid,
)
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.deadline import Deadline
from harness.sandbox.outside.fault import KINDS, WorkerFault, exchanged, signal_name
from harness.sandbox.outside.launcher import STARTING, WAITING, Launcher, WorkerProcess
from harness.sandbox.outside.meter import Reading

MAX_ODD_RATE = 65_535
"""Hz: beyond it, FLAC has multiples of 10 only (RFC 9639, section 9.1.2)."""
MAX_BATCH = 1 << 39
"""Batches are numbered by chance: what answers one was said after it was asked."""
IDS_PER_CHARACTER = 64
"""Input ids that a character may become: a digit is up to a dozen sounds, with a blank beside each."""
READING_SHARE = 0.02
"""Of the seconds that a character may take to be spoken: so many it may take to be read."""


class Worker:
    """One worker process with one loaded model."""

    def __init__(
        self,
        launcher: Launcher,
        *,
        engine: str,
        preloads: Sequence[str] = (),
        model: Path,
        files: Files | None = None,
        device: str,
        threads: int,
        bounds: Bounds,
    ) -> None:
        """Remember; nothing is started yet.

        Args:
            launcher: Starts the process.
            engine: ``module:class`` of the adapter, imported in the process only.
            preloads: What the adapter needs; imported before the walls close.
            model: Folder of the model.
            files: Its files as they were read before: others are not loaded. None for whatever lies there.
            device: ``cpu`` or ``cuda``.
            threads: Threads that it may compute with.
            bounds: How long to wait, and for how much.
        """
        self._launcher = launcher
        self._needs = Prepare(engine=engine, preloads=list(preloads), device=device, threads=threads)
        self._model, self._files = model, files
        self._bounds = bounds
        self._process: WorkerProcess | None = None
        self._is_stopped = False
        self._batch = 0
        self.voice: Voice | None = None
        """Who of the model speaks, set before it is started; None for an engine whose models have one voice."""
        self.is_untrained = False
        """Whether it loads what the model's configuration says with weights of nobody; set before it is started."""
        self.is_bare = False
        """Whether it opens configurations alone, and builds what lies beside them; set before it is started."""
        self.recording = b""
        """WAV file that the speaker is cloned from, set before it is started; empty where none is."""
        self.vocoder: Beside | None = None
        """What makes sound of the model's spectrograms, set before it is started; None for the model's own."""
        self.is_tidy = False
        """Whether it gives freed memory back at once; set before it is started."""
        self.info: EngineInfo | None = None
        """What the engine said of itself when it loaded; None before."""

    def start(self, on_prepared: Callable[[], None] = lambda: None) -> EngineInfo:
        """Start the process and load the model.

        Args:
            on_prepared: Called when all is imported and the walls are closed, before the model is read.

        Returns:
            What the engine says of itself.

        Raises:
            WorkerUnready: It was lost, or failed, before it was told which model to load.
            WorkerFault: It crashed, hung, flooded, lied or could not load the model.
            MachineShort: It was ended because the machine had no memory left, or no processor for it.
        """
        try:
            process = self._launcher.start(
                model=self._model,
                files=self._files,
                threads=self._needs.threads,
                device=self._needs.device,
                is_tidy=self.is_tidy,
                **({"beside": self.vocoder} if self.vocoder else {}),
            )
        except ModelExchanged as name:
            raise exchanged(name) from None
        self._process = process
        if self._is_stopped:
            self.stop()
            raise WorkerFault("worker.given-up", "not tried: it was stopped while it was started")
        self._prepare(process)
        on_prepared()
        process.doing("loading")
        deadline = self._deadline(process, "loading", self._bounds.load_seconds)
        with self._watched("loading"):
            channel = Channel(process.sock)
            order = Load(
                model=process.model_path(self._model),
                voice=self._choice(),
                vocoder=process.model_path(self.vocoder.path) if self.vocoder else "",
                is_untrained=self.is_untrained,
                is_bare=self.is_bare,
            )
            channel.send(order, self.recording, deadline=deadline)
            reply, _ = channel.receive(deadline=deadline)
        process.overhear(repr(reply).encode(errors="replace"), "its answer to loading")
        try:
            # What was written into a file, and was not there before and after, is seen by its dates.
            require_same(str(self._model), self._files or {})
            if self.vocoder:
                require_same(str(self.vocoder.path), self.vocoder.files)
        except ModelExchanged as name:
            self.stop()
            raise exchanged(name) from None
        if isinstance(reply, Failed):
            raise self._fault("worker.failed", f"the model could not be loaded: {reply.kind}: {reply.message}")
        if not isinstance(reply, Loaded):
            raise self._fault("worker.forged", f"expected Loaded, got {type(reply).__name__}")
        if reply.sample_rate > MAX_ODD_RATE and reply.sample_rate % 10:
            raise self._fault("worker.forged", f"announced {reply.sample_rate} Hz, which no audio file can hold")
        process.doing(WAITING)
        self.info = EngineInfo(name=reply.name, sample_rate=reply.sample_rate, versions=reply.versions)
        return self.info

    def _prepare(self, process: WorkerProcess) -> None:
        """Have the engine imported and the walls closed. Only code of this machine has run when it ends.

        Raises:
            WorkerUnready: Whatever went wrong.
            WorkerFault: It was stopped meanwhile.
        """
        process.doing(STARTING)
        deadline = self._deadline(process, "starting", self._bounds.start_seconds)
        channel = Channel(process.sock)
        try:
            channel.send(self._needs, deadline=deadline)
            reply, _ = channel.receive(deadline=deadline)
        except TimeoutError:
            why = f"it was not ready within {self._bounds.start_seconds:g} s"
        except MachineShort as short:
            why = str(short)
        except (EOFError, OSError, ProtocolError) as error:
            why = self._end_of_start(process, error)
        else:
            if isinstance(reply, Prepared):
                return
            why = f"{reply.kind}: {reply.message}" if isinstance(reply, Failed) else f"it said {type(reply).__name__}"
        is_stopped, words = self._is_stopped, process.last_words()
        self.stop()
        if is_stopped:
            raise WorkerFault("worker.given-up", "not tried: it was stopped while it was started")
        raise WorkerUnready.of(why, words)

    def _end_of_start(self, process: WorkerProcess, error: Exception) -> str:
        """What became of a process that hung up before it was ready."""
        status = process.exit_status(5.0)
        if status is None:
            return f"{type(error).__name__}: {error}"
        return f"it was killed by {signal_name(-status)}" if status < 0 else f"it exited with status {status}"

    def _choice(self) -> Choice | None:
        if self.voice is None:
            return None
        chosen = self.voice
        first = next(iter(chosen.names), "")
        return Choice(checkpoint=chosen.checkpoint, speaker=first, language=chosen.language)

    def render(
        self, items: Sequence[tuple[str, int]], on_speech: Callable[[int, Speech], None], *, speaker: str = ""
    ) -> None:
        """Speak a batch of (text, seed); `on_speech(index, speech)` is called as each arrives.

        Args:
            items: The batch.
            on_speech: Given each rendering.
            speaker: Who says them, where several speakers of the model do.

        Raises:
            WorkerFault: With what was already delivered kept. The process is gone afterwards, except where the
                engine reported an ordinary failure (``worker.failed``).
            MachineShort: It was ended because the machine had no memory left, or no processor for it.
        """
        if self._process is None:
            raise ValueError("start() first")
        is_first, self._batch = not self._batch, 1 + secrets.randbelow(MAX_BATCH)
        characters = sum(len(text) for text, _ in items)
        seconds = self._bounds.batch_seconds + self._bounds.seconds_per_character * characters
        if is_first:
            seconds += self._bounds.first_seconds
        process = self._process
        deadline = self._deadline(process, "speaking", seconds)
        process.doing("speaking", [text for text, _ in items])
        spoken = [Item(text=text, seed=seed) for text, seed in items]
        order = Render(batch=self._batch, items=spoken, speaker=speaker)
        answered: set[int] = set()
        with self._watched("speaking"):
            channel = Channel(process.sock)
            if channel.has_unread:
                raise ProtocolError("it answered before it was asked")
            channel.send(order, deadline=deadline)
            while True:
                longest = max(len(text) for text, _ in items)
                reply, payload = channel.receive(deadline=deadline, max_payload=self._payload_cap(longest))
                if isinstance(reply, Spoken | Done | Failed) and reply.batch != self._batch:
                    name = type(reply).__name__
                    raise ProtocolError(f"expected an answer to this batch, got {name} of another")
                if isinstance(reply, Failed):
                    process.doing(WAITING)
                    process.overhear(f"{reply.kind} {reply.message}".encode(errors="replace"), "an error message")
                    break
                if isinstance(reply, Done):
                    if len(answered) != len(items):
                        raise ProtocolError(f"expected {len(items)} renderings, got {len(answered)}")
                    process.doing(WAITING)
                    return
                index = self._check(reply, answered, items)
                process.overhear(payload, "the samples of its speech", is_sound=True)
                on_speech(index, _speech(reply, payload))
        raise self._fault("worker.failed", f"{reply.kind}: {reply.message}", ends=False)

    def read(self, items: Sequence[Unspoken], *, is_still: bool = False, speaker: str = "") -> list[Latents]:
        """What the model makes of a batch before any sound: the worker's word, checked for form.

        Args:
            items: The batch, at most 256.
            is_still: Without noise in the durations.
            speaker: Whose reading it is, where several speakers of the model have their own.

        Raises:
            WorkerFault: As :meth:`render`; figures that are missing or no numbers are forged.
            MachineShort: As there.
        """
        if self._process is None:
            raise ValueError("start() first")
        process, self._batch = self._process, 1 + secrets.randbelow(MAX_BATCH)
        characters = sum(len(item.text) or len(item.ids) for item in items)
        seconds = self._bounds.batch_seconds + READING_SHARE * self._bounds.seconds_per_character * characters
        deadline = self._deadline(process, "reading", seconds)
        process.doing("reading", [item.text for item in items])
        unsaid = [Unsaid(text=item.text, ids=list(item.ids), seed=item.seed) for item in items]
        order = Read(batch=self._batch, items=unsaid, is_still=is_still, speaker=speaker)
        with self._watched("reading"):
            channel = Channel(process.sock)
            if channel.has_unread:
                raise ProtocolError("it answered before it was asked")
            channel.send(order, deadline=deadline)
            most = sum(len(item.ids) or min(MAX_IDS, 64 + IDS_PER_CHARACTER * len(item.text)) for item in items)
            try:
                cap = 4 * most * (1 + WIDTH)
                reply, payload = channel.receive(deadline=deadline, max_payload=cap, carrier=Figures)
            except TooLong as error:
                raise ProtocolError(str(error)) from None
            if not isinstance(reply, Figures | Failed) or reply.batch != self._batch:
                raise ProtocolError(f"expected an answer to this batch, got {type(reply).__name__}")
            process.doing(WAITING)
            if isinstance(reply, Figures):
                try:
                    return unpack(reply.lengths, payload, items)
                except Odd as odd:
                    raise ProtocolError(f"it answered with {odd}") from None
            process.overhear(f"{reply.kind} {reply.message}".encode(errors="replace"), "an error message")
        raise self._fault("worker.failed", f"{reply.kind}: {reply.message}", ends=False)

    def stop(self) -> None:
        """End the process, now or as soon as it is started. Idempotent; any thread may ask for it."""
        self._is_stopped = True
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def reading(self) -> Reading:
        """Where the process's meters stand; zeros where it is gone."""
        return self._process.reading() if self._process else Reading()

    def reset_peak(self) -> bool:
        """Let the high-water mark of its memory begin anew; False where that cannot be had."""
        return self._process.reset_peak() if self._process else False

    def _deadline(self, process: WorkerProcess, doing: str, seconds: float) -> Deadline:
        return Deadline(seconds, doing=doing, threads=self._needs.threads, reading=process.reading)

    def _payload_cap(self, characters: int) -> int:
        rate = self.info.sample_rate if self.info else 48_000
        seconds = self._bounds.audio_seconds + self._bounds.audio_seconds_per_character * characters
        return int(4 * rate * seconds)

    def _check(self, reply: Message, answered: set[int], items: Sequence[tuple[str, int]]) -> int:
        if not isinstance(reply, Spoken):
            raise ProtocolError(f"expected Spoken, got {type(reply).__name__}")
        if reply.index >= len(items):
            raise ProtocolError(f"expected item 0..{len(items) - 1}, got {reply.index}")
        if reply.index in answered:
            raise ProtocolError(f"item {reply.index} was answered twice")
        if self.info and reply.sample_rate != self.info.sample_rate:
            raise ProtocolError(f"expected {self.info.sample_rate} Hz as announced, got {reply.sample_rate} Hz")
        answered.add(reply.index)
        return reply.index

    @contextlib.contextmanager
    def _watched(self, doing: str) -> Iterator[None]:
        """Translate what goes wrong on the wire into a fault that says what the process did."""
        try:
            yield
        except TimeoutError:
            raise self._fault("worker.hung", f"gave no answer within its deadline while {doing}") from None
        except MachineShort:
            self.stop()
            raise
        except TooLong:
            seconds = self._bounds.audio_seconds
            raise self._fault("worker.endless", f"spoke beyond {seconds:g} s plus its text's allowance") from None
        except ProtocolError as error:
            raise self._fault("worker.forged", f"broke the protocol while {doing}: {error}") from None
        except (EOFError, ConnectionError):
            raise self._fault_of_exit(doing) from None

    def _fault_of_exit(self, doing: str) -> WorkerFault | MachineShort:
        process = self._process
        status = process.exit_status(5.0) if process else None
        if process and process.flooded:
            return self._fault("worker.flooded", f"printed more than it may while {doing} and was ended")
        if status is None:
            return self._fault("worker.forged", f"hung up without ending while {doing}")
        if process and status == -signal.SIGKILL and process.is_victim():
            self.stop()
            return MachineShort.of(doing)
        if status < 0:
            return self._fault("worker.crashed", f"was killed by {signal_name(-status)} while {doing}")
        return self._fault("worker.crashed", f"exited with status {status} while {doing}")

    def _fault(self, rule: str, what: str, *, ends: bool = True) -> WorkerFault:
        words = self._process.last_words() if self._process and ends else ""
        if self._process and self._process.flooded and ends:
            rule, what = "worker.flooded", "printed more than it may and was ended"
        if self._process and (kind := KINDS.get(rule)):
            self._process.note(kind, rule.removeprefix("worker."), what)
        if ends:
            self.stop()
        return WorkerFault(rule, what, detail=words[-1000:])


def _speech(reply: Message, payload: bytes) -> Speech:
    if not isinstance(reply, Spoken):
        raise ProtocolError(f"expected Spoken, got {type(reply).__name__}")
    samples = np.frombuffer(payload, dtype="<f4")
    return Speech(samples=samples, sample_rate=reply.sample_rate, frames=reply.frames, tokens=reply.tokens)
