"""What Coqui does with the fields of a configuration, as data: the table that the configuration check follows.

Read from the source named by :data:`READ_FROM`; a test walks the installed source and fails when it does something that
this table and its inventory do not know. Imports nothing of Coqui.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from harness.engines.coqui.kinds import CONVERTERS, ENCODERS, GENERATORS, TTS_MODELS, VOCODERS

READ_FROM = "coqui-tts 0.28.0, coqpit-config 0.2.5, coqui-tts-trainer 0.4.0"


class Use(StrEnum):
    """What becomes of a field's value."""

    IMPORTED = "imported"
    NAMED = "looked up by name"
    ARGUMENT = "passed on to a program"
    OPENED = "opened"
    UNPICKLED = "opened with pickles allowed"
    FETCHED = "downloaded"
    TRAINING = "not used when speaking"
    LATER = "looked up when training"
    TEXT = "shown or spoken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """One field, wherever it stands in a configuration."""

    field: str
    """Last names of the path, ``audio.stats_path``; with ``$.`` in front, the whole path. ``*`` is any one name."""
    use: Use
    does: str
    """What Coqui does with the value, as the end of a sentence that begins with the value."""
    read_in: str = ""
    """Module and function of coqui-tts."""
    allowed: frozenset[str] = frozenset()
    """The only values, where it is a name. Compared without case where `is_cased` is false."""
    is_cased: bool = True
    only_if: tuple[str, ...] = ()
    """Flags of which one must be true before Coqui opens it; empty: always."""
    kinds: tuple[str, ...] = ()
    """Suffixes that Coqui expects of the file."""


DISCRIMINATORS = frozenset(
    [
        "hifigan_discriminator",
        "melgan_discriminator",
        "melgan_multiscale_discriminator",
        "parallel_wavegan_discriminator",
        "random_window_discriminator",
        "residual_parallel_wavegan_discriminator",
        "univnet_discriminator",
    ]
)
CHARACTERS = frozenset(
    {
        "TTS.tts.utils.text.characters.BaseCharacters",
        "TTS.tts.utils.text.characters.BaseVocabulary",
        "TTS.tts.utils.text.characters.Graphemes",
        "TTS.tts.utils.text.characters.IPAPhonemes",
        "TTS.tts.models.vits.VitsCharacters",
        "TTS.tts.models.vits.FairseqVocab",
    }
)
PHONEMIZERS = frozenset(
    [
        "espeak",
        "gruut",
        "be_phonemizer",
        "bn_phonemizer",
        "ja_jp_phonemizer",
        "ko_kr_phonemizer",
        "multi_phonemizer",
        "zh_cn_phonemizer",
    ]
)
CLEANERS = frozenset(
    {"basic_cleaners", "basic_german_cleaners", "basic_turkish_cleaners", "chinese_mandarin_cleaners",
     "english_cleaners", "french_cleaners", "italian_cleaners", "multilingual_cleaners",
     "multilingual_phoneme_cleaners", "no_cleaners", "phoneme_cleaners", "portuguese_cleaners",
     "transliteration_cleaners", "uroman_cleaners"}
)  # fmt: skip
BARK_DOWNLOADS = tuple(f"https://huggingface.co/erogol/bark/{kind}/main/" for kind in ("tree", "resolve"))
"""Where Bark's own defaults download from."""

_ID_FLAG = ("use_speaker_embedding",)
_D_VECTOR_FLAG = ("use_d_vector_file",)
_LANGUAGE_FLAG = ("use_language_embedding",)
_SPEAKERS = "TTS.tts.utils.speakers:SpeakerManager.init_from_config"


def _opened(field: str, does: str, read_in: str, kinds: str, only_if: tuple[str, ...] = ()) -> Sink:
    return Sink(field=field, use=Use.OPENED, does=does, read_in=read_in, kinds=tuple(kinds.split()), only_if=only_if)


def _named(field: str, does: str, read_in: str, allowed: frozenset[str], *, is_cased: bool = True) -> Sink:
    return Sink(field=field, use=Use.NAMED, does=does, read_in=read_in, allowed=allowed, is_cased=is_cased)


def _rest(use: Use, does: str, fields: str) -> tuple[Sink, ...]:
    return tuple(Sink(field=field, use=use, does=does) for field in fields.split())


