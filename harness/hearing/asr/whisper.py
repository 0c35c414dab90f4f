"""Whisper as a witness: what a clip says, and how well it supports the text that was expected.

This module owns the order of things and the promise of :class:`harness.core.transcriber.Transcriber`; how clips are
cut is :mod:`harness.hearing.asr.windows`, what the network does :mod:`~harness.hearing.asr.encoder` and
:mod:`~harness.hearing.asr.decoding`, where weights come from :mod:`~harness.hearing.asr.weights`. torch and whisper are
imported on first use, never by importing this.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import pickle
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from harness.core.errors import AsrError, MissingDependency
from harness.core.garbage import uncollected
from harness.core.installation import install_command
from harness.core.text import error_line
from harness.core.thirdparty import own_filters, require
from harness.core.transcriber import Repeat
from harness.core.types import ForcedScore, Hearing, WordSpan
from harness.hearing.asr import windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.core.transcriber import Echoing, TextChoice
    from harness.core.types import Waveform
    from harness.hearing.asr.decoding import BoundedGreedy, Forced, Transcript
    from harness.hearing.asr.encoder import Encoded
    from harness.hearing.asr.likeness import Features
    from harness.hearing.asr.weights import WhisperWeights

_EXTRA = "whisper"
_LOADING_FAILS = (
    *(AssertionError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError),
    *(pickle.UnpicklingError, struct.error),
)
"""What torch and whisper raise for a file that is no checkpoint, or for a device that is not there."""
_FRAMES_PER_SECOND, _RATE = 50, windows.SAMPLE_RATE
"""Encoder output and input per second of audio."""
_TOKENS_PER_SECOND, _TOKENS_MORE, _TOKENS_MOST = 8, 16, 224
"""Fast speech has 5 tokens per second; crafted audio makes decoding run on (SlothSpeech)."""


class WhisperTranscriber:
    """Implements :class:`harness.core.transcriber.Transcriber` with an openai-whisper checkpoint.

    Greedy decoding at temperature 0 without fallback, conditioning or timestamps, in float32. Forced scores
    reuse the encoder's output. Nothing a clip contains raises; a clip without sound is heard as empty text.
    """

    def __init__(
        self,
        weights: WhisperWeights,
        *,
        device: str = "cpu",
        threads: int | None,
        language: str = "en",
        batch: int = 16,
    ) -> None:
        """Remember what to load; the network is loaded on first use.

        Args:
            weights: A checkpoint whose digest was verified.
            device: ``cpu`` or ``cuda``, as torch names them.
            threads: torch threads while listening, restored afterwards; None leaves them alone.
            language: What is spoken (ISO 639-1).
            batch: Clips of up to 10 s in one pass; longer ones in proportion fewer.

        Raises:
            MissingDependency: openai-whisper, torch or soxr is not installed.
        """
        self._weights = weights
        self._device = device
        self._threads = threads
        self._language = language
        self._batch = max(1, batch)
        self._task: BoundedGreedy | None = None
        self._identity = {
            "name": f"whisper:{weights.name}",
            "weights": weights.sha256,
            "source": weights.source,
            "language": language,
            "device": device.partition(":")[0],
            "precision": "float32",
            "windows": (
                f"{'/'.join(map(str, windows.WINDOWS))} s, lead {windows.LEAD_SECONDS} s, "
                f"margin {windows.MARGIN_SECONDS} s, at most {windows.MOST_WINDOWS}, loops again in the longest"
            ),
            "decoding": (
                f"greedy, no timestamps, bound {_TOKENS_PER_SECOND} tokens/s + {_TOKENS_MORE}, {_TOKENS_MOST}"
            ),
            "openai-whisper": _version("openai-whisper"),
            "torch": _version("torch"),
            "soxr": _version("soxr"),
        }

    @property
    def identity(self) -> Mapping[str, str]:
        """Weights, settings and versions that shape the numbers; threads and batch move last digits only."""
        return dict(self._identity)

    def listen(
        self,
        clips: Sequence[tuple[Waveform, int]],
        forced: Sequence[str | None],
        prints: Sequence[Echoing | None] | None = None,
    ) -> list[Hearing]:
        """See :meth:`harness.core.transcriber.Transcriber.listen`.

        Raises:
            AsrError: The weights cannot be loaded, or the device has too little memory for a batch.
            ValueError: `clips`, `forced` and `prints` differ in length.
        """
        known = [None] * len(clips) if prints is None else prints
        if not len(clips) == len(forced) == len(known):
            raise ValueError(
                f"expected one forced text or None, and one set of prints or None, per clip, got {len(forced)} and "
                f"{len(known)} for {len(clips)}"
            )
        prepared = [windows.prepare(*clip) for clip in clips]
        hearings: dict[int, Hearing] = {}
        with self._session() as task:
            for group in windows.plan(prepared, self._batch):
                texts = [forced[index] for index in group.clips]
                heard = _hear(task, group, prepared, texts)
                hearings |= heard.hearings(texts)
                for index, features in heard.features().items():
                    if (golden := known[index]) is not None:
                        hearings[index] = dataclasses.replace(hearings[index], echoes=golden.echoes(features))
        return [hearings[index] for index in range(len(clips))]

    def listen_together(self, clips: Sequence[tuple[Waveform, int]], choose: TextChoice) -> list[Repeat]:
        """See :meth:`harness.core.transcriber.Transcriber.listen_together`. Memory grows with the clips."""
        if not clips:
            return []
        prepared = [windows.prepare(*clip) for clip in clips]
        repeats: dict[int, Repeat] = {}
        with self._session() as task:
            groups = [
                _hear(task, group, prepared, [None] * len(group.clips)) for group in windows.plan(prepared, self._batch)
            ]
            texts = {index: text for heard in groups for index, text in heard.texts.items()}
            chosen = choose([texts[index] for index in range(len(clips))])
            typical = next((index for index in range(len(clips)) if texts[index] == chosen), -1)
            for heard in groups:
                hearings = heard.hearings([chosen] * len(heard.group.clips))
                features = heard.features()
                for index, hearing in hearings.items():
                    words = heard.words(index, chosen) if index == typical else ()
                    repeats[index] = Repeat(hearing=hearing, features=features[index], words=words)
        return [repeats[index] for index in range(len(clips))]

    @contextlib.contextmanager
    def _session(self) -> Iterator[BoundedGreedy]:
        """The loaded network, with torch set to count the same way every time, and back afterwards."""
        require("torch", extra="whisper")
        with uncollected():
            import torch  # seconds and 300 MB: only who listens pays

        before = torch.get_num_threads()
        if self._threads is not None:
            torch.set_num_threads(max(1, self._threads))
        try:
            # TensorFloat32 is on by default in cuDNN: three digits, and other ones on other cards.
            with (
                own_filters(),
                torch.inference_mode(),
                torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
            ):
                if self._task is None:
                    self._task = self._load()
                yield self._task
        except torch.OutOfMemoryError as error:
            raise AsrError(
                f"Whisper {self._weights.name} ran out of memory on {self._device} with a batch of "
                f"{self._batch}: use a smaller Whisper or batch, or the CPU"
            ) from error
        finally:
            torch.set_num_threads(before)

    @uncollected()
    def _load(self) -> BoundedGreedy:
        weights = self._weights
        require("whisper", extra="whisper")
        import whisper  # pulls in numba and tiktoken

        from harness.hearing.asr.decoding import BoundedGreedy

        try:
            model = whisper.load_model(str(weights.path), device=self._device).float().eval()
        except _LOADING_FAILS as error:
            raise AsrError(
                f"{weights.path}: does not load as a Whisper checkpoint on {self._device} ({error_line(error)})"
            ) from error
        if not model.is_multilingual and self._language != "en":
            raise AsrError(f"Whisper {weights.name} hears English only, got language {self._language!r}: name another")
        try:
            return BoundedGreedy(model, self._language)
        except ValueError as error:
            raise AsrError(f"Whisper {weights.name}: {error_line(error)}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """One group of clips after encoding and greedy decoding; forced scoring is still open."""

    task: BoundedGreedy
    group: windows.Group
    clips: tuple[windows.Clip, ...]
    encoded: Encoded
    transcripts: tuple[tuple[Transcript, ...], ...]
    """Per clip, one per row."""
    scored: Mapping[int, Forced]
    """By row: the whole forced text of clips of one row, where it was the draft of their transcript."""
    languages: tuple[float | None, ...]
    """By row: log-probability of the expected language; None where the network knows only one."""

    @property
    def texts(self) -> dict[int, str]:
        """Transcript of each clip, by its index in the batch."""
        return {
            index: "" if clip.is_silent else " ".join(part.text for part in parts if part.text)
            for index, clip, parts in zip(self.group.clips, self.clips, self.transcripts, strict=True)
        }

    def features(self) -> dict[int, Features]:
        """What the encoder heard in each clip, without added leads and what pads the window, by index in the batch."""
        found: dict[int, Features] = {}
        row = 0
        for index, clip in zip(self.group.clips, self.clips, strict=True):
            parts = []
            for audio, lead in zip(clip.rows, clip.leads, strict=True):
                first, last = (round(seconds * _FRAMES_PER_SECOND) for seconds in (lead, audio.size / _RATE))
                parts.append(self.encoded.features[row, first : max(last, first + 1)].float().cpu())
                row += 1
            found[index] = np.concatenate([part.numpy() for part in parts])
        return found

    def words(self, index: int, text: str) -> tuple[WordSpan, ...]:
        """When each word of `text` is spoken in a clip of one row; nothing for a longer or silent one."""
        at = self.group.clips.index(index)
        clip = self.clips[at]
        if len(clip.rows) > 1 or clip.is_silent:
            return ()
        row = sum(len(one.rows) for one in self.clips[:at])
        frames = round(clip.rows[0].size / _RATE * _FRAMES_PER_SECOND)
        spans = self.task.align(self.encoded, row, text, frames)
        lead = clip.leads[0]
        return tuple(
            WordSpan(word=word, start=round(max(0.0, start - lead), 3), end=round(max(0.0, end - lead), 3))
            for word, start, end in spans
        )

    def hearings(self, forced: Sequence[str | None]) -> dict[int, Hearing]:
        """Score ``forced[i]`` on the group's i-th clip and put everything together, by index in the batch."""
        per_clip = [
            windows.shares(text or "", [part.text for part in parts])
            for text, parts in zip(forced, self.transcripts, strict=True)
        ]
        wanted = [(share, text) for parts, text in zip(per_clip, forced, strict=True) for share in parts]
        rows = [row for row, (_, text) in enumerate(wanted) if text is not None and row not in self.scored]
        drafts = self.task.draft(self.encoded, rows, [wanted[row][0] for row in rows])
        known = {**self.scored, **{row: draft.forced for row, draft in zip(rows, drafts, strict=True)}}
        scores: Iterator[Forced | None] = iter([known.get(row) for row in range(len(wanted))])
        result: dict[int, Hearing] = {}
        for at, (index, text) in enumerate(self.texts.items()):
            parts = [next(scores) for _ in per_clip[at]]
            target = forced[at]
            scored = None if target is None else _joined(target, parts)
            hearing = _hearing(self.clips[at], text, self.transcripts[at], scored)
            row = sum(len(one.rows) for one in self.clips[:at])
            likely = self.languages[row]
            result[index] = replace(hearing, language=self.task.language, language_logprob=likely)
        return result


