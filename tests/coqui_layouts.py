"""Folders of Coqui voices as people have them: every architecture, with side files as trainers leave them.

One row for each folder: what writes it, and who of it can speak. The weights are random (:mod:`tests.coqui_voices`);
names, formats and paths are those of Coqui's trainer, of its model manager and of released archives.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.core.voice import ONLY_VOICE, Voice
from tests.audible_letters import let_letters_be_heard
from tests.coqui_voices import HOPS, VOCODERS, write_vocoder, write_voice

_voice = partial(write_voice, is_audible=True)
ELSEWHERE = "/home/trainer/.local/share/tts/released"
"""Where the packer of an archive had its files."""
SPEAKERS = ("amelie", "bruno")
LANGUAGES = ("en", "fr-fr")
_AMELIE, _BRUNO = (Voice(speaker=name) for name in SPEAKERS)
_TWO = (_AMELIE, _BRUNO)
_BY_ID = {"use_speaker_embedding": True, "num_speakers": 2}
_SPEAKERS = {"speakers": list(SPEAKERS)}
NOISELESS = frozenset({"hifigan", "melgan", "fullband_melgan", "multiband_melgan"})
"""Vocoders that draw nothing; GlowTTS has no noise of its own by default."""
_DIM = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One folder."""

    name: str
    architecture: str
    """As its authors call it."""
    what: str
    """What it has that others have not."""
    write: Callable[[Path], object]
    """Writes it into a folder that is there."""
    voices: tuple[Voice, ...] = (ONLY_VOICE,)
    """Who of it speaks: the first is judged, each other sounds otherwise."""
    vocoder: str = ""
    """Of :data:`tests.coqui_voices.VOCODERS`, in a folder of its own."""
    is_fixed: bool = False
    """Whether every seed gives the same audio."""
    is_copied: bool = False
    """Whether what the voice needs is copied out of it first (``soundcheck scan --copy-voice``)."""


def _plain(name: str, changes: Mapping[str, Any] | None = None, **more: Any) -> Callable[[Path], object]:
    return lambda folder: _voice(folder, name, changes, **more)


def _in_args(name: str, **arguments: Any) -> dict[str, Any]:
    """Arguments of a model, where its configuration has them: below ``model_args``, or on top (Tacotron, GlowTTS)."""
    on_top = name in ("tacotron", "tacotron2", "glow_tts")
    return dict(arguments) if on_top else {"model_args": arguments}


def _ids(name: str, place: str = "") -> Callable[[Path], object]:
    """Two speakers by number: listed in the configuration, or in the trainer's ``speakers.pth``, named as `place`."""

    def write(folder: Path) -> None:
        import torch

        if not place:
            _voice(folder, name, {**_in_args(name, **_BY_ID), **_SPEAKERS})
            return
        torch.save({speaker: number for number, speaker in enumerate(SPEAKERS)}, folder / "speakers.pth")
        _voice(folder, name, _in_args(name, **_BY_ID, speakers_file="speakers.pth"))
        rename(folder, "speakers_file", place)

    return write


def _d_vectors(name: str, place: str = "speakers.json", *, seed: int = 0, **changes: Any) -> Callable[[Path], object]:
    """Two speakers by a vector each, in the table that Coqui computes."""

    def write(folder: Path) -> None:
        rng = np.random.default_rng(3)
        clips = {
            f"{speaker}/{clip}.wav": {"name": speaker, "embedding": rng.normal(size=_DIM).tolist()}
            for speaker in SPEAKERS
            for clip in range(2)
        }
        (folder / "speakers.json").write_text(json.dumps(clips), "utf-8")
        by_vector = {"use_d_vector_file": True, "d_vector_file": _listed(name), "d_vector_dim": _DIM}
        _voice(folder, name, {**_in_args(name, **by_vector), **changes}, seed=seed)
        rename(folder, "d_vector_file", place)

    return write


def _listed(name: str) -> Any:
    return ["speakers.json"] if name == "vits" else "speakers.json"