SINKS: tuple[Sink, ...] = (
    Sink(
        field="characters_class",
        use=Use.IMPORTED,
        does="is imported before its type is looked at, so the module runs whatever it is",
        read_in="TTS.tts.utils.text.tokenizer:TTSTokenizer.init_from_config",
        allowed=CHARACTERS,
    ),
    Sink(
        field="stats_path",
        use=Use.UNPICKLED,
        does="is opened by numpy.load with pickles allowed, whatever its name: what it holds runs",
        read_in="TTS.utils.audio.processor:AudioProcessor.load_stats",
        kinds=(".npy",),
        only_if=("signal_norm",),
    ),
    _named(
        "$.model",
        "chooses the modules that are imported below TTS",
        "TTS.config:register_config, TTS.tts.models:setup_model, TTS.vocoder.models:setup_model",
        TTS_MODELS | VOCODERS | GENERATORS | CONVERTERS | ENCODERS,
        is_cased=False,
    ),
    _named(
        "$.base_model", "is imported below TTS.tts.models", "TTS.tts.models:setup_model", TTS_MODELS, is_cased=False
    ),
    _named(
        "generator_model",
        "is imported below TTS.vocoder.models",
        "TTS.vocoder.models:setup_generator, TTS.config:register_config",
        GENERATORS,
        is_cased=False,
    ),
    _named(
        "discriminator_model",
        "is imported below TTS.vocoder.models",
        "TTS.vocoder.models:setup_discriminator",
        DISCRIMINATORS,
        is_cased=False,
    ),
    _named(
        "model_params.model_name",
        "chooses the encoder's class",
        "TTS.encoder.utils.generic_utils:setup_encoder_model",
        frozenset({"lstm", "resnet"}),
        is_cased=False,
    ),
    _named(
        "text_cleaner",
        "is taken from TTS.tts.utils.text.cleaners by getattr and called with the text",
        "TTS.tts.utils.text.tokenizer:TTSTokenizer.init_from_config",
        CLEANERS,
    ),
    _named(
        "phonemizer",
        "chooses the phonemizer, of which espeak starts a program",
        "TTS.tts.utils.text.phonemizers:get_phonemizer_by_name",
        PHONEMIZERS,
    ),
    Sink(
        field="phoneme_language",
        use=Use.ARGUMENT,
        does="becomes an argument of the espeak program",
        read_in="TTS.tts.utils.text.phonemizers.espeak_wrapper:ESpeak.phonemize_espeak",
    ),
    Sink(
        field="datasets.language",
        use=Use.ARGUMENT,
        does="becomes an argument of the espeak program (multi_phonemizer)",
        read_in="TTS.tts.utils.text.tokenizer:TTSTokenizer.init_from_config",
    ),
    _opened(
        "speakers_file",
        "goes to fsspec.open (any protocol, chained too), then to json or torch.load",
        _SPEAKERS,
        ".json .pth",
        _ID_FLAG,
    ),
    _opened("speaker_file", "goes to fsspec.open, then to json or torch.load", _SPEAKERS, ".json .pth", _ID_FLAG),
    _opened(
        "d_vector_file", "goes to fsspec.open, then to json or torch.load", _SPEAKERS, ".json .pth", _D_VECTOR_FLAG
    ),
    _opened(
        "language_ids_file",
        "goes to fsspec.open, then to json or torch.load",
        "TTS.tts.utils.languages:LanguageManager.init_from_config",
        ".json .pth",
        _LANGUAGE_FLAG,
    ),
    _opened(
        "speaker_encoder_model_path",
        "goes to fsspec.open as filecache::, then to torch.load",
        "TTS.tts.utils.managers:EmbeddingManager.init_encoder, trainer.io:load_fsspec",
        ".pth .tar",
    ),
    _opened(
        "speaker_encoder_config_path",
        "goes to fsspec.open and is read as a configuration of its own, stats_path included",
        "TTS.tts.utils.managers:EmbeddingManager.init_encoder, TTS.config:load_config",
        ".json .yml .yaml",
    ),
    _opened(
        "tokenizer_file",
        "is opened as XTTS's vocabulary where vocab.json is not there",
        "TTS.tts.models.xtts:Xtts.load_checkpoint",
        ".json",
        ("no vocab.json",),
    ),
    Sink(
        field="REMOTE_MODEL_PATHS.*.path",
        use=Use.FETCHED,
        does="is downloaded where Bark's file is missing or has another checksum, and loaded with pickles allowed",
        read_in="TTS.tts.layers.bark.load_model:load_model",
    ),
    Sink(
        field="SMALL_REMOTE_MODEL_PATHS.*.path",
        use=Use.FETCHED,
        does="is where Bark's smaller models come from",
        read_in="TTS.tts.configs.bark_config:BarkConfig",
    ),
    Sink(
        field="REMOTE_BASE_URL",
        use=Use.FETCHED,
        does="is what Bark's download addresses begin with",
        read_in="TTS.tts.configs.bark_config:BarkConfig.__post_init__",
    ),
    *_rest(
        Use.TRAINING,
        "is replaced by the model's directory before Bark uses it",
        "LOCAL_MODEL_PATHS.text LOCAL_MODEL_PATHS.coarse LOCAL_MODEL_PATHS.fine LOCAL_MODEL_PATHS.hubert_tokenizer"
        " CACHE_DIR DEF_SPEAKER_DIR",
    ),
    *_rest(
        Use.TRAINING,
        "is a place on the machine where the model was trained; nothing opens it to speak",
        "output_path restore_path continue_path resume_path best_path run_dir logs_path checkpoint_path data_path"
        " feature_path datasets.path datasets.root_path datasets.meta_file_train datasets.meta_file_val"
        " datasets.meta_file_attn_mask datasets.ignored_speakers phoneme_cache_path f0_cache_path energy_cache_path"
        " attn_prior_cache_path test_sentences_file mel_statistics_parameter_path pretrained_model_path"
        " style_wav_for_test gst_style_input_wav gpt_checkpoint clvp_checkpoint decoder_checkpoint dvae_checkpoint"
        " xtts_checkpoint mel_norm_file external_speaker_embedding_file speakers_json storage_path sounds_path rir_path"
        " noise_path speaker_wav training_files validation_files dataset_path train_csv eval_csv",
    ),
    *_rest(
        Use.TRAINING,
        "is where the trainer reports or finds its other processes; nothing connects to it to speak",
        "distributed_url distributed.url logger_uri dashboard_logger wandb_entity project_name github_branch",
    ),
    *_rest(
        Use.LATER,
        "is looked up by name in torch or in the trainer, when training",
        "optimizer lr_scheduler lr_scheduler_gen lr_scheduler_disc datasets.formatter datasets.name scheduler criterion"
        " loss target_loss batch_sampler",
    ),
    *_rest(
        Use.TEXT,
        "is text",
        "characters.characters characters.punctuations characters.phonemes characters.pad characters.eos characters.bos"
        " characters.blank characters.unique characters.vocab_dict characters.vocab_dict.* test_sentences"
        " test_sentences.* run_description run_name dataset_name datasets.dataset_name speakers languages description"
        " title author license map_classid_to_classname.*",
    ),
)


def names(field: str) -> tuple[str, ...]:
    """Split a sink's field or a path of keys as they are compared: without width, case and invisible differences."""
    return tuple(alike(part) for part in field.split("."))


@lru_cache(maxsize=4096)
def alike(name: str) -> str:
    """Give what two names have in common that look the same."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Cc", "Mn"))


_BY_NAMES = {names(sink.field): sink for sink in SINKS}
_LONGEST = max(map(len, _BY_NAMES))


def sink_of(path: Sequence[str]) -> Sink | None:
    """Find what Coqui does with a field.

    Args:
        path: Keys from the root, list positions left out. Keys that merely look like a field's are taken for it.
    """
    keys = tuple(alike(key) for key in path)
    whole = _BY_NAMES.get(("$", *keys))
    if whole is not None:
        return whole
    for length in range(min(_LONGEST, len(keys)), 0, -1):
        tail = keys[-length:]
        found = _BY_NAMES.get(tail)
        if found is None and length > 1:
            found = _BY_NAMES.get((*tail[:-1], "*")) or (
                _BY_NAMES.get((tail[0], "*", *tail[2:])) if length > 2 else None
            )
        if found is not None:
            return found
    return None
