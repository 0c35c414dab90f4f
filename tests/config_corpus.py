"""Hostile and clean Coqui model directories, made by functions: for the checks of configurations and of directories.

Payloads are inert: where one can run at all it appends its case's name to a marker file, and nothing else.
"""

from __future__ import annotations

import collections
import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MARKER = "SOUNDCHECK_MARKER"
"""Environment variable with the file that an inert payload appends to."""

Make = Callable[[Path], None]
Config = dict[str, Any]

VITS: Config = {
    "model": "vits",
    "run_name": "clean",
    "run_description": "A voice; see https://example.org/voice for how it was made.",
    "audio": {"sample_rate": 22050, "fft_size": 1024, "hop_length": 256, "win_length": 1024, "num_mels": 80},
    "use_phonemes": False,
    "text_cleaner": "basic_cleaners",
    "characters": {
        "characters_class": "TTS.tts.models.vits.VitsCharacters",
        "pad": "_",
        "punctuations": "!'(),-.:;? /\\~",
        "characters": "abcdefghijklmnopqrstuvwxyz//::",
        "phonemes": None,
    },
    "model_args": {"hidden_channels": 192, "num_layers_text_encoder": 6, "upsample_rates_decoder": [8, 8, 2, 2]},
    "datasets": [
        {"formatter": "ljspeech", "path": "/home/trainer/data/LJSpeech-1.1/", "meta_file_train": "metadata.csv"}
    ],
    "output_path": "~/runs",
    "phoneme_cache_path": "/data/../cache",
    "distributed_url": "tcp://localhost:54321",
    "max_audio_len": float("inf"),
    "test_sentences": [["Be a voice, not an echo.", "p225", None, "en"], ["/etc is a folder.", None, None, "en"]],
}
GLOW: Config = {
    **{key: VITS[key] for key in ("audio", "datasets", "output_path", "run_name")},
    "model": "glow_tts",
    "use_phonemes": True,
    "phonemizer": "espeak",
    "phoneme_language": "en-us",
    "text_cleaner": "phoneme_cleaners",
    "encoder_params": {"kernel_size": 3, "dropout_p": 0.1, "num_layers": 6, "num_heads": 2, "hidden_channels_ffn": 768},
}


@dataclass(frozen=True, slots=True)
class Case:
    """One model directory."""

    name: str
    make: Make
    rule: str = ""
    """Id of a rule that must be reported, without ``admission.``; empty for a clean directory."""
    place: str | None = None
    """Where, if it matters."""


def merged(base: Config, changes: Config) -> Config:
    """Put changes into a copy of a configuration, ``a.b`` into what lies in ``a``."""
    made: Config = json.loads(json.dumps(base))
    for path, value in changes.items():
        *above, last = path.split(".")
        target = made
        for key in above:
            target = target.setdefault(key, {})
        target[last] = value
    return made


def write(folder: Path, name: str, value: Any) -> None:
    """Write a JSON file as Coqui does."""
    (folder / name).write_text(json.dumps(value, indent=4), "utf-8")


def checkpoint() -> bytes:
    """A small checkpoint in torch's zip format, by hand: no torch is needed here."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"model": {}}, protocol=2))
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


def weights(folder: Path, name: str = "model.pth") -> None:
    """Write a small checkpoint."""
    (folder / name).write_bytes(checkpoint())


def with_config(changes: Config, base: Config = VITS, name: str = "config.json") -> Make:
    """A model directory whose configuration differs from a clean one in some fields."""

    def make(folder: Path) -> None:
        weights(folder)
        write(folder, name, merged(base, changes))

    return make


def with_text(text: str | bytes, name: str = "config.json") -> Make:
    """A model directory with a configuration byte by byte."""

    def make(folder: Path) -> None:
        weights(folder)
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))

    return make


def with_files(files: dict[str, bytes], changes: Config | None = None, base: Config = VITS) -> Make:
    """A model directory with more files in it."""

    def make(folder: Path) -> None:
        with_config(changes or {}, base)(folder)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)

    return make


class Marking:
    """Unpickles into a call that appends to the marker file."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, (marking_source(self.name),)


def marking_source(name: str) -> str:
    """Python that appends a line to the marker file."""
    return f"import os\nopen(os.environ[{MARKER!r}], 'a').write({name!r} + '\\n')\n"


def npy(value: Any) -> bytes:
    """What numpy.save writes."""
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=True)
    return buffer.getvalue()


