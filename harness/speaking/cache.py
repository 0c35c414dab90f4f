"""Renderings of one model that need not be made again: how they are named, found and kept. Speaks nothing."""

from __future__ import annotations

from collections.abc import Iterable

from harness.core.engine import Speech
from harness.core.seeds import Request
from harness.core.types import Rendering, RenderingKey
from harness.core.waveform import clean, facts
from harness.storage.store import Store


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
    ) -> None:
        """Remember.

        Args:
            store: Where renderings are kept.
            model_digest: Of the model that speaks.
            engine_key: Engine and versions, as they go into every rendering's key.
            voice: Identity of who of the model speaks.
            device: ``cpu`` or ``cuda``.
            fresh: Do not use renderings of earlier runs.
        """
        self._store = store
        self._model_digest = model_digest
        self._engine_key = engine_key
        self._voice = voice
        self._device = device
        self._fresh = fresh
        self._made_here: set[RenderingKey] = set()

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
        )

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
        keys = {request: self.key(*request) for request in requests}
        usable = [request for request, key in keys.items() if not self._fresh or key in self._made_here]
        found = self._store.renderings([keys[request] for request in usable])
        return {request: one for request, one in zip(usable, found, strict=True) if one is not None}

    def keep(self, request: Request, speech: Speech) -> Rendering:
        """Measure and keep what a worker said.

        Raises:
            StorageError: The store cannot be written.
        """
        self._store.use(self._model_digest)
        measured = facts(speech.samples, speech.sample_rate)
        key = self.key(*request)
        self._made_here.add(key)
        return self._store.keep(
            key, clean(speech.samples), speech.sample_rate, measured, (speech.frames, speech.tokens)
        )