def _hear(
    task: BoundedGreedy, group: windows.Group, prepared: Sequence[windows.Clip], expected: Sequence[str | None]
) -> _Heard:
    from harness.hearing.asr import encoder

    clips = tuple(prepared[index] for index in group.clips)
    rows = [row for clip in clips for row in clip.rows]
    encoded = encoder.encode(task.model, rows, group.window)
    # What an honest voice says is mostly what the golden said: the forced text is greedy decoding's draft as well.
    texts = [
        text if len(clip.rows) == 1 else None for clip, text in zip(clips, expected, strict=True) for _ in clip.rows
    ]
    drafted = [row for row, text in enumerate(texts) if text is not None]
    drafts = dict(zip(drafted, task.draft(encoded, drafted, [texts[row] or "" for row in drafted]), strict=True))
    heard = task.transcribe(encoded, [_bound(row) for row in rows], [drafts.get(row) for row in range(len(rows))])
    # A network trained on 30 s now and then loops in a shorter window. Such rows are transcribed once more, in a
    # full one; their forced score stays that of the short window, as in the golden.
    astray = [at for at, part in enumerate(heard) if part.is_bounded or part.is_looping]
    if astray and group.window < windows.WINDOWS[-1]:
        again = [rows[at] for at in astray]
        full = encoder.encode(task.model, again, windows.WINDOWS[-1])
        for at, part in zip(astray, task.transcribe(full, [_bound(row) for row in again]), strict=True):
            heard[at] = part
    transcripts = iter(heard)
    return _Heard(
        task=task,
        group=group,
        clips=clips,
        encoded=encoded,
        transcripts=tuple(tuple(next(transcripts) for _ in clip.rows) for clip in clips),
        scored={row: draft.forced for row, draft in drafts.items()},
        languages=tuple(task.language_logprobs(encoded)),
    )