def hostile_stats(name: str) -> bytes:
    """Statistics of numpy's own format that run the marker."""
    return npy(np.array(Marking(name), dtype=object))


def honest_stats() -> bytes:
    """Statistics as Coqui's compute_statistics writes them."""
    numbers = {
        "mel_mean": np.zeros(80),
        "mel_std": np.ones(80),
        "linear_mean": np.zeros(513),
        "linear_std": np.ones(513),
    }
    return npy(np.array({**numbers, "audio_config": {"num_mels": 80, "sample_rate": 22050}}, dtype=object))


def _stats_with(value: object) -> bytes:
    """Statistics of which all but one entry are as Coqui writes them."""
    return npy(np.array({"mel_mean": np.zeros(80), "mel_std": np.ones(80), "audio_config": value}, dtype=object))


def module(name: str) -> bytes:
    """A module that marks when it is imported."""
    return (marking_source(name) + "class Characters:\n    pass\n").encode()


_ON = {"model_args.use_speaker_embedding": True, "use_speaker_embedding": True}
_D_ON = {"model_args.use_d_vector_file": True, "use_d_vector_file": True}
_L_ON = {"model_args.use_language_embedding": True}


def _chars(name: str) -> Config:
    return {"characters.characters_class": name}


def _speakers(value: Any) -> Config:
    return {**_ON, "model_args.speakers_file": value}


def _fields(rule: str, place: str, *cases: tuple[str, Config]) -> tuple[Case, ...]:
    return tuple(Case(name, with_config(changes), rule, place) for name, changes in cases)


_ENCODER: Config = {"model": "speaker_encoder", "audio": {"num_mels": 80, "stats_path": "stats.npy"}}


def _nested_encoder(folder: Path) -> None:
    changes = {
        "model_args.speaker_encoder_model_path": "model_se.pth",
        "model_args.speaker_encoder_config_path": "config_se.json",
    }
    with_config(changes)(folder)
    weights(folder, "model_se.pth")
    write(folder, "config_se.json", _ENCODER)
    (folder / "stats.npy").write_bytes(hostile_stats("nested"))


def _stats_at_root(folder: Path) -> None:
    (folder / "voice").mkdir()
    with_files({"s.npy": npy(np.zeros(2))}, {"audio.stats_path": "s.npy"})(folder / "voice")
    (folder / "s.npy").write_bytes(hostile_stats("at-root"))


def _linked(target: str, name: str = "speakers.json") -> Make:
    def make(folder: Path) -> None:
        with_config(_speakers(name))(folder)
        (folder / name).symlink_to(target)

    return make


_CLEAN_TEXT = json.dumps(VITS, indent=1)
_STATS = "$.audio.stats_path"
_CLASS = "$.characters.characters_class"
_FILE = "$.model_args.speakers_file"

