"""What a Coqui configuration asks of the machine: packages that coqui-tts 0.28 imports for some voices only.

Read from the configuration only, outside of the worker: that a package is missing is never the worker's word. A test
walks the installed source and fails where it imports something that no row here knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from harness.core.strictjson import Json
from harness.engines.coqui.kinds import TTS_MODELS
from harness.engines.registry import Need


def _of_coqui(extra: str) -> str:
    return f"pip install 'coqui-tts[{extra}]'"


_JAPANESE: Final = ("fugashi",)
_CHINESE: Final = ("pypinyin", "spacy_pkuseg")
PHONEMIZERS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "bn_phonemizer": (("bangla", "bnnumerizer", "bnunicodenormalizer"), _of_coqui("bn")),
    "gruut": (("gruut",), _of_coqui("languages")),
    "ja_jp_phonemizer": (_JAPANESE, _of_coqui("ja")),
    "ko_kr_phonemizer": (("mecab-ko",), f"{_of_coqui('ko')}; coqui-tts 0.28 looks for a package of this very name"),
    "zh_cn_phonemizer": (_CHINESE, _of_coqui("zh")),
    "be_phonemizer": (("jpype",), "pip install jpype1, Java, and fanetyka.jar named in BEL_FANETYKA_JAR"),
}
"""Phonemizer -> what Coqui looks for with ``find_spec`` before it takes it, and what installs that."""
GRUUT_LANGUAGES: Final = {"de": "gruut_lang_de", "es": "gruut_lang_es", "fr": "gruut_lang_fr"}
"""Languages that gruut speaks with a package of their own."""
DEFAULT_PHONEMIZERS: Final = {
    "ja-jp": "ja_jp_phonemizer",
    "ko-kr": "ko_kr_phonemizer",
    "zh-cn": "zh_cn_phonemizer",
    "be": "be_phonemizer",
}
"""Languages for which Coqui takes another phonemizer than espeak where the configuration names none."""
CLEANERS: Final = {"uroman_cleaners": (("uroman",), _of_coqui("languages"))}
"""Text cleaner -> the same."""
XTTS_LANGUAGES: Final = {
    "ja": (("cutlet", *_JAPANESE), _of_coqui("ja")),
    "zh": (("pypinyin",), _of_coqui("zh")),
}
"""Language that XTTS speaks -> the same."""
MACHINE_CODE: Final = "harness.engines.coqui.machinecode"
_CODE: Final = re.compile(r"[a-z]{2,3}", re.ASCII)
BASE_MODELS: Final = dict.fromkeys(("fast_pitch", "fast_speech", "fastspeech2", "speedy_speech"), "forward_tts")
"""Architectures that have no module of their own."""


def needs_of(config: Mapping[str, Json], language: str) -> tuple[Need, ...]:
    """What a voice needs beside what every voice of its engine does.

    Args:
        config: The object that ``config.json`` holds. Hostile: names are looked up in closed lists only.
        language: What will be spoken (ISO 639-1).
    """
    model = _text(config, "model").lower()
    base = _text(config, "base_model").lower() or BASE_MODELS.get(model, model)
    needs = [*_phonemizers(config), *_named("text cleaner", _cleaner(config), CLEANERS)]
    if model == "xtts":
        needs += _named("language", language.partition("-")[0], XTTS_LANGUAGES)
    if base in TTS_MODELS:
        if base != "vits" or _has_encoder(config):  # VITS speaks without librosa, and listens with it
            needs.append(Need(what="spectrograms", preload=f"{MACHINE_CODE}:borrow", lent=f"{MACHINE_CODE}:kept"))
        needs.append(Need(what=f"architecture {base}", preload=f"TTS.tts.models.{base}"))
    return tuple(needs)


def language_of(config: Mapping[str, Json]) -> str:
    """What a voice speaks, as far as its configuration says (ISO 639-1); English where it says nothing."""
    listed = config.get("languages")
    datasets = config.get("datasets")
    rows = [row for row in datasets if isinstance(row, dict)] if isinstance(datasets, list) else []
    said = (
        _text(config, "phoneme_language"),
        *(_text(row, "language") for row in rows),
        *(one for one in (listed if isinstance(listed, list) else [])[:1] if isinstance(one, str)),
    )
    code = next((one for one in said if one), "en").partition("-")[0].lower()
    return code if _CODE.fullmatch(code) else "en"


def _has_encoder(config: Mapping[str, Json]) -> bool:
    """Whether a configuration names an encoder of speakers, which is given recordings to clone."""
    arguments = config.get("model_args")
    return isinstance(arguments, dict) and bool(_text(arguments, "speaker_encoder_model_path"))


def _phonemizers(config: Mapping[str, Json]) -> Iterator[Need]:
    if not config.get("use_phonemes"):
        return
    name, language = _text(config, "phonemizer"), _text(config, "phoneme_language")
    pairs = [(name, language)]
    if name == "multi_phonemizer":
        datasets = config.get("datasets")
        rows = [row for row in datasets if isinstance(row, dict)] if isinstance(datasets, list) else []
        pairs = [(_text(row, "phonemizer"), _text(row, "language")) for row in rows]
    for phonemizer, spoken in dict.fromkeys(pairs):
        chosen = phonemizer or DEFAULT_PHONEMIZERS.get(spoken, "")
        yield from _named("phonemizer", chosen, PHONEMIZERS)
        package = GRUUT_LANGUAGES.get(spoken.partition("-")[0])
        if chosen == "gruut" and package:
            yield Need(what=f"phonemizer gruut for {spoken[:2]}", modules=(package,), install=_of_coqui("languages"))


def _cleaner(config: Mapping[str, Json]) -> str:
    """The text cleaner; of fairseq's MMS the one that Coqui takes by the name of its training files."""
    data = config.get("data")
    is_romanised = isinstance(data, dict) and _text(data, "training_files").endswith("uroman")
    return "uroman_cleaners" if is_romanised else _text(config, "text_cleaner")


def _named(kind: str, name: str, table: Mapping[str, tuple[tuple[str, ...], str]]) -> Iterator[Need]:
    if name in table:
        modules, install = table[name]
        yield Need(what=f"{kind} {name}", modules=modules, install=install)


def _text(config: Mapping[str, Json], key: str) -> str:
    value = config.get(key)
    return value if isinstance(value, str) else ""