def _yourtts(folder: Path) -> None:
    """Several speakers and languages, an encoder of speakers: YourTTS as the model manager leaves it."""
    import torch
    from TTS.config import load_config
    from TTS.encoder.utils.generic_utils import setup_encoder_model

    sizes = {"model_name": "resnet", "input_dim": 64, "proj_dim": _DIM, "num_filters": [8, 8, 8, 8]}
    audio = {"num_mels": 64, "sample_rate": 16_000, "fft_size": 512, "win_length": 400, "hop_length": 160}
    about = {"model": "speaker_encoder", "model_params": {**sizes, "use_torch_spec": True}, "audio": audio}
    about |= {"num_classes_in_batch": 2, "num_utter_per_class": 2, "num_loader_workers": 0}
    (folder / "config_se.json").write_text(json.dumps(about), "utf-8")
    encoder = setup_encoder_model(load_config(str(folder / "config_se.json")))
    torch.save({"model": encoder.state_dict()}, folder / "model_se.pth")
    (folder / "language_ids.json").write_text(json.dumps({name: at for at, name in enumerate(LANGUAGES)}), "utf-8")
    side = {
        "use_language_embedding": True,
        "language_ids_file": "language_ids.json",
        "use_d_vector_file": True,
        "d_vector_file": ["speakers.json"],
        "d_vector_dim": _DIM,
        "speaker_encoder_model_path": "model_se.pth",
        "speaker_encoder_config_path": "config_se.json",
    }
    _d_vectors("vits", seed=1, model_args=side)(folder)  # of seed 0 the letters are hardly told apart
    for field in ("language_ids_file", "speaker_encoder_model_path", "speaker_encoder_config_path"):
        rename(folder, field, f"{ELSEWHERE}/{side[field]}")
    rename(folder, "d_vector_file", f"{ELSEWHERE}/speakers.json")


def _statistics(place: str) -> Callable[[Path], object]:
    """GlowTTS that scales its spectrograms by the statistics of its data set."""

    def write(folder: Path) -> None:
        audio = {"signal_norm": True, "stats_path": None}
        _voice(folder, "glow_tts", {"audio": audio})
        zeros, ones = np.zeros(80, np.float32), np.ones(80, np.float32)
        kept = {"mel_mean": zeros - 3, "mel_std": ones, "linear_mean": zeros, "linear_std": ones}
        kept["audio_config"] = json.loads((folder / "config.json").read_text("utf-8"))["audio"]
        np.save(folder / "scale_stats.npy", np.array(kept), allow_pickle=True)
        rename(folder, "stats_path", place)

    return write


def _trainers_folder(folder: Path) -> None:
    """What lies in a run's folder when training is over."""
    import torch

    _ids("vits", "/train/out/speakers.pth")(folder)
    (folder / "best_model.pth").rename(folder / "best_model_1200.pth")
    torch.save({"param_groups": [{"lr": 0.0002}], "state": {}}, folder / "optimizer.pth")
    (folder / "trainer_0_log.txt").write_text("> EPOCH: 0/1000\n", "utf-8")
    (folder / "train_vits.py").write_text("from trainer import Trainer\n", "utf-8")
    (folder / "events.out.tfevents.1700000000.host.1.0").write_bytes(b"\x18\0\0\0\0\0\0\0")


def _half(folder: Path) -> None:
    """Weights in half precision."""
    import torch

    _voice(folder, "vits")
    kept = torch.load(folder / "best_model.pth", weights_only=False)
    kept["model"] = {
        name: value.half() if value.is_floating_point() else value for name, value in kept["model"].items()
    }
    torch.save(kept, folder / "best_model.pth")