HOSTILE_CONFIGS: tuple[Case, ...] = (
    # Imports.
    Case(
        "class-beside",
        with_files({"payload.py": module("class-beside")}, _chars("payload.Characters")),
        "config-import",
        _CLASS,
    ),
    *_fields(
        "config-import",
        _CLASS,
        ("class-of-os", _chars("os.system")),
        ("class-of-tts", _chars("TTS.utils.manage.ModelManager")),
        ("class-nested", _chars("TTS.tts.utils.text.characters.Graphemes.x")),
        ("class-spaced", _chars(" TTS.tts.utils.text.characters.Graphemes")),
        ("class-case", _chars("tts.tts.utils.text.characters.graphemes")),
        ("class-relative", _chars(".payload.Characters")),
    ),
    *_fields(
        "config-name", "$.model", ("model-dotted", {"model": "..payload"}), ("model-unknown", {"model": "my_model"})
    ),
    *_fields("config-name", "$.base_model", ("base-model", {"base_model": "payload"})),
    *_fields("config-name", "$.text_cleaner", ("cleaner", {"text_cleaner": "__builtins__"})),
    *_fields("config-name", "$.phonemizer", ("phonemizer", {"phonemizer": "/tmp/phonemizer"})),
    *_fields("config-argument", "$.phoneme_language", ("language-option", {"phoneme_language": "--path=/tmp/voices"})),
    Case("generator", with_config({"generator_model": "payload.run"}), "config-name", "$.generator_model"),
    Case("discriminator", with_config({"discriminator_model": "os.path"}), "config-name", "$.discriminator_model"),
    # Pickles through numpy.
    Case(
        "stats-npy",
        with_files({"s.npy": hostile_stats("stats-npy")}, {"audio.stats_path": "s.npy"}),
        "config-pickle",
        _STATS,
    ),
    Case(
        "stats-bare-pickle",
        with_files({"s.dat": pickle.dumps(Marking("stats-bare-pickle"))}, {"audio.stats_path": "s.dat"}),
        "config-pickle",
        _STATS,
    ),
    Case(
        "stats-as-text",
        with_files({"README.md": pickle.dumps(Marking("stats-as-text"), 0)}, {"audio.stats_path": "README.md"}),
        "config-pickle",
        _STATS,
    ),
    Case(
        "stats-beside-honest-ones",
        with_files({"s.npy": _stats_with(Marking("stats-beside-honest-ones"))}, {"audio.stats_path": "s.npy"}),
        "config-pickle",
        _STATS,
    ),
    Case(
        "stats-in-an-array",
        with_files(
            {"s.npy": _stats_with(np.array([Marking("stats-in-an-array")], dtype=object))},
            {"audio.stats_path": "s.npy"},
        ),
        "config-pickle",
        _STATS,
    ),
    Case(
        "stats-of-another-class",
        with_files({"s.npy": _stats_with(np.ma.masked_array(np.zeros(80)))}, {"audio.stats_path": "s.npy"}),
        "config-pickle",
        _STATS,
    ),
    Case("stats-encoder", _nested_encoder, "config-pickle", _STATS),
    Case(
        "stats-in-yaml",
        with_files(
            {"other.yml": b"model: vits\naudio:\n  stats_path: s.npy\n", "s.npy": hostile_stats("stats-in-yaml")},
        ),
        "config-pickle",
        _STATS,
    ),
    Case("stats-at-root", _stats_at_root, "config-pickle", _STATS),
    Case("stats-absolute", with_config({"audio.stats_path": "/tmp/stats.npy"}), "config-path", _STATS),
    Case("stats-lookalike", with_config({"audio.Stats_path": "s.npy"}), "config-lookalike-key"),
    Case("stats-wide-key", with_config({"audio.ｓtats_path": "s.npy"}), "config-lookalike-key"),
    Case("stats-hidden-key", with_config({"audio.stats\u200b_path": "s.npy"}), "config-lookalike-key"),
    # URLs.
    *_fields(
        "config-url",
        _FILE,
        ("url-http", _speakers("http://127.0.0.1:9/speakers.json")),
        ("url-https", _speakers("https://127.0.0.1:9/speakers.json")),
        ("url-s3", _speakers("s3://bucket/speakers.json")),
        ("url-ssh", _speakers("ssh://127.0.0.1/speakers.json")),
        ("url-reference", _speakers("reference://speakers.json")),
        ("url-chained", _speakers("simplecache::file:///etc/passwd")),
        ("url-zip", _speakers("zip://speakers.json::archive.zip")),
        ("url-file", _speakers("file:///etc/passwd")),
        ("url-data", _speakers("data:application/json;base64,e30=")),
        ("url-memory", _speakers("memory://speakers.json")),
        ("url-github", _speakers("github://org:repo@main/speakers.json")),
        ("url-encoded", _speakers("http%3A//127.0.0.1/speakers.json")),
        ("url-spaced", _speakers(" \thttp://127.0.0.1/speakers.json")),
        ("url-upper", _speakers("HTTPS://127.0.0.1/SPEAKERS.JSON")),
        ("url-variable", _speakers("$HOME/speakers.json")),
        ("url-spaced-chain", _speakers("zip:: http://127.0.0.1/x.zip")),
        ("url-unheard-of", _speakers("newstore:speakers.json")),
    ),
    *_fields(
        "config-url", "$.d_vector_file[0]", ("url-in-list", {**_D_ON, "d_vector_file": ["https://127.0.0.1/d.pth"]})
    ),
    *_fields(
        "config-url",
        "$.model_args.language_ids_file",
        ("url-language", {**_L_ON, "model_args.language_ids_file": "ftp://127.0.0.1/ids.json"}),
    ),
    *_fields(
        "config-url",
        "$.model_args.speaker_encoder_config_path",
        ("url-encoder-config", {"model_args.speaker_encoder_config_path": "http://127.0.0.1/config_se.json"}),
    ),
    *_fields(
        "config-url",
        "$.model_args.speaker_encoder_model_path",
        ("url-encoder", {"model_args.speaker_encoder_model_path": "github://a:b@c/model_se.pth"}),
    ),
    *_fields("config-reference", "$.optimizer", ("optimizer", {"optimizer": "os.system"})),
    *_fields("config-url", "$.my_file", ("url-unknown-file", {"my_file": "file:///etc/shadow"})),
    *_fields("config-url", "$.my_field", ("url-unknown-field", {"my_field": "reference://{{x}}"})),
    *_fields(
        "config-url", "$.nested.deep[0].x", ("url-unknown-deep", {"nested.deep": [{"x": "simplecache::ssh://h/x"}]})
    ),
    Case(
        "bark-download",
        with_config(
            {"model": "bark", "REMOTE_MODEL_PATHS": {"text": {"path": "http://127.0.0.1/text_2.pt", "checksum": "x"}}}
        ),
        "config-url",
        "$.REMOTE_MODEL_PATHS.text.path",
    ),
    Case("bark", with_config({"model": "bark"}), "config-unsafe-loader", "$.model"),
    # Paths.
    *_fields(
        "config-path",
        _FILE,
        ("path-absolute", _speakers("/etc/passwd")),
        ("path-parent", _speakers("../other/speakers.json")),
        ("path-parent-inside", _speakers("voices/../../speakers.json")),
        ("path-home", _speakers("~/speakers.json")),
        ("path-other-home", _speakers("~root/speakers.json")),
        ("path-device", _speakers("/dev/zero")),
        ("path-proc", _speakers("/proc/self/environ")),
        ("path-windows", _speakers("C:\\Users\\speakers.json")),
        ("path-share", _speakers("\\\\server\\share\\speakers.json")),
        ("path-share-forward", _speakers("//server/share/speakers.json")),
        ("path-backslash", _speakers("..\\speakers.json")),
        ("path-pattern", _speakers("*.json")),
        ("path-spaced", _speakers(" speakers.json")),
        ("path-null", _speakers("speakers.json\0")),
        ("path-control", _speakers("speakers\u202e.json")),
    ),
    *_fields("config-bomb", _FILE, ("path-many", _speakers(["speakers.json"] * 65))),
    Case("path-link", _linked("/etc/passwd"), "config-path", _FILE),
    *_fields("config-name", _FILE, ("path-number", _speakers(7)), ("path-object", _speakers({"a": 1}))),
    *_fields(
        "config-path",
        "$.model_args.tokenizer_file",
        ("path-tokenizer", {"model": "xtts", "model_args.tokenizer_file": "/etc/passwd"}),
    ),
    # Two readers.
    Case(
        "duplicate",
        with_text('{"model": "glow_tts", "audio": {"stats_path": null, "stats_path": "x.npy"}, "model": "vits"}'),
        "config-readers-differ",
        "$.model",
    ),
    Case("duplicate-nested", with_text('{"model": "vits", "a": {"b": 1, "b": 2}}'), "config-readers-differ", "$.a.b"),
    Case(
        "duplicate-escaped", with_text('{"model": "vits", "mod\\u0065l": "xtts"}'), "config-readers-differ", "$.model"
    ),
    Case("duplicate-object", with_text('{"model": "vits", "a": {}, "a": {"x": 1}}'), "config-readers-differ", "$.a"),
    Case("not-a-number", with_text('{"model": "vits", "length_scale": NaN}'), "config-bomb", "$.length_scale"),
    Case("infinite-length", with_text('{"model": "vits", "length_scale": Infinity}'), "config-bomb"),
    Case("half-surrogate", with_text('{"model": "vits", "run_name": "\\ud800"}'), "config-readers-differ"),
    Case("long-number", with_text('{"model": "vits", "x": ' + "9" * 5000 + "}"), "config-readers-differ"),
    Case("comment-hides", with_text('{"model": "vits", // old\r "base_model": "payload", "x": 1}'), "config-name"),
    Case("block-comment", with_text("/* settings */" + _CLEAN_TEXT), "config-unreadable"),
    Case("comment-hang", with_text("/*" + "n" * 60), "config-unreadable"),  # 2 ** 60 steps of Coqui's expression
    Case("trailing", with_text(_CLEAN_TEXT + '{"model": "xtts"}'), "config-unreadable"),
    Case("trailing-comma", with_text('{"model": "vits",}'), "config-unreadable"),
    Case("single-quotes", with_text("{'model': 'vits'}"), "config-unreadable"),
    Case("mark", with_text(b"\xef\xbb\xbf" + _CLEAN_TEXT.encode()), "config-unreadable"),
    Case("wide", with_text(_CLEAN_TEXT.encode("utf-16")), "config-unreadable"),
    Case("latin", with_text(b'{"model": "vits", "run_name": "\xe9"}'), "config-unreadable"),
    Case("list", with_text("[1]"), "config-unreadable"),
    Case("empty", with_text(""), "config-unreadable"),
    Case("deep", with_text('{"model": "vits", "a": ' + "[" * 100_000 + "]" * 100_000 + "}"), "config-unreadable"),
    Case("unclosed-strings", with_text('{"a": ' + '"\\' * 200_000), "config-unreadable"),
    Case("huge", with_text('{"model": "vits", "a": "' + "x" * 3_000_000 + '"}'), "config-bomb"),
    Case("many-keys", with_text("[" + "0," * 500_000 + "0]"), "config-bomb"),
    Case(
        "yaml-tag",
        with_text("model: vits\nx: !!python/object/apply:os.getpid []\n", "config.yml"),
        "config-readers-differ",
    ),
    Case(
        "yaml-aliases",
        with_text("model: vits\na: &a [x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: [*c,*c]\n", "config.yaml"),
        "config-readers-differ",
    ),
    Case("yaml-merge", with_text("model: vits\na: &a {x: 1}\nb: {<<: *a}\n", "config.yml"), "config-readers-differ"),
    Case("yaml-documents", with_text("model: vits\n---\nmodel: xtts\n", "config.yml"), "config-unreadable"),
    Case("yaml-url", with_text("model: vits\nd_vector_file: [http://127.0.0.1/x.pth]\n", "config.yml"), "config-url"),
    Case("yaml-deep", with_text("a: " + "[" * 5000, "config.yml"), "config-unreadable"),
    Case("vocabulary-hides", with_files({"vocab.json": b'{"audio_config": {"stats_path": "/tmp/x"}}'}), "config-path"),
    # Numbers.
    *(
        Case(f"bomb-{name.split('.')[-1]}-{number:g}", with_config({name: number}), "config-bomb", f"$.{name}")
        for name, number in {
            "model_args.hidden_channels": 1_000_000,
            "model_args.num_layers_text_encoder": 1_000_000,
            "model_args.kernel_size_text_encoder": 1_000_001,
            "model_args.num_chars": 2_000_000_000,
            "model_args.num_speakers": 100_000_000,
            "model_args.length_scale": 1e6,
            "model_args.inference_noise_scale": 1e30,
            "model_args.max_inference_len": 10**9,
            "model_args.noise_scale_dp": -1e9,
            "max_decoder_steps": 10**9,
            "audio.sample_rate": 10**9,
            "audio.fft_size": 2**30,
            "audio.hop_length": 10**7,
            "audio.griffin_lim_iters": 10**8,
            "r": 10**6,
            "unheard_of": 1e18,
        }.items()
    ),
    Case(
        "bomb-upsampling",
        with_config({"model_args.upsample_rates_decoder": [64, 64, 64]}),
        "config-bomb",
        "$.model_args.upsample_rates_decoder",
    ),
    Case(
        "bomb-together",
        with_config({"model_args.hidden_channels": 60_000, "model_args.num_layers_text_encoder": 1000}),
        "config-bomb",
        "$.model_args",
    ),
    Case("bomb-vocabulary", with_config({"characters.characters": "a" * 200_000}), "config-bomb"),
    Case("bomb-speakers", with_config({"speakers": ["a"] * 150_000}), "config-bomb", "$.speakers"),
    Case("bomb-list", with_config({"model_args.resblock_kernel_sizes_decoder": [3] * 10_000}), "config-bomb"),
    Case("side-file", with_files({"text_2.pt": pickle.dumps({})}), "config-side-file"),
    Case(
        "tortoise-twice",
        with_files({"vocoder.pth": pickle.dumps({}), "a/vocoder.pth": pickle.dumps({})}, {"model": "tortoise"}),
        "config-side-file",
    ),
    Case("fairseq-name", with_files({"fairseq.pth": pickle.dumps({})}), "config-side-file"),
)


