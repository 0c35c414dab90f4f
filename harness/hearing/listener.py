"""Turns renderings into takes: hears them with the transcriber, measures them, and keeps both in the store."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.core.errors import SoundcheckError
from harness.core.stages import Stages
from harness.core.text import counted
from harness.core.transcriber import Repeat, TextChoice, Transcriber
from harness.core.types import Acoustics, ForcedScore, Hearing, Rendering, Take
from harness.hearing.listening import Expected
from harness.hearing.onethread import one_thread
from harness.hearing.senses import measure_all, senses_identity
from harness.storage.store import Store, digest_of

if TYPE_CHECKING:
    from harness.core.types import Waveform


class Listener:
    """Hears for one run. The transcriber is made when something new must be heard, never before.

    Implements :class:`harness.hearing.listening.Listening`.
    """

    def __init__(
        self, store: Store, transcriber: Callable[[], Transcriber], stages: Stages | None = None, *, fresh: bool = False
    ) -> None:
        """Remember; nothing is loaded yet.

        Args:
            store: Where renderings and takes are kept.
            transcriber: Makes who hears the words.
            stages: Told when something was loaded, heard and measured.
            fresh: Do not use what earlier runs, or other machines, have heard.
        """
        self._store = store
        self._fresh = fresh
        self._heard_here: set[tuple[str, str]] = set()
        """Digests of audio, and of how it was heard, of what this process has heard itself."""
        self._make = transcriber
        self._stages = stages or Stages(time.monotonic)
        self._transcriber: Transcriber | None = None
        self._at_work = threading.Lock()
        """Held by whoever has the transcriber listen: what is loaded beside something else is not loaded twice."""

    @property
    def transcriber(self) -> Transcriber:
        """The transcriber, loaded at first use."""
        if self._transcriber is None:
            self._transcriber = self._make()
        return self._transcriber

    @contextlib.contextmanager
    def getting_ready(self) -> Iterator[None]:
        """See :class:`harness.hearing.listening.Listening`: the transcriber is loaded in a thread of its own."""
        wrong: list[SoundcheckError] = []
        loading = threading.Thread(target=self._load, args=(self.transcriber, wrong), name="soundcheck-listener")
        loading.start()
        try:
            yield
        finally:
            loading.join()  # whose filters of warnings must not outlive the caller's
        if wrong:
            raise wrong[0]

    def takes(self, renderings: Sequence[Rendering], expected: Sequence[Expected]) -> list[Take]:
        """Hear a batch, each with what it is held against."""
        asked = [self._asked(one) for one in expected]
        found = self._known(list(zip(renderings, asked, strict=True)))
        missing = [index for index, take in enumerate(found) if take is None]
        clips = [self._store.audio(renderings[index].audio_sha256) for index in missing]
        wanted = [expected[index] for index in missing]
        if not missing:
            return [take for take in found if take is not None]
        with self._at_work, one_thread(), self._stages.at("whisper", f"hearing {counted(len(clips), 'clip')}"):
            heard = self.transcriber.listen(clips, [one.text for one in wanted], [one.prints for one in wanted])
        with self._stages.at("senses", f"measuring {counted(len(clips), 'clip')}"):
            measured = self._measured(clips)
        for index, acoustics, hearing in zip(missing, measured, heard, strict=True):
            take = _take(renderings[index], acoustics, hearing)
            self._heard_here.add((take.audio_sha256, digest_of([renderings[index].key, asked[index]])))
            self._store.keep_take(renderings[index], asked[index], take)
            found[index] = take
        return [take for take in found if take is not None]

    def repeats(self, renderings: Sequence[Rendering], choose: TextChoice) -> tuple[list[Take], list[Repeat]]:
        """Hear repeats of one phrase and score the text that `choose` picks from their transcripts on all of them."""
        clips = [self._store.audio(one.audio_sha256) for one in renderings]
        with self._at_work, one_thread():
            heard = self.transcriber.listen_together(clips, choose)
        takes = [
            _take(one, acoustics, repeat.hearing)
            for one, acoustics, repeat in zip(renderings, self._measured(clips), heard, strict=True)
        ]
        return takes, heard

    @property
    def senses(self) -> Mapping[str, str]:
        """What the acoustic numbers depend on."""
        return senses_identity(with_networks=self._hears_speech)

    def _known(self, asked: Sequence[tuple[Rendering, dict[str, str]]]) -> list[Take | None]:
        """What was heard before of each, where that may be used."""
        usable = [
            not self._fresh or (rendering.audio_sha256, digest_of([rendering.key, how])) in self._heard_here
            for rendering, how in asked
        ]
        found = iter(self._store.takes([one for one, may in zip(asked, usable, strict=True) if may]))
        return [next(found) if may else None for may in usable]

    def _load(self, transcriber: Transcriber, wrong: list[SoundcheckError]) -> None:
        try:
            with self._at_work, self._stages.at("whisper", "loading"):
                transcriber.listen([], [])
        except SoundcheckError as error:
            wrong.append(error)

    def _measured(self, clips: Sequence[tuple[Waveform, int]]) -> list[Acoustics]:
        with one_thread():
            return measure_all(clips, with_networks=self._hears_speech)

    @property
    def _hears_speech(self) -> bool:
        """False for the fake transcriber: networks that were trained on speech have nothing to say of its tones."""
        return self.transcriber.identity.get("weights") != "none"

    def _asked(self, expected: Expected) -> dict[str, str]:
        identity = digest_of(dict(self.transcriber.identity))
        senses = digest_of(dict(self.senses))
        text, prints = expected.key
        return {"asr": identity, "acoustics": senses, "forced": repr(text), "prints": prints}


def _take(rendering: Rendering, acoustics: Acoustics, hearing: Hearing) -> Take:
    return Take(
        seed=rendering.key.seed,
        audio_sha256=rendering.audio_sha256,
        facts=rendering.facts,
        hearing=_rounded(hearing),
        acoustics=acoustics,
    )


def _rounded(hearing: Hearing) -> Hearing:
    """Four decimals of a log-probability: what differs beyond is the order of a sum."""
    forced = hearing.forced
    if forced is not None:
        logs = tuple(round(value, 4) for value in forced.logprobs)
        forced = ForcedScore(text=forced.text, pieces=forced.pieces, logprobs=logs)
    return dataclasses.replace(
        hearing,
        avg_logprob=round(hearing.avg_logprob, 4),
        no_speech=round(hearing.no_speech, 4),
        language_logprob=None if hearing.language_logprob is None else round(hearing.language_logprob, 4),
        forced=forced,
    )
