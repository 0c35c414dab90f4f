"""Renderings of one model that need not be made again: how they are named, found and kept. Speaks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Set

from harness.core.engine import Speech
from harness.core.seeds import Request
from harness.core.types import Rendering, RenderingKey
from harness.core.waveform import clean, facts
from harness.speaking.doubts import Doubts
from harness.storage.store import Store, digest_of


class RenderingCache:
    """What one model has said before, in this process or another."""

    def __init__(
        self,
        store: Store,
        *,
        model_digest: str,
        engine_key: str,
        voice: str = "",
        device: str = "cpu",
        fresh: bool = False,
        doubts: Doubts | None = None,
    ) -> None:
        """Remember.

        Args:
            store: Where renderings are kept.
            model_digest: Of the model that speaks.
            engine_key: Engine and versions, as they go into every rendering's key.
            voice: Identity of who of the model speaks.
            device: ``cpu`` or ``cuda``.
            fresh: Do not use renderings of earlier runs.
            doubts: What is known of renderings of the model that a worker was lost on; nothing yet by default.
        """
        self._store = store
        self._model_digest = model_digest
        self._engine_key = engine_key
        self._voice = voice
        self._device = device
        self._fresh = fresh
        self.doubts = doubts or Doubts()
        self._made_here: set[RenderingKey] = set()
        self._doubted: dict[str, set[str]] = {}
        """Digests of keys in doubt, by text, as far as they were asked for."""

    def of(self, voice: str) -> RenderingCache:
        """What another voice of the same model has said.

        Args:
            voice: Its identity.
        """
        return RenderingCache(
            self._store,
            model_digest=self._model_digest,
            engine_key=self._engine_key,
            voice=voice,
            device=self._device,
            fresh=self._fresh,
            doubts=self.doubts,
        )

    @property
    def doubted(self) -> Set[str]:
        """Texts of which a rendering was in doubt when it was found or made here: to the end, whoever has said so."""
        return {text for text, digests in tuple(self._doubted.items()) if digests}

    def doubt(self, requests: Iterable[Request]) -> None:
        """A worker was lost on these, and another is asked for them."""
        for request in requests:
            digest = digest_of(self.key(*request))
            self.doubts.begin(digest)
            self._doubted.setdefault(request[0], set()).add(digest)

    def trust(self, requests: Iterable[Request]) -> None:
        """None of these lost the worker."""
        for request in requests:
            self.doubts.withdraw(digest_of(self.key(*request)))
            self.convict([request])

    def convict(self, requests: Iterable[Request]) -> None:
        """These lost a worker alone, too. That is no doubt here; it is one where they are spoken after all."""
        for text, seed in requests:
            self._doubted.get(text, set()).discard(digest_of(self.key(text, seed)))

    def tell(self, text: str) -> None:
        """A verdict says that renderings of a text are in doubt: whoever asks for them next has them made anew."""
        for digest in tuple(self._doubted.get(text, ())):
            self.doubts.tell(digest)

    def key(self, text: str, seed: int) -> RenderingKey:
        """Name of a rendering of this model."""
        return RenderingKey(
            model_digest=self._model_digest,
            text=text,
            seed=seed,
            engine=self._engine_key,
            device=self._device,
            voice=self._voice,
        )

    def find_all(self, requests: Iterable[Request]) -> dict[Request, Rendering]:
        """Those renderings of several that are there and may be used."""
        self._store.use(self._model_digest)
        self.doubts.look()
        keys = {request: self.key(*request) for request in requests}
        usable = [request for request, key in keys.items() if self._may_use(key)]
        found = self._store.renderings([keys[request] for request in usable])
        there = {request: one for request, one in zip(usable, found, strict=True) if one is not None}
        self.doubts.look()  # who made them noted it first
        for request in there:
            self._look_at(request[0], keys[request])
        return there

    def _may_use(self, key: RenderingKey) -> bool:
        return key in self._made_here or not (self._fresh or self.doubts.is_told(digest_of(key)))

    def _look_at(self, text: str, key: RenderingKey) -> None:
        if self.doubts.is_untold(digest := digest_of(key)):
            self._doubted.setdefault(text, set()).add(digest)

    def keep(self, request: Request, speech: Speech) -> Rendering:
        """Measure and keep what a worker said.

        Raises:
            StorageError: The store cannot be written.
        """
        self._store.use(self._model_digest)
        measured = facts(speech.samples, speech.sample_rate)
        key = self.key(*request)
        self._made_here.add(key)
        made = self._store.keep(
            key, clean(speech.samples), speech.sample_rate, measured, (speech.frames, speech.tokens)
        )
        self.doubts.settle(digest_of(key), told_only=not self._fresh)
        self._look_at(request[0], key)
        return made