def _xtts(folder: Path) -> None:
    config = {
        "model": "xtts",
        "audio": {"sample_rate": 22050, "output_sample_rate": 24000},
        "languages": ["en", "zh-cn"],
        "model_args": {"gpt_layers": 30, "gpt_n_model_channels": 1024, "gpt_number_text_tokens": 6681,
                       "gpt_code_stride_len": 1024,
                       "tokenizer_file": "/home/trainer/XTTS_v2.0_original_model_files/vocab.json",
                       "mel_norm_file": "/home/trainer/XTTS_v2.0_original_model_files/mel_stats.pth"},
    }  # fmt: skip
    write(folder, "config.json", config)
    vocabulary = {
        "version": "1.0",
        "model": {"type": "BPE", "vocab": {"[STOP]": 0, "/": 1, "http://": 2}, "merges": ["t h"]},
    }
    write(folder, "vocab.json", vocabulary)
    for name in ("model.pth", "speakers_xtts.pth", "dvae.pth", "mel_stats.pth"):
        weights(folder, name)


def _your_tts(folder: Path) -> None:
    changes: Config = {
        **_D_ON, **_L_ON,
        "d_vector_file": ["speakers.json"],
        "model_args.d_vector_file": ["speakers.json"],
        "model_args.language_ids_file": "language_ids.json",
        "model_args.speaker_encoder_model_path": "model_se.pth.tar",
        "model_args.speaker_encoder_config_path": "config_se.json",
        "model_args.speakers_file": "/home/trainer/speakers.pth",
    }  # fmt: skip
    with_config(changes)(folder)
    write(folder, "speakers.json", {"/data/VCTK/p225#1.wav": {"name": "p225", "embedding": [0.1, -0.2]}})
    write(folder, "language_ids.json", {"en": 0, "fr-fr": 1, "pt-br": 2})
    write(folder, "config_se.json", {**_ENCODER, "audio": {"num_mels": 80, "stats_path": None}})
    weights(folder, "model_se.pth.tar")