def _xtts(folder: Path, *, is_fine_tune: bool = False, vocabulary: str = "vocab.json", **arguments: Any) -> None:
    """XTTS with two of its own voices, as it was released or as its trainer leaves a fine-tune."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import BPE

    marks = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[en]", "[es]", "[zh-cn]"]
    letters = [*"abcdefghijklmnopqrstuvwxyz.,!?'áéíóúñ-"]
    words = Tokenizer(BPE(vocab={word: at for at, word in enumerate(marks + letters)}, merges=[], unk_token="[UNK]"))
    words.add_special_tokens(marks)
    words.save(str(folder / vocabulary.rpartition("/")[2]))
    count = words.get_vocab_size()
    tokens = {"gpt_number_text_tokens": count, "gpt_start_text_token": 3, "gpt_stop_text_token": 0}
    changes = {
        "model_args": {**tokens, "tokenizer_file": vocabulary if vocabulary != "vocab.json" else "", **arguments}
    }

    _voice(folder, "xtts", changes, checkpoint="model.pth")
    torch.manual_seed(5)
    voices = {
        speaker: {"gpt_cond_latent": torch.randn(1, 32, 64), "speaker_embedding": torch.randn(1, 512, 1)}
        for speaker in SPEAKERS
    }
    torch.save(voices, folder / "speakers_xtts.pth")
    if is_fine_tune:
        kept = torch.load(folder / "model.pth", weights_only=False)
        kept["model"] = {f"xtts.{name}": value for name, value in kept["model"].items()}
        kept["model"]["xtts.dvae.codebook.embed"] = torch.zeros(4, 4)
        kept["model"]["xtts.torch_mel_spectrogram_dvae.mel_stft.spectrogram.window"] = torch.zeros(8)
        (folder / "model.pth").unlink()
        torch.save(kept, folder / "best_model_700.pth")


def _tortoise(folder: Path) -> None:
    """Tortoise's five files, and two voices that somebody cloned before."""
    import torch

    parts: dict[str, Any] = {}

    def take_apart(model: Any) -> None:
        model.autoregressive.mel_head.bias[model.autoregressive.stop_mel_token] = 2.5  # it would speak for 20 s
        parts["autoregressive"] = model.autoregressive.state_dict()
        parts["diffusion_decoder"] = model.diffusion.state_dict()
        parts["clvp2"] = model.clvp.state_dict()
        parts["vocoder"] = {"model_g": model.vocoder.state_dict()}

    _voice(folder, "tortoise", prepare=take_apart)
    (folder / "best_model.pth").unlink()
    parts["mel_norms"] = torch.ones(80)
    for name, content in parts.items():
        torch.save(content, folder / f"{name}.pth")
    (folder / "voices").mkdir()
    torch.manual_seed(5)
    for speaker in SPEAKERS:
        latents = {"auto_conditioning": torch.randn(1, 32), "diffusion_conditioning": torch.randn(1, 128)}
        about = {"model": {"name": "tortoise"}, "speaker_id": speaker, "source_files": ["clip.wav"]}
        torch.save({**latents, "metadata": about}, folder / "voices" / f"{speaker}.pth")


def _mms(folder: Path) -> None:
    """A voice of fairseq's MMS: names and configuration of another program, told by their content."""
    import torch
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import Vits

    torch.manual_seed(0)
    letters = [" ", "'", *"abcdefghijklmnopqrstuvwxyz", "-", "|", "_", "–"]
    config = VitsConfig()
    config.model_args.init_discriminator = False
    config.model_args.num_chars = len(letters)
    model = Vits(config)
    model.text_encoder.emb = torch.nn.Embedding(len(letters), config.model_args.hidden_channels)
    with torch.no_grad():
        let_letters_be_heard(model)
    torch.save({"model": fairseq_names(model.state_dict()), "iteration": 1}, folder / "G_100000.pth")
    (folder / "vocab.txt").write_text("".join(f"{letter}\n" for letter in letters), "utf-8")
    data = {"training_files": "train.ltr", "text_cleaners": ["transliteration_cleaners"], "sampling_rate": 16_000}
    sizes = {"hidden_channels": 192, "filter_channels": 768, "n_heads": 2, "n_layers": 6}
    content = {"train": {"segment_size": 8192}, "data": {**data, "add_blank": True, "n_speakers": 0}, "model": sizes}
    (folder / "config.json").write_text(json.dumps(content), "utf-8")


def fairseq_names(state: Mapping[str, Any]) -> dict[str, Any]:
    """Coqui's names of VITS's tensors as fairseq has them: what ``rehash_fairseq_vits_checkpoint`` undoes."""
    pairs = (
        ("text_encoder.", "enc_p."),
        ("waveform_decoder.", "dec."),
        ("posterior_encoder.", "enc_q."),
        ("duration_predictor.", "dp."),
    )
    named = {}
    for name, value in state.items():
        for ours, theirs in pairs:
            if name.startswith(ours):
                name = theirs + name.removeprefix(ours)
        for flows in ("dp.flows.", "dp.post_flows."):
            if name.startswith(flows):
                number, _, rest = name.removeprefix(flows).partition(".")
                rest = {"translation": "m", "log_scale": "logs"}.get(rest, rest)
                name = f"{flows}{max(0, 2 * int(number) - 1)}.{rest}"
        if name.startswith("flow.flows."):
            number, _, rest = name.removeprefix("flow.flows.").partition(".")
            name = f"flow.flows.{2 * int(number)}.{rest}"
        named[name] = value
    return named


