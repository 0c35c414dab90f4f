"""A voice that is not one: speaks text as a row of tones, with faults planted on request.

It lets the plugin's own tests run the whole gate (worker, store, transcriber, statistics, verdict) in
milliseconds and without torch. Its model is a directory with a ``fake.json``::

    {"version": 1, "voice": "alto", "faults": [{"kind": "drop-word", "word": "not", "when": "osprey"}]}

A fault fires where ``when`` and ``and`` occur in the text (always, if they are left out) and, with ``share``, only for
that share of seeds; with ``speaker``, only where that one of its ``speakers`` was chosen. What is ``"of": "engine"``
stands for a fault of the library: a voice of the same configuration that nobody trained has it as well. Its tones are
read back by :class:`harness.hearing.asr.fake.ToneTranscriber`. Faults that only cost the machine (see
:mod:`harness.engines.fake.sponges`) may also wait for the ``nth`` text that a process speaks.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.core.engine import EngineInfo, Speech
from harness.core.voice import ONLY_VOICE, Voice
from harness.engines.fake import sponges
from harness.engines.fake.figures import OWN, figures_of, spoil, text_of
from harness.engines.fake.tones import AMPLITUDE, CHARACTER_SAMPLES, NOISE_SIGMA, SAMPLE_RATE, frequency, index_of

if TYPE_CHECKING:
    from harness.core.latents import Latents, Unspoken
    from harness.core.types import Waveform

FRAME_SAMPLES = 80


class FakeEngine:
    """Implements :class:`harness.core.engine.Engine` with tones."""

    def __init__(self) -> None:
        self._planted: list[dict[str, Any]] = []
        self._voice = ONLY_VOICE
        self._cloned = b""
        self._spoken = 0
        self._kept: list[Any] = []

    def prepare(self, *, device: str, threads: int) -> None:
        """Tones need nothing."""

    def load(
        self,
        model: Path,
        *,
        device: str,
        threads: int,
        voice: Voice = ONLY_VOICE,
        is_untrained: bool = False,
        is_bare: bool = False,
        recording: Path | None = None,
    ) -> EngineInfo:
        """Read ``fake.json``; faults of kind ``load-*`` fire here. Untrained, it has those of the engine and, unless
        it is bare, those of files beside the weights.
        """
        del device, threads
        content = json.loads((model / "fake.json").read_text("utf-8"))
        self._planted = content.get("faults", [])
        self._voice = voice
        if is_untrained:
            shared = ("engine",) if is_bare else ("engine", "side-file")
            self._planted = [one for one in self._planted if one.get("of") in shared]
        self._cloned = recording.read_bytes() if recording else b""
        for fault in self._faults:
            if fault["kind"].startswith("load-"):
                _misbehave(fault["kind"].removeprefix("load-"))
                sponges.soak_up({**fault, "kind": fault["kind"].removeprefix("load-")}, "", self._kept)
        return EngineInfo(name="fake", sample_rate=SAMPLE_RATE, versions={"fake": "1"})

    @property
    def _faults(self) -> list[dict[str, Any]]:
        """Those of everybody, and of who speaks."""
        speaker = self._voice.speaker
        return [one for one in self._planted if one.get("speaker", speaker) == speaker]

    def speak_as(self, speaker: str) -> None:
        """See :class:`harness.core.engine.ManySpeakers`."""
        self._voice = self._voice.of(speaker)

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        """Speak each text, as its faults have it."""
        return [self._speak(text, seed) for text, seed in zip(texts, seeds, strict=True)]

    def read(self, items: Sequence[Unspoken], *, is_still: bool) -> list[Latents]:
        """See :class:`harness.core.engine.Reading`; a fault that fires shows in it, unless its ``figures`` lie."""
        found = []
        for one in items:
            text = one.text or text_of(one.ids)
            fired = [fault for fault in self._faults if _fires(fault, text, one.seed, self._spoken)]
            shown = [fault for fault in fired if fault.get("figures", OWN) == OWN]
            frames = 0 if is_still else len(self._toned(text, one.seed, shown)) // FRAME_SAMPLES
            found.append(figures_of(text, one.ids, shown, frames))
            spoil(found, [fault["figures"] for fault in fired if "figures" in fault])
        return found

    def _speak(self, text: str, seed: int) -> Speech:
        self._spoken += 1
        fired = [fault for fault in self._faults if _fires(fault, text, seed, self._spoken)]
        for fault in fired:
            _misbehave(fault["kind"])
            sponges.soak_up(fault, text, self._kept)
        samples = self._toned(text, seed, fired)
        frames = len(samples) // FRAME_SAMPLES
        return Speech(samples=samples, sample_rate=SAMPLE_RATE, frames=frames, tokens=len(text))

    def _toned(self, text: str, seed: int, fired: Sequence[dict[str, Any]]) -> Waveform:
        """The text as tones, as these faults have it."""
        who = (self._voice.speaker + self._voice.language).encode() + self._cloned[:4096]
        for fault in fired:
            text = _edited(text, fault)
        samples = tones(text, np.random.default_rng([seed, *who] if who else seed))
        for fault in fired:
            samples = _spoiled(samples, fault)
        return samples


def tones(text: str, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float32]]:
    """One tone per character of the alphabet, at a seed-dependent level, with a pause of seed-dependent length."""
    time_axis = np.arange(CHARACTER_SAMPLES, dtype=np.float32) / SAMPLE_RATE
    level = AMPLITUDE * (1 + 0.05 * rng.uniform(-1, 1))
    pitches = [index for index in map(index_of, text) if index is not None]
    row = [level * np.sin(2 * np.pi * frequency(index) * time_axis) for index in pitches]
    voiced = np.concatenate([*row, np.zeros(0)])
    pause = np.zeros(int(len(voiced) * rng.uniform(0.02, 0.08)))
    noise = rng.normal(0, NOISE_SIGMA, len(voiced) + len(pause))
    return (np.concatenate([voiced, pause]) + noise).astype(np.float32)


def _fires(fault: dict[str, Any], text: str, seed: int, spoken: int) -> bool:
    if fault.get("nth", spoken) != spoken:
        return False
    if fault["kind"].startswith("load-") or not all(fault.get(key, "") in text for key in ("when", "and")):
        return False
    return bool(np.random.default_rng([seed, 7]).uniform() < fault.get("share", 1.0))


def _edited(text: str, fault: dict[str, Any]) -> str:
    if fault["kind"] == "drop-word":
        return re.sub(rf"\b{re.escape(fault['word'])}\b ?", "", text, flags=re.IGNORECASE)
    if fault["kind"] == "swap-word":
        return re.sub(rf"\b{re.escape(fault['word'])}\b", fault["with"], text, flags=re.IGNORECASE)
    return text


def _spoiled(
    samples: np.ndarray[Any, np.dtype[np.float32]], fault: dict[str, Any]
) -> np.ndarray[Any, np.dtype[np.float32]]:
    match fault["kind"]:
        case "nan":
            return np.where(np.arange(len(samples)) % 100 == 0, np.float32("nan"), samples)
        case "silence":
            return np.zeros_like(samples)
        case "empty":
            return samples[:0]
        case "loud":
            return np.asarray(np.clip(samples * 20, -1, 1), np.float32)
        case "quiet":
            return np.asarray(samples * 0.25, np.float32)
        case "slow":
            pause = int(fault.get("seconds", 1.0) * SAMPLE_RATE)
            return np.concatenate([samples, np.zeros(pause, np.float32)])
        case "cut":
            return samples[: int(len(samples) * fault.get("keep", 0.8))]
        case "stretch":
            return np.repeat(samples, int(fault.get("times", 3)))
        case "endless":
            return np.tile(samples, 1 + 120 * SAMPLE_RATE // max(1, len(samples)))
    return samples


def _misbehave(kind: str) -> None:
    """What a hostile model would do to the process it runs in."""
    match kind:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(7)
        case "hang":
            while True:
                time.sleep(60)
        case "flood":
            while True:
                os.write(1, b"A" * 65536)
        case "garbage":
            for fd in _sockets():
                os.write(fd, b"\x80\x04" + b"garbage " * 64)
        case "fail":
            raise RuntimeError("planted failure")


def _sockets() -> list[int]:
    """Find the conversation as a hostile model would: by looking through the open files."""
    links = {int(entry.name): _target(entry) for entry in Path("/proc/self/fd").iterdir()}
    return [fd for fd, target in links.items() if target.startswith("socket:")]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