_TACOTRON: Config = {
    "model": "Tacotron2",
    "run_name": "ljspeech-ddc",
    "audio": {
        "fft_size": 1024,
        "sample_rate": 22050,
        "num_mels": 80,
        "mel_fmax": 8000.0,
        "spec_gain": 1,
        "stats_path": None,
    },
    "distributed": {"backend": "nccl", "url": "tcp://localhost:54321"},
    "characters": {
        "pad": "_",
        "eos": "~",
        "bos": "^",
        "characters": "ABC",
        "punctuations": "!'(),-.:;? ",
        "phonemes": "iy",
    },
    "datasets": [
        {"name": "ljspeech", "path": "../LJSpeech-1.1/", "meta_file_train": "metadata.csv", "meta_file_val": None}
    ],
    "gradual_training": [[0, 6, 64], [10000, 4, 32], [130000, 2, 32]],
    "r": 7,
    "ddc_r": 6,
    "restore_path": "C:\\Users\\trainer\\checkpoint.pth.tar",
    "external_speaker_embedding_file": "../../speakers-vctk-en.json",
    "github_branch": "* dev",
    "text_cleaner": "phoneme_cleaners",
    "phoneme_language": "en-us",
    "phonemizer": None,
    "output_path": "/home/trainer/Models/LJSpeech/",
    "gst": {"gst_style_input_wav": None, "gst_embedding_dim": 512, "gst_num_heads": 4, "gst_style_tokens": 10},
}
_RESNET: Config = {
    "model": "speaker_encoder",
    "model_params": {
        "model_name": "resnet",
        "input_dim": 64,
        "use_torch_spec": True,
        "log_input": True,
        "proj_dim": 512,
    },
    "audio": {"num_mels": 64, "sample_rate": 16000, "fft_size": 512, "stats_path": None, "preemphasis": 0.97},
    "audio_augmentation": {
        "p": 0.5,
        "rir": {"rir_path": "/workspace/RIRS_NOISES/simulated_rirs/", "conv_mode": "full"},
        "additive": {"sounds_path": "/workspace/musan/", "noise": {"min_snr_in_db": 0, "max_snr_in_db": 15}},
    },
    "map_classid_to_classname": {"0": "VCTK_p225", "1": "p/226"},
    "loss": "softmaxproto",
    "storage": {"storage_size": 15},
}
_OPENVOICE: Config = {
    "_version_": "v2",
    "data": {"sampling_rate": 22050, "filter_length": 1024, "hop_length": 256, "win_length": 1024, "n_speakers": 0},
    "model": {"zero_g": True, "inter_channels": 192, "upsample_rates": [8, 8, 2, 2], "gin_channels": 256},
}
_FAIRSEQ: Config = {
    "train": {"log_interval": 200, "seed": 1234, "epochs": 20000, "segment_size": 8192, "c_mel": 45},
    "data": {
        "training_files": "/checkpoint/mms/train.ltr",
        "text_cleaners": ["transliteration_cleaners"],
        "sampling_rate": 16000,
    },
    "model": {"inter_channels": 192, "n_layers": 6, "resblock": "1"},
}


