"""Main of the worker process: limits itself, loads one model with one engine, and speaks until told to stop.

Started by :mod:`harness.sandbox.outside.launcher`. Everything here is trusted code in a process that will not stay
trusted: from the moment the model is loaded, nothing it says is believed (see :mod:`harness.sandbox.outside.client`).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from harness.core.garbage import uncollected
from harness.core.latents import Unspoken, pack
from harness.core.voice import Voice
from harness.sandbox.inside.protocol import (
    MAX_RECORDING_BYTES,
    Channel,
    Done,
    Failed,
    Figures,
    Load,
    Loaded,
    Prepare,
    Prepared,
    Read,
    Render,
    Spoken,
)

if TYPE_CHECKING:
    from harness.core.engine import Engine, EngineInfo, ManySpeakers, Reading

PR_SET_PDEATHSIG = 1
NICENESS = 5
MAX_FILE_BYTES = 64 << 20
MAX_OPEN_FILES = 512


def limit_self() -> None:
    """Bound what this process may do before it reads a byte of the model."""
    for name in [name for name in os.environ if name.startswith("MALLOC_")]:
        del os.environ[name]  # glibc has read them: code must not learn here whether its leaks are looked for
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    # Whoever judges goes before whoever is judged; on few cores Whisper would wait for the next voice otherwise.
    # Where the kernel groups processes by session, it is the group whose niceness counts.
    os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))
    # Ctrl-C reaches the whole foreground group; the harness decides when the worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def die_with_harness(harness: int) -> None:
    """Have the kernel end this process when the thread that started it ends, ``kill -9`` of pytest included.

    Args:
        harness: Process id of the harness; if it is gone already, this process ends now.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != harness:
        os._exit(0)


def limit_memory(peak_bytes: int) -> None:
    """Cap the address space. Not for CUDA, which reserves far more than it uses."""
    resource.setrlimit(resource.RLIMIT_AS, (peak_bytes, peak_bytes))


def create_engine(adapter: str) -> Engine:
    """Import and construct an engine by ``module:class``, which only the harness can ask for."""
    module, _, attribute = adapter.partition(":")
    return cast("Engine", getattr(importlib.import_module(module), attribute)())


def preload(names: Sequence[str]) -> None:
    """Import what an engine needs, in order, before its model is there to be read.

    Args:
        names: ``module``, or ``module:function``, which is called.

    Raises:
        PreloadError: With the cause, whatever that is.
    """
    for name in names:
        module, _, function = name.partition(":")
        try:
            loaded = importlib.import_module(module)
            if function:
                getattr(loaded, function)()
        except Exception as error:
            raise PreloadError(f"{error} (while {'calling' if function else 'importing'} {name})") from error


class PreloadError(Exception):
    """What an engine needs cannot be imported, for the reason that is its cause."""


def _failure(batch: int, index: int, error: BaseException) -> Failed:
    text = " ".join(str(error).split())
    kind = type(error.__cause__ if isinstance(error, PreloadError) else error).__name__
    return Failed(batch=batch, index=index, kind=kind[:200], message=text[:2000])


def _load(engine: Engine, order: Load, needs: Prepare, recording: bytes) -> EngineInfo:
    given: dict[str, Any] = {}
    if order.voice is not None:
        chosen = order.voice
        given["voice"] = Voice(checkpoint=chosen.checkpoint, speaker=chosen.speaker, language=chosen.language)
    if order.vocoder:
        given["vocoder"] = Path(order.vocoder)
    if order.is_untrained:
        given["is_untrained"] = True
    if order.is_bare:
        given["is_bare"] = True
    if recording:
        handle, name = tempfile.mkstemp(prefix="soundcheck-recording-", suffix=".wav")
        with os.fdopen(handle, "wb") as file:
            file.write(recording)
        given["recording"] = Path(name)
    return engine.load(Path(order.model), device=needs.device, threads=needs.threads, **given)


def _speak(engine: Engine, channel: Channel, order: Render) -> None:
    texts = [item.text for item in order.items]
    seeds = [item.seed for item in order.items]
    try:
        if order.speaker:
            cast("ManySpeakers", engine).speak_as(order.speaker)
        spoken = engine.render(texts, seeds)
    except Exception as error:  # noqa: BLE001 - the worker boundary: whatever the engine raises is reported
        channel.send(_failure(order.batch, 0 if len(texts) == 1 else -1, error))
        return
    for index, speech in enumerate(spoken):
        header = Spoken(
            batch=order.batch,
            index=index,
            sample_rate=speech.sample_rate,
            samples=len(speech.samples),
            frames=speech.frames,
            tokens=speech.tokens,
        )
        channel.send(header, speech.samples.astype("<f4", copy=False).tobytes())
    channel.send(Done(batch=order.batch))


def _read(engine: Engine, channel: Channel, order: Read) -> None:
    items = [Unspoken(text=item.text, ids=tuple(item.ids), seed=item.seed) for item in order.items]
    try:
        if order.speaker:
            cast("ManySpeakers", engine).speak_as(order.speaker)
        found = cast("Reading", engine).read(items, is_still=order.is_still)
    except Exception as error:  # noqa: BLE001 - the worker boundary, as above
        channel.send(_failure(order.batch, 0 if len(items) == 1 else -1, error))
        return
    lengths, payload = pack(found)
    channel.send(Figures(batch=order.batch, lengths=lengths), payload)


def serve(channel: Channel, *, seal: Callable[[], None] = lambda: None) -> None:
    """Answer orders until the harness hangs up.

    Args:
        channel: The conversation.
        seal: Closes the last wall of a sandbox, when all is imported and no byte of the model was read.
    """
    engine: Engine | None = None
    needs: Prepare | None = None
    while True:
        try:
            order, payload = channel.receive(max_payload=MAX_RECORDING_BYTES, carrier=Load)
        except EOFError:
            return
        if isinstance(order, Prepare):
            needs = order
            try:
                with uncollected():
                    preload((*needs.preloads, needs.engine.partition(":")[0]))
                gc.freeze()  # it stays, so that no later search goes through it
                seal()
                engine = create_engine(needs.engine)
                engine.prepare(device=needs.device, threads=needs.threads)
            except Exception as error:  # noqa: BLE001 - the worker boundary, as above
                channel.send(_failure(0, -1, error))
                return
            channel.send(Prepared())
        elif isinstance(order, Load) and engine is not None and needs is not None:
            try:
                info = _load(engine, order, needs, payload)
            except Exception as error:  # noqa: BLE001 - as above
                channel.send(_failure(0, -1, error))
                return
            channel.send(Loaded(name=info.name, sample_rate=info.sample_rate, versions=dict(info.versions)))
        elif isinstance(order, Render) and engine is not None:
            _speak(engine, channel, order)
        elif isinstance(order, Read) and engine is not None:
            _read(engine, channel, order)
        else:
            return


def main() -> None:
    """Entry point: ``FD MEMORY_BYTES HARNESS_PID`` as arguments (0 bytes for no memory cap)."""
    die_with_harness(int(sys.argv[3]))
    limit_self()
    if memory := int(sys.argv[2]):
        limit_memory(memory)
    with socket.socket(fileno=int(sys.argv[1])) as sock:
        serve(Channel(sock))
    sys.stdout.flush()
    # Skip interpreter teardown: a candidate's atexit hooks get no turn.
    os._exit(0)


if __name__ == "__main__":
    main()
