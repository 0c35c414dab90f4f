"""Whisper's decoder, used in our own order: bounded greedy decoding, forced scoring, when words are spoken.

Imports torch and whisper at the top: only :mod:`harness.hearing.asr.whisper` may import this module, and late.
Sampling rules, suppressed tokens and the writing of text stay openai-whisper's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812  # torch's own convention
from torch import Tensor
from whisper.decoding import DecodingOptions, DecodingTask
from whisper.model import disable_sdpa
from whisper.timing import median_filter

from harness.hearing.asr import likeness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whisper.model import Whisper

    from harness.hearing.asr.encoder import Encoded

_SCORE_POSITIONS = 512
"""Positions whose logits (50 thousand floats each) are held at once in forced scoring."""
_LOOPING = 2.4
"""Compression ratio from which ``whisper.transcribe`` takes a text for a loop."""
_MEDIAN_FRAMES = 7
"""Width of the filter over cross-attention weights, as in ``whisper.timing``."""
_FRAMES_PER_SECOND = 50
"""Encoder output per second of audio."""
_LONGEST_TEXT = 8_000
"""Characters that are looked at for at most 448 tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What greedy decoding wrote for one row."""

    text: str
    tokens: int
    avg_logprob: float
    """Mean over the tokens and the end marker (nats)."""
    no_speech: float
    is_bounded: bool
    """True where the bound ended it, not the end marker."""
    is_looping: bool
    """True where it repeats itself: openai-whisper's own test, which decodes such a window again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """Log-probabilities of one given text; the end marker is last and its piece is empty."""

    pieces: tuple[str, ...]
    logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text that a row may turn out to say, after one decoder pass over it."""

    forced: Forced
    tokens: tuple[int, ...]
    """The leading tokens of the text that greedy decoding would choose as well."""
    logprob: float
    """Their log-probability under greedy decoding's rules, and the end marker's where the text is confirmed."""
    no_speech: float
    is_confirmed: bool
    """Whether greedy decoding writes this very text and ends."""


class BoundedGreedy(DecodingTask):  # type: ignore[misc]  # whisper publishes no types
    """Greedy decoding in which every row has its own bound, and rows that are done stop costing.

    openai-whisper decodes a whole batch until its last row ends: all batch mates of a crafted clip would pay.
    """

    def __init__(self, model: Whisper, language: str) -> None:
        super().__init__(
            model,
            DecodingOptions(task="transcribe", language=language, temperature=0.0, without_timestamps=True, fp16=False),
        )
        self.language = language
        self._bounds: tuple[int, ...] = ()
        self._bounded: list[bool] = []
        self._encoded: Encoded | None = None
        self._drafts: tuple[Draft | None, ...] = ()

    def transcribe(
        self, encoded: Encoded, bounds: Sequence[int], drafts: Sequence[Draft | None] = ()
    ) -> list[Transcript]:
        """Transcribe each row with at most ``bounds[row]`` tokens.

        A row whose draft is confirmed costs nothing more; the others go on where the worst of their drafts ends.
        The result is that of plain greedy decoding (speculative decoding: Leviathan et al. 2023, arXiv 2211.17192).
        """
        self._encoded, self._bounds = encoded, tuple(bounds)
        self._drafts = tuple(drafts) or (None,) * len(bounds)
        self._bounded = [False] * len(bounds)
        try:
            results = self.run(encoded.features)
        finally:
            self._encoded = None
        return [
            Transcript(
                text=result.text,
                tokens=len(result.tokens),
                avg_logprob=float(result.avg_logprob),
                no_speech=float(result.no_speech_prob),
                is_bounded=is_bounded,
                is_looping=result.compression_ratio > _LOOPING,
            )
            for result, is_bounded in zip(results, self._bounded, strict=True)
        ]

    def draft(self, encoded: Encoded, rows: Sequence[int], texts: Sequence[str]) -> list[Draft]:
        """Score ``texts[i]`` on row ``rows[i]``, and find out how far greedy decoding would write the same.

        One decoder pass. The score itself knows no search and no suppressed tokens.
        """
        begin, end = list(self.initial_tokens), self.tokenizer.eot
        room = self.n_ctx - len(begin)
        targets = [[*self._tokens(text)[:room], end] for text in texts]
        size = max(1, _SCORE_POSITIONS // (len(begin) + max(map(len, targets), default=0)))
        drafts: list[Draft] = []
        for at in range(0, len(targets), size):
            drafts += self._drafted(encoded, rows[at : at + size], targets[at : at + size])
        return drafts

    def language_logprobs(self, encoded: Encoded) -> list[float | None]:
        """How likely each row is in the language that is expected, among all that the network knows (nats).

        One decoder step over the first marker, as ``whisper.detect_language`` takes. None for a network that knows one.
        """
        rows = len(encoded.features)
        if not self.model.is_multilingual:
            return [None] * rows
        first = torch.full((rows, 1), self.tokenizer.sot, device=encoded.features.device)
        logits = self.model.decoder(first, encoded.features, kv_cache=dict(encoded.cache))[:, 0]
        known = list(self.tokenizer.all_language_tokens)
        own = known.index(self.tokenizer.to_language_token(self.language))
        chosen: list[float | None] = logits[:, known].log_softmax(dim=-1)[:, own].tolist()
        return chosen

    def align(self, encoded: Encoded, row: int, text: str, frames: int) -> list[tuple[str, float, float]]:
        """Find when each word of a text is spoken, from where the decoder looks while it reads the text.

        The method of ``whisper.timing`` (dynamic time warping over normalised cross-attention weights) on features that
        are at hand, without its compiled loops.

        Args:
            encoded: Encoder output.
            row: Of it.
            text: What is spoken in it.
            frames: Encoder frames that are not padding.

        Returns:
            Word, start and end in seconds from the row's beginning, in order.
        """
        end = self.tokenizer.eot
        target = self._tokens(text)[: self.n_ctx - len(self.initial_tokens) - 1]
        if not target:
            return []
        inputs = torch.tensor([[*self.initial_tokens, *target, end]], device=encoded.features.device)
        looks: dict[int, Tensor] = {}
        hooks = [
            block.cross_attn.register_forward_hook(
                lambda _, __, output, layer=layer: looks.__setitem__(layer, output[-1][0])
            )
            for layer, block in enumerate(self.model.decoder.blocks)
        ]
        try:
            with disable_sdpa():  # the fused attention keeps no weights
                cache = {module: kept[row : row + 1] for module, kept in encoded.cache.items()}
                self.model.decoder(inputs, encoded.features[row : row + 1], kv_cache=cache)
        finally:
            for hook in hooks:
                hook.remove()
        heads = torch.stack([looks[int(layer)][int(head)] for layer, head in self.model.alignment_heads.indices().T])
        weights = heads[:, :, :frames].float().softmax(dim=-1)
        deviation, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
        sharp = median_filter((weights - mean) / deviation.clamp(min=1e-6), _MEDIAN_FRAMES)
        # A token is looked for from the place before it: the row of the last marker belongs to the first token.
        gains = sharp.mean(dim=0)[len(self.initial_tokens) - 1 : -1]
        times = [start / _FRAMES_PER_SECOND for start in likeness.first_columns(-gains.cpu().numpy())]
        words, tokens = self.tokenizer.split_to_word_tokens([*target, end])
        spans, at = [], 0
        for word, own in zip(words[:-1], tokens[:-1], strict=True):
            if any(map(str.isalnum, word)):
                spans.append((word.strip(), times[at], times[at + len(own)]))
            at += len(own)
        return spans

    def _tokens(self, text: str) -> list[int]:
        """As whisper begins a segment: one leading space. Markers inside the text are mere characters."""
        text = text[:_LONGEST_TEXT].strip()
        return self.tokenizer.encode(f" {text}", disallowed_special=()) if text else []

    def _drafted(self, encoded: Encoded, rows: Sequence[int], targets: list[list[int]]) -> list[Draft]:
        begin, end = list(self.initial_tokens), self.tokenizer.eot
        length = max(map(len, targets))
        padded = torch.tensor([target + [end] * (length - len(target)) for target in targets])
        padded = padded.to(encoded.features.device)
        inputs = torch.cat([torch.tensor([begin] * len(targets)).to(padded), padded[:, :-1]], dim=1)
        chosen_rows = list(rows)
        cache = {module: kept[chosen_rows] for module, kept in encoded.cache.items()}
        # Causal attention: what pads a row behind its end marker changes nothing before it.
        logits = self.model.decoder(inputs, encoded.features[chosen_rows], kv_cache=cache)
        no_speech = logits[:, self.sot_index].softmax(dim=-1)[:, self.tokenizer.no_speech].tolist()
        logits = logits[:, len(begin) - 1 :]
        wanted = logits.gather(2, padded[..., None])[..., 0]
        # Rounding can lift a certainty above 1.
        forced = (wanted - logits.logsumexp(dim=2)).clamp(max=0.0).tolist()
        for place in range(length):
            for rule in self.logit_filters:
                rule.apply(logits[:, place], inputs[:, : len(begin) + place])
        agrees = (logits.argmax(dim=2) == padded).tolist()
        greedy = (wanted - logits.logsumexp(dim=2)).tolist()
        drafts = []
        for row, target in enumerate(targets):
            common = next((at for at, same in enumerate(agrees[row][: len(target)]) if not same), len(target))
            pieces = (*(self.tokenizer.decode([token]) for token in target[:-1]), "")
            drafts.append(
                Draft(
                    forced=Forced(pieces=pieces, logprobs=tuple(forced[row][: len(target)])),
                    tokens=tuple(target[: min(common, len(target) - 1)]),
                    logprob=sum(greedy[row][:common]),
                    no_speech=no_speech[row],
                    is_confirmed=common == len(target),
                )
            )
        return drafts

    def _get_audio_features(self, features: Tensor) -> Tensor:
        return features  # whisper's own would take features of a short window for a spectrogram

    def _main_loop(self, features: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor, list[float]]:
        """Whisper's hook for the search: tokens of each row with what they begin with, their score, and silence."""
        drafts, bounds = self._drafts, self._bounds
        confirmed = {
            row: draft
            for row, draft in enumerate(drafts)
            if draft and draft.is_confirmed and len(draft.tokens) < bounds[row]
        }
        begin = len(self.initial_tokens)
        written = {row: (list(draft.tokens), draft.logprob, draft.no_speech) for row, draft in confirmed.items()}
        open_rows = [row for row in range(len(tokens)) if row not in confirmed]
        if open_rows:
            # Rows share one position, so all begin where the shortest draft ends.
            known = [drafts[row] for row in open_rows]
            head = min(
                min(len(draft.tokens), bounds[row] - 1) if draft else 0
                for draft, row in zip(known, open_rows, strict=True)
            )
            started = torch.tensor([list(draft.tokens[:head]) if draft else [] for draft in known], dtype=tokens.dtype)
            started = torch.cat([tokens[open_rows], started.to(tokens.device).reshape(len(open_rows), head)], dim=1)
            found, sums, no_speech = self._search(features, open_rows, started)
            for row, line, total, silence in zip(open_rows, found.tolist(), sums.tolist(), no_speech, strict=True):
                written[row] = (line[begin:], total, silence)
        longest = max(len(line) for line, _, _ in written.values())
        lines = [
            [*written[row][0], *[self.tokenizer.eot] * (longest - len(written[row][0]))] for row in sorted(written)
        ]
        whole = torch.cat([tokens, torch.tensor(lines, dtype=tokens.dtype).reshape(len(tokens), -1).to(tokens)], dim=1)
        return (
            whole,
            torch.tensor([written[row][1] for row in sorted(written)]),
            [written[r][2] for r in sorted(written)],
        )

    def _search(self, features: Tensor, rows: list[int], tokens: Tensor) -> tuple[Tensor, Tensor, list[float]]:
        """Greedy decoding of some rows, each of which has begun with the given tokens."""
        assert self._encoded is not None
        end, device = self.tokenizer.eot, tokens.device
        begin, known = len(self.initial_tokens), tokens.shape[1]
        bounds = torch.tensor([self._bounds[row] for row in rows], device=device)
        sums = torch.zeros(len(tokens), device=device)
        no_speech: list[float] = []
        working = torch.ones(len(tokens), dtype=torch.bool, device=device)
        bounded = torch.zeros_like(working)
        live = torch.arange(len(tokens), device=device)  # rows the network still runs on: all that work, and more
        features = features[rows]
        cache, hooks = self.model.install_kv_cache_hooks(
            {module: kept[rows] for module, kept in self._encoded.cache.items()}
        )
        try:
            for step in range(known - begin, int(bounds.max())):
                fresh = tokens[live] if tokens.shape[1] == known else tokens[live, -1:]
                logits = self.model.decoder(fresh, features[live], kv_cache=cache)
                if tokens.shape[1] == known:
                    at_start = logits[:, self.sot_index].softmax(dim=-1)
                    no_speech = at_start[:, self.tokenizer.no_speech].tolist()
                    sums += self._known_logprobs(tokens, logits)
                logits = logits[:, -1]
                for rule in self.logit_filters:
                    rule.apply(logits, tokens[live])
                grown_sums = sums.clone()
                grown_sums[live], longer = self._choose(tokens[live], logits, sums[live])
                sums = torch.where(working, grown_sums, sums)
                tokens = F.pad(tokens, (0, 1), value=end)
                tokens[live] = longer
                tokens[~working, -1] = end
                working &= tokens[:, -1] != end
                bounded |= working & (bounds <= step + 1)
                working &= ~bounded
                left = int(working.sum())
                if left == 0:
                    break
                # Dropping rows copies the caches of the others, so it waits until half of them are done.
                if left * 2 <= len(live):
                    kept = working[live].nonzero()[:, 0]
                    live = live[kept]
                    for module in cache:
                        cache[module] = cache[module][kept]
        finally:
            for hook in hooks:
                hook.remove()
        for row, is_bounded in zip(rows, bounded.tolist(), strict=True):
            self._bounded[row] = is_bounded
        return tokens, sums, no_speech

    def _known_logprobs(self, tokens: Tensor, logits: Tensor) -> Tensor:
        """Log-probability, under greedy decoding's rules, of the tokens that a search begins with."""
        begin = len(self.initial_tokens)
        total = torch.zeros(len(tokens), device=tokens.device)
        for place in range(begin, tokens.shape[1]):
            at = logits[:, place - 1].clone()
            for rule in self.logit_filters:
                rule.apply(at, tokens[:, :place])
            total += at.log_softmax(dim=-1).gather(1, tokens[:, place : place + 1])[:, 0]
        return total

    def _choose(self, tokens: Tensor, logits: Tensor, sums: Tensor) -> tuple[Tensor, Tensor]:
        longer, _ = self.decoder.update(tokens, logits, sums)  # adds to `sums` in place
        return sums, longer