def _wav() -> bytes:
    data = b"\0\0" * 100
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
        + (b"data" + struct.pack("<I", len(data)) + data)
    )


def png(extra: bytes = b"") -> bytes:
    """A picture of one pixel, with something behind its end."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"") + extra


def zipped(member: str = "x.txt") -> bytes:
    """A small zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, "x")
    return buffer.getvalue()


CLEAN: tuple[Case, ...] = (
    Case("stats", with_files({"scale_stats.npy": honest_stats()}, {"audio.stats_path": "scale_stats.npy"})),
    Case("clean-vits", with_config({})),
    Case("clean-glow", with_config({}, GLOW)),
    Case("clean-no-config", lambda folder: weights(folder)),
    Case("clean-compact", with_text(json.dumps(VITS, separators=(",", ":"), ensure_ascii=False))),
    Case("clean-comments", with_text("{ // settings\n" + _CLEAN_TEXT[1:].replace(",\n", ', // set by "hand"\n'))),
    Case("clean-windows-lines", with_text(_CLEAN_TEXT.replace("\n", "\r\n"))),
    Case("clean-yaml", with_text("model: vits\nrun_name: a voice\naudio:\n  sample_rate: 22050\n", "config.yml")),
    Case("clean-xtts", _xtts),
    Case("clean-your-tts", _your_tts),
    Case(
        "clean-speakers",
        with_files({"speakers.json": b'{"Ana": 0, "ana": 1, "\xc3\x89va": 2}'}, _speakers("speakers.json")),
    ),
    Case("clean-chinese", with_config({"characters.characters": "".join(map(chr, range(0x4E00, 0x6000)))})),
    Case("clean-tacotron", with_config({}, _TACOTRON)),
    Case(
        "clean-stats-of-a-trainer",
        with_files({"scale_stats.npy": honest_stats()}, {"audio.stats_path": "/home/trainer/scale_stats.npy"}),
    ),
    Case("clean-encoder", with_config({}, _RESNET)),
    Case(
        "clean-hifigan",
        with_config(
            {
                "model": "hifigan",
                "generator_model": "hifigan_generator",
                "discriminator_model": "hifigan_discriminator",
                "generator_model_params": {
                    "upsample_factors": [8, 8, 2, 2],
                    "upsample_initial_channel": 512,
                    "resblock_type": "1",
                },
            },
            {"audio": VITS["audio"], "data_path": "/home/trainer/wavs"},
        ),
    ),
    Case(
        "clean-documents",
        with_files(
            {
                "README.md": b"# Voice\nAn `import` is explained at https://example.org\n![sample](sample.wav)\n",
                "LICENSE": b"CC0\n",
                "sample.wav": _wav(),
                "card.png": png(),
                "SHA256SUMS": b"00  model.pth\n",
                ".gitattributes": b"*.pth filter=lfs\n",
                "voices/ana.pth": checkpoint(),
                "model.safetensors": struct.pack("<Q", 2) + b"{}",
            }
        ),
    ),
)
"""Directories that must pass."""

