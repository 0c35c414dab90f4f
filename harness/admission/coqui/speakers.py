"""Who a Coqui model can speak as: names of its speakers and languages, read from its files and never executed.

Follows ``SpeakerManager.init_from_config``, ``LanguageManager.init_from_config`` and XTTS's own table of voices
(coqui-tts 0.28): the same fields in the same order, and the same side files as the engine opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from harness.admission.checks.weights import Unreadable, pickled
from harness.admission.reading.symbols import Box
from harness.admission.tree import Entry, Tree
from harness.core.strictjson import Json, Malformed
from harness.core.voice import Choices
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, MAX_DATA_BYTES, read_config
from harness.engines.coqui.sidefiles import find_side_file

CONFIG: Final = "config.json"
XTTS_VOICES: Final = "speakers_xtts.pth"
XTTS_LANGUAGES: Final = (
    "en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh-cn", "hu", "ko", "ja", "hi",
)  # fmt: skip
"""What XTTS speaks where its configuration does not say."""
CLONING: Final = ("bark", "tortoise")
"""Models that speak as nobody in particular, or as a voice that was cloned."""
CLONED: Final = "voices"
"""Folder of what Coqui keeps of recordings that were cloned."""
MAX_NAMES: Final = 10_000


def read_choices(model: Path) -> Choices:
    """The names that a model's configuration and side files give. What is wrong with them is for admission to say."""
    tree = Tree.of(model, may_have_gaps=True)
    reader = _Reader(tree)
    config = reader.config()
    try:
        speakers, unlisted = reader.speakers(config), ""
    except (Unreadable, Malformed, OSError) as error:
        speakers, unlisted = (), str(error)
    try:
        languages = reader.languages(config)
    except (Unreadable, Malformed, OSError):
        languages = ()
    clones, no_cloning = reader.cloning(config)
    return Choices(
        clones=clones,
        no_cloning=no_cloning,
        speakers=speakers if len(speakers) > 1 else (),
        languages=languages if len(languages) > 1 else (),
        unlisted=unlisted,
    )


class _Reader:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._files = {entry.path: entry for entry in tree.files}

    def config(self) -> Mapping[str, Json]:
        """The model's configuration; nothing where it cannot be read."""
        try:
            with self._tree.open(self._files[CONFIG]) as file:
                value = read_config(file.read(MAX_CONFIG_BYTES), CONFIG).value
        except (KeyError, OSError, Malformed):
            return {}
        return value if isinstance(value, dict) else {}

    def speakers(self, config: Mapping[str, Json]) -> tuple[str, ...]:
        """Names of the speakers.

        Raises:
            Unreadable: A file that holds them is of a kind that is not read here, or is not there.
            Malformed: It is no JSON.
            OSError: It cannot be read.
        """
        if config.get("model") == "xtts":
            return (*(self._keys(XTTS_VOICES) if XTTS_VOICES in self._files else ()), *self._cloned())
        if config.get("model") in CLONING:
            return self._cloned()
        if _field(config, "use_speaker_embedding"):
            if listed := _texts(config.get("speakers")):
                return listed
            return self._keys(_field(config, "speaker_file") or _field(config, "speakers_file"))
        if _field(config, "use_d_vector_file"):
            named = _field(config, "d_vector_file")
            files = named if isinstance(named, list) else [named]
            return tuple(dict.fromkeys(name for file in files for name in self._names_of_clips(file)))
        return ()

    def languages(self, config: Mapping[str, Json]) -> tuple[str, ...]:
        """Codes of the languages; raises as :meth:`speakers` does."""
        if config.get("model") == "xtts":
            return _texts(config.get("languages")) or XTTS_LANGUAGES
        if _field(config, "use_language_embedding") and (file := _field(config, "language_ids_file")):
            return self._keys(file)
        if listed := _texts(config.get("languages")):
            return listed
        sets = config.get("datasets")
        found = (one.get("language") for one in (sets if isinstance(sets, list) else ()) if isinstance(one, dict))
        return tuple(sorted({language for language in found if isinstance(language, str) and language}))

    def _cloned(self) -> tuple[str, ...]:
        """Voices that were cloned from recordings before, each in a file of its own."""
        return tuple(path.stem for path in map(PurePosixPath, self._files) if path.match(f"{CLONED}/*.pth"))

    def cloning(self, config: Mapping[str, Json]) -> tuple[bool, str]:
        """Whether it can speak as whoever is heard in a recording, and why not where it seems that it should."""
        if config.get("model") == "xtts":
            return True, ""
        if config.get("model") != "vits" or not _field(config, "use_d_vector_file"):
            return False, ""
        for field in ("speaker_encoder_model_path", "speaker_encoder_config_path"):
            named = _field(config, field)
            if not isinstance(named, str) or not named:
                return False, "it names no speaker encoder"
            if find_side_file(named, CONFIG, self._files.keys()) is None:
                return False, f"its speaker encoder {named[:80]} is not beside its configuration"
        return True, ""

    def _keys(self, named: Json) -> tuple[str, ...]:
        return _texts(list(self._table(named)))

    def _names_of_clips(self, named: Json) -> tuple[str, ...]:
        """Names in a table of clips, each with a name and an embedding."""
        return _texts([clip.get("name") for clip in self._table(named).values() if isinstance(clip, dict)])

    def _table(self, named: Json) -> Mapping[str, Json]:
        """What a side file holds: a JSON object, or a dictionary that torch wrote."""
        if not isinstance(named, str) or not named:
            return {}
        found = find_side_file(named, CONFIG, self._files.keys())
        if found is None:
            raise Unreadable(f"{named[:80]} is not beside the configuration")
        entry = self._files[found]
        return self._json(entry) if found.endswith(".json") else _plain(pickled(self._tree, entry))

    def _json(self, entry: Entry) -> Mapping[str, Json]:
        with self._tree.open(entry) as file:
            data = file.read(MAX_DATA_BYTES + 1)
        if len(data) > MAX_DATA_BYTES:
            raise Unreadable(f"{entry.path} has more than {MAX_DATA_BYTES} bytes")
        value = read_config(data, entry.path).value
        return value if isinstance(value, dict) else {}


def _plain(value: object) -> dict[str, Json]:
    """A dictionary of dictionaries and texts, as far as a reader that executes nothing keeps them."""
    if not isinstance(value, Box) or value.kind not in ("dict", "mapping") or not value.is_complete:
        raise Unreadable("it holds no dictionary that is read here")
    pairs = zip(value.items[::2], value.items[1::2], strict=False)
    return {
        key: _plain(inner) if isinstance(inner, Box) and inner.kind == "dict" and inner.is_complete else _text(inner)
        for key, inner in pairs
        if isinstance(key, str)
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Json | Iterable[object]) -> tuple[str, ...]:
    """The texts of a list, each once."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(one for one in value if isinstance(one, str) and one))[:MAX_NAMES]


def _field(config: Mapping[str, Json], name: str) -> Json:
    """A field of the model's arguments, else of the configuration, as ``get_from_config_or_model_args`` has it."""
    nested = config.get("model_args")
    if isinstance(nested, dict) and nested.get(name):
        return nested[name]
    return config.get(name)