def _bound(row: Waveform) -> int:
    """Tokens that may be written for a row of 16 kHz audio."""
    return min(_TOKENS_MOST, int(_TOKENS_PER_SECOND * row.size / windows.SAMPLE_RATE) + _TOKENS_MORE)


def _hearing(clip: windows.Clip, text: str, parts: Sequence[Transcript], forced: ForcedScore | None) -> Hearing:
    if clip.is_silent:  # whatever Whisper makes of silence ("you", "Thank you.") was not said
        return Hearing(text="", tokens=0, avg_logprob=0.0, no_speech=1.0, truncated=clip.is_cut, forced=forced)
    steps = [part.tokens + 1 for part in parts]
    total = sum(part.avg_logprob * count for part, count in zip(parts, steps, strict=True))
    return Hearing(
        text=text,
        tokens=sum(part.tokens for part in parts),
        avg_logprob=total / sum(steps),
        no_speech=min(part.no_speech for part in parts),
        truncated=clip.is_cut or any(part.is_bounded for part in parts),
        forced=forced,
    )


def _joined(text: str, parts: Sequence[Forced | None]) -> ForcedScore:
    """One score over all windows of a clip; of the end markers only the last one counts."""
    pieces: list[str] = []
    logprobs: list[float] = []
    scored = [part for part in parts if part is not None]
    for part in scored[:-1]:
        pieces += part.pieces[:-1]
        logprobs += part.logprobs[:-1]
    return ForcedScore(text=text, pieces=(*pieces, *scored[-1].pieces), logprobs=(*logprobs, *scored[-1].logprobs))


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingDependency(
            f"Whisper needs {distribution}, which is not installed: {install_command(_EXTRA)}"
        ) from error