UNDECIDED: tuple[Case, ...] = (
    Case("openvoice", with_config({}, _OPENVOICE), "config-other-program"),
    Case("fairseq", with_config({}, _FAIRSEQ), "config-other-program"),
    Case(
        "stats-of-more",
        with_files({"s.npy": _stats_with(collections.OrderedDict(num_mels=80))}, {"audio.stats_path": "s.npy"}),
        "config-odd-stats",
        _STATS,
    ),
    Case("missing", with_config(_speakers("speakers.json")), "config-missing-file", _FILE),
    Case("reference", with_config({"my_field": "/etc/passwd"}), "config-reference", "$.my_field"),
    Case("reference-import", with_config({"my_field": "os.path.join"}), "config-reference", "$.my_field"),
    Case("repeated", with_text('{"model": "vits", "x": 1, "x": 1}'), "config-not-plain", "$.x"),
)
"""Directories that neither pass nor are called hostile."""


def _mode(mode: int) -> Make:
    def make(folder: Path) -> None:
        with_config({})(folder)
        (folder / "model.pth").chmod(mode)

    return make


def _link(target: str) -> Make:
    def make(folder: Path) -> None:
        with_config({})(folder)
        (folder / "link.pth").symlink_to(target)

    return make


def _fifo(folder: Path) -> None:
    with_config({})(folder)
    os.mkfifo(folder / "pipe.pth")