def rename(folder: Path, field: str, place: str) -> None:
    """Have ``config.json`` name a side file as `place`, wherever it names one."""

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: _renamed(one, place) if key == field else placed(one) for key, one in value.items()}
        return [placed(one) for one in value] if isinstance(value, list) else value

    path = folder / "config.json"
    path.write_text(json.dumps(placed(json.loads(path.read_text("utf-8"))), indent=4), "utf-8")


def _renamed(value: Any, place: str) -> Any:
    if isinstance(value, list):
        return [place for _ in value]
    return place if value or place.endswith(".npy") else value


_LANGUAGES = {"model_args": {"use_language_embedding": True}, "languages": list(LANGUAGES)}
_ESPEAK = {
    "use_phonemes": True,
    "phonemizer": "espeak",
    "phoneme_language": "en-us",
    "text_cleaner": "phoneme_cleaners",
}
_QUIET = {"model_args": {"inference_noise_scale": 0.0, "inference_noise_scale_dp": 0.0}}
_ABROAD = tuple(Voice(language=code) for code in LANGUAGES)
_YOURS = (
    Voice(speaker="amelie", language="en"),
    Voice(speaker="bruno", language="en"),
    Voice(speaker="amelie", language="fr-fr"),
)
_XTTS = (
    Voice(speaker="amelie", language="en"),
    Voice(speaker="bruno", language="en"),
    Voice(speaker="amelie", language="es"),
)


def _row(name: str, architecture: str, what: str, write: Callable[[Path], object], **more: Any) -> Layout:
    return Layout(name=name, architecture=architecture, what=what, write=write, **more)


