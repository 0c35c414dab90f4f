"""Coqui voices: loads a model directory as Coqui's ``Synthesizer`` does, and speaks in batches where the model can.

Runs in the worker only. VITS takes whole batches; any other Coqui model is spoken to one sentence at a time through
its own ``synthesize``. Sentences are split and joined as ``TTS.tts()`` does it (coqui-tts 0.28), so that what is
judged is what users of the voice will hear.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.core.engine import EngineInfo, Speech
from harness.core.voice import ONLY_VOICE, Voice
from harness.engines.coqui.channelslast import lay_channels_last
from harness.engines.coqui.compiledlayers import keep_few_layers
from harness.engines.coqui.espeak import install_inprocess_espeak
from harness.engines.coqui.loading import load_synthesizer
from harness.engines.coqui.reading import Conditions, read_rows, repeated
from harness.engines.noise import PerItemNoise

if TYPE_CHECKING:
    from harness.core.latents import Latents, Unspoken
    from harness.core.types import Waveform

MAX_BATCH_TOKENS = 4096
"""Bound on padded input ids of one batch: keeps peak memory flat for long texts."""
READ_TOKENS = 2048
"""The same where texts are only read: of more, what the layers hand on no longer fits a processor's cache."""


class CoquiEngine:
    """Implements :class:`harness.core.engine.Engine` for Coqui model directories."""

    def __init__(self) -> None:
        self._synthesizer: Any = None
        self._voice = ONLY_VOICE
        self._recording: str | None = None
        self._is_bare = False

    def prepare(self, *, device: str, threads: int) -> None:
        """Import Coqui, and have torch count as it should on its device."""
        import torch

        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        if device.startswith("cuda"):
            torch.cuda.current_device()
        install_inprocess_espeak()
        import_inflect()
        importlib.import_module("TTS.utils.synthesizer")

    def load(
        self,
        model: Path,
        *,
        device: str,
        threads: int,
        voice: Voice = ONLY_VOICE,
        vocoder: Path | None = None,
        is_untrained: bool = False,
        is_bare: bool = False,
        recording: Path | None = None,
    ) -> EngineInfo:
        """Load ``config.json`` as it was read, the checkpoint beside it, and a vocoder where there is one.

        Untrained, the checkpoint is one that nobody trained; bare, so is the vocoder, and no file that the
        configuration names is opened. A recording is listened to here, once: what is made of it
        is the same for every rendering.

        Raises:
            FileNotFoundError: There is no configuration.
            BadInput: There is no checkpoint, or there are several and none was chosen.
            Exception: Whatever Coqui raises for a model it cannot load.
        """
        del threads
        self._voice = voice
        self._synthesizer = load_synthesizer(
            model,
            voice,
            use_cuda=device.startswith("cuda"),
            vocoder=vocoder,
            is_untrained=is_untrained,
            is_bare=is_bare,
        )
        self._is_bare = is_bare
        if is_bare:
            self.speak_as(voice.speaker)
        network = self._synthesizer.tts_model
        for part in (network, self._synthesizer.vocoder_model):
            if part is not None:
                lay_channels_last(part)
        if _is_batchable(network):
            keep_few_layers()
            network.waveform_decoder = row_by_row(network.waveform_decoder)
        self._recording = str(recording) if recording else None
        if self._recording:
            clone_once(network, self._recording)
        names = ("coqui-tts", "torch", "espeakng-loader")
        return EngineInfo(
            name="coqui",
            sample_rate=int(self._synthesizer.output_sample_rate),
            versions={name: importlib.metadata.version(name) for name in names},
        )

    def speak_as(self, speaker: str) -> None:
        """See :class:`harness.core.engine.ManySpeakers`."""
        if self._is_bare:  # those that stand in have the names of their own
            manager = self._synthesizer.tts_model.speaker_manager
            names = list(manager.speaker_names) if manager is not None else []
            speaker = speaker if speaker in names or not names else names[0]
        self._voice = self._voice.of(speaker)

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        """Speak each text; item i draws its noise from ``seeds[i]`` only."""
        pieces = [self._sentences(text) for text in texts]
        flat = [
            (sentence, _sentence_seed(seed, place))
            for sentences, seed in zip(pieces, seeds, strict=True)
            for place, sentence in enumerate(sentences)
        ]
        spoken = iter(self._speak(flat))
        return [self._join([next(spoken) for _ in sentences]) for sentences in pieces]

    def read(self, items: Sequence[Unspoken], *, is_still: bool) -> list[Latents]:
        """See :class:`harness.core.engine.Reading`: text encoder and duration predictor alone, whole texts unsplit."""
        model = self._synthesizer.tts_model
        speaker, d_vector = model._get_speaker_id_or_dvector(self._speaker, self._recording, None)
        who = Conditions(
            speaker=speaker, d_vector=d_vector, language=model._get_language_id(self._language), is_still=is_still
        )
        rows = [list(one.ids) or model.tokenizer.text_to_ids(one.text, language=self._language) for one in items]
        found: dict[int, Latents] = {}
        for batch in _batches([len(row) for row in rows], READ_TOKENS):
            read = read_rows(model, [rows[at] for at in batch], [items[at].seed for at in batch], who)
            found |= dict(zip(batch, read, strict=True))
        return [found[at] for at in range(len(rows))]

    def _sentences(self, text: str) -> list[str]:
        language = self._language or self._synthesizer.tts_model.language_manager.language_names[0]
        return self._synthesizer.split_into_sentences(text, language) or [text]

    @property
    def _language(self) -> str | None:
        """The one that was chosen, else the only one."""
        return self._voice.language or _only(self._synthesizer.tts_model.language_manager.language_names)

    @property
    def _speaker(self) -> str | None:
        """The one that was chosen, else the only one; nobody where a recording is cloned."""
        if self._recording:
            return None
        manager = self._synthesizer.tts_model.speaker_manager
        return self._voice.speaker or (None if manager is None else _only(manager.speaker_names))

    def _speak(self, items: Sequence[tuple[str, int]]) -> list[Speech]:
        if not _is_batchable(self._synthesizer.tts_model):
            return [self._speak_alone(sentence, seed) for sentence, seed in items]
        model = self._synthesizer.tts_model
        ids = [model.tokenizer.text_to_ids(sentence, language=self._language) for sentence, _ in items]
        spoken: list[Speech | None] = [None] * len(items)
        for rows in _batches([len(row) for row in ids]):
            for row, speech in zip(rows, self._infer([ids[r] for r in rows], [items[r][1] for r in rows]), strict=True):
                spoken[row] = speech
        return [speech for speech in spoken if speech is not None]

    def _infer(self, ids: Sequence[Sequence[int]], seeds: Sequence[int]) -> list[Speech]:
        """One padded VITS batch; each waveform is cut at its own length (Vits pads without saying so)."""
        import torch

        model = self._synthesizer.tts_model
        if not all(ids):  # nothing pronounceable: Coqui would raise deep inside a convolution
            return [s for row, seed in zip(ids, seeds, strict=True) for s in self._infer_or_silence(row, seed)]
        lengths = torch.tensor([len(row) for row in ids])
        padded = torch.zeros(len(ids), int(lengths.max()), dtype=torch.long)
        for row, values in enumerate(ids):
            padded[row, : len(values)] = torch.tensor(values)
        speaker, d_vector = model._get_speaker_id_or_dvector(self._speaker, self._recording, None)
        language = model._get_language_id(self._language)
        with PerItemNoise(seeds), torch.inference_mode():
            outputs = model.inference(
                padded.to(model.device),
                aux_input={
                    "x_lengths": lengths.to(model.device),
                    "speaker_ids": repeated(speaker, len(ids)),
                    "d_vectors": repeated(d_vector, len(ids)),
                    "language_ids": None if language is None else torch.tensor([language] * len(ids)),
                },
            )
        audio = outputs["model_outputs"].detach().cpu().numpy()
        frames = outputs["y_mask"].sum(dim=(1, 2)).long().cpu().tolist()
        hop = audio.shape[-1] // max(1, min(max(frames), model.max_inference_len or max(frames)))
        return [
            self._finish(audio[row].reshape(-1)[: frames[row] * hop], frames[row], len(ids[row]))
            for row in range(len(ids))
        ]

    def _infer_or_silence(self, ids: Sequence[int], seed: int) -> Iterable[Speech]:
        if ids:
            return self._infer([ids], [seed])
        rate = int(self._synthesizer.output_sample_rate)
        return [Speech(samples=np.zeros(0, np.float32), sample_rate=rate, frames=0, tokens=0)]

    def _speak_alone(self, sentence: str, seed: int) -> Speech:
        """One sentence by the model's own ``synthesize``, as ``Synthesizer.tts`` calls it."""
        import torch

        seed_all(seed)
        synthesizer = self._synthesizer
        no_vocoder = synthesizer.vocoder_model is None
        own = {"use_deterministic_seed": seed} if _draws_own_seed(synthesizer.tts_model) else {}
        with torch.no_grad():  # WaveRNN makes layers of its weights while it speaks, which inference mode forbids
            outputs = synthesizer.tts_model.synthesize(
                text=sentence,
                speaker=self._speaker,
                speaker_wav=self._recording,
                voice_dir=synthesizer.voice_dir,
                language=self._language,
                use_griffin_lim=no_vocoder,
                **own,
            )
            if no_vocoder:
                waveform = outputs["wav"]
            else:
                device = next(synthesizer.vocoder_model.parameters()).device
                waveform = synthesizer._run_vocoder(outputs["outputs"]["model_outputs"][0], device)
        samples = np.asarray(torch.as_tensor(waveform).cpu(), dtype=np.float32).reshape(-1)
        ids = outputs.get("text_inputs")  # XTTS and Tortoise have none
        return self._finish(samples, 0, int(ids.numel()) if isinstance(ids, torch.Tensor) else 0)

    def _finish(self, samples: Waveform, frames: int, tokens: int) -> Speech:
        if self._synthesizer.tts_config.audio.get("do_trim_silence"):
            samples = samples[: self._synthesizer.tts_model.ap.find_endpoint(samples)]
        rate = int(self._synthesizer.output_sample_rate)
        return Speech(samples=samples.astype(np.float32), sample_rate=rate, frames=frames, tokens=tokens)

    def _join(self, sentences: Sequence[Speech]) -> Speech:
        """Sentences in a row with Coqui's pause between them (it also appends one at the end; we do not)."""
        from TTS.utils.synthesizer import PAD_SILENCE_SAMPLES

        pause = np.zeros(PAD_SILENCE_SAMPLES, np.float32)
        parts = [part for speech in sentences for part in (pause, speech.samples)][1:]
        return Speech(
            samples=np.concatenate(parts),
            sample_rate=sentences[0].sample_rate,
            frames=sum(speech.frames for speech in sentences),
            tokens=sum(speech.tokens for speech in sentences),
        )