def _one(name: str, data: bytes, rule: str) -> Case:
    return Case(f"file-{name}", with_files({name: data}), f"directory-{rule}")


_ELF = b"\x7fELF" + b"\0" * 60
_PE = b"MZ\x90\0" + b"\0" * 100
HOSTILE_DIRECTORIES: tuple[Case, ...] = (
    _one("payload.py", b"x = 1\n", "code"),
    _one("payload.pyc", b"\xa7\x0d\r\n" + b"\0" * 20, "code"),
    _one("lib.so", _ELF, "executable"),
    _one("weights.bin", _ELF, "executable"),
    _one("tool.txt", _PE, "executable"),
    _one("mach.pth", b"\xcf\xfa\xed\xfe" + b"\0" * 60, "executable"),
    _one("run", b"#!/bin/sh\ntrue\n", "executable"),
    _one("notes.txt", b"#!/usr/bin/env python3\n", "executable"),
    _one("lib.so.txt.so", b"text", "code"),
    _one("start.pth", b"import os; os.getpid()\n", "code"),
    _one("paths.pth", b"../elsewhere\n", "mismatch"),
    _one("book.ipynb", b"{}", "code"),
    _one("conftest.py", b"", "code"),
    _one("more.zip", zipped(), "archive"),
    _one("more.json.gz", b"\x1f\x8b\x08\0" + b"\0" * 20, "archive"),
    _one("weights2.pth", b"\x1f\x8b\x08\0" + b"\0" * 20, "archive"),
    _one("data.txt", zipped(), "archive"),
    _one("card.png", png(zipped()), "two-formats"),
    _one("shot.png", png(b"#!/bin/sh\n"), "two-formats"),
    _one("tune.wav", _wav() + zipped(), "two-formats"),
    _one("long.wav", _wav() + _ELF, "two-formats"),
    _one("doc.md", b"# text\n" + zipped(), "two-formats"),
    _one("extra.safetensors", struct.pack("<Q", 2) + b"{}" + zipped(), "two-formats"),
    _one("photo.png", b"GIF89a" + b"\0" * 20 + b"%PDF-1.7\n", "two-formats"),
    _one("script.gif", b"GIF89a=1;alert(1)//" + b"x" * 50, "two-formats"),
    _one("page.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0<?php x ?>\xff\xd9", "two-formats"),
    _one("disc.wav", _wav()[:44] + b"\0" * (32769 - 44) + b"CD001", "two-formats"),
    _one("paper.pdf", b"%PDF-1.7\n1 0 obj << /OpenAction << /S /JavaScript >> >>\n%%EOF", "scripted-page"),
    _one("song.wav", b"not audio", "mismatch"),
    _one("extra.pth", b"\x01\x02\x03 nothing known", "mismatch"),
    _one("page.html", b"<html><script>1</script></html>", "scripted-page"),
    _one("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "scripted-page"),
    _one("logo2.svg", b"<?xml version='1.0'?><svg><a xlink:href='http://127.0.0.1/'/></svg>", "scripted-page"),
    _one("con.json", b"{}", "name"),
    _one("model.pth ", b"", "name"),
    _one("model.pth.", b"", "name"),
    _one("mod\u202eel.pth", b"", "name"),
    _one("mod\u200bel.pth", b"", "name"),
    _one("a\nb.txt", b"", "name"),
    _one("-rf", b"", "name"),
    _one("a\\b.txt", b"", "name"),
    _one("config.json:x.txt", b"", "name"),
    _one("Model.pth", zipped("archive/data.pkl"), "lookalike"),
    _one("ｍodel.pth", zipped("archive/data.pkl"), "lookalike"),
    _one("сonfig.json", b"{}", "lookalike"),
    Case("link-out", _link("/etc/passwd"), "directory-link-out"),
    Case("link-parent", _link("../elsewhere"), "directory-link-out"),
    Case("fifo", _fifo, "directory-special"),
    Case("setuid", _mode(0o4644), "directory-privileged"),
)
UNDECIDED_DIRECTORIES: tuple[Case, ...] = (
    _one(".hidden.txt", b"x", "hidden"),
    _one("strange.xyz", b"x", "unknown"),
    _one("speakers.pth", b'{"ana": 0}', "unknown"),
    _one("speakers.pkl", b"\x1f\x8b\x08\0" + b"\0" * 20, "unknown"),
    _one("page2.html", b"<html><p>x</p></html>", "unknown"),
    Case("mode", _mode(0o755), "directory-mode"),
    Case("link-inside", _link("model.pth"), "directory-link"),
)