LAYOUTS = (
    _row("vits", "VITS", "letters", _plain("vits")),
    _row("vits-espeak", "VITS", "phonemes of espeak", _plain("vits", _ESPEAK)),
    _row("vits-speakers", "VITS", "two speakers in the configuration", _ids("vits"), voices=_TWO),
    _row("vits-speakers-file", "VITS", "speakers in a file, relative", _ids("vits", "speakers.pth"), voices=_TWO),
    _row(
        "vits-speakers-away",
        "VITS",
        "speakers in a file, absolute",
        _ids("vits", f"{ELSEWHERE}/speakers.pth"),
        voices=_TWO,
    ),
    _row("vits-d-vectors", "VITS", "d-vectors, relative", _d_vectors("vits"), voices=_TWO),
    _row(
        "vits-d-vectors-away",
        "VITS",
        "d-vectors, absolute",
        _d_vectors("vits", f"{ELSEWHERE}/speakers.json"),
        voices=_TWO,
    ),
    _row("vits-languages", "VITS", "two languages", _plain("vits", _LANGUAGES), voices=_ABROAD),
    _row("vits-trainer", "VITS", "a trainer's folder", _trainers_folder, voices=_TWO, is_copied=True),
    _row("vits-half", "VITS", "half precision", _half),
    _row("vits-tar", "VITS", "named .pth.tar", _plain("vits", checkpoint="checkpoint_10.pth.tar")),
    _row("vits-fixed", "VITS", "without noise", _plain("vits", _QUIET), is_fixed=True),
    _row("yourtts", "YourTTS", "d-vectors, languages, an encoder, absolute", _yourtts, voices=_YOURS),
    _row("mms", "MMS (fairseq)", "as fairseq released it", _mms),
    _row("tacotron", "Tacotron", "", _plain("tacotron")),
    _row("tacotron-gst", "Tacotron", "style tokens", _plain("tacotron", {"use_gst": True, "gst": {}})),
    _row("tacotron2", "Tacotron 2", "", _plain("tacotron2")),
    _row(
        "tacotron2-ddc",
        "Tacotron 2",
        "double decoder consistency",
        _plain("tacotron2", {"double_decoder_consistency": True, "ddc_r": 5}),
    ),
    _row(
        "tacotron2-dca",
        "Tacotron 2",
        "dynamic convolution attention",
        _plain("tacotron2", {"attention_type": "dynamic_convolution"}),
    ),
    _row("tacotron2-gst", "Tacotron 2", "style tokens", _plain("tacotron2", {"use_gst": True, "gst": {}})),
    _row(
        "tacotron2-capacitron",
        "Tacotron 2",
        "Capacitron",
        _plain("tacotron2", {"use_capacitron_vae": True, "capacitron_vae": {}}),
    ),
    _row("tacotron2-speakers", "Tacotron 2", "two speakers", _ids("tacotron2"), voices=_TWO),
    _row("tacotron2-d-vectors", "Tacotron 2", "d-vectors", _d_vectors("tacotron2"), voices=_TWO),
    _row("glow", "GlowTTS", "", _plain("glow_tts")),
    _row("glow-speakers", "GlowTTS", "two speakers", _ids("glow_tts", "speakers.pth"), voices=_TWO),
    _row("glow-d-vectors", "GlowTTS", "d-vectors", _d_vectors("glow_tts"), voices=_TWO),
    _row("glow-statistics", "GlowTTS", "statistics, relative", _statistics("scale_stats.npy")),
    _row("glow-statistics-away", "GlowTTS", "statistics, absolute", _statistics(f"{ELSEWHERE}/scale_stats.npy")),
    _row("speedy-speech", "SpeedySpeech", "", _plain("speedy_speech")),
    _row("fast-pitch", "FastPitch", "", _plain("fast_pitch")),
    _row("fast-pitch-speakers", "FastPitch", "two speakers", _ids("fast_pitch"), voices=_TWO),
    _row("fast-speech", "FastSpeech", "", _plain("fast_speech")),
    _row("fastspeech2", "FastSpeech 2", "", _plain("fastspeech2")),
    _row("align-tts", "AlignTTS", "", _plain("align_tts")),
    _row("overflow", "Overflow", "", _plain("overflow")),
    _row("neural-hmm", "Neural HMM", "", _plain("neuralhmm_tts")),
    _row("delightful", "DelightfulTTS", "", _plain("delightful_tts"), is_fixed=True),
    _row("delightful-speakers", "DelightfulTTS", "two speakers", _ids("delightful_tts"), voices=_TWO, is_fixed=True),
    _row("xtts-v2", "XTTS v2", "as released", _xtts, voices=_XTTS),
    _row(
        "xtts-v2-trained",
        "XTTS v2",
        "a fine-tune of its trainer",
        lambda folder: _xtts(folder, is_fine_tune=True),
        voices=_XTTS,
    ),
    _row(
        "xtts-v2-away",
        "XTTS v2",
        "vocabulary, absolute",
        lambda folder: _xtts(folder, vocabulary=f"{ELSEWHERE}/words.json"),
        voices=_XTTS,
    ),
    _row(
        "xtts-v1",
        "XTTS v1.1",
        "as released",
        lambda folder: _xtts(folder, gpt_use_perceiver_resampler=False),
        voices=_XTTS,
    ),
    _row("tortoise", "Tortoise", "two voices cloned before", _tortoise, voices=_TWO),
    *(
        _row(
            f"glow+{name}",
            "GlowTTS",
            f"vocoder {name}",
            _plain("glow_tts", {"length_scale": 0.5, "audio": {"hop_length": HOPS.get(name, 256)}}),
            vocoder=name,
            is_fixed=name in NOISELESS,
        )
        for name in VOCODERS
    ),
)
"""All of them."""
BY_NAME = {layout.name: layout for layout in LAYOUTS}


def write_layout(root: Path, name: str) -> Path:
    """Write a folder below `root`, and its vocoder's beside it (:func:`vocoder_of`)."""
    layout = BY_NAME[name]
    folder = root / name
    folder.mkdir(parents=True)
    layout.write(folder)
    if layout.vocoder:
        write_vocoder(vocoder_of(folder), layout.vocoder, is_audible=True)
    return folder


def vocoder_of(folder: Path) -> Path:
    """Where the vocoder of a folder lies."""
    return folder.with_name(f"{folder.name}-vocoder")