def clone_once(network: Any, recording: str) -> None:
    """Have a model make its voice of a recording now, and give the same one whenever it would make it again.

    Coqui makes it anew for each sentence; what that takes and draws belongs to no phrase.
    """
    import torch

    settings = {}
    if type(network).__name__ == "Xtts":  # as its ``synthesize`` hands them on
        names = ("gpt_cond_len", "gpt_cond_chunk_len", "sound_norm_refs")
        settings = {name: network.config[name] for name in names} | {"max_ref_length": network.config["max_ref_len"]}
    seed_all(0)
    with torch.no_grad(), plain_loading():
        cloned = network.clone_voice(recording, **settings)
    network.clone_voice = lambda *_, **__: cloned


@contextlib.contextmanager
def plain_loading() -> Iterator[None]:
    """Let torchaudio read a WAV file with libsndfile: since 2.9 it asks for libraries of FFmpeg to read any file."""
    import soundfile
    import torch

    torchaudio: Any = importlib.import_module("torchaudio")

    def load(path: str, *_: object, **__: object) -> tuple[torch.Tensor, int]:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return torch.from_numpy(samples.T.copy()), rate

    own, torchaudio.load = torchaudio.load, load
    try:
        yield
    finally:
        torchaudio.load = own


def row_by_row(decoder: Any) -> Any:
    """Wrap a VITS waveform decoder so that it decodes each row of a batch alone, cut at the row's own end.

    The decoder is nine tenths of the work and gains nothing from batches on a CPU, while its activations for eight
    sentences take gigabytes. Alone, a row also sounds as it would in a batch of one: padding behind it would leak
    into its last frames. The row's end is where the masked frames, exactly zero, begin.
    """
    import torch

    class RowByRow(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.decoder = decoder

        def forward(self, frames: torch.Tensor, g: torch.Tensor | None = None) -> torch.Tensor:
            decoded = []
            for row in range(len(frames)):
                sounding = frames[row].abs().amax(dim=0).nonzero()
                end = int(sounding[-1]) + 1 if len(sounding) else 1
                condition = None if g is None else g[row : row + 1]
                decoded.append(self.decoder(frames[row : row + 1, :, :end], g=condition)[0])
            longest = max(audio.shape[-1] for audio in decoded)
            return torch.stack([torch.nn.functional.pad(audio, (0, longest - audio.shape[-1])) for audio in decoded])

    return RowByRow()


def import_inflect() -> None:
    """Import what Coqui's English cleaners spell numbers with, without the checks of its own calls.

    inflect 7 has typeguard rewrite each of its methods when it is imported, which takes 2 s of every process, at the
    first phrase with a digit. Delete this when inflect imports quickly.
    """
    try:
        import typeguard
    except ImportError:
        return
    checked = typeguard.typechecked
    setattr(typeguard, "typechecked", lambda target: target)  # noqa: B010 - mypy knows the real signature
    try:
        importlib.import_module("inflect")
    except ImportError:
        return  # only English voices need it
    finally:
        typeguard.typechecked = checked


def seed_all(seed: int) -> None:
    """Seed every generator that Coqui draws from: torch's, numpy's (phases of Griffin-Lim) and Python's."""
    import torch

    torch.manual_seed(seed)
    np.random.seed(np.random.SeedSequence(seed).generate_state(4))
    random.seed(seed)


def _is_batchable(model: Any) -> bool:
    return type(model).__name__ == "Vits"


def _draws_own_seed(model: Any) -> bool:
    """Whether it seeds itself from the clock where it is given no seed."""
    return type(model).__name__ == "Tortoise"


def _only(names: Sequence[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _sentence_seed(seed: int, place: int) -> int:
    """Seed of the place-th sentence: the first keeps the rendering's own, so that one sentence is the plain case."""
    if place == 0:
        return seed
    return int(np.random.SeedSequence([seed, place]).generate_state(1, np.uint64)[0] >> 1)


def _batches(lengths: Sequence[int], most: int = MAX_BATCH_TOKENS) -> list[list[int]]:
    """Indices grouped by similar length, each group within so many input ids when padded."""
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        current = groups[-1] if groups else None
        if current is not None and (len(current) + 1) * lengths[index] <= most:
            current.append(index)
        else:
            groups.append([index])
    return groups
